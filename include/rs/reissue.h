/*
 * Reissue requests: the resource this service is about.
 *
 * A request starts from a certificate, takes from it what the caller does not give (never its key),
 * collects a key, names, a validity and the acceptance of the agreement, and is submitted. Submit
 * freezes the profile revision and starts a round; factor and approvals of a round are bound to the
 * digest of the content. It ends with a certificate, cancelled or expired.
 *
 * Every call loads the request with everything a decision needs in ONE read (struct rs_reissue),
 * judges in C (policy.h, machine.h) and writes with ONE conditional statement that compares the
 * revision it has read. Whoever comes second changes nothing, reads again and is judged by what is
 * there now: that is how competing events are kept apart. The audit event is in the same statement.
 *
 * RS_NOT_FOUND answers for requests that are absent and for those the caller may not see.
 */
#ifndef RS_REISSUE_H
#define RS_REISSUE_H

#include "rs/certificate.h"
#include "rs/issue.h"
#include "rs/list.h"
#include "rs/machine.h"
#include "rs/profile.h"

/* One request with what surrounds it: the columns of reissue_view. */
struct rs_reissue {
	struct rs_id id;
	const char *number; /* RR-2026-000123 */
	const char *status;
	enum rs_rr_state state; /* of status */
	int64_t round, revision;
	const char *category, *reason, *message;
	struct rs_id certificate_id, new_certificate_id, lineage_id, enterprise_id;
	struct rs_id profile_id;
	int64_t profile_revision; /* what judges it: of a draft the newest */
	struct rs_id owner_id, requested_by, submitted_by, reviewer_id, accepted_by;
	struct rs_id factor_passed_by;
	const char *owner_name, *requested_name, *submitted_name, *reviewer_name, *accepted_name;
	json_t *subject, *san, *validity, *key, *ignored;
	const char *checks;       /* of the key, a JSON array; parsed only for who asks to see them */
	json_t *inherited_faults; /* blockers of values taken from the old certificate */
	json_t *approvals;        /* array, all rounds; by_status says whether one still counts */
	json_t *declined, *failure;
	struct rs_bytes spki_der, spki_sha256, digest, factor_digest;
	int64_t factor_round;
	struct rs_id agreement_id; /* accepted: */
	int64_t agreement_version;
	const char *agreement_language;
	struct rs_bytes agreement_sha256;
	int64_t agreement_accepted_at;
	const char *previous_action;
	int64_t previous_due_at;
	int64_t created_at, updated_at, submitted_at, status_changed_at, issued_at, expires_at;
	/* around it */
	const char *owner_status, *owner_language;
	const char *certificate_status; /* issued, suspended, revoked, expired */
	const char *certificate_source;
	int64_t certificate_not_after, certificate_generation;
	struct rs_bytes certificate_sha256, certificate_spki_sha256, certificate_serial;
	int64_t certificate_due_at; /* a planned revocation not yet done */
	bool certificate_replaced;
	int64_t newest_revision;    /* of the profile */
	struct rs_id issuer_id;     /* of the revision that judges it */
	const char *issuer;         /* slug */
	bool issuer_active;
	int64_t issued_not_after;   /* of the new certificate */
	struct rs_id wanted_agreement_id; /* what the profile asks for, in the owner's language */
	int64_t wanted_version;
	int64_t least_version; /* holds after submit from this one on */
	const char *wanted_language;
	struct rs_bytes wanted_sha256;
	const char *spki_state; /* free, mine, reused, blocked; NULL without a key */
	bool intent;            /* an issuance of it is intended */
	bool registry;          /* its enterprise has registered domains */
	struct rs_id challenge_id; /* of this round: the one that counts, or the newest */
	const char *challenge_status;
	int64_t challenge_expires_at;
	/* what a verify of this call has seen of its names; NULL: it is read when it is wanted */
	const struct rs_verify_facts *facts;
};

extern const struct rs_field rs_reissue_row[];

/* What a caller sends; what it leaves out is NULL or unset. */
struct rs_reissue_input {
	struct rs_id certificate_id, challenge_id;
	const char *reason, *message, *remarks, *csr;
	json_t *key, *subject, *san, *validity, *agreement;
	json_t *previous_certificate; /* {due_at}: PATCH by an officer */
	struct rs_bytes digest;       /* what the caller saw; NULL = not told */
	bool message_given, validity_given; /* null counts: no message, the default validity */
	json_t *faults; /* rs_faults_take() of the body's form: told with those of the content; NULL = none */
};

/* --- making and reading --- */
/* Creates a draft. RS_NOT_ELIGIBLE, RS_REISSUE_ALREADY_OPEN with "conflicting_resource". */
enum rs_code rs_reissue_create(struct rs_ctx *ctx, const struct rs_reissue_input *input,
	struct rs_reissue *out) RS_CHECK;
/* The caller, who is not known yet, will ask for this one first: rs_ahead_want() in store.h. */
void rs_reissue_ahead(struct rs_ctx *ctx, const struct rs_id *id);
enum rs_code rs_reissue_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_reissue *out)
	RS_CHECK;
/*
 * Waits, up to seconds, until the revision of a request that the caller has just read is another
 * one than known; *changed tells. Sooner when the process stops.
 */
enum rs_code rs_reissue_wait(struct rs_ctx *ctx, const struct rs_id *id, int64_t known, int seconds,
	bool *changed) RS_CHECK;
/* The whole representation; the caller owns it. */
enum rs_code rs_reissue_json(struct rs_ctx *ctx, struct rs_reissue *request, json_t **out) RS_CHECK;

/* --- content; revision: what If-Match demands, -1 = any --- */
enum rs_code rs_reissue_edit(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out) RS_CHECK;
enum rs_code rs_reissue_put_csr(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const void *csr, size_t len, struct rs_reissue *out) RS_CHECK;
/* The stored CSR in DER; RS_NOT_FOUND before one was given. */
enum rs_code rs_reissue_csr(struct rs_ctx *ctx, const struct rs_id *id, struct rs_bytes *der)
	RS_CHECK;
/* agreement: {agreement_id, version, language, sha256, accepted}; at: its JSON pointer in what the caller sent. */
enum rs_code rs_reissue_accept(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *agreement, const char *at, struct rs_reissue *out) RS_CHECK;

/*
 * Verify: CAA of every name is looked up, every pending control validation tried. later: a job does it,
 * and the names are `verifying` until then. RS_WRONG_STATE, RS_OVERLOADED.
 */
enum rs_code rs_reissue_verify(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	bool later, struct rs_reissue *out) RS_CHECK;

/* --- the way to the certificate --- */
/* {ready, blockers, warnings, would_issue}: step 1 of issuing, changing nothing. */
enum rs_code rs_reissue_preflight(struct rs_ctx *ctx, const struct rs_id *id, json_t **out) RS_CHECK;
enum rs_code rs_reissue_submit(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out) RS_CHECK;
enum rs_code rs_reissue_approve(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out) RS_CHECK;
enum rs_code rs_reissue_retry(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	struct rs_reissue *out) RS_CHECK;

/* A second factor that was passed, and the audit event of its being consumed. */
struct rs_passed {
	struct rs_id challenge_id;
	const char *operation; /* reissue, approve */
	struct rs_id by;       /* who answered */
	int64_t round;         /* what it was made for */
	struct rs_bytes digest;
	json_t *event;         /* rs_audit_row() */
};
/*
 * The owner's factor is passed: the request leaves `authenticating` in the statement that consumes the
 * challenge. RS_CONFLICT: it is not `authenticating` in that round and content any more, or the
 * challenge is no longer good; nothing happened. Otherwise as submit.
 */
enum rs_code rs_reissue_authenticated(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_passed *passed, struct rs_reissue *out) RS_CHECK;

/* --- events without a certificate at their end: open, release, decline, reopen, cancel --- */
enum rs_code rs_reissue_event(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	enum rs_rr_event event, const char *remarks, struct rs_reissue *out) RS_CHECK;
/* Cancel and hide. */
enum rs_code rs_reissue_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision) RS_CHECK;

/* --- those who wait: made once a process --- */
struct rs_waits *rs_waits_new(void);
/* Lets all who wait go, and nobody wait any more: the process stops. */
void rs_waits_end(struct rs_waits *waits);
void rs_waits_free(struct rs_waits *waits);

/* --- jobs --- */
struct rs_job;
/* The queued verify of one request. */
enum rs_code rs_reissue_verify_job(struct rs_ctx *ctx, const struct rs_job *job) RS_CHECK;
/* Ends drafts and the like that are idle past expires_at; *count gets how many. */
enum rs_code rs_reissue_expire(struct rs_ctx *ctx, int *count) RS_CHECK;
/* Revokes previous certificates whose day has come, or skips them when the new one is not issued
 * any more. */
enum rs_code rs_reissue_revoke_due(struct rs_ctx *ctx, int *count) RS_CHECK;

/* --- lists --- */
struct rs_reissue_filter {
	json_t *status, *reason, *profile_id, *category; /* arrays or NULL: repeatable */
	json_t *san;                                     /* rs_names_sought() or NULL */
	const char *number, *q, *common_name;
	struct rs_bytes serial;
	struct rs_id certificate_id, requested_by, owner_id, enterprise_id;
	int64_t created_after, created_before, submitted_after, submitted_before;
	int64_t issued_after, issued_before, updated_after, updated_before;
	json_t *include; /* of rs_reissue_parts */
};
/* What a list leaves out unless it is asked for: steps, checks, domains, approvals, blockers. */
extern const char *const rs_reissue_parts[];
/* *items is borrowed from the arena. */
enum rs_code rs_reissue_list(struct rs_ctx *ctx, const struct rs_reissue_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* The events of a request, oldest first; borrowed as well. */
enum rs_code rs_reissue_events(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;

#endif
