/* Who may do what with a request, and in which states. */
#include "impl.h"

/* An action is an event of the machine, or fits a set of states. */
struct fit {
	enum rs_rr_event event; /* RS_RR_EVENTS: look at the states */
	unsigned states;
};

#define S(name)   (1u << RS_RR_##name)
#define EVENT(ev) {RS_EV_##ev, 0}
#define IN(mask)  {RS_RR_EVENTS, (mask)}

static const struct fit FITS[RS_ACTION_COUNT] = {
	[RS_ACTION_EDIT] = EVENT(EDIT),
	[RS_ACTION_UPLOAD_CSR] = EVENT(EDIT),
	[RS_ACTION_ACCEPT] = IN(S(DRAFT) | S(AUTHENTICATING) | S(PENDING) | S(IN_REVIEW) |
		S(PENDING_DUAL_CONTROL) | S(DECLINED) | S(FAILED)),
	[RS_ACTION_VERIFY] = IN(S(DRAFT) | S(AUTHENTICATING) | S(PENDING) | S(IN_REVIEW) |
		S(PENDING_DUAL_CONTROL) | S(DECLINED) | S(FAILED)),
	[RS_ACTION_SUBMIT] = EVENT(SUBMIT),
	[RS_ACTION_REOPEN] = EVENT(REOPEN),
	[RS_ACTION_CANCEL] = EVENT(CANCEL),
	[RS_ACTION_DELETE] = IN(S(DRAFT) | S(AUTHENTICATING) | S(PENDING) | S(IN_REVIEW) |
		S(PENDING_DUAL_CONTROL) | S(DECLINED) | S(FAILED) | S(CANCELLED) | S(EXPIRED)),
	[RS_ACTION_OPEN] = EVENT(OPEN),
	[RS_ACTION_RELEASE] = EVENT(RELEASE),
	[RS_ACTION_APPROVE] = EVENT(APPROVE),
	[RS_ACTION_DECLINE] = EVENT(DECLINE),
	[RS_ACTION_RETRY] = EVENT(RETRY),
	[RS_ACTION_DOWNLOAD] = IN(S(ISSUED)),
};

#define RS_ACTION(name, wire, permission) wire,
static const char *const NAMES[] = {RS_ACTIONS(RS_ACTION)};
#undef RS_ACTION
#define RS_ACTION(name, wire, permission) permission,
static const char *const PERMISSIONS[] = {RS_ACTIONS(RS_ACTION)};
#undef RS_ACTION

bool rs_policy_fits(const struct rs_reissue *request, enum rs_action action)
{
	const struct fit *fit = &FITS[action];

	if (fit->event == RS_RR_EVENTS)
		return fit->states >> request->state & 1;
	return rs_machine_allows(request->state, fit->event);
}

/* Nobody approves what they own, made, submitted or passed the factor of, whatever the token. */
static bool is_self(const struct rs_ctx *ctx, const struct rs_reissue *r)
{
	const struct rs_id *me = &ctx->actor.id;

	return rs_id_eq(me, &r->owner_id) || rs_id_eq(me, &r->requested_by) ||
		rs_id_eq(me, &r->submitted_by) || rs_id_eq(me, &r->factor_passed_by);
}

enum rs_code rs_policy_permit(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, enum rs_action action)
{
	struct rs_event event;
	enum rs_code rc = rs_may_act_on_behalf(ctx, PERMISSIONS[action], &request->owner_id,
		&request->enterprise_id, profile->on_behalf);

	if (rc || action != RS_ACTION_APPROVE)
		return rc;
	if (ctx->actor.kind != RS_ACTOR_USER)
		rc = rs_fail(ctx, RS_FORBIDDEN,
			"An approval is a person's: sign in as an officer, not as a client.");
	else if (is_self(ctx, request))
		rc = rs_fail(ctx, RS_SELF_APPROVAL,
			"You own, made or submitted this request. Another officer must approve it.");
	else
		return RS_OK;
	event = rs_reissue_event_of(request, "reissue_request.approved");
	rs_audit_denied(ctx, &event, rc);
	return rc;
}

enum rs_code rs_policy_wrong_state(
	struct rs_ctx *ctx, const struct rs_reissue *request, enum rs_action action)
{
	struct rs_event event = rs_reissue_event_of(request, "reissue_request.refused");

	event.detail = NAMES[action];
	rs_audit_denied(ctx, &event, RS_WRONG_STATE);
	rs_fail(ctx, RS_WRONG_STATE, "The request is %s: \"%s\" does not fit that state.",
		request->status, NAMES[action]);
	rs_err_ext(ctx, "current_status", json_string(request->status));
	return RS_WRONG_STATE;
}

enum rs_code rs_policy_not_ready(
	struct rs_ctx *ctx, const struct rs_reissue *request, json_t *blockers)
{
	struct rs_event event = rs_reissue_event_of(request, "reissue_request.refused");

	event.detail = rs_code_slug(RS_NOT_READY);
	rs_audit_denied(ctx, &event, RS_NOT_READY);
	rs_fail(ctx, RS_NOT_READY, "%zu thing(s) stand in the way; see blockers.",
		json_array_size(blockers));
	rs_err_ext(ctx, "current_status", json_string(request->status));
	rs_err_ext(ctx, "blockers", json_incref(blockers));
	return RS_NOT_READY;
}

enum rs_code rs_policy_may(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, enum rs_action action)
{
	enum rs_code rc = rs_policy_permit(ctx, request, profile, action);

	if (rc)
		return rc;
	return rs_policy_fits(request, action) ? RS_OK
					       : rs_policy_wrong_state(ctx, request, action);
}

/* Submit and approve answer in the states they led to as they did the first time. */
static bool done_before(struct rs_ctx *ctx, const struct rs_reissue *r, enum rs_action action)
{
	return (action == RS_ACTION_SUBMIT && rs_reissue_submitted(r->state)) ||
	       (action == RS_ACTION_APPROVE && rs_reissue_approved(ctx, r));
}

enum rs_code rs_policy_begin(
	struct rs_ctx *ctx, const struct rs_id *id, enum rs_action action, int64_t revision)
{
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	if (!rc)
		rc = rs_policy_permit(ctx, &c.request, c.by.profile, action);
	if (rc || done_before(ctx, &c.request, action))
		return rc;
	if (!rs_policy_fits(&c.request, action))
		return rs_policy_wrong_state(ctx, &c.request, action);
	return rs_case_match(ctx, &c.request, revision);
}

json_t *rs_policy_actions(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, json_t **unavailable)
{
	json_t *allowed = json_array();

	*unavailable = json_array();
	for (unsigned i = 0; i < RS_ACTION_COUNT; i++) {
		if (!rs_policy_fits(request, i) ||
			(i == RS_ACTION_VERIFY && !rs_verify_demanded(profile)) ||
			!rs_allowed(ctx, PERMISSIONS[i], &request->owner_id,
				&request->enterprise_id, profile->on_behalf))
			continue;
		if (i == RS_ACTION_APPROVE && is_self(ctx, request))
			json_array_append_new(*unavailable,
				json_pack("{s:s, s:s, s:s}", "action", NAMES[i], "code",
					rs_code_slug(RS_SELF_APPROVAL), "detail",
					"Another officer must approve this request."));
		else if (i != RS_ACTION_APPROVE || ctx->actor.kind == RS_ACTOR_USER)
			json_array_append_new(allowed, json_string(NAMES[i]));
	}
	return allowed;
}
