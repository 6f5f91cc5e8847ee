/*
 * The wire: connecting, and one round trip with a deadline that holds even when the server is
 * stopped. A blocking libpq call has no such bound, so everything here is non-blocking plus poll().
 */
#include "internal.h"

#include "rs/clock.h"
#include "rs/metrics.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Limits the server keeps as well, so that work nobody waits for any more is cleaned up. One plan
 * for each statement (lists apart, RS_SLOT_CUSTOM): made for a set of one, it would be made anew
 * for every set of one. No sequential scans where an index serves: a kept plan lives as long as its
 * connection, and one made while a table was young would go on reading all of it.
 */
#define SESSION_OPTIONS                                                                            \
	"-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c synchronous_commit=on "           \
	"-c statement_timeout=31000 -c lock_timeout=3000 "                                         \
	"-c idle_in_transaction_session_timeout=15000 -c client_connection_check_interval=1000 "   \
	"-c jit=off -c row_security=on -c enable_seqscan=off "                                     \
	"-c plan_cache_mode=force_generic_plan"
/* How long a new connection may take to say which schema it has. */
#define CHECK_MS 2000

void rs_wire_drop(struct rs_conn *conn)
{
	PQfinish(conn->pg);
	conn->pg = NULL;
}

int64_t rs_wire_deadline(const struct rs_ctx *ctx)
{
	if (ctx->deadline_ms)
		return ctx->deadline_ms;
	return rs_clock_mono_ms() + RS_STORE_DEADLINE_MS;
}

static bool is_prepared(const struct rs_conn *conn, int slot)
{
	return conn->prepared[slot / 8] & (1 << (slot % 8));
}

static void set_prepared(struct rs_conn *conn, int slot, bool on)
{
	unsigned char bit = (unsigned char)(1 << (slot % 8));

	if (on)
		conn->prepared[slot / 8] |= bit;
	else
		conn->prepared[slot / 8] &= (unsigned char)~bit;
}

/* Queues the steps and the Sync; false when libpq could not. */
static bool send_steps(struct rs_ctx *ctx, struct rs_conn *conn, struct rs_step *steps, int count)
{
	char name[16];

	for (int i = 0; i < count; i++) {
		struct rs_step *step = &steps[i];
		const struct rs_params *p = step->params;
		struct rs_params set;

		if (rs_set_is(step->slot)) {
			set = rs_set_params(ctx, step->slot, step->items ? step->items : &p,
				step->items ? step->item_count : 1);
			p = &set;
		}
		snprintf(name, sizeof name, "s%d", step->slot);
		step->result = NULL;
		step->prepares = !is_prepared(conn, step->slot);
		if (step->prepares) {
			const char *sql = step->sql ? step->sql : rs_slot_sql(step->slot);

			if (!PQsendPrepare(conn->pg, name, sql, 0, NULL))
				return false;
			set_prepared(conn, step->slot, true);
		}
		if (!PQsendQueryPrepared(conn->pg, name, p ? p->count : 0, p ? p->value : NULL,
			    p ? p->length : NULL, p ? p->format : NULL, 0))
			return false;
	}
	return PQpipelineSync(conn->pg) == 1;
}

/* Waits until a result can be read without blocking: NULL, or why there will be none. */
static const char *await(PGconn *pg, int64_t deadline)
{
	while (PQisBusy(pg)) {
		int unsent = PQflush(pg);
		int64_t left = deadline - rs_clock_mono_ms();
		struct pollfd fd = {.fd = PQsocket(pg), .events = POLLIN};

		if (unsent < 0)
			return PQerrorMessage(pg);
		if (unsent)
			fd.events |= POLLOUT;
		if (left <= 0)
			return "no answer before the deadline";
		if (poll(&fd, 1, (int)left) > 0 && (fd.revents & (POLLIN | POLLERR | POLLHUP)) &&
			!PQconsumeInput(pg))
			return PQerrorMessage(pg);
	}
	return NULL;
}

/* The answers of one round trip as they come in. */
struct reading {
	struct rs_ctx *ctx;
	struct rs_conn *conn;
	int64_t deadline;
	enum rs_code rc;
	char sqlstate[6];
	const char *lost; /* why the connection is of no use any more */
};

/*
 * Reads what one message brought: its last result, which the caller clears, NULL when it failed or
 * never ran.
 */
static PGresult *read_message(struct reading *r)
{
	PGresult *good = NULL, *result;

	for (;;) {
		r->lost = await(r->conn->pg, r->deadline);
		if (r->lost)
			break;
		result = PQgetResult(r->conn->pg);
		if (!result)
			return good;
		switch (PQresultStatus(result)) {
		case PGRES_TUPLES_OK:
		case PGRES_COMMAND_OK:
			PQclear(good);
			good = result;
			continue;
		case PGRES_FATAL_ERROR:
			if (r->rc == RS_OK) {
				const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

				snprintf(r->sqlstate, sizeof r->sqlstate, "%s", state ? state : "");
				r->rc = rs_sqlstate_fail(r->ctx, result);
			}
			break;
		default: /* PGRES_PIPELINE_ABORTED: an earlier step failed */
			break;
		}
		PQclear(result);
		if (PQstatus(r->conn->pg) == CONNECTION_BAD) {
			r->lost = PQerrorMessage(r->conn->pg);
			break;
		}
	}
	PQclear(good);
	return NULL;
}

/* The end of the round trip. */
static void read_sync(struct reading *r)
{
	while (!r->lost) {
		PGresult *result;
		bool sync;

		r->lost = await(r->conn->pg, r->deadline);
		if (r->lost)
			return;
		result = PQgetResult(r->conn->pg);
		sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		PQclear(result);
		if (sync)
			return;
		if (PQstatus(r->conn->pg) == CONNECTION_BAD)
			r->lost = PQerrorMessage(r->conn->pg);
	}
}

static void clear_results(struct rs_step *steps, int count)
{
	for (int i = 0; i < count; i++) {
		PQclear(steps[i].result);
		steps[i].result = NULL;
	}
}

enum rs_code rs_wire_run(struct rs_ctx *ctx, struct rs_conn *conn, struct rs_step *steps, int count,
	char sqlstate[6])
{
	struct reading r = {.ctx = ctx, .conn = conn, .deadline = rs_wire_deadline(ctx)};

	if (!send_steps(ctx, conn, steps, count))
		r.lost = PQerrorMessage(conn->pg);
	for (int i = 0; i < count && !r.lost; i++) {
		if (steps[i].prepares) {
			PGresult *made = read_message(&r);

			set_prepared(conn, steps[i].slot, made != NULL);
			PQclear(made);
		}
		if (!r.lost)
			steps[i].result = read_message(&r);
	}
	read_sync(&r);
	if (sqlstate)
		memcpy(sqlstate, r.sqlstate, sizeof r.sqlstate);
	if (r.lost) {
		r.rc = rs_store_away(ctx, r.lost);
		rs_wire_drop(conn);
	}
	if (r.rc != RS_OK) {
		clear_results(steps, count);
		rs_metric_add(RS_M_DB_ERRORS, RS_LABELS(rs_code_slug(r.rc)), 1);
	}
	return r.rc;
}

/* --- connecting --- */

/* What the server has to say beside its answers belongs to nobody's stderr. */
static void no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* What the database says about its schema; nothing runs on one that is not for us. */
static bool schema_fits(struct rs_conn *conn, char *why, size_t size)
{
	struct rs_step step = {.slot = RS_SLOT_QUERIES + RS_Q_schema_state};
	struct rs_ctx ctx;
	enum rs_code rc;

	rs_ctx_init_system(&ctx, NULL, "connect");
	ctx.deadline_ms = rs_clock_mono_ms() + CHECK_MS;
	rc = rs_wire_run(&ctx, conn, &step, 1, NULL);
	if (rc == RS_OK) {
		struct rs_rows *rows = rs_rows_keep(&ctx, step.slot, rs_share_all(step.result));
		bool any = rs_rows_count(rows) > 0;

		rc = rs_schema_fits(&ctx, any ? rs_row_int(rows, 0, "version") : 0,
			any ? rs_row_int(rows, 0, "compatible_from") : 0);
		conn->misfit = rc != RS_OK;
	}
	snprintf(why, size, "%s", ctx.err.cause);
	rs_ctx_end(&ctx);
	return rc == RS_OK;
}

bool rs_wire_connect(struct rs_conn *conn, const char *conninfo, char *why, size_t size)
{
	/* What comes before dbname the conninfo may change, what comes after it may not. */
	const char *const keys[] = {"connect_timeout", "target_session_attrs", "tcp_user_timeout",
		"application_name", "dbname", "options", "client_encoding", NULL};
	const char *const values[] = {
		"2", "read-write", "10000", "reissued", conninfo, SESSION_OPTIONS, "UTF8", NULL};

	memset(conn->prepared, 0, sizeof conn->prepared);
	conn->pg = PQconnectdbParams(keys, values, 1);
	PQsetNoticeProcessor(conn->pg, no_notice, NULL);
	if (PQstatus(conn->pg) == CONNECTION_OK && PQsetnonblocking(conn->pg, 1) == 0 &&
		PQenterPipelineMode(conn->pg) == 1) {
		if (schema_fits(conn, why, size))
			return true;
	} else {
		snprintf(why, size, "%s", PQerrorMessage(conn->pg));
	}
	if (conn->pg)
		rs_wire_drop(conn);
	return false;
}
