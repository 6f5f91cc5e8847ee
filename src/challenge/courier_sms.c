/* Codes by text message. */
#include "courier.h"

#include "rs/app.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/sms.h"

#include <string.h>

/* The host of the public URL, without a port: the one a browser compares (WebOTP). */
static const char *host_of(struct rs_ctx *ctx, const char *url)
{
	const char *host = strstr(url, "://");
	size_t len;

	host = host ? host + 3 : url;
	len = host[0] == '[' ? 0 : strcspn(host, ":/");
	return len ? rs_arena_memdup(ctx->arena, host, len) : NULL;
}

static struct rs_id connector_of(const struct rs_challenge *c)
{
	struct rs_id own;

	if (rs_id_parse(json_string_value(json_object_get(c->option, "sms_connector_id")), &own))
		return own;
	return c->connector_id;
}

static enum rs_code send(
	struct rs_ctx *ctx, const struct rs_parcel *parcel, struct rs_receipt *receipt)
{
	rs_auto_secret text = rs_sms_code_text(parcel->code, parcel->c->summary,
		(int)parcel->minutes, host_of(ctx, ctx->app->config->server_public_url));
	struct rs_sms sms = {.enterprise = parcel->c->enterprise_id,
		.connector = connector_of(parcel->c),
		.id = *parcel->id,
		.to = parcel->destination,
		.text = (const char *)rs_secret_data(text)};
	struct rs_sms_result result;
	enum rs_code rc = rs_sms_try(ctx, &sms, parcel->tries, &result);

	if (rc)
		return rc;
	receipt->tries = result.tries;
	receipt->message_id = parcel->id->s;
	if (rs_id_set(&result.connector))
		receipt->provider = rs_arena_strdup(ctx->arena, result.connector.s);
	if (result.verdict == RS_SMS_TAKEN) {
		receipt->result = RS_PARCEL_TAKEN;
	} else if (result.verdict == RS_SMS_LATER) {
		receipt->again_at = result.again_at;
	} else {
		receipt->result = RS_PARCEL_REFUSED;
		receipt->code = result.code;
	}
	return RS_OK;
}

const struct rs_courier rs_courier_sms = {.channel = "sms", .send = send};
