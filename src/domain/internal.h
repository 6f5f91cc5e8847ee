/* What the parts of the domain module share: CAA lookups with their evidence. */
#ifndef DOMAIN_INTERNAL_H
#define DOMAIN_INTERNAL_H

#include "rs/caa.h"
#include "rs/keyring.h"
#include "rs/resolver.h"
#include "rs/verify.h"

/* One CAA check in the making. */
struct rs_caa_outcome {
	struct rs_caa_ask ask;          /* given */
	struct rs_caa_set set;          /* found */
	struct rs_caa_verdict verdict;
	json_t *queries;                /* borrowed: every lookup of the climb, with its raw message */
	int64_t checked_at;             /* microseconds */
};

/*
 * Looks up the climbs of all asks at once, each name once, and judges each ask. Pure failures of the
 * DNS are verdicts; anything but RS_OK means that nothing was looked up.
 */
enum rs_code rs_caa_look(struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count,
	int deadline_ms) RS_CHECK;
/* How long lookups may take now: dns.deadline_ms, less when the caller's deadline comes first. */
int rs_dns_deadline(const struct rs_ctx *ctx);
/* {name, type, state, reason, rcode, ttl, canonical, attempts, ms, why, message}; owned. */
json_t *rs_dns_evidence(
	struct rs_ctx *ctx, const struct rs_dns_question *question, const struct rs_dns_answer *answer);

/* The row of a check as the insert wants it, {id, kind, name, ...}; owned. */
json_t *rs_caa_row(const struct rs_caa_outcome *outcome, const struct rs_id *id, int64_t recheck_s);

/* Where the token of a validation is sealed. */
struct rs_seal_place rs_validation_place(const struct rs_validation *validation);

/* The account of an enterprise as CAA and persistent TXT records name it. In the arena. */
const char *rs_account_uri(struct rs_ctx *ctx, const struct rs_id *enterprise);

#endif
