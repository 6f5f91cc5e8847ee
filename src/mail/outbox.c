/* The outbox: what is to be sent, sending it, and how it went. */
#include "internal.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/limit.h"

#include <string.h>

#define JOB "mail.send"

/* One that waits. */
struct waiting {
	struct rs_id id, enterprise_id, connector_id;
	const char *recipient, *message_kid;
	struct rs_bytes message_sealed;
	int64_t give_up_at;
};

#define F(type, member, kind) RS_FIELD(type, member, kind)
static const struct rs_field WAITING[] = {
	F(struct waiting, id, RS_T_ID),
	F(struct waiting, enterprise_id, RS_T_ID),
	F(struct waiting, connector_id, RS_T_ID),
	F(struct waiting, recipient, RS_T_STRING),
	F(struct waiting, message_kid, RS_T_STRING),
	F(struct waiting, message_sealed, RS_T_BYTES),
	F(struct waiting, give_up_at, RS_T_TIME),
	RS_FIELD_END,
};

static struct rs_seal_place place_of(const char *id, const char *enterprise)
{
	return (struct rs_seal_place){"mail", "message", id, enterprise};
}

/* --- limits --- */

enum rs_code rs_mail_limit_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const char *address)
{
	size_t len = strlen(address);
	char *key = rs_arena_memdup(ctx->arena, address, len);

	for (char *s = key; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	return rs_limit_hit(ctx, limit, key, len);
}

/* --- putting --- */

/* The host of public_url; what stands before the "@" says nothing. */
const char *rs_mail_message_id(struct rs_ctx *ctx)
{
	const char *url = ctx->app->config->server_public_url;
	const char *host = strstr(url, "://");
	unsigned char random[16];
	char hex[33];
	size_t len;

	host = host ? host + 3 : url;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	rs_random(random, sizeof(random));
	rs_hex(random, sizeof(random), hex);
	return rs_arena_printf(ctx->arena, "%s@%.*s", hex, (int)len, host);
}

static enum rs_code queue(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	const struct rs_id *enterprise)
{
	json_t *payload = rs_arena_json(ctx->arena, json_pack("{s:s}", "mail", id->s));

	return rs_job_put(ctx, tx, JOB, id->s, enterprise, 0, payload);
}

enum rs_code rs_mail_put(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_mail *mail, struct rs_id *id)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	const char *message_id = rs_mail_message_id(ctx);
	rs_auto_secret message = NULL;
	struct rs_params p = rs_params(ctx);
	struct rs_seal_place place;
	struct rs_bytes sealed;
	enum rs_code rc;

	if (!rs_mail_address(mail->to))
		return rs_fail(
			ctx, RS_DESTINATION_MISSING, "There is no address that a mail can go to.");
	rc = rs_mail_build(ctx, mail, message_id, &message);
	if (rc)
		return rc;
	*id = rs_id_new(now);
	place = place_of(id->s, mail->enterprise.s);
	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, rs_secret_data(message),
		rs_secret_len(message), &sealed);
	rs_p_id(&p, id);
	rs_p_id(&p, &mail->enterprise);
	rs_p_text(&p, mail->purpose);
	rs_p_id(&p, &mail->object);
	rs_p_id(&p, &mail->connector);
	rs_p_text(&p, mail->to);
	rs_p_text(&p, message_id);
	rs_p_bytes(&p, sealed.data, sealed.len);
	rs_p_text(&p, rs_keyring_active(ctx->keyring));
	rs_p_time(&p, mail->give_up_at);
	rs_p_time(&p, mail->keep_until);
	rs_p_time(&p, now);
	rc = rs_tx_run(ctx, tx, RS_Q_mail_insert, &p, NULL);
	return rc ? rc : queue(ctx, tx, id, &mail->enterprise);
}

enum rs_code rs_mail_again(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id)
{
	struct rs_params p = rs_params(ctx);
	struct rs_id enterprise;
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_mail_again, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0 ||
		!rs_id_parse(rs_row_text(rows, 0, "enterprise_id"), &enterprise))
		return rs_fail(ctx, RS_WRONG_STATE, "The mail cannot be sent again.");
	return queue(ctx, tx, id, &enterprise);
}

enum rs_code rs_mail_drop(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *object)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, object);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_tx_run(ctx, tx, RS_Q_mail_drop, &p, NULL);
}

/* --- sending --- */

static enum rs_code record(struct rs_ctx *ctx, const struct rs_id *id, const char *state,
	enum rs_code why, const char *detail, const json_t *tries)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, id);
	rs_p_text(&p, state);
	rs_p_text(&p, why ? rs_code_slug(why) : NULL);
	rs_p_text(&p, detail);
	rs_p_json(&p, tries);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_read(ctx, RS_REACH_JOB, RS_Q_mail_tried, &p, NULL);
}

/* Sends it, or tells why not; *tries gets what was tried. */
static enum rs_code send_it(
	struct rs_ctx *ctx, const struct waiting *w, int64_t attempt, json_t *tries)
{
	struct rs_seal_place place = place_of(w->id.s, w->enterprise_id.s);
	rs_auto_secret message = NULL;
	enum rs_code rc = rs_keyring_open(ctx, ctx->keyring, RS_KEY_OUTBOX, &place,
		w->message_kid, w->message_sealed, &message);
	struct rs_mail_parcel parcel = {
		.enterprise = w->enterprise_id,
		.connector = w->connector_id,
		.to = w->recipient,
		.message = message,
		.attempt = attempt,
	};

	return rc ? rc : rs_mail_relay(ctx, &parcel, tries);
}

enum rs_code rs_mail_send_job(struct rs_ctx *ctx, const struct rs_job *job)
{
	json_t *tries = rs_arena_json(ctx->arena, json_array());
	struct rs_params p = rs_params(ctx);
	struct waiting w = {0};
	struct rs_rows *rows;
	struct rs_id id;
	enum rs_code rc, recorded;
	bool last;

	if (!rs_id_parse(json_string_value(json_object_get(job->payload, "mail")), &id))
		return rs_fail(ctx, RS_INTERNAL, "The job names no mail.");
	rs_p_id(&p, &id);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_mail_waiting, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc; /* it was sent or dropped meanwhile */
	rc = rs_row_read(ctx, rows, 0, WAITING, &w);
	if (rc)
		return rc;
	if (w.give_up_at <= rs_clock_now_us(ctx->app->clock))
		return record(ctx, &id, "failed", RS_DELIVERY_FAILED,
			"It could not be sent in time.", tries);
	rc = send_it(ctx, &w, job->attempts, tries);
	last = rc == RS_DELIVERY_FAILED || job->attempts >= RS_MAIL_TRIES_MAX;
	recorded = record(ctx, &id,
		rc == RS_OK ? "sent"
		: last	    ? "failed"
			    : "queued",
		rc, rc ? ctx->err.detail : NULL, tries);
	if (rc == RS_OK || last)
		return recorded;
	return rc;
}

enum rs_code rs_mail_sweep(struct rs_ctx *ctx)
{
	struct rs_params p = rs_params(ctx);

	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_read(ctx, RS_REACH_JOB, RS_Q_mail_sweep, &p, NULL);
}

/* --- for who keeps an outbox of its own --- */

enum rs_code rs_mail_try(struct rs_ctx *ctx, const struct rs_mail *mail, const char *message_id,
	int64_t attempt, json_t **tries)
{
	rs_auto_secret message = NULL;
	struct rs_mail_parcel parcel = {.enterprise = mail->enterprise,
		.connector = mail->connector,
		.to = mail->to,
		.attempt = attempt};
	enum rs_code rc = rs_mail_build(ctx, mail, message_id, &message);

	*tries = rs_arena_json(ctx->arena, json_array());
	parcel.message = message;
	return rc ? rc : rs_mail_relay(ctx, &parcel, *tries);
}
