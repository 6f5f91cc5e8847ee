/*
 * The committer: one thread and one connection through which the durable statements of all requests
 * go in groups. A commit costs one wait for the disk however much is in it, so whatever came while
 * the last group was being made durable becomes the next one; there is no timer.
 *
 * A group is one pipelined transaction: BEGIN, then whose rows may be seen and the statements, of
 * which one serves all items that do the same (set.c), then nobody's rows, then COMMIT. Items are
 * sorted by their first parameter, the id of what they lock, so that the committers of two replicas
 * lock in one order. No result is handed out before COMMIT is acknowledged.
 *
 * When a statement of a group fails, nothing of the group happened and each item runs again alone:
 * only the failing one gets an error. When the connection breaks, it is unknown what happened: each
 * item runs again on a new one, and its condition shows whether it had happened (0 rows).
 *
 * Items skip what somebody else has locked rather than hold up the group; with 0 rows the caller
 * tries once more by itself on a connection of the pool, where waiting for a lock harms nobody
 * else.
 */
#include "internal.h"

#include "rs/clock.h"
#include "rs/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAX  128
/* The longest one round trip of the committer may take. */
#define BATCH_MS   5000
/* How often an item runs when the connection breaks under it. */
#define ATTEMPTS   3
/* Between two attempts to connect, and how long a broken connection is tried to be replaced. */
#define BACKOFF_MS   100
#define RECONNECT_MS 2000

enum item_state { ITEM_QUEUED, ITEM_TAKEN, ITEM_DONE, ITEM_LEFT };

/* One statement, with everything it needs copied: whoever waits for it may leave at its deadline. */
struct item {
	struct item *next;
	sem_t told; /* it has ended */
	enum item_state state;
	int64_t deadline;
	struct rs_one one; /* with its result */
	struct rs_params params;
	char reach[RS_ID_LEN + 1];
	/* how it ended */
	enum rs_code rc;
	int retry_after;
	char detail[512], cause[512];
	char copy[]; /* the bytes of the parameters */
};

struct rs_committer {
	struct rs_store *store;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct item *first, **last;
	bool stopping;
	pthread_t thread;
	/* the thread's own */
	struct rs_conn conn;
	int64_t retry_at_ms;
	char failure[256];
};

/* --- items --- */

static size_t param_size(const struct rs_params *p, int i)
{
	if (!p->value[i])
		return 0;
	return (p->format[i] ? (size_t)p->length[i] : strlen(p->value[i])) + 1;
}

static struct item *item_new(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *p)
{
	size_t size = 0;
	struct item *item;
	char *at;

	for (int i = 0; i < p->count; i++)
		size += param_size(p, i);
	item = calloc(1, sizeof *item + size);
	if (!item)
		abort();
	sem_init(&item->told, 0, 0);
	item->deadline = rs_wire_deadline(ctx);
	item->params.count = p->count;
	snprintf(item->reach, sizeof item->reach, "%s", rs_reach_of(ctx, RS_REACH_CALLER));
	at = item->copy;
	for (int i = 0; i < p->count; i++) {
		size_t len = param_size(p, i);

		/* Each ends with a zero: the first is compared as a key. */
		item->params.value[i] = p->value[i] ? memcpy(at, p->value[i], len - 1) : NULL;
		item->params.length[i] = p->length[i];
		item->params.format[i] = p->format[i];
		at += len;
	}
	item->one = (struct rs_one){
		.slot = RS_SLOT_QUERIES + (int)query,
		.params = &item->params,
		.reach = item->reach,
		/* $2 of a statement that has no request around it */
		.key = item->params.value[item->params.value[0] ? 0 : 1],
	};
	return item;
}

static void item_free(struct item *item)
{
	rs_share_drop(&item->one.got);
	sem_destroy(&item->told);
	free(item);
}

/* RS_OK as well. */
static void item_ended(struct item *item, const struct rs_err *err)
{
	item->rc = err->code;
	item->retry_after = err->retry_after;
	snprintf(item->detail, sizeof item->detail, "%s", err->detail);
	snprintf(item->cause, sizeof item->cause, "%s", err->cause);
}

/* --- the thread: connection --- */

static bool connected(struct rs_committer *c, struct rs_ctx *ctx)
{
	if (c->conn.pg)
		return true;
	if (rs_clock_mono_ms() < c->retry_at_ms) {
		(void)rs_store_away(ctx, c->failure);
		return false;
	}
	if (rs_wire_connect(&c->conn, c->store->pool[RS_POOL_APP].conninfo, c->failure,
		    sizeof c->failure)) {
		c->store->connects++;
		return true;
	}
	c->store->connect_failures++;
	c->retry_at_ms = rs_clock_mono_ms() + BACKOFF_MS;
	(void)rs_store_away(ctx, c->failure);
	return false;
}

/* The same sight as rs_reach_step() gives, of an item whose caller may have left. */
static struct rs_step reach(struct rs_ctx *ctx, struct rs_params *storage, const char *enterprise)
{
	*storage = rs_params(ctx);
	rs_p_text(storage, enterprise);
	rs_p_int(storage, BATCH_MS + RS_STORE_GRACE_MS);
	return (struct rs_step){.slot = RS_SLOT_REACH, .params = storage};
}

/* After a break the server may need a moment to come back. */
static void reconnect(struct rs_committer *c, struct rs_ctx *ctx)
{
	int64_t until = rs_clock_mono_ms() + RECONNECT_MS;

	while (!connected(c, ctx) && rs_clock_mono_ms() < until)
		usleep(BACKOFF_MS * 1000);
}

/* --- the thread: one alone --- */

/*
 * Runs the item as an implicit transaction; again when the connection breaks under it, since then
 * nobody knows what happened. Only a known outcome, or a database that stays away, ends it.
 */
static void run_alone(struct rs_committer *c, struct item *item)
{
	struct rs_ctx ctx;

	rs_ctx_init_system(&ctx, NULL, "committer");
	for (int i = 0; i < ATTEMPTS; i++) {
		struct rs_params storage;
		struct rs_step steps[] = {
			reach(&ctx, &storage, item->reach),
			{.slot = item->one.slot, .params = &item->params},
		};

		rs_err_reset(&ctx.err);
		ctx.deadline_ms = rs_clock_mono_ms() + BATCH_MS;
		if (rs_clock_mono_ms() > item->deadline) {
			(void)rs_store_away(&ctx, "the deadline came before its turn");
			break;
		}
		if (!connected(c, &ctx))
			break;
		if (rs_wire_run(&ctx, &c->conn, steps, 2, NULL) == RS_OK) {
			PQclear(steps[0].result);
			item->one.got = rs_share_all(steps[1].result);
			break;
		}
		if (c->conn.pg)
			break;
		reconnect(c, &ctx);
	}
	item_ended(item, &ctx.err);
	rs_ctx_end(&ctx);
}

/* --- the thread: a group --- */

static void roll_back(struct rs_committer *c, struct rs_ctx *ctx)
{
	struct rs_step step = {.slot = RS_SLOT_ROLLBACK};

	if (rs_wire_run(ctx, &c->conn, &step, 1, NULL) == RS_OK)
		PQclear(step.result);
	else if (c->conn.pg)
		rs_wire_drop(&c->conn);
}

/* True when all of it is durable and the results are handed over. */
static bool run_group(struct rs_committer *c, struct item **items, int n)
{
	struct rs_one *ones[BATCH_MAX];
	struct rs_ctx ctx;
	bool good;

	rs_ctx_init_system(&ctx, NULL, "committer");
	ctx.deadline_ms = rs_clock_mono_ms() + BATCH_MS;
	for (int i = 0; i < n; i++)
		ones[i] = &items[i]->one;
	good = connected(c, &ctx) && rs_group_run(&ctx, &c->conn, ones, n, true) == RS_OK;
	if (!good && c->conn.pg)
		roll_back(c, &ctx);
	rs_ctx_end(&ctx);
	return good;
}

static void reconnect_quietly(struct rs_committer *c)
{
	struct rs_ctx ctx;

	rs_ctx_init_system(&ctx, NULL, "committer");
	reconnect(c, &ctx);
	rs_ctx_end(&ctx);
}

static void run_items(struct rs_committer *c, struct item **items, int n)
{
	struct rs_store *store = c->store;

	store->commit_batches++;
	store->commit_items += n;
	rs_metric_observe(RS_M_COMMIT_BATCH, (struct rs_labels){{0}}, n);
	if (n == 1) {
		run_alone(c, items[0]);
		return;
	}
	if (run_group(c, items, n))
		return;
	store->commit_replays += n;
	if (!c->conn.pg)
		reconnect_quietly(c);
	for (int i = 0; i < n; i++)
		run_alone(c, items[i]);
}

/* --- the thread: queue --- */

/* Takes what waits, under the lock; what nobody waits for any more is dropped. */
static int take_items(struct rs_committer *c, struct item *items[BATCH_MAX])
{
	int n = 0;

	while (c->first && n < BATCH_MAX) {
		struct item *item = c->first;

		c->first = item->next;
		if (!c->first)
			c->last = &c->first;
		if (item->state == ITEM_LEFT) {
			item_free(item);
			continue;
		}
		item->state = ITEM_TAKEN;
		items[n++] = item;
	}
	return n;
}

/*
 * Tells those that wait, each by a semaphore of its own and outside the lock: who wakes must not
 * run into the lock of who woke it.
 */
static void hand_out(struct rs_committer *c, struct item **items, int n)
{
	int waited_for = 0;

	pthread_mutex_lock(&c->lock);
	for (int i = 0; i < n; i++) {
		if (items[i]->state == ITEM_LEFT) {
			item_free(items[i]);
			continue;
		}
		items[i]->state = ITEM_DONE;
		items[waited_for++] = items[i];
	}
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < waited_for; i++)
		sem_post(&items[i]->told);
}

static void *committer(void *arg)
{
	struct rs_committer *c = arg;
	struct item *items[BATCH_MAX];

	pthread_setname_np(pthread_self(), "committer");
	pthread_mutex_lock(&c->lock);
	for (;;) {
		int n;

		while (!c->first && !c->stopping)
			pthread_cond_wait(&c->work, &c->lock);
		if (!c->first)
			break;
		n = take_items(c, items);
		if (!n)
			continue;
		pthread_mutex_unlock(&c->lock);
		run_items(c, items, n);
		hand_out(c, items, n);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- the callers --- */

/* Queues the item and waits for it; false when the deadline came first. */
static bool await_item(struct rs_committer *c, struct item *item)
{
	bool done;

	pthread_mutex_lock(&c->lock);
	if (!c->first)
		pthread_cond_signal(&c->work);
	*c->last = item;
	c->last = &item->next;
	pthread_mutex_unlock(&c->lock);
	if (rs_sem_until(&item->told, item->deadline))
		return true;
	pthread_mutex_lock(&c->lock);
	done = item->state == ITEM_DONE;
	if (!done)
		item->state = ITEM_LEFT; /* the thread frees it */
	pthread_mutex_unlock(&c->lock);
	while (done && sem_wait(&item->told) != 0)
		;
	return done;
}

/* Waits for locks instead of skipping what is locked. */
static enum rs_code run_waiting(struct rs_ctx *ctx, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_step step = {
		.slot = RS_SLOT_WAITING + (int)query,
		.sql = ctx->app->store->waiting[query],
		.params = params,
	};

	return rs_read_step(ctx, RS_REACH_CALLER, &step, rows);
}

enum rs_code rs_commit(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *params,
	struct rs_rows **rows)
{
	struct rs_store *store = ctx->app->store;
	struct item *item = item_new(ctx, query, params);
	enum rs_code rc = RS_OK;

	if (!await_item(store->committer, item))
		return rs_store_away(ctx, "no answer of the committer before the deadline");
	if (item->rc != RS_OK) {
		rc = rs_fail(ctx, item->rc, "%s", item->detail);
		rs_err_cause(ctx, "%s", item->cause);
		ctx->err.retry_after = item->retry_after;
	} else if (item->one.got.count == 0 && store->waiting[query]) {
		rc = run_waiting(ctx, query, params, rows);
	} else if (rows) {
		*rows = rs_rows_keep(ctx, item->one.slot, item->one.got);
		item->one.got = (struct rs_share){0};
	}
	item_free(item);
	return rc;
}

/* --- start and end --- */

/* The text of a statement that skips locked rows, made to wait for them; NULL for any other. */
static char *waiting_text(const char *sql)
{
	static const char skip[] = "SKIP LOCKED";
	const char *at = strstr(sql, skip);
	char *text;

	if (!at)
		return NULL;
	text = strdup(sql);
	if (!text)
		abort();
	for (char *found = text; (found = strstr(found, skip)); found += sizeof skip - 1)
		memset(found, ' ', sizeof skip - 1);
	return text;
}

int rs_committer_start(struct rs_store *store)
{
	struct rs_committer *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->store = store;
	c->last = &c->first;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	for (int i = 0; i < RS_QUERY_COUNT; i++)
		store->waiting[i] = waiting_text(rs_query_texts[i].sql);
	store->committer = c;
	return pthread_create(&c->thread, NULL, committer, c);
}

void rs_committer_stop(struct rs_store *store)
{
	struct rs_committer *c = store->committer;

	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	if (c->conn.pg)
		rs_wire_drop(&c->conn);
	for (int i = 0; i < RS_QUERY_COUNT; i++)
		free(store->waiting[i]);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
