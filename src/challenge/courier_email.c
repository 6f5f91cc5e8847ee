/* Codes by mail. No code in the subject, no link that would approve by being fetched. */
#include "courier.h"

#include "rs/app.h"
#include "rs/factor.h"
#include "rs/id.h"
#include "rs/mail.h"

/* The first try and the three after its pauses: a relay that has not woken up by then comes too late. */
#define TRIES_MAX 4

/* The relay that took it, of the last try. */
static const char *relay_of(struct rs_ctx *ctx, const json_t *tries)
{
	const json_t *last = json_array_get(tries, json_array_size(tries) - 1);
	const char *relay = json_string_value(json_object_get(last, "connector_id"));

	return relay ? rs_arena_strdup(ctx->arena, relay) : NULL;
}

static struct rs_mail mail_of(struct rs_ctx *ctx, const struct rs_parcel *parcel)
{
	struct rs_mail mail = {
		.enterprise = parcel->c->enterprise_id,
		.purpose = "challenge",
		.object = parcel->c->id,
		.to = parcel->destination,
		.text = {
			.subject = "Your confirmation code",
			.before = rs_arena_printf(ctx->arena,
				"This code confirms the %s. It is good for %lld minutes.",
				parcel->c->summary, (long long)parcel->minutes),
			.code = parcel->code,
			.after = "Enter it where you began. If you did not ask for this, do nothing, "
				 "tell nobody the code, and let your administrator know.",
		},
	};
	const json_t *own = json_object_get(parcel->c->option, "email_connector_id");

	if (!rs_id_parse(json_string_value(own), &mail.connector))
		mail.connector = parcel->c->connector_id;
	return mail;
}

/* Over: refused for good, or every relay was asked often enough. One whose breaker is open was not. */
static bool over(enum rs_code rc, const struct rs_parcel *parcel, const json_t *tries)
{
	bool asked = rc == RS_PROVIDER_UNAVAILABLE && json_array_size(tries) > 0;

	return rc == RS_DELIVERY_FAILED || rc == RS_DESTINATION_MISSING ||
		((asked || rc == RS_METHOD_NOT_CONFIGURED) && parcel->tries + 1 >= TRIES_MAX);
}

static enum rs_code send(
	struct rs_ctx *ctx, const struct rs_parcel *parcel, struct rs_receipt *receipt)
{
	struct rs_mail mail = mail_of(ctx, parcel);
	enum rs_code rc;

	/* The same message at every try, for whoever sorts out doubles. */
	receipt->message_id = rs_arena_printf(ctx->arena, "%s@reissued", parcel->id->s);
	rc = rs_mail_try(ctx, &mail, receipt->message_id, parcel->tries + 1, &receipt->tries);
	receipt->provider = relay_of(ctx, receipt->tries);
	if (rc == RS_OK)
		receipt->result = RS_PARCEL_TAKEN;
	else if (over(rc, parcel, receipt->tries))
		*receipt = (struct rs_receipt){.result = RS_PARCEL_REFUSED,
			.code = RS_DELIVERY_FAILED, .provider = receipt->provider,
			.message_id = receipt->message_id, .tries = receipt->tries};
	else
		receipt->code = rc;
	rs_err_reset(&ctx->err);
	return RS_OK;
}

const struct rs_courier rs_courier_email = {.channel = "email", .send = send};
