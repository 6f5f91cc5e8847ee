/* Sealing anew what older keys of the keyring have sealed. */
#ifndef CLI_REWRAP_H
#define CLI_REWRAP_H

#include "rs/ctx.h"

struct rs_rewrapped {
	int64_t renewed;    /* values sealed anew, under the active kid */
	int64_t left;	    /* values that are under another in the end */
	int64_t unreadable; /* those of them that do not open, each told on the log */
};
/*
 * Seals anew what is not under the active kid and is RENEWED by kids.def. Value by value, each only
 * when nobody has changed it: it may be killed, repeated, run twice at once, and run beside the
 * service, whose processes must all hold the active key by then.
 */
enum rs_code rs_rewrap(struct rs_ctx *ctx, struct rs_rewrapped *out) RS_CHECK;

#endif
