/*
 * Connections: a bounded pool a role, one opener thread for all.
 *
 * Requests wait for a connection until their deadline but never connect themselves: a server that
 * accepts and then says nothing would hold each of them. While no connection is open and the last
 * attempt failed, taking one fails at once; the opener goes on trying, so the return of the
 * database is noticed without any request's help.
 */
#include "internal.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/metrics.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   2000

void rs_cond_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int rs_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_ms)
{
	struct timespec at = {mono_ms / 1000, (mono_ms % 1000) * 1000000};

	return pthread_cond_timedwait(cond, lock, &at);
}

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
/* gcc 12's ThreadSanitizer knows sem_post, and of those who wait not sem_clockwait. */
#define SEEN(sem) __tsan_acquire(sem)
#else
#define SEEN(sem) ((void)(sem))
#endif

bool rs_sem_until(sem_t *sem, int64_t mono_ms)
{
	struct timespec at = {mono_ms / 1000, (mono_ms % 1000) * 1000000};
	int rc;

	do
		rc = sem_clockwait(sem, CLOCK_MONOTONIC, &at);
	while (rc != 0 && errno == EINTR);
	if (rc != 0)
		return false;
	SEEN(sem);
	return true;
}

/* --- opening --- */

/* When the pool next wants a connection opened: 0 = now, -1 = not at all, else monotonic ms. */
static int64_t wants_at(const struct rs_pool *pool, int64_t now)
{
	if (pool->open >= pool->max || (!pool->waiting && !pool->failures))
		return -1;
	return pool->retry_at_ms > now ? pool->retry_at_ms : 0;
}

static void opened(struct rs_pool *pool, struct rs_conn *conn)
{
	conn->pool = pool;
	conn->next = pool->idle;
	pool->idle = conn;
	pool->open++;
	pool->failures = 0;
	pool->retry_at_ms = 0;
	pthread_cond_signal(&pool->changed);
}

static void not_opened(struct rs_pool *pool)
{
	int64_t pause = BACKOFF_MAX_MS;
	unsigned char noise;

	if (pool->failures < 5)
		pause = BACKOFF_FIRST_MS << pool->failures;
	rs_random(&noise, 1);
	pool->failures++;
	pool->retry_at_ms = rs_clock_mono_ms() + pause - pause * noise / 1024;
	pthread_cond_broadcast(&pool->changed);
}

static void open_one(struct rs_store *store, struct rs_pool *pool)
{
	struct rs_conn *conn = calloc(1, sizeof *conn);
	char why[sizeof pool->failure] = "";
	bool good;

	if (!conn)
		abort();
	pthread_mutex_unlock(&store->lock);
	good = rs_wire_connect(conn, pool->conninfo, why, sizeof why);
	store->misfit = conn->misfit;
	pthread_mutex_lock(&store->lock);
	if (good) {
		store->connects++;
		opened(pool, conn);
		return;
	}
	free(conn);
	store->connect_failures++;
	memcpy(pool->failure, why, sizeof why);
	not_opened(pool);
}

static void *opener(void *arg)
{
	struct rs_store *store = arg;

	pthread_setname_np(pthread_self(), "pool");
	pthread_mutex_lock(&store->lock);
	while (!store->stopping) {
		int64_t now = rs_clock_mono_ms(), next = now + 60000;
		struct rs_pool *due = NULL;

		for (int i = 0; i < RS_POOL_COUNT; i++) {
			int64_t at = wants_at(&store->pool[i], now);

			if (at == 0)
				due = &store->pool[i];
			else if (at > 0 && at < next)
				next = at;
		}
		if (due)
			open_one(store, due);
		else
			rs_cond_until(&store->wanted, &store->lock, next);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* --- taking and giving back --- */

/*
 * An idle connection has nothing to read; when it has, it is mostly the news of its end: what the
 * server says last, and behind it the end of the stream.
 */
static bool still_there(struct rs_conn *conn)
{
	struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};

	while (poll(&fd, 1, 0) != 0)
		if (!PQconsumeInput(conn->pg) || PQstatus(conn->pg) != CONNECTION_OK)
			return false;
	return true;
}

static void discard(struct rs_pool *pool, struct rs_conn *conn)
{
	if (conn->pg)
		rs_wire_drop(conn);
	free(conn);
	pool->open--;
	pool->store->dropped++;
}

static bool holds_one(const struct rs_store *store, const struct rs_ctx *ctx)
{
	for (int i = 0; i < RS_POOL_COUNT; i++)
		for (const struct rs_conn *c = store->pool[i].taken; c; c = c->next)
			if (c->owner == ctx)
				return true;
	return false;
}

/* An idle connection of the pool, whether it still works or not; NULL with *rc when there is none. */
static struct rs_conn *take_idle(struct rs_ctx *ctx, struct rs_pool *pool, enum rs_code *rc)
{
	struct rs_store *store = pool->store;
	int64_t deadline = rs_wire_deadline(ctx), waited_from = 0;
	struct rs_conn *conn;

	pthread_mutex_lock(&store->lock);
	if (holds_one(store, ctx)) {
		pthread_mutex_unlock(&store->lock);
		*rc = rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
		rs_err_cause(ctx, "a second connection was wanted while holding one");
		return NULL;
	}
	while (!pool->idle) {
		char why[sizeof pool->failure];
		int waited;

		if (!pool->open && pool->failures) {
			memcpy(why, pool->failure, sizeof why);
			pthread_mutex_unlock(&store->lock);
			*rc = rs_store_away(ctx, why);
			return NULL;
		}
		if (!waited_from)
			waited_from = rs_clock_mono_ms();
		pool->waiting++;
		pthread_cond_signal(&store->wanted);
		waited = rs_cond_until(&pool->changed, &store->lock, deadline);
		pool->waiting--;
		if (waited == ETIMEDOUT && !pool->idle) {
			pthread_mutex_unlock(&store->lock);
			*rc = rs_store_away(ctx, "no free connection before the deadline");
			return NULL;
		}
	}
	if (waited_from)
		rs_metric_observe(RS_M_DB_POOL_WAIT, (struct rs_labels){{0}},
			(rs_clock_mono_ms() - waited_from) * 1000);
	conn = pool->idle;
	pool->idle = conn->next;
	conn->owner = ctx;
	conn->next = pool->taken;
	pool->taken = conn;
	pool->busy++;
	pthread_mutex_unlock(&store->lock);
	return conn;
}

enum rs_code rs_conn_take(struct rs_ctx *ctx, enum rs_reach reach, struct rs_conn **out)
{
	struct rs_store *store = ctx->app->store;
	struct rs_pool *pool = &store->pool[reach == RS_REACH_JOB ? RS_POOL_JOB : RS_POOL_APP];
	enum rs_code rc = RS_OK;
	struct rs_conn *conn;

	while ((conn = take_idle(ctx, pool, &rc)) && !still_there(conn)) {
		rs_wire_drop(conn);
		rs_conn_give(conn);
	}
	*out = conn;
	return rc;
}

void rs_conn_give(struct rs_conn *conn)
{
	struct rs_pool *pool = conn->pool;
	struct rs_store *store = pool->store;
	struct rs_conn **at;

	pthread_mutex_lock(&store->lock);
	store->statements++;
	for (at = &pool->taken; *at != conn; at = &(*at)->next)
		;
	*at = conn->next;
	pool->busy--;
	conn->owner = NULL;
	if (conn->pg) {
		conn->next = pool->idle;
		pool->idle = conn;
		pthread_cond_signal(&pool->changed);
	} else {
		discard(pool, conn);
		pthread_cond_signal(&store->wanted);
	}
	pthread_mutex_unlock(&store->lock);
}

/* --- start and end --- */

static void pool_init(struct rs_store *store, enum rs_pool_name which, const char *conninfo,
	int max, int usual)
{
	struct rs_pool *pool = &store->pool[which];

	pool->store = store;
	pool->conninfo = strdup(conninfo);
	if (!pool->conninfo)
		abort();
	pool->max = max > 0 ? max : usual;
	if (pool->max > RS_STORE_CONNECTIONS_MAX)
		pool->max = RS_STORE_CONNECTIONS_MAX;
	rs_cond_monotonic(&pool->changed);
	rs_looks_init(&pool->looks);
}

int rs_pools_start(struct rs_store *store, const struct rs_store_config *config)
{
	pthread_mutex_init(&store->lock, NULL);
	rs_cond_monotonic(&store->wanted);
	pool_init(store, RS_POOL_APP, config->app, config->app_connections, 6);
	pool_init(store, RS_POOL_JOB, config->job, config->job_connections, 2);
	return pthread_create(&store->opener, NULL, opener, store);
}

void rs_pools_stop(struct rs_store *store)
{
	pthread_mutex_lock(&store->lock);
	store->stopping = true;
	pthread_cond_signal(&store->wanted);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->opener, NULL);
	for (int i = 0; i < RS_POOL_COUNT; i++) {
		struct rs_pool *pool = &store->pool[i];

		while (pool->idle) {
			struct rs_conn *conn = pool->idle;

			pool->idle = conn->next;
			rs_wire_drop(conn);
			free(conn);
		}
		free(pool->conninfo);
		pthread_cond_destroy(&pool->changed);
		rs_looks_clear(&pool->looks);
	}
	pthread_cond_destroy(&store->wanted);
	pthread_mutex_destroy(&store->lock);
}
