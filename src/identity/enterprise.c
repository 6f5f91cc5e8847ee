/* Enterprises: the tenants. */
#include "internal.h"

static const char *const STATUSES[] = {"active", "suspended", NULL};

const struct rs_field rs_enterprise_fields[] = {
	RS_FIELD(struct rs_enterprise, id, RS_T_ID, .flags = RS_F_READONLY),
	RS_FIELD(struct rs_enterprise, name, RS_T_STRING, .min = 1, .max = 200),
	RS_FIELD(struct rs_enterprise, status, RS_T_STRING, .values = STATUSES),
	RS_FIELD(struct rs_enterprise, revision, RS_T_INT, .flags = RS_F_READONLY),
	RS_FIELD(struct rs_enterprise, created_at, RS_T_TIME, .flags = RS_F_READONLY),
	RS_FIELD(struct rs_enterprise, updated_at, RS_T_TIME, .flags = RS_F_READONLY),
	RS_FIELD_END,
};

static enum rs_code read_by(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *p,
	struct rs_enterprise *out)
{
	struct rs_rows *rows;
	enum rs_code rc = rs_read_one(ctx, RS_REACH_CALLER, query, p, &rows);
	return rc == RS_OK ? rs_row_read(ctx, rows, 0, rs_enterprise_fields, out) : rc;
}

static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_enterprise *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	enum rs_code rc = read_by(ctx, RS_Q_enterprise_by_id, &p, out);
	return rc == RS_OK ? rs_may_act(ctx, action, NULL, id) : rc;
}

enum rs_code rs_enterprise_get(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_enterprise *out)
{
	return read_for(ctx, "enterprise.read", id, out);
}

enum rs_code rs_me_enterprise(struct rs_ctx *ctx, struct rs_enterprise *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &ctx->actor.enterprise);
	return read_by(ctx, RS_Q_enterprise_by_id, &p, out);
}

enum rs_code rs_enterprise_find(
	struct rs_ctx *ctx, const char *name_or_id, struct rs_enterprise *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_text(&p, name_or_id);
	return read_by(ctx, RS_Q_enterprise_by_name, &p, out);
}

enum rs_code rs_enterprise_list(struct rs_ctx *ctx, const json_t *statuses,
	const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{"name", "name", "text"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_enterprise_list, SORTS, "id"};
	struct rs_params p = rs_params(ctx);
	rs_p_texts(&p, statuses);
	return rs_list(ctx, &SPEC, &p, page, out);
}

enum rs_code rs_enterprise_create(struct rs_ctx *ctx, json_t *body, struct rs_enterprise *out)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_enterprise in = {.id = rs_id_new(now), .status = "active"};
	rs_json_read(ctx, body, "", rs_enterprise_fields, &in, NULL);
	if (!in.name && !json_object_get(body, "name"))
		rs_fault(ctx, RS_REQUIRED, "/name", "The enterprise needs a name.");
	enum rs_code rc = rs_faults(ctx);
	if (rc == RS_OK)
		rc = rs_may_act(ctx, "enterprise.create", NULL, &in.id);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &in.id);
	rs_p_text(&p, in.name);
	rs_p_text(&p, in.status);
	rs_p_time(&p, now);
	struct rs_change change = {RS_Q_enterprise_insert, &p, .fields = rs_enterprise_fields, .out = out};
	change.event = (struct rs_event){.action = "enterprise.created", .object_type = "enterprise"};
	change.event.object = in.id;
	change.event.enterprise = in.id;
	change.event.after = rs_arena_json(ctx->arena, rs_json_write(rs_enterprise_fields, &in));
	return rs_change_run(ctx, &change);
}

enum rs_code rs_enterprise_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_enterprise *out)
{
	struct rs_enterprise before = {0};
	enum rs_code rc = read_for(ctx, "enterprise.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct rs_enterprise after = before;
	rs_json_read(ctx, patch, "", rs_enterprise_fields, &after, NULL);
	rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_int(&p, before.revision);
	rs_p_text(&p, after.name);
	rs_p_text(&p, after.status);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	struct rs_change change = {RS_Q_enterprise_update, &p, .fields = rs_enterprise_fields, .out = out};
	change.event = (struct rs_event){.action = "enterprise.updated", .object_type = "enterprise"};
	change.event.object = *id;
	change.event.enterprise = *id;
	change.event.from = before.status;
	change.event.to = after.status;
	if (!rs_change_diff(ctx, rs_enterprise_fields, &before, &after, &change.event)) {
		*out = before;
		return RS_OK;
	}
	rs_change_lost(&change, revision);
	return rs_change_run(ctx, &change);
}
