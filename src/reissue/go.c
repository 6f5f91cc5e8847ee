/* From a judged request to its certificate: what submit, approve and retry share. */
#include "go.h"

#include "rs/cpu.h"
#include "rs/failpoint.h"
#include "rs/idempotency.h"

#include <unistd.h>

/* How often a caller looks whether the one it joined has finished. */
#define JOIN_POLL_US 25000

static struct rs_issue_spec spec_of(const struct rs_case *c)
{
	const struct rs_reissue *r = &c->request;
	struct rs_previous previous = rs_reissue_previous(r, c->by.profile, c->by.now);
	struct rs_issue_spec spec = {
		.enterprise_id = r->enterprise_id,
		.owner_id = r->owner_id,
		.request_id = r->id,
		.round = r->round,
		.profile = c->by.profile,
		.rules = c->by.rules,
		.issuer_id = r->issuer_id,
		.issuer = r->issuer,
		.subject = c->judged.names.subject,
		.san = c->judged.names.san,
		.spki_der = r->spki_der,
		.window = c->judged.window,
		.lineage_id = r->lineage_id,
		.generation = r->certificate_generation + 1,
		.replaces_id = r->certificate_id,
		.previous_action = previous.action,
		.previous_due_at = previous.due_at,
		.evidence_until = c->judged.verify.evidence_until,
	};

	rs_key_describe(rs_reissue_key_kind(r), &spec.key);
	memcpy(spec.key.spki_sha256, r->spki_sha256.data, 32);
	return spec;
}

void rs_go_refused(struct rs_ctx *ctx, struct rs_case *c, enum rs_code rc)
{
	json_array_append_new(c->judged.blockers,
		json_pack("{s:s, s:n, s:s, s:s?}", "code", rs_code_slug(rc), "step", "detail",
			ctx->err.detail, "pointer", *ctx->err.pointer ? ctx->err.pointer : NULL));
	rs_err_reset(&ctx->err);
}

enum rs_code rs_go_plan(struct rs_ctx *ctx, const struct rs_case *c, bool rehearsal,
	struct rs_go_plan *out)
{
	rs_auto_cpu slot = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);

	out->spec = spec_of(c);
	out->spec.rehearsal = rehearsal;
	return rc ? rc : rs_issue_plan(ctx, &out->spec, &out->plan);
}

static enum rs_code events_of(struct rs_ctx *ctx, const struct rs_reissue *r,
	const struct rs_change *change, json_t **out)
{
	struct rs_event event = rs_reissue_event_of(r, change->action);

	event.from = change->from;
	event.to = r->status;
	event.detail = change->detail;
	return rs_case_events(ctx, r, change, &event, out);
}

static struct rs_params intend_params(struct rs_ctx *ctx, const struct rs_case *c,
	const struct rs_change *change, const struct rs_issue_plan *plan, const json_t *events)
{
	const struct rs_reissue *r = &c->request;
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &r->id);
	rs_p_int(&p, r->revision);
	rs_p_int(&p, c->by.newest->revision);
	rs_p_bytes(&p, r->digest.data, r->digest.len);
	rs_p_text(&p, r->message);
	rs_p_int(&p, r->round);
	rs_p_int(&p, r->profile_revision);
	rs_p_time(&p, r->submitted_at);
	rs_p_time(&p, c->by.now);
	rs_p_id(&p, &r->submitted_by);
	rs_p_text(&p, r->previous_action);
	rs_p_json(&p, change->approval);
	rs_p_json(&p, events);
	rs_p_texts(&p, c->judged.approvers);
	rs_p_id(&p, &plan->issuance_id);
	rs_issue_plan_params(plan, &p);
	rs_p_idem(&p);
	rs_p_texts(&p, c->judged.verify.validations);
	rs_p_time(&p, c->judged.verify.evidence_until);
	rs_case_passed_params(&p, change->passed);
	return p;
}

/* Zero rows: somebody was faster - or it was our own, whose outcome got lost on the way. */
static enum rs_code was_ours(struct rs_ctx *ctx, const struct rs_issue_plan *plan)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &plan->issuance_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_issuance_by_id, &p, &rows);
	if (rc || rs_rows_count(rows) > 0)
		return rc;
	return rs_fail(ctx, RS_CONFLICT,
		"Something changed at the same moment. Read the request and try again.");
}

/* The content is at fault, not the service. */
static bool is_refusal(enum rs_code rc)
{
	return rc == RS_LINT_FAILED || rc == RS_BAD_NAME || rc == RS_OUT_OF_RANGE ||
		rc == RS_VALIDATION_FAILED;
}

/*
 * The request stands in memory as it shall be while `issuing`; it is judged as what it was before,
 * since nothing hinders what is on its way.
 */
static enum rs_code renew(struct rs_ctx *ctx, struct rs_case *c)
{
	enum rs_rr_state to = c->request.state;
	enum rs_code rc;

	if (!c->judged.verify.stale)
		return RS_OK;
	c->request.state = RS_RR_PENDING;
	rc = rs_case_renew(ctx, c);
	c->request.state = to;
	if (!rc && json_array_size(c->judged.verify.blockers) > 0)
		rc = rs_policy_not_ready(ctx, &c->request, c->judged.verify.blockers);
	return rc;
}

enum rs_code rs_go_issue(struct rs_ctx *ctx, struct rs_case *c, const struct rs_change *change)
{
	struct rs_go_plan go;
	struct rs_issued issued;
	struct rs_params p;
	struct rs_rows *rows;
	json_t *events;
	enum rs_code rc;

	if (rs_failpoint("before_tx1"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted before the intent.");
	rc = renew(ctx, c);
	if (!rc)
		rc = rs_go_plan(ctx, c, false, &go);
	if (is_refusal(rc)) {
		rs_go_refused(ctx, c, rc);
		return rs_policy_not_ready(ctx, &c->request, c->judged.blockers);
	}
	if (!rc)
		rc = events_of(ctx, &c->request, change, &events);
	if (rc)
		return rc;
	p = intend_params(ctx, c, change, &go.plan, events);
	rc = rs_case_commit(
		ctx, &c->request, change->revoke_previous, RS_Q_reissue_intend, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = was_ours(ctx, &go.plan);
	if (rc)
		return rc;
	rc = rs_issue_finish(ctx, &go.plan, c->request.digest.data, &issued);
	if (!rc && rs_failpoint("before_answer"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted before the answer.");
	if (rc == RS_ISSUER_UNAVAILABLE || rc == RS_UNAVAILABLE || rc == RS_OVERLOADED) {
		rs_reissue_conflicting(ctx, c->request.id.s, rs_state_name(RS_RR_ISSUING));
		ctx->err.retry_after = 1;
	}
	return rc;
}

enum rs_code rs_go_join(struct rs_ctx *ctx, const struct rs_id *id, struct rs_reissue *out)
{
	enum rs_code rc;

	for (;;) {
		rc = rs_case_read(ctx, RS_REACH_CALLER, id, out);
		if (rc || out->state != RS_RR_ISSUING)
			return rc;
		rc = rs_issue_join(ctx, id);
		if (rc && rc != RS_UNAVAILABLE)
			return rc;
		if (rs_ctx_left_ms(ctx) < 500) {
			rs_fail(ctx, RS_UNAVAILABLE,
				"The certificate is being made and finishes by itself; read it again.");
			rs_reissue_conflicting(ctx, id->s, out->status);
			ctx->err.retry_after = 1;
			return RS_UNAVAILABLE;
		}
		usleep(JOIN_POLL_US);
	}
}
