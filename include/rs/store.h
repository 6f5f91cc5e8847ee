/*
 * The store: PostgreSQL behind prepared statements.
 *
 * The text of every statement is a file sql/queries/<name>.sql, embedded at build; <name> gives
 * the constant RS_Q_<name> in the generated "rs/queries.h". Domain modules name a statement, fill
 * its parameters in order and get rows; nothing but src/store/ sees libpq.
 *
 *	struct rs_params p = rs_params(ctx);
 *	rs_p_id(&p, &id);
 *	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_certificate_by_id, &p, &rows);
 *	rc = rs_row_read(ctx, rows, 0, CERTIFICATE_FIELDS, &certificate);
 *
 * Row-level security: every transaction says whose rows it may see. RS_REACH_CALLER takes the
 * caller's enterprise, or all of them when the caller's reach is platform; RS_REACH_JOB is the job
 * role's own pool, which sees all. Nothing is visible when nothing was said.
 *
 * Deadlines are kept on the client's side: a statement that has not answered by ctx->deadline_ms
 * ends with RS_UNAVAILABLE and its connection is dropped. SQLSTATE and constraint names become
 * codes in one place (src/store/sqlstate.c); PostgreSQL's own text goes to err.cause only.
 */
#ifndef RS_STORE_H
#define RS_STORE_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/queries.h"

#define RS_PARAMS_MAX 64

/* The parameters of one statement, in order; values are copied into the arena. */
struct rs_params {
	struct rs_ctx *ctx;
	int count;
	const char *value[RS_PARAMS_MAX];
	int length[RS_PARAMS_MAX];
	int format[RS_PARAMS_MAX]; /* 0 text, 1 binary */
	uint64_t clock;            /* bit i: parameter i is the clock */
};

struct rs_params rs_params(struct rs_ctx *ctx);
void rs_p_null(struct rs_params *p);
void rs_p_text(struct rs_params *p, const char *value); /* NULL = SQL null */
void rs_p_int(struct rs_params *p, int64_t value);
void rs_p_bool(struct rs_params *p, bool value);
void rs_p_id(struct rs_params *p, const struct rs_id *id); /* NULL or unset = SQL null */
void rs_p_time(struct rs_params *p, int64_t us);           /* timestamptz; 0 = SQL null */
/* The time of the call: cursors of lists are not bound to it, since it is another on each page. */
void rs_p_clock(struct rs_params *p, int64_t us);
void rs_p_bytes(struct rs_params *p, const void *data, size_t len); /* bytea; NULL = SQL null */
void rs_p_json(struct rs_params *p, const json_t *value);  /* jsonb; NULL = SQL null */
/* text[] of a JSON array of strings; NULL = SQL null */
void rs_p_texts(struct rs_params *p, const json_t *strings);

/* The rows of one answer; they live in the arena. */
struct rs_rows;
int rs_rows_count(const struct rs_rows *rows);
/* One value as text, or NULL for SQL null; column by name (aborts on an unknown one). */
const char *rs_row_text(const struct rs_rows *rows, int row, const char *column);
int64_t rs_row_int(const struct rs_rows *rows, int row, const char *column);
bool rs_row_bool(const struct rs_rows *rows, int row, const char *column);
/* Fills a struct: every field whose name is a column; others keep their value. */
enum rs_code rs_row_read(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	const struct rs_field *fields, void *out) RS_CHECK;

enum rs_reach { RS_REACH_CALLER, RS_REACH_JOB };

/* One statement in a transaction of its own and one round trip. rows may be NULL. */
enum rs_code rs_read(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
/* The same, RS_NOT_FOUND ("There is no such thing here") when no row came; *rows has one. */
enum rs_code rs_read_one(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;

/* rs_read() whose commit does not wait for the disk: what is lost with a crash may be lost. */
enum rs_code rs_read_relaxed(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
/*
 * rs_read() and rs_read_one() of a statement that changes nothing, locks nothing and finds few rows by
 * a key: it goes out together with the looks of other threads, and may run twice.
 */
enum rs_code rs_look(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
enum rs_code rs_look_one(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;

/*
 * Looking ahead: what a request reads first goes out together with the question who calls, if whose
 * rows that caller saw the last time is remembered. The memory is a guess and gives nobody
 * anything: rows that were read for another reach than the caller turns out to have are not used,
 * nor are rows that have waited, and only rs_look() with the same statement and parameters gets
 * them, once.
 */
/* The statement and text parameters that the caller's first rs_look() will have. */
void rs_ahead_want(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *params);
/* Before it is looked up who calls, and when it is known; caller is a digest of what it shows. */
void rs_ahead_guess(struct rs_ctx *ctx, const unsigned char caller[32]);
void rs_ahead_learn(struct rs_ctx *ctx, const unsigned char caller[32]);

/* --- transactions of several statements --- */
struct rs_tx;
void rs_tx_end(struct rs_tx **tx); /* rolls back what was not committed */
/* An early return rolls back. */
#define rs_auto_tx __attribute__((cleanup(rs_tx_end))) struct rs_tx *

enum rs_code rs_tx_begin(struct rs_ctx *ctx, enum rs_reach reach, struct rs_tx **tx) RS_CHECK;
enum rs_code rs_tx_run(struct rs_ctx *ctx, struct rs_tx *tx, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
/* RS_NOT_FOUND without a row. */
enum rs_code rs_tx_one(struct rs_ctx *ctx, struct rs_tx *tx, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows) RS_CHECK;
enum rs_code rs_tx_commit(struct rs_ctx *ctx, struct rs_tx **tx) RS_CHECK;

/*
 * A use case as one transaction: runs work(ctx, tx, arg), commits when it gives RS_OK, rolls back
 * otherwise; a serialization failure or deadlock runs it again, at most 3 times.
 */
enum rs_code rs_tx_use(struct rs_ctx *ctx, enum rs_reach reach,
	enum rs_code (*work)(struct rs_ctx *ctx, struct rs_tx *tx, void *arg), void *arg) RS_CHECK;

/* --- the committer: one durable statement, grouped with those of other threads --- */
/*
 * Runs one conditional data-modifying statement through the group committer and returns once it is
 * durable. *rows is what it returned, 0 rows = its condition did not hold and nothing happened.
 * The statement must be safe to run again with the same parameters; $1 is the id of what it locks
 * first, or NULL and $2 is. It locks with FOR UPDATE SKIP LOCKED: when that gives 0 rows, it runs once more
 * outside the group with those words taken out, so that 0 rows never means "somebody holds it".
 * The caller must not hold a transaction.
 */
enum rs_code rs_commit(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *params,
	struct rs_rows **rows) RS_CHECK;

#endif
