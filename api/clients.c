/* /v1/clients: OAuth2 clients; the secret is shown once. */
#include "common.h"
#include "handlers.h"

#include "rs/id.h"
#include "rs/identity.h"

static json_t *show(const struct rs_client *client)
{
	json_t *object = rs_json_write(rs_client_fields, client);
	rs_show_scopes(object, client->scopes);
	return object;
}

static json_t *show_row(struct rs_call *call, const struct rs_rows *rows, int i, enum rs_code *rc)
{
	struct rs_client client = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_client_fields, &client);
	return *rc == RS_OK ? show(&client) : NULL;
}

static enum rs_code reply(struct rs_call *call, enum rs_code rc, int status, const struct rs_client *client)
{
	return rc == RS_OK ? rs_reply_resource(call, status, show(client), client->revision) : rc;
}

enum rs_code rs_clients_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_client client = {0};
	return reply(call, rs_client_get(call->ctx, id, &client), status, &client);
}

static enum rs_code list_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_id enterprise = {0};
	enum rs_code rc = rs_query_id(call, "enterprise_id", &enterprise);
	if (rc == RS_OK)
		rc = rs_client_list(
			call->ctx, rs_id_set(&enterprise) ? &enterprise : NULL, page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_row, items) : rc;
}

enum rs_code rs_clients_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"},
		{"role", "role"}, {"scopes", "scopes"}, {"acts_as", "acts_as"},
		{"active", "active"}, {"created_at", "created_at"}, {NULL, NULL}};
	return rs_reply_pages(call, list_page, COLUMNS);
}

enum rs_code rs_clients_create(struct rs_call *call)
{
	struct rs_client client = {0};
	struct rs_secret *secret = NULL;
	enum rs_code rc = rs_client_create(call->ctx, call->json, &client, &secret);
	if (rc != RS_OK)
		return rc;
	json_t *object = show(&client);
	rs_show_secret(object, "client_secret", &secret);
	rs_reply_location(call, "/v1/clients/%s", client.id.s);
	return rs_reply_resource(call, 201, object, client.revision);
}

enum rs_code rs_clients_get(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	return rs_clients_render(call, 200, &id);
}

enum rs_code rs_clients_edit(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_client client = {0};
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_client_edit(call->ctx, &id, call->json, revision, &client);
	return reply(call, rc, 200, &client);
}

enum rs_code rs_clients_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_client_delete(call->ctx, &id, revision);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}
