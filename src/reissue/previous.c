/* What becomes of the previous certificate. */
#include "impl.h"

#define SECOND INT64_C(1000000)

const char *rs_reissue_eligible_state(const struct rs_reissue *r, int64_t now)
{
	if (strcmp(r->certificate_status, "suspended") == 0)
		return "suspended";
	/* not_after is inclusive: the whole last second counts. */
	return r->certificate_not_after / SECOND < now / SECOND ? "expired" : r->certificate_status;
}

struct rs_previous rs_reissue_previous(
	const struct rs_reissue *request, const struct rs_profile *profile, int64_t now)
{
	struct rs_previous out = {.action = rs_profile_previous_action(profile)};

	if (strcmp(request->certificate_source, "imported") == 0) {
		out.action = "keep"; /* only its own CA can revoke it */
		return out;
	}
	if (strcmp(request->reason, "key_compromised") == 0)
		return (struct rs_previous){.action = "revoke_on_submit", .reason = "keyCompromise"};
	if (strcmp(request->certificate_status, "revoked") == 0)
		out.action = "keep"; /* there is nothing left to do */
	if (strcmp(out.action, "keep") == 0)
		return out;
	out.reason = "superseded";
	if (strcmp(out.action, "revoke_after_days") == 0) {
		out.days = rs_profile_previous_days(profile);
		out.due_at = now + out.days * RS_DAY_US;
	}
	return out;
}
