/* /v1/profiles */
#include "handlers.h"
#include "route.h"

#include "rs/permission.h"
#include "rs/profile.h"

static const struct rs_csv_column COLUMNS[] = {
	{"id", "id"}, {"name", "name"}, {"category", "category"}, {"purpose", "purpose"},
	{"rule_set", "rule_set"}, {"issuer_id", "issuer_id"}, {"active", "active"},
	{"max_days", "max_days"}, {"revision", "revision"}, {NULL, NULL}};

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_profile_filter filter = {.category = rs_query_all(call, "category")};
	bool active;
	enum rs_code rc = rs_query_id(call, "enterprise_id", &filter.enterprise_id);

	if (!rc && rs_query(call, "active")) {
		rc = rs_query_bool(call, "active", &active);
		filter.active = active ? "true" : "false";
	}
	if (!rc)
		rc = rs_profile_list(call->ctx, &filter, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_profiles_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code reply(struct rs_call *call, int status, const struct rs_profile *profile)
{
	return rs_reply_resource(
		call, status, rs_profile_json(call->ctx, profile), profile->revision);
}

enum rs_code rs_profiles_render(struct rs_call *call, int status, const struct rs_id *id)
{
	const struct rs_profile *profile;
	enum rs_code rc = rs_profile_get(call->ctx, id, 0, &profile);

	if (rc)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/profiles/%s", id->s);
	return reply(call, status, profile);
}

enum rs_code rs_profiles_create(struct rs_call *call)
{
	const struct rs_profile *profile;
	enum rs_code rc = rs_profile_create(call->ctx, call->json, &profile);

	return rc ? rc : rs_profiles_render(call, 201, &profile->id);
}

/* The profile of the path, when the caller may do this to it; NULL action = read. */
static enum rs_code begin(struct rs_call *call, struct rs_id *id, const char *action,
	const struct rs_profile **profile)
{
	enum rs_code rc;

	*id = rs_path_id(call, 0);
	rc = rs_profile_get(call->ctx, id, 0, profile);
	return rc ? rc : rs_may_act(call->ctx, action, NULL, &(*profile)->enterprise_id);
}

enum rs_code rs_profiles_show(struct rs_call *call)
{
	const struct rs_profile *profile;
	struct rs_id id;
	enum rs_code rc = begin(call, &id, "profile.read", &profile);

	return rc ? rc : reply(call, 200, profile);
}

enum rs_code rs_profiles_update(struct rs_call *call)
{
	const struct rs_profile *profile;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, &id, "profile.edit", &profile);

	if (!rc)
		rc = rs_if_match(call, &revision);
	if (!rc)
		rc = rs_profile_patch(call->ctx, &id, revision, call->json, &profile);
	return rc ? rc : reply(call, 200, profile);
}

enum rs_code rs_profiles_delete(struct rs_call *call)
{
	const struct rs_profile *profile;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, &id, "profile.delete", &profile);

	if (!rc)
		rc = rs_if_match(call, &revision);
	if (!rc)
		rc = rs_profile_delete(call->ctx, &id, revision);
	return rc ? rc : rs_reply_empty(call);
}
