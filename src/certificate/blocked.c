/* The blocklist of keys. */
#include "rs/pki.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/idempotency.h"

#include <string.h>

static const char *const REASONS[] = {"keyCompromise", "debian-weak", "known-private", "other",
	NULL};

struct blocked {
	struct rs_bytes spki_sha256;
	const char *reason, *source;
	int64_t created_at;
};

#define F(member, kind, ...) RS_FIELD(struct blocked, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(spki_sha256, RS_T_SHA256, .flags = RS_F_REQUIRED),
	F(reason, RS_T_STRING, .values = REASONS),
	F(source, RS_T_STRING, .flags = RS_F_READONLY),
	F(created_at, RS_T_TIME, .flags = RS_F_READONLY),
	RS_FIELD_END,
};

enum rs_code rs_pki_blocked(struct rs_ctx *ctx, const struct rs_blocked_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	/* The tie breaker of a list is a uuid: the first half of the digest in that form. */
	static const struct rs_sort sorts[] = {
		{"created_at", "b.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {.query = RS_Q_blocked_key_list, .sorts = sorts,
		.id_column = "encode(substr(b.spki_sha256, 1, 16), 'hex')::uuid"};
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_bytes(&p, filter->spki_sha256.data, filter->spki_sha256.len);
	rs_p_time(&p, filter->created_after);
	rs_p_time(&p, filter->created_before);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		struct blocked blocked = {0};

		rc = rs_row_read(ctx, list->rows, i, FIELDS, &blocked);
		if (!rc)
			json_array_append_new(*items, rs_json_write(FIELDS, &blocked));
	}
	return rc;
}

static enum rs_code audit(struct rs_ctx *ctx, struct rs_tx *tx, const char *action,
	struct rs_bytes spki)
{
	struct rs_event event = {.action = action, .object_type = "blocked_key",
		.detail = rs_sha256_text(ctx->arena, spki.data)};

	return rs_audit(ctx, tx, &event);
}

static enum rs_code add(struct rs_ctx *ctx, struct rs_tx *tx, struct blocked *blocked, bool *added)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_bytes(&p, blocked->spki_sha256.data, blocked->spki_sha256.len);
	rs_p_text(&p, blocked->reason);
	rs_p_text(&p, blocked->source);
	rs_p_time(&p, blocked->created_at);
	rc = rs_tx_run(ctx, tx, RS_Q_blocked_key_add, &p, &rows);
	*added = !rc && rs_rows_count(rows) > 0;
	return rc;
}

static enum rs_code block(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct blocked *blocked = arg;
	bool added;
	enum rs_code rc = add(ctx, tx, blocked, &added);

	if (!rc && !added)
		rc = rs_fail(ctx, RS_ALREADY_EXISTS, "This key is blocked already.");
	if (!rc)
		rc = rs_idem_effect(ctx, tx, "blocked_key", NULL); /* the digest is in the body */
	return rc ? rc : audit(ctx, tx, "blocked_key.created", blocked->spki_sha256);
}

enum rs_code rs_pki_block(struct rs_ctx *ctx, json_t *body, json_t **out)
{
	struct blocked blocked = {.reason = "other", .source = ctx->actor.id.s};
	enum rs_code rc;

	rs_json_read(ctx, body, "", FIELDS, &blocked, NULL);
	rc = rs_faults(ctx);
	if (rc)
		return rc;
	blocked.created_at = rs_clock_now_us(ctx->app->clock);
	rc = rs_tx_use(ctx, RS_REACH_CALLER, block, &blocked);
	if (!rc)
		*out = rs_json_write(FIELDS, &blocked);
	return rc;
}

static enum rs_code unblock(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_bytes *spki = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_bytes(&p, spki->data, spki->len);
	rc = rs_tx_one(ctx, tx, RS_Q_blocked_key_delete, &p, &rows);
	return rc ? rc : audit(ctx, tx, "blocked_key.deleted", *spki);
}

enum rs_code rs_pki_unblock(struct rs_ctx *ctx, struct rs_bytes spki_sha256)
{
	return rs_tx_use(ctx, RS_REACH_CALLER, unblock, &spki_sha256);
}

/* --- lists --- */

struct list {
	const json_t *digests;
	const char *reason, *source;
	int64_t added;
};

static enum rs_code block_all(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct list *list = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {.action = "blocked_key.created", .object_type = "blocked_key"};
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_texts(&p, list->digests);
	rs_p_text(&p, list->reason);
	rs_p_text(&p, list->source);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_blocked_key_add_list, &p, &rows);
	if (rc)
		return rc;
	list->added = rs_rows_count(rows);
	event.detail = rs_arena_printf(
		ctx->arena, "%lld keys of %s", (long long)list->added, list->source);
	return list->added > 0 ? rs_audit(ctx, tx, &event) : RS_OK;
}

enum rs_code rs_pki_block_list(struct rs_ctx *ctx, const json_t *digests, const char *reason,
	const char *source, int64_t *added)
{
	struct list list = {digests, reason, source, 0};
	bool known = false;
	enum rs_code rc;

	for (int i = 0; REASONS[i]; i++)
		known = known || strcmp(REASONS[i], reason) == 0;
	if (!known)
		return rs_fail(ctx, RS_BAD_VALUE, "%s is no reason to block a key.", reason);
	rc = rs_tx_use(ctx, RS_REACH_CALLER, block_all, &list);
	*added = list.added;
	return rc;
}
