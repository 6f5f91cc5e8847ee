/*
 * Looking ahead: see store.h. The memory of reaches is a table by the caller's digest, in which a
 * newer entry takes the place of an older one.
 */
#include "internal.h"

#include "rs/clock.h"

#include <stdio.h>
#include <string.h>

/* What was read ahead may be this old when it is used. */
#define FRESH_MS 100

void rs_reaches_init(struct rs_reaches *reaches)
{
	pthread_mutex_init(&reaches->lock, NULL);
}

void rs_reaches_clear(struct rs_reaches *reaches)
{
	pthread_mutex_destroy(&reaches->lock);
}

static struct rs_reach_entry *entry_of(struct rs_reaches *reaches, const unsigned char caller[32])
{
	return &reaches->entry[(caller[0] << 8 | caller[1]) % RS_REACHES_MAX];
}

void rs_ahead_want(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *params)
{
	struct rs_ahead *ahead = rs_new(ctx->arena, struct rs_ahead);

	ahead->params = *params;
	ahead->one = (struct rs_one){.slot = RS_SLOT_QUERIES + (int)query,
		.params = &ahead->params,
		.reach = ahead->reach};
	ctx->ahead = ahead;
}

void rs_ahead_guess(struct rs_ctx *ctx, const unsigned char caller[32])
{
	struct rs_reaches *reaches = &ctx->app->store->reaches;
	const struct rs_reach_entry *entry = entry_of(reaches, caller);

	if (!ctx->ahead)
		return;
	pthread_mutex_lock(&reaches->lock);
	if (memcmp(entry->caller, caller, sizeof entry->caller) == 0)
		memcpy(ctx->ahead->reach, entry->reach, sizeof entry->reach);
	pthread_mutex_unlock(&reaches->lock);
}

void rs_ahead_learn(struct rs_ctx *ctx, const unsigned char caller[32])
{
	struct rs_reaches *reaches = &ctx->app->store->reaches;
	struct rs_reach_entry *entry = entry_of(reaches, caller);
	const char *reach = rs_reach_of(ctx, RS_REACH_CALLER);

	if (!ctx->ahead || strcmp(ctx->ahead->reach, reach) == 0)
		return;
	pthread_mutex_lock(&reaches->lock);
	memcpy(entry->caller, caller, sizeof entry->caller);
	snprintf(entry->reach, sizeof entry->reach, "%s", reach);
	pthread_mutex_unlock(&reaches->lock);
}

struct rs_one *rs_ahead_go(struct rs_ctx *ctx)
{
	struct rs_ahead *ahead = ctx->ahead;

	if (!ahead || ahead->gone || !*ahead->reach)
		return NULL;
	ahead->gone = true;
	return &ahead->one;
}

void rs_ahead_keep(struct rs_ctx *ctx)
{
	ctx->ahead->rows = rs_rows_keep(ctx, ctx->ahead->one.slot, ctx->ahead->one.got);
	ctx->ahead->until_ms = rs_clock_mono_ms() + FRESH_MS;
}

struct rs_rows *rs_ahead_take(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params)
{
	struct rs_ahead *ahead = ctx->ahead;

	if (!ahead || !ahead->rows || reach != RS_REACH_CALLER ||
		ahead->one.slot != RS_SLOT_QUERIES + (int)query ||
		strcmp(ahead->reach, rs_reach_of(ctx, reach)) != 0 ||
		!rs_params_same(&ahead->params, params) || rs_clock_mono_ms() > ahead->until_ms)
		return NULL;
	ctx->ahead = NULL;
	return ahead->rows;
}
