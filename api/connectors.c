/* /v1/connectors: the ways to what stands outside. */
#include "handlers.h"
#include "route.h"

#include "rs/connector.h"
#include "rs/saml.h"

#include <string.h>

static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"kind", "kind"}, {"name", "name"},
	{"display_name", "display_name"}, {"active", "active"}, {"created_at", "created_at"},
	{NULL, NULL}};

static enum rs_code list_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_connector_filter filter = {.kind = rs_query(call, "kind")};
	bool active = false;
	enum rs_code rc = rs_query_id(call, "enterprise_id", &filter.enterprise_id);

	if (!rc)
		rc = rs_query_bool(call, "active", &active);
	if (!rc && filter.kind && !rs_connector_kind(filter.kind))
		rc = rs_fail(
			call->ctx, RS_BAD_QUERY, "There is no kind of connector of this name.");
	filter.active = rs_query(call, "active");
	if (!rc)
		rc = rs_connector_list(call->ctx, &filter, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_connectors_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code reply(
	struct rs_call *call, enum rs_code rc, int status, const struct rs_connector *connector)
{
	if (rc)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/connectors/%s", connector->id.s);
	return rs_reply_resource(
		call, status, rs_connector_json(call->ctx, connector), connector->revision);
}

enum rs_code rs_connectors_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_connector *connector;
	enum rs_code rc = rs_connector_read(call->ctx, id, &connector);

	return reply(call, rc, status, connector);
}

enum rs_code rs_connectors_create(struct rs_call *call)
{
	struct rs_connector *connector = NULL;
	enum rs_code rc = rs_connector_create(call->ctx, call->json, &connector);

	return reply(call, rc, 201, connector);
}

enum rs_code rs_connectors_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);

	return rs_connectors_render(call, 200, &id);
}

enum rs_code rs_connectors_update(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_connector *connector = NULL;
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_connector_edit(call->ctx, &id, call->json, revision, &connector);
	return reply(call, rc, 200, connector);
}

enum rs_code rs_connectors_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_connector_delete(call->ctx, &id, revision);
	return rc ? rc : rs_reply_empty(call);
}

enum rs_code rs_connectors_test(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	json_t *report;
	enum rs_code rc = rs_connector_test(call->ctx, &id, call->json, &report);

	return rc ? rc : rs_reply_json(call, 200, report);
}

enum rs_code rs_connectors_saml_metadata(struct rs_call *call)
{
	static const struct rs_form forms[] = {
		{NULL, "application/samlmetadata+xml"}, {NULL, "application/xml"}, {NULL, NULL}};
	struct rs_id id = rs_path_id(call, 0);
	const char *xml;
	int form;
	enum rs_code rc = rs_negotiate(call, forms, &form);

	if (!rc)
		rc = rs_saml_own_metadata(call->ctx, &id, &xml);
	return rc ? rc : rs_reply_file(call, forms[form].type, xml, strlen(xml));
}
