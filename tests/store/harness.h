/* What the store tests share: an app over the private cluster of run.sh, and a look behind its back. */
#ifndef TESTS_STORE_HARNESS_H
#define TESTS_STORE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/database.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/store.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rs_app app;
static struct rs_id ours, theirs; /* two enterprises */

/* Runs SQL as a role ("SUPER", "OWNER", "APP", "JOB"); the SQLSTATE, "" when it went well. */
static const char *sql_as(const char *role, const char *sql)
{
	static char state[6];
	char name[32];
	PGconn *pg;
	PGresult *result;
	const char *code;

	snprintf(name, sizeof name, "RS_TEST_%s", role);
	pg = PQconnectdb(getenv(name));
	result = PQexec(pg, sql);
	code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	snprintf(state, sizeof state, "%s",
		code ? code : PQstatus(pg) == CONNECTION_BAD ? "08000" : "");
	PQclear(result);
	PQfinish(pg);
	return state;
}

/* The last value of SQL run as a role, as a number; -1 when there is none. */
static inline long ask_as(const char *role, const char *sql)
{
	char name[32];
	PGconn *pg;
	PGresult *result;
	long value = -1;

	snprintf(name, sizeof name, "RS_TEST_%s", role);
	pg = PQconnectdb(getenv(name));
	result = PQexec(pg, sql);
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		value = atol(PQgetvalue(result, 0, 0));
	else
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	return value;
}

static inline void must_sql(const char *sql)
{
	assert_string_equal(sql_as("SUPER", sql), "");
}

/* A context of a user of an enterprise, with 10 s. */
static inline void user_ctx(struct rs_ctx *ctx, const struct rs_id *enterprise)
{
	rs_ctx_init(ctx, &app);
	ctx->actor.kind = RS_ACTOR_USER;
	ctx->actor.id = ours;
	ctx->actor.enterprise = *enterprise;
	ctx->deadline_ms = rs_clock_mono_ms() + 10000;
}

static inline int harness_start(void **state)
{
	struct rs_store_config config = {.app = getenv("RS_TEST_APP"), .job = getenv("RS_TEST_JOB")};
	char sql[400];

	(void)state;
	if (!config.app || rs_store_migrate(getenv("RS_TEST_OWNER")) != 0)
		return -1;
	if (rs_clock_new(NULL, &app.clock) != 0 || rs_store_new(&config, &app.store) != 0)
		return -1;
	app.keyring = rs_keyring_new_ephemeral();
	ours = rs_id_new(rs_clock_now_us(app.clock));
	theirs = rs_id_new(rs_clock_now_us(app.clock));
	snprintf(sql, sizeof sql,
		"INSERT INTO enterprise (id, name, created_at, updated_at) VALUES "
		"('%s', 'ours', now(), now()), ('%s', 'theirs', now(), now())",
		ours.s, theirs.s);
	must_sql(sql);
	return 0;
}

static inline int harness_stop(void **state)
{
	(void)state;
	rs_store_free(app.store);
	rs_keyring_free(app.keyring);
	rs_clock_free(app.clock);
	return 0;
}

#endif
