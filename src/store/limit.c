#include "internal.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/limit.h"

#include <string.h>

#define SECOND INT64_C(1000000)

/* Bucket, key hash and the window that now falls into. */
static struct rs_params window_of(
	struct rs_ctx *ctx, const struct rs_limit *limit, const void *key, size_t len, int64_t now)
{
	struct rs_params p = rs_params(ctx);
	unsigned char hash[32];

	rs_sha256(key, len, hash);
	rs_p_text(&p, limit->bucket);
	rs_p_bytes(&p, hash, sizeof hash);
	rs_p_time(&p, (now - now % limit->window_s) * SECOND);
	return p;
}

static void note(struct rs_ctx *ctx, const struct rs_limit *limit, int64_t hits, int64_t reset_s)
{
	struct rs_limit_state *state = rs_new(ctx->arena, struct rs_limit_state);

	*state = (struct rs_limit_state){ctx->limits, limit->bucket, limit->limit, limit->window_s,
		hits < limit->limit ? limit->limit - hits : 0, reset_s};
	ctx->limits = state;
}

enum rs_code rs_limit_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const void *key, size_t len)
{
	int64_t now = rs_clock_now(ctx->app->clock), hits;
	int64_t reset = limit->window_s - now % limit->window_s;
	struct rs_params p = window_of(ctx, limit, key, len, now);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_time(&p, (now + reset) * SECOND);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_limit_hit, &p, &rows);
	if (rc != RS_OK)
		return rc;
	hits = rs_row_int(rows, 0, "hits");
	note(ctx, limit, hits, reset);
	if (hits <= limit->limit)
		return RS_OK;
	rc = rs_fail(ctx, RS_RATE_LIMITED, "Too many attempts; try again in %lld seconds.",
		(long long)reset);
	ctx->err.retry_after = (int)reset;
	return rc;
}

/* Changes the counter of the window that now falls into, and what the headers tell of it. */
static enum rs_code correct(struct rs_ctx *ctx, const struct rs_limit *limit, const void *key,
	size_t len, enum rs_query query)
{
	struct rs_params p = window_of(ctx, limit, key, len, rs_clock_now(ctx->app->clock));

	for (struct rs_limit_state *state = ctx->limits; state; state = state->next)
		if (strcmp(state->bucket, limit->bucket) == 0)
			state->remaining =
				query == RS_Q_limit_forgive || state->remaining == limit->limit
					? limit->limit
					: state->remaining + 1;
	return rs_read(ctx, RS_REACH_CALLER, query, &p, NULL);
}

enum rs_code rs_limit_forgive(
	struct rs_ctx *ctx, const struct rs_limit *limit, const void *key, size_t len)
{
	return correct(ctx, limit, key, len, RS_Q_limit_forgive);
}

enum rs_code rs_limit_return(
	struct rs_ctx *ctx, const struct rs_limit *limit, const void *key, size_t len)
{
	return correct(ctx, limit, key, len, RS_Q_limit_return);
}

/* Batch by batch, so that no transaction grows long. */
enum rs_code rs_clean(struct rs_ctx *ctx, enum rs_query query)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	do {
		rc = rs_read(ctx, RS_REACH_JOB, query, &p, &rows);
	} while (rc == RS_OK && rs_rows_count(rows) > 0);
	return rc;
}

enum rs_code rs_limit_cleanup(struct rs_ctx *ctx)
{
	return rs_clean(ctx, RS_Q_limit_cleanup);
}
