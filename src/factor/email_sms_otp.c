/*
 * email_sms_otp: codes by mail and by text message. Mode `both_required` (the default): two codes, both
 * wanted in one answer; `same_code`: one code through both channels; `either`: one of the two will do.
 * Attempts are counted on the challenge, and nothing tells which of two codes was wrong.
 */
#include "sent.h"

#include <string.h>

static const char *mode_of(const json_t *option)
{
	const char *mode = json_string_value(json_object_get(json_object_get(option, "otp"), "mode"));

	return mode ? mode : "both_required";
}

static enum rs_code available(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	enum rs_code rc = rs_sent_email_available(ctx, subject, option, "email_connector_id");

	return rc ? rc : rs_sent_sms_available(ctx, subject, option, "sms_connector_id");
}

static const char *const BOTH[] = {"email_code", "sms_code", NULL};
static const char *const ONE[] = {"code", NULL};

static const char *const *inputs_of(const json_t *option)
{
	return strcmp(mode_of(option), "same_code") == 0 ? ONE : BOTH;
}

/* A code that was not given matches nothing. */
static enum rs_code match(struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_channel channel,
	const char *code, bool *same)
{
	*same = false;
	return code ? rs_otp_match(ctx, c, channel, code, same) : RS_OK;
}

/* One will do; but of two that are given, two guesses in one, both must be right. */
static bool either(const struct rs_factor_input *input, bool mail, bool sms)
{
	return (mail || sms) && (mail || !input->email_code) && (sms || !input->sms_code);
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	const char *mode = mode_of(c->option);
	bool one = strcmp(mode, "same_code") == 0, mail, sms;
	enum rs_code rc = match(
		ctx, c, RS_CHANNEL_EMAIL, one ? input->code : input->email_code, &mail);

	/* Both are looked at whatever the first was: time tells nothing. */
	if (!rc)
		rc = match(ctx, c, RS_CHANNEL_SMS, one ? input->code : input->sms_code, &sms);
	if (rc)
		return rc;
	if (strcmp(mode, "either") == 0 ? either(input, mail, sms) : mail && sms)
		rs_sent_passed(ctx, c, verdict);
	return RS_OK;
}

const struct rs_factor rs_factor_email_sms_otp = {
	.name = "email_sms_otp",
	.title = "Codes by e-mail and text message",
	.style = RS_FACTOR_CODE,
	.inputs = BOTH,
	.inputs_of = inputs_of,
	.channels = RS_CHANNEL_EMAIL | RS_CHANNEL_SMS,
	.amr = "otp",
	.lifetime_s = 300,
	.attempts = 5,
	.available = available,
	.check = check,
};
