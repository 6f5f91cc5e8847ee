/*
 * What the files of this folder share: loading a request, judging it, and storing a change with one
 * conditional statement.
 */
#ifndef REISSUE_IMPL_H
#define REISSUE_IMPL_H

#include "rs/agreement.h"
#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/csr.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/permission.h"
#include "rs/domain.h"
#include "rs/policy.h"
#include "rs/reissue.h"

#include <string.h>

/* A request read and judged. */
struct rs_case {
	struct rs_reissue request;
	struct rs_yardstick by;
	struct rs_judgement judged;
};

/* What is written beside the columns of the request. */
struct rs_change {
	const char *action;  /* of the audit event */
	const char *from;    /* states for the event, NULL when they do not change */
	const char *detail;  /* remarks */
	json_t *before, *after;
	struct rs_bytes csr; /* a new CSR */
	const char *key;     /* claim, release or NULL */
	json_t *approval;    /* a row of approval, or NULL */
	bool hide;
	bool revoke_previous; /* in the same transaction, for the compromise of its key */
	const struct rs_passed *passed; /* a factor that is consumed with it, or NULL */
	bool step; /* the use case goes on: this is not what an Idempotency-Key stands for */
};

/* Loads a request the caller may see, and its yardstick. judge: also what is missing. */
enum rs_code rs_case_load(struct rs_ctx *ctx, const struct rs_id *id, bool judge,
	struct rs_case *out) RS_CHECK;
/* Reads the row alone, asking nobody. */
enum rs_code rs_case_read(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_id *id,
	struct rs_reissue *out) RS_CHECK;
/* RS_PRECONDITION_FAILED when If-Match demands another revision; -1 = any. */
enum rs_code rs_case_match(struct rs_ctx *ctx, const struct rs_reissue *request, int64_t revision)
	RS_CHECK;

/*
 * Writes the request as it stands in *request, which was read with revision request->revision, and
 * raises that. RS_CONFLICT when somebody was faster: read again. RS_KEY_REUSED and RS_KEY_BLOCKED
 * from a claim.
 */
enum rs_code rs_case_store(struct rs_ctx *ctx, struct rs_reissue *request,
	struct rs_change *change) RS_CHECK;

/*
 * Runs a conditional statement on a request through the committer; waits when it is locked. revoke:
 * the previous certificate is revoked with it, if it changes anything.
 */
enum rs_code rs_case_commit(struct rs_ctx *ctx, const struct rs_reissue *request, bool revoke,
	enum rs_query query, const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
/* The refusal of a key claim: reused or blocked; never says whose the key is. */
enum rs_code rs_reissue_key_refused(struct rs_ctx *ctx, const char *claim) RS_CHECK;

/*
 * A use case: loads, lets work judge and change c->request, stores, reloads into *out. When somebody
 * was faster, again, at most 4 times. work returns RS_OK to store, or sets *done to answer without a
 * change. out may be NULL.
 */
struct rs_work {
	enum rs_code (*run)(struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change,
		void *arg, bool *done);
	void *arg;
	bool judge;
	bool step;        /* see struct rs_change */
	int64_t revision; /* If-Match, -1 = any */
};
enum rs_code rs_case_change(struct rs_ctx *ctx, const struct rs_id *id, const struct rs_work *work,
	struct rs_reissue *out) RS_CHECK;

/* Sets a state as the machine says: state, status, times, expires_at. */
void rs_case_move(struct rs_case *c, enum rs_rr_state to);
/* Reads a row of reissue_view into *out, which is zeroed, with its state and the digest of what it shows. */
enum rs_code rs_case_row(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	struct rs_reissue *out) RS_CHECK;
/* Computes the digest anew after a change of content. */
void rs_case_content(struct rs_ctx *ctx, struct rs_case *c);

/* What an edit does: the machine's row, a new round after a decline, a new digest, the event. */
void rs_case_edited(struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change,
	const char *action);

json_t *rs_reissue_validity_json(struct rs_ctx *ctx, const struct rs_validity *validity);
/* remaining or full, by the state of the old certificate. */
json_t *rs_reissue_default_validity(struct rs_ctx *ctx, const struct rs_reissue *request,
	int64_t now);
/* The validity as asked. */
void rs_reissue_validity(const struct rs_reissue *request, struct rs_validity *out);
/* Whether the state is one that a submit leads to. */
bool rs_reissue_submitted(enum rs_rr_state state);
/* Whether the caller has approved this very content in this round, and that led to this state. */
bool rs_reissue_approved(struct rs_ctx *ctx, const struct rs_reissue *request);
/* Whether the accepted agreement still holds in this state. */
bool rs_reissue_agreement_holds(const struct rs_reissue *request);
/* The kind of the request's key, RS_KEY_NONE without one. */
enum rs_key_kind rs_reissue_key_kind(const struct rs_reissue *request);
/* challenge, operation and who passed it, as the last three parameters of a statement. */
void rs_case_passed_params(struct rs_params *params, const struct rs_passed *passed);
/*
 * The audit events of a change that leads to what request is now, for such a statement: event, the
 * challenge that was passed, those that end with it. An array, borrowed.
 */
enum rs_code rs_case_events(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_change *change, const struct rs_event *event, json_t **out) RS_CHECK;
/* The audit event of a change of this request. */
struct rs_event rs_reissue_event_of(const struct rs_reissue *request, const char *action);

/*
 * Puts what the caller sent into c->request: reason, message, subject, SAN, validity. Notes every
 * fault with rs_fault(): locked fields, names, ranges; the caller ends with rs_faults().
 */
void rs_reissue_take_content(struct rs_ctx *ctx, struct rs_case *c,
	const struct rs_reissue_input *input);
/* Accepts the agreement {agreement_id, version, language, sha256, accepted}, which the caller
 * sent at the pointer `at`, in the caller's name. */
enum rs_code rs_reissue_take_agreement(
	struct rs_ctx *ctx, struct rs_case *c, json_t *agreement, const char *at) RS_CHECK;
/*
 * Parses and checks a CSR and puts its key into c->request; change gets the CSR and the claim. *same
 * when it is the key the request has already.
 */
enum rs_code rs_reissue_take_csr(struct rs_ctx *ctx, struct rs_case *c, const void *data,
	size_t len, struct rs_change *change, bool *same) RS_CHECK;

/* What will happen to the previous certificate, as of now. */
struct rs_previous {
	const char *action; /* keep, revoke_on_issue, revoke_after_days, revoke_on_submit */
	const char *reason; /* CRL reason or NULL */
	int64_t days;
	int64_t due_at;     /* of revoke_after_days, if the certificate is issued now; else 0 */
};
/* The state of the old certificate as eligibility looks at it: suspended, expired, issued, revoked. */
const char *rs_reissue_eligible_state(const struct rs_reissue *request, int64_t now);
/* Adds "conflicting_resource" to the error. */
void rs_reissue_conflicting(struct rs_ctx *ctx, const char *id, const char *status);
struct rs_previous rs_reissue_previous(const struct rs_reissue *request,
	const struct rs_profile *profile, int64_t now);

/* --- representation --- */
/* The parts that lists leave out. */
enum rs_part {
	RS_PART_STEPS = 1 << 0,
	RS_PART_CHECKS = 1 << 1,
	RS_PART_DOMAINS = 1 << 2,
	RS_PART_APPROVALS = 1 << 3,
	RS_PART_BLOCKERS = 1 << 4,
	RS_PARTS_ALL = (1 << 5) - 1,
};
/* A judged request as JSON; the caller owns it. */
json_t *rs_reissue_render(struct rs_ctx *ctx, struct rs_case *c, unsigned parts);
/* key and previous_certificate of the representation; the caller owns them. */
json_t *rs_reissue_key_json(struct rs_ctx *ctx, const struct rs_reissue *request);
json_t *rs_reissue_previous_json(const struct rs_case *c);

#endif
