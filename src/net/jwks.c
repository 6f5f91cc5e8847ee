/* Key sets of external issuers, kept in memory: see jose.h. */
#include "rs/jose.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/httpc.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX 64
#define FETCH_MS 4000
#define FRESH_MS (60 * INT64_C(1000))
#define KEPT_MS (3600 * INT64_C(1000))
#define STALE_MS (24 * KEPT_MS)

struct set {
	char *uri;
	json_t *jwks;       /* never changed once here: NULL = none yet */
	int64_t fetched_ms; /* when it came */
	int64_t tried_ms;   /* when it was last asked for */
};

struct rs_jwks_cache {
	pthread_mutex_t mutex;
	int count;
	struct set set[SETS_MAX];
};

struct rs_jwks_cache *rs_jwks_cache_new(void)
{
	struct rs_jwks_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		abort();
	pthread_mutex_init(&cache->mutex, NULL);
	return cache;
}

static void set_clear(struct set *set)
{
	free(set->uri);
	json_decref(set->jwks);
	memset(set, 0, sizeof(*set));
}

void rs_jwks_cache_free(struct rs_jwks_cache *cache)
{
	if (!cache)
		return;
	for (int i = 0; i < cache->count; i++)
		set_clear(&cache->set[i]);
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
}

/* The entry of a URI, made in place of the oldest when the cache is full. The lock is held. */
static struct set *set_of(struct rs_jwks_cache *cache, const char *uri)
{
	struct set *oldest = &cache->set[0];
	for (int i = 0; i < cache->count; i++) {
		struct set *set = &cache->set[i];
		if (strcmp(set->uri, uri) == 0)
			return set;
		if (set->tried_ms < oldest->tried_ms)
			oldest = set;
	}
	struct set *set = cache->count < SETS_MAX ? &cache->set[cache->count++] : oldest;
	set_clear(set);
	set->uri = strdup(uri);
	if (!set->uri)
		abort();
	return set;
}

/* A copy for the caller: the cache's own count of references belongs to the lock. */
static json_t *copy_of(struct rs_ctx *ctx, const struct set *set)
{
	return rs_arena_json(ctx->arena, json_deep_copy(set->jwks));
}

static enum rs_code fetch(struct rs_ctx *ctx, const char *uri, json_t **jwks)
{
	struct rs_bytes body;
	enum rs_code rc = rs_httpc_get(ctx, uri, FETCH_MS, &body);
	if (rc != RS_OK)
		return rc;
	rc = rs_json_parse(ctx, body.data, body.len, jwks);
	if (rc == RS_OK && json_is_object(*jwks))
		return RS_OK;
	return rs_fail(ctx, RS_IDP_UNAVAILABLE, "The issuer's keys cannot be read.");
}

enum rs_code rs_jwks_get(struct rs_ctx *ctx, const char *uri, bool fresh, json_t **jwks)
{
	struct rs_jwks_cache *cache = ctx->app->jwks;
	int64_t now = rs_clock_mono_ms();
	json_t *fetched = NULL;
	pthread_mutex_lock(&cache->mutex);
	struct set *set = set_of(cache, uri);
	bool old = !set->jwks || now - set->fetched_ms > KEPT_MS;
	bool ask = (old || fresh) && (!set->tried_ms || now - set->tried_ms > FRESH_MS);
	if (ask)
		set->tried_ms = now;
	*jwks = set->jwks && now - set->fetched_ms < STALE_MS ? copy_of(ctx, set) : NULL;
	pthread_mutex_unlock(&cache->mutex);
	enum rs_code rc = ask ? fetch(ctx, uri, &fetched) : RS_OK;
	if (fetched && rc == RS_OK) {
		pthread_mutex_lock(&cache->mutex);
		set = set_of(cache, uri);
		json_decref(set->jwks);
		set->jwks = json_deep_copy(fetched);
		set->fetched_ms = set->tried_ms = now;
		pthread_mutex_unlock(&cache->mutex);
		*jwks = fetched;
	}
	if (*jwks)
		return RS_OK;
	return rc != RS_OK ? rc
			   : rs_fail(ctx, RS_IDP_UNAVAILABLE,
				     "The issuer's keys cannot be fetched now. Try again in a minute.");
}
