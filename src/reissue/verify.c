/* Verify: the names of a request are looked up anew; and the last look before an intent. */
#include "go.h"

#include "rs/jobs.h"

#define KIND "reissue.verify"

enum rs_code rs_case_renew(struct rs_ctx *ctx, struct rs_case *c)
{
	struct rs_verify_ask ask;
	enum rs_code rc;

	if (!c->judged.verify.stale)
		return RS_OK;
	ask = rs_policy_verify_ask(ctx, &c->request, &c->by);
	rc = rs_verify_run(ctx, &ask, RS_VERIFY_STALE, &c->by.verify);
	if (rc)
		return rc;
	c->by.now = rs_clock_now_us(ctx->app->clock);
	rs_policy_judge(ctx, &c->request, &c->by, &c->judged);
	return RS_OK;
}

static enum rs_code run(struct rs_ctx *ctx, struct rs_case *c)
{
	struct rs_verify_ask ask;

	if (!rs_verify_demanded(c->by.profile))
		return RS_OK;
	ask = rs_policy_verify_ask(ctx, &c->request, &c->by);
	return rs_verify_run(ctx, &ask, RS_VERIFY_ALL, &c->by.verify);
}

static enum rs_code put(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_case *c = arg;
	json_t *payload = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s}", "request_id", c->request.id.s, "asked_by", ctx->actor.id.s));

	return rs_job_put(ctx, tx, KIND, c->request.id.s, &c->request.enterprise_id, 0, payload);
}

static enum rs_code queue(struct rs_ctx *ctx, struct rs_case *c)
{
	enum rs_code rc = RS_OK;

	if (!rs_verify_demanded(c->by.profile))
		return RS_OK;
	rc = rs_tx_use(ctx, RS_REACH_CALLER, put, c);
	if (!rc && ctx->app->jobs)
		rs_jobs_wake(ctx->app->jobs);
	return rc;
}

static const struct rs_verify_facts *keep(struct rs_ctx *ctx, const struct rs_verify_facts *facts)
{
	struct rs_verify_facts *out = rs_new(ctx->arena, struct rs_verify_facts);

	*out = *facts;
	return out;
}

enum rs_code rs_reissue_verify(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	bool later, struct rs_reissue *out)
{
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	if (!rc)
		rc = rs_policy_may(ctx, &c.request, c.by.profile, RS_ACTION_VERIFY);
	if (!rc)
		rc = rs_case_match(ctx, &c.request, revision);
	if (!rc)
		rc = later ? queue(ctx, &c) : run(ctx, &c);
	if (!rc)
		rc = rs_case_read(ctx, RS_REACH_CALLER, id, out);
	/* The answer tells what this run has seen; it need not be read again. */
	if (!rc && c.by.verify.loaded && json_equal(out->san, c.request.san))
		out->facts = keep(ctx, &c.by.verify);
	return rc;
}

enum rs_code rs_reissue_verify_job(struct rs_ctx *ctx, const struct rs_job *job)
{
	struct rs_id id;
	struct rs_case c;
	enum rs_code rc;

	if (!rs_id_parse(json_string_value(json_object_get(job->payload, "request_id")), &id))
		return RS_OK;
	rc = rs_case_read(ctx, RS_REACH_CALLER, &id, &c.request);
	if (rc || !rs_state_open(c.request.state) || c.request.state == RS_RR_ISSUING)
		return rc == RS_NOT_FOUND ? RS_OK : rc;
	rc = rs_policy_yardstick(ctx, &c.request, &c.by);
	return rc ? rc : run(ctx, &c);
}
