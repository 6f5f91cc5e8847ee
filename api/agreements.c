/* /v1/agreements */
#include "handlers.h"
#include "route.h"

#include "rs/agreement.h"
#include "rs/permission.h"

static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"},
	{"version", "version"}, {"language", "language"}, {"sha256", "sha256"},
	{"published_at", "published_at"}, {NULL, NULL}};

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_id enterprise = {0};
	enum rs_code rc = rs_query_id(call, "enterprise_id", &enterprise);

	if (!rc)
		rc = rs_agreement_list(call->ctx, &enterprise, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_agreements_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code reply(struct rs_call *call, int status, const struct rs_agreement *agreement)
{
	if (status == 201)
		rs_reply_location(call, "/v1/agreements/%s", agreement->id.s);
	return rs_reply_resource(call, status, rs_json_write(rs_agreement_fields, agreement),
		agreement->revision);
}

enum rs_code rs_agreements_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_agreement agreement;
	enum rs_code rc = rs_agreement_get(call->ctx, id, 0, NULL, NULL, &agreement);

	return rc ? rc : reply(call, status, &agreement);
}

enum rs_code rs_agreements_create(struct rs_call *call)
{
	struct rs_agreement agreement;
	enum rs_code rc = rs_agreement_create(call->ctx, call->json, &agreement);

	return rc ? rc : reply(call, 201, &agreement);
}

enum rs_code rs_agreements_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_agreement agreement;
	int64_t version = 0;
	enum rs_code rc = rs_query_int(call, "version", 1, 1000000, &version);

	const char *lang = rs_query(call, "lang");

	if (lang)
		lang = rs_language_normal(call->ctx, lang);
	if (!rc && rs_query(call, "lang") && !lang)
		rc = rs_fail(call->ctx, RS_BAD_QUERY, "lang is a language tag such as en or pt-BR.");
	if (!rc)
		rc = rs_agreement_get(
			call->ctx, &id, version, lang, &call->ctx->actor.id, &agreement);
	if (!rc)
		rc = rs_may_act(call->ctx, "agreement.read", NULL, &agreement.enterprise_id);
	return rc ? rc : reply(call, 200, &agreement);
}

enum rs_code rs_agreements_publish(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_agreement agreement;
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_agreement_publish(call->ctx, &id, revision, call->json, &agreement);
	return rc ? rc : reply(call, 201, &agreement);
}

enum rs_code rs_agreements_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_agreement_delete(call->ctx, &id, revision);
	return rc ? rc : rs_reply_empty(call);
}
