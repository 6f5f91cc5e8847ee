/* /v1/audit-events */
#include "handlers.h"
#include "route.h"

#include "rs/audit.h"
#include "rs/id.h"
#include "rs/permission.h"

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_audit_filter f = {0};
	enum rs_code rc = rs_query_id(call, "actor_id", &f.actor_id);

	if (!rc)
		rc = rs_query_id(call, "object_id", &f.object_id);
	if (!rc)
		rc = rs_query_id(call, "enterprise_id", &f.enterprise_id);
	if (!rc)
		rc = rs_query_text(call, "object_type", 1, 40, &f.object_type);
	if (!rc)
		rc = rs_query_text(call, "action", 1, 80, &f.action);
	if (!rc)
		rc = rs_query_time(call, "created_after", &f.created_after);
	if (!rc)
		rc = rs_query_time(call, "created_before", &f.created_before);
	if (!rc)
		rc = rs_audit_list(call->ctx, &f, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_audit_events_list(struct rs_call *call)
{
	static const struct rs_csv_column columns[] = {{"id", "id"}, {"at", "at"},
		{"actor", "actor.name"}, {"action", "action"}, {"outcome", "outcome"},
		{"object_type", "object_type"}, {"object_id", "object_id"}, {"from", "from"},
		{"to", "to"}, {"detail", "detail"}, {"address", "address"},
		{"request_id", "request_id"}, {NULL, NULL}};

	return rs_reply_pages(call, list_page, columns);
}

enum rs_code rs_audit_events_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	json_t *json;
	struct rs_id enterprise = {0};
	enum rs_code rc = rs_audit_get(call->ctx, &id, &json);

	if (rc)
		return rc;
	rs_id_parse(json_string_value(json_object_get(json, "enterprise_id")), &enterprise);
	rc = rs_may_act(call->ctx, "audit.read", NULL, &enterprise);
	if (rc)
		json_decref(json);
	return rc ? rc : rs_reply_resource(call, 200, json, 1);
}
