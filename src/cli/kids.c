#include "kids.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"

#include <string.h>

static const struct rs_kid_place PLACES[] = {
#define RS_KID(relation, column, fate, label, what)                                                \
	{relation, column, RS_KID_##fate, RS_KEY_##label, what},
#include "rs/kids.def"
#undef RS_KID
};

size_t rs_kid_place_count(void)
{
	return sizeof(PLACES) / sizeof(PLACES[0]);
}

const struct rs_kid_place *rs_kid_place(size_t index)
{
	return &PLACES[index];
}

const char *rs_kid_fate_name(enum rs_kid_fate fate)
{
	static const char *const NAMES[] = {
		[RS_KID_RENEWED] = "renewed", [RS_KID_PASSES] = "passes", [RS_KID_STAYS] = "stays"};

	return NAMES[fate];
}

enum rs_code rs_kid_uses(
	struct rs_ctx *ctx, const struct rs_kid_place *place, struct rs_rows **rows)
{
	struct rs_params p = rs_params(ctx);

	rs_p_text(&p, place->relation);
	rs_p_text(&p, place->column);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_read(ctx, RS_REACH_JOB, RS_Q_keyring_uses, &p, rows);
}

/* --- retiring --- */

struct retiring {
	const char *kid;
	const char *needs;    /* "3 mail.message_kid, ..." */
	const char *evidence; /* the same for what may be given up */
	int64_t given_up;
	bool in_file;
};

static enum rs_code count_uses(struct rs_ctx *ctx, struct retiring *r)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < rs_kid_place_count(); i++) {
		const struct rs_kid_place *place = rs_kid_place(i);
		const char **list = place->fate == RS_KID_STAYS ? &r->evidence : &r->needs;
		struct rs_rows *rows;

		rc = rs_kid_uses(ctx, place, &rows);
		for (int row = 0; !rc && row < rs_rows_count(rows); row++) {
			int64_t uses = rs_row_int(rows, row, "uses");

			if (strcmp(rs_row_text(rows, row, "kid"), r->kid) != 0)
				continue;
			*list = rs_arena_printf(ctx->arena, "%s%s%lld %s.%s", *list,
				(*list)[0] ? ", " : "", (long long)uses, place->relation,
				place->column);
			if (place->fate == RS_KID_STAYS)
				r->given_up += uses;
		}
	}
	return rc;
}

static enum rs_code judge(struct rs_ctx *ctx, const struct retiring *r, bool give_up_evidence)
{
	if (strcmp(rs_keyring_active(ctx->keyring), r->kid) == 0)
		return rs_fail(ctx, RS_IN_USE,
			"%s is the active key: `reissued keyring activate` another one first.",
			r->kid);
	if (r->needs[0])
		return rs_fail(ctx, RS_IN_USE,
			"%s is still needed: %s. `reissued keyring rewrap` renews what can be "
			"renewed, the rest passes within a day.",
			r->kid, r->needs);
	if (r->evidence[0] && !give_up_evidence)
		return rs_fail(ctx, RS_IN_USE,
			"%s is needed to check or read what is never rewritten: %s. "
			"--give-up-evidence does without that.",
			r->kid, r->evidence);
	return RS_OK;
}

static enum rs_code forget(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct retiring *r = arg;
	const struct rs_event event = {
		.action = "keyring.retired",
		.object_type = "keyring",
		.detail = rs_arena_printf(ctx->arena, "%s%s%s", r->kid,
			r->evidence[0] ? ": given up " : "", r->evidence),
	};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_text(&p, r->kid);
	rc = rs_tx_run(ctx, tx, RS_Q_keyring_forget, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0 && !r->in_file)
		rc = rs_fail(ctx, RS_NOT_FOUND, "Neither keyring nor database knows a key %.40s.",
			r->kid);
	return rc ? rc : rs_audit(ctx, tx, &event);
}

/* The file first: the next start records the check value of every key that it holds. */
enum rs_code rs_kid_retire(
	struct rs_ctx *ctx, const char *kid, bool give_up_evidence, int64_t *given_up)
{
	struct retiring r = {
		.kid = kid, .needs = "", .evidence = "", .in_file = rs_keyring_holds(ctx->keyring, kid)};
	enum rs_code rc = rs_keyring_verify_store(ctx, ctx->keyring);

	if (!rc)
		rc = count_uses(ctx, &r);
	if (!rc)
		rc = judge(ctx, &r, give_up_evidence);
	if (!rc && r.in_file)
		rc = rs_keyring_remove(ctx, ctx->app->config->keyring_file, kid);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_JOB, forget, &r);
	*given_up = r.given_up;
	return rc;
}
