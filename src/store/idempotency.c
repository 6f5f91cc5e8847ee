#include "rs/idempotency.h"

#include "internal.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/log.h"

#include <stdio.h>
#include <string.h>

/* A claim that met another one, or another key of the ring, is tried again. */
#define TRIES_MAX 3
#define SECOND	  INT64_C(1000000)

/* The row that answered the claim. */
struct row {
	bool won;
	const char *state;
	struct rs_bytes fingerprint;
	const char *kid;
	const char *lease;
	const char *object_type;
	struct rs_id object_id;
	int64_t status;
	json_t *headers;
	struct rs_bytes body;
};

static const struct rs_field ROW[] = {
	RS_FIELD(struct row, won, RS_T_BOOL),
	RS_FIELD(struct row, state, RS_T_STRING),
	RS_FIELD(struct row, fingerprint, RS_T_BYTES),
	RS_FIELD(struct row, kid, RS_T_STRING),
	RS_FIELD(struct row, lease, RS_T_STRING),
	RS_FIELD(struct row, object_type, RS_T_STRING),
	RS_FIELD(struct row, object_id, RS_T_ID),
	RS_FIELD(struct row, status, RS_T_INT),
	RS_FIELD(struct row, headers, RS_T_JSON),
	RS_FIELD(struct row, body, RS_T_BYTES),
	RS_FIELD_END,
};

static bool key_ok(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x20 || key[i] > 0x7e)
			return false;
	return len > 0 && len <= RS_IDEM_KEY_MAX;
}

/* Without a caller the scope is the address, as an id made of its hash, under no enterprise. */
static void set_scope(struct rs_ctx *ctx, struct rs_idem *idem)
{
	unsigned char hash[32];
	char hex[65];

	idem->reach = RS_REACH_CALLER;
	if (ctx->actor.kind != RS_ACTOR_NONE) {
		idem->enterprise = rs_arena_strdup(ctx->arena, ctx->actor.enterprise.s);
		idem->actor = rs_arena_strdup(ctx->arena, ctx->actor.id.s);
		return;
	}
	rs_sha256(ctx->address, strlen(ctx->address), hash);
	rs_hex(hash, sizeof hash, hex);
	idem->enterprise = "00000000-0000-0000-0000-000000000000";
	idem->actor = rs_arena_printf(ctx->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		hex + 12, hex + 16, hex + 20);
	idem->reach = RS_REACH_JOB;
}

/* The columns of the row's key: the first five parameters of every statement. */
static struct rs_params scope_params(struct rs_ctx *ctx, const struct rs_idem *idem)
{
	struct rs_params p = rs_params(ctx);

	rs_p_text(&p, idem->enterprise);
	rs_p_text(&p, idem->actor);
	rs_p_text(&p, idem->method);
	rs_p_text(&p, idem->path);
	rs_p_text(&p, idem->key);
	return p;
}

/* One attempt under the given kid; *found says whether a row came. */
static enum rs_code try_claim(struct rs_ctx *ctx, const struct rs_idem *idem, const char *kid,
	const unsigned char fingerprint[RS_MAC_LEN], struct row *row, bool *found)
{
	struct rs_params p = scope_params(ctx, idem);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_bytes(&p, fingerprint, RS_MAC_LEN);
	rs_p_text(&p, kid);
	rs_p_time(&p, now);
	rs_p_time(&p, now + RS_IDEM_KEPT_S * SECOND);
	rs_p_int(&p, RS_IDEM_LEASE_S);
	rc = rs_read_relaxed(ctx, idem->reach, RS_Q_idem_claim, &p, &rows);
	*found = rc == RS_OK && rs_rows_count(rows) > 0;
	return *found ? rs_row_read(ctx, rows, 0, ROW, row) : rc;
}

/* What a row that is not ours means. */
static enum rs_code judge(struct rs_ctx *ctx, struct rs_idem *idem, const struct row *row)
{
	enum rs_code rc;

	if (strcmp(row->state, "answered") != 0) {
		rc = rs_fail(ctx, RS_IDEMPOTENCY_IN_PROGRESS,
			"The first request with this Idempotency-Key still runs; ask again in a "
			"moment.");
		ctx->err.retry_after = 1; /* most requests take less, whatever the lease says */
		return rc;
	}
	if (row->status == 0)
		return rs_fail(ctx, RS_IDEMPOTENCY_SECRET_ANSWER,
			"This was done before; its answer held a secret and was not kept. Use a "
			"new Idempotency-Key to do it again.");
	idem->state = RS_IDEM_REPLAY;
	idem->status = row->status;
	idem->headers = row->headers;
	idem->body = row->body;
	return RS_OK;
}

static void take(struct rs_idem *idem, const struct row *row)
{
	idem->lease = row->lease;
	if (strcmp(row->state, "effect") != 0)
		return;
	idem->state = RS_IDEM_EFFECT;
	idem->object_type = row->object_type;
	idem->object = row->object_id;
}

/*
 * The row says which key its fingerprint was made with: after a rotation the body is compared, and a
 * lapsed claim taken over, under that one.
 */
static enum rs_code claim(struct rs_ctx *ctx, struct rs_idem *idem, const void *body, size_t len)
{
	const struct rs_keyring *ring = ctx->keyring;
	const char *kid = rs_keyring_active(ring);

	for (int i = 0; i < TRIES_MAX; i++) {
		unsigned char print[RS_MAC_LEN];
		struct row row = {0};
		bool found;
		enum rs_code rc;

		if (!rs_keyring_mac_kid(ring, RS_KEY_IDEMPOTENCY, kid, body, len, print))
			break;
		rc = try_claim(ctx, idem, kid, print, &row, &found);
		if (rc != RS_OK)
			return rc;
		if (!found)
			continue;
		if (row.won) {
			take(idem, &row);
			return RS_OK;
		}
		if (strcmp(row.kid, kid) != 0) {
			kid = row.kid;
			continue;
		}
		if (row.fingerprint.len != RS_MAC_LEN ||
			!rs_equal(row.fingerprint.data, print, RS_MAC_LEN))
			return rs_fail(ctx, RS_IDEMPOTENCY_KEY_REUSED,
				"This Idempotency-Key was used with another body; every new "
				"request needs a new key.");
		return judge(ctx, idem, &row);
	}
	return rs_fail(ctx, RS_IDEMPOTENCY_IN_PROGRESS,
		"Another request with this Idempotency-Key is just beginning; ask again in a "
		"moment.");
}

enum rs_code rs_idem_claim(struct rs_ctx *ctx, const char *method, const char *path,
	const char *key, const void *body, size_t len)
{
	struct rs_idem *idem = rs_new(ctx->arena, struct rs_idem);
	enum rs_code rc;

	if (!key_ok(key))
		return rs_fail(ctx, RS_IDEMPOTENCY_KEY_INVALID,
			"Idempotency-Key is 1 to %d printable ASCII characters.", RS_IDEM_KEY_MAX);
	set_scope(ctx, idem);
	idem->method = method;
	idem->path = rs_arena_strdup(ctx->arena, path);
	idem->key = rs_arena_strdup(ctx->arena, key);
	rc = claim(ctx, idem, body ? body : "", body ? len : 0);
	if (rc == RS_OK)
		ctx->idem = idem;
	return rc;
}

void rs_p_idem(struct rs_params *p)
{
	const struct rs_idem *idem = p->ctx->idem;
	json_t *claim;

	if (!idem || idem->reach != RS_REACH_CALLER) {
		rs_p_null(p);
		return;
	}
	claim = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "enterprise_id", idem->enterprise,
		"actor_id", idem->actor, "method", idem->method, "path", idem->path, "key",
		idem->key, "lease", idem->lease);
	rs_p_json(p, claim);
	json_decref(claim);
}

enum rs_code rs_idem_effect(struct rs_ctx *ctx, struct rs_tx *tx, const char *object_type,
	const struct rs_id *object)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	if (!ctx->idem || ctx->idem->reach != RS_REACH_CALLER)
		return RS_OK; /* nobody's transaction cannot see the row; what nobody does is no change */
	rs_p_idem(&p);
	rs_p_text(&p, object_type);
	rs_p_id(&p, object);
	rc = rs_tx_run(ctx, tx, RS_Q_idem_effect, &p, &rows);
	if (rc != RS_OK || rs_row_bool(rows, 0, "held"))
		return rc;
	return rs_fail(ctx, RS_IDEMPOTENCY_IN_PROGRESS,
		"This took so long that a repeated request took over; ask again in a moment.");
}

/* Runs what ends a claim; ctx->err stays as it is, since the answer is made already. */
static void end_claim(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *p)
{
	struct rs_ctx own = *ctx;
	int64_t least = rs_clock_mono_ms() + 1000;

	memset(&own.err, 0, sizeof own.err);
	if (own.deadline_ms < least)
		own.deadline_ms = least;
	if (rs_read_relaxed(&own, ctx->idem->reach, query, p, NULL) != RS_OK)
		rs_log(ctx, RS_LOG_WARN, "idempotency.lost", rs_log_str(CAUSE, own.err.cause));
	rs_err_reset(&own.err);
}

void rs_idem_answer(struct rs_ctx *ctx, int status, const json_t *headers, struct rs_bytes body,
	bool secret)
{
	struct rs_params p;

	if (!ctx->idem || ctx->idem->state == RS_IDEM_REPLAY)
		return;
	p = scope_params(ctx, ctx->idem);
	rs_p_text(&p, ctx->idem->lease);
	if (secret) {
		rs_p_null(&p);
		rs_p_null(&p);
		rs_p_null(&p);
	} else {
		rs_p_int(&p, status);
		rs_p_json(&p, headers);
		rs_p_bytes(&p, body.data ? body.data : (const unsigned char *)"", body.len);
	}
	end_claim(ctx, RS_Q_idem_answer, &p);
}

void rs_idem_release(struct rs_ctx *ctx)
{
	struct rs_params p;

	if (!ctx->idem || ctx->idem->state != RS_IDEM_FRESH)
		return;
	p = scope_params(ctx, ctx->idem);
	rs_p_text(&p, ctx->idem->lease);
	end_claim(ctx, RS_Q_idem_release, &p);
}

enum rs_code rs_idem_cleanup(struct rs_ctx *ctx)
{
	return rs_clean(ctx, RS_Q_idem_cleanup);
}
