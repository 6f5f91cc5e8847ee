/* Messages that no challenge keeps: a job holds them sealed until a gateway has them. */
#include "rs/sms.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/jobs.h"
#include "rs/keyring.h"
#include "rs/log.h"

#include <string.h>

#define JOB "sms.send"

/* What the job's payload holds: number and text are sealed for the message's id. */
struct parcel {
	struct rs_id id, enterprise;
	const char *kid;
	struct rs_bytes to, text;
	int64_t tries;
	int64_t give_up_at;
};

#define P(member, kind) RS_FIELD(struct parcel, member, kind)
static const struct rs_field PAYLOAD[] = {
	P(id, RS_T_ID),
	P(enterprise, RS_T_ID),
	P(kid, RS_T_STRING),
	RS_FIELD(struct parcel, to, RS_T_HEX, .max = 4096),
	RS_FIELD(struct parcel, text, RS_T_HEX, .max = 4096),
	P(tries, RS_T_INT),
	P(give_up_at, RS_T_INT),
	RS_FIELD_END,
};

static struct rs_seal_place place_of(const struct parcel *parcel, const char *column)
{
	return (struct rs_seal_place){"sms", column, parcel->id.s, parcel->enterprise.s};
}

static void seal(struct rs_ctx *ctx, const struct parcel *parcel, const char *column,
	const char *plain, struct rs_bytes *out)
{
	struct rs_seal_place place = place_of(parcel, column);

	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, plain, strlen(plain), out);
}

static enum rs_code open_sealed(struct rs_ctx *ctx, const struct parcel *parcel, const char *column,
	struct rs_bytes sealed, struct rs_secret **out)
{
	struct rs_seal_place place = place_of(parcel, column);

	return rs_keyring_open(
		ctx, ctx->keyring, RS_KEY_OUTBOX, &place, parcel->kid, sealed, out);
}

static json_t *payload_of(struct rs_ctx *ctx, const struct parcel *parcel)
{
	return rs_arena_json(ctx->arena, rs_json_write(PAYLOAD, parcel));
}

enum rs_code rs_sms_put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const char *to, const char *text, int64_t give_up_at, const char *instead_of)
{
	enum rs_code rc = instead_of ? rs_job_withdraw(ctx, tx, JOB, instead_of) : RS_OK;
	struct parcel parcel = {.id = rs_id_new(rs_clock_now_us(ctx->app->clock)),
		.enterprise = *enterprise,
		.kid = rs_keyring_active(ctx->keyring),
		.give_up_at = give_up_at};

	seal(ctx, &parcel, "to", to, &parcel.to);
	seal(ctx, &parcel, "text", text, &parcel.text);
	return rc ? rc
		  : rs_job_put(ctx, tx, JOB, instead_of, enterprise, 0, payload_of(ctx, &parcel));
}

static enum rs_code try(
	struct rs_ctx *ctx, const struct parcel *parcel, struct rs_sms_result *result)
{
	rs_auto_secret to = NULL;
	rs_auto_secret text = NULL;
	struct rs_sms sms = {.enterprise = parcel->enterprise, .id = parcel->id};
	enum rs_code rc = open_sealed(ctx, parcel, "to", parcel->to, &to);

	if (!rc)
		rc = open_sealed(ctx, parcel, "text", parcel->text, &text);
	if (rc)
		return rc;
	sms.to = (const char *)rs_secret_data(to);
	sms.text = (const char *)rs_secret_data(text);
	return rs_sms_try(ctx, &sms, parcel->tries, result);
}

enum rs_code rs_sms_send_job(struct rs_ctx *ctx, const struct rs_job *job)
{
	struct parcel parcel = {0};
	struct rs_sms_result result;
	enum rs_code rc;

	rs_json_read(ctx, job->payload, "", PAYLOAD, &parcel, NULL);
	rc = rs_faults(ctx);
	if (rc || rs_clock_now_us(ctx->app->clock) >= parcel.give_up_at)
		return rc;
	rc = try(ctx, &parcel, &result);
	if (rc || result.verdict == RS_SMS_TAKEN)
		return rc;
	if (result.verdict == RS_SMS_LATER && result.again_at < parcel.give_up_at) {
		parcel.tries++;
		return rs_job_again(ctx, job, result.again_at, payload_of(ctx, &parcel));
	}
	rs_log(ctx, RS_LOG_ERROR, "sms.given_up", rs_log_str(OBJECT, parcel.id.s),
		rs_log_str(CODE, rs_code_slug(result.code ? result.code : RS_DELIVERY_FAILED)));
	return RS_OK;
}
