/* email_otp: a code by mail to the user's address. Low assurance: whoever reads the mail passes. */
#include "sent.h"

static enum rs_code available(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	return rs_sent_email_available(ctx, subject, option, "connector_id");
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	bool same;
	enum rs_code rc = rs_otp_match(ctx, c, RS_CHANNEL_EMAIL, input->code, &same);

	if (!rc && same)
		rs_sent_passed(ctx, c, verdict);
	return rc;
}

static const char *const INPUTS[] = {"code", NULL};

const struct rs_factor rs_factor_email_otp = {
	.name = "email_otp",
	.title = "Code by e-mail",
	.style = RS_FACTOR_CODE,
	.inputs = INPUTS,
	.connector = "smtp",
	.channels = RS_CHANNEL_EMAIL,
	.amr = "otp",
	.lifetime_s = 300,
	.attempts = 5,
	.available = available,
	.check = check,
};
