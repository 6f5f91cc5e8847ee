/* A user enrols an authenticator app, or takes it away. */
#include "means.h"
#include "totp.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/permission.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_LEN 20 /* of SHA-1's size: RFC 4226 section 4, R6 */
#define PENDING_US INT64_C(600000000) /* to scan it and to type the first code */
#define TRIES	   5
#define HOUR_US	   INT64_C(3600000000)

struct enrolling {
	struct rs_id challenge_id;
	struct rs_subject subject;
	const char *code;
	const char *told; /* the address that hears of it, or NULL */
	/* beginning */
	struct rs_bytes sealed;
	/* confirming */
	int64_t begun_at, step;
	bool removed;
};

/* --- beginning --- */

/* RFC 4648 base32 without padding. */
static const char *base32(struct rs_ctx *ctx, const unsigned char *data, size_t len)
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *out = rs_arena_alloc(ctx->arena, len * 8 / 5 + 2), *at = out;
	unsigned buffer = 0;
	int bits = 0;

	for (size_t i = 0; i < len; i++) {
		buffer = buffer << 8 | data[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*at++ = ALPHABET[buffer >> (bits - 5) & 31];
		buffer &= (1u << bits) - 1;
	}
	if (bits)
		*at++ = ALPHABET[buffer << (5 - bits) & 31];
	*at = '\0';
	return out;
}

/* RFC 3986: everything but unreserved characters. */
static const char *percent(struct rs_ctx *ctx, const char *text)
{
	static const char PLAIN[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char DIGITS[] = "0123456789ABCDEF";
	char *out = rs_arena_alloc(ctx->arena, 3 * strlen(text) + 1), *at = out;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (strchr(PLAIN, *text)) {
			*at++ = *text;
			continue;
		}
		*at++ = '%';
		*at++ = DIGITS[byte >> 4];
		*at++ = DIGITS[byte & 15];
	}
	*at = '\0';
	return out;
}

/* The modules of the code as one path, with the quiet zone that the standard demands. */
static const char *svg(struct rs_ctx *ctx, const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	char *out, *copy = NULL;
	size_t len;
	FILE *to;

	if (!code)
		return NULL;
	to = open_memstream(&copy, &len);
	if (!to)
		abort();
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-4 -4 %d %d\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M-4-4h%dv%dh-%dz\"/><path d=\"",
		code->width + 8, code->width + 8, code->width + 8, code->width + 8,
		code->width + 8);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & 1)
				fprintf(to, "M%d %dh1v1h-1z", x, y);
	fputs("\"/></svg>", to);
	if (fclose(to) != 0)
		abort();
	QRcode_free(code);
	out = rs_arena_strdup(ctx->arena, copy);
	rs_cleanse(copy, len);
	free(copy);
	return out;
}

static enum rs_code begin(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct enrolling *e = arg;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_params p = rs_params(ctx);
	enum rs_code rc = rs_means_redeem(ctx, tx, &e->challenge_id);

	if (rc)
		return rc;
	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "totp");
	rs_p_id(&p, &e->subject.enterprise_id);
	rs_p_bytes(&p, e->sealed.data, e->sealed.len);
	rs_p_text(&p, rs_keyring_active(ctx->keyring));
	for (int i = 0; i < 4; i++) /* what a number has: mask and code */
		rs_p_null(&p);
	rs_p_time(&p, now);
	rs_p_time(&p, now + PENDING_US);
	rc = rs_tx_run(ctx, tx, RS_Q_means_pend, &p, NULL);
	if (!rc)
		rc = rs_means_on_record(ctx, tx, "means.begun", "totp");
	return rc ? rc : rs_idem_effect(ctx, tx, "totp", &ctx->actor.id);
}

enum rs_code rs_totp_enrol(struct rs_ctx *ctx, json_t *body, struct rs_totp_enrolment *out)
{
	static const struct rs_field BODY[] = {
		RS_FIELD(struct enrolling, challenge_id, RS_T_ID),
		RS_FIELD_END,
	};
	struct enrolling e = {0};
	struct rs_seal_place place;
	unsigned char secret[SECRET_LEN];
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY, &e, NULL);
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_means_demand(ctx, &e.challenge_id, &e.subject);
	if (rc)
		return rc;
	rs_random(secret, sizeof(secret));
	place = rs_totp_place(&ctx->actor.id, &e.subject.enterprise_id);
	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, secret, sizeof(secret),
		&e.sealed);
	out->secret = base32(ctx, secret, sizeof(secret));
	rs_cleanse(secret, sizeof(secret));
	out->uri = rs_arena_printf(ctx->arena,
		"otpauth://totp/reissued:%s?secret=%s&issuer=reissued&algorithm=SHA1&digits=%d&period=%d",
		percent(ctx, e.subject.email), out->secret, RS_TOTP_DIGITS, RS_TOTP_STEP_S);
	out->qr_svg = svg(ctx, out->uri);
	return rs_tx_use(ctx, RS_REACH_CALLER, begin, &e);
}

/* --- confirming: a first code shows that the app has the secret --- */

static enum rs_code reachable(struct rs_ctx *ctx, struct enrolling *e)
{
	e->told = e->subject.email;
	return rs_account_reachable(ctx, &e->subject.enterprise_id, &e->told);
}

static enum rs_code confirm(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct enrolling *e = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "totp");
	rs_p_time(&p, e->begun_at);
	rs_p_int(&p, e->step);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock) +
			ctx->app->config->factor_settle_hours * HOUR_US);
	rc = rs_tx_run(ctx, tx, RS_Q_means_confirm, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_CONFLICT, "The enrolment was begun anew meanwhile.");
	if (!rc)
		rc = rs_means_on_record(ctx, tx, "means.confirmed", "totp");
	if (!rc && e->told)
		rc = rs_account_notice(ctx, tx, &e->subject.enterprise_id, &ctx->actor.id, e->told,
			"An authenticator app was enrolled for your account.");
	return rc ? rc : rs_idem_effect(ctx, tx, "totp", &ctx->actor.id);
}

/* Counts the try before it looks at the code. */
static enum rs_code prove(struct rs_ctx *ctx, struct enrolling *e, const char *code)
{
	const struct rs_event event = {
		.action = "means.confirmed", .object_type = "user", .object = ctx->actor.id};
	struct rs_params p = rs_params(ctx);
	struct rs_totp pending = {0};
	rs_auto_secret secret = NULL;
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "totp");
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_int(&p, TRIES);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_means_try, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_WRONG_STATE,
			"No enrolment waits for a code. Begin with POST /v1/me/totp.");
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, rs_totp_row, &pending);
	if (!rc)
		rc = rs_totp_open(
			ctx, &ctx->actor.id, &e->subject.enterprise_id, &pending, &secret);
	if (rc)
		return rc;
	e->begun_at = pending.created_at;
	e->step = rs_totp_step(secret, code, rs_clock_now(ctx->app->clock), 0);
	if (e->step)
		return RS_OK;
	rs_audit_denied(ctx, &event, RS_OTP_INVALID);
	return rs_refuse(ctx, RS_OTP_INVALID, "/code", "The code is wrong. Is the clock of the device right?");
}

enum rs_code rs_totp_confirm(struct rs_ctx *ctx, json_t *body)
{
	static const struct rs_field BODY[] = {
		RS_FIELD(struct enrolling, code, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
			.max = 64),
		RS_FIELD_END,
	};
	struct enrolling e = {0};
	char code[RS_OTP_LEN];
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY, &e, NULL);
	if (e.code && !rs_otp_clean(e.code, RS_TOTP_DIGITS, code))
		rs_fault(ctx, RS_BAD_VALUE, "/code", "A code has %d digits.", RS_TOTP_DIGITS);
	rc = rs_faults(ctx);
	if (!rc && ctx->actor.kind != RS_ACTOR_USER)
		rc = rs_fail(ctx, RS_FORBIDDEN,
			"A client has no account of its own; sign in as a user.");
	if (!rc)
		rc = rs_may_act(ctx, "me.write", NULL, NULL);
	if (!rc)
		rc = rs_subject_load(ctx, &ctx->actor.id, &e.subject);
	if (!rc)
		rc = prove(ctx, &e, code);
	if (!rc)
		rc = reachable(ctx, &e);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, confirm, &e);
}

/* --- removing --- */

static enum rs_code take_away(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct enrolling *e = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = rs_means_redeem(ctx, tx, &e->challenge_id);

	if (rc)
		return rc;
	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "totp");
	rc = rs_tx_one(ctx, tx, RS_Q_means_remove, &p, &rows);
	if (!rc && rs_row_int(rows, 0, "active") == 0)
		rc = rs_fail(ctx, RS_CONFLICT, "The app was taken away meanwhile.");
	if (!rc)
		rc = rs_means_on_record(ctx, tx, "means.removed", "totp");
	if (!rc && e->told)
		rc = rs_account_notice(ctx, tx, &e->subject.enterprise_id, &ctx->actor.id, e->told,
			"The authenticator app of your account was taken away.");
	return rc;
}

enum rs_code rs_totp_remove(struct rs_ctx *ctx, const struct rs_id *challenge)
{
	struct enrolling e = {.challenge_id = *challenge};
	enum rs_code rc = RS_OK;

	if (ctx->actor.kind == RS_ACTOR_USER)
		rc = rs_subject_load(ctx, &ctx->actor.id, &e.subject);
	if (!rc && ctx->actor.kind == RS_ACTOR_USER && !e.subject.totp)
		return rs_fail(ctx, RS_NOT_FOUND, "No authenticator app is enrolled.");
	if (!rc)
		rc = rs_means_demand(ctx, &e.challenge_id, &e.subject);
	if (!rc)
		rc = reachable(ctx, &e);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, take_away, &e);
}
