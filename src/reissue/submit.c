/* Submit: what is missing is told in full; else the profile is frozen and the round begins. */
#include "go.h"

#define ATTEMPTS 4

/* The same round, the same content: answered as the first time, in every state it led to. */
bool rs_reissue_submitted(enum rs_rr_state state)
{
	switch (state) {
	case RS_RR_AUTHENTICATING:
	case RS_RR_PENDING:
	case RS_RR_IN_REVIEW:
	case RS_RR_PENDING_DUAL_CONTROL:
	case RS_RR_ISSUING:
	case RS_RR_FAILED:
	case RS_RR_ISSUED:
		return true;
	default:
		return false;
	}
}

static enum rs_code match_digest(
	struct rs_ctx *ctx, const struct rs_reissue *r, const struct rs_bytes *seen)
{
	if (!seen->data || (seen->len == r->digest.len &&
				   memcmp(seen->data, r->digest.data, seen->len) == 0))
		return RS_OK;
	rs_fail(ctx, RS_DIGEST_MISMATCH,
		"The content has changed since you saw it. Read it again before you go on.");
	rs_err_ext(ctx, "current_status", json_string(r->status));
	return RS_DIGEST_MISMATCH;
}

static void freeze(struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input,
	struct rs_change *change, const struct rs_transition *row)
{
	struct rs_reissue *r = &c->request;

	change->action = row->action;
	change->from = r->status;
	if (r->state == RS_RR_DECLINED) {
		r->round++;
		r->declined = NULL;
		r->reviewer_id = (struct rs_id){""};
	}
	if (input->message_given)
		r->message = input->message && *input->message ? input->message : NULL;
	r->failure = NULL;
	r->profile_revision = c->by.newest->revision;
	r->submitted_at = c->by.now;
	r->submitted_by = ctx->actor.id;
	/* A compromised key is revoked with the submit, before factor and vetting. */
	r->previous_action = rs_reissue_previous(r, c->by.profile, c->by.now).action;
	change->revoke_previous = strcmp(r->previous_action, "revoke_on_submit") == 0;
	rs_case_content(ctx, c);
	rs_case_move(c, row->to);
}

static enum rs_code begin_round(
	struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input)
{
	const struct rs_transition *row =
		rs_machine_next(c->request.state, RS_EV_SUBMIT, &c->judged.facts);
	struct rs_change change = {0};
	enum rs_code rc;

	if (!row)
		return rs_policy_wrong_state(ctx, &c->request, RS_ACTION_SUBMIT);
	if (json_array_size(c->judged.blockers) > 0)
		return rs_policy_not_ready(ctx, &c->request, c->judged.blockers);
	rc = match_digest(ctx, &c->request, &input->digest);
	if (rc)
		return rc;
	freeze(ctx, c, input, &change, row);
	if (row->to == RS_RR_ISSUING)
		return rs_go_issue(ctx, c, &change);
	return rs_case_store(ctx, &c->request, &change);
}

static enum rs_code submit_once(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out)
{
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, true, &c);

	if (!rc)
		rc = rs_policy_permit(ctx, &c.request, c.by.profile, RS_ACTION_SUBMIT);
	if (rc)
		return rc;
	if (rs_reissue_submitted(c.request.state)) {
		rc = match_digest(ctx, &c.request, &input->digest);
		return rc ? rc : rs_go_join(ctx, id, out);
	}
	rc = rs_case_match(ctx, &c.request, revision);
	if (!rc)
		rc = begin_round(ctx, &c, input);
	return rc ? rc : rs_case_read(ctx, RS_REACH_CALLER, id, out);
}

enum rs_code rs_reissue_submit(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out)
{
	enum rs_code rc = RS_OK;

	if (input->agreement) {
		rc = rs_reissue_accept(ctx, id, revision, input->agreement, "/agreement", out);
		revision = -1; /* the acceptance has just raised it */
	}
	for (int attempt = 0; !rc && attempt < ATTEMPTS; attempt++) {
		rc = submit_once(ctx, id, revision, input, out);
		if (rc != RS_CONFLICT || attempt == ATTEMPTS - 1)
			return rc;
		rs_err_reset(&ctx->err);
		rc = RS_OK;
	}
	return rc;
}
