/*
 * Persistent DNS TXT validation (`dns_persist`): TLS BR 3.2.2.4.22, draft-ietf-acme-dns-persist.
 *
 * The record stands at _validation-persist.<domain> and stays there. It names the CA and the account
 * that may validate by it, so there is no token:
 *
 *	"ca.example; accounturi=acct:42@ca.example; policy=wildcard; persistUntil=1767225600"
 *
 * The form is that of a CAA issue-value, read as the draft has it: the issuer's name in any case and
 * with a trailing dot is ours too; parameters we do not know are ignored, whatever their tag is;
 * those we know may stand once. A malformed record spoils none beside it. Without policy=wildcard a
 * record is good for its very domain only, not for names below it and not for a wildcard.
 *
 * Pure: the answer was fetched by others, the time is handed in.
 */
#ifndef RS_PERSIST_H
#define RS_PERSIST_H

#include "rs/ctx.h"
#include "rs/json.h"

struct rs_persist_ask {
	const json_t *issuers;	 /* our Issuer Domain Names: array of strings */
	const char *account_uri; /* of the enterprise */
	bool wide;		 /* asked for a name below the domain, or a wildcard */
	int64_t now;		 /* microseconds */
};

/* How near the nearest record came; the last is the only one that proves control. */
enum rs_persist_result {
	RS_PERSIST_NONE,      /* no record names us */
	RS_PERSIST_MALFORMED, /* one does, but is malformed or names no account */
	RS_PERSIST_ACCOUNT,   /* names another account */
	RS_PERSIST_EXPIRED,   /* persistUntil has passed */
	RS_PERSIST_POLICY,    /* lacks policy=wildcard, which is needed */
	RS_PERSIST_GOOD,
};

struct rs_persist {
	enum rs_persist_result result;
	bool wildcard; /* good: the record says policy=wildcard */
	int64_t until; /* good: persistUntil in microseconds, 0 = without */
	const char *record; /* the one that decided, as text to show; NULL with RS_PERSIST_NONE */
	const char *detail; /* one sentence; in the arena */
};

/* rdata: the TXT records of an answer that validates or is proven unsigned. */
void rs_persist_judge(struct rs_ctx *ctx, const struct rs_persist_ask *ask,
	const struct rs_bytes *rdata, size_t count, struct rs_persist *out);

/* The value to publish; wide adds policy=wildcard. In the arena; NULL without issuer or account. */
const char *rs_persist_value(struct rs_ctx *ctx, const struct rs_persist_ask *ask);

#endif
