/*
 * Fetching the file of an http_file validation (TLS BR 3.2.2.4.18), from where a stranger says.
 *
 * The host is resolved by the validating resolver, each address is judged (address.h) before and at the
 * moment of connecting, and only the judged one is connected to: a name that answers differently the
 * second time reaches nothing. Redirects are followed by hand, each one judged anew: http and https, the
 * ports 80 and 443, no user, a host below a top-level domain that exists, not this service's own URL, no
 * circle, ten at most. TLS is spoken from 1.2 on and not verified (the BR
 * do not ask for it). Nothing of an answer beyond RS_FETCH_BODY_MAX is read.
 */
#ifndef RS_FETCH_H
#define RS_FETCH_H

#include "rs/ctx.h"
#include "rs/json.h"

#define RS_FETCH_BODY_MAX 1024
#define RS_FETCH_HOPS_MAX 10

struct rs_fetched {
	const char *fault;    /* why there is no answer, one sentence; NULL when there is one */
	bool timeout;         /* the fault is that time ran out */
	long status;          /* of the last hop */
	struct rs_bytes body; /* arena; RS_FETCH_BODY_MAX + 1 octets when it was longer */
	/* array of {url, port, addresses, dnssec, address, status, location, body, body_sha256, why}; borrowed */
	json_t *hops;
};

/* Never longer than timeout_ms nor beyond the deadline of ctx; every outcome is in *out. */
void rs_fetch(struct rs_ctx *ctx, const char *url, int timeout_ms, struct rs_fetched *out);

#endif
