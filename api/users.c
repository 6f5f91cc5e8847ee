/* /v1/users: people and their linked identities. */
#include "common.h"
#include "handlers.h"

#include "rs/id.h"
#include "rs/identity.h"

static json_t *show(const struct rs_user *user)
{
	json_t *object = rs_json_write(rs_user_fields, user);
	return object;
}

static json_t *show_row(struct rs_call *call, const struct rs_rows *rows, int i, enum rs_code *rc)
{
	struct rs_user user = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_user_fields, &user);
	return *rc == RS_OK ? show(&user) : NULL;
}

static enum rs_code reply(struct rs_call *call, enum rs_code rc, int status,
	const struct rs_user *user)
{
	if (rc != RS_OK)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/users/%s", user->id.s);
	return rs_reply_resource(call, status, show(user), user->revision);
}

enum rs_code rs_users_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_user user = {0};
	return reply(call, rs_user_get(call->ctx, id, &user), status, &user);
}

enum rs_code rs_users_create(struct rs_call *call)
{
	struct rs_user user = {0};
	enum rs_code rc = rs_user_create(call->ctx, call->json, &user);
	return reply(call, rc, 201, &user);
}

enum rs_code rs_users_get(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	return rs_users_render(call, 200, &id);
}

enum rs_code rs_users_edit(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_user user = {0};
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_user_edit(call->ctx, &id, call->json, revision, &user);
	return reply(call, rc, 200, &user);
}

static enum rs_code read_filter(struct rs_call *call, struct rs_user_filter *filter,
	struct rs_id *enterprise)
{
	static const char *const STATUSES[] = {"active", "suspended", "blocked", "restricted", NULL};
	json_t *statuses = NULL, *role = NULL;
	enum rs_code rc = rs_query_words(call, "status", STATUSES, &statuses);
	if (rc == RS_OK)
		rc = rs_query_words(call, "role", rs_role_names, &role);
	if (rc == RS_OK)
		rc = rs_query_text(call, "email", 3, 254, &filter->email);
	if (rc == RS_OK)
		rc = rs_query_id(call, "enterprise_id", enterprise);
	filter->statuses = statuses;
	filter->role = role ? rs_query(call, "role") : NULL;
	filter->enterprise_id = rs_id_set(enterprise) ? enterprise : NULL;
	return rc;
}

static enum rs_code list_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_user_filter filter = {0};
	struct rs_id enterprise = {0};
	enum rs_code rc = read_filter(call, &filter, &enterprise);
	if (rc == RS_OK)
		rc = rs_user_list(call->ctx, &filter, page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_row, items) : rc;
}

enum rs_code rs_users_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"},
		{"enterprise_id", "enterprise_id"}, {"email", "email"}, {"name", "name"},
		{"language", "language"}, {"status", "status"}, {"role", "role"},
		{"reach", "reach"}, {"created_at", "created_at"}, {NULL, NULL}};
	return rs_reply_pages(call, list_page, COLUMNS);
}

enum rs_code rs_users_delete(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc != RS_OK)
		return rc;
	rc = rs_user_delete(call->ctx, &id, revision);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}

/* --- linked identities --- */

static json_t *show_identity(struct rs_call *call, const struct rs_rows *rows, int i,
	enum rs_code *rc)
{
	struct rs_identity identity = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_identity_fields, &identity);
	return *rc == RS_OK ? rs_json_write(rs_identity_fields, &identity) : NULL;
}

static enum rs_code identities_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_id user = rs_path_id(call, 0);
	enum rs_code rc = rs_identity_list(call->ctx, &user, page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_identity, items) : rc;
}

enum rs_code rs_identities_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"kind", "kind"},
		{"issuer", "issuer"}, {"subject", "subject"}, {"created_at", "created_at"},
		{NULL, NULL}};
	return rs_reply_pages(call, identities_page, COLUMNS);
}

static enum rs_code reply_identity(struct rs_call *call, const struct rs_identity *identity)
{
	rs_reply_location(call, "/v1/users/%s/identities/%s", identity->user_id.s, identity->id.s);
	return rs_reply_json(call, 201, rs_json_write(rs_identity_fields, identity));
}

enum rs_code rs_identities_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_id user = rs_path_id(call, 0);
	struct rs_identity identity = {0};
	(void)status; /* there is one way to make them */
	enum rs_code rc = rs_identity_get(call->ctx, &user, id, &identity);
	return rc == RS_OK ? reply_identity(call, &identity) : rc;
}

enum rs_code rs_identities_link(struct rs_call *call)
{
	struct rs_id user = rs_path_id(call, 0);
	struct rs_identity identity = {0};
	enum rs_code rc = rs_identity_link(call->ctx, &user, call->json, &identity);
	return rc == RS_OK ? reply_identity(call, &identity) : rc;
}

enum rs_code rs_identities_unlink(struct rs_call *call)
{
	struct rs_id user = rs_path_id(call, 0), id = rs_path_id(call, 1);
	enum rs_code rc = rs_identity_unlink(call->ctx, &user, &id);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}
