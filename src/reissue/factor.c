/* The owner's second factor is passed: the way on from `authenticating`. */
#include "go.h"

#define ATTEMPTS 4

/* It stays what it was made for: this round, this content, asked for now. */
static bool fits(const struct rs_reissue *r, const struct rs_passed *passed)
{
	return r->state == RS_RR_AUTHENTICATING && r->round == passed->round &&
		r->digest.len == passed->digest.len &&
		memcmp(r->digest.data, passed->digest.data, r->digest.len) == 0;
}

/* Judged as it is with the factor passed. */
static void judge(struct rs_ctx *ctx, struct rs_case *c, const struct rs_passed *passed)
{
	c->request.factor_round = passed->round;
	c->request.factor_digest = passed->digest;
	c->request.factor_passed_by = passed->by;
	rs_policy_judge(ctx, &c->request, &c->by, &c->judged);
}

static enum rs_code fail_with_blockers(
	struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change)
{
	c->request.failure = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:b, s:O}", "code", rs_code_slug(RS_NOT_READY), "detail",
			"The factor was passed, but something else stands in the way; see blockers.",
			"retryable", 1, "blockers", c->judged.blockers));
	return rs_case_store(ctx, &c->request, change);
}

/*
 * Issues; what only the last look found (a CAA record that changed meanwhile, the linter) is a blocker
 * like any other: the request fails, and the factor stays good for a retry.
 */
static enum rs_code issue(struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change)
{
	enum rs_code rc = rs_go_issue(ctx, c, change);

	if (rc != RS_NOT_READY)
		return rc;
	c->judged.blockers = rs_arena_json(
		ctx->arena, json_deep_copy(json_object_get(ctx->err.ext, "blockers")));
	rs_err_reset(&ctx->err);
	rs_case_move(c, RS_RR_FAILED);
	return fail_with_blockers(ctx, c, change);
}

static enum rs_code pass_once(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_passed *passed, struct rs_reissue *out)
{
	struct rs_change change = {.passed = passed};
	const struct rs_transition *row;
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	if (!rc && !fits(&c.request, passed))
		return rs_fail(ctx, RS_CONFLICT, "The request does not ask for this factor any more.");
	if (!rc)
		rc = rs_policy_facts(ctx, &c.request, &c.by);
	if (!rc)
		judge(ctx, &c, passed);
	if (rc)
		return rc;
	row = rs_machine_next(c.request.state, RS_EV_FACTOR_PASSED, &c.judged.facts);
	change.action = row->action;
	change.from = c.request.status;
	rs_case_move(&c, row->to);
	if (row->to == RS_RR_ISSUING)
		rc = issue(ctx, &c, &change);
	else if (row->to == RS_RR_FAILED)
		rc = fail_with_blockers(ctx, &c, &change);
	else
		rc = rs_case_store(ctx, &c.request, &change);
	return rc ? rc : rs_case_read(ctx, RS_REACH_CALLER, id, out);
}

enum rs_code rs_reissue_authenticated(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_passed *passed, struct rs_reissue *out)
{
	enum rs_code rc = RS_CONFLICT;

	for (int attempt = 0; attempt < ATTEMPTS && rc == RS_CONFLICT; attempt++) {
		rs_err_reset(&ctx->err);
		rc = pass_once(ctx, id, passed, out);
	}
	return rc;
}
