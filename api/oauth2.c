/* /oauth2/token: client credentials, RFC 6749 section 4.4, with errors in the form of 5.2. */
#include "common.h"
#include "handlers.h"
#include "http.h"

#include "rs/identity.h"
#include "rs/log.h"

#include <string.h>
#include <strings.h>

struct token_request {
	const char *grant_type;
	const char *scope;
	const char *client_id;
	const char *client_secret;
};

static const struct parameter {
	const char *name;
	size_t offset;
} PARAMETERS[] = {
	{"grant_type", offsetof(struct token_request, grant_type)},
	{"scope", offsetof(struct token_request, scope)},
	{"client_id", offsetof(struct token_request, client_id)},
	{"client_secret", offsetof(struct token_request, client_secret)},
};

static enum rs_code refuse(struct rs_call *call, int status, const char *error, const char *why)
{
	if (status == 401)
		rs_reply_header(call, "WWW-Authenticate", "Basic realm=\"reissued\"");
	return rs_reply_json(call, status,
		json_pack("{s:s, s:s}", "error", error, "error_description", why));
}

/* Where a parameter goes; NULL when it is unknown. */
static const char **slot_of(struct token_request *request, const char *name)
{
	for (size_t i = 0; i < sizeof(PARAMETERS) / sizeof(PARAMETERS[0]); i++)
		if (strcmp(PARAMETERS[i].name, name) == 0)
			return (const char **)(void *)((char *)request + PARAMETERS[i].offset);
	return NULL;
}

/*
 * A parameter without a value counts as left out (3.2). *unknown: there are others than ours, which
 * a grant we do not know may have.
 */
static bool read_form(struct rs_call *call, struct token_request *request, bool *unknown)
{
	struct rs_arena *arena = call->ctx->arena;
	const char *text = rs_arena_memdup(arena, call->body ?: (const void *)"", call->body_len);
	if (strlen(text) != call->body_len)
		return false;
	while (*text) {
		size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);
		if (!equals)
			return false;
		const char *name = rs_url_decode(arena, text, (size_t)(equals - text), true);
		const char *value = rs_url_decode(
			arena, equals + 1, len - (size_t)(equals + 1 - text), true);
		const char **slot = name ? slot_of(request, name) : NULL;
		if (!name || !value || (slot && *slot))
			return false;
		if (!slot)
			*unknown = true;
		else if (*value)
			*slot = value;
		text += len + (text[len] == '&');
	}
	return true;
}

/* Base64 (RFC 4648 section 4) of at most 600 characters; false when malformed. */
static bool base64_read(const char *text, char out[451])
{
	static const char DIGITS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strcspn(text, "="), n = 0;
	unsigned bits = 0;
	if (len > 600 || text[len + strspn(text + len, "=")] != '\0')
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(DIGITS, text[i]);
		if (!digit)
			return false;
		bits = bits << 6 | (unsigned)(digit - DIGITS);
		if (i % 4 != 0)
			out[n++] = (char)(bits >> (2 * (3 - i % 4)) & 0xff);
	}
	out[n] = '\0';
	return strlen(out) == n;
}

/* The client's name and secret from the header; false when they are not in it. */
static bool read_basic(struct rs_call *call, const char *header, struct token_request *request)
{
	struct rs_arena *arena = call->ctx->arena;
	char text[451];
	if (strncasecmp(header, "Basic ", 6) != 0 ||
		!base64_read(header + 6 + strspn(header + 6, " "), text))
		return false;
	char *colon = strchr(text, ':');
	if (!colon)
		return false;
	const char *named = request->client_id;
	request->client_id = rs_url_decode(arena, text, (size_t)(colon - text), true);
	request->client_secret = rs_url_decode(arena, colon + 1, strlen(colon + 1), true);
	return request->client_id && request->client_secret &&
	       (!named || strcmp(named, request->client_id) == 0);
}

static const char *scope_text(struct rs_ctx *ctx, unsigned scopes)
{
	json_t *names = rs_arena_json(ctx->arena, rs_scopes_json(scopes)), *name;
	const char *text = "";
	size_t i;
	json_array_foreach(names, i, name)
		text = rs_arena_printf(ctx->arena, "%s%s%s", text, i ? " " : "",
			json_string_value(name));
	return text;
}

/* What is wrong with the request itself; NULL when nothing is. */
static const char *judge(struct rs_call *call, struct token_request *request)
{
	bool unknown = false;
	if (!read_form(call, request, &unknown) || !request->grant_type)
		return "invalid_request";
	if (strcmp(request->grant_type, "client_credentials") != 0)
		return "unsupported_grant_type";
	/* One way only, 2.3; and nothing unknown is ignored. */
	if (unknown || (call->authorization && request->client_secret))
		return "invalid_request";
	return NULL;
}

enum rs_code rs_oauth2_token(struct rs_call *call)
{
	struct token_request request = {0};
	struct rs_secret *token = NULL;
	unsigned scopes = 0;
	rs_reply_header(call, "Pragma", "no-cache");
	const char *wrong = judge(call, &request);
	if (wrong)
		return refuse(call, 400, wrong,
			"Send grant_type=client_credentials and, if you like, scope, each once; "
			"and the "
			"client as Basic credentials or as client_id and client_secret.");
	if ((call->authorization && !read_basic(call, call->authorization, &request)) ||
		!request.client_id || !request.client_secret)
		return refuse(call, 401, "invalid_client", "The client or its secret is wrong.");
	enum rs_code rc = rs_client_token(call->ctx, request.client_id, request.client_secret,
		request.scope, &scopes, &token);
	if (rc == RS_LOGIN_FAILED)
		return refuse(call, 401, "invalid_client", "The client or its secret is wrong.");
	if (rc == RS_INSUFFICIENT_SCOPE)
		return refuse(call, 400, "invalid_scope", "The client has not all these scopes.");
	if (rc != RS_OK)
		return rc;
	json_t *answer = json_pack("{s:s, s:i, s:s}", "token_type", "Bearer", "expires_in",
		RS_CLIENT_TOKEN_S, "scope", scope_text(call->ctx, scopes));
	rs_show_secret(answer, "access_token", &token);
	return rs_reply_json(call, 200, answer);
}
