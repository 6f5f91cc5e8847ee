/* Sealing anew what older keys of the keyring have sealed. */
#ifndef CLI_REWRAP_H
#define CLI_REWRAP_H

#include "rs/ctx.h"

struct rs_rewrapped {
	int64_t renewed; /* values sealed anew, under the active kid */
	int64_t left; /* values that still are under another: changed meanwhile, or not to be opened
		       */
};
/*
 * Seals anew what is not under the active kid and lives longer than a message is on its way:
 * secrets of connectors, means of users, tokens of validations, mails. Value by value, each only
 * when nobody has changed it: it may be interrupted, repeated, and run beside the service, whose
 * processes must all hold the active key by then. Evidence is never rewritten and keeps its kid.
 */
enum rs_code rs_rewrap(struct rs_ctx *ctx, struct rs_rewrapped *out) RS_CHECK;

#endif
