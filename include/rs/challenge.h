/*
 * Second-factor challenges: one try at one mechanism, bound to one user and one thing to be done.
 *
 * A challenge is made for an operation: `reissue` (a request that is `authenticating`), `approve` (a
 * request under review), `revoke` (a certificate), `enrol` (a profile), `account` (the user's own
 * factors). It is bound to the user who has to pass it, to the object, to the request's round and
 * digest, to the token that made it, and to a snapshot of the profile's option: what is configured
 * later does not change it. At most one lives for an operation, object and user; a new one supersedes
 * it. What a request's reopening, edit or end invalidates is ended by a trigger in the transaction of
 * that change, whichever way it came.
 *
 *	created ──▶ pending ──right──▶ consumed (reissue) | verified ──redeemed──▶ consumed
 *	            pending ──▶ locked, expired, superseded, invalidated, cancelled, delivery_failed
 *	            pending ──the IdP came back──▶ returned | rejected;  returned ──complete──▶ as right
 *
 * Every granting step is ONE conditional statement. An answer is counted, durably, before it is
 * looked at: neither parallel calls nor a crash win a guess. A right answer for a reissue moves the
 * request on in the statement that consumes the challenge (reissue.h); the other operations get a
 * challenge that is `verified` for two minutes, which the statement of their effect consumes.
 *
 * What differs between the mechanisms is in factor.h; a mechanism judges an answer and never touches
 * a challenge's state. Codes, tokens and destinations stand in no column in clear.
 */
#ifndef RS_CHALLENGE_H
#define RS_CHALLENGE_H

#include "rs/json.h"
#include "rs/list.h"
#include "rs/secret.h"
#include "rs/store.h"

struct rs_factor;
struct rs_connector;
struct rs_reissue;

#define RS_CHALLENGE_TOKEN_LEN 43 /* base64url of 256 bits: handles, states, results */

/* One challenge: the columns of challenge, and what was opened or loaded for it. */
struct rs_challenge {
	struct rs_id id, enterprise_id, user_id;
	const char *operation; /* reissue, approve, revoke, enrol, account */
	struct rs_id request_id, certificate_id, profile_id; /* the object; the others unset */
	int64_t round;
	struct rs_bytes digest;       /* of the request; 32 bytes, or none */
	const char *mechanism;        /* a row of factor.h */
	const char *style;            /* code, password, redirect */
	struct rs_id connector_id;    /* of saml, active_directory, azure_ad, oidc; or of the option */
	int64_t connector_revision;
	json_t *option;               /* the profile's option as it was: {mechanism, connector_id, otp...} */
	int64_t policy_revision;      /* of the profile it was taken from; 0: of no profile */
	bool on_behalf;               /* the profile lets officers answer for the owner */
	const char *summary;          /* what it approves, for people: "reissue of CN=..." */
	const char *status, *failure; /* failure: a problem's slug */
	int64_t attempts, attempts_max, resends, resends_max, digits;
	/* microseconds */
	int64_t created_at, updated_at, expires_at, resend_after, verified_until, attempted_at;
	struct rs_id token_id, actor_id; /* who made it */
	struct rs_bytes token_hash;      /* SHA-256 of the very token that made it */
	const char *return_url;
	json_t *destinations;         /* [{channel, masked, delivery}] */
	int64_t revision;
	struct rs_bytes private_sealed;
	const char *private_kid;
	/* for the mechanism */
	const struct rs_connector *connector; /* loaded and active, or NULL when it has none */
	const char *state;            /* redirects: 256 random bits as text: OIDC state, SAML RelayState */
	json_t *private_state;        /* redirects: what authorize() wanted kept; borrowed */
};

/* --- the life --- */
/*
 * Makes one: body {operation, reissue_request_id | certificate_id | profile_id, digest, mechanism,
 * connector_id, return_url}. RS_NOT_FOUND for an object the caller may not see, RS_WRONG_STATE,
 * RS_DIGEST_MISMATCH, RS_METHOD_NOT_CONFIGURED, RS_DESTINATION_*, RS_RATE_LIMITED, RS_SUBJECT_LOCKED.
 * *redirect_url (arena) is where the browser goes, or NULL: it is told once.
 */
enum rs_code rs_challenge_create(struct rs_ctx *ctx, json_t *body, struct rs_challenge *out,
	const char **redirect_url) RS_CHECK;
/* RS_CHALLENGE_NOT_FOUND, also for somebody else's. */
enum rs_code rs_challenge_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_challenge *out)
	RS_CHECK;
/* What the API shows; the caller owns it. redirect_url: as create told it, or NULL. */
json_t *rs_challenge_json(struct rs_ctx *ctx, const struct rs_challenge *c, const char *redirect_url);

/*
 * Judges an answer: body holds the mechanism's inputs. RS_OK: passed; for a reissue *request is the
 * request as it stands then (else its id is unset). RS_VALIDATION_FAILED for what cannot be an answer
 * (not counted), RS_OTP_INVALID and RS_CREDENTIALS_INVALID with "attempts_left", RS_CHALLENGE_LOCKED,
 * RS_SUBJECT_LOCKED, RS_CHALLENGE_EXPIRED and the like for an ended one, RS_*_UNAVAILABLE (not
 * counted).
 */
enum rs_code rs_challenge_verify(struct rs_ctx *ctx, const struct rs_id *id, json_t *body,
	struct rs_challenge *out, struct rs_reissue *request) RS_CHECK;
/*
 * Sends the codes again. RS_RESEND_TOO_SOON, RS_RESEND_LIMIT. Here and in cancel `faults` are those of the
 * body (rs_faults_take()) or NULL: told once right and state allow the call.
 */
enum rs_code rs_challenge_resend(struct rs_ctx *ctx, const struct rs_id *id, json_t *faults,
	struct rs_challenge *out) RS_CHECK;
enum rs_code rs_challenge_cancel(struct rs_ctx *ctx, const struct rs_id *id, json_t *faults,
	struct rs_challenge *out) RS_CHECK;
/*
 * What else ends challenges is done by the tables with the change itself; these put it on record. The
 * ones that live for a request, which is about to become another one: appended to events (borrowed).
 * but, or NULL, is the one that the change itself consumes.
 */
enum rs_code rs_challenge_voided(struct rs_ctx *ctx, const struct rs_id *request,
	const struct rs_id *but, const char *why, json_t *events) RS_CHECK;
/* The ones of a user who was blocked, or whose e-mail address changed, inside tx; why is for the record. */
enum rs_code rs_challenge_ended_with_user(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *user, const char *why) RS_CHECK;
/*
 * Ends what a user has under way by the mechanisms that `which` picks, inside tx, and puts it on record:
 * the identity or the number that they would prove has been taken away.
 */
enum rs_code rs_challenge_end_of(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *user,
	bool (*which)(const struct rs_factor *factor), const char *why) RS_CHECK;
/* The result a browser brought back, by the very token that made the challenge; as verify. */
enum rs_code rs_challenge_complete(struct rs_ctx *ctx, const struct rs_id *id, json_t *body,
	struct rs_challenge *out, struct rs_reissue *request) RS_CHECK;

/* --- what the other operations ask --- */
/*
 * The challenge that a call of the operation brings along: checked, and consumed by
 * rs_challenge_redeem() inside the transaction of the effect. id unset: RS_SECOND_FACTOR_REQUIRED with
 * what to do next as member "second_factor". options: the profile's for the operation.
 */
enum rs_code rs_challenge_demand(struct rs_ctx *ctx, const char *operation,
	const struct rs_id *object, const struct rs_id *id, const json_t *options) RS_CHECK;
/*
 * The audit event of a challenge being consumed by a statement that does so itself (reissue.h); as
 * rs_audit_row().
 */
json_t *rs_challenge_used(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_id *enterprise, const unsigned char *digest, const char *operation);
/* Consumes it: RS_CHALLENGE_WRONG_STATE when it is not verified, too old, or of something else. */
enum rs_code rs_challenge_redeem(struct rs_ctx *ctx, struct rs_tx *tx, const char *operation,
	const struct rs_id *object, const struct rs_id *id) RS_CHECK;

/* --- the way through a browser, without a token --- */
/* Where a handle leads: a URL, or a form that posts itself to `action`. Arena. */
struct rs_redirect {
	const char *url;    /* 303 to it; or NULL */
	const char *action; /* POST form: where to */
	json_t *fields;     /* POST form: object of texts; borrowed */
};
/* RS_GONE: used or too old. RS_IDP_UNAVAILABLE leaves the handle good. */
enum rs_code rs_challenge_follow(struct rs_ctx *ctx, const char *handle, struct rs_redirect *out)
	RS_CHECK;
/*
 * An IdP came back. params: object of texts, as sent ("state", "code", ... or "SAMLResponse",
 * "RelayState"); state: the value among them that names the challenge, or NULL. RS_OK: *url is where
 * the browser goes (return_url#challenge=...&result=... or &error=...), NULL: the result page, for
 * which *page tells {challenge, result | error}. Anything else: no live challenge, a page tells it;
 * RS_RATE_LIMITED when too much of that came from the address, then off the record.
 */
enum rs_code rs_challenge_returned(struct rs_ctx *ctx, const struct rs_id *connector,
	const char *state, json_t *params, const char **url, json_t **page) RS_CHECK;

/*
 * Puts on record that an IdP's answer was malformed, so that nobody's challenge can be looked for:
 * RS_BAD_REQUEST, or RS_RATE_LIMITED when too much of that came from the address, then off the record.
 */
enum rs_code rs_challenge_garbled(struct rs_ctx *ctx, const struct rs_id *connector) RS_CHECK;

/*
 * Something that is good once (a SAML assertion's id, a jti): RS_OK the first time, then
 * RS_REPLAY_DETECTED until `until` (microseconds). kind: a constant.
 */
enum rs_code rs_challenge_once(struct rs_ctx *ctx, const char *kind, const void *key, size_t len,
	int64_t until) RS_CHECK;

/*
 * Whether a user can be told by mail: asked before the transaction. *to becomes NULL where the enterprise
 * has no mail relay, or the address is none that mails go to; nobody is told then.
 */
enum rs_code rs_account_reachable(
	struct rs_ctx *ctx, const struct rs_id *enterprise, const char **to) RS_CHECK;
/*
 * Tells a user by mail, inside the transaction of the change, that something about its own factors has
 * changed: `happened` is a sentence without a secret. to: the address that was good before the change.
 */
enum rs_code rs_account_notice(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const struct rs_id *user, const char *to, const char *happened) RS_CHECK;
/*
 * Counts a message to a destination, over all users and enterprises; channel: email, sms.
 * RS_RATE_LIMITED.
 */
enum rs_code rs_challenge_count_message(
	struct rs_ctx *ctx, const char *channel, const char *destination) RS_CHECK;

/* --- jobs --- */
struct rs_job;
/* Sends one delivery of the outbox. */
enum rs_code rs_challenge_deliver_job(struct rs_ctx *ctx, const struct rs_job *job) RS_CHECK;
/* Ends what is past its time or was left half judged, wipes codes in flight, forgets old handles. */
enum rs_code rs_challenge_expire(struct rs_ctx *ctx, int *count) RS_CHECK;
/* Tells, by log and metric, the countries whose text messages of the last hour hardly ever passed. */
enum rs_code rs_challenge_watch_sms(struct rs_ctx *ctx) RS_CHECK;

#endif
