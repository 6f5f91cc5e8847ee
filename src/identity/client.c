/* OAuth2 clients, and their way to a token. */
#include "internal.h"

#include <string.h>

const struct rs_field rs_client_fields[] = {
	RS_FIELD(struct rs_client, id, RS_T_ID),
	RS_FIELD(struct rs_client, enterprise_id, RS_T_ID),
	RS_FIELD(struct rs_client, name, RS_T_STRING),
	RS_FIELD(struct rs_client, role, RS_T_STRING),
	RS_FIELD(struct rs_client, scopes, RS_T_INT),
	RS_FIELD(struct rs_client, acts_as, RS_T_ARRAY),
	RS_FIELD(struct rs_client, active, RS_T_BOOL),
	RS_FIELD(struct rs_client, revision, RS_T_INT),
	RS_FIELD(struct rs_client, created_at, RS_T_TIME),
	RS_FIELD(struct rs_client, updated_at, RS_T_TIME),
	RS_FIELD_END,
};

struct input {
	struct rs_client client;
	json_t *scopes; /* names; NULL: not given */
};

#define CLIENT_INPUT(member, ...) RS_FIELD_AS(struct input, client.member, #member, __VA_ARGS__)

static const struct rs_field CREATE_FIELDS[] = {
	CLIENT_INPUT(enterprise_id, RS_T_ID),
	CLIENT_INPUT(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	CLIENT_INPUT(role, RS_T_STRING, .flags = RS_F_REQUIRED, .values = rs_role_names),
	CLIENT_INPUT(acts_as, RS_T_ARRAY, .max = 100),
	RS_FIELD(struct input, scopes, RS_T_ARRAY, .flags = RS_F_REQUIRED, .max = 8),
	RS_FIELD_END,
};

static const struct rs_field EDIT_FIELDS[] = {
	CLIENT_INPUT(name, RS_T_STRING, .min = 1, .max = 200),
	CLIENT_INPUT(role, RS_T_STRING, .values = rs_role_names),
	CLIENT_INPUT(acts_as, RS_T_ARRAY, .max = 100),
	CLIENT_INPUT(active, RS_T_BOOL),
	RS_FIELD(struct input, scopes, RS_T_ARRAY, .max = 8),
	RS_FIELD_END,
};

/* --- judging --- */

static void judge_scopes(struct rs_ctx *ctx, struct input *in)
{
	struct rs_client *client = &in->client;
	enum rs_role role = rs_role_parse(client->role);
	if (in->scopes)
		client->scopes = rs_scopes_read(ctx, in->scopes, "/scopes");
	if (role != RS_ROLE_NONE && (unsigned)client->scopes & ~rs_scopes_of_role(role))
		rs_fault(ctx, RS_BAD_VALUE, "/scopes", "The role %s has no use for one of these.",
			client->role);
}

/* Every user it acts as belongs to its enterprise, and is named once. */
static enum rs_code judge_users(struct rs_ctx *ctx, const struct rs_client *client)
{
	struct rs_id id;
	struct rs_rows *rows;
	bool ids = true;
	size_t i;
	json_t *user;
	json_array_foreach(client->acts_as, i, user)
	{
		if (rs_id_parse(json_string_value(user), &id))
			continue;
		ids = false;
		rs_fault(ctx, RS_WRONG_TYPE, rs_pointer_index(ctx, "/acts_as", i),
			"A user's id is needed.");
	}
	if (!ids || json_array_size(client->acts_as) == 0)
		return RS_OK;
	struct rs_params p = rs_params(ctx);
	rs_p_texts(&p, client->acts_as);
	rs_p_id(&p, &client->enterprise_id);
	enum rs_code rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_users_in_enterprise, &p, &rows);
	if (rc == RS_OK &&
		rs_row_int(rows, 0, "found") != (int64_t)json_array_size(client->acts_as))
		rs_fault(ctx, RS_BAD_VALUE, "/acts_as",
			"Each must be another user of the client's enterprise.");
	return rc;
}

/* All that is wrong with what was given. */
static enum rs_code judge(struct rs_ctx *ctx, struct input *in)
{
	judge_scopes(ctx, in);
	enum rs_code rc = judge_users(ctx, &in->client);
	return rc == RS_OK ? rs_faults(ctx) : rc;
}

/* --- reading --- */

static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_client *out)
{
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	enum rs_code rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_client_by_id, &p, &rows);
	if (rc == RS_OK)
		rc = rs_row_read(ctx, rows, 0, rs_client_fields, out);
	return rc == RS_OK ? rs_may_act(ctx, action, NULL, &out->enterprise_id) : rc;
}

enum rs_code rs_client_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_client *out)
{
	return read_for(ctx, "client.read", id, out);
}

enum rs_code rs_client_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_client_list, SORTS, "id"};
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, enterprise);
	return rs_list(ctx, &SPEC, &p, page, out);
}

/* --- changing --- */

static struct rs_event event_of(const char *action, const struct rs_client *client)
{
	struct rs_event event = {.action = action, .object_type = "client"};
	event.object = client->id;
	event.enterprise = client->enterprise_id;
	return event;
}

enum rs_code rs_client_create(
	struct rs_ctx *ctx, json_t *body, struct rs_client *out, struct rs_secret **secret)
{
	struct input in = {.client = {.active = true}};
	unsigned char hash[32];
	int64_t now = rs_clock_now_us(ctx->app->clock);
	in.client.acts_as = rs_arena_json(ctx->arena, json_array());
	rs_json_read(ctx, body, "", CREATE_FIELDS, &in, NULL);
	enum rs_code rc = rs_change_enterprise(ctx, "client.create", &in.client.enterprise_id);
	if (rc == RS_OK)
		rc = judge(ctx, &in);
	if (rc != RS_OK)
		return rc;
	rs_auto_secret made = rs_token_new(RS_TOKEN_CLIENT);
	rs_token_hash((const char *)rs_secret_data(made), hash);
	in.client.id = rs_id_new(now);
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &in.client.id);
	rs_p_id(&p, &in.client.enterprise_id);
	rs_p_text(&p, in.client.name);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_text(&p, in.client.role);
	rs_p_int(&p, in.client.scopes);
	rs_p_texts(&p, in.client.acts_as);
	rs_p_bool(&p, in.client.active);
	rs_p_time(&p, now);
	struct rs_change change = {RS_Q_client_insert, &p, .fields = rs_client_fields, .out = out};
	change.event = event_of("client.created", &in.client);
	change.event.after = rs_arena_json(ctx->arena, rs_json_write(rs_client_fields, &in.client));
	rc = rs_change_run(ctx, &change);
	if (rc == RS_OK) {
		*secret = made;
		made = NULL;
	}
	return rc;
}

static enum rs_code store(struct rs_ctx *ctx, const struct rs_client *before,
	const struct rs_client *after, int64_t expected, struct rs_client *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &before->id);
	rs_p_int(&p, before->revision);
	rs_p_text(&p, after->name);
	rs_p_text(&p, after->role);
	rs_p_int(&p, after->scopes);
	rs_p_texts(&p, after->acts_as);
	rs_p_bool(&p, after->active);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	struct rs_change change = {RS_Q_client_update, &p, .fields = rs_client_fields, .out = out};
	change.event = event_of("client.updated", before);
	if (!rs_change_diff(ctx, rs_client_fields, before, after, &change.event)) {
		*out = *before;
		return RS_OK;
	}
	rs_change_lost(&change, expected);
	return rs_change_run(ctx, &change);
}

enum rs_code rs_client_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_client *out)
{
	struct rs_client before = {0};
	enum rs_code rc = read_for(ctx, "client.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct input in = {.client = before};
	rs_json_read(ctx, patch, "", EDIT_FIELDS, &in, NULL);
	rc = judge(ctx, &in);
	return rc == RS_OK ? store(ctx, &before, &in.client, revision, out) : rc;
}

enum rs_code rs_client_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct rs_client before = {0};
	enum rs_code rc = read_for(ctx, "client.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_int(&p, before.revision);
	struct rs_change change = {.query = RS_Q_client_delete, .params = &p};
	change.event = event_of("client.deleted", &before);
	change.event.before = rs_arena_json(ctx->arena, rs_json_write(rs_client_fields, &before));
	change.none = RS_IN_USE;
	change.none_text = "The client has made requests and stays on record; switch it off instead.";
	return rs_change_run(ctx, &change);
}

/* --- client credentials --- */

/* A row of client_by_id(). */
struct login {
	struct rs_id client_id;
	struct rs_id enterprise_id;
	const char *enterprise_status;
	struct rs_bytes secret_hash;
	int64_t scopes;
	bool active;
};

static const struct rs_field LOGIN_FIELDS[] = {
	RS_FIELD(struct login, client_id, RS_T_ID),
	RS_FIELD(struct login, enterprise_id, RS_T_ID),
	RS_FIELD(struct login, enterprise_status, RS_T_STRING),
	RS_FIELD(struct login, secret_hash, RS_T_BYTES),
	RS_FIELD(struct login, scopes, RS_T_INT),
	RS_FIELD(struct login, active, RS_T_BOOL),
	RS_FIELD_END,
};

static enum rs_code row_find(struct rs_ctx *ctx, const char *client_id, struct login *row)
{
	struct rs_id id;
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, rs_id_parse(client_id, &id) ? &id : NULL);
	enum rs_code rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_client_login, &p, &rows);
	if (rc != RS_OK || rs_rows_count(rows) == 0)
		return rc;
	return rs_row_read(ctx, rows, 0, LOGIN_FIELDS, row);
}

static bool secret_right(const struct login *row, const char *secret)
{
	static const unsigned char NOBODY[32];
	unsigned char hash[32];
	bool known = row->secret_hash.len == sizeof(hash);
	rs_sha256(secret, strlen(secret), hash);
	bool same = rs_equal(hash, known ? row->secret_hash.data : NOBODY, sizeof(hash));
	return same && known && row->active && !strcmp(row->enterprise_status, "active");
}

static enum rs_code client_refused(struct rs_ctx *ctx, const struct login *row)
{
	struct rs_event event = {.action = "client.denied", .object_type = "client"};
	event.object = row->client_id;
	event.enterprise = row->enterprise_id;
	rs_audit_denied(ctx, &event, RS_LOGIN_FAILED);
	return rs_fail(ctx, RS_LOGIN_FAILED, "The client or its secret is wrong.");
}

enum rs_code rs_client_token(struct rs_ctx *ctx, const char *client_id, const char *client_secret,
	const char *scope, unsigned *scopes, struct rs_secret **token)
{
	struct login row = {0};
	struct rs_token made;
	enum rs_code rc = rs_throttle_try(ctx, client_id);
	if (rc == RS_OK)
		rc = row_find(ctx, client_id, &row);
	if (rc != RS_OK)
		return rc;
	if (!secret_right(&row, client_secret))
		return client_refused(ctx, &row);
	rs_throttle_good(ctx, client_id);
	*scopes = (unsigned)row.scopes;
	if (scope && (!rs_scopes_parse(scope, scopes) || *scopes & ~(unsigned)row.scopes))
		return rs_fail(
			ctx, RS_INSUFFICIENT_SCOPE, "The client has not got one of these scopes.");
	ctx->actor = (struct rs_actor){.kind = RS_ACTOR_CLIENT, .id = row.client_id};
	ctx->actor.enterprise = row.enterprise_id;
	struct rs_grant grant = {.kind = "client", .name = "", .scopes = *scopes};
	grant.enterprise = &row.enterprise_id;
	grant.client = &row.client_id;
	grant.expires_at = rs_clock_now_us(ctx->app->clock) + RS_CLIENT_TOKEN_S * RS_SECOND_US;
	grant.action = "client.token_issued";
	return rs_grant_run(ctx, &grant, &made, token);
}
