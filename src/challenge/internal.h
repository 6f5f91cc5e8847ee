/* What the files of this folder share. */
#ifndef CHALLENGE_INTERNAL_H
#define CHALLENGE_INTERNAL_H

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/challenge.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/factor.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/reissue.h"

#include <string.h>

#define RS_SECOND_US INT64_C(1000000)
#define RS_VERIFIED_US (120 * RS_SECOND_US) /* verified is no session */
#define RS_HANDLE_US   (60 * RS_SECOND_US)
#define RS_RESULT_US   (120 * RS_SECOND_US)

/* What a challenge is to be made for, found and judged: who may, whether the state asks for one. */
struct rs_binding {
	const char *operation;
	struct rs_id object;         /* request, certificate, profile or user */
	struct rs_id user, enterprise;
	const json_t *options;       /* the policy of the operation */
	int64_t policy_revision;
	bool on_behalf;
	const char *summary;
	/* reissue, approve */
	bool of_request;
	int64_t round;
	struct rs_bytes digest;
	json_t *states;              /* the request's, in which it may be made */
};

struct rs_challenge_input {
	const char *operation, *mechanism, *return_url;
	struct rs_id reissue_request_id, certificate_id, profile_id, connector_id;
	struct rs_bytes digest;
};

/* Finds and judges what the body names. */
enum rs_code rs_challenge_bind(struct rs_ctx *ctx, const struct rs_challenge_input *in,
	struct rs_binding *out) RS_CHECK;

/* --- reading --- */
/* Reads one, whoever asks: reach says whose rows are seen. RS_CHALLENGE_NOT_FOUND. */
enum rs_code rs_challenge_read(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_id *id,
	struct rs_challenge *out) RS_CHECK;
/* Reads one that the caller may see, and judges the action on it (a row of permission.def). */
enum rs_code rs_challenge_load(struct rs_ctx *ctx, const struct rs_id *id, const char *action,
	struct rs_challenge *out) RS_CHECK;
/*
 * What somebody is told who wants to do something with a challenge that is another one's, or (its id
 * unset) none: that there is none. On record in both cases, so that they take the same time.
 */
enum rs_code rs_challenge_strange(struct rs_ctx *ctx, const struct rs_challenge *c) RS_CHECK;
/*
 * The enterprise by which permissions are judged: whoever has to pass acts for itself, also where the
 * thing to be done is another enterprise's (an administrator of the platform).
 */
const struct rs_id *rs_challenge_home(const struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_id *enterprise);
bool rs_challenge_live(const struct rs_challenge *c);
/* Whether a live challenge is past its time, though nobody has said so yet. */
bool rs_challenge_overdue(const struct rs_challenge *c, int64_t now);
/* What an answer to a challenge that takes none gets: expired, superseded, locked, wrong state. */
enum rs_code rs_challenge_refuse(struct rs_ctx *ctx, const struct rs_challenge *c) RS_CHECK;
/* The row of the mechanism; RS_METHOD_NOT_CONFIGURED when it is not built in any more. */
enum rs_code rs_challenge_factor(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor **out) RS_CHECK;
/* Loads c->connector when the mechanism has one; RS_METHOD_NOT_CONFIGURED when it is off or gone. */
enum rs_code rs_challenge_connect(struct rs_ctx *ctx, const struct rs_factor *factor,
	struct rs_challenge *c) RS_CHECK;
/* The same when an answer comes: also of those that send its codes, whichever of several did. */
enum rs_code rs_challenge_connected(struct rs_ctx *ctx, const struct rs_factor *factor,
	struct rs_challenge *c) RS_CHECK;

/* --- trail --- */
struct rs_event rs_challenge_event(const struct rs_challenge *c, const char *action);
/* Puts on record that a challenge was refused something with rc, which it hands back. */
enum rs_code rs_challenge_denied(
	struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_code rc) RS_CHECK;

/* Tells the user by mail; what cannot be told is logged. */
void rs_challenge_tell(struct rs_ctx *ctx, const struct rs_challenge *c, const char *happened);

/* --- limits --- */
/* RS_SUBJECT_LOCKED with retry_after while the user's second factor is locked. */
enum rs_code rs_challenge_not_locked(struct rs_ctx *ctx, const struct rs_id *user) RS_CHECK;
/* Counts a new challenge of its user, and of the caller's address. */
enum rs_code rs_challenge_count(struct rs_ctx *ctx, const struct rs_id *user) RS_CHECK;
/* Counts a message to a destination, known by its MAC (RS_MAC_LEN) alone. */
enum rs_code rs_challenge_count_destination(
	struct rs_ctx *ctx, const char *channel, const void *destination_mac) RS_CHECK;

/* --- codes and the outbox --- */
/* Counts the messages that a new challenge, or a resend of one, is about to send. */
enum rs_code rs_challenge_count_new(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_subject *subject) RS_CHECK;
enum rs_code rs_challenge_count_again(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_challenge *c) RS_CHECK;
/* Makes the codes of a new challenge and puts their messages into the outbox. */
enum rs_code rs_challenge_send(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const struct rs_factor *factor, const struct rs_subject *subject) RS_CHECK;
/* Sends them again: the same code while more than half of the life is left, else a new one. */
enum rs_code rs_challenge_send_again(struct rs_ctx *ctx, struct rs_tx *tx,
	const struct rs_challenge *c, const struct rs_factor *factor) RS_CHECK;
/* Seconds until the next message may be asked for, after so many resends. */
int64_t rs_challenge_pause_s(const struct rs_factor *factor, int64_t resends);

/* --- the granting step --- */
/* How an attempt ended, on record before the granting step. wrong: counts as such. */
enum rs_code rs_challenge_judged(struct rs_ctx *ctx, const struct rs_challenge *c,
	const char *outcome, enum rs_code code, const struct rs_verdict *verdict, bool wrong,
	bool *locked) RS_CHECK;
/* Grants: the reissue request moves on, or the challenge is verified. */
enum rs_code rs_challenge_grant(struct rs_ctx *ctx, const struct rs_challenge *c,
	struct rs_reissue *request) RS_CHECK;

/* --- handles --- */
/* Rejects the challenges whose IdP came back to a process that died on the answer. */
enum rs_code rs_challenge_end_stranded(struct rs_ctx *ctx) RS_CHECK;
/* A new one for a challenge inside tx; *out (arena) is the text. */
enum rs_code rs_handle_make(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *kind, int64_t until, const char **out) RS_CHECK;

#endif
