/* What every change of identity's objects has in common. */
#include "internal.h"

#include "rs/challenge.h"
#include "rs/factor.h"
#include "rs/idempotency.h"

/* What proves an account elsewhere, which is linked here. */
static bool elsewhere(const struct rs_factor *factor)
{
	return factor->style != RS_FACTOR_CODE;
}

static enum rs_code end_challenges(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_change *change)
{
	const struct rs_id *user = &change->event.object;
	if (change->unlinks)
		return rs_challenge_end_of(ctx, tx, user, elsewhere, "identity unlinked");
	return change->ends ? rs_challenge_ended_with_user(ctx, tx, user, change->ends) : RS_OK;
}

static enum rs_code work(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct rs_change *change = arg;
	struct rs_rows *rows;
	enum rs_code rc = rs_tx_run(ctx, tx, change->query, change->params, &rows);
	if (rc != RS_OK)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_fail(ctx, change->none, "%s", change->none_text);
	if (change->fields)
		rc = rs_row_read(ctx, rows, 0, change->fields, change->out);
	if (rc == RS_OK && change->then)
		rc = rs_tx_run(ctx, tx, RS_Q_tokens_revoke_of_user, change->then, NULL);
	if (rc == RS_OK)
		rc = end_challenges(ctx, tx, change);
	if (rc == RS_OK)
		rc = rs_idem_effect(ctx, tx, change->made ?: change->event.object_type,
			change->made_id ?: &change->event.object);
	if (rc == RS_OK && change->told)
		rc = rs_account_notice(ctx, tx, &change->event.enterprise, &change->event.object,
			change->told, change->notice);
	return rc == RS_OK ? rs_audit(ctx, tx, &change->event) : rc;
}

enum rs_code rs_change_run(struct rs_ctx *ctx, struct rs_change *change)
{
	if (change->none == RS_OK) {
		change->none = RS_NOT_FOUND;
		change->none_text = "There is no such thing here.";
	}
	if (change->told) {
		enum rs_code rc = rs_account_reachable(
			ctx, &change->event.enterprise, &change->told);
		if (rc != RS_OK)
			return rc;
	}
	return rs_tx_use(ctx, RS_REACH_CALLER, work, change);
}

void rs_change_lost(struct rs_change *change, int64_t expected)
{
	change->none = expected >= 0 ? RS_PRECONDITION_FAILED : RS_CONFLICT;
	change->none_text = "Somebody else changed it at the same moment; read it again.";
}

enum rs_code rs_change_expect(struct rs_ctx *ctx, int64_t expected, int64_t revision)
{
	if (expected < 0 || expected == revision)
		return RS_OK;
	return rs_fail(ctx, RS_PRECONDITION_FAILED,
		"It is at revision %lld, not %lld; read it again.", (long long)revision,
		(long long)expected);
}

bool rs_change_diff(struct rs_ctx *ctx, const struct rs_field *fields, const void *before,
	const void *after, struct rs_event *event)
{
	json_t *old = rs_arena_json(ctx->arena, rs_json_write(fields, before));
	json_t *new = rs_arena_json(ctx->arena, rs_json_write(fields, after));
	const char *name;
	json_t *value;
	void *next;
	json_object_foreach_safe(old, next, name, value)
	{
		if (!json_equal(value, json_object_get(new, name)))
			continue;
		json_object_del(new, name);
		json_object_del(old, name);
	}
	event->before = old;
	event->after = new;
	return json_object_size(new) > 0;
}

enum rs_code rs_change_enterprise(
	struct rs_ctx *ctx, const char *action, struct rs_id *enterprise)
{
	if (!rs_id_set(enterprise))
		*enterprise = ctx->actor.enterprise;
	enum rs_code rc = rs_may_act(ctx, action, NULL, enterprise);
	if (rc != RS_OK)
		return rc;
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, enterprise);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_enterprise_by_id, &p, &rows);
	if (rc == RS_OK && rs_rows_count(rows) == 0)
		rs_fault(ctx, RS_BAD_VALUE, "/enterprise_id", "There is no such enterprise.");
	return rc;
}
