#include "http.h"

#include "rs/clock.h"
#include "rs/id.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- headers --- */

enum header_rule {
	ONCE,   /* twice is an error */
	JOIN,   /* a list: repeated ones are joined with a comma */
};

static const struct header {
	const char *name;
	size_t offset;
	enum header_rule rule;
} HEADERS[] = {
	{"Host", offsetof(struct rs_headers, host), ONCE},
	{"Content-Length", offsetof(struct rs_headers, content_length), ONCE},
	{"Transfer-Encoding", offsetof(struct rs_headers, transfer_encoding), ONCE},
	{"Content-Type", offsetof(struct rs_headers, content_type), ONCE},
	{"Content-Encoding", offsetof(struct rs_headers, content_encoding), ONCE},
	{"Authorization", offsetof(struct rs_headers, authorization), ONCE},
	{"Accept", offsetof(struct rs_headers, accept), JOIN},
	{"If-Match", offsetof(struct rs_headers, if_match), JOIN},
	{"If-None-Match", offsetof(struct rs_headers, if_none_match), JOIN},
	{"Idempotency-Key", offsetof(struct rs_headers, idempotency_key), ONCE},
	{"Prefer", offsetof(struct rs_headers, prefer), JOIN},
	{"X-Request-Id", offsetof(struct rs_headers, request_id), ONCE},
	{"traceparent", offsetof(struct rs_headers, traceparent), ONCE},
	{"Origin", offsetof(struct rs_headers, origin), ONCE},
	{"Access-Control-Request-Method", offsetof(struct rs_headers, request_method), ONCE},
	{"X-Forwarded-For", offsetof(struct rs_headers, forwarded_for), JOIN},
	{"User-Agent", offsetof(struct rs_headers, user_agent), ONCE},
};

#define HEADER_COUNT (sizeof(HEADERS) / sizeof(HEADERS[0]))
#define AGENT_MAX    255 /* bytes */

struct header_reader {
	struct rs_exchange *x;
	const char *twice; /* name of a header that came twice */
	bool control;      /* a value holds a control character */
	bool name;	   /* a name is none, RFC 9110 5.6.2: a proxy may read it as another one */
};

static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
			return true;
	return false;
}

static bool is_token(const char *name)
{
	static const char CHARS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!#$%&'*+-.^_`|~";
	return name[0] != '\0' && name[strspn(name, CHARS)] == '\0';
}

/* The value without the space around it, RFC 9110 5.5. */
static const char *trimmed(struct rs_arena *arena, const char *value)
{
	value += strspn(value, " \t");
	size_t len = strlen(value);
	if (len == 0 || (value[len - 1] != ' ' && value[len - 1] != '\t'))
		return value;
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	return rs_arena_memdup(arena, value, len);
}

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name,
	const char *value)
{
	struct header_reader *r = cls;
	struct rs_arena *arena = r->x->ctx.arena;
	(void)kind;
	value = trimmed(arena, value ?: "");
	if (!is_token(name))
		r->name = true;
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		const struct header *h = &HEADERS[i];
		if (strcasecmp(h->name, name) != 0)
			continue;
		const char **slot = (const char **)(void *)((char *)&r->x->in + h->offset);
		if (*slot && h->rule == ONCE)
			r->twice = h->name;
		if (has_control(value))
			r->control = true;
		if (*slot && h->rule == JOIN)
			*slot = rs_arena_printf(arena, "%s, %s", *slot, value);
		else
			*slot = value;
		break;
	}
	return MHD_YES;
}

static bool printable(const char *text, size_t most)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x21 || text[i] > 0x7e)
			return false;
	return len > 0 && len <= most;
}

/* W3C Trace Context: version-traceid-parentid-flags in lower-case hex. */
static bool traceparent_valid(const char *text)
{
	static const char FORM[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
	if (strlen(text) != sizeof(FORM) - 1)
		return false;
	for (size_t i = 0; i < sizeof(FORM) - 1; i++) {
		bool hex = strchr("0123456789abcdef", text[i]) != NULL;
		if (FORM[i] == 'x' ? !hex : FORM[i] != text[i])
			return false;
	}
	return strspn(text + 3, "0") < 32 && strspn(text + 36, "0") < 16;
}

/* What decides where a message ends must not be said twice, RFC 9112 6.3. */
static enum rs_code check_framing(struct rs_exchange *x, const struct header_reader *r)
{
	const struct rs_headers *in = &x->in;
	struct rs_ctx *ctx = &x->ctx;
	const char *length = in->content_length;
	x->close = true; /* until all is well */
	if (r->name)
		return rs_fail(ctx, RS_BAD_HEADER, "A header's name holds what no name may hold.");
	if (r->twice)
		return rs_fail(ctx, RS_BAD_HEADER, "The header %s came more than once.", r->twice);
	if (length && in->transfer_encoding)
		return rs_fail(ctx, RS_BAD_HEADER,
			"Content-Length and Transfer-Encoding exclude each other.");
	if (length && (length[0] == '\0' || length[strspn(length, "0123456789")] != '\0'))
		return rs_fail(ctx, RS_BAD_HEADER, "Content-Length must be a number.");
	if (strcmp(x->version, "HTTP/1.1") == 0 && (!in->host || in->host[0] == '\0'))
		return rs_fail(ctx, RS_BAD_HEADER, "HTTP/1.1 demands one Host header.");
	if (r->control)
		return rs_fail(ctx, RS_BAD_HEADER, "A header holds a control character.");
	x->close = false;
	return RS_OK;
}

/* The address the request came from: the last one in X-Forwarded-For that is no proxy of ours, when
 * the peer is one. */
static void find_address(struct rs_exchange *x)
{
	const json_t *proxies = x->ctx.app->config->server_trusted_proxies;
	struct rs_address address = x->connection->peer;
	const char *list = x->in.forwarded_for;
	const char *end = list ? list + strlen(list) : NULL;
	while (end && rs_address_in(&address, proxies)) {
		char word[64];
		struct rs_address next;
		const char *start = end;
		while (start > list && start[-1] != ',')
			start--;
		start += strspn(start, " \t");
		size_t len = start < end ? strcspn(start, ", \t") : 0;
		if (len == 0 || len >= sizeof(word))
			break;
		memcpy(word, start, len);
		word[len] = '\0';
		if (!rs_address_parse(word, &next))
			break;
		address = next;
		while (start > list && start[-1] != ',')
			start--;
		end = start > list ? start - 1 : NULL;
	}
	rs_address_text(&address, x->ctx.address);
}

static void take_request_id(struct rs_exchange *x, bool *valid)
{
	const char *sent = x->in.request_id;
	*valid = !sent || printable(sent, sizeof(x->ctx.request_id) - 1);
	snprintf(x->ctx.request_id, sizeof(x->ctx.request_id), "%s",
		sent && *valid ? sent : rs_id_new(rs_clock_system_us()).s);
}

static bool utf8_valid(const char *text)
{
	json_t *value = json_string(text);
	json_decref(value);
	return value != NULL;
}

/* What calls itself a user agent, in UTF-8 whatever was sent: it is stored and shown to people. */
static const char *agent_of(struct rs_arena *arena, const char *sent)
{
	if (!sent)
		return NULL;
	size_t len = strnlen(sent, AGENT_MAX);
	while (len > 0 && ((unsigned char)sent[len] & 0xc0) == 0x80)
		len--; /* not within a character */
	char *agent = rs_arena_memdup(arena, sent, len);
	if (!utf8_valid(agent))
		for (char *c = agent; *c; c++)
			if (*c & 0x80)
				*c = '?';
	return agent;
}

enum rs_code rs_request_headers(struct rs_exchange *x)
{
	struct rs_ctx *ctx = &x->ctx;
	struct header_reader r = {.x = x};
	struct rs_call *call = &x->call;
	bool id_valid;
	MHD_get_connection_values(x->connection->mhd, MHD_HEADER_KIND, take_header, &r);
	take_request_id(x, &id_valid);
	find_address(x);
	ctx->user_agent = agent_of(ctx->arena, x->in.user_agent);
	call->accept = x->in.accept;
	call->if_match = x->in.if_match;
	call->if_none_match = x->in.if_none_match;
	call->prefer = x->in.prefer;
	call->authorization = x->in.authorization;
	enum rs_code rc = check_framing(x, &r);
	if (rc != RS_OK)
		return rc;
	if (!id_valid)
		return rs_fail(ctx, RS_BAD_HEADER,
			"X-Request-Id must be 1 to 64 printable ASCII characters.");
	if (x->in.traceparent && traceparent_valid(x->in.traceparent))
		memcpy(ctx->traceparent, x->in.traceparent, sizeof(ctx->traceparent));
	return RS_OK;
}

/* --- the address --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *rs_url_decode(struct rs_arena *arena, const char *text, size_t len, bool form)
{
	char *out = rs_arena_alloc(arena, len + 1), *at = out;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '+' && form) {
			*at++ = ' ';
		} else if (text[i] == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return NULL;
			*at++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*at++ = text[i];
		}
	}
	*at = '\0';
	return utf8_valid(out) ? out : NULL;
}

/* Cuts the path into raw segments; false when there are too many. */
static bool cut_path(struct rs_exchange *x, const char *path)
{
	char *copy = rs_arena_strdup(x->ctx.arena, path + 1);
	for (;;) {
		if (x->segment_count == RS_SEGMENTS_MAX)
			return false;
		x->segment[x->segment_count++] = copy;
		char *slash = strchr(copy, '/');
		if (!slash)
			return true;
		*slash = '\0';
		copy = slash + 1;
	}
}

enum rs_code rs_request_url(struct rs_exchange *x, const char *url)
{
	struct rs_ctx *ctx = &x->ctx;
	if (strlen(url) > RS_URL_MAX)
		return rs_fail(ctx, RS_URI_TOO_LONG, "An address has at most %d bytes.", RS_URL_MAX);
	/* absolute-form, RFC 9112 3.2.2 */
	size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
			: strncasecmp(url, "https://", 8) == 0 ? 8
							       : 0;
	if (scheme)
		url += scheme + strcspn(url + scheme, "/?");
	for (const unsigned char *c = (const unsigned char *)url; *c; c++)
		if (*c <= 0x20 || *c >= 0x7f)
			return rs_fail(ctx, RS_BAD_REQUEST,
				"The address holds characters that must be percent-encoded.");
	char *path = rs_arena_strdup(ctx->arena, url);
	char *query = strchr(path, '?');
	if (query) {
		*query = '\0';
		x->raw_query = query + 1;
	}
	x->raw_path = path;
	if (strcmp(path, "*") == 0)
		return RS_OK;
	if (path[0] != '/' || strchr(path, '#'))
		return rs_fail(ctx, RS_BAD_REQUEST, "The address must start with a slash.");
	if (!cut_path(x, path))
		return rs_fail(ctx, RS_NOT_FOUND, "There is nothing at this address.");
	return RS_OK;
}

/* --- the query --- */

/* Index of a name in the route's list, or -1. */
static int known_parameter(const struct rs_route *route, const char *name)
{
	for (int i = 0; route->query && route->query[i]; i++)
		if (strcmp(route->query[i], name) == 0)
			return i;
	return -1;
}

static bool came_before(const struct rs_query_param *params, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(params[i].name, name) == 0)
			return true;
	return false;
}

static enum rs_code take_parameter(struct rs_exchange *x, struct rs_query_param *params,
	const char *text, size_t len)
{
	struct rs_ctx *ctx = &x->ctx;
	const struct rs_route *route = x->call.route;
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	const char *name = rs_url_decode(ctx->arena, text, name_len, true);
	const char *value = equals ? rs_url_decode(ctx->arena, equals + 1, len - name_len - 1, true)
				   : "";
	if (x->call.query_count == RS_QUERY_PARAMS_MAX)
		return rs_fail(ctx, RS_BAD_QUERY, "There are more than %d parameters.",
			RS_QUERY_PARAMS_MAX);
	if (!name || !value)
		return rs_fail(ctx, RS_BAD_QUERY,
			"A parameter is not percent-encoded UTF-8 without NUL.");
	int index = known_parameter(route, name);
	if (route->flags & RS_ROUTE_ANY_QUERY) {
		params[x->call.query_count++] =
			(struct rs_query_param){.name = name, .value = value};
		return RS_OK;
	}
	if (index < 0)
		return rs_fail(ctx, RS_BAD_QUERY, "A parameter is not known here%s",
			route->query ? "; the documentation lists those that are." : ": there are none.");
	if (!(route->repeatable >> index & 1) &&
		came_before(params, x->call.query_count, name))
		return rs_fail(ctx, RS_BAD_QUERY, "The parameter %s may come only once.",
			route->query[index]);
	params[x->call.query_count++] =
		(struct rs_query_param){.name = route->query[index], .value = value};
	return RS_OK;
}

enum rs_code rs_request_query(struct rs_exchange *x)
{
	if (!x->raw_query || x->raw_query[0] == '\0')
		return RS_OK;
	struct rs_query_param *params =
		rs_new_array(x->ctx.arena, struct rs_query_param, RS_QUERY_PARAMS_MAX);
	x->call.query = params;
	for (const char *at = x->raw_query;;) {
		size_t len = strcspn(at, "&");
		enum rs_code rc = take_parameter(x, params, at, len);
		if (rc != RS_OK)
			return rc;
		if (at[len] == '\0')
			return RS_OK;
		at += len + 1;
	}
}

/* --- the body --- */

/* The media type in lower case without parameters; *charset is what stands behind charset=. */
static const char *media_type(struct rs_ctx *ctx, const char *text, const char **charset)
{
	size_t len = strcspn(text, "; \t");
	char *type = rs_arena_memdup(ctx->arena, text, len);
	for (char *c = type; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *found = strcasestr(text + len, "charset=");
	*charset = found ? found + strlen("charset=") : NULL;
	return type;
}

static bool charset_is_utf8(const char *charset)
{
	if (!charset)
		return true;
	if (*charset == '"')
		charset++;
	return strncasecmp(charset, "utf-8", 5) == 0 && !isalnum((unsigned char)charset[5]);
}

static const char *accepted_types(enum rs_body body)
{
	switch (body) {
	case RS_BODY_MERGE_PATCH:
		return "application/merge-patch+json, application/json";
	case RS_BODY_FORM:
		return "application/x-www-form-urlencoded";
	case RS_BODY_RAW:
		return "application/json, application/pkcs10, application/x-pem-file, "
		       "application/octet-stream, text/plain";
	default:
		return "application/json";
	}
}

/* Bytes say themselves what they are under these types, and under none at all. */
static bool raw_accepted(const char *type)
{
	static const char *const TYPES[] = {"application/json", "application/pkcs10",
		"application/x-pem-file", "application/octet-stream", "text/plain",
		"application/x-www-form-urlencoded", NULL};
	for (int i = 0; type && TYPES[i]; i++)
		if (strcmp(type, TYPES[i]) == 0)
			return true;
	return !type;
}

static bool type_accepted(enum rs_body body, const char *type)
{
	if (body == RS_BODY_RAW)
		return raw_accepted(type);
	if (!type)
		return false;
	if (body == RS_BODY_FORM)
		return strcmp(type, "application/x-www-form-urlencoded") == 0;
	if (body == RS_BODY_MERGE_PATCH && strcmp(type, "application/merge-patch+json") == 0)
		return true;
	return strcmp(type, "application/json") == 0;
}

static enum rs_code refuse_type(struct rs_exchange *x, const char *what)
{
	bool patch = x->call.route->method == RS_PATCH;
	const char *types = accepted_types(x->call.route->body);
	rs_reply_header(&x->call, patch ? "Accept-Patch" : "Accept-Post", types);
	return rs_fail(&x->ctx, RS_UNSUPPORTED_MEDIA_TYPE, "%s Send %s.", what, types);
}

static enum rs_code parse_json(struct rs_exchange *x)
{
	struct rs_call *call = &x->call;
	if (call->body_len == 0 && !call->content_type) {
		/* No body at all stands for an object without members. */
		call->json = rs_arena_json(x->ctx.arena, json_object());
		return RS_OK;
	}
	enum rs_code rc = rs_json_parse(&x->ctx, call->body, call->body_len, &call->json);
	if (rc == RS_OK && !json_is_object(call->json)) {
		rs_fault(&x->ctx, RS_WRONG_TYPE, "", "The body must be a JSON object.");
		return rs_faults(&x->ctx);
	}
	return rc;
}

/* A route that takes no body takes an empty object all the same. */
static enum rs_code refuse_members(struct rs_exchange *x)
{
	static const struct rs_field NONE[] = {RS_FIELD_END};
	enum rs_code rc = parse_json(x);
	if (rc != RS_OK)
		return rc;
	rs_json_read(&x->ctx, x->call.json, "", NONE, NULL, NULL);
	return rs_faults(&x->ctx);
}

/* Size and coding, which do not depend on what the bytes are. */
static enum rs_code check_size(struct rs_exchange *x)
{
	const struct rs_call *call = &x->call;
	const char *encoding = x->in.content_encoding;
	size_t most = call->route->flags & RS_ROUTE_BIG ? RS_BODY_BIG_MAX : RS_BODY_MAX;
	if (call->body_len > most) {
		x->close = true;
		enum rs_code rc = rs_fail(&x->ctx, RS_TOO_LARGE,
			"A body here has at most %zu bytes.", most);
		rs_err_ext(&x->ctx, "limit_bytes", json_integer((json_int_t)most));
		return rc;
	}
	if (encoding && strcasecmp(encoding, "identity") != 0)
		return refuse_type(x, "Compressed bodies are not accepted.");
	return RS_OK;
}

static enum rs_code check_type(struct rs_exchange *x, const char *charset)
{
	const struct rs_call *call = &x->call;
	enum rs_body body = call->route->body;
	if (call->body_len > 0 && !type_accepted(body, call->content_type))
		return refuse_type(x, "The Content-Type is missing or not accepted here.");
	bool bytes = body == RS_BODY_RAW &&
		(!call->content_type || strcmp(call->content_type, "application/json") != 0);
	if (!bytes && !charset_is_utf8(charset))
		return refuse_type(x, "Only UTF-8 is accepted.");
	return RS_OK;
}

enum rs_code rs_request_body(struct rs_exchange *x, const void *body, size_t len)
{
	struct rs_call *call = &x->call;
	const struct rs_route *route = call->route;
	const char *charset = NULL;
	bool reads = route->method == RS_GET || route->method == RS_DELETE;
	call->body = body;
	call->body_len = len;
	if (x->in.content_type)
		call->content_type = media_type(&x->ctx, x->in.content_type, &charset);
	enum rs_code rc = check_size(x);
	if (rc != RS_OK)
		return rc;
	if (route->body == RS_BODY_NONE && reads)
		return len == 0 ? RS_OK
				: rs_fail(&x->ctx, RS_BAD_REQUEST, "This request takes no body.");
	rc = check_type(x, charset);
	if (rc != RS_OK)
		return rc;
	if (route->body == RS_BODY_NONE)
		return refuse_members(x);
	if (route->body == RS_BODY_JSON || route->body == RS_BODY_MERGE_PATCH)
		return parse_json(x);
	return RS_OK;
}
