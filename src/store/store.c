/* The store as a part of the process: start, readiness, figures, end. */
#include "internal.h"

#include "rs/clock.h"
#include "rs/keyring.h"
#include "rs/log.h"
#include "rs/metrics.h"

#include <stdlib.h>

#define SKEW_MAX_US   (60 * INT64_C(1000000))
#define SKEW_FRESH_MS 10000

int rs_store_new(const struct rs_store_config *config, struct rs_store **out)
{
	struct rs_store *store = calloc(1, sizeof *store);
	int rc;

	*out = NULL;
	if (!store)
		abort();
	store->lists = rs_list_texts_new();
	rs_reaches_init(&store->reaches);
	rc = rs_pools_start(store, config);
	if (rc == 0)
		rc = rs_committer_start(store);
	if (rc != 0) {
		rs_list_texts_free(store->lists);
		free(store);
		return rc;
	}
	*out = store;
	return 0;
}

void rs_store_free(struct rs_store *store)
{
	if (!store)
		return;
	rs_committer_stop(store);
	rs_pools_stop(store);
	rs_reaches_clear(&store->reaches);
	rs_list_texts_free(store->lists);
	free(store);
}

enum rs_code rs_schema_fits(struct rs_ctx *ctx, int64_t head, int64_t compatible_from)
{
	int ours = rs_store_schema_head();
	enum rs_code rc;

	if (head >= ours && compatible_from <= ours)
		return RS_OK;
	rc = rs_fail(ctx, RS_UNAVAILABLE, "The database schema does not fit this version.");
	rs_err_cause(ctx, "schema %lld, compatible from %lld; this binary has %d: run reissued migrate",
		(long long)head, (long long)compatible_from, ours);
	return rc;
}

static enum rs_code clock_fits(struct rs_ctx *ctx, int64_t skew_us)
{
	enum rs_code rc;

	if (skew_us <= SKEW_MAX_US && skew_us >= -SKEW_MAX_US)
		return RS_OK;
	rc = rs_fail(ctx, RS_CLOCK, "Service and database disagree about the time.");
	rs_err_cause(ctx, "service minus database: %lld us", (long long)skew_us);
	return rc;
}

/* Asked until it is known once. */
static enum rs_code keyring_fits(struct rs_ctx *ctx)
{
	struct rs_store *store = ctx->app->store;
	enum rs_code rc = RS_OK;

	if (!store->keyring_fits)
		rc = rs_keyring_verify_store(ctx, ctx->keyring);
	if (rc == RS_OK)
		store->keyring_fits = true;
	return rc;
}

static enum rs_code ready(struct rs_ctx *ctx, enum rs_reach reach)
{
	struct rs_store *store = ctx->app->store;
	struct rs_params none = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = rs_read(ctx, reach, RS_Q_schema_state, &none, &rows);
	int64_t skew;

	if (rc != RS_OK)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_schema_fits(ctx, 0, 0);
	skew = rs_clock_system_us() - rs_row_int(rows, 0, "now_us");
	store->skew_us = skew;
	store->skew_at_ms = rs_clock_mono_ms();
	rc = rs_schema_fits(ctx, rs_row_int(rows, 0, "version"),
		rs_row_int(rows, 0, "compatible_from"));
	store->misfit = rc != RS_OK;
	if (rc == RS_OK)
		rc = keyring_fits(ctx);
	return rc == RS_OK ? clock_fits(ctx, skew) : rc;
}

enum rs_code rs_store_ready(struct rs_ctx *ctx)
{
	return ready(ctx, RS_REACH_CALLER);
}

enum rs_code rs_store_watch(struct rs_ctx *ctx)
{
	struct rs_store *store = ctx->app->store;
	enum rs_code rc = ready(ctx, RS_REACH_JOB);
	bool misfit = store->misfit;

	if (misfit && !atomic_exchange(&store->misfit_told, true))
		rs_log(ctx, RS_LOG_ERROR, "schema.misfit", rs_log_str(CAUSE, ctx->err.cause));
	if (!misfit)
		store->misfit_told = false;
	return rc;
}

bool rs_store_misfit(const struct rs_store *store)
{
	return store->misfit;
}

enum rs_code rs_store_writable(struct rs_ctx *ctx)
{
	if (!ctx->app->store->misfit)
		return RS_OK;
	return rs_fail(ctx, RS_UNAVAILABLE,
		"The database has been changed for another version of this service; nothing is "
		"written.");
}

enum rs_code rs_store_clock(struct rs_ctx *ctx)
{
	struct rs_store *store = ctx->app->store;
	int64_t measured = store->skew_at_ms;

	if (!measured || rs_clock_mono_ms() - measured > SKEW_FRESH_MS)
		return rs_store_ready(ctx);
	return clock_fits(ctx, store->skew_us);
}

void rs_store_stats(struct rs_store *store, struct rs_store_stats *out)
{
	const struct rs_pool *app = &store->pool[RS_POOL_APP], *job = &store->pool[RS_POOL_JOB];

	pthread_mutex_lock(&store->lock);
	*out = (struct rs_store_stats){
		.app_open = app->open,
		.app_busy = app->busy,
		.app_waiting = app->waiting,
		.job_open = job->open,
		.job_busy = job->busy,
		.job_waiting = job->waiting,
		.statements = store->statements,
		.connects = store->connects,
		.connect_failures = store->connect_failures,
		.dropped = store->dropped,
		.retries = store->retries,
		.commit_batches = store->commit_batches,
		.commit_items = store->commit_items,
		.commit_replays = store->commit_replays,
	};
	pthread_mutex_unlock(&store->lock);
}

void rs_store_metrics(struct rs_store *store)
{
	struct rs_store_stats stats;

	rs_store_stats(store, &stats);
	rs_metric_set(RS_M_DB_POOL_SIZE, (struct rs_labels){{0}}, stats.app_open);
	rs_metric_set(RS_M_DB_POOL_BUSY, (struct rs_labels){{0}}, stats.app_busy);
}
