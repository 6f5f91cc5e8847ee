/* What the parts of the mail module share. */
#ifndef MAIL_INTERNAL_H
#define MAIL_INTERNAL_H

#include "rs/mail.h"

/* The header lines that a relay's settings say, each ended by CR LF. In the arena. */
const char *rs_mail_sender_lines(
	struct rs_ctx *ctx, const char *name, const char *address, const char *reply_to);

/* A message that is to leave. */
struct rs_mail_parcel {
	struct rs_id enterprise;
	struct rs_id connector; /* tried first; "" = by priority */
	const char *to;
	struct rs_secret *message; /* borrowed; as rs_mail_build() made it */
	int64_t attempt;	   /* 1, 2 ... */
};
/*
 * One try through the relays; every try is added to `tries`. RS_OK: one of them took it;
 * RS_DELIVERY_FAILED: refused for good; RS_PROVIDER_UNAVAILABLE, RS_METHOD_NOT_CONFIGURED: not now.
 */
enum rs_code rs_mail_relay(
	struct rs_ctx *ctx, const struct rs_mail_parcel *parcel, json_t *tries) RS_CHECK;

#endif
