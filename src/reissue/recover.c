/* Interrupted issuances: whoever finds a lapsed lease goes on where the other one ended. */
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/log.h"

#include "intent.h"

#include <string.h>

/* How many one pass takes: their leases must not lapse before their turn. */
#define PASS 16

#define F(member, kind) RS_FIELD(struct rs_intent, member, kind)
static const struct rs_field INTENT_FIELDS[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(request_id, RS_T_ID),
	F(certificate_id, RS_T_ID),
	F(issuer, RS_T_STRING),
	F(serial, RS_T_BYTES),
	F(tbs, RS_T_BYTES),
	F(tbs_sha256, RS_T_BYTES),
	F(digest, RS_T_BYTES),
	F(content, RS_T_JSON),
	F(sign_before, RS_T_TIME),
	RS_FIELD_END,
};

/* Too late to sign: the serial is burnt, the request fails and may be tried again. */
static enum rs_code abandon(struct rs_ctx *ctx, const struct rs_intent *intent, int64_t now)
{
	bool request = rs_id_set(&intent->request_id);
	const char *detail = "The certificate could not be signed in time. Try again.";
	struct rs_event event = {
		.action = request ? "reissue_request.failed" : "certificate.abandoned",
		.object_type = request ? "reissue_request" : "certificate",
		.object = request ? intent->request_id : intent->certificate_id,
		.enterprise = intent->enterprise_id,
		.digest = intent->digest.data,
		.from = request ? "issuing" : NULL,
		.to = request ? "failed" : NULL,
		.detail = detail,
	};
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &intent->request_id);
	rs_p_id(&p, &intent->id);
	rs_p_time(&p, now);
	rs_p_json(&p, rs_arena_json(ctx->arena,
			      json_pack("{s:s, s:s, s:b, s:[]}", "code",
				      rs_code_slug(RS_EVIDENCE_STALE), "detail", detail, "retryable",
				      1, "blockers")));
	rs_p_json(&p, rs_arena_json(ctx->arena, json_pack("[O]", rs_audit_row(ctx, &event))));
	return rs_read(ctx, RS_REACH_JOB, RS_Q_issuance_abandon, &p, NULL);
}

static enum rs_code deal_with(struct rs_ctx *ctx, const struct rs_intent *intent)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_issued issued;
	/* A signature that is in the journal still counts, however late it is. */
	enum rs_code rc = rs_intent_finish(ctx, intent, &issued);

	if (rc == RS_EVIDENCE_STALE && now > intent->sign_before + RS_ABANDON_US)
		return abandon(ctx, intent, now);
	rs_log(ctx, rc ? RS_LOG_WARN : RS_LOG_INFO, "issue.recovered",
		rs_log_str(OBJECT, intent->id.s), rs_log_str(CODE, rs_code_slug(rc)),
		rs_log_str(DETAIL, rc ? ctx->err.detail : ""));
	return rc;
}

static enum rs_code take(
	struct rs_ctx *ctx, const struct rs_id *request_id, int most, struct rs_rows **rows)
{
	struct rs_params p = rs_params(ctx);

	rs_p_text(&p, ctx->app->config->server_replica_id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_id(&p, request_id);
	rs_p_int(&p, most);
	return rs_read(ctx, RS_REACH_JOB, RS_Q_issuance_take, &p, rows);
}

enum rs_code rs_issue_recover(struct rs_ctx *ctx, int *count)
{
	struct rs_rows *rows;
	enum rs_code rc = take(ctx, NULL, PASS, &rows);

	*count = 0;
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_intent intent = {0};

		rc = rs_row_read(ctx, rows, i, INTENT_FIELDS, &intent);
		if (rc)
			return rc;
		if (deal_with(ctx, &intent) == RS_OK)
			(*count)++;
		rs_err_reset(&ctx->err); /* one that cannot be finished must not stop the others */
	}
	return rc;
}

enum rs_code rs_issue_join(struct rs_ctx *ctx, const struct rs_id *request_id)
{
	struct rs_rows *rows;
	struct rs_intent intent = {0};
	enum rs_code rc = take(ctx, request_id, 1, &rows);

	if (rc || rs_rows_count(rows) == 0)
		return rc;
	rc = rs_row_read(ctx, rows, 0, INTENT_FIELDS, &intent);
	return rc ? rc : deal_with(ctx, &intent);
}
