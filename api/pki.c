/* /v1/issuers, /v1/rule-sets, /v1/blocked-keys and the certificates at /pki/{issuer}/ */
#include "handlers.h"
#include "route.h"

#include "rs/id.h"
#include "rs/permission.h"
#include "rs/pki.h"
#include "rs/ruleset.h"

#include <string.h>

/* --- issuers --- */

static enum rs_code issuers_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	enum rs_code rc = rs_pki_issuers(call->ctx, page, list, items);

	return rs_page_items(rc, items);
}

enum rs_code rs_issuers_list_all(struct rs_call *call)
{
	static const struct rs_csv_column columns[] = {{"id", "id"}, {"slug", "slug"},
		{"name", "name"}, {"active", "active"}, {"not_after", "not_after"}, {NULL, NULL}};

	return rs_reply_pages(call, issuers_page, columns);
}

enum rs_code rs_issuers_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	json_t *json;
	enum rs_code rc = rs_may_act(call->ctx, "issuer.read", NULL, NULL);

	if (!rc)
		rc = rs_pki_issuer(call->ctx, &id, &json, &revision);

	return rc ? rc : rs_reply_resource(call, 200, json, revision);
}

enum rs_code rs_issuers_update(struct rs_call *call)
{
	struct body {
		bool active;
	} body = {0};
	static const struct rs_field fields[] = {
		RS_FIELD(struct body, active, RS_T_BOOL, .flags = RS_F_REQUIRED), RS_FIELD_END};
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision, current;
	json_t *known = NULL;
	enum rs_code rc = rs_may_act(call->ctx, "issuer.edit", NULL, NULL);

	if (!rc)
		rc = rs_pki_issuer(call->ctx, &id, &known, &current);
	json_decref(known);
	if (!rc)
		rc = rs_if_match_now(call, current);
	if (!rc)
		rc = rs_if_match(call, &revision);
	if (rc)
		return rc;
	rs_json_read(call->ctx, call->json, "", fields, &body, NULL);
	rc = rs_faults(call->ctx);
	if (!rc)
		rc = rs_pki_issuer_activate(call->ctx, &id, revision, body.active);
	return rc ? rc : rs_issuers_show(call);
}

static enum rs_code ca(struct rs_call *call, bool pem, const char *type)
{
	struct rs_bytes bytes;
	enum rs_code rc = rs_pki_ca(call->ctx, call->path[0], pem, &bytes);

	return rc ? rc : rs_reply_file(call, type, bytes.data, bytes.len);
}

enum rs_code rs_pki_ca_der(struct rs_call *call)
{
	return ca(call, false, "application/pkix-cert");
}

enum rs_code rs_pki_ca_pem(struct rs_call *call)
{
	return ca(call, true, "application/pem-certificate-chain");
}

/* --- rule sets --- */

enum rs_code rs_rulesets_list(struct rs_call *call)
{
	json_t *sets;
	enum rs_code rc = rs_ruleset_list(call->ctx, &sets);

	return rc ? rc : rs_reply_list(call, &(struct rs_list){.total = -1}, sets);
}

enum rs_code rs_rulesets_show(struct rs_call *call)
{
	json_t *sets, *found = NULL, *set;
	size_t i;
	enum rs_code rc = rs_may_act(call->ctx, "rule_set.read", NULL, NULL);

	if (!rc)
		rc = rs_ruleset_list(call->ctx, &sets);

	if (rc)
		return rc;
	rs_arena_json(call->ctx->arena, sets);
	json_array_foreach (sets, i, set)
		if (strcmp(json_string_value(json_object_get(set, "name")), call->path[0]) == 0)
			found = set;
	if (!found)
		return rs_fail(call->ctx, RS_NOT_FOUND, "There is no rule set of this name.");
	return rs_reply_resource(call, 200, json_incref(found), 1);
}

/* --- blocked keys --- */

static enum rs_code digest_of(struct rs_call *call, const char *text, struct rs_bytes *out)
{
	unsigned char *digest = rs_arena_alloc(call->ctx->arena, 32);

	if (strncmp(text, "sha256:", 7) == 0)
		text += 7;
	if (rs_unhex(text, digest, 32) != 32)
		return rs_fail(call->ctx, RS_NOT_FOUND, "There is no such key on the blocklist.");
	*out = (struct rs_bytes){digest, 32};
	return RS_OK;
}

static enum rs_code blocked_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_blocked_filter filter = {0};
	const char *hex = NULL;
	enum rs_code rc = rs_query_hex(call, "spki_sha256", 32, &hex);

	if (!rc && hex && strlen(hex) != 64)
		rc = rs_fail(call->ctx, RS_BAD_QUERY, "spki_sha256 has 32 bytes.");
	if (!rc && hex)
		rc = digest_of(call, hex, &filter.spki_sha256);
	if (!rc)
		rc = rs_query_time(call, "created_after", &filter.created_after);
	if (!rc)
		rc = rs_query_time(call, "created_before", &filter.created_before);
	if (!rc)
		rc = rs_pki_blocked(call->ctx, &filter, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_blocked_list(struct rs_call *call)
{
	static const struct rs_csv_column columns[] = {{"spki_sha256", "spki_sha256"},
		{"reason", "reason"}, {"source", "source"}, {"created_at", "created_at"},
		{NULL, NULL}};

	return rs_reply_pages(call, blocked_page, columns);
}

enum rs_code rs_blocked_create(struct rs_call *call)
{
	json_t *json;
	enum rs_code rc = rs_pki_block(call->ctx, call->json, &json);

	return rc ? rc : rs_reply_json(call, 201, json);
}

/* The digest, which is its name, is in the body. */
enum rs_code rs_blocked_render(struct rs_call *call, int status, const struct rs_id *id)
{
	const char *text = json_string_value(json_object_get(call->json, "spki_sha256"));
	const struct rs_page page = {.limit = 1};
	struct rs_blocked_filter filter = {0};
	struct rs_list list = {.total = -1};
	json_t *items = NULL;
	enum rs_code rc = digest_of(call, text ? text : "", &filter.spki_sha256);

	(void)id;
	if (!rc)
		rc = rs_pki_blocked(call->ctx, &filter, &page, &list, &items);
	if (!rc && json_array_size(items) == 0)
		rc = rs_fail(call->ctx, RS_NOT_FOUND, "There is no such key on the blocklist.");
	return rc ? rc : rs_reply_json(call, status, json_incref(json_array_get(items, 0)));
}

enum rs_code rs_blocked_delete(struct rs_call *call)
{
	struct rs_bytes spki = {0};
	enum rs_code rc = rs_may_act(call->ctx, "blocked_key.delete", NULL, NULL);

	if (!rc)
		rc = digest_of(call, call->path[0], &spki);
	if (!rc)
		rc = rs_pki_unblock(call->ctx, spki);
	return rc ? rc : rs_reply_empty(call);
}
