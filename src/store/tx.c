/* Reads of one statement, transactions of several, and use cases that are run again. */
#include "internal.h"

#include "rs/clock.h"
#include "rs/id.h"

#include <string.h>
#include <unistd.h>

#define RETRIES_MAX 3
/* What a rollback may take when the deadline is over; after that the connection is dropped. */
#define ROLLBACK_MS 500

struct rs_tx {
	struct rs_conn *conn;
	enum rs_reach reach;
	bool begun;
	enum rs_code failed; /* what the first failing statement said; the rest is refused with it */
	bool again;          /* it was a serialization failure or a deadlock */
};

const char *rs_reach_of(const struct rs_ctx *ctx, enum rs_reach reach)
{
	if (reach == RS_REACH_JOB || ctx->actor.platform)
		return "*"; /* what the policies take for all enterprises */
	return ctx->actor.enterprise.s; /* "" for nobody: nothing is visible */
}

struct rs_step rs_reach_step(struct rs_ctx *ctx, enum rs_reach reach, struct rs_params *storage)
{
	int64_t left = rs_wire_deadline(ctx) - rs_clock_mono_ms();

	*storage = rs_params(ctx);
	rs_p_text(storage, rs_reach_of(ctx, reach));
	rs_p_int(storage, (left > 0 ? left : 0) + RS_STORE_GRACE_MS);
	return (struct rs_step){.slot = RS_SLOT_REACH, .params = storage};
}

/* The last step is the statement that was asked for. */
static enum rs_code keep_last(struct rs_ctx *ctx, struct rs_step *steps, int count,
	struct rs_rows **rows)
{
	for (int i = 0; i < count - 1; i++)
		PQclear(steps[i].result);
	if (rows)
		*rows = rs_rows_keep(
			ctx, steps[count - 1].slot, rs_share_all(steps[count - 1].result));
	else
		PQclear(steps[count - 1].result);
	return RS_OK;
}

enum rs_code rs_one_row(struct rs_ctx *ctx, const struct rs_rows *rows)
{
	if (rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_NOT_FOUND, "There is no such thing here.");
	return RS_OK;
}

static enum rs_code one_trip(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_step *query,
	bool relaxed, struct rs_rows **rows)
{
	struct rs_step steps[3];
	struct rs_params storage;
	struct rs_conn *conn;
	int count = 0;
	enum rs_code rc = rs_conn_take(ctx, reach, &conn);

	if (rc != RS_OK)
		return rc;
	steps[count++] = rs_reach_step(ctx, reach, &storage);
	if (relaxed)
		steps[count++] = (struct rs_step){.slot = RS_SLOT_RELAXED};
	steps[count++] = *query;
	rc = rs_wire_run(ctx, conn, steps, count, NULL);
	rs_conn_give(conn);
	if (rc != RS_OK)
		return rc;
	return keep_last(ctx, steps, count, rows);
}

enum rs_code rs_read_step(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_step *step,
	struct rs_rows **rows)
{
	return one_trip(ctx, reach, step, false, rows);
}

enum rs_code rs_read(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_step step = {.slot = RS_SLOT_QUERIES + (int)query, .params = params};

	return one_trip(ctx, reach, &step, false, rows);
}

enum rs_code rs_read_relaxed(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_step step = {.slot = RS_SLOT_QUERIES + (int)query, .params = params};

	return one_trip(ctx, reach, &step, true, rows);
}

enum rs_code rs_read_one(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_rows *got;
	enum rs_code rc = rs_read(ctx, reach, query, params, &got);

	if (rc != RS_OK)
		return rc;
	if (rows)
		*rows = got;
	return rs_one_row(ctx, got);
}

enum rs_code rs_tx_begin(struct rs_ctx *ctx, enum rs_reach reach, struct rs_tx **out)
{
	struct rs_tx *tx = rs_new(ctx->arena, struct rs_tx);
	enum rs_code rc = rs_conn_take(ctx, reach, &tx->conn);

	tx->reach = reach;
	*out = rc == RS_OK ? tx : NULL;
	return rc;
}

/* BEGIN goes out with the first statement. */
enum rs_code rs_tx_run(struct rs_ctx *ctx, struct rs_tx *tx, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_step steps[3];
	struct rs_params storage;
	char sqlstate[6] = "";
	int count = 0;
	enum rs_code rc;

	if (tx->failed != RS_OK)
		return tx->failed;
	if (!tx->begun) {
		steps[count++] = (struct rs_step){.slot = RS_SLOT_BEGIN};
		steps[count++] = rs_reach_step(ctx, tx->reach, &storage);
		tx->begun = true;
	}
	steps[count++] =
		(struct rs_step){.slot = RS_SLOT_QUERIES + (int)query, .params = params};
	rc = rs_wire_run(ctx, tx->conn, steps, count, sqlstate);
	if (rc != RS_OK) {
		tx->failed = rc;
		tx->again = rs_sqlstate_retry(sqlstate);
		return rc;
	}
	return keep_last(ctx, steps, count, rows);
}

enum rs_code rs_tx_one(struct rs_ctx *ctx, struct rs_tx *tx, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_rows *got;
	enum rs_code rc = rs_tx_run(ctx, tx, query, params, &got);

	if (rc != RS_OK)
		return rc;
	if (rows)
		*rows = got;
	return rs_one_row(ctx, got);
}

static void release(struct rs_tx **tx)
{
	rs_conn_give((*tx)->conn);
	(*tx)->conn = NULL;
	*tx = NULL;
}

enum rs_code rs_tx_commit(struct rs_ctx *ctx, struct rs_tx **tx)
{
	struct rs_step step = {.slot = RS_SLOT_COMMIT};
	struct rs_tx *t = *tx;
	char sqlstate[6] = "";
	enum rs_code rc = t->failed;

	if (rc != RS_OK) {
		rs_tx_end(tx);
		return rc;
	}
	if (t->begun) {
		rc = rs_wire_run(ctx, t->conn, &step, 1, sqlstate);
		t->again = rs_sqlstate_retry(sqlstate);
		if (rc == RS_OK && strcmp(PQcmdStatus(step.result), "COMMIT") != 0)
			rc = rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
		PQclear(step.result);
	}
	release(tx);
	return rc;
}

/* Rolls back without disturbing the error that led here. */
static void roll_back(struct rs_tx *tx)
{
	struct rs_ctx quiet = *tx->conn->owner;
	struct rs_step step = {.slot = RS_SLOT_ROLLBACK};
	int64_t least = rs_clock_mono_ms() + ROLLBACK_MS;

	memset(&quiet.err, 0, sizeof quiet.err);
	if (quiet.deadline_ms < least)
		quiet.deadline_ms = least;
	if (rs_wire_run(&quiet, tx->conn, &step, 1, NULL) == RS_OK)
		PQclear(step.result);
	else if (tx->conn->pg)
		rs_wire_drop(tx->conn);
	rs_err_reset(&quiet.err);
}

void rs_tx_end(struct rs_tx **tx)
{
	if (!*tx)
		return;
	if ((*tx)->begun && (*tx)->conn->pg)
		roll_back(*tx);
	release(tx);
}

/* 5 to 50 ms, more with each attempt: the two that clashed should not meet again. */
static void pause_before(int attempt)
{
	unsigned char noise;

	rs_random(&noise, 1);
	usleep((useconds_t)((5 + noise % 20) * 1000 * attempt));
}

enum rs_code rs_tx_use(struct rs_ctx *ctx, enum rs_reach reach,
	enum rs_code (*work)(struct rs_ctx *ctx, struct rs_tx *tx, void *arg), void *arg)
{
	for (int attempt = 1;; attempt++) {
		rs_auto_tx tx = NULL;
		enum rs_code rc = rs_tx_begin(ctx, reach, &tx);
		const struct rs_tx *seen = tx;

		if (rc != RS_OK)
			return rc;
		rc = work(ctx, tx, arg);
		if (rc == RS_OK)
			rc = rs_tx_commit(ctx, &tx);
		if (rc == RS_OK || !seen->again || attempt > RETRIES_MAX)
			return rc;
		rs_tx_end(&tx);
		rs_err_reset(&ctx->err);
		ctx->app->store->retries++;
		pause_before(attempt);
	}
}
