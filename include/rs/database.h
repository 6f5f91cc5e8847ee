/*
 * The database as a part of the process: opened at start, watched while running, closed at the end.
 * What modules do with it is in store.h; lists are in list.h.
 *
 * rs_store_new() opens nothing: connections come when they are needed, one thread opens them for
 * everybody, so a request never hangs in a connect. A database that is down costs a request one
 * failed wait (RS_UNAVAILABLE with Retry-After) and is found again within two seconds of its
 * return, without a restart.
 *
 * Two roles, two pools: reissued_app for requests (row-level security holds), reissued_job for jobs
 * and recovery (sees all). The committer has one more connection of the app role.
 */
#ifndef RS_DATABASE_H
#define RS_DATABASE_H

#include "rs/ctx.h"

#include <stdint.h>

#define RS_STORE_CONNECTIONS_MAX 64

struct rs_store_config {
	const char *app; /* libpq conninfo or URI for the role reissued_app; several hosts are fine */
	const char *job; /* the same for reissued_job */
	int app_connections; /* 1..RS_STORE_CONNECTIONS_MAX; 0 = 6 */
	int job_connections; /* 1..RS_STORE_CONNECTIONS_MAX; 0 = 2 */
};

struct rs_store;

/* 0, or an errno when no thread could be started. The strings are copied. */
int rs_store_new(const struct rs_store_config *config, struct rs_store **out) RS_CHECK;
/* Ends the threads and closes the connections; nobody may still use it. NULL is fine. */
void rs_store_free(struct rs_store *store);

/*
 * Whether the service may work: the database answers, its schema fits this binary (RS_UNAVAILABLE
 * otherwise, the cause says why; no statement runs on a schema that does not fit), the keyring is
 * the one its data was made with (RS_VALIDATION_FAILED) and the two clocks agree within 60 s
 * (RS_CLOCK).
 */
enum rs_code rs_store_ready(struct rs_ctx *ctx) RS_CHECK;
/*
 * The same by a connection of the jobs, and tells the log when the schema has ceased to fit: a
 * migration may run under a service. Who runs the jobs calls it about twice a second.
 */
enum rs_code rs_store_watch(struct rs_ctx *ctx) RS_CHECK;
/* RS_UNAVAILABLE while the schema, when last looked at, was not for this binary; asks nobody. */
enum rs_code rs_store_writable(struct rs_ctx *ctx) RS_CHECK;
/* Whether the database was there when last looked at, and its schema not for this binary. */
bool rs_store_misfit(const struct rs_store *store);
/* RS_CLOCK when the clocks disagree; asks the database at most once in 10 s. For issuing. */
enum rs_code rs_store_clock(struct rs_ctx *ctx) RS_CHECK;

/* Gauges of now, counters since start. */
struct rs_store_stats {
	int app_open, app_busy, app_waiting;
	int job_open, job_busy, job_waiting;
	int64_t statements;      /* pipelines answered, all pools */
	int64_t connects;        /* connections opened */
	int64_t connect_failures;
	int64_t dropped;         /* connections dropped after a deadline or a break */
	int64_t retries;         /* use cases run again after 40001 or 40P01 */
	int64_t commit_batches;  /* groups the committer committed */
	int64_t commit_items;    /* statements in them */
	int64_t commit_replays;  /* statements run again singly after a group failed */
};
void rs_store_stats(struct rs_store *store, struct rs_store_stats *out);
/* Sets the gauges of metrics.def that belong to the store; for whoever shows them. */
void rs_store_metrics(struct rs_store *store);

/* --- the schema --- */

/*
 * Brings the schema to this binary's head under an advisory lock; creates the four roles when they
 * are absent and the connection may. conninfo is the owner's or a superuser's. Prints what it did
 * to stdout and what went wrong to stderr. 0 on success, 1 on failure; safe to repeat.
 */
int rs_store_migrate(const char *conninfo) RS_CHECK;
/* The schema version this binary was built with. */
int rs_store_schema_head(void);

#endif
