/* Authenticator apps: the values of RFC 6238 (appendix B, SHA-1, its last six digits), skew, once only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "factor/totp.h"

static const struct {
	int64_t at;
	const char *code;
} VALUES[] = {
	{59, "287082"},
	{1111111109, "081804"},
	{1111111111, "050471"},
	{1234567890, "005924"},
	{2000000000, "279037"},
	{20000000000, "353130"},
};

static struct rs_secret *secret(void)
{
	return rs_secret_copy("12345678901234567890", 20);
}

static void test_the_values_of_the_rfc(void **state)
{
	struct rs_secret *key = secret();

	(void)state;
	for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++)
		assert_int_equal(rs_totp_step(key, VALUES[i].code, VALUES[i].at, 0),
			VALUES[i].at / RS_TOTP_STEP_S);
	rs_secret_free(key);
}

/* One step to either side, and not two. */
static void test_skew(void **state)
{
	struct rs_secret *key = secret();

	(void)state;
	for (size_t i = 1; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
		int64_t step = VALUES[i].at / RS_TOTP_STEP_S;

		for (int64_t off = -3; off <= 3; off++)
			assert_int_equal(rs_totp_step(key, VALUES[i].code,
						 (step + off) * RS_TOTP_STEP_S, 0),
				off >= -1 && off <= 1 ? step : 0);
	}
	rs_secret_free(key);
}

/* row 118: a step that was used, or one before it, is no code any more. */
static void test_once(void **state)
{
	struct rs_secret *key = secret();
	int64_t step = VALUES[1].at / RS_TOTP_STEP_S;

	(void)state;
	assert_int_equal(rs_totp_step(key, VALUES[1].code, VALUES[1].at, step - 1), step);
	assert_int_equal(rs_totp_step(key, VALUES[1].code, VALUES[1].at, step), 0);
	assert_int_equal(rs_totp_step(key, VALUES[1].code, VALUES[1].at, step + 1), 0);
	assert_int_equal(rs_totp_step(key, "000000", VALUES[1].at, 0), 0);
	rs_secret_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_values_of_the_rfc),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
