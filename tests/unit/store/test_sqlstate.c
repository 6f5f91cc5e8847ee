/* SQLSTATE and constraint names to codes, and what a client never gets to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/internal.h"

static void states_and_constraints_have_their_codes(void **state)
{
	static const struct {
		const char *sqlstate, *constraint;
		enum rs_code code;
		bool retry;
	} cases[] = {
		{"40001", NULL, RS_UNAVAILABLE, true},
		{"40P01", NULL, RS_UNAVAILABLE, true},
		{"55P03", NULL, RS_UNAVAILABLE, false},
		{"57014", NULL, RS_UNAVAILABLE, false},
		{"25006", NULL, RS_UNAVAILABLE, false},
		{"57P01", NULL, RS_UNAVAILABLE, false},
		{"57P03", NULL, RS_UNAVAILABLE, false},
		{"53300", NULL, RS_UNAVAILABLE, false},
		{"53100", NULL, RS_UNAVAILABLE, false},
		{"08006", NULL, RS_UNAVAILABLE, false},
		{"23505", "reissue_request_one_open", RS_REISSUE_ALREADY_OPEN, false},
		{"23505", "user_account_email_unique", RS_ALREADY_EXISTS, false},
		{"54000", "search_names_fewer", RS_BAD_QUERY, false},
		{"23505", "no_such_constraint", RS_ALREADY_EXISTS, false},
		{"23503", NULL, RS_CONFLICT, false},
		{"23514", "job_state_known", RS_INTERNAL, false},
		{"42601", NULL, RS_INTERNAL, false},
		{"42501", NULL, RS_INTERNAL, false},
		{"", NULL, RS_INTERNAL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rs_ctx ctx;

		rs_ctx_init(&ctx, NULL);
		assert_int_equal(rs_sqlstate_code(&ctx, cases[i].sqlstate, cases[i].constraint,
					 "secret text of PostgreSQL"),
			cases[i].code);
		assert_int_equal(rs_sqlstate_retry(cases[i].sqlstate), cases[i].retry);
		assert_null(strstr(ctx.err.detail, "PostgreSQL"));
		assert_non_null(strstr(ctx.err.cause, "secret text of PostgreSQL"));
		assert_int_equal(ctx.err.retry_after > 0, cases[i].code == RS_UNAVAILABLE);
		rs_ctx_end(&ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_and_constraints_have_their_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
