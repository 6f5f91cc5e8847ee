/* An officer's yes, and the second try of what failed. */
#include "go.h"

#include "rs/challenge.h"

#define ATTEMPTS 4

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

/* The states that an approval leads to; what was declined or ended since is not one. */
static bool led_to(enum rs_rr_state state)
{
	return state == RS_RR_PENDING_DUAL_CONTROL || state == RS_RR_ISSUING ||
		state == RS_RR_FAILED || state == RS_RR_ISSUED;
}

/* Whether this officer has approved this very content already, and it stands. */
bool rs_reissue_approved(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	if (!led_to(r->state))
		return false;
	const char *digest = rs_sha256_text(ctx->arena, r->digest.data);
	json_t *a;
	size_t i;

	if (r->state != RS_RR_PENDING_DUAL_CONTROL && r->state != RS_RR_ISSUING &&
		r->state != RS_RR_FAILED && r->state != RS_RR_ISSUED)
		return false;
	json_array_foreach(r->approvals, i, a)
		if (json_integer_value(json_object_get(a, "round")) == r->round &&
			is(json_string_value(json_object_get(a, "decision")), "approved") &&
			is(json_string_value(json_object_get(a, "digest")), digest) &&
			is(json_string_value(json_object_get(json_object_get(a, "by"), "id")),
				ctx->actor.id.s))
			return true;
	return false;
}

static enum rs_code match_digest(
	struct rs_ctx *ctx, const struct rs_reissue *r, const struct rs_bytes *seen)
{
	if (!seen->data) {
		rs_fault(ctx, RS_REQUIRED, "/digest",
			"Say which content you approve: the digest you have seen.");
		return rs_faults(ctx);
	}
	if (seen->len == 32 && memcmp(seen->data, r->digest.data, 32) == 0)
		return RS_OK;
	rs_fail(ctx, RS_DIGEST_MISMATCH,
		"The content is not the one you saw. Read the request again before you approve.");
	rs_err_ext(ctx, "current_status", json_string(r->status));
	return RS_DIGEST_MISMATCH;
}

static json_t *approval_of(
	struct rs_ctx *ctx, const struct rs_case *c, const char *remarks)
{
	char digest[65];

	rs_hex(c->request.digest.data, 32, digest);
	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:I, s:i, s:s, s:s, s:s?, s:s}", "id", rs_id_new(c->by.now).s, "round",
			(json_int_t)c->request.round, "stage",
			(int)json_array_size(c->judged.approvers) + 1, "by_id",
			ctx->actor.id.s, "decision", "approved", "remarks", remarks, "digest", digest));
}

static bool wants_factor(const struct rs_case *c)
{
	return json_array_size(rs_profile_factors(c->by.profile, "approve")) > 0;
}

/* The officer's own; it is consumed by the statement that records the approval. */
static enum rs_code ask_factor(
	struct rs_ctx *ctx, const struct rs_case *c, const struct rs_reissue_input *input)
{
	if (!wants_factor(c))
		return RS_OK;
	return rs_challenge_demand(ctx, "approve", &c->request.id, &input->challenge_id,
		rs_profile_factors(c->by.profile, "approve"));
}

static enum rs_code record(
	struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input)
{
	const struct rs_transition *row =
		rs_machine_next(c->request.state, RS_EV_APPROVE, &c->judged.facts);
	struct rs_change change = {.detail = input->remarks};
	const struct rs_passed passed = {
		.challenge_id = input->challenge_id,
		.operation = "approve",
		.by = ctx->actor.id,
		.round = c->request.round,
		.digest = c->request.digest,
		.event = wants_factor(c) ? rs_challenge_used(ctx, &input->challenge_id,
						   &c->request.enterprise_id,
						   c->request.digest.data, "approve")
					 : NULL,
	};

	if (!row)
		return rs_policy_wrong_state(ctx, &c->request, RS_ACTION_APPROVE);
	if (json_array_size(c->judged.blockers) > 0)
		return rs_policy_not_ready(ctx, &c->request, c->judged.blockers);
	change.action = row->action;
	change.from = c->request.status;
	change.passed = wants_factor(c) ? &passed : NULL;
	change.approval = approval_of(ctx, c, input->remarks);
	json_array_append_new(c->judged.approvers, json_string(ctx->actor.id.s));
	rs_case_move(c, row->to);
	if (row->to == RS_RR_ISSUING)
		return rs_go_issue(ctx, c, &change);
	return rs_case_store(ctx, &c->request, &change);
}

static enum rs_code approve_once(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out)
{
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, true, &c);

	if (!rc)
		rc = rs_policy_permit(ctx, &c.request, c.by.profile, RS_ACTION_APPROVE);
	if (rc)
		return rc;
	if (rs_reissue_approved(ctx, &c.request)) {
		rc = match_digest(ctx, &c.request, &input->digest);
		return rc ? rc : rs_go_join(ctx, id, out);
	}
	rc = rs_case_match(ctx, &c.request, revision);
	if (!rc && !rs_policy_fits(&c.request, RS_ACTION_APPROVE))
		rc = rs_policy_wrong_state(ctx, &c.request, RS_ACTION_APPROVE);
	if (!rc)
		rc = match_digest(ctx, &c.request, &input->digest);
	if (!rc)
		rc = ask_factor(ctx, &c, input);
	if (!rc)
		rc = record(ctx, &c, input);
	return rc ? rc : rs_case_read(ctx, RS_REACH_CALLER, id, out);
}

enum rs_code rs_reissue_approve(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out)
{
	enum rs_code rc = RS_CONFLICT;

	for (int attempt = 0; attempt < ATTEMPTS && rc == RS_CONFLICT; attempt++) {
		rs_err_reset(&ctx->err);
		rc = approve_once(ctx, id, revision, input, out);
	}
	return rc;
}

/* --- retry --- */

/* Still blocked: the request stays failed and says why. */
static enum rs_code stay_failed(struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change)
{
	c->request.failure = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:b, s:O}", "code", rs_code_slug(RS_NOT_READY), "detail",
			"Something still stands in the way; see blockers.", "retryable", 1,
			"blockers", c->judged.blockers));
	return rs_case_store(ctx, &c->request, change);
}

static enum rs_code retry_once(
	struct rs_ctx *ctx, const struct rs_id *id, int64_t revision, struct rs_reissue *out)
{
	const struct rs_transition *row;
	struct rs_change change = {0};
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, true, &c);

	if (!rc)
		rc = rs_case_match(ctx, &c.request, revision);
	if (!rc)
		rc = rs_policy_may(ctx, &c.request, c.by.profile, RS_ACTION_RETRY);
	if (rc)
		return rc;
	row = rs_machine_next(c.request.state, RS_EV_RETRY, &c.judged.facts);
	change.action = row->action;
	change.from = c.request.status;
	rs_case_move(&c, row->to);
	rc = row->to == RS_RR_ISSUING ? rs_go_issue(ctx, &c, &change)
				      : stay_failed(ctx, &c, &change);
	return rc ? rc : rs_case_read(ctx, RS_REACH_CALLER, id, out);
}

enum rs_code rs_reissue_retry(
	struct rs_ctx *ctx, const struct rs_id *id, int64_t revision, struct rs_reissue *out)
{
	enum rs_code rc = RS_CONFLICT;

	for (int attempt = 0; attempt < ATTEMPTS && rc == RS_CONFLICT; attempt++) {
		rs_err_reset(&ctx->err);
		rc = retry_once(ctx, id, revision, out);
	}
	return rc;
}
