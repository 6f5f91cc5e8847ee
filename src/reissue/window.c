/* The window of validity: from when until when, to the second. */
#include "rs/issue.h"

#include <string.h>

#define SECOND INT64_C(1000000)

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The last second of `days` days from a start on; days beyond 9999 years end there. */
static int64_t last_of(int64_t start, int64_t days)
{
	const int64_t most = INT64_C(253402300799) * SECOND; /* 9999-12-31T23:59:59Z */

	if (days <= 0 || days > (most - start) / RS_DAY_US)
		return most;
	return start + days * RS_DAY_US - SECOND;
}

struct rs_limits rs_issue_limits(const struct rs_profile *profile, const struct rs_ruleset *rules,
	const struct rs_issuer *issuer, int64_t old_not_after)
{
	return (struct rs_limits){
		.max_days = profile->max_days,
		.rule_days = rules->max_validity_days,
		.issuer_not_before = issuer ? issuer->not_before * SECOND : 0,
		.issuer_not_after = issuer ? issuer->not_after * SECOND : INT64_MAX,
		.old_not_after = old_not_after,
	};
}

/* What the mode asks for, before the cap. */
static int64_t wanted(const struct rs_validity *validity, const struct rs_limits *limits,
	const struct rs_window *window)
{
	if (strcmp(validity->mode, "remaining") == 0)
		return limits->old_not_after - limits->old_not_after % SECOND;
	if (strcmp(validity->mode, "days") == 0)
		return last_of(window->not_before, validity->days);
	if (strcmp(validity->mode, "not_after") == 0)
		return validity->not_after - validity->not_after % SECOND;
	return window->max_not_after;
}

enum rs_code rs_issue_window(const struct rs_validity *validity, const struct rs_limits *limits,
	int64_t now, struct rs_window *out)
{
	bool asked = strcmp(validity->mode, "days") == 0 || strcmp(validity->mode, "not_after") == 0;
	int64_t start = now - RS_BACKDATE_US;

	start -= start % SECOND;
	if (start < limits->issuer_not_before)
		start = limits->issuer_not_before;
	*out = (struct rs_window){.not_before = start};
	out->max_not_after = least(last_of(start, limits->max_days), last_of(start, limits->rule_days));
	out->max_not_after = least(out->max_not_after, limits->issuer_not_after);
	out->not_after = wanted(validity, limits, out);
	if (limits->issuer_not_after < now)
		return RS_ISSUER_EXPIRED;
	if (out->not_after <= now)
		return RS_VALIDITY_PAST;
	if (out->not_after <= out->max_not_after)
		return RS_OK;
	if (asked)
		return RS_VALIDITY_TOO_LONG;
	out->not_after = out->max_not_after;
	out->capped = true;
	return RS_OK;
}
