/*
 * Control validations: proofs that an enterprise controls a name, a mailbox or an address.
 *
 * A validation is for one identifier by one method (the table of src/domain/method.def). It is made
 * `pending` with instructions that can be pasted; an attempt looks whether they were followed. A
 * failed attempt is recorded and leaves the token as it is, so that nobody must publish a new record
 * because DNS was slow: attempts are 10 s apart, at most 50, within 7 days.
 *
 * The methods by mail ask people. Who is asked comes from the name itself or from its DNS; each of
 * them gets a mail of its own with a token of its own, which is kept as its SHA-256 only, and answers
 * on a page without a sign-in (rs_validation_answer()): one yes makes the validation valid, one no
 * ends it, ten wrong tokens end it. To verify such a validation is to look for somebody to ask while
 * nobody was found, and to send the very same mails again afterwards. Reading the page changes
 * nothing, since programs that scan mail open links.
 *
 * A valid one serves every request of its enterprise until its evidence is too old; how old it may
 * be is the least of the rule set's limit on the day of issuance, the method's own and the profile's
 * reuse_days (rs_validation_until()). A parent's validation covers children where the method allows.
 */
#ifndef RS_VALIDATION_H
#define RS_VALIDATION_H

#include "rs/ctx.h"
#include "rs/dcv.h"
#include "rs/json.h"
#include "rs/list.h"
#include "rs/profile.h"
#include "rs/ruleset.h"
#include "rs/store.h"

#define RS_VALIDATION_PAUSE_S	   10 /* between attempts */
#define RS_VALIDATION_ATTEMPTS_MAX 50
#define RS_VALIDATION_MAIL_PAUSE_S 60 /* between two sendings of the same mails */
#define RS_VALIDATION_RESENDS_MAX  5

struct rs_validation {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *identifier_type, *identifier;
	const char *method;
	const char *status; /* pending, valid, invalid, expired, cancelled */
	const char *recipient;
	const char *file_name;
	const char *rules; /* the document and section it follows */
	const char *token_kid;
	struct rs_bytes token_sealed, token_sha256;
	struct rs_id requested_by;
	int64_t attempt_count, wrong_tokens;
	const char *code, *detail;
	json_t *attempts; /* array of what an answer shows; only rs_validation_get() fills it */
	json_t *mails; /* array of {id, to, source, state, ...}, the oldest first; alike */
	int64_t revision;
	int64_t created_at, updated_at, expires_at, next_attempt_at, validated_at, valid_until;
	bool wide;       /* dns_persist: the record covers names below and wildcards */
	int64_t ceiling; /* dns_persist: never counts beyond this; 0 = none */
};

/* --- making and reading --- */
/*
 * {identifier: {type, value}, method, to?}: pending, with instructions; of the methods by mail the mails
 * are queued, or an attempt says why there is nobody to write to. RS_METHOD_NOT_CONFIGURED for those
 * while the enterprise has no active smtp connector.
 */
enum rs_code rs_validation_create(struct rs_ctx *ctx, json_t *body, struct rs_validation *out) RS_CHECK;
enum rs_code rs_validation_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
	RS_CHECK;
/* The representation; the caller owns *out. Instructions hold the token only while pending and only
 * for who may act on the validation, never for the mail methods. */
enum rs_code rs_validation_json(
	struct rs_ctx *ctx, const struct rs_validation *validation, json_t **out) RS_CHECK;

struct rs_validation_filter {
	json_t *value;      /* rs_names_sought(); NULL = any */
	json_t *status;     /* array of states; NULL = any */
	const char *method; /* NULL = any */
	struct rs_id enterprise_id;
};
enum rs_code rs_validation_list(struct rs_ctx *ctx, const struct rs_validation_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;

/* --- trying --- */
/*
 * Tries a pending validation now; of a method by mail: looks for somebody to write to, or sends the
 * mails again (RS_RESEND_LIMIT after 5 times). RS_WRONG_STATE when it has ended, RS_RATE_LIMITED with Retry-After
 * when the last attempt is less than 10 s old. RS_OK also when the attempt failed: see out->status.
 *
 * Of both: revision is If-Match (-1 = any), RS_PRECONDITION_FAILED; faults, of the body (NULL = none), are told
 * once the caller may do this and the state allows it, RS_VALIDATION_FAILED.
 */
enum rs_code rs_validation_verify(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *faults, struct rs_validation *out) RS_CHECK;
enum rs_code rs_validation_cancel(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *faults, struct rs_validation *out) RS_CHECK;

/* --- the answer to a mail, without a sign-in --- */
/* What the page says. */
struct rs_validation_asked {
	const char *identifier, *enterprise, *requester;
	int64_t expires_at;
	bool open; /* it waits for an answer */
};
/* RS_NOT_FOUND for an unknown one and for one that is not by mail. Changes nothing. */
enum rs_code rs_validation_asked(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation_asked *out) RS_CHECK;
/*
 * {token, decision: confirm | refuse}. RS_WRONG_STATE when it does not wait for an answer any more;
 * RS_VALIDATION_FAILED with a fault at /token, counted, for a token that is not of one of its mails.
 */
enum rs_code rs_validation_answer(struct rs_ctx *ctx, const struct rs_id *id, json_t *body,
	struct rs_validation *out) RS_CHECK;

/* --- what a request needs --- */
/* Those of the enterprise, pending or valid, that cover one of the names (rs_names_domains()). */
enum rs_code rs_validation_covering(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const json_t *names, struct rs_validation **out, size_t *count) RS_CHECK;
/* Whether it covers this very name: identifier, subdomains and wildcard by the method. */
bool rs_validation_covers(const struct rs_validation *validation, const json_t *name);
/* Until when a valid one counts (microseconds): validated_at + the least of the three limits. */
int64_t rs_validation_until(struct rs_ctx *ctx, const struct rs_validation *validation,
	const struct rs_ruleset *rules, const struct rs_profile *profile);

/* --- jobs --- */
/* Ends what is out of time: pending ones as invalid, valid ones as expired. */
enum rs_code rs_validation_expire(struct rs_ctx *ctx, int *count) RS_CHECK;

#endif
