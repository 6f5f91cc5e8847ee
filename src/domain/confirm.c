/* The answer of who got a mail: yes or no, proven by the token of that mail. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/mail.h"

#include <string.h>

/* The mail that carried the token; all NULL when none did. */
struct answered {
	struct rs_id mail_id;
	const char *mailbox, *message_id;
	json_t *source;
	int64_t mailed_at;
};

static const struct rs_field MAIL[] = {
	RS_FIELD(struct answered, mail_id, RS_T_ID),
	RS_FIELD(struct answered, mailbox, RS_T_STRING),
	RS_FIELD(struct answered, message_id, RS_T_STRING),
	RS_FIELD(struct answered, source, RS_T_OBJECT),
	RS_FIELD(struct answered, mailed_at, RS_T_TIME),
	RS_FIELD_END,
};

struct answer {
	const char *token, *decision;
	struct rs_id id;
	unsigned char hash[32]; /* of the token */
	struct rs_validation *v;
	bool wrong; /* the token was none of this validation's */
};

static const char *const DECISIONS[] = {"confirm", "refuse", NULL};
static const struct rs_field BODY[] = {
	RS_FIELD(struct answer, token, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	RS_FIELD(struct answer, decision, RS_T_STRING, .flags = RS_F_REQUIRED, .values = DECISIONS),
	RS_FIELD_END,
};

static enum rs_code event_of(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_validation *v,
	const char *action, const char *to, const char *detail)
{
	struct rs_event event = {
		.action = action,
		.object_type = "domain_validation",
		.object = v->id,
		.enterprise = v->enterprise_id,
		.from = "pending",
		.to = to,
		.detail = detail,
	};

	return rs_audit(ctx, tx, &event);
}

/* What is kept of an answer: from where, and of which mail. */
static json_t *evidence_of(struct rs_ctx *ctx, const struct answer *a, const struct answered *mail)
{
	char at[32], mailed[32];
	json_t *out = json_pack("{s:s, s:{s:s, s:s?, s:s}}", "actor", "anonymous", "answer",
		"address", ctx->address, "user_agent", ctx->user_agent, "decision",
		a->wrong ? "none" : a->decision);

	rs_time_format(rs_clock_now_us(ctx->app->clock), at);
	json_object_set_new(json_object_get(out, "answer"), "at", json_string(at));
	if (!a->wrong) {
		rs_time_format(mail->mailed_at, mailed);
		json_object_set_new(
			out, "token_sha256", json_string(rs_sha256_text(ctx->arena, a->hash)));
		json_object_set_new(out, "mail",
			json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", mail->mail_id.s, "recipient",
				mail->mailbox, "message_id", mail->message_id, "created_at", mailed,
				"source", mail->source));
	}
	return rs_arena_json(ctx->arena, out);
}

/* A token that no mail of this validation carried. */
static enum rs_code count_wrong(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct answer *a, struct rs_attempt_end *end)
{
	static const char OVER[] = "Too many wrong tokens were sent.";
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	end->result = "failed";
	end->code = RS_CREDENTIALS_INVALID;
	end->detail = "A token was sent that no mail of this validation carried.";
	rc = rs_attempt_store(ctx, tx, a->v, end);
	if (rc)
		return rc;
	rs_p_id(&p, &a->v->id);
	rs_p_text(&p, rs_code_slug(RS_CREDENTIALS_INVALID));
	rs_p_text(&p, OVER);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_validation_wrong_token, &p, &rows);
	if (rc || rs_rows_count(rows) == 0 ||
		strcmp(rs_row_text(rows, 0, "status"), "invalid") != 0)
		return rc;
	a->v->status = "invalid";
	rc = event_of(ctx, tx, a->v, "domain_validation.ended", "invalid", OVER);
	return rc ? rc : rs_mail_drop(ctx, tx, &a->v->id);
}

static enum rs_code refuse(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct answer *a, struct rs_attempt_end *end)
{
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	end->result = "failed";
	end->code = RS_FORBIDDEN;
	end->detail = "Who reads the mailbox says that this was not asked for.";
	rc = rs_attempt_store(ctx, tx, a->v, end);
	if (rc)
		return rc;
	rs_p_id(&p, &a->v->id);
	rs_p_text(&p, rs_code_slug(end->code));
	rs_p_text(&p, end->detail);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_validation_refused, &p, NULL);
	a->v->status = "invalid";
	return rc ? rc
		  : event_of(ctx, tx, a->v, "domain_validation.refused", "invalid", end->detail);
}

static enum rs_code wrong_state(struct rs_ctx *ctx, const struct rs_validation *v)
{
	rs_fail(ctx, RS_WRONG_STATE,
		"The validation is not pending: it was answered, or its time is over.");
	rs_err_ext(ctx, "current_status", json_string(v->status));
	return RS_WRONG_STATE;
}

static bool is_open(struct rs_ctx *ctx, const struct rs_validation *v)
{
	return strcmp(v->status, "pending") == 0 &&
	       v->expires_at > rs_clock_now_us(ctx->app->clock);
}

/* The validation locked, and the mail of the token. */
static enum rs_code lock(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct answer *a, struct answered *mail)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &a->id);
	rs_p_bytes(&p, a->hash, sizeof(a->hash));
	rc = rs_tx_one(ctx, tx, RS_Q_validation_answer_lock, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, rs_validation_row, a->v);
	return rc ? rc : rs_row_read(ctx, rows, 0, MAIL, mail);
}

static enum rs_code decide(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct answer *a = arg;
	struct answered mail = {0};
	struct rs_attempt_end end = {.started_at = rs_clock_now_us(ctx->app->clock)};
	enum rs_code rc = lock(ctx, tx, a, &mail);

	if (rc)
		return rc;
	if (!is_open(ctx, a->v))
		return wrong_state(ctx, a->v);
	a->wrong = !rs_id_set(&mail.mail_id);
	end.evidence = evidence_of(ctx, a, &mail);
	if (a->wrong)
		return count_wrong(ctx, tx, a, &end);
	if (strcmp(a->decision, "refuse") == 0) {
		rc = refuse(ctx, tx, a, &end);
	} else {
		end.result = "passed";
		rc = rs_attempt_store(ctx, tx, a->v, &end);
		a->v->status = "valid";
	}
	return rc ? rc : rs_mail_drop(ctx, tx, &a->v->id);
}

enum rs_code rs_validation_of_mail(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
{
	struct rs_params p = rs_params(ctx);
	const struct rs_dcv_method *method;
	struct rs_rows *rows;
	enum rs_code rc;

	*out = (struct rs_validation){0};
	rs_p_id(&p, id);
	rc = rs_look_one(ctx, RS_REACH_JOB, RS_Q_validation_by_id, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, rs_validation_row, out);
	if (rc)
		return rc;
	method = rs_method_for(out->method, out->identifier_type);
	if (!method || !method->mail)
		return rs_fail(ctx, RS_NOT_FOUND, "There is no such thing here");
	return RS_OK;
}

enum rs_code rs_validation_answer(
	struct rs_ctx *ctx, const struct rs_id *id, json_t *body, struct rs_validation *out)
{
	struct answer a = {.id = *id, .v = out};
	enum rs_code rc = rs_validation_of_mail(ctx, id, out);

	if (rc)
		return rc;
	if (!is_open(ctx, out))
		return wrong_state(ctx, out);
	rs_json_read(ctx, body, "", BODY, &a, NULL);
	rc = rs_faults(ctx);
	if (rc)
		return rc;
	rs_sha256(a.token, strlen(a.token), a.hash);
	rc = rs_tx_use(ctx, RS_REACH_JOB, decide, &a);
	if (rc || !a.wrong)
		return rc;
	rs_fault(
		ctx, RS_CREDENTIALS_INVALID, "/token", "This token is not one of this validation.");
	return rs_faults(ctx);
}
