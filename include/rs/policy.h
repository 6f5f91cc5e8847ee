/*
 * What a request still needs, and who may do what with it. Pure judgement over a snapshot (struct
 * rs_reissue), two profile revisions and today's rule set; it reads nothing and changes nothing.
 *
 * A request is judged by the profile revision it was submitted under (a draft by the newest): that
 * one decides steps, vetting, factor and the previous certificate. What is going to be signed must
 * in addition pass the newest revision and the rule set of the day: otherwise `profile-changed`.
 *
 * All blockers are found at once, each with code, step, detail and a pointer into the request.
 */
#ifndef RS_POLICY_H
#define RS_POLICY_H

#include "rs/names.h"
#include "rs/reissue.h"
#include "rs/verify.h"

/* The steps in the manual's order. RS_STEP(NAME, "name") */
#define RS_STEPS(RS_STEP)                                                                          \
	RS_STEP(KEY, "key")                                                                        \
	RS_STEP(SUBJECT, "subject")                                                                \
	RS_STEP(SAN, "san")                                                                        \
	RS_STEP(VALIDITY, "validity")                                                              \
	RS_STEP(DOMAINS, "domain_verification")                                                    \
	RS_STEP(AGREEMENT, "agreement")                                                            \
	RS_STEP(MESSAGE, "message")                                                                \
	RS_STEP(FACTOR, "second_factor")                                                           \
	RS_STEP(APPROVAL, "approval")

#define RS_STEP(name, wire) RS_STEP_##name,
enum rs_step { RS_STEPS(RS_STEP) RS_STEP_COUNT };
#undef RS_STEP

/* What a request is judged by. */
struct rs_yardstick {
	const struct rs_profile *profile; /* of the submit, or the newest for a draft */
	const struct rs_profile *newest;
	const struct rs_ruleset *rules;   /* of the newest profile's rule set, today */
	const struct rs_issuer *issuer;   /* of profile; NULL: not configured here */
	int64_t now;                      /* microseconds */
	struct rs_verify_facts verify;    /* what is known of the names, where something is demanded */
	const json_t *unregistered;       /* names outside the enterprise's registry, or NULL */
};

struct rs_judgement {
	json_t *blockers; /* array of {code, step, detail, pointer}; borrowed */
	json_t *warnings; /* the same shape */
	json_t *domains;  /* as the representation shows them */
	struct rs_names names;
	struct rs_validity validity;
	struct rs_window window;
	struct rs_rr_facts facts;
	struct rs_verify_verdict verify; /* what that is worth */
	json_t *approvers; /* ids: their approvals of this round and digest count; borrowed */
};

/* Fetches the yardstick of a request: cached profiles and rule set. */
enum rs_code rs_policy_yardstick(struct rs_ctx *ctx, const struct rs_reissue *request,
	struct rs_yardstick *out) RS_CHECK;
/*
 * Reads what a judgement needs beside the yardstick: what is known of the names, and which of them
 * are outside the registry. Who does not judge does without.
 */
enum rs_code rs_policy_facts(struct rs_ctx *ctx, const struct rs_reissue *request,
	struct rs_yardstick *by) RS_CHECK;
/* What limits the validity: both revisions, the rule set of the day, the issuer. */
struct rs_limits rs_policy_limits(
	const struct rs_reissue *request, const struct rs_yardstick *by);
/* What verification has to look at: the names as they are stored, under the frozen profile. */
struct rs_verify_ask rs_policy_verify_ask(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_yardstick *by);
/* Judges. Everything in *out is borrowed from the arena. */
void rs_policy_judge(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_yardstick *by, struct rs_judgement *out);

/* The nine steps as an array; the caller owns it. */
json_t *rs_policy_steps(const struct rs_reissue *request, const struct rs_yardstick *by,
	const struct rs_judgement *judged);
/* What may be edited: the profile's list in states that can be edited, else []; owned. */
json_t *rs_policy_editable(const struct rs_reissue *request, const struct rs_profile *profile);

/* --- who may --- */
/* RS_ACTION(NAME, "name", "row of permission.def") in the order allowed_actions shows them. */
#define RS_ACTIONS(RS_ACTION)                                                                      \
	RS_ACTION(EDIT, "edit", "reissue.edit")                                                    \
	RS_ACTION(UPLOAD_CSR, "upload_csr", "reissue.csr")                                         \
	RS_ACTION(ACCEPT, "accept_agreement", "reissue.agreement")                                 \
	RS_ACTION(VERIFY, "verify", "reissue.verify")                                              \
	RS_ACTION(SUBMIT, "submit", "reissue.submit")                                              \
	RS_ACTION(REOPEN, "reopen", "reissue.reopen")                                              \
	RS_ACTION(CANCEL, "cancel", "reissue.cancel")                                              \
	RS_ACTION(DELETE, "delete", "reissue.delete")                                              \
	RS_ACTION(OPEN, "open", "reissue.open")                                                    \
	RS_ACTION(RELEASE, "release", "reissue.release")                                           \
	RS_ACTION(APPROVE, "approve", "reissue.approve")                                           \
	RS_ACTION(DECLINE, "decline", "reissue.decline")                                           \
	RS_ACTION(RETRY, "retry", "reissue.retry")                                                 \
	RS_ACTION(DOWNLOAD, "download", "reissue.read")

#define RS_ACTION(name, wire, permission) RS_ACTION_##name,
enum rs_action { RS_ACTIONS(RS_ACTION) RS_ACTION_COUNT };
#undef RS_ACTION

/*
 * Whether the caller is the right person for this action on this request, whatever its state: RS_OK,
 * RS_NOT_FOUND, RS_FORBIDDEN, RS_INSUFFICIENT_SCOPE or RS_SELF_APPROVAL. Denials are audited.
 */
enum rs_code rs_policy_permit(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, enum rs_action action) RS_CHECK;
/* Whether the state allows the action at all. */
bool rs_policy_fits(const struct rs_reissue *request, enum rs_action action);
/* Both, in this order; RS_WRONG_STATE with "current_status". */
enum rs_code rs_policy_may(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, enum rs_action action) RS_CHECK;
/*
 * What is judged of an action before its body is looked at, in this order: RS_NOT_FOUND, whether
 * the caller may, whether the state allows it, and whether the revision is the one that If-Match
 * demands
 * (-1 = any; RS_PRECONDITION_FAILED). What is repeated and was done before fits every state it led
 * to. The one call here that reads; the use case judges all of it again, on what it changes then.
 */
enum rs_code rs_policy_begin(struct rs_ctx *ctx, const struct rs_id *id, enum rs_action action,
	int64_t revision) RS_CHECK;
/* RS_WRONG_STATE with "current_status"; what: "submitted", "approved", for the sentence. */
enum rs_code rs_policy_wrong_state(struct rs_ctx *ctx, const struct rs_reissue *request,
	enum rs_action action) RS_CHECK;
/* RS_NOT_READY with "blockers" and "current_status". */
enum rs_code rs_policy_not_ready(struct rs_ctx *ctx, const struct rs_reissue *request,
	json_t *blockers) RS_CHECK;
/* The names of what the caller may do now; owned. unavailable (owned) gets {action, code, detail}
 * of what its role allows but the state or a rule about persons does not. */
json_t *rs_policy_actions(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_profile *profile, json_t **unavailable);

/* --- the digest of the content --- */
/*
 * SHA-256 of the RFC 8785 JSON {v, request_id, round, certificate_sha256, profile_id,
 * profile_revision, subject, san, validity, spki_sha256}; san sorted by type and value.
 */
void rs_reissue_digest(struct rs_ctx *ctx, const struct rs_reissue *request,
	unsigned char digest[32]);

#endif
