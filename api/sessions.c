/* /v1/sessions and /v1/api-tokens: tokens of users, each shown once. */
#include "common.h"
#include "handlers.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/identity.h"

#include <string.h>

#define SECOND INT64_C(1000000)

enum rs_code rs_sessions_create(struct rs_call *call)
{
	struct rs_ctx *ctx = call->ctx;
	struct rs_token token = {0};
	struct rs_user user = {0};
	struct rs_secret *secret = NULL;
	enum rs_code rc = rs_session_create(ctx, call->json, &token, &user, &secret);
	if (rc != RS_OK)
		return rc;
	int64_t left = (token.expires_at - rs_clock_now_us(ctx->app->clock)) / SECOND;
	int64_t idle = ctx->app->config->sessions_idle_s;
	json_t *answer = json_pack("{s:s, s:I, s:o}", "token_type", "Bearer", "expires_in",
		(json_int_t)(left < idle ? left : idle), "user",
		rs_json_write(rs_user_fields, &user));
	rs_show_secret(answer, "access_token", &secret);
	rs_reply_location(call, "/v1/sessions/%s", token.id.s);
	return rs_reply_json(call, 201, answer);
}

/* A session was used by its making, an API token maybe never. */
static json_t *show_token(struct rs_call *call, const struct rs_rows *rows, int i,
	enum rs_code *rc, bool session)
{
	struct rs_token token = {0};
	*rc = rs_row_read(call->ctx, rows, i, rs_token_fields, &token);
	if (*rc != RS_OK)
		return NULL;
	json_t *object = rs_json_write(rs_token_fields, &token);
	json_object_set(object, "last_used_at", json_object_get(object, "used_at"));
	json_object_del(object, "used_at");
	json_object_del(object, "kind");
	if (session) {
		json_object_del(object, "name");
		json_object_del(object, "scopes");
		json_object_set_new(object, "current",
			json_boolean(strcmp(token.id.s, call->ctx->actor.token.s) == 0));
	} else {
		json_object_del(object, "address");
		json_object_del(object, "user_agent");
		rs_show_scopes(object, token.scopes);
	}
	return object;
}

static json_t *show_session(struct rs_call *call, const struct rs_rows *rows, int i,
	enum rs_code *rc)
{
	return show_token(call, rows, i, rc, true);
}

static json_t *show_api_token(struct rs_call *call, const struct rs_rows *rows, int i,
	enum rs_code *rc)
{
	return show_token(call, rows, i, rc, false);
}

static enum rs_code sessions_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	enum rs_code rc = rs_token_list(call->ctx, "session", page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_session, items) : rc;
}

enum rs_code rs_sessions_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"current", "current"},
		{"created_at", "created_at"}, {"last_used_at", "last_used_at"},
		{"expires_at", "expires_at"}, {"address", "address"}, {"user_agent", "user_agent"},
		{NULL, NULL}};
	return rs_reply_pages(call, sessions_page, COLUMNS);
}

static enum rs_code api_tokens_page(
	struct rs_call *call, const struct rs_page *page, struct rs_list *list, json_t **items)
{
	enum rs_code rc = rs_token_list(call->ctx, "api", page, list);
	return rc == RS_OK ? rs_rows_items(call, list, show_api_token, items) : rc;
}

enum rs_code rs_api_tokens_list(struct rs_call *call)
{
	static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"name", "name"},
		{"scopes", "scopes"}, {"created_at", "created_at"},
		{"last_used_at", "last_used_at"}, {"expires_at", "expires_at"}, {NULL, NULL}};
	return rs_reply_pages(call, api_tokens_page, COLUMNS);
}

static enum rs_code end_kind(struct rs_call *call, const char *kind)
{
	bool current = strcmp(call->path[0], "current") == 0;
	struct rs_id id = current ? call->ctx->actor.token : rs_path_id(call, 0);
	enum rs_code rc = rs_token_end(call->ctx, kind, &id);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}

enum rs_code rs_sessions_end(struct rs_call *call)
{
	return end_kind(call, "session");
}

enum rs_code rs_api_tokens_end(struct rs_call *call)
{
	return end_kind(call, "api");
}

enum rs_code rs_api_tokens_create(struct rs_call *call)
{
	struct rs_token token = {0};
	struct rs_secret *secret = NULL;
	enum rs_code rc = rs_api_token_create(call->ctx, call->json, &token, &secret);
	if (rc != RS_OK)
		return rc;
	json_t *object = rs_json_write(rs_token_fields, &token);
	static const char *const OTHERS[] = {"kind", "used_at", "address", "user_agent", NULL};
	for (int i = 0; OTHERS[i]; i++)
		json_object_del(object, OTHERS[i]);
	json_object_set_new(object, "last_used_at", json_null());
	rs_show_scopes(object, token.scopes);
	rs_show_secret(object, "token", &secret);
	rs_reply_location(call, "/v1/api-tokens/%s", token.id.s);
	return rs_reply_json(call, 201, object);
}
