/* /v1/enterprises: tenants. */
#include "common.h"
#include "handlers.h"

#include "rs/identity.h"

static json_t *show(const struct rs_enterprise *enterprise)
{
	json_t *object = rs_json_write(rs_enterprise_fields, enterprise);
	return object;
}

static json_t *show_row(struct rs_call *call, const struct rs_rows *rows, int i, enum rs_code *rc)
{
	struct rs_enterprise enterprise = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_enterprise_fields, &enterprise);
	return *rc == RS_OK ? show(&enterprise) : NULL;
}

static enum rs_code reply(struct rs_call *call, enum rs_code rc, int status,
	const struct rs_enterprise *enterprise)
{
	if (rc != RS_OK)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/enterprises/%s", enterprise->id.s);
	return rs_reply_resource(call, status, show(enterprise), enterprise->revision);
}

enum rs_code rs_enterprises_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_enterprise enterprise = {0};
	return reply(call, rs_enterprise_get(call->ctx, id, &enterprise), status, &enterprise);
}

enum rs_code rs_enterprises_create(struct rs_call *call)
{
	struct rs_enterprise enterprise = {0};
	enum rs_code rc = rs_enterprise_create(call->ctx, call->json, &enterprise);
	return reply(call, rc, 201, &enterprise);
}

enum rs_code rs_enterprises_get(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	return rs_enterprises_render(call, 200, &id);
}

enum rs_code rs_enterprises_edit(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_enterprise enterprise = {0};
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_enterprise_edit(call->ctx, &id, call->json, revision, &enterprise);
	return reply(call, rc, 200, &enterprise);
}

static enum rs_code list_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	enum rs_code rc = rs_enterprise_list(call->ctx, NULL, page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_row, items) : rc;
}

enum rs_code rs_enterprises_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"},
		{"status", "status"}, {"created_at", "created_at"}, {NULL, NULL}};
	return rs_reply_pages(call, list_page, COLUMNS);
}
