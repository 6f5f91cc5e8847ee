/* Open, release, decline, reopen, cancel, delete; and the end of what nobody touches. */
#include "impl.h"

struct happening {
	enum rs_rr_event event;
	enum rs_action action;
	const char *remarks;
	bool hide;
};

static const struct {
	enum rs_rr_event event;
	enum rs_action action;
} ACTIONS[] = {
	{RS_EV_OPEN, RS_ACTION_OPEN},
	{RS_EV_RELEASE, RS_ACTION_RELEASE},
	{RS_EV_DECLINE, RS_ACTION_DECLINE},
	{RS_EV_REOPEN, RS_ACTION_REOPEN},
	{RS_EV_CANCEL, RS_ACTION_CANCEL},
};

/* What a new state takes with it. */
static void enter(struct rs_ctx *ctx, struct rs_case *c, const struct happening *h,
	struct rs_change *change)
{
	struct rs_reissue *r = &c->request;
	char now[32];

	rs_time_format(c->by.now, now);
	switch (h->event) {
	case RS_EV_OPEN:
		r->reviewer_id = ctx->actor.id;
		break;
	case RS_EV_RELEASE:
		r->reviewer_id = (struct rs_id){""};
		break;
	case RS_EV_DECLINE:
		r->declined = rs_arena_json(ctx->arena,
			json_pack("{s:{s:s, s:s}, s:s, s:s}", "by", "id", ctx->actor.id.s, "name",
				ctx->actor.name ? ctx->actor.name : "", "remarks", h->remarks,
				"at", now));
		if (ctx->actor.kind != RS_ACTOR_USER)
			break; /* the table of approvals names persons */
		change->approval = rs_arena_json(ctx->arena,
			json_pack("{s:s, s:I, s:i, s:s, s:s, s:s, s:s}", "id",
				rs_id_new(c->by.now).s, "round", (json_int_t)r->round, "stage",
				r->state == RS_RR_PENDING_DUAL_CONTROL ? 2 : 1, "by_id",
				ctx->actor.id.s, "decision", "declined", "remarks", h->remarks,
				"digest", rs_sha256_text(ctx->arena, r->digest.data) + 7));
		break;
	case RS_EV_REOPEN:
		r->round++;
		r->reviewer_id = (struct rs_id){""};
		r->declined = NULL;
		r->failure = NULL;
		break;
	case RS_EV_CANCEL:
	case RS_EV_EXPIRE:
		change->key = r->spki_sha256.data ? "release" : NULL;
		break;
	default:
		break;
	}
}

static void happen(struct rs_ctx *ctx, struct rs_case *c, const struct happening *h,
	const struct rs_transition *row, struct rs_change *change)
{
	change->action = h->hide ? "reissue_request.deleted" : row->action;
	change->from = c->request.status;
	change->detail = h->remarks;
	enter(ctx, c, h, change);
	rs_case_move(c, row->to);
	if (h->event == RS_EV_REOPEN) {
		c->request.profile_revision = c->request.newest_revision;
		rs_case_content(ctx, c);
	}
}

static enum rs_code run(
	struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change, void *arg, bool *done)
{
	const struct happening *h = arg;
	const struct rs_transition *row;
	enum rs_code rc = rs_policy_may(ctx, &c->request, c->by.profile, h->action);

	(void)done;
	if (rc)
		return rc;
	change->hide = h->hide;
	row = rs_machine_next(c->request.state, h->event, &c->judged.facts);
	if (row) {
		happen(ctx, c, h, row, change);
		return RS_OK;
	}
	if (!h->hide)
		return rs_policy_wrong_state(ctx, &c->request, h->action);
	c->request.updated_at = c->by.now; /* ended already: only hidden */
	change->action = "reissue_request.deleted";
	return RS_OK;
}

enum rs_code rs_reissue_event(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	enum rs_rr_event event, const char *remarks, struct rs_reissue *out)
{
	struct happening h = {.event = event, .remarks = remarks};
	const struct rs_work work = {.run = run, .arg = &h, .judge = true, .revision = revision};

	for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++)
		if (ACTIONS[i].event == event)
			h.action = ACTIONS[i].action;
	return rs_case_change(ctx, id, &work, out);
}

enum rs_code rs_reissue_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct happening h = {
		.event = RS_EV_CANCEL, .action = RS_ACTION_DELETE, .hide = true};
	const struct rs_work work = {.run = run, .arg = &h, .judge = true, .revision = revision};

	return rs_case_change(ctx, id, &work, NULL);
}

/* --- jobs --- */

static enum rs_code expire_one(struct rs_ctx *ctx, const struct rs_id *id)
{
	const struct happening h = {.event = RS_EV_EXPIRE};
	struct rs_case c;
	struct rs_change change = {0};
	const struct rs_transition *row;
	enum rs_code rc = rs_case_load(ctx, id, true, &c);

	if (rc)
		return rc;
	row = rs_machine_next(c.request.state, RS_EV_EXPIRE, &c.judged.facts);
	if (!row || c.request.expires_at > c.by.now)
		return RS_OK;
	happen(ctx, &c, &h, row, &change);
	return rs_case_store(ctx, &c.request, &change);
}

enum rs_code rs_reissue_expire(struct rs_ctx *ctx, int *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*count = 0;
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_reissue_idle, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_id id;

		if (!rs_id_parse(rs_row_text(rows, i, "id"), &id))
			continue;
		rc = expire_one(ctx, &id);
		if (rc == RS_CONFLICT || rc == RS_NOT_FOUND)
			rc = RS_OK; /* somebody has touched it */
		*count += !rc;
	}
	return rc;
}

static enum rs_code revoke_one(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_id *id = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_certificate_due_take, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	if (rs_row_bool(rows, 0, "wanted"))
		return rs_certificate_revoke_tx(ctx, tx, id, "superseded", 0);
	struct rs_event event = {
		.action = "certificate.revocation_skipped",
		.object_type = "certificate",
		.object = *id,
		.detail = "The new certificate is no longer issued.",
	};
	rs_id_parse(rs_row_text(rows, 0, "enterprise_id"), &event.enterprise);
	return rs_audit(ctx, tx, &event);
}

enum rs_code rs_reissue_revoke_due(struct rs_ctx *ctx, int *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*count = 0;
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_certificate_due, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_id id;

		if (!rs_id_parse(rs_row_text(rows, i, "id"), &id))
			continue;
		rc = rs_tx_use(ctx, RS_REACH_CALLER, revoke_one, &id);
		*count += !rc;
	}
	return rc;
}
