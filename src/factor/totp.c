/*
 * totp: an authenticator app's code (RFC 6238 by liboath: SHA-1, 6 digits, 30 s, one step of skew). A
 * code works once: the newest step that was used is kept.
 */
#include "totp.h"

#include "rs/app.h"
#include "rs/clock.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#define SKEW_STEPS 1

const struct rs_field rs_totp_row[] = {
	RS_FIELD(struct rs_totp, enterprise_id, RS_T_ID),
	RS_FIELD(struct rs_totp, sealed, RS_T_BYTES),
	RS_FIELD(struct rs_totp, kid, RS_T_STRING),
	RS_FIELD(struct rs_totp, last_counter, RS_T_INT),
	RS_FIELD(struct rs_totp, created_at, RS_T_TIME),
	RS_FIELD(struct rs_totp, usable_from, RS_T_TIME),
	RS_FIELD_END,
};

struct rs_seal_place rs_totp_place(const struct rs_id *user, const struct rs_id *enterprise)
{
	return (struct rs_seal_place){"user_means", "totp", user->s, enterprise->s};
}

int64_t rs_totp_step(struct rs_secret *secret, const char *code, int64_t now, int64_t last)
{
	int64_t found = 0;

	for (int64_t step = now / RS_TOTP_STEP_S - SKEW_STEPS; step <= now / RS_TOTP_STEP_S + SKEW_STEPS; step++) {
		char expected[RS_OTP_LEN];

		if (oath_totp_generate((const char *)rs_secret_data(secret), rs_secret_len(secret),
			    (time_t)(step * RS_TOTP_STEP_S), RS_TOTP_STEP_S, 0, RS_TOTP_DIGITS,
			    expected) != OATH_OK)
			abort();
		if (rs_equal(expected, code, RS_TOTP_DIGITS) && step > last)
			found = step;
		rs_cleanse(expected, sizeof(expected));
	}
	return found;
}

enum rs_code rs_totp_open(struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_id *enterprise, const struct rs_totp *totp, struct rs_secret **out)
{
	struct rs_seal_place place = rs_totp_place(user, enterprise);

	return rs_keyring_open(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, totp->kid,
		totp->sealed, out);
}

static enum rs_code available(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	(void)option;
	if (!subject->totp)
		return rs_fail(ctx, RS_DESTINATION_MISSING,
			"No authenticator app is enrolled: POST /v1/me/totp.");
	return rs_factor_settled(ctx, subject->totp_usable_from);
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	struct rs_params p = rs_params(ctx);
	struct rs_totp means = {0};
	rs_auto_secret secret = NULL;
	struct rs_rows *rows;
	int64_t step;
	enum rs_code rc;

	rs_p_id(&p, &c->user_id);
	rs_p_text(&p, "totp");
	rs_p_text(&p, "active");
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_means_get, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	rc = rs_row_read(ctx, rows, 0, rs_totp_row, &means);
	/* It may be another app than when the challenge was made. */
	if (!rc)
		rc = rs_factor_settled(ctx, means.usable_from);
	if (!rc)
		rc = rs_totp_open(ctx, &c->user_id, &means.enterprise_id, &means, &secret);
	if (rc)
		return rc;
	step = rs_totp_step(secret, input->code, rs_clock_now(ctx->app->clock), means.last_counter);
	if (!step) {
		verdict->detail = "no-such-code-now";
		return RS_OK;
	}
	p = rs_params(ctx);
	rs_p_id(&p, &c->user_id);
	rs_p_int(&p, step);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_totp_use, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0) {
		verdict->detail = "code-used-before";
		return RS_OK;
	}
	verdict->result = RS_VERDICT_PASSED;
	verdict->evidence = rs_arena_json(ctx->arena,
		json_pack("{s:I, s:i}", "time_step", (json_int_t)step, "step_seconds", RS_TOTP_STEP_S));
	return RS_OK;
}

static const char *const INPUTS[] = {"code", NULL};

const struct rs_factor rs_factor_totp = {
	.name = "totp",
	.title = "Authenticator app",
	.style = RS_FACTOR_CODE,
	.inputs = INPUTS,
	.amr = "otp",
	.lifetime_s = 300,
	.attempts = 5,
	.available = available,
	.check = check,
};
