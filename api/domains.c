/* /v1/domains: the registry. */
#include "handlers.h"
#include "route.h"

#include "rs/domain.h"

static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"},
	{"include_subdomains", "include_subdomains"}, {"created_at", "created_at"}, {NULL, NULL}};

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_id enterprise = {0};
	json_t *name = NULL;
	enum rs_code rc = rs_query_id(call, "enterprise_id", &enterprise);

	if (!rc)
		rc = rs_query_name(call, "name", 253, &name);
	if (!rc)
		rc = rs_domain_list(call->ctx, &enterprise, name, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_domains_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code reply(struct rs_call *call, int status, const struct rs_domain *domain)
{
	if (status == 201)
		rs_reply_location(call, "/v1/domains/%s", domain->id.s);
	return rs_reply_resource(
		call, status, rs_json_write(rs_domain_fields, domain), domain->revision);
}

enum rs_code rs_domains_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_domain domain;
	enum rs_code rc = rs_domain_get(call->ctx, id, &domain);

	return rc ? rc : reply(call, status, &domain);
}

enum rs_code rs_domains_create(struct rs_call *call)
{
	struct rs_domain domain;
	enum rs_code rc = rs_domain_create(call->ctx, call->json, &domain);

	return rc ? rc : reply(call, 201, &domain);
}

enum rs_code rs_domains_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);

	return rs_domains_render(call, 200, &id);
}

enum rs_code rs_domains_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_domain_delete(call->ctx, &id, revision);
	return rc ? rc : rs_reply_empty(call);
}
