/* sms_otp: a code by text message to the number that the user has confirmed. */
#include "sent.h"

#include "rs/id.h"
#include "rs/sms.h"

enum rs_code rs_sent_sms_available(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *option, const char *member)
{
	struct rs_id id = {0};
	enum rs_code rc;

	if (!subject->mobile && subject->mobile_pending)
		return rs_fail(
			ctx, RS_DESTINATION_UNVERIFIED, "The mobile number is not confirmed yet.");
	if (!subject->mobile)
		return rs_fail(ctx, RS_DESTINATION_MISSING,
			"There is no mobile number; POST /v1/me/mobile adds one.");
	(void)rs_id_parse(json_string_value(json_object_get(option, member)), &id);
	rc = rs_sms_ready(ctx, &subject->enterprise_id, &id, subject->mobile);
	return rc ? rc : rs_factor_settled(ctx, subject->mobile_usable_from);
}

static enum rs_code available(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	return rs_sent_sms_available(ctx, subject, option, "connector_id");
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	bool same;
	enum rs_code rc = rs_otp_match(ctx, c, RS_CHANNEL_SMS, input->code, &same);

	if (!rc && same)
		rs_sent_passed(ctx, c, verdict);
	return rc;
}

static const char *const INPUTS[] = {"code", NULL};

const struct rs_factor rs_factor_sms_otp = {
	.name = "sms_otp",
	.title = "Code by text message",
	.style = RS_FACTOR_CODE,
	.inputs = INPUTS,
	.connector = "sms",
	.channels = RS_CHANNEL_SMS,
	.amr = "sms",
	.lifetime_s = 300,
	.attempts = 5,
	.available = available,
	.check = check,
};
