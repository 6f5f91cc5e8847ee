/*
 * A TCP connection to a host that an administrator named: a directory, a mail relay.
 *
 * The name is resolved by the system's resolver, as the names of an internal network want it, in a
 * thread of its own so that a dead name server costs no more than the time given. Each address is
 * judged (address.h) and the judged one is connected to: what a name answers later reaches nothing.
 */
#ifndef RS_DIAL_H
#define RS_DIAL_H

#include "rs/address.h"
#include "rs/ctx.h"

/*
 * A connected socket, not blocking and closed by exec; the caller closes it. Never longer than
 * timeout_ms nor beyond the deadline of ctx; several addresses share the time. -1: *why says in one
 * sentence why not (static or in the arena), for administrators and the log. host: a name, or an
 * address without brackets; port 1..65535.
 */
int rs_dial(struct rs_ctx *ctx, const char *host, int port, enum rs_address_use use, int timeout_ms,
	const char **why) RS_CHECK;

#endif
