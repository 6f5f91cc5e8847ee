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
	const char *name; /* tls-br, smime-br, codesign-br, private */
	int64_t effective_from;      /* microseconds */
	int64_t max_days;            /* longest validity; 0 = the profile says */
	int64_t reuse_days;          /* of a domain validation; 0 = none are asked for or the profile says */
	int64_t reuse_days_mailbox;  /* of a mailbox validation; 0 = as reuse_days */
	int64_t reuse_days_persist;  /* of dns_persist; 0 = as reuse_days */
	const char *caa;             /* tls, mail, none, profile */
	bool dnssec_required;        /* DNSSEC validation cannot be switched off */
	bool public_names;           /* internal names, special addresses, public suffixes refused */
	bool cn_in_san;              /* the common name must repeat a SAN */
	bool mailbox_in_san;         /* at least one mailbox, and every one of the subject's */
	bool suspension;             /* certificates may be suspended */
	bool server_keys;            /* the service may make the subscriber's key */
	int64_t perspectives;        /* remote perspectives wanted; 0 = none */
	json_t *san_types;           /* array of the SAN types it allows */
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
