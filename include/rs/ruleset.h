/*
 * Rule sets: what the CA/Browser Forum's documents (and our own `private`) allow, as data with
 * dates. A rule set is a name and rows of limits, each in force from its effective_from until the
 * next row's; the rows are loaded by a migration and change by migrations only. What holds for a
 * certificate is judged at the moment of issuance: never keep a struct rs_ruleset beyond the
 * request.
 */
#ifndef RS_RULESET_H
#define RS_RULESET_H

#include "rs/ctx.h"
#include "rs/json.h"

#define RS_DAY_S 86400
#define RS_DAY_US (RS_DAY_S * INT64_C(1000000))

struct rs_ruleset {
	const char *name;           /* tls-br, smime-br, codesign-br, private */
	int64_t effective_from;     /* microseconds */
	int64_t max_validity_days;  /* longest validity; 0 = the profile says */
	int64_t dcv_reuse_days;     /* of a domain validation; 0 = the profile says */
	int64_t persist_reuse_days; /* of dns_persist; 0 = as dcv_reuse_days */
	int64_t mailbox_reuse_days; /* of a mailbox validation; 0 = as dcv_reuse_days */
	bool suspension;            /* certificates may be suspended */
	bool dnssec_mandatory;      /* DNSSEC validation cannot be switched off */
	const char *caa;            /* issue, issuemail, none, profile */
	const char *names;          /* tls, mailbox, free: what may stand in them, see names.h */
	bool server_keys;           /* the service may make the subscriber's key */
	int64_t perspectives;       /* remote perspectives demanded; 0 = none */
};

/*
 * The row of rule set `name` in force at time_us (microseconds). The first row holds for earlier
 * times too. The result lives in the arena. RS_NOT_FOUND for an unknown name, RS_UNAVAILABLE.
 */
enum rs_code rs_ruleset_at(struct rs_ctx *ctx, const char *name, int64_t time_us,
	const struct rs_ruleset **out) RS_CHECK;

/* Every rule set with all its rows: [{name, rules: [{effective_from, ...}]}], the caller owns it. */
enum rs_code rs_ruleset_list(struct rs_ctx *ctx, json_t **out) RS_CHECK;

/* The rule set with the given name, closed list ending with NULL. */
extern const char *const rs_ruleset_names[];

#endif
