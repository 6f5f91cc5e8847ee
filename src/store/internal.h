/*
 * What the files of src/store/ share.
 *
 * A connection (struct rs_conn) is always in libpq's non-blocking pipeline mode. Whatever is to be
 * done on it is an array of struct rs_step: prepared statements that go out together under one Sync
 * and whose answers come back together, so any of it costs one round trip. Without BEGIN among them
 * the steps are one implicit transaction.
 */
#ifndef RS_STORE_INTERNAL_H
#define RS_STORE_INTERNAL_H

#include "rs/app.h"
#include "rs/database.h"
#include "rs/store.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

/* Statement slots: the control statements, then sql/queries, then the list variants. */
enum rs_slot {
	RS_SLOT_BEGIN,
	RS_SLOT_COMMIT,
	RS_SLOT_ROLLBACK,
	RS_SLOT_REACH,  /* $1 app.enterprise, $2 statement_timeout in ms */
	RS_SLOT_RELAXED, /* this transaction's commit does not wait for the disk */
	RS_SLOT_CUSTOM, /* plans made for the values at hand: lists with optional filters */
	RS_SLOT_QUERIES,
};
#define RS_LIST_TEXTS_MAX 1024
#define RS_SLOT_LISTS     (RS_SLOT_QUERIES + RS_QUERY_COUNT)
#define RS_SLOT_WAITING   (RS_SLOT_LISTS + RS_LIST_TEXTS_MAX) /* queries that wait for locks */
#define RS_SLOT_COUNT     (RS_SLOT_WAITING + RS_QUERY_COUNT)

/* The deadline of work that names none. */
#define RS_STORE_DEADLINE_MS 30000
/* Seconds for Retry-After while the database is away or full. */
#define RS_STORE_RETRY_AFTER 2
/* Between the bounds of a request's statement_timeout and its own deadline, ms. */
#define RS_STORE_GRACE_MS 1000

struct rs_pool;

struct rs_conn {
	PGconn *pg;
	struct rs_pool *pool;       /* NULL: the committer's */
	const struct rs_ctx *owner; /* who holds it */
	struct rs_conn *next;
	bool misfit; /* it was refused since the schema is not for us */
	unsigned char prepared[(RS_SLOT_COUNT + 7) / 8];
};

struct rs_look;

/* The reach that each of the last callers had: ahead.c. */
#define RS_REACHES_MAX 1024
struct rs_reaches {
	pthread_mutex_t lock;
	struct rs_reach_entry {
		unsigned char caller[32];
		char reach[RS_ID_LEN + 1];
	} entry[RS_REACHES_MAX];
};

/* The reads that go out together: look.c. */
struct rs_looks {
	pthread_mutex_t lock;
	struct rs_look *first, **last; /* those that wait for a turn */
	int waiting;                   /* how many they are */
	int leading;                   /* threads that ask right now */
	int max;
};

struct rs_pool {
	const char *name;
	char *conninfo;
	int max;
	int open;               /* idle + busy */
	int busy;
	int waiting;
	int failures;           /* failed connects in a row */
	int64_t retry_at_ms;    /* no connect before */
	char failure[256];      /* what libpq said last, for the log */
	struct rs_conn *idle;   /* last used first: warm caches */
	struct rs_conn *taken;
	pthread_cond_t changed; /* a connection came back, was opened or could not be */
	struct rs_looks looks;
	struct rs_store *store;
};

enum rs_pool_name { RS_POOL_APP, RS_POOL_JOB, RS_POOL_COUNT };

struct rs_store {
	pthread_mutex_t lock; /* guards the pools */
	struct rs_pool pool[RS_POOL_COUNT];
	pthread_cond_t wanted; /* wakes the opener */
	pthread_t opener;
	bool stopping;
	struct rs_list_texts *lists;
	struct rs_committer *committer;
	struct rs_reaches reaches;
	char *waiting[RS_QUERY_COUNT]; /* statements without SKIP LOCKED; NULL: the same */
	_Atomic bool misfit;       /* the schema was not for us when last looked at */
	_Atomic bool misfit_told;  /* and the log says so */
	_Atomic bool keyring_fits; /* compared with the database's check values */
	_Atomic int64_t skew_us;
	_Atomic int64_t skew_at_ms; /* 0 = never measured */
	_Atomic int64_t statements, connects, connect_failures, dropped, retries;
	_Atomic int64_t commit_batches, commit_items, commit_replays;
};

struct rs_step {
	int slot;
	const char *sql; /* NULL: the slot's own text */
	const struct rs_params *params; /* NULL: none */
	/* Instead of params, of a set statement: the parameters of each item. */
	const struct rs_params *const *items;
	int item_count;
	bool prepares;    /* filled by rs_wire_run() */
	PGresult *result; /* set when it succeeded; the caller's to clear */
};

/*
 * What a statement brought; or of what a set statement brought for many items the rows of one of them,
 * wherever they stand in it. Such a result lives as long as somebody has a share of it.
 */
struct rs_share {
	PGresult *result; /* NULL: nothing */
	int count;
	int *rows;                /* their numbers in the result; NULL: all of it */
	struct rs_shared *shared; /* NULL: nobody else has a share */
};

struct rs_shared {
	_Atomic int shares;
	int rows[];
};

/* One statement of a group. */
struct rs_one {
	int slot;
	const struct rs_params *params;
	const char *reach; /* app.enterprise */
	const char *key;   /* what it locks first; NULL: it locks nothing */
	int item;	   /* of its set, from 0 */
	struct rs_share got;
};

/* What a request will look for once its caller is known. */
struct rs_ahead {
	struct rs_one one;
	struct rs_params params;
	char reach[RS_ID_LEN + 1]; /* a guess; "" there is none */
	bool gone;		   /* it is asked, or was */
	struct rs_rows *rows;	   /* what came */
	int64_t until_ms;
};

struct rs_rows {
	struct rs_share share;
	int slot;  /* of the statement */
	int count; /* a list keeps one row less than it asked for */
	const struct rs_column_map *map; /* of the table it was read by last */
};

/* store.c */
/* RS_UNAVAILABLE when a database with this head is not for this binary. */
enum rs_code rs_schema_fits(struct rs_ctx *ctx, int64_t head, int64_t compatible_from) RS_CHECK;
/* stmt.c */
const char *rs_slot_sql(int slot);
/* params.c */
bool rs_params_same(const struct rs_params *a, const struct rs_params *b);
/* set.c */
/* Whether the slot's statement takes the parameters of many items at once. */
bool rs_set_is(int slot);
/* The parameters of such a statement for count items, at least one; in the arena. */
struct rs_params rs_set_params(
	struct rs_ctx *ctx, int slot, const struct rs_params *const *items, int count);
/*
 * Runs all in one round trip, each seeing its own rows; puts them in the order in which they run and
 * sets their results, the caller's to clear. durable: as one transaction, which is committed when this
 * returns RS_OK; else as an implicit one. On failure there is no result, and the transaction may be open.
 */
enum rs_code rs_group_run(struct rs_ctx *ctx, struct rs_conn *conn, struct rs_one **ones, int n,
	bool durable) RS_CHECK;
/* wire.c */
/*
 * Runs the steps in one round trip. On failure no result is kept, ctx->err tells the fault and a
 * connection that cannot be used any more has conn->pg == NULL. *sqlstate (6 bytes, may be NULL)
 * gets the server's code or "".
 */
enum rs_code rs_wire_run(struct rs_ctx *ctx, struct rs_conn *conn, struct rs_step *steps, int count,
	char sqlstate[6]) RS_CHECK;
/*
 * Connects conn and sees that the schema fits this binary; blocks at most a few seconds. false with
 * the reason in why.
 */
bool rs_wire_connect(struct rs_conn *conn, const char *conninfo, char *why, size_t size) RS_CHECK;
void rs_wire_drop(struct rs_conn *conn);
int64_t rs_wire_deadline(const struct rs_ctx *ctx);
/* pool.c */
int rs_pools_start(struct rs_store *store, const struct rs_store_config *config);
void rs_pools_stop(struct rs_store *store);
void rs_cond_monotonic(pthread_cond_t *cond);
/* Waits until a time of CLOCK_MONOTONIC; ETIMEDOUT when it came. */
int rs_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_ms);
/* Waits for a post until a time of CLOCK_MONOTONIC; false when it came first. */
bool rs_sem_until(sem_t *sem, int64_t mono_ms);
enum rs_code rs_conn_take(struct rs_ctx *ctx, enum rs_reach reach, struct rs_conn **out) RS_CHECK;
/* Gives it back; a dropped one makes room for another. */
void rs_conn_give(struct rs_conn *conn);
/* tx.c */
/* What app.enterprise is set to: the one place that knows whose rows a caller may see. */
const char *rs_reach_of(const struct rs_ctx *ctx, enum rs_reach reach);
/* The step that sets it, and how long the server may take. */
struct rs_step rs_reach_step(struct rs_ctx *ctx, enum rs_reach reach, struct rs_params *storage);
/* RS_NOT_FOUND without a row. */
enum rs_code rs_one_row(struct rs_ctx *ctx, const struct rs_rows *rows) RS_CHECK;
/* rs_read() of any step. */
enum rs_code rs_read_step(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_step *step,
	struct rs_rows **rows) RS_CHECK;
/* Runs a deleting statement with the time as its one parameter until it finds nothing. limit.c */
enum rs_code rs_clean(struct rs_ctx *ctx, enum rs_query query) RS_CHECK;
/* rows.c */
struct rs_share rs_share_all(PGresult *result);
void rs_share_drop(struct rs_share *share);
/* The arena takes the share over. */
struct rs_rows *rs_rows_keep(struct rs_ctx *ctx, int slot, struct rs_share share);
/* sqlstate.c */
enum rs_code rs_sqlstate_fail(struct rs_ctx *ctx, const PGresult *result);
/* The same from its parts; message is for the log. */
enum rs_code rs_sqlstate_code(struct rs_ctx *ctx, const char *sqlstate, const char *constraint,
	const char *message);
bool rs_sqlstate_retry(const char *sqlstate);
enum rs_code rs_store_away(struct rs_ctx *ctx, const char *why);
/* look.c */
void rs_looks_init(struct rs_looks *looks);
void rs_looks_clear(struct rs_looks *looks);
/* ahead.c */
void rs_reaches_init(struct rs_reaches *reaches);
void rs_reaches_clear(struct rs_reaches *reaches);
/* What is to go out with the next look, once; NULL nothing. */
struct rs_one *rs_ahead_go(struct rs_ctx *ctx);
/* It came: its result is the context's now. */
void rs_ahead_keep(struct rs_ctx *ctx);
/* The rows, if this is what was read ahead; NULL when it must be asked. */
struct rs_rows *rs_ahead_take(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params);
/* list.c */
struct rs_list_texts *rs_list_texts_new(void);
void rs_list_texts_free(struct rs_list_texts *texts);
/* committer.c */
int rs_committer_start(struct rs_store *store);
void rs_committer_stop(struct rs_store *store);

#endif
