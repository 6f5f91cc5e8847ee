#include "reload.h"

#include "rs/clock.h"
#include "rs/keyring.h"
#include "rs/log.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE_MS 5000

struct rs_replaced {
	struct rs_replaced *next;
	const struct rs_config *config; /* or NULL */
	struct rs_keyring *keyring;	/* or NULL */
};

/* --- keyring --- */

/* A value that was made a moment ago must open a moment later. */
static enum rs_code fits(struct rs_ctx *ctx, const struct rs_keyring *ring)
{
	const char *until_now = rs_keyring_active(ctx->keyring);

	if (!rs_keyring_holds(ring, until_now))
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"The keyring does not hold %s, the key that values were made under until now.",
			until_now);
	return rs_keyring_verify_store(ctx, ring);
}

/* *ring is the new keyring, or NULL when nothing has changed. */
static enum rs_code read_keyring(struct rs_ctx *ctx, struct rs_keyring **ring)
{
	enum rs_code rc = rs_keyring_load(ctx, ctx->app->config->keyring_file, ring);

	if (rc)
		return rc;
	bool same = rs_keyring_equal(*ring, ctx->keyring);
	if (!same)
		rc = fits(ctx, *ring);
	if (rc || same) {
		rs_keyring_free(*ring);
		*ring = NULL;
	}
	return rc;
}

/* --- telling --- */

static void tell_refused(const struct rs_ctx *ctx, const json_t *faults)
{
	const json_t *fault;
	size_t i;

	json_array_foreach(faults, i, fault)
		rs_log(ctx, RS_LOG_ERROR, "reload.fault",
			rs_log_str(KEY, json_string_value(json_object_get(fault, "key"))),
			rs_log_str(DETAIL, json_string_value(json_object_get(fault, "detail"))));
	rs_log(ctx, RS_LOG_ERROR, "reload.refused", rs_log_str(CODE, rs_code_slug(ctx->err.code)),
		rs_log_str(DETAIL, ctx->err.detail), rs_log_str(CAUSE, ctx->err.cause));
}

static void tell_done(struct rs_ctx *ctx, const struct rs_config_changes *changes)
{
	const struct rs_keyring *ring = ctx->app->keyring;
	const json_t *key;
	size_t i;

	json_array_foreach(changes->pending, i, key)
		rs_log(ctx, RS_LOG_WARN, "reload.pending", rs_log_str(KEY, json_string_value(key)),
			rs_log_str(DETAIL, "This key is read at the start only: restart."));
	json_array_foreach(changes->made, i, key)
		rs_log(ctx, RS_LOG_INFO, "reload.changed", rs_log_str(KEY, json_string_value(key)));
	rs_log(ctx, RS_LOG_INFO, "server.reloaded",
		rs_log_str(DETAIL, rs_arena_printf(ctx->arena,
					   "keyring: %zu keys, %s is the active one",
					   rs_keyring_count(ring), rs_keyring_active(ring))));
}

/* --- all of it or nothing --- */

static void put(struct rs_app *app, const struct rs_config *config, struct rs_keyring *ring,
	struct rs_replaced **replaced)
{
	struct rs_replaced *old = calloc(1, sizeof(*old));

	if (!old)
		abort();
	old->next = *replaced;
	*replaced = old;
	if (ring) {
		old->keyring = app->keyring;
		app->keyring = ring;
	}
	if (config) {
		old->config = app->config;
		app->config = config;
		rs_log_set_level(rs_log_level_of(config->log_level));
	}
}

/* What is new in *config and *ring, NULL for what stays. */
static enum rs_code read_all(struct rs_ctx *ctx, const struct rs_cli *cli,
	struct rs_config_changes *changes, struct rs_config **config, struct rs_keyring **ring)
{
	*ring = NULL;
	*config = rs_cli_reload(cli, ctx->app->config, changes);
	if (!*config)
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"The configuration is wrong; everything stays as it was.");
	enum rs_code rc = read_keyring(ctx, ring);
	if (rc || json_array_size(changes->made) == 0) {
		rs_config_free(*config);
		*config = NULL;
	}
	return rc;
}

void rs_reload(struct rs_app *app, const struct rs_cli *cli, struct rs_replaced **replaced)
{
	struct rs_config_changes changes;
	struct rs_config *config;
	struct rs_keyring *ring;
	struct rs_ctx ctx;

	rs_ctx_init_system(&ctx, app, "reload");
	ctx.deadline_ms = rs_clock_mono_ms() + STORE_MS;
	if (read_all(&ctx, cli, &changes, &config, &ring) != RS_OK) {
		tell_refused(&ctx, changes.faults);
	} else {
		if (config || ring)
			put(app, config, ring, replaced);
		tell_done(&ctx, &changes);
	}
	rs_config_changes_end(&changes);
	rs_ctx_end(&ctx);
}

void rs_replaced_free(struct rs_replaced *replaced)
{
	while (replaced) {
		struct rs_replaced *next = replaced->next;

		rs_config_free((struct rs_config *)(uintptr_t)replaced->config);
		rs_keyring_free(replaced->keyring);
		free(replaced);
		replaced = next;
	}
}
