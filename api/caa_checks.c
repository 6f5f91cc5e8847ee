/* /v1/caa-checks: what CAA says of a name, asked by hand. */
#include "handlers.h"
#include "route.h"

#include "rs/identity.h"
#include "rs/verify.h"

static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"}, {"kind", "kind"},
	{"result", "result"}, {"code", "code"}, {"found_at", "found_at"}, {"dnssec", "dnssec"},
	{"checked_at", "checked_at"}, {NULL, NULL}};

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	json_t *name = NULL;
	enum rs_code rc = rs_query_name(call, "name", 320, &name);

	if (!rc)
		rc = rs_caa_check_list(call->ctx, name, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_caa_checks_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

enum rs_code rs_caa_checks_render(struct rs_call *call, int status, const struct rs_id *id)
{
	json_t *json = NULL;
	enum rs_code rc = rs_caa_check_get(call->ctx, id, &json);

	if (rc)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/caa-checks/%s", id->s);
	/* A check never changes: it has one revision. */
	return rs_reply_resource(call, status, json, 1);
}

enum rs_code rs_caa_checks_create(struct rs_call *call)
{
	struct rs_id id;
	enum rs_code rc = rs_throttle_verify(call->ctx);

	if (!rc)
		rc = rs_caa_check_create(call->ctx, call->json, &id);
	return rc ? rc : rs_caa_checks_render(call, 201, &id);
}

enum rs_code rs_caa_checks_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);

	return rs_caa_checks_render(call, 200, &id);
}
