/* /v1/jwt-issuers: issuers of external tokens. */
#include "common.h"
#include "handlers.h"

#include "rs/id.h"
#include "rs/identity.h"

static json_t *show(const struct rs_jwt_issuer *jwt_issuer)
{
	json_t *object = rs_json_write(rs_jwt_issuer_fields, jwt_issuer);
	rs_show_scopes(object, jwt_issuer->scopes);
	return object;
}

static json_t *show_row(struct rs_call *call, const struct rs_rows *rows, int i, enum rs_code *rc)
{
	struct rs_jwt_issuer jwt_issuer = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_jwt_issuer_fields, &jwt_issuer);
	return *rc == RS_OK ? show(&jwt_issuer) : NULL;
}

static enum rs_code reply(struct rs_call *call, enum rs_code rc, int status,
	const struct rs_jwt_issuer *jwt_issuer)
{
	if (rc != RS_OK)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/jwt-issuers/%s", jwt_issuer->id.s);
	return rs_reply_resource(call, status, show(jwt_issuer), jwt_issuer->revision);
}

enum rs_code rs_jwt_issuers_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_jwt_issuer jwt_issuer = {0};
	return reply(call, rs_jwt_issuer_get(call->ctx, id, &jwt_issuer), status, &jwt_issuer);
}

static enum rs_code list_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_id enterprise = {0};
	enum rs_code rc = rs_query_id(call, "enterprise_id", &enterprise);
	if (rc == RS_OK)
		rc = rs_jwt_issuer_list(
			call->ctx, rs_id_set(&enterprise) ? &enterprise : NULL, page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_row, items) : rc;
}

enum rs_code rs_jwt_issuers_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"},
		{"enterprise_id", "enterprise_id"}, {"kind", "kind"}, {"issuer", "issuer"},
		{"audience", "audience"}, {"algorithms", "algorithms"}, {"jwks_uri", "jwks_uri"},
		{"scopes", "scopes"}, {"active", "active"}, {NULL, NULL}};
	return rs_reply_pages(call, list_page, COLUMNS);
}

enum rs_code rs_jwt_issuers_create(struct rs_call *call)
{
	struct rs_jwt_issuer jwt_issuer = {0};
	enum rs_code rc = rs_jwt_issuer_create(call->ctx, call->json, &jwt_issuer);
	return reply(call, rc, 201, &jwt_issuer);
}

enum rs_code rs_jwt_issuers_get(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	return rs_jwt_issuers_render(call, 200, &id);
}

enum rs_code rs_jwt_issuers_edit(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_jwt_issuer jwt_issuer = {0};
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_jwt_issuer_edit(call->ctx, &id, call->json, revision, &jwt_issuer);
	return reply(call, rc, 200, &jwt_issuer);
}

enum rs_code rs_jwt_issuers_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_jwt_issuer_delete(call->ctx, &id, revision);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}
