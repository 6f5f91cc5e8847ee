#include "http.h"

#include "rs/id.h"
#include "rs/limit.h"
#include "rs/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"
#define ETAG_HASH_BYTES 12

/* --- what handlers call --- */

void rs_reply_header(struct rs_call *call, const char *name, const char *value)
{
	struct rs_exchange *x = rs_exchange_of(call);
	struct rs_arena *arena = call->ctx->arena;
	if (x->out_count == RS_OUT_HEADERS_MAX)
		abort(); /* ours to avoid: no client decides how many there are */
	/* A value never ends its line: whatever could is percent-encoded. */
	char *copy = rs_arena_alloc(arena, 3 * strlen(value) + 1), *at = copy;
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		static const char HEX[] = "0123456789ABCDEF";
		if (*c >= 0x20 && *c != 0x7f) {
			*at++ = (char)*c;
			continue;
		}
		*at++ = '%';
		*at++ = HEX[*c >> 4];
		*at++ = HEX[*c & 15];
	}
	*at = '\0';
	x->out[x->out_count++] =
		(struct rs_header_out){.name = rs_arena_strdup(arena, name), .value = copy};
}

void rs_reply_anew(struct rs_call *call)
{
	rs_exchange_of(call)->out_count = 0;
	call->status = 0;
}

enum rs_code rs_reply_bytes(struct rs_call *call, int status, const char *type, const void *data,
	size_t len)
{
	call->status = status;
	call->reply_type = type;
	call->reply = data;
	call->reply_len = len;
	return RS_OK;
}

enum rs_code rs_reply_empty(struct rs_call *call)
{
	return rs_reply_bytes(call, 204, NULL, NULL, 0);
}

/* The text of a value becomes the answer's bytes; takes the reference. */
static void reply_text_of(struct rs_call *call, int status, const char *type, json_t *value)
{
	struct rs_exchange *x = rs_exchange_of(call);
	free(x->malloced);
	size_t len;
	x->malloced = rs_json_text(value, &len);
	json_decref(value);
	rs_reply_bytes(call, status, type, x->malloced, len);
}

enum rs_code rs_reply_json(struct rs_call *call, int status, json_t *value)
{
	reply_text_of(call, status, JSON_TYPE, value);
	return RS_OK;
}

bool rs_etag_listed(const char *list, const char *etag)
{
	while (*list) {
		list += strspn(list, ", \t");
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		size_t len = strcspn(list, ", \t");
		if (len == strlen(etag) && strncmp(list, etag, len) == 0)
			return true;
		list += len;
	}
	return false;
}

/* ETag of the answer that stands; 304 instead of it when the client has it. */
static enum rs_code tagged(
	struct rs_call *call, const void *represented, size_t len, int64_t revision)
{
	unsigned char digest[32];
	char hex[2 * ETAG_HASH_BYTES + 1];
	rs_sha256(represented, len, digest);
	rs_hex(digest, ETAG_HASH_BYTES, hex);
	const char *etag = rs_arena_printf(call->ctx->arena, "\"%" PRId64 ".%s\"", revision, hex);
	rs_reply_header(call, "ETag", etag);
	if (call->route->method == RS_GET && call->if_none_match &&
		rs_etag_listed(call->if_none_match, etag))
		return rs_reply_bytes(call, 304, NULL, NULL, 0);
	return RS_OK;
}

enum rs_code rs_reply_resource(struct rs_call *call, int status, json_t *value, int64_t revision)
{
	reply_text_of(call, status, JSON_TYPE, value);
	return tagged(call, call->reply, call->reply_len, revision);
}

enum rs_code rs_reply_estimate(struct rs_call *call, int status, json_t *value,
	const json_t *settled, int64_t revision)
{
	size_t len;
	char *text = rs_json_text(settled, &len);
	enum rs_code rc;
	reply_text_of(call, status, JSON_TYPE, value);
	rc = tagged(call, text, len, revision);
	free(text);
	return rc;
}

enum rs_code rs_reply_file(struct rs_call *call, const char *type, const void *data, size_t len)
{
	rs_reply_bytes(call, 200, type, data, len);
	return tagged(call, call->reply, call->reply_len, 1);
}

enum rs_code rs_if_match(struct rs_call *call, int64_t *revision)
{
	const char *text = call->if_match;
	*revision = -1;
	if (!text || strcmp(text, "*") == 0)
		return RS_OK;
	size_t len = strlen(text);
	if (len < 2 || text[0] != '"' || text[len - 1] != '"' ||
		memchr(text + 1, '"', len - 2) != NULL)
		return rs_fail(call->ctx, RS_BAD_HEADER,
			"If-Match takes one strong entity tag as it stood in ETag, or *.");
	/* Revisions start at 1: a tag that is not ours never matches. */
	*revision = 0;
	size_t digits = strspn(text + 1, "0123456789");
	if (digits > 0 && digits < 18 && text[1 + digits] == '.')
		*revision = strtoll(text + 1, NULL, 10);
	return RS_OK;
}

enum rs_code rs_if_match_now(struct rs_call *call, int64_t current)
{
	int64_t expected;
	enum rs_code rc = rs_if_match(call, &expected);
	if (rc != RS_OK || expected < 0 || expected == current)
		return rc;
	return rs_fail(call->ctx, RS_PRECONDITION_FAILED,
		"This is at revision %" PRId64 " by now. Read it again before you change it.",
		current);
}

const char *rs_query(const struct rs_call *call, const char *name)
{
	for (int i = 0; i < call->query_count; i++)
		if (strcmp(call->query[i].name, name) == 0)
			return call->query[i].value;
	return NULL;
}

json_t *rs_query_all(struct rs_call *call, const char *name)
{
	json_t *all = NULL;
	for (int i = 0; i < call->query_count; i++) {
		if (strcmp(call->query[i].name, name) != 0)
			continue;
		if (!all)
			all = rs_arena_json(call->ctx->arena, json_array());
		json_array_append_new(all, json_string(call->query[i].value));
	}
	return all;
}

struct rs_id rs_path_id(const struct rs_call *call, int index)
{
	struct rs_id id;
	if (!rs_id_parse(call->path[index], &id))
		abort(); /* the router has checked it */
	return id;
}

/* --- problems --- */

/* The path when it is harmless to repeat, RFC 9457 3.1.5. */
static const char *instance_of(const struct rs_exchange *x)
{
	static const char CLEAN[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	const char *path = x->raw_path;
	if (!path || strlen(path) > 300 || path[strspn(path, CLEAN)] != '\0')
		return "/";
	return path;
}

int rs_retry_after(const struct rs_ctx *ctx, enum rs_code code)
{
	if (ctx->err.code == code && ctx->err.retry_after > 0)
		return ctx->err.retry_after;
	if (code == RS_OVERLOADED)
		return 1;
	if (code == RS_RATE_LIMITED || code == RS_CLOCK)
		return 60;
	return rs_code_status(code) == 503 ? 5 : 0;
}

json_t *rs_problem_json(const struct rs_exchange *x, enum rs_code code)
{
	const struct rs_err *err = &x->ctx.err;
	const char *slug = rs_code_slug(code);
	const char *detail = err->code == code && err->detail[0] ? err->detail : rs_code_title(code);
	char type[80];
	snprintf(type, sizeof(type), "/problems/%s", slug);
	json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "type", type, "title",
		rs_code_title(code), "status", rs_code_status(code), "detail", detail, "instance",
		instance_of(x), "code", slug, "request_id", x->ctx.request_id);
	int wait = rs_retry_after(&x->ctx, code);
	if (wait)
		json_object_set_new(problem, "retry_after", json_integer(wait));
	if (err->code != code)
		return problem;
	if (err->faults && json_array_size(err->faults) > 0)
		json_object_set(problem, "errors", err->faults);
	else if (rs_code_status(code) == 422)
		json_object_set_new(problem, "errors",
			json_pack("[{s:s, s:s, s:s}]", "pointer", err->pointer, "code", slug,
				"detail", detail));
	if (err->ext)
		json_object_update_missing(problem, err->ext);
	return problem;
}

/* RFC 9470 section 3: which factors would do, and for how long one is good. */
static const char *step_up(const struct rs_exchange *x)
{
	const json_t *asked = json_object_get(x->ctx.err.ext, "second_factor");
	const char *values = "";
	json_t *mechanism;
	size_t i;
	json_array_foreach(json_object_get(asked, "mechanisms"), i, mechanism)
		values = rs_arena_printf(x->ctx.arena, "%s%s%s", values, i ? " " : "",
			json_string_value(mechanism));
	return rs_arena_printf(x->ctx.arena,
		"Bearer realm=\"reissued\", error=\"insufficient_user_authentication\", "
		"error_description=\"A second factor is needed\", max_age=\"120\", acr_values=\"%s\"",
		values);
}

void rs_answer_problem(struct rs_exchange *x, enum rs_code code)
{
	struct rs_call *call = &x->call;
	int status = rs_code_status(code), wait = rs_retry_after(&x->ctx, code);
	if (code == RS_OK || code >= RS_CODE_COUNT)
		status = rs_code_status(code = RS_INTERNAL);
	reply_text_of(call, status, PROBLEM_TYPE, rs_problem_json(x, code));
	if (wait)
		rs_reply_header(call, "Retry-After", rs_arena_printf(x->ctx.arena, "%d", wait));
	if (code == RS_SECOND_FACTOR_REQUIRED)
		rs_reply_header(call, "WWW-Authenticate", step_up(x));
	else if (status == 401)
		rs_reply_header(call, "WWW-Authenticate", "Bearer realm=\"reissued\"");
	if (code == RS_INSUFFICIENT_SCOPE) /* RFC 6750 3.1 */
		rs_reply_header(call, "WWW-Authenticate",
			"Bearer realm=\"reissued\", error=\"insufficient_scope\"");
	if (status == 405 && x->resource)
		rs_reply_header(call, "Allow", rs_router_allow(x->ctx.arena, x->resource));
}

/* --- headers of every answer --- */

static bool origin_allowed(const struct rs_exchange *x)
{
	size_t i;
	json_t *origin;
	json_array_foreach(x->ctx.app->config->server_cors_origins, i, origin)
		if (x->in.origin && strcmp(json_string_value(origin), x->in.origin) == 0)
			return true;
	return false;
}

static bool has_header(const struct rs_exchange *x, const char *name)
{
	for (int i = 0; i < x->out_count; i++)
		if (strcmp(x->out[i].name, name) == 0)
			return true;
	return false;
}

static void answer_cors(struct rs_exchange *x)
{
	struct rs_call *call = &x->call;
	if (json_array_size(x->ctx.app->config->server_cors_origins) == 0)
		return;
	rs_reply_header(call, "Vary", "Origin");
	if (!origin_allowed(x))
		return;
	rs_reply_header(call, "Access-Control-Allow-Origin", x->in.origin);
	rs_reply_header(call, "Access-Control-Expose-Headers",
		"ETag, Location, Link, Retry-After, RateLimit, RateLimit-Policy, "
		"Idempotent-Replayed, X-Request-Id, WWW-Authenticate");
}

/* How the limits stand that the request was counted by: draft-ietf-httpapi-ratelimit-headers. */
static void answer_limits(struct rs_exchange *x)
{
	struct rs_arena *arena = x->ctx.arena;
	const char *limits = NULL, *policies = NULL;
	for (const struct rs_limit_state *s = x->ctx.limits; s; s = s->next) {
		const char *joint = limits ? ", " : "";
		limits = rs_arena_printf(arena, "%s%s\"%s\";r=%" PRId64 ";t=%" PRId64, limits ?: "",
			joint, s->bucket, s->remaining, s->reset_s);
		policies = rs_arena_printf(arena, "%s%s\"%s\";q=%" PRId64 ";w=%" PRId64,
			policies ?: "", joint, s->bucket, s->limit, s->window_s);
	}
	if (!limits)
		return;
	rs_reply_header(&x->call, "RateLimit", limits);
	rs_reply_header(&x->call, "RateLimit-Policy", policies);
}

void rs_answer_common(struct rs_exchange *x)
{
	struct rs_call *call = &x->call;
	if (call->reply_type)
		rs_reply_header(call, "Content-Type", call->reply_type);
	if (!has_header(x, "Cache-Control"))
		rs_reply_header(call, "Cache-Control", "no-store");
	rs_reply_header(call, "X-Content-Type-Options", "nosniff");
	rs_reply_header(call, "Referrer-Policy", "no-referrer");
	rs_reply_header(call, "X-Request-Id", x->ctx.request_id);
	answer_limits(x);
	answer_cors(x);
	if (x->close || atomic_load(&x->server->draining))
		rs_reply_header(call, "Connection", "close");
}

void rs_answer_options(struct rs_exchange *x)
{
	struct rs_call *call = &x->call;
	const char *allow = x->resource ? rs_router_allow(x->ctx.arena, x->resource)
					: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
	rs_reply_empty(call);
	rs_reply_header(call, "Allow", allow);
	if (!x->in.request_method || !origin_allowed(x))
		return;
	rs_reply_header(call, "Access-Control-Allow-Methods", allow);
	rs_reply_header(call, "Access-Control-Allow-Headers",
		"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, "
		"X-Request-Id, traceparent");
	rs_reply_header(call, "Access-Control-Max-Age", "600");
}

/* --- to Ulfius --- */

void rs_answer_send(struct rs_exchange *x, struct _u_response *response)
{
	struct rs_call *call = &x->call;
	response->status = call->status;
	for (int i = 0; i < x->out_count; i++)
		u_map_put(response->map_header, x->out[i].name, x->out[i].value);
	if (x->stream && call->status == 200)
		rs_stream_send(x, response);
	if (call->reply_len == 0)
		return;
	/* Ulfius frees binary_body with the free() that malloc() belongs to. */
	if (call->reply == x->malloced) {
		response->binary_body = x->malloced;
		x->malloced = NULL;
	} else {
		response->binary_body = malloc(call->reply_len);
		if (!response->binary_body)
			abort();
		memcpy(response->binary_body, call->reply, call->reply_len);
	}
	response->binary_body_length = call->reply_len;
}
