/* What issuers publish, kept in memory: see jose.h. */
#include "rs/jose.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/httpc.h"
#include "rs/id.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX  64
#define FETCH_MS  4000
/* Between two questions that an unknown key caused, and between two to an issuer that is down. */
#define FORCED_MS (60 * INT64_C(1000))
#define RETRY_MS  (5 * INT64_C(1000))
#define SECOND_US INT64_C(1000000)
#define STALE_US  (86400 * SECOND_US)

struct set {
	char *uri;	    /* and by which anchors: what one connector trusts is no other's */
	json_t *document;   /* never changed once here: NULL = none yet */
	int64_t fetched_us; /* business time when it came */
	int64_t tried_ms;   /* monotonic: when it was last asked for */
	int64_t forced_ms;  /* monotonic: when a key was last unknown */
	bool asking;	    /* somebody waits for the issuer's answer */
};

struct rs_jwks_cache {
	pthread_mutex_t mutex;
	pthread_cond_t told; /* an issuer has answered, or has not */
	int waiting;	     /* how many wait for that */
	int count;
	struct set set[SETS_MAX];
};

struct rs_jwks_cache *rs_jwks_cache_new(void)
{
	struct rs_jwks_cache *cache = calloc(1, sizeof(*cache));
	pthread_condattr_t clock;
	if (!cache)
		abort();
	pthread_mutex_init(&cache->mutex, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&cache->told, &clock);
	pthread_condattr_destroy(&clock);
	return cache;
}

static void set_clear(struct set *set)
{
	free(set->uri);
	json_decref(set->document);
	memset(set, 0, sizeof(*set));
}

void rs_jwks_cache_free(struct rs_jwks_cache *cache)
{
	if (!cache)
		return;
	for (int i = 0; i < cache->count; i++)
		set_clear(&cache->set[i]);
	pthread_cond_destroy(&cache->told);
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
	return rs_arena_json(ctx->arena, json_deep_copy(set->document));
}

/* Under which name a document is kept. */
static const char *name_of(struct rs_ctx *ctx, const struct rs_jwks_source *source)
{
	unsigned char digest[32];
	if (!source->ca_pem)
		return source->uri;
	rs_sha256(source->ca_pem, strlen(source->ca_pem), digest);
	return rs_arena_printf(
		ctx->arena, "%s %s", source->uri, rs_sha256_text(ctx->arena, digest));
}

static enum rs_code fetch(
	struct rs_ctx *ctx, const struct rs_jwks_source *source, json_t **document)
{
	const struct rs_httpc_request request = {
		.url = source->uri,
		.ca_pem = source->ca_pem,
		.answer_max = RS_HTTPC_BODY_MAX,
		.timeout_ms = FETCH_MS,
		.down = RS_IDP_UNAVAILABLE,
	};
	struct rs_httpc_answer answer;
	enum rs_code rc = rs_httpc_send(ctx, &request, &answer);
	if (rc != RS_OK)
		return rc;
	rc = rs_json_parse(ctx, answer.body.data, answer.body.len, document);
	if (rc == RS_OK && json_is_object(*document) && answer.status == 200)
		return RS_OK;
	*document = NULL;
	rc = rs_fail(ctx, RS_IDP_UNAVAILABLE, "What the issuer publishes cannot be read.");
	rs_err_cause(ctx, "status %d", answer.status);
	return rc;
}

/* Whether to ask now, noted when so. The lock is held. */
static bool shall_ask(struct set *set, int ttl_s, enum rs_jwks_how how, int64_t now_us)
{
	int64_t now = rs_clock_mono_ms();
	int64_t age = now_us - set->fetched_us;
	bool old = !set->document || age < 0 || age > ttl_s * SECOND_US;
	bool forced = how == RS_JWKS_FRESH && (!set->forced_ms || now - set->forced_ms > FORCED_MS);
	if (how != RS_JWKS_NOW && !forced &&
		!(old && (!set->tried_ms || now - set->tried_ms > RETRY_MS)))
		return false;
	if (forced)
		set->forced_ms = now;
	set->tried_ms = now;
	return true;
}

/* What came, or NULL, is everybody's from now on. */
static void keep(
	struct rs_jwks_cache *cache, const char *uri, const json_t *document, int64_t now_us)
{
	pthread_mutex_lock(&cache->mutex);
	struct set *set = set_of(cache, uri);
	if (document) {
		json_decref(set->document);
		set->document = json_deep_copy(document);
		set->fetched_us = now_us;
		set->tried_ms = rs_clock_mono_ms();
	}
	set->asking = false;
	pthread_cond_broadcast(&cache->told);
	pthread_mutex_unlock(&cache->mutex);
}

/*
 * Until some issuer has answered; false at the end of the time, and when so many wait that they would
 * hold all of the service: whose token is judged is nobody yet. The lock is held.
 */
static bool wait_told(struct rs_jwks_cache *cache, int64_t until_ms)
{
	const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
	bool told;
	if (cache->waiting == RS_JWKS_WAITING_MAX)
		return false;
	cache->waiting++;
	told = pthread_cond_timedwait(&cache->told, &cache->mutex, &until) == 0;
	cache->waiting--;
	return told;
}

/*
 * What is kept, into *out, and whether to ask. While somebody else asks, whoever has nothing, or
 * nothing good enough, waits for that answer. The lock is held.
 */
static bool look(struct rs_ctx *ctx, const struct rs_jwks_source *source, const char *name,
	enum rs_jwks_how how, struct rs_jwks *out)
{
	struct rs_jwks_cache *cache = ctx->app->jwks;
	int left = rs_ctx_left_ms(ctx);
	int64_t until_ms = rs_clock_mono_ms() + (left < FETCH_MS ? left : FETCH_MS);
	for (;;) {
		int64_t now_us = rs_clock_now_us(ctx->app->clock);
		struct set *set = set_of(cache, name);
		bool ask = shall_ask(set, source->ttl_s, how, now_us);
		bool usable =
			how != RS_JWKS_NOW && set->document && now_us - set->fetched_us < STALE_US;
		bool wait = !ask && set->asking && (!usable || how == RS_JWKS_FRESH);
		if (wait && wait_told(cache, until_ms))
			continue;
		set = set_of(cache, name); /* the wait has let others at it */
		usable = usable && set->document;
		*out = (struct rs_jwks){.document = usable ? copy_of(ctx, set) : NULL,
			.fetched_at = set->fetched_us};
		set->asking = set->asking || ask;
		return ask;
	}
}

enum rs_code rs_jwks_get(struct rs_ctx *ctx, const struct rs_jwks_source *source,
	enum rs_jwks_how how, struct rs_jwks *out)
{
	const char *name = name_of(ctx, source);
	struct rs_jwks_cache *cache = ctx->app->jwks;
	int64_t now_us = rs_clock_now_us(ctx->app->clock);
	json_t *fetched = NULL;
	pthread_mutex_lock(&cache->mutex);
	bool ask = look(ctx, source, name, how, out);
	pthread_mutex_unlock(&cache->mutex);
	enum rs_code rc = ask ? fetch(ctx, source, &fetched) : RS_OK;
	if (ask)
		keep(cache, name, fetched, now_us);
	if (fetched)
		*out = (struct rs_jwks){.document = fetched, .fetched_at = now_us};
	if (out->document) {
		rs_err_reset(&ctx->err);
		return RS_OK;
	}
	return rc != RS_OK ? rc
			   : rs_fail(ctx, RS_IDP_UNAVAILABLE,
				     "What the issuer publishes cannot be fetched now. Try again "
				     "soon.");
}
