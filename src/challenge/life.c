/* What becomes of a challenge besides an answer: resend, cancel, the end of its time. */
#include "internal.h"

#include "rs/idempotency.h"
#include "rs/jobs.h"

/* --- resend --- */

int64_t rs_challenge_pause_s(const struct rs_factor *factor, int64_t resends)
{
	/* A text message is there in seconds or not at all; a mail may take its time. */
	if (!(factor->channels & RS_CHANNEL_SMS))
		return 60;
	return 30 << (resends < 2 ? resends : 2);
}

struct resending {
	struct rs_challenge *c;
	const struct rs_factor *factor;
};

static enum rs_code may_resend(struct rs_ctx *ctx, const struct rs_challenge *c)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	int64_t left = (c->resend_after - now + RS_SECOND_US - 1) / RS_SECOND_US;

	if (strcmp(c->status, "pending") != 0 || rs_challenge_overdue(c, now))
		return rs_challenge_refuse(ctx, c);
	if (c->resends >= c->resends_max)
		return rs_challenge_denied(ctx, c,
			rs_fail(ctx, RS_RESEND_LIMIT,
				"The code was sent as often as it may be. Make a new challenge."));
	if (left <= 0)
		return RS_OK;
	rs_fail(ctx, RS_RESEND_TOO_SOON, "The code was sent a moment ago; wait %lld seconds.",
		(long long)left);
	ctx->err.retry_after = (int)left;
	return rs_challenge_denied(ctx, c, RS_RESEND_TOO_SOON);
}

static enum rs_code resend(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct resending *r = arg;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_event event = rs_challenge_event(r->c, "challenge.resent");
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &r->c->id);
	rs_p_time(&p, now);
	rs_p_time(&p, now + rs_challenge_pause_s(r->factor, r->c->resends + 1) * RS_SECOND_US);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_resend, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(
			ctx, RS_CONFLICT, "The challenge has changed meanwhile. Read it again.");
	if (!rc)
		rc = rs_challenge_send_again(ctx, tx, r->c, r->factor);
	if (!rc)
		rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "challenge", &r->c->id);
}

/* Somebody was faster: whoever sent it again has begun the pause anew. */
static enum rs_code slower(struct rs_ctx *ctx, const struct rs_id *id)
{
	struct rs_challenge now;
	enum rs_code rc;

	rs_err_reset(&ctx->err);
	rc = rs_challenge_read(ctx, RS_REACH_CALLER, id, &now);
	if (!rc)
		rc = may_resend(ctx, &now);
	return rc ? rc
		  : rs_fail(ctx, RS_CONFLICT,
			    "The challenge has changed meanwhile. Read it again.");
}

enum rs_code rs_challenge_resend(
	struct rs_ctx *ctx, const struct rs_id *id, json_t *faults, struct rs_challenge *out)
{
	struct resending r = {.c = out};
	enum rs_code rc = rs_challenge_load(ctx, id, "challenge.answer", out);

	if (!rc)
		rc = rs_challenge_factor(ctx, out, &r.factor);
	if (!rc && !r.factor->channels) {
		rs_fail(ctx, RS_CHALLENGE_WRONG_STATE, "Nothing is sent for %s.", out->mechanism);
		rs_err_ext(ctx, "current_status", json_string(out->status));
		return RS_CHALLENGE_WRONG_STATE;
	}
	if (!rc)
		rc = may_resend(ctx, out);
	if (!rc)
		rc = rs_faults_with(ctx, faults, RS_OK);
	if (!rc)
		rc = rs_challenge_denied(ctx, out, rs_challenge_count_again(ctx, r.factor, out));
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, resend, &r);
	if (rc == RS_CONFLICT)
		return slower(ctx, id);
	if (rc)
		return rc;
	rs_jobs_wake(ctx->app->jobs);
	return rs_challenge_get(ctx, id, out);
}

/* --- cancel --- */

static enum rs_code cancel(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_challenge *c = arg;
	struct rs_event event = rs_challenge_event(c, "challenge.cancelled");
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, "cancelled");
	rs_p_null(&p);
	rs_p_null(&p);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_end, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_fail(
			ctx, RS_CONFLICT, "The challenge has changed meanwhile. Read it again.");
	event.from = c->status;
	event.to = "cancelled";
	rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "challenge", &c->id);
}

static enum rs_code cancel_live(struct rs_ctx *ctx, struct rs_challenge *c)
{
	if (strcmp(c->status, "cancelled") == 0)
		return RS_OK;
	if (!rs_challenge_live(c) || rs_challenge_overdue(c, rs_clock_now_us(ctx->app->clock)))
		return rs_challenge_refuse(ctx, c);
	return rs_tx_use(ctx, RS_REACH_CALLER, cancel, c);
}

enum rs_code rs_challenge_cancel(
	struct rs_ctx *ctx, const struct rs_id *id, json_t *faults, struct rs_challenge *out)
{
	enum rs_code rc = rs_challenge_load(ctx, id, "challenge.cancel", out);

	if (!rc && (rs_challenge_live(out) || strcmp(out->status, "cancelled") == 0))
		rc = rs_faults_with(ctx, faults, RS_OK);
	if (!rc)
		rc = cancel_live(ctx, out);
	/* Somebody was faster: what it has become decides. */
	if (rc == RS_CONFLICT) {
		rs_err_reset(&ctx->err);
		rc = rs_challenge_get(ctx, id, out);
		if (!rc)
			rc = cancel_live(ctx, out);
	}
	return rc ? rc : rs_challenge_get(ctx, id, out);
}

/* --- ended with something else --- */

struct ended {
	struct rs_id id, enterprise_id;
	const char *status;
	struct rs_bytes digest;
};

static enum rs_code read_ended(
	struct rs_ctx *ctx, struct rs_rows *rows, int i, const char *action, struct rs_event *out)
{
	static const struct rs_field ROW[] = {
		RS_FIELD(struct ended, id, RS_T_ID),
		RS_FIELD(struct ended, enterprise_id, RS_T_ID),
		RS_FIELD(struct ended, status, RS_T_STRING),
		RS_FIELD(struct ended, digest, RS_T_SHA256),
		RS_FIELD_END,
	};
	struct ended row = {0};
	enum rs_code rc = rs_row_read(ctx, rows, i, ROW, &row);

	*out = (struct rs_event){
		.action = action,
		.object_type = "challenge",
		.object = row.id,
		.enterprise = row.enterprise_id,
		.digest = row.digest.data,
		.from = row.status,
	};
	return rc;
}

enum rs_code rs_challenge_voided(struct rs_ctx *ctx, const struct rs_id *request,
	const struct rs_id *but, const char *why, json_t *events)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, request);
	rs_p_id(&p, but);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_challenge_live_of, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_event event;

		rc = read_ended(ctx, rows, i, "challenge.invalidated", &event);
		event.to = "invalidated";
		event.detail = why;
		if (!rc)
			json_array_append(events, rs_audit_row(ctx, &event));
	}
	return rc;
}

static enum rs_code tell_cancelled(
	struct rs_ctx *ctx, struct rs_tx *tx, struct rs_rows *rows, const char *why)
{
	enum rs_code rc = RS_OK;

	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_event event;

		rc = read_ended(ctx, rows, i, "challenge.cancelled", &event);
		event.to = "cancelled";
		event.detail = why;
		if (!rc)
			rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

enum rs_code rs_challenge_ended_with_user(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *user, const char *why)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, user);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_ended_with_user, &p, &rows);
	return rc ? rc : tell_cancelled(ctx, tx, rows, why);
}

enum rs_code rs_challenge_end_of(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *user,
	bool (*which)(const struct rs_factor *factor), const char *why)
{
	json_t *names = rs_arena_json(ctx->arena, json_array());
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;
	size_t count;
	const struct rs_factor *const *factors = rs_factors(&count);

	for (size_t i = 0; i < count; i++)
		if (which(factors[i]))
			json_array_append_new(names, json_string(factors[i]->name));
	rs_p_id(&p, user);
	rs_p_texts(&p, names);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_end_of, &p, &rows);
	return rc ? rc : tell_cancelled(ctx, tx, rows, why);
}

/* --- the end of its time --- */

static enum rs_code expire(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	int *count = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_expire, &p, &rows);
	*count = rc ? 0 : rs_rows_count(rows);
	for (int i = 0; !rc && i < *count; i++) {
		struct rs_event event = {
			.action = "challenge.expired",
			.object_type = "challenge",
			.to = "expired",
			.detail = rs_row_text(rows, i, "operation"),
		};

		if (rs_id_parse(rs_row_text(rows, i, "id"), &event.object) &&
			rs_id_parse(rs_row_text(rows, i, "enterprise_id"), &event.enterprise))
			rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

enum rs_code rs_challenge_expire(struct rs_ctx *ctx, int *count)
{
	enum rs_code rc = rs_tx_use(ctx, RS_REACH_JOB, expire, count);

	return rc ? rc : rs_challenge_end_stranded(ctx);
}
