/*
 * Revisions are immutable, so what is cached never grows stale and is never thrown away; the cache
 * is bounded by not taking more. Rule sets change by migrations only, which may run beside a
 * running service: they are read again once a minute.
 */
#include "cache.h"

#include "rs/clock.h"
#include "rs/id.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define REVISIONS_MAX 2048
#define RULESETS_MAX 64
#define RULESETS_FRESH_MS 60000

struct rs_profiles {
	pthread_mutex_t lock;
	struct rs_ctx ctx; /* its arena holds the revisions */
	const struct rs_profile *revision[REVISIONS_MAX];
	int count;
	struct rs_ruleset ruleset[RULESETS_MAX]; /* its texts are static or the names' list */
	int ruleset_count;
	int64_t rulesets_read_ms;
};

struct rs_profiles *rs_profiles_new(void)
{
	struct rs_profiles *profiles = calloc(1, sizeof(*profiles));

	if (!profiles)
		abort();
	pthread_mutex_init(&profiles->lock, NULL);
	rs_ctx_init(&profiles->ctx, NULL);
	return profiles;
}

void rs_profiles_free(struct rs_profiles *profiles)
{
	if (!profiles)
		return;
	rs_ctx_end(&profiles->ctx);
	pthread_mutex_destroy(&profiles->lock);
	free(profiles);
}

static const struct rs_profile *find(const struct rs_profiles *profiles, const struct rs_id *id,
	int64_t revision)
{
	for (int i = 0; i < profiles->count; i++)
		if (profiles->revision[i]->revision == revision &&
		    rs_id_eq(&profiles->revision[i]->id, id))
			return profiles->revision[i];
	return NULL;
}

const struct rs_profile *rs_profiles_find(struct rs_profiles *profiles, const struct rs_id *id,
	int64_t revision)
{
	const struct rs_profile *found;

	if (!profiles)
		return NULL;
	pthread_mutex_lock(&profiles->lock);
	found = find(profiles, id, revision);
	pthread_mutex_unlock(&profiles->lock);
	return found;
}

/* body's faults are of no interest: it was judged when it was stored. */
static const struct rs_profile *decode(struct rs_ctx *ctx, const struct rs_profile *head,
	const json_t *body)
{
	struct rs_profile *profile = rs_new(ctx->arena, struct rs_profile);

	*profile = *head;
	rs_json_read(ctx, rs_arena_json(ctx->arena, json_deep_copy(body)), "", rs_profile_fields,
		profile, NULL);
	rs_err_reset(&ctx->err);
	return profile;
}

const struct rs_profile *rs_profiles_keep(struct rs_ctx *ctx, struct rs_profiles *profiles,
	const struct rs_profile *head, const json_t *body)
{
	const struct rs_profile *kept;

	if (!profiles)
		return decode(ctx, head, body);
	pthread_mutex_lock(&profiles->lock);
	kept = find(profiles, &head->id, head->revision);
	if (!kept && profiles->count < REVISIONS_MAX) {
		kept = decode(&profiles->ctx, head, body);
		profiles->revision[profiles->count++] = kept;
	}
	pthread_mutex_unlock(&profiles->lock);
	return kept ? kept : decode(ctx, head, body);
}

int rs_profiles_rulesets(struct rs_ctx *ctx, struct rs_profiles *profiles,
	struct rs_ruleset **rows)
{
	int count = 0;

	if (!profiles)
		return 0;
	pthread_mutex_lock(&profiles->lock);
	if (profiles->ruleset_count > 0 &&
	    rs_clock_mono_ms() - profiles->rulesets_read_ms < RULESETS_FRESH_MS) {
		count = profiles->ruleset_count;
		*rows = rs_new_array(ctx->arena, struct rs_ruleset, count);
		memcpy(*rows, profiles->ruleset, sizeof(**rows) * (size_t)count);
	}
	pthread_mutex_unlock(&profiles->lock);
	return count;
}

void rs_profiles_keep_rulesets(struct rs_profiles *profiles, const struct rs_ruleset *rows,
	int count)
{
	if (!profiles || count > RULESETS_MAX)
		return;
	pthread_mutex_lock(&profiles->lock);
	memcpy(profiles->ruleset, rows, sizeof(*rows) * (size_t)count);
	profiles->ruleset_count = count;
	profiles->rulesets_read_ms = rs_clock_mono_ms();
	pthread_mutex_unlock(&profiles->lock);
}
