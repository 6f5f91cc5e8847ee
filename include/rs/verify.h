/*
 * Verification of the names of a certificate that is to be: what the seed's "Verify" does.
 *
 * A name is verified when a live control validation covers it, if the profile demands control, and
 * CAA permits us, if the profile demands CAA. The two are judged from what is stored - validations of
 * the enterprise, CAA checks of this request - by a pure function, and renewed by a run that goes to
 * the network:
 *
 *	rs_verify_load()   one read: validations that cover the names, the newest checks of the request
 *	rs_verify_judge()  pure: status of every name, blockers, until when the evidence holds
 *	rs_verify_run()    network: pending validations are tried, CAA is looked up for every name, all
 *	                   in parallel; then everything is stored in one transaction
 *
 * A CAA check counts for one request and one basis: name, wildcard, kind, account URI, the method by
 * which this name's control was proven, our issuer domains. Another basis, or an age beyond
 * caa.recheck_seconds (at most 7 h, whatever the TTL), needs a new check. No failure ever permits.
 * Nothing here holds a database connection while it waits for the network.
 */
#ifndef RS_VERIFY_H
#define RS_VERIFY_H

#include "rs/validation.h"

/* What is asked: the names of one certificate under one profile. */
struct rs_verify_ask {
	struct rs_id enterprise_id;
	struct rs_id request_id;         /* unset: an enrolment, whose checks live in memory only */
	const struct rs_profile *profile; /* caa, control, control_methods, reuse_days */
	const struct rs_ruleset *rules;  /* of today */
	const json_t *names;             /* rs_names_domains() */
	int64_t now;                     /* microseconds */
};

/* Whether the profile demands anything of these names. */
bool rs_verify_demanded(const struct rs_profile *profile);

/* What is known: borrowed from the arena. */
struct rs_verify_facts {
	struct rs_validation *validations;
	size_t validation_count;
	json_t *checks;  /* the newest CAA checks, rows of caa_check, by the name they are of */
	bool running;    /* a verify run of the request is on its way */
	bool loaded;     /* false: nothing is demanded, nothing was read */
};
enum rs_code rs_verify_load(struct rs_ctx *ctx, const struct rs_verify_ask *ask,
	struct rs_verify_facts *out) RS_CHECK;

struct rs_verify_verdict {
	json_t *domains;        /* array, as the representation of a request shows them; borrowed */
	json_t *blockers;       /* array of {code, detail, pointer}, one for each name not verified */
	int unverified;
	int64_t evidence_until; /* the earliest end of what was counted; 0 = nothing is demanded */
	json_t *validations;    /* ids of the counted validations: Tx1 re-tests them */
	bool stale;             /* a CAA check is missing or too old: it is made again before signing */
};
/* Pure. */
void rs_verify_judge(struct rs_ctx *ctx, const struct rs_verify_ask *ask,
	const struct rs_verify_facts *facts, struct rs_verify_verdict *out);

enum rs_verify_mode {
	RS_VERIFY_ALL,   /* a person pressed Verify: pending validations and every name's CAA */
	RS_VERIFY_STALE, /* before an intent: only CAA checks that are missing or too old */
};
/*
 * Goes to the network and stores what it saw; *facts is what is known then. For an enrolment (no
 * request) checks are stored without a request and returned in *facts. RS_OK also when nothing was
 * verified; RS_OVERLOADED when no outbound slot came free in time.
 */
enum rs_code rs_verify_run(struct rs_ctx *ctx, const struct rs_verify_ask *ask, enum rs_verify_mode mode,
	struct rs_verify_facts *facts) RS_CHECK;

/* --- CAA checks as a resource --- */
/* {name, wildcard?, kind, account_uri?, method?}: informational, never satisfies a request. */
enum rs_code rs_caa_check_create(struct rs_ctx *ctx, json_t *body, struct rs_id *id) RS_CHECK;
/* With raw messages in base64; the caller owns *out. */
enum rs_code rs_caa_check_get(struct rs_ctx *ctx, const struct rs_id *id, json_t **out) RS_CHECK;
/* name: rs_names_sought(), NULL = any. */
enum rs_code rs_caa_check_list(struct rs_ctx *ctx, const json_t *name, const struct rs_page *page,
	struct rs_list *list, json_t **items) RS_CHECK;

#endif
