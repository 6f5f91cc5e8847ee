/* Reading the audit trail. */
#include "rs/audit.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/list.h"
#include "rs/permission.h"

struct row {
	struct rs_id id, enterprise_id, actor_id, object_id;
	const char *actor_kind, *actor_name, *action, *outcome, *code, *object_type;
	const char *from_state, *to_state, *detail, *address, *user_agent, *request_id;
	struct rs_bytes digest;
	json_t *before, *after;
	int64_t at;
};

#define F(member, kind, ...) RS_FIELD(struct row, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(id, RS_T_ID),
	F(at, RS_T_TIME),
	F(enterprise_id, RS_T_ID),
	F(actor_kind, RS_T_STRING, .flags = RS_F_HIDDEN),
	F(actor_id, RS_T_ID, .flags = RS_F_HIDDEN),
	F(actor_name, RS_T_STRING, .flags = RS_F_HIDDEN),
	F(action, RS_T_STRING),
	F(outcome, RS_T_STRING),
	F(code, RS_T_STRING),
	F(object_type, RS_T_STRING),
	F(object_id, RS_T_ID),
	F(digest, RS_T_SHA256),
	F(before, RS_T_OBJECT),
	F(after, RS_T_OBJECT),
	F(detail, RS_T_STRING),
	F(address, RS_T_STRING),
	F(user_agent, RS_T_STRING),
	F(request_id, RS_T_STRING),
	RS_FIELD_AS(struct row, from_state, "from_state", RS_T_STRING, .flags = RS_F_HIDDEN),
	RS_FIELD_AS(struct row, to_state, "to_state", RS_T_STRING, .flags = RS_F_HIDDEN),
	RS_FIELD_END,
};

static enum rs_code row_json(struct rs_ctx *ctx, const struct rs_rows *rows, int i, json_t **out)
{
	struct row row = {0};
	enum rs_code rc = rs_row_read(ctx, rows, i, FIELDS, &row);

	if (rc)
		return rc;
	*out = rs_json_write(FIELDS, &row);
	json_object_set_new(*out, "actor", json_pack("{s:s, s:s?, s:s?}", "kind", row.actor_kind, "id",
		rs_id_set(&row.actor_id) ? row.actor_id.s : NULL, "name", row.actor_name));
	json_object_set_new(*out, "from", row.from_state ? json_string(row.from_state) : json_null());
	json_object_set_new(*out, "to", row.to_state ? json_string(row.to_state) : json_null());
	return RS_OK;
}

enum rs_code rs_audit_list(struct rs_ctx *ctx, const struct rs_audit_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "e.at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_audit_event_list, .sorts = sorts, .id_column = "e.id"};
	struct rs_params p = rs_params(ctx);
	json_t *item;
	enum rs_code rc;

	rs_p_id(&p, &filter->actor_id);
	rs_p_text(&p, filter->object_type);
	rs_p_id(&p, &filter->object_id);
	rs_p_text(&p, filter->action);
	rs_p_time(&p, filter->created_after);
	rs_p_time(&p, filter->created_before);
	rs_p_id(&p, rs_enterprise_seen(ctx, &filter->enterprise_id));
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		rc = row_json(ctx, list->rows, i, &item);
		if (!rc)
			json_array_append_new(*items, item);
	}
	return rc;
}

enum rs_code rs_audit_get(struct rs_ctx *ctx, const struct rs_id *id, json_t **out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_audit_event_by_id, &p, &rows);
	return rc ? rc : row_json(ctx, rows, 0, out);
}
