/*
 * The issuing engine: from approved content to a stored certificate, exactly once.
 *
 *  1. Prepare, outside any transaction: the window of validity, the TBS, the linter (rs_issue_plan).
 *  2. Tx1, one conditional statement through the committer: records the intent - serial and TBS -
 *     and moves the request to `issuing`. The INSERT into issuance drives the UPDATE. Its commit is
 *     the point of no return. Zero rows: nothing happened.
 *  3. Sign. The signer journals; the same TBS again gives the same signature.
 *  4. Tx2, one conditional statement: DER, certificate, request, previous certificate, audit. Zero
 *     rows: somebody else finished it; the stored DER is the answer.
 *
 * A process that dies in between leaves an `intended` issuance. Any replica takes it over when its
 * lease (15 s) has lapsed and goes on from 3 (rs_issue_recover, also at start). The signer refuses
 * after sign_before; 120 s past it the intent is abandoned, its serial burnt, the request `failed`
 * with `evidence-stale`. What was linted is what is signed: the signature is asked for the bytes
 * whose hash the intent recorded, and their hash is compared before (tbs_mismatch in the audit).
 *
 * Reissue requests come here by reissue.h (submit, approve, retry), enrolments by rs_issue_enrol().
 */
#ifndef RS_ISSUE_H
#define RS_ISSUE_H

#include "rs/audit.h"
#include "rs/key.h"
#include "rs/profile.h"
#include "rs/ruleset.h"
#include "rs/store.h"
#include "rs/tbs.h"

#define RS_BACKDATE_US INT64_C(300000000)       /* notBefore lies 5 min back, for slow clocks */
#define RS_LEASE_SECONDS 15                     /* who signs, until another may */
#define RS_ABANDON_US INT64_C(120000000)        /* past sign_before */
#define RS_SIGN_WINDOW_US INT64_C(3600000000)   /* sign_before = notBefore + 1 h at the latest */

/* --- validity --- */
struct rs_validity {
	const char *mode;  /* full, remaining, days, not_after */
	int64_t days;      /* mode days, else 0 */
	int64_t not_after; /* mode not_after, microseconds, else 0 */
};

/* What limits a window; microseconds, inclusive. */
struct rs_limits {
	int64_t max_days;          /* the profile's */
	int64_t rule_days;         /* the rule set's on that day; 0 = none */
	int64_t issuer_not_before; /* of the issuing certificate */
	int64_t issuer_not_after;
	int64_t old_not_after;     /* of the certificate that is replaced; 0 = an enrolment */
};

struct rs_window {
	int64_t not_before, not_after; /* whole seconds in microseconds, both inclusive */
	int64_t max_not_after;         /* the latest not_after the limits allow */
	bool capped;                   /* derived and cut to max_not_after */
};

/*
 * The window that a validity gives now (microseconds). Pure. What is derived (full, remaining) is
 * capped, what was asked for (days, not_after) is refused beyond the cap with RS_VALIDITY_TOO_LONG;
 * RS_VALIDITY_PAST when it would end before now; RS_ISSUER_EXPIRED when the issuer has. *out is
 * filled as far as it makes sense in every case.
 */
enum rs_code rs_issue_window(const struct rs_validity *validity, const struct rs_limits *limits,
	int64_t now, struct rs_window *out) RS_CHECK;
/* The limits of a profile and rule set; issuer NULL leaves its limits open. */
struct rs_limits rs_issue_limits(const struct rs_profile *profile, const struct rs_ruleset *rules,
	const struct rs_issuer *issuer, int64_t old_not_after);

/* --- the plan --- */
/* What is to be certified, whoever asks. Names are normalised already. */
struct rs_issue_spec {
	struct rs_id enterprise_id;
	struct rs_id owner_id;
	struct rs_id request_id;     /* unset: an enrolment */
	int64_t round;
	const struct rs_profile *profile;
	const struct rs_ruleset *rules; /* of its rule set, today: what the linter holds it to */
	struct rs_id issuer_id;      /* the row of the issuer */
	const char *issuer;          /* its slug */
	json_t *subject;
	json_t *san;
	struct rs_bytes spki_der;
	struct rs_key key;
	struct rs_window window;
	struct rs_id lineage_id;     /* unset: the certificate starts one */
	int64_t generation;          /* of the new certificate, 1 for the first */
	struct rs_id replaces_id;
	const char *previous_action; /* keep, revoke_on_issue, revoke_after_days; NULL = keep */
	int64_t previous_due_at;     /* revoke_after_days */
	struct rs_id challenge_id;   /* an enrolment: the passed second factor, where one is asked for */
	int64_t evidence_until;      /* earliest end of a validation or CAA check; 0 = none asked */
	bool rehearsal;              /* nothing will be issued: no serial is drawn, and the plan ends with
	                                what an answer shows of it */
};

struct rs_issue_plan {
	const struct rs_issue_spec *spec;
	const struct rs_issuer *issuer;
	struct rs_id issuance_id;
	struct rs_id certificate_id;
	struct rs_tbs_spec tbs_spec;
	struct rs_bytes tbs;
	unsigned char tbs_sha256[32];
	json_t *content;      /* what Tx2 writes into certificate */
	json_t *extensions;
	int64_t sign_before;  /* microseconds */
};

/*
 * Builds and lints. Changes nothing. RS_LINT_FAILED, RS_BAD_NAME, RS_ISSUER_UNAVAILABLE,
 * RS_ISSUER_EXPIRED. The plan borrows spec.
 */
enum rs_code rs_issue_plan(struct rs_ctx *ctx, const struct rs_issue_spec *spec,
	struct rs_issue_plan *plan) RS_CHECK;
/* Appends the plan's columns of issuance to the parameters of a Tx1, in the order of
 * sql/queries/reissue_intend.sql and issuance_enrol.sql. */
void rs_issue_plan_params(const struct rs_issue_plan *plan, struct rs_params *params);

/* --- sign and finish --- */
/* What became of an intent. */
struct rs_issued {
	struct rs_id certificate_id;
	struct rs_bytes der;
	struct rs_bytes fingerprint; /* SHA-256 */
	bool ours;                   /* this call finished it, not another one */
	bool previous_revoked;
	int64_t at;                  /* microseconds */
};

/*
 * Steps 3 and 4 of an intent this process holds the lease of. digest: of the request, for the audit
 * event, or NULL. RS_ISSUER_UNAVAILABLE and RS_UNAVAILABLE leave the intent as it is: it finishes by
 * itself. RS_INTERNAL when the bytes are not the ones that were linted.
 */
enum rs_code rs_issue_finish(struct rs_ctx *ctx, const struct rs_issue_plan *plan,
	const unsigned char *digest, struct rs_issued *out) RS_CHECK;

/*
 * Enrols: claims the key, plans, intends, signs, stores. RS_NOT_READY with member "blockers" when
 * the owner, the profile or the key does not allow it any more; RS_KEY_BLOCKED, RS_KEY_REUSED.
 */
enum rs_code rs_issue_enrol(struct rs_ctx *ctx, const struct rs_issue_spec *spec,
	struct rs_issued *out) RS_CHECK;

/*
 * Takes over the intents whose lease has lapsed, finishes or abandons them: a job on every replica,
 * and once at start. *count gets how many it dealt with.
 */
enum rs_code rs_issue_recover(struct rs_ctx *ctx, int *count) RS_CHECK;
/* The same for one request a client waits for: RS_OK when it is no longer `issuing` or its lease is
 * held by another. */
enum rs_code rs_issue_join(struct rs_ctx *ctx, const struct rs_id *request_id) RS_CHECK;

#endif
