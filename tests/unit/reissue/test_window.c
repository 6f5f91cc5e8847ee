/* The window of validity to the second (I25). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rs/issue.h"

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(1795478400) * SECOND) /* 2026-11-24T00:00:00Z */

static const struct rs_limits LIMITS = {
	.max_days = 825,
	.rule_days = 200,
	.issuer_not_before = NOW - 1000 * RS_DAY_US,
	.issuer_not_after = NOW + 1000 * RS_DAY_US,
	.old_not_after = NOW + 30 * RS_DAY_US,
};

static void full_ends_with_the_last_second(void **state)
{
	struct rs_window w;
	const struct rs_validity full = {.mode = "full"};

	(void)state;
	assert_int_equal(rs_issue_window(&full, &LIMITS, NOW + 1, &w), RS_OK);
	assert_int_equal(w.not_before, NOW - RS_BACKDATE_US);
	assert_int_equal(w.not_after - w.not_before, 200 * RS_DAY_US - SECOND);
}

static void remaining_keeps_the_end_and_may_be_over(void **state)
{
	struct rs_limits limits = LIMITS;
	struct rs_window w;
	const struct rs_validity remaining = {.mode = "remaining"};

	(void)state;
	assert_int_equal(rs_issue_window(&remaining, &limits, NOW, &w), RS_OK);
	assert_int_equal(w.not_after, limits.old_not_after);
	limits.old_not_after = NOW - SECOND;
	assert_int_equal(rs_issue_window(&remaining, &limits, NOW, &w), RS_VALIDITY_PAST);
	limits.old_not_after = NOW + 900 * RS_DAY_US;
	assert_int_equal(rs_issue_window(&remaining, &limits, NOW, &w), RS_OK);
	assert_true(w.capped);
	assert_int_equal(w.not_after, w.max_not_after);
}

static void asked_beyond_the_cap_is_refused(void **state)
{
	struct rs_validity days = {.mode = "days", .days = 200};
	struct rs_validity until = {.mode = "not_after"};
	struct rs_window w;

	(void)state;
	assert_int_equal(rs_issue_window(&days, &LIMITS, NOW, &w), RS_OK);
	until.not_after = w.max_not_after;
	assert_int_equal(rs_issue_window(&until, &LIMITS, NOW, &w), RS_OK);
	until.not_after += SECOND;
	assert_int_equal(rs_issue_window(&until, &LIMITS, NOW, &w), RS_VALIDITY_TOO_LONG);
	days.days = 201;
	assert_int_equal(rs_issue_window(&days, &LIMITS, NOW, &w), RS_VALIDITY_TOO_LONG);
	days.days = INT64_MAX;
	assert_int_equal(rs_issue_window(&days, &LIMITS, NOW, &w), RS_VALIDITY_TOO_LONG);
}

static void the_issuer_bounds_both_ends(void **state)
{
	struct rs_limits limits = LIMITS;
	const struct rs_validity full = {.mode = "full"};
	struct rs_window w;

	(void)state;
	limits.issuer_not_before = NOW - SECOND;
	limits.issuer_not_after = NOW + 10 * RS_DAY_US;
	assert_int_equal(rs_issue_window(&full, &limits, NOW, &w), RS_OK);
	assert_int_equal(w.not_before, NOW - SECOND);
	assert_int_equal(w.not_after, limits.issuer_not_after);
	limits.issuer_not_after = NOW - SECOND;
	assert_int_equal(rs_issue_window(&full, &limits, NOW, &w), RS_ISSUER_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_ends_with_the_last_second),
		cmocka_unit_test(remaining_keeps_the_end_and_may_be_over),
		cmocka_unit_test(asked_beyond_the_cap_is_refused),
		cmocka_unit_test(the_issuer_bounds_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
