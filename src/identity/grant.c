/* Tokens: made, listed, ended. */
#include "internal.h"

#include <string.h>

/* How long an API token lives at most, and when nothing is said. */
#define API_TOKEN_MAX_US (INT64_C(100) * 366 * 86400 * RS_SECOND_US)
#define API_TOKEN_US     (INT64_C(90) * 86400 * RS_SECOND_US)

const struct rs_field rs_token_fields[] = {
	RS_FIELD(struct rs_token, id, RS_T_ID),
	RS_FIELD(struct rs_token, kind, RS_T_STRING),
	RS_FIELD(struct rs_token, name, RS_T_STRING),
	RS_FIELD(struct rs_token, scopes, RS_T_INT),
	RS_FIELD(struct rs_token, created_at, RS_T_TIME),
	RS_FIELD(struct rs_token, used_at, RS_T_TIME),
	RS_FIELD(struct rs_token, expires_at, RS_T_TIME),
	RS_FIELD(struct rs_token, address, RS_T_STRING),
	RS_FIELD(struct rs_token, user_agent, RS_T_STRING),
	RS_FIELD_END,
};

static void event_of(struct rs_ctx *ctx, const struct rs_grant *grant, const struct rs_id *id,
	struct rs_event *event)
{
	*event = (struct rs_event){.action = grant->action, .object_type = "access_token"};
	event->object = *id;
	event->enterprise = *grant->enterprise;
	event->detail = grant->name[0] ? grant->name : NULL;
	event->after = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s?, s:s?, s:o}", "kind", grant->kind, "user_id",
			grant->user ? grant->user->s : NULL, "client_id",
			grant->client ? grant->client->s : NULL, "scopes",
			rs_scopes_json(grant->scopes)));
}

enum rs_code rs_grant_run(struct rs_ctx *ctx, const struct rs_grant *grant, struct rs_token *out,
	struct rs_secret **secret)
{
	unsigned char hash[32];
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_id id = rs_id_new(now);
	rs_auto_secret token = rs_token_new(RS_TOKEN_ACCESS);
	rs_token_hash((const char *)rs_secret_data(token), hash);
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &id);
	rs_p_id(&p, grant->enterprise);
	rs_p_text(&p, grant->kind);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_id(&p, grant->user);
	rs_p_id(&p, grant->client);
	rs_p_text(&p, grant->name);
	rs_p_int(&p, grant->scopes);
	rs_p_time(&p, now);
	if (grant->idle_s)
		rs_p_int(&p, grant->idle_s);
	else
		rs_p_null(&p);
	rs_p_time(&p, grant->expires_at);
	rs_p_text(&p, ctx->address[0] ? ctx->address : NULL);
	rs_p_text(&p, ctx->user_agent);
	struct rs_change change = {RS_Q_token_insert, &p, .fields = rs_token_fields, .out = out};
	event_of(ctx, grant, &id, &change.event);
	enum rs_code rc = rs_change_run(ctx, &change);
	if (rc != RS_OK)
		return rc;
	*secret = token;
	token = NULL;
	return RS_OK;
}

/* --- API tokens --- */

struct api_input {
	const char *name;
	json_t *scopes;
	int64_t expires_at;
};

static const struct rs_field API_FIELDS[] = {
	RS_FIELD(struct api_input, name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	RS_FIELD(struct api_input, scopes, RS_T_ARRAY, .flags = RS_F_REQUIRED, .min = 1, .max = 8),
	RS_FIELD(struct api_input, expires_at, RS_T_TIME),
	RS_FIELD_END,
};

static void judge_scopes(struct rs_ctx *ctx, const json_t *names, unsigned *scopes)
{
	*scopes = rs_scopes_read(ctx, names, "/scopes");
	if (*scopes & ~ctx->actor.scopes)
		rs_fault(ctx, RS_BAD_VALUE, "/scopes",
			"More than your session may do; GET /v1/me shows your scopes.");
}

static void judge_expiry(struct rs_ctx *ctx, int64_t expires_at)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	if (expires_at <= now || expires_at - now > API_TOKEN_MAX_US)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/expires_at",
			"A time in the future, at most 100 years away.");
}

enum rs_code rs_api_token_create(
	struct rs_ctx *ctx, json_t *body, struct rs_token *out, struct rs_secret **secret)
{
	struct api_input in = {.expires_at = rs_clock_now_us(ctx->app->clock) + API_TOKEN_US};
	unsigned scopes = 0;
	if (!ctx->actor.session) {
		struct rs_event event = {.action = "access.denied", .object_type = "action"};
		event.detail = "token.create";
		rs_audit_denied(ctx, &event, RS_SESSION_REQUIRED);
		return rs_fail(ctx, RS_SESSION_REQUIRED,
			"API tokens are made with a session only: sign in by POST /v1/sessions.");
	}
	rs_json_read(ctx, body, "", API_FIELDS, &in, NULL);
	if (in.scopes)
		judge_scopes(ctx, in.scopes, &scopes);
	judge_expiry(ctx, in.expires_at);
	enum rs_code rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	struct rs_grant grant = {.kind = "api", .name = in.name, .scopes = scopes};
	grant.enterprise = &ctx->actor.enterprise;
	grant.user = &ctx->actor.id;
	grant.expires_at = in.expires_at;
	grant.action = "api_token.created";
	return rs_grant_run(ctx, &grant, out, secret);
}

enum rs_code rs_api_token_mint(struct rs_ctx *ctx, const struct rs_user *user, const char *name,
	unsigned scopes, int64_t expires_at, struct rs_secret **secret)
{
	struct rs_token out;
	unsigned all = rs_scopes_of_role(rs_role_parse(user->role));
	struct rs_grant grant = {.kind = "api", .name = name, .scopes = scopes ? scopes : all};
	if (scopes & ~all)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "The role %s has no use for one of these "
			"scopes.", user->role);
	grant.enterprise = &user->enterprise_id;
	grant.user = &user->id;
	grant.expires_at = expires_at;
	grant.action = "api_token.created";
	return rs_grant_run(ctx, &grant, &out, secret);
}

/* --- what a user sees of its own --- */

enum rs_code rs_token_list(
	struct rs_ctx *ctx, const char *kind, const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_token_list, SORTS, "id"};
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, kind);
	rs_p_clock(&p, rs_clock_now_us(ctx->app->clock));
	return rs_list(ctx, &SPEC, &p, page, out);
}

enum rs_code rs_token_end(struct rs_ctx *ctx, const char *kind, const struct rs_id *id)
{
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_text(&p, kind);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	struct rs_change change = {.query = RS_Q_token_revoke, .params = &p};
	change.event.action = strcmp(kind, "session") ? "api_token.revoked" : "session.revoked";
	change.event.object_type = "access_token";
	change.event.object = *id;
	return rs_change_run(ctx, &change);
}
