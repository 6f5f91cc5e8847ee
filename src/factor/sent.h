/* What the mechanisms share whose codes are sent. */
#ifndef FACTOR_SENT_H
#define FACTOR_SENT_H

#include "rs/factor.h"

/*
 * Whether a mail could reach the subject: an active smtp connector (the one that the option names under
 * `member`, else any), an address that was not changed a short time ago.
 */
enum rs_code rs_sent_email_available(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *option, const char *member) RS_CHECK;
/*
 * Whether a text message could reach the subject: a confirmed number that an active sms connector (the one
 * that the option names under `member`, else any) sends to, and that was not changed a short time ago.
 */
enum rs_code rs_sent_sms_available(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *option, const char *member) RS_CHECK;
/* Passed, with where the codes went as evidence. */
void rs_sent_passed(struct rs_ctx *ctx, const struct rs_challenge *c, struct rs_verdict *verdict);

#endif
