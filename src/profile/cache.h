/* The process-wide cache behind rs_profile_get() and rs_ruleset_at(). */
#ifndef PROFILE_CACHE_H
#define PROFILE_CACHE_H

#include "rs/profile.h"
#include "rs/ruleset.h"

/* The cached revision or NULL. profiles NULL = no cache. */
const struct rs_profile *rs_profiles_find(struct rs_profiles *profiles, const struct rs_id *id,
	int64_t revision);
/*
 * Keeps a revision read from the database and gives the kept copy; head holds what stands in
 * columns, body the rest. Without a cache, or when it is full, the copy lives in the arena.
 */
const struct rs_profile *rs_profiles_keep(struct rs_ctx *ctx, struct rs_profiles *profiles,
	const struct rs_profile *head, const json_t *body);

/* The rule sets' rows, copied into the arena; 0 when they must be read (again). */
int rs_profiles_rulesets(struct rs_ctx *ctx, struct rs_profiles *profiles,
	struct rs_ruleset **rows);
/* Keeps the rows just read. */
void rs_profiles_keep_rulesets(struct rs_profiles *profiles, const struct rs_ruleset *rows,
	int count);

#endif
