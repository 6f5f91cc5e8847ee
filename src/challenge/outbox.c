/*
 * Codes on their way: made, stored as MACs, put into the outbox sealed, handed to a courier by a job.
 * Code and destination are in no column in clear; the code is wiped when half of the challenge's life
 * is over, both with its end.
 */
#include "internal.h"

#include "courier.h"

#include "rs/jobs.h"
#include "rs/otp.h"

#define TRIES_MAX     12
#define LAST_CALL_US  (60 * RS_SECOND_US) /* nobody types a code that comes later than this */

static const struct rs_courier *const COURIERS[] = {
	&rs_courier_email,
	&rs_courier_sms,
	NULL,
};

/* What a delivery row holds. */
struct delivery {
	struct rs_id id, enterprise_id, challenge_id;
	const char *channel, *masked, *status;
	int64_t attempt, tries, created_at;
	struct rs_bytes code_sealed, destination_sealed, destination_mac;
	const char *code_kid, *destination_kid;
};

#define F(member, kind) RS_FIELD(struct delivery, member, kind)
static const struct rs_field ROW[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(challenge_id, RS_T_ID),
	F(channel, RS_T_STRING),
	F(attempt, RS_T_INT),
	F(code_sealed, RS_T_BYTES),
	F(code_kid, RS_T_STRING),
	F(destination_sealed, RS_T_BYTES),
	F(destination_kid, RS_T_STRING),
	F(destination_mac, RS_T_BYTES),
	F(masked, RS_T_STRING),
	F(status, RS_T_STRING),
	F(tries, RS_T_INT),
	F(created_at, RS_T_TIME),
	RS_FIELD_END,
};

/* --- sealing: what is authenticated is the challenge, the channel and the number of the message --- */

static struct rs_seal_place place_of(
	struct rs_ctx *ctx, const struct delivery *d, const char *column)
{
	return (struct rs_seal_place){"challenge_delivery", column,
		rs_arena_printf(ctx->arena, "%s/%s/%lld", d->challenge_id.s, d->channel,
			(long long)d->attempt),
		d->enterprise_id.s};
}

static void seal(struct rs_ctx *ctx, const struct delivery *d, const char *column,
	const char *text, struct rs_bytes *out)
{
	struct rs_seal_place place = place_of(ctx, d, column);

	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, text, strlen(text), out);
}

static enum rs_code open_sealed(struct rs_ctx *ctx, const struct delivery *d, const char *column,
	const char *kid, struct rs_bytes sealed, struct rs_secret **out)
{
	struct rs_seal_place place = place_of(ctx, d, column);

	return rs_keyring_open(
		ctx, ctx->keyring, RS_KEY_OUTBOX, &place, kid, sealed, out);
}

/* --- making --- */

static enum rs_code store_code(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *channel, const char *code)
{
	const char *kid = rs_keyring_active(ctx->keyring);
	unsigned char salt[RS_OTP_SALT_LEN], mac[RS_MAC_LEN];
	struct rs_otp_place place = {c->id.s, channel, salt};
	struct rs_params p = rs_params(ctx);

	rs_random(salt, sizeof(salt));
	if (!rs_otp_mac(ctx->keyring, kid, &place, code, mac))
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rs_p_id(&p, &c->id);
	rs_p_text(&p, channel);
	rs_p_id(&p, &c->enterprise_id);
	rs_p_bytes(&p, salt, sizeof(salt));
	rs_p_bytes(&p, mac, sizeof(mac));
	rs_p_text(&p, kid);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_tx_run(ctx, tx, RS_Q_challenge_code_put, &p, NULL);
}

/* Which destination it was, for evidence and comparisons, without telling it. */
static struct rs_mac destination_mac(
	struct rs_ctx *ctx, const char *channel, const char *destination)
{
	const char *text = rs_arena_printf(ctx->arena, "destination|%s|%s", channel, destination);
	struct rs_mac mac;

	rs_keyring_mac(ctx->keyring, RS_KEY_OTP_PEPPER, text, strlen(text), &mac);
	return mac;
}

static enum rs_code queue(struct rs_ctx *ctx, struct rs_tx *tx, const struct delivery *d)
{
	return rs_job_put(ctx, tx, "challenge.deliver", d->id.s, &d->enterprise_id, 0,
		rs_arena_json(ctx->arena, json_pack("{s:s}", "delivery", d->id.s)));
}

static enum rs_code put(struct rs_ctx *ctx, struct rs_tx *tx, struct delivery *d,
	const char *destination, const char *code)
{
	const char *kid = rs_keyring_active(ctx->keyring);
	struct rs_mac mac = destination_mac(ctx, d->channel, destination);
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	d->id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	seal(ctx, d, "code", code, &d->code_sealed);
	seal(ctx, d, "destination", destination, &d->destination_sealed);
	rs_p_id(&p, &d->id);
	rs_p_id(&p, &d->enterprise_id);
	rs_p_id(&p, &d->challenge_id);
	rs_p_text(&p, d->channel);
	rs_p_int(&p, d->attempt);
	rs_p_bytes(&p, d->code_sealed.data, d->code_sealed.len);
	rs_p_text(&p, kid);
	rs_p_bytes(&p, d->destination_sealed.data, d->destination_sealed.len);
	rs_p_text(&p, kid);
	rs_p_bytes(&p, mac.mac, sizeof(mac.mac));
	rs_p_text(&p, d->masked);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_delivery_put, &p, NULL);
	return rc ? rc : queue(ctx, tx, d);
}

static const enum rs_channel CHANNELS[] = {RS_CHANNEL_EMAIL, RS_CHANNEL_SMS};

#define CHANNEL_COUNT (sizeof(CHANNELS) / sizeof(CHANNELS[0]))

static bool one_code(const struct rs_challenge *c)
{
	const char *mode =
		json_string_value(json_object_get(json_object_get(c->option, "otp"), "mode"));

	return mode && strcmp(mode, "same_code") == 0;
}

/* Two channels have two codes, which differ, unless the option wants one through both. */
static void make_codes(const struct rs_challenge *c, char codes[CHANNEL_COUNT][RS_OTP_LEN])
{
	rs_otp_make((int)c->digits, codes[0]);
	do
		rs_otp_make((int)c->digits, codes[1]);
	while (strcmp(codes[0], codes[1]) == 0);
	if (one_code(c))
		memcpy(codes[1], codes[0], RS_OTP_LEN);
}

enum rs_code rs_challenge_send(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const struct rs_factor *factor, const struct rs_subject *subject)
{
	char codes[CHANNEL_COUNT][RS_OTP_LEN];
	enum rs_code rc = RS_OK;

	make_codes(c, codes);
	for (size_t i = 0; !rc && i < CHANNEL_COUNT; i++) {
		bool mail = CHANNELS[i] == RS_CHANNEL_EMAIL;
		struct delivery d = {
			.enterprise_id = c->enterprise_id,
			.challenge_id = c->id,
			.channel = rs_channel_name(CHANNELS[i]),
			.attempt = 1,
		};

		if (!(factor->channels & CHANNELS[i]))
			continue;
		d.masked = mail ? rs_mask_email(ctx, subject->email)
				: rs_mask_mobile(ctx, subject->mobile);
		rc = store_code(ctx, tx, c, d.channel, codes[i]);
		if (!rc)
			rc = put(ctx, tx, &d, mail ? subject->email : subject->mobile, codes[i]);
	}
	rs_cleanse(codes, sizeof(codes));
	return rc;
}

/* --- counting, before any transaction: what is counted stays counted --- */

enum rs_code rs_challenge_count_message(
	struct rs_ctx *ctx, const char *channel, const char *destination)
{
	struct rs_mac mac = destination_mac(ctx, channel, destination);

	return rs_challenge_count_destination(ctx, channel, mac.mac);
}

enum rs_code rs_challenge_count_new(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_subject *subject)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < CHANNEL_COUNT; i++) {
		bool mail = CHANNELS[i] == RS_CHANNEL_EMAIL;

		if (factor->channels & CHANNELS[i])
			rc = rs_challenge_count_message(ctx, rs_channel_name(CHANNELS[i]),
				mail ? subject->email : subject->mobile);
	}
	return rc;
}

enum rs_code rs_challenge_count_again(
	struct rs_ctx *ctx, const struct rs_factor *factor, const struct rs_challenge *c)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < CHANNEL_COUNT; i++) {
		struct rs_params p = rs_params(ctx);
		struct delivery d = {0};
		struct rs_rows *rows;

		if (!(factor->channels & CHANNELS[i]))
			continue;
		rs_p_id(&p, &c->id);
		rs_p_text(&p, rs_channel_name(CHANNELS[i]));
		rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_challenge_delivery_last, &p, &rows);
		if (!rc)
			rc = rs_row_read(ctx, rows, 0, ROW, &d);
		if (!rc)
			rc = rs_challenge_count_destination(ctx, d.channel, d.destination_mac.data);
	}
	return rc;
}

/* --- again --- */

/* The last message of a channel, opened; *code NULL when it is wiped already. */
struct last {
	struct delivery d;
	struct rs_secret *destination, *code;
};

static enum rs_code read_last(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *channel, struct last *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_text(&p, channel);
	rc = rs_tx_one(ctx, tx, RS_Q_challenge_delivery_last, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, ROW, &out->d);
	if (!rc)
		rc = open_sealed(ctx, &out->d, "destination", out->d.destination_kid,
			out->d.destination_sealed, &out->destination);
	if (!rc && out->d.code_sealed.data)
		rc = open_sealed(ctx, &out->d, "code", out->d.code_kid, out->d.code_sealed,
			&out->code);
	return rc;
}

static const char *text_of(struct rs_secret *secret)
{
	return (const char *)rs_secret_data(secret);
}

/* An older message that no provider has taken yet would come later, perhaps with an older code. */
static enum rs_code replace_waiting(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c, const char *channel)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &c->id);
	rs_p_text(&p, channel);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_tx_run(ctx, tx, RS_Q_challenge_delivery_replaced, &p, NULL);
}

static enum rs_code again(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *channel, const char *fresh)
{
	struct last last = {0};
	struct delivery d = {
		.enterprise_id = c->enterprise_id, .challenge_id = c->id, .channel = channel};
	enum rs_code rc = read_last(ctx, tx, c, channel, &last);

	if (!rc && (fresh || !last.code))
		rc = fresh ? store_code(ctx, tx, c, channel, fresh)
			   : rs_fail(ctx, RS_CONFLICT, "The code ran out at this moment. Try again.");
	if (!rc)
		rc = replace_waiting(ctx, tx, c, channel);
	if (!rc) {
		d.attempt = last.d.attempt + 1;
		d.masked = last.d.masked;
		rc = put(ctx, tx, &d, text_of(last.destination),
			fresh ? fresh : text_of(last.code));
	}
	rs_secret_free(last.destination);
	rs_secret_free(last.code);
	return rc;
}

enum rs_code rs_challenge_send_again(struct rs_ctx *ctx, struct rs_tx *tx,
	const struct rs_challenge *c, const struct rs_factor *factor)
{
	int64_t half = c->created_at + (c->expires_at - c->created_at) / 2;
	bool fresh = rs_clock_now_us(ctx->app->clock) >= half;
	char codes[CHANNEL_COUNT][RS_OTP_LEN];
	enum rs_code rc = RS_OK;

	make_codes(c, codes);
	for (size_t i = 0; !rc && i < CHANNEL_COUNT; i++)
		if (factor->channels & CHANNELS[i])
			rc = again(ctx, tx, c, rs_channel_name(CHANNELS[i]),
				fresh ? codes[i] : NULL);
	rs_cleanse(codes, sizeof(codes));
	return rc;
}

/* --- the job --- */

static enum rs_code take(
	struct rs_ctx *ctx, const struct rs_id *id, struct delivery *out, bool *taken)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_challenge_delivery_take, &p, &rows);
	*taken = !rc && rs_rows_count(rows) > 0;
	return *taken ? rs_row_read(ctx, rows, 0, ROW, out) : rc;
}

struct ending {
	const struct delivery *d;
	const struct rs_challenge *c;
	const struct rs_receipt *receipt;
	const char *status;
};

static enum rs_code end(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct ending *e = arg;
	bool sent = strcmp(e->status, "sent") == 0;
	struct rs_event event =
		rs_challenge_event(e->c, sent ? "challenge.delivered" : "challenge.undelivered");
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &e->d->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, e->status);
	rs_p_text(&p, e->receipt->provider);
	rs_p_text(&p, e->receipt->message_id);
	rs_p_text(&p, sent ? NULL
			   : rs_code_slug(e->receipt->code ? e->receipt->code : RS_DELIVERY_FAILED));
	rs_p_json(&p, e->receipt->tries
			? rs_arena_json(ctx->arena, json_pack("{s:O}", "log", e->receipt->tries))
			: NULL);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_delivery_done, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	event.to = rs_row_bool(rows, 0, "failed") ? "delivery_failed" : NULL;
	event.from = event.to ? "pending" : NULL;
	event.detail = e->d->channel;
	return rs_audit(ctx, tx, &event);
}

static enum rs_code later(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct ending *e = arg;
	int64_t pause = (INT64_C(500000) << (2 * (e->d->tries < 5 ? e->d->tries - 1 : 4)));
	unsigned char jitter;

	rs_random(&jitter, 1);
	pause += pause * ((int64_t)jitter - 128) / 640; /* 20 % to either side */
	/* The row of this run is there until it ends; so no dedupe key. */
	return rs_job_put(ctx, tx, "challenge.deliver", NULL, &e->d->enterprise_id,
		e->receipt->again_at ? e->receipt->again_at
				     : rs_clock_now_us(ctx->app->clock) + pause,
		rs_arena_json(ctx->arena, json_pack("{s:s}", "delivery", e->d->id.s)));
}

static enum rs_code hand_over(struct rs_ctx *ctx, const struct delivery *d,
	const struct rs_challenge *c, struct rs_receipt *receipt)
{
	struct rs_secret *code = NULL, *destination = NULL;
	struct rs_parcel parcel = {
		.c = c,
		.id = &d->id,
		.tries = d->tries - 1,
		.minutes = (c->expires_at - c->created_at) / (60 * RS_SECOND_US),
		.give_up_at = c->expires_at - LAST_CALL_US / 2,
	};
	enum rs_code rc =
		open_sealed(ctx, d, "code", d->code_kid, d->code_sealed, &code);

	if (!rc)
		rc = open_sealed(ctx, d, "destination", d->destination_kid, d->destination_sealed,
			&destination);
	if (!rc) {
		parcel.code = text_of(code);
		parcel.destination = text_of(destination);
		rc = RS_METHOD_NOT_CONFIGURED;
	}
	for (size_t i = 0; rc == RS_METHOD_NOT_CONFIGURED && COURIERS[i]; i++)
		if (strcmp(COURIERS[i]->channel, d->channel) == 0) {
			rc = COURIERS[i]->send(ctx, &parcel, receipt);
			break;
		}
	rs_secret_free(code);
	rs_secret_free(destination);
	return rc;
}

/* Whatever the courier says, it is over when the code would come too late to be typed. */
static enum rs_code conclude(struct rs_ctx *ctx, const struct delivery *d,
	const struct rs_challenge *c, struct rs_receipt *receipt)
{
	struct ending e = {d, c, receipt, "sent"};
	int64_t now = rs_clock_now_us(ctx->app->clock);
	bool over = d->tries >= TRIES_MAX || now >= c->expires_at - LAST_CALL_US / 2 ||
		receipt->again_at >= c->expires_at - LAST_CALL_US / 2;

	if (receipt->result == RS_PARCEL_TAKEN)
		return rs_tx_use(ctx, RS_REACH_JOB, end, &e);
	if (receipt->result == RS_PARCEL_LATER && !over)
		return rs_tx_use(ctx, RS_REACH_JOB, later, &e);
	e.status = "failed";
	return rs_tx_use(ctx, RS_REACH_JOB, end, &e);
}

enum rs_code rs_challenge_deliver_job(struct rs_ctx *ctx, const struct rs_job *job)
{
	struct rs_receipt receipt = {0};
	struct delivery d = {0};
	struct rs_challenge c;
	struct rs_id id;
	bool taken;
	enum rs_code rc;

	if (!rs_id_parse(json_string_value(json_object_get(job->payload, "delivery")), &id))
		return rs_fail(ctx, RS_INTERNAL, "A delivery job without its delivery.");
	rc = take(ctx, &id, &d, &taken);
	if (rc || !taken)
		return rc;
	rc = rs_challenge_read(ctx, RS_REACH_JOB, &d.challenge_id, &c);
	if (rc)
		return rc;
	rc = hand_over(ctx, &d, &c, &receipt);
	if (rc) {
		rs_err_reset(&ctx->err); /* tried again like a provider that is down */
		receipt = (struct rs_receipt){.code = rc};
	}
	return conclude(ctx, &d, &c, &receipt);
}
