/*
 * Control validations: proofs that an enterprise controls a name, a mailbox or an address.
 *
 * A validation is for one identifier by one method (the table of src/domain/method.def). It is made
 * `pending` with instructions that can be pasted; an attempt looks whether they were followed. A
 * failed attempt is recorded and leaves the token as it is, so that nobody must publish a new record
 * because DNS was slow: attempts are 10 s apart, at most 50, within 7 days. The methods by mail are
 * known to the table and not offered yet.
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
	int64_t revision;
	int64_t created_at, updated_at, expires_at, next_attempt_at, validated_at, valid_until;
	bool wide;       /* dns_persist: the record covers names below and wildcards */
	int64_t ceiling; /* dns_persist: never counts beyond this; 0 = none */
};

/* --- making and reading --- */
/* {identifier: {type, value}, method, to?}: pending, with instructions. RS_METHOD_NOT_CONFIGURED for
 * the methods by mail. */
enum rs_code rs_validation_create(struct rs_ctx *ctx, json_t *body, struct rs_validation *out) RS_CHECK;
enum rs_code rs_validation_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
	RS_CHECK;
/* The representation; the caller owns *out. Instructions hold the token only while pending and only
 * for who may act on the validation, never for the mail methods. */
enum rs_code rs_validation_json(
	struct rs_ctx *ctx, const struct rs_validation *validation, json_t **out) RS_CHECK;

struct rs_validation_filter {
	const char *value, *status, *method; /* NULL = any */
	struct rs_id enterprise_id;
};
enum rs_code rs_validation_list(struct rs_ctx *ctx, const struct rs_validation_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;

/* --- trying --- */
/*
 * Tries a pending validation now. RS_WRONG_STATE when it has ended, RS_RATE_LIMITED with Retry-After
 * when the last attempt is less than 10 s old. RS_OK also when the attempt failed: see out->status.
 */
enum rs_code rs_validation_verify(struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
	RS_CHECK;
enum rs_code rs_validation_cancel(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
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
