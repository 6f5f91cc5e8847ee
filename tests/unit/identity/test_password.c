/* Argon2id: right, wrong, nobody; and that nobody costs what somebody costs. */
#include "identity/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_hash_then_verify(void **state)
{
	(void)state;
	struct rs_app app = {0};
	struct rs_ctx ctx;
	const char *phc, *again;
	bool right;
	rs_ctx_init(&ctx, &app);
	assert_int_equal(rs_password_hash(&ctx, "correct horse battery", &phc), RS_OK);
	assert_int_equal(rs_password_hash(&ctx, "correct horse battery", &again), RS_OK);
	assert_ptr_equal(strstr(phc, "$argon2id$v=19$m=19456,t=2,p=1$"), phc);
	assert_string_not_equal(phc, again); /* salted */
	assert_int_equal(rs_password_verify(&ctx, "correct horse battery", phc, &right), RS_OK);
	assert_true(right);
	assert_int_equal(rs_password_verify(&ctx, "correct horse batterz", phc, &right), RS_OK);
	assert_false(right);
	assert_int_equal(rs_password_verify(&ctx, "", phc, &right), RS_OK);
	assert_false(right);
	rs_ctx_end(&ctx);
}

/* An unknown user's password is never right, and is not answered before it was hashed. */
static void test_nobody_is_never_right_and_as_slow(void **state)
{
	(void)state;
	struct rs_app app = {0};
	struct rs_ctx ctx;
	const char *phc;
	bool right;
	int64_t nobody = 0, somebody = 0;
	rs_ctx_init(&ctx, &app);
	assert_int_equal(rs_password_hash(&ctx, "correct horse battery", &phc), RS_OK);
	for (int i = 0; i < 8; i++) {
		int64_t start = rs_clock_mono_ms();
		assert_int_equal(rs_password_verify(&ctx, "guess", NULL, &right), RS_OK);
		assert_false(right);
		int64_t middle = rs_clock_mono_ms();
		assert_int_equal(rs_password_verify(&ctx, "guess", phc, &right), RS_OK);
		nobody += middle - start;
		somebody += rs_clock_mono_ms() - middle;
	}
	assert_true(nobody * 3 + 24 > somebody);
	assert_true(somebody * 3 + 24 > nobody);
	assert_true(nobody > 24); /* it was hashed at all: 19 MiB twice takes milliseconds */
	rs_ctx_end(&ctx);
}

static void test_a_broken_hash_is_our_fault(void **state)
{
	(void)state;
	struct rs_app app = {0};
	struct rs_ctx ctx;
	bool right = true;
	rs_ctx_init(&ctx, &app);
	assert_int_equal(
		rs_password_verify(&ctx, "guess", "$argon2id$nonsense", &right), RS_INTERNAL);
	assert_false(right);
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_then_verify),
		cmocka_unit_test(test_nobody_is_never_right_and_as_slow),
		cmocka_unit_test(test_a_broken_hash_is_our_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
