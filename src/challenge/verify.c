/*
 * Answers. An answer is counted, durably, before anybody looks at it; then it is judged, then granted
 * by one conditional statement. What happens in between - a crash, another call - wins no guess.
 */
#include "internal.h"

#include "rs/failpoint.h"
#include "rs/otp.h"

#include <unistd.h>

#define LOCK_FIRST_S 900
#define LOCK_MOST_S  86400
#define PASSWORD_MAX 256 /* bytes */
/* How long the answers of this moment get to come to their end, before the last attempt counts. */
#define SETTLE_US      (3 * RS_SECOND_US)
#define SETTLE_POLL_US 30000

/* --- what was sent --- */

struct answer {
	const char *code, *email_code, *sms_code, *username, *password;
};

#define F(member, most) RS_FIELD(struct answer, member, RS_T_STRING, .min = 1, .max = (most))
static const struct rs_field BODY[] = {
	F(code, 64),
	F(email_code, 64),
	F(sms_code, 64),
	F(username, 256),
	F(password, PASSWORD_MAX),
	RS_FIELD_END,
};

static bool listed(const char *const *inputs, const char *name)
{
	for (; *inputs; inputs++)
		if (strcmp(*inputs, name) == 0)
			return true;
	return false;
}

static bool any_will_do(const struct rs_challenge *c)
{
	const char *mode =
		json_string_value(json_object_get(json_object_get(c->option, "otp"), "mode"));

	return mode && strcmp(mode, "either") == 0;
}

/* The members that the mechanism wants, all of them (or one, in the mode either), and no others. */
static void judge_members(struct rs_ctx *ctx, const struct rs_challenge *c, json_t *body,
	const char *const *inputs)
{
	size_t given = 0;

	for (const struct rs_field *f = BODY; f->name; f++) {
		bool here = json_object_get(body, f->name) != NULL;
		bool wanted = listed(inputs, f->name);
		const char *at = rs_pointer(ctx, "", f->name);

		given += here && wanted;
		if (here && !wanted)
			rs_fault(ctx, RS_UNKNOWN_MEMBER, at, "This challenge takes no %s.", f->name);
		else if (!here && wanted && !any_will_do(c) && strcmp(f->name, "username") != 0)
			rs_fault(ctx, RS_REQUIRED, at, "This challenge wants the %s.", f->name);
	}
	if (given == 0 && any_will_do(c))
		rs_fault(ctx, RS_REQUIRED, rs_pointer(ctx, "", inputs[0]),
			"This challenge wants one of its codes.");
}

/* A code that cannot be one is no guess. */
static const char *clean(
	struct rs_ctx *ctx, const struct rs_challenge *c, const char *typed, const char *member)
{
	char *out = rs_arena_alloc(ctx->arena, 9);

	if (!typed)
		return NULL;
	if (rs_otp_clean(typed, (int)c->digits, out))
		return out;
	rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, "", member), "A code has %d digits.",
		(int)c->digits);
	return NULL;
}

/* The password leaves the body for a place of its own. */
static struct rs_secret *take_password(struct rs_ctx *ctx, json_t *body, const char *password)
{
	json_t *member = json_object_get(body, "password");
	struct rs_secret *out;
	size_t len;

	if (!password)
		return NULL;
	len = strlen(password);
	if (len > PASSWORD_MAX)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/password", "A password has at most %d bytes.",
			PASSWORD_MAX);
	out = rs_secret_copy(password, len);
	rs_cleanse((char *)password, len);
	rs_cleanse((char *)json_string_value(member), json_string_length(member));
	return out;
}

static enum rs_code read_answer(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor *factor, json_t *body, struct rs_factor_input *out)
{
	struct answer answer = {0};

	rs_json_read(ctx, body, "", BODY, &answer, NULL);
	judge_members(ctx, c, body, rs_factor_inputs(factor, c->option));
	out->code = clean(ctx, c, answer.code, "code");
	out->email_code = clean(ctx, c, answer.email_code, "email_code");
	out->sms_code = clean(ctx, c, answer.sms_code, "sms_code");
	out->username = answer.username;
	out->password = take_password(ctx, body, answer.password);
	return rs_faults(ctx);
}

/* --- counting --- */

struct counted {
	int64_t attempts, attempts_max;
	bool locks; /* this one, if it is wrong, locks the user */
};

/* Another answer may be on its way to being right: what it leads to is the truth. */
static enum rs_code settle(struct rs_ctx *ctx, struct rs_challenge *c)
{
	int64_t until = c->attempted_at + SETTLE_US;
	enum rs_code rc = RS_OK;

	while (!rc && strcmp(c->status, "pending") == 0 && c->attempts >= c->attempts_max &&
		rs_clock_now_us(ctx->app->clock) < until && rs_ctx_left_ms(ctx) > 1000) {
		struct rs_id id = c->id;

		usleep(SETTLE_POLL_US);
		rc = rs_challenge_read(ctx, RS_REACH_CALLER, &id, c);
	}
	return rc;
}

/* Nothing was counted: why. */
static enum rs_code not_counted(struct rs_ctx *ctx, struct rs_challenge *c)
{
	struct rs_id id = c->id;
	enum rs_code rc = rs_challenge_read(ctx, RS_REACH_CALLER, &id, c);

	if (!rc)
		rc = settle(ctx, c);
	if (rc)
		return rc;
	if (strcmp(c->status, "pending") != 0 || c->attempts >= c->attempts_max ||
		rs_challenge_overdue(c, rs_clock_now_us(ctx->app->clock)))
		return rs_challenge_refuse(ctx, c);
	rc = rs_challenge_denied(ctx, c, rs_challenge_not_locked(ctx, &c->user_id));
	return rc ? rc : rs_fail(ctx, RS_CONFLICT, "The challenge has changed meanwhile. Try again.");
}

static enum rs_code count(struct rs_ctx *ctx, struct rs_challenge *c, struct counted *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_int(&p, ctx->app->config->limits_wrong_answers);
	rs_p_int(&p, LOCK_FIRST_S);
	rs_p_int(&p, LOCK_MOST_S);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_challenge_attempt, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0)
		return not_counted(ctx, c);
	out->attempts = rs_row_int(rows, 0, "attempts");
	out->attempts_max = rs_row_int(rows, 0, "attempts_max");
	out->locks = rs_row_bool(rows, 0, "locks");
	c->attempts = out->attempts;
	/* The crash that the tests provoke between counting and judging. */
	if (rs_failpoint("after_attempt"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted after the attempt was counted.");
	return RS_OK;
}

/* The peer could not judge: that was no guess. The error the client gets stays. */
static void refund(struct rs_ctx *ctx, const struct rs_challenge *c, const struct counted *counted)
{
	struct rs_params p = rs_params(ctx);
	struct rs_err kept = ctx->err;

	ctx->err = (struct rs_err){0};
	rs_p_id(&p, &c->id);
	rs_p_bool(&p, counted->locks);
	rs_p_int(&p, ctx->app->config->limits_wrong_answers);
	if (rs_read(ctx, RS_REACH_CALLER, RS_Q_challenge_refund, &p, NULL) != RS_OK)
		rs_err_reset(&ctx->err); /* it stays counted: the safe side */
	ctx->err = kept;
}

/* --- judging --- */

static json_t *detail_of(struct rs_ctx *ctx, const struct rs_verdict *verdict)
{
	if (!verdict->evidence && !verdict->detail)
		return NULL;
	return rs_arena_json(ctx->arena, json_pack("{s:s?, s:O?}", "reason", verdict->detail,
						 "evidence", verdict->evidence));
}

enum rs_code rs_challenge_judged(struct rs_ctx *ctx, const struct rs_challenge *c,
	const char *outcome, enum rs_code code, const struct rs_verdict *verdict, bool wrong,
	bool *locked)
{
	struct rs_seal_place place = {"challenge_event", "proof", c->id.s, c->enterprise_id.s};
	struct rs_params p = rs_params(ctx);
	struct rs_bytes proof = {0};
	struct rs_rows *rows;
	enum rs_code rc;

	if (verdict->sealed)
		rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place,
			rs_secret_data(verdict->sealed), rs_secret_len(verdict->sealed), &proof);
	rs_p_id(&p, &c->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, outcome);
	rs_p_text(&p, code ? rs_code_slug(code) : NULL);
	rs_p_json(&p, detail_of(ctx, verdict));
	rs_p_bytes(&p, proof.data, proof.len);
	rs_p_text(&p, proof.data ? rs_keyring_active(ctx->keyring) : NULL);
	rs_p_text(&p, ctx->address);
	rs_p_text(&p, ctx->user_agent);
	rs_p_bool(&p, wrong);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_challenge_judged, &p, &rows);
	*locked = !rc && rs_row_bool(rows, 0, "locked");
	return rc;
}

/* Wrong: one text whatever was wrong about it. */
static enum rs_code wrong(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_verdict *verdict, const struct counted *counted)
{
	bool password = strcmp(c->style, "password") == 0, locked;
	enum rs_code code = verdict->code ? verdict->code
		: password		  ? RS_CREDENTIALS_INVALID
					  : RS_OTP_INVALID;
	struct rs_event event = rs_challenge_event(c, "challenge.answered");
	enum rs_code rc = rs_challenge_judged(ctx, c, "wrong", code, verdict, true, &locked);

	if (rc)
		return rc;
	event.from = "pending";
	event.to = locked ? "locked" : "pending";
	event.detail = verdict->detail;
	rs_audit_denied(ctx, &event, code);
	if (locked || counted->locks)
		rs_challenge_tell(ctx, c, "Too many wrong answers locked a confirmation");
	rs_fail(ctx, code, "%s",
		locked ? "That was wrong, and the last try. Make a new challenge."
		       : password ? "Name or password is wrong." : "The code is wrong.");
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	rs_err_ext(ctx, "attempts_left",
		json_integer(counted->attempts_max - counted->attempts));
	return code;
}

static enum rs_code unavailable(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_verdict *verdict, const struct counted *counted)
{
	struct rs_event event = rs_challenge_event(c, "challenge.answered");
	enum rs_code code = verdict->code ? verdict->code : RS_UNAVAILABLE;
	bool locked;
	enum rs_code rc = rs_challenge_judged(ctx, c, "unavailable", code, verdict, false, &locked);

	if (rc)
		rs_err_reset(&ctx->err);
	refund(ctx, c, counted);
	event.detail = verdict->detail;
	rs_audit_denied(ctx, &event, code);
	rs_fail(ctx, code, "%s. The answer did not count; try again in a moment.",
		rs_code_title(code));
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	return code;
}

static enum rs_code judge(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor *factor, const struct rs_factor_input *input,
	const struct counted *counted)
{
	struct rs_verdict verdict = {0};
	bool locked;
	enum rs_code rc = factor->check(ctx, c, input, &verdict);

	if (rc) {
		refund(ctx, c, counted);
		rc = rs_challenge_denied(ctx, c, rc);
	} else if (verdict.result == RS_VERDICT_UNAVAILABLE) {
		rc = unavailable(ctx, c, &verdict, counted);
	} else if (verdict.result == RS_VERDICT_PASSED) {
		rc = rs_challenge_judged(ctx, c, "passed", RS_OK, &verdict, false, &locked);
	} else {
		rc = wrong(ctx, c, &verdict, counted);
	}
	rs_secret_free(verdict.sealed);
	return rc;
}

static enum rs_code answer(struct rs_ctx *ctx, struct rs_challenge *c,
	const struct rs_factor *factor, json_t *body, struct counted *counted)
{
	struct rs_factor_input input = {0};
	enum rs_code rc =
		rs_challenge_denied(ctx, c, read_answer(ctx, c, factor, body, &input));

	if (!rc)
		rc = rs_challenge_denied(ctx, c, rs_challenge_connected(ctx, factor, c));
	if (!rc)
		rc = count(ctx, c, counted);
	if (!rc)
		rc = judge(ctx, c, factor, &input, counted);
	rs_secret_free(input.password);
	return rc;
}

enum rs_code rs_challenge_verify(struct rs_ctx *ctx, const struct rs_id *id, json_t *body,
	struct rs_challenge *out, struct rs_reissue *request)
{
	const struct rs_factor *factor = NULL;
	struct counted counted = {0};
	enum rs_code rc = rs_challenge_load(ctx, id, "challenge.answer", out);

	*request = (struct rs_reissue){0};
	if (!rc)
		rc = rs_challenge_factor(ctx, out, &factor);
	if (rc)
		return rc;
	if (factor->style == RS_FACTOR_REDIRECT || strcmp(out->status, "pending") != 0 ||
		rs_challenge_overdue(out, rs_clock_now_us(ctx->app->clock)))
		return rs_challenge_refuse(ctx, out);
	rc = answer(ctx, out, factor, body, &counted);
	if (rc)
		return rc;
	rc = rs_challenge_grant(ctx, out, request);
	/* It was right, and we failed: that was no guess either. */
	if (rc && rs_code_status(rc) >= 500)
		refund(ctx, out, &counted);
	return rc ? rc : rs_challenge_get(ctx, id, out);
}
