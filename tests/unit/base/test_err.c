/* What a fault tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rs/ctx.h"

/* A detail that is cut stays UTF-8: JSON takes nothing else, and a fault must never be lost. */
static void cut_texts_end_with_a_whole_character(void **state)
{
	char text[2048] = "";

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		struct rs_ctx ctx;

		memset(text, 'x', shift);
		for (size_t at = shift; at + 4 < sizeof text; at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		rs_ctx_init(&ctx, NULL);
		assert_int_equal(rs_fail(&ctx, RS_BAD_VALUE, "%s", text), RS_BAD_VALUE);
		json_t *detail = json_string(ctx.err.detail);
		assert_non_null(detail);
		assert_true(json_string_length(detail) > 500);
		json_decref(detail);
		rs_err_reset(&ctx.err);
		rs_fault(&ctx, RS_BAD_VALUE, "/name", "%s", text);
		assert_int_equal(rs_faults(&ctx), RS_BAD_VALUE);
		assert_int_equal(json_array_size(ctx.err.faults), 1);
		rs_ctx_end(&ctx);
	}
}

/* A refusal that noted no fault is none the less one; what was noted says more. */
static void a_refusal_stays_one(void **state)
{
	struct rs_ctx ctx;
	json_t *faults;
	enum rs_code rc;

	(void)state;
	rs_ctx_init(&ctx, NULL);
	assert_int_equal(rs_faults_with(&ctx, NULL, RS_OK), RS_OK);
	rc = rs_fail(&ctx, RS_BAD_CSR, "It is none.");
	assert_int_equal(rs_faults_with(&ctx, NULL, rc), RS_BAD_CSR);
	assert_string_equal(ctx.err.detail, "It is none.");
	rs_err_reset(&ctx.err);
	rs_fault(&ctx, RS_BAD_VALUE, "/a", "No.");
	faults = rs_faults_take(&ctx);
	rc = rs_refuse(&ctx, RS_BAD_CSR, "/csr", "No.");
	assert_int_equal(rs_faults_with(&ctx, faults, rc), RS_VALIDATION_FAILED);
	assert_int_equal(json_array_size(ctx.err.faults), 2);
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_texts_end_with_a_whole_character),
		cmocka_unit_test(a_refusal_stays_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
