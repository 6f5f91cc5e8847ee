/* What is asked of every registered mechanism alike: a row that is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rs/connector.h"
#include "rs/factor.h"

static const char *const WIRE[] = {"sms_otp", "email_otp", "email_sms_otp", "saml", "active_directory", "azure_ad",
	"oidc", "totp", NULL};
static const char *const INPUTS[] = {"code", "email_code", "sms_code", "username", "password", NULL};

static bool among(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static void test_every_row_is_whole(void **state)
{
	size_t count;
	const struct rs_factor *const *rows = rs_factors(&count);

	(void)state;
	assert_in_range(count, 1, 8);
	for (size_t i = 0; i < count; i++) {
		const struct rs_factor *f = rows[i];

		assert_true(among(WIRE, f->name));
		assert_ptr_equal(rs_factor_find(f->name), f);
		assert_true(strlen(f->title) > 0);
		assert_non_null(f->available);
		assert_non_null(f->amr);
		assert_in_range(f->lifetime_s, 0, 600);
		assert_in_range(f->attempts, 0, 10);
		for (const char *const *in = f->inputs; *in; in++)
			assert_true(among(INPUTS, *in));
		if (f->connector)
			assert_non_null(rs_connector_kind(f->connector));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows[k]->name, f->name);
	}
	assert_null(rs_factor_find("none"));
}

/* A redirect has a way there and back and wants nothing typed; the others judge what is typed. */
static void test_style_and_calls_agree(void **state)
{
	size_t count;
	const struct rs_factor *const *rows = rs_factors(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool redirect = rows[i]->style == RS_FACTOR_REDIRECT;

		assert_int_equal(rows[i]->authorize != NULL, redirect);
		assert_int_equal(rows[i]->callback != NULL, redirect);
		assert_int_equal(rows[i]->check != NULL, !redirect);
		assert_int_equal(rows[i]->inputs[0] == NULL, redirect);
		if (rows[i]->channels)
			assert_int_equal(rows[i]->style, RS_FACTOR_CODE);
	}
}

/* What a mechanism forgets to say counts as wrong. */
static void test_a_verdict_fails_closed(void **state)
{
	struct rs_verdict verdict = {0};

	(void)state;
	assert_int_equal(verdict.result, RS_VERDICT_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_whole),
		cmocka_unit_test(test_style_and_calls_agree),
		cmocka_unit_test(test_a_verdict_fails_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
