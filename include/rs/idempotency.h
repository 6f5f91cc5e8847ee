/*
 * Idempotency-Key: the same request again gives the same answer and no second effect.
 *
 * A key is a row scoped by caller, method and path, and goes through three states:
 *
 *	claimed   committed before anything else happens; held by a lease of 30 s
 *	effect    set by the transaction of the effect itself, with the id of what it made
 *	answered  the rendered answer, kept for 24 h after the claim
 *
 * Answers are rendered after the effect is committed, so a crash may leave a key at `effect`: the
 * effect happened, the answer was never stored. Whoever comes next with the key takes the lapsed
 * claim over and gets RS_IDEM_EFFECT with the object: the server then renders that object as the
 * route would have, instead of running the effect again. A crash before the effect leaves `claimed`:
 * taken over, the route runs as if nothing had been. A claimant that was so slow that its lease was
 * taken over cannot commit any more: rs_idem_effect() fails its transaction.
 *
 * The server claims before the handler and stores or frees after it; a domain call that makes or
 * changes something says so inside its transaction by one line, harmless without a key:
 *
 *	rc = rs_idem_effect(ctx, tx, "reissue_request", &request.id);
 *
 * Statements of the committer take rs_p_idem() as a parameter and call SQL's idem_effect() with it.
 *
 * Claim and answer do not wait for the disk: the effect's own commit flushes what came before it,
 * and what a crash takes from a key without an effect is nothing that happened.
 */
#ifndef RS_IDEMPOTENCY_H
#define RS_IDEMPOTENCY_H

#include "rs/store.h"

#define RS_IDEM_KEY_MAX	 255 /* printable ASCII */
#define RS_IDEM_LEASE_S	 30
#define RS_IDEM_KEPT_S	 86400

enum rs_idem_state {
	RS_IDEM_FRESH,	/* run the route */
	RS_IDEM_EFFECT, /* it ran: render object */
	RS_IDEM_REPLAY, /* give the stored answer */
};

struct rs_idem {
	enum rs_idem_state state;
	/* RS_IDEM_EFFECT */
	const char *object_type;
	struct rs_id object;
	/* RS_IDEM_REPLAY */
	int64_t status;
	json_t *headers; /* object name -> value, or NULL */
	struct rs_bytes body;
	/* the claim */
	const char *enterprise, *actor, *method, *path, *key;
	const char *lease; /* names this claim: a later one has another */
	enum rs_reach reach;
};

/*
 * Claims the key of a request and hangs it on ctx->idem. path is the path with its query; body what
 * the fingerprint is taken of. RS_OK (look at ctx->idem->state), RS_IDEMPOTENCY_KEY_INVALID,
 * RS_IDEMPOTENCY_KEY_REUSED (another body), RS_IDEMPOTENCY_IN_PROGRESS with retry_after,
 * RS_IDEMPOTENCY_SECRET_ANSWER, RS_UNAVAILABLE.
 */
enum rs_code rs_idem_claim(struct rs_ctx *ctx, const char *method, const char *path,
	const char *key, const void *body, size_t len) RS_CHECK;

/*
 * Marks, inside the effect's transaction, that it happened. RS_OK at once without a key;
 * RS_IDEMPOTENCY_IN_PROGRESS when the claim is not ours any more: the transaction must not commit.
 */
enum rs_code rs_idem_effect(struct rs_ctx *ctx, struct rs_tx *tx, const char *object_type,
	const struct rs_id *object) RS_CHECK;
/* The claim as one jsonb parameter for idem_effect($n, type, id); SQL null without a key. */
void rs_p_idem(struct rs_params *p);

/*
 * Stores the answer. secret: only the fact, replays get RS_IDEMPOTENCY_SECRET_ANSWER. What cannot be
 * stored is logged; the answer is given all the same.
 */
void rs_idem_answer(struct rs_ctx *ctx, int status, const json_t *headers, struct rs_bytes body,
	bool secret);
/* The request failed: the key is free again, unless its effect had been committed. */
void rs_idem_release(struct rs_ctx *ctx);

/* Job: forgets keys older than 24 h. */
enum rs_code rs_idem_cleanup(struct rs_ctx *ctx) RS_CHECK;

#endif
