/*
 * A user's mobile number: a code goes to the new one, and once it was typed in the number takes the
 * place of the one before. It is a second factor from second_factor.settle_hours later on, and
 * whoever holds the old number is told.
 */
#include "means.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/challenge.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/jobs.h"
#include "rs/otp.h"
#include "rs/sms.h"

#include <string.h>

#define DIGITS	   6
#define TRIES	   5
#define PENDING_US INT64_C(600000000) /* to get the message and to type the code */
#define NOTICE_US  (24 * HOUR_US)
#define HOUR_US	   INT64_C(3600000000)
#define CHANNEL	   "mobile"

struct change {
	struct rs_id challenge_id;
	struct rs_subject subject;
	const char *mobile, *code;
	/* beginning */
	struct rs_bytes sealed;
	unsigned char salt[RS_OTP_SALT_LEN], mac[RS_MAC_LEN];
	struct rs_secret *text; /* of the message */
	/* confirming */
	int64_t begun_at;
	const char *told; /* the address that hears of it, or NULL */
};

/* What waits for its confirmation. */
struct pending {
	struct rs_bytes code_salt, code_mac;
	const char *code_kid;
	int64_t created_at;
};

#define P(member, kind) RS_FIELD(struct pending, member, kind)
static const struct rs_field PENDING_ROW[] = {
	P(code_salt, RS_T_BYTES),
	P(code_mac, RS_T_BYTES),
	P(code_kid, RS_T_STRING),
	P(created_at, RS_T_TIME),
	RS_FIELD_END,
};

/* --- beginning --- */

static enum rs_code begin(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	const char *kid = rs_keyring_active(ctx->keyring);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_params p = rs_params(ctx);
	enum rs_code rc = rs_means_redeem(ctx, tx, &change->challenge_id);

	if (rc)
		return rc;
	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "mobile");
	rs_p_id(&p, &change->subject.enterprise_id);
	rs_p_bytes(&p, change->sealed.data, change->sealed.len);
	rs_p_text(&p, kid);
	rs_p_text(&p, rs_mask_mobile(ctx, change->mobile));
	rs_p_bytes(&p, change->salt, sizeof(change->salt));
	rs_p_bytes(&p, change->mac, sizeof(change->mac));
	rs_p_text(&p, kid);
	rs_p_time(&p, now);
	rs_p_time(&p, now + PENDING_US);
	rc = rs_tx_run(ctx, tx, RS_Q_means_pend, &p, NULL);
	if (!rc)
		rc = rs_sms_put(ctx, tx, &change->subject.enterprise_id, change->mobile,
			(const char *)rs_secret_data(change->text), now + PENDING_US,
			rs_arena_printf(ctx->arena, CHANNEL ":%s", ctx->actor.id.s));
	if (!rc)
		rc = rs_means_on_record(ctx, tx, "means.begun", "mobile");
	return rc ? rc : rs_idem_effect(ctx, tx, "mobile", &ctx->actor.id);
}

/* The code, its MAC, and the message that carries it. */
static enum rs_code make_code(struct rs_ctx *ctx, struct change *change)
{
	struct rs_otp_place place = {ctx->actor.id.s, CHANNEL, change->salt};
	const char *kid = rs_keyring_active(ctx->keyring);
	char code[RS_OTP_LEN];
	bool made;

	rs_random(change->salt, sizeof(change->salt));
	rs_otp_make(DIGITS, code);
	made = rs_otp_mac(ctx->keyring, kid, &place, code, change->mac);
	change->text = rs_sms_code_text(
		code, "confirming this number", (int)(PENDING_US / 60000000), NULL);
	rs_cleanse(code, sizeof(code));
	return made ? RS_OK : rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
}

static struct rs_seal_place place_of(const struct rs_subject *subject)
{
	return (struct rs_seal_place){
		"user_means", "mobile", subject->user_id.s, subject->enterprise_id.s};
}

/* A number that no code goes to is on record, without the number. */
static enum rs_code judge_number(struct rs_ctx *ctx, const struct change *change)
{
	const struct rs_event event = {.action = "means.begun",
		.object_type = "user",
		.object = ctx->actor.id,
		.detail = "mobile"};
	enum rs_code rc = rs_sms_ready(
		ctx, &change->subject.enterprise_id, &(struct rs_id){""}, change->mobile);

	if (!rc)
		rc = rs_challenge_count_message(ctx, "sms", change->mobile);
	if (rc && rs_code_status(rc) < 500)
		rs_audit_denied(ctx, &event, rc);
	return rc;
}

enum rs_code rs_mobile_begin(struct rs_ctx *ctx, json_t *body, const char **masked)
{
	static const struct rs_field BODY[] = {
		RS_FIELD(struct change, mobile, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 20),
		RS_FIELD(struct change, challenge_id, RS_T_ID),
		RS_FIELD_END,
	};
	struct change change = {0};
	struct rs_seal_place place;
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY, &change, NULL);
	if (change.mobile && !rs_sms_number(change.mobile))
		rs_fault(ctx, RS_BAD_VALUE, "/mobile",
			"A number in E.164 form is needed, as +4915112345678.");
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_means_demand(ctx, &change.challenge_id, &change.subject);
	if (!rc)
		rc = judge_number(ctx, &change);
	if (!rc)
		rc = make_code(ctx, &change);
	if (!rc) {
		place = place_of(&change.subject);
		rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, change.mobile,
			strlen(change.mobile), &change.sealed);
		*masked = rs_mask_mobile(ctx, change.mobile);
		rc = rs_tx_use(ctx, RS_REACH_CALLER, begin, &change);
	}
	rs_secret_free(change.text);
	if (!rc && ctx->app->jobs)
		rs_jobs_wake(ctx->app->jobs);
	return rc;
}

/* --- confirming --- */

/* The address and the number that were good until now hear of it. */
static enum rs_code tell_old(struct rs_ctx *ctx, struct rs_tx *tx, const struct change *change)
{
	static const char WHAT[] = "The mobile number of your account was changed.";
	const struct rs_subject *subject = &change->subject;
	enum rs_code rc = RS_OK;

	if (change->told)
		rc = rs_account_notice(ctx, tx, &subject->enterprise_id, &subject->user_id, change->told,
			WHAT);
	if (!rc && subject->mobile)
		rc = rs_sms_put(ctx, tx, &subject->enterprise_id, subject->mobile,
			"The mobile number of your account was changed. If that was not you, tell your "
			"administrator at once.",
			rs_clock_now_us(ctx->app->clock) + NOTICE_US, NULL);
	return rc;
}

static bool by_number(const struct rs_factor *factor)
{
	return factor->channels & RS_CHANNEL_SMS;
}

static enum rs_code confirm(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	int64_t settle = ctx->app->config->factor_settle_hours * HOUR_US;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "mobile");
	rs_p_time(&p, change->begun_at);
	rs_p_int(&p, 0);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock) + settle);
	rc = rs_tx_run(ctx, tx, RS_Q_means_confirm, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_CONFLICT, "The change was begun anew meanwhile.");
	/* What was sent to the old number passes nothing any more. */
	if (!rc)
		rc = rs_challenge_end_of(ctx, tx, &ctx->actor.id, by_number, "number changed");
	if (!rc)
		rc = tell_old(ctx, tx, change);
	if (!rc)
		rc = rs_means_on_record(ctx, tx, "means.confirmed", "mobile");
	return rc ? rc : rs_idem_effect(ctx, tx, "mobile", &ctx->actor.id);
}

/* Counts the try before it looks at the code. */
static enum rs_code prove(struct rs_ctx *ctx, struct change *change, const char *code)
{
	const struct rs_event event = {.action = "means.confirmed",
		.object_type = "user",
		.object = ctx->actor.id,
		.detail = "mobile"};
	struct rs_params p = rs_params(ctx);
	struct pending pending = {0};
	struct rs_otp_place place = {ctx->actor.id.s, CHANNEL, NULL};
	unsigned char mac[RS_MAC_LEN];
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, "mobile");
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_int(&p, TRIES);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_means_try, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_WRONG_STATE,
			"No number waits for a code. Begin with POST /v1/me/mobile.");
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, PENDING_ROW, &pending);
	if (rc)
		return rc;
	change->begun_at = pending.created_at;
	place.salt = pending.code_salt.data;
	if (pending.code_salt.len == RS_OTP_SALT_LEN && pending.code_mac.len == RS_MAC_LEN &&
		rs_otp_mac(ctx->keyring, pending.code_kid, &place, code, mac) &&
		rs_equal(mac, pending.code_mac.data, RS_MAC_LEN))
		return RS_OK;
	rs_audit_denied(ctx, &event, RS_OTP_INVALID);
	return rs_refuse(ctx, RS_OTP_INVALID, "/code", "The code is wrong.");
}

enum rs_code rs_mobile_confirm(struct rs_ctx *ctx, json_t *body)
{
	static const struct rs_field BODY[] = {
		RS_FIELD(struct change, code, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
			.max = 64),
		RS_FIELD_END,
	};
	struct change change = {0};
	char code[RS_OTP_LEN];
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY, &change, NULL);
	if (change.code && !rs_otp_clean(change.code, DIGITS, code))
		rs_fault(ctx, RS_BAD_VALUE, "/code", "A code has %d digits.", DIGITS);
	rc = rs_faults(ctx);
	if (!rc && ctx->actor.kind != RS_ACTOR_USER)
		rc = rs_fail(ctx, RS_FORBIDDEN,
			"A client has no account of its own; sign in as a user.");
	if (!rc)
		rc = rs_subject_load(ctx, &ctx->actor.id, &change.subject);
	if (!rc)
		rc = prove(ctx, &change, code);
	if (rc)
		return rc;
	change.told = change.subject.email;
	rc = rs_account_reachable(ctx, &change.subject.enterprise_id, &change.told);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, confirm, &change);
}
