/*
 * Certification profiles: which issuer signs, for which purpose, under which rule set, what may be
 * changed, who must look at it, and what becomes of the previous certificate.
 *
 * Every change of a profile makes a new immutable revision; requests name the revision they are
 * judged by. Revisions are cached in the process by (id, revision) and never change there; which
 * revision is the current one is always read from the database.
 */
#ifndef RS_PROFILE_H
#define RS_PROFILE_H

#include "rs/app.h"
#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/list.h"
#include "rs/store.h"

struct rs_profile {
	struct rs_id id;
	struct rs_id enterprise_id;
	int64_t revision;
	const char *name;
	const char *category;      /* desktop_signing, tls, ...: a word of the operator's */
	const char *purpose;       /* row of rs_profile_purposes */
	const char *rule_set;      /* name of a rule set */
	struct rs_id issuer_id;
	bool active;
	json_t *key_sources;       /* csr, server */
	json_t *key_policy;        /* names of key.h: RSA:2048, EC:P-256, Ed25519, ... */
	json_t *editable_fields;   /* subject.<member>, san, validity */
	int64_t max_days;
	json_t *eligible;          /* issued, revoked, expired */
	bool repeat;               /* a certificate already replaced may be reissued again */
	bool on_behalf;            /* officers may accept, submit and pass the factor for an owner */
	struct rs_id agreement_id; /* unset = none */
	bool vetting;
	bool dual_control;
	const char *caa;           /* none, required */
	const char *control;       /* none, required */
	json_t *control_methods;
	int64_t reuse_days;        /* 0 = the rule set says */
	json_t *second_factor;     /* {reissue: [...], approve: [], revoke: [], enrol: []} */
	json_t *previous_certificate; /* {action: keep|revoke_on_issue|revoke_after_days, days} */
	int64_t draft_ttl_days;
	json_t *notes;             /* step -> text for people */
	int64_t created_at;
	int64_t updated_at;
};

/* ONE table for the body, the stored revision and the answer. */
extern const struct rs_field rs_profile_fields[];

/* The purposes and the extendedKeyUsage each stands for. */
struct rs_profile_purpose {
	const char *name; /* NULL ends the table */
	const char *eku;  /* OIDs separated by a space */
};
extern const struct rs_profile_purpose rs_profile_purposes[];

/*
 * The profile in a revision; revision 0 = the current one. The result is immutable and lives at
 * least as long as the request. RS_NOT_FOUND, RS_UNAVAILABLE.
 */
enum rs_code rs_profile_get(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_profile **out) RS_CHECK;

/* Whether a string stands in one of the profile's arrays. */
/* The operations a second factor may be asked for; NULL-terminated. */
extern const char *const rs_profile_operations[];
bool rs_profile_has(const json_t *array, const char *value);
/* Whether the subject member, "san" or "validity" may be edited. */
bool rs_profile_editable(const struct rs_profile *profile, const char *field);
/* The factors asked for an operation (reissue, approve, revoke, enrol): an array, maybe empty. */
const json_t *rs_profile_factors(const struct rs_profile *profile, const char *operation);
/* The ids of all connectors that its second factors name; the caller owns the array. */
json_t *rs_profile_connectors(const struct rs_profile *profile);
/* previous_certificate.action and .days. */
const char *rs_profile_previous_action(const struct rs_profile *profile);
int64_t rs_profile_previous_days(const struct rs_profile *profile);

/* The answer: the caller owns it. Connectors are shown to administrators and auditors only. */
json_t *rs_profile_json(struct rs_ctx *ctx, const struct rs_profile *profile);

/* --- configuration --- */
struct rs_profile_filter {
	json_t *category; /* array of words; NULL = any, as everywhere here */
	const char *active;   /* "true", "false" */
	struct rs_id enterprise_id;
};
/* *items: array of rs_profile_json(), borrowed. */
enum rs_code rs_profile_list(struct rs_ctx *ctx, const struct rs_profile_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;

/*
 * Makes, changes (RFC 7396) or removes a profile; a new one is of the caller's enterprise, or of the
 * one that the body of a platform administrator names as enterprise_id. revision: the expected
 * one, -1 = any (RS_PRECONDITION_FAILED). All faults of the body are told with their pointers.
 * RS_ALREADY_EXISTS for a name in use; RS_IN_USE when a certificate or request names it.
 */
enum rs_code rs_profile_create(struct rs_ctx *ctx, json_t *body, const struct rs_profile **out)
	RS_CHECK;
enum rs_code rs_profile_patch(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *given, const struct rs_profile **out) RS_CHECK;
enum rs_code rs_profile_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;

/* The process-wide cache of revisions. */
struct rs_profiles *rs_profiles_new(void);
void rs_profiles_free(struct rs_profiles *profiles);

#endif
