/*
 * Certificates: issued here or imported, immutable but for their status.
 *
 * A row tells what the DER says (names, key, extensions, validity) so that lists need not parse;
 * the DER stands in a table of its own. The states, by precedence: revoked, suspended, expired,
 * issued; "expired" is never stored but follows from notAfter and the clock. Replacing a
 * certificate never rewrites its row: what replaced it is found through the lineage.
 *
 * Lock order: request, issuance, certificate, lineage.
 */
#ifndef RS_CERTIFICATE_H
#define RS_CERTIFICATE_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/list.h"
#include "rs/profile.h"
#include "rs/store.h"

struct rs_certificate {
	struct rs_id id;
	int64_t revision;
	struct rs_bytes serial;
	const char *status;   /* issued, suspended, revoked, expired: at the time of reading */
	const char *category;
	json_t *subject;
	json_t *san;
	json_t *unsupported;  /* array of texts: names of the DER that our JSON cannot carry */
	const char *issuer;   /* distinguished name, RFC 4514 */
	struct rs_id issuer_id; /* unset when the issuer is not ours */
	int64_t not_before;
	int64_t not_after;    /* the last second, inclusive */
	json_t *key;          /* {algorithm, curve, size, spki_sha256} */
	json_t *extensions;   /* {key_usage, extended_key_usage, policies} */
	struct rs_bytes fingerprint_sha256;
	struct rs_bytes spki_sha256;
	struct rs_id profile_id;
	int64_t profile_revision; /* the current one */
	struct rs_id enterprise_id;
	struct rs_id owner_id;
	struct rs_id lineage_id;
	int64_t generation;   /* 1 for the original */
	struct rs_id replaces_id;
	struct rs_id replaced_by_id; /* the newest of those that replaced it */
	int64_t revoked_at;
	const char *revocation_reason; /* CRL reason in lowerCamelCase, NULL when not revoked */
	int64_t invalidity_date;
	int64_t revocation_due_at;
	const char *source;   /* issued, imported */
	struct rs_id open_request_id;
	struct rs_id issued_by_request_id;
	int64_t created_at;
	int64_t issued_at;
	int64_t read_at;      /* when its state was judged; set by the calls below */
};

/* The fields of a row (SELECT aliases) and, where not hidden, of the answer. */
extern const struct rs_field rs_certificate_fields[];

/* The caller, who is not known yet, will ask for this one first: rs_ahead_want() in store.h. */
void rs_certificate_ahead(struct rs_ctx *ctx, const struct rs_id *id);
/*
 * One certificate that the caller may see (its own, its enterprise's, by role and reach).
 * RS_NOT_FOUND for all others. Scopes are those of the action that the route is for, judged there:
 * who may write needs no scope to read what it has written.
 */
enum rs_code rs_certificate_get(struct rs_ctx *ctx, const struct rs_id *id,
	struct rs_certificate *out) RS_CHECK;
/* The same without asking who calls, inside a transaction; lock: FOR UPDATE of its row. */
enum rs_code rs_certificate_load(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	bool lock, struct rs_certificate *out) RS_CHECK;

/* The answer for one, with lineage, revocation, allowed and unavailable actions; caller owns it. */
enum rs_code rs_certificate_json(struct rs_ctx *ctx, struct rs_certificate *certificate,
	json_t **out) RS_CHECK;
/*
 * Whether its state allows reissue, download, revoke, suspend, release or change_owner; told with
 * rs_fail(). Who may is asked elsewhere.
 */
enum rs_code rs_certificate_may(struct rs_ctx *ctx, struct rs_certificate *certificate,
	const char *action) RS_CHECK;

/* --- lists --- */
struct rs_certificate_filter {
	json_t *status, *profile_id, *category; /* arrays of texts or NULL */
	json_t *san;                            /* rs_names_sought() or NULL */
	const char *q, *common_name;            /* q has at least 3 characters */
	struct rs_bytes serial, spki_sha256, fingerprint_sha256;
	struct rs_id lineage_id, owner_id, enterprise_id;
	int64_t expires_after, expires_before, issued_after, issued_before;
};
/* *items: array of rs_certificate_json(), borrowed. Only what the caller may see. */
enum rs_code rs_certificate_list(struct rs_ctx *ctx, const struct rs_certificate_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* What happened to a certificate the caller may see, oldest first. */
enum rs_code rs_certificate_events(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* A row of an events statement as the API shows it; the caller owns it. */
json_t *rs_event_json(const struct rs_rows *rows, int row);
/* {certificates, reissue_requests, reissued, expiring, quota} within the caller's sight; owned. */
enum rs_code rs_certificate_stats(struct rs_ctx *ctx, const struct rs_id *enterprise, json_t **out)
	RS_CHECK;

/* --- forms --- */
enum rs_certificate_form {
	RS_FORM_JSON,
	RS_FORM_PEM,   /* the leaf */
	RS_FORM_CHAIN, /* PEM: the leaf, then the chain */
	RS_FORM_DER,   /* the leaf */
	RS_FORM_P7B,   /* certs-only PKCS#7 */
};
/* The bytes of a form but JSON; arena. Whether the caller may see it is asked before. */
enum rs_code rs_certificate_bytes(struct rs_ctx *ctx, const struct rs_id *id,
	enum rs_certificate_form form, struct rs_bytes *out) RS_CHECK;
/* The certificates above it, as PEM or PKCS#7. RS_NOT_FOUND when they were not given. */
enum rs_code rs_certificate_chain(struct rs_ctx *ctx, const struct rs_id *id, bool p7b,
	struct rs_bytes *out) RS_CHECK;

/* --- revocation --- */
/*
 * Revokes inside a transaction; writes status, key blocking (keyCompromise) and audit. Idempotent
 * for the same reason; keyCompromise raises another reason. The revision rises when something
 * changed. RS_ALREADY_REVOKED, RS_BAD_VALUE for an unknown reason.
 */
enum rs_code rs_certificate_revoke_tx(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	const char *reason, int64_t invalidity_date) RS_CHECK;

/* --- what callers do; revision: what If-Match demands, -1 = any --- */
/*
 * Revokes at once. RS_FORBIDDEN: privilegeWithdrawn is the officers' reason.
 * RS_SECOND_FACTOR_REQUIRED where the profile wants a factor and challenge ("" = none) is not a passed
 * one, but never for keyCompromise; it is consumed with the revocation.
 */
enum rs_code rs_certificate_revoke(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const char *reason, int64_t invalidity_date, const struct rs_id *challenge) RS_CHECK;
/* RS_SUSPENSION_FORBIDDEN by the rule set, RS_WRONG_STATE. */
enum rs_code rs_certificate_suspend(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;
enum rs_code rs_certificate_release(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;
/* Another owner of the same enterprise; open requests are cancelled. RS_WRONG_STATE while one is
 * being issued. */
enum rs_code rs_certificate_change_owner(struct rs_ctx *ctx, const struct rs_id *id,
	int64_t revision, const struct rs_id *owner) RS_CHECK;
/*
 * Takes in {pem, profile_id, owner_id, revocation?}. RS_ALREADY_EXISTS with "conflicting_resource"
 * for a known issuer and serial; RS_BAD_CERTIFICATE for one in our name that we did not issue.
 */
enum rs_code rs_certificate_import(struct rs_ctx *ctx, json_t *body, struct rs_id *id) RS_CHECK;
/* Enrols by {profile_id, csr, subject?, san?, validity?, owner_id?, challenge_id?}. RS_NOT_READY
 * with all blockers, RS_DUAL_CONTROL_REQUIRED. */
enum rs_code rs_certificate_enrol(struct rs_ctx *ctx, json_t *body, struct rs_id *id) RS_CHECK;

#endif
