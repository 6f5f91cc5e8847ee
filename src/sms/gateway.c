/* One call to one gateway: the message goes in by the templates, the answer is judged by the rule.
 */
#include "rs/sms.h"

#include "buffer.h"
#include "rs/httpc.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX  (64u << 10)
#define HEADERS_MAX 48

/* What one call is made of. Everything that may hold a code or a credential is a secret. */
struct call {
	struct rs_ctx *ctx;
	const struct rs_connector *connector;
	const struct rs_sms_settings *settings;
	const struct rs_sms_values *values;
	struct rs_buffer url, body;
	struct rs_secret *headers[HEADERS_MAX];
	const char *lines[HEADERS_MAX + 1];
	size_t count;
};

static void end_call(struct call *call)
{
	rs_buffer_end(&call->url);
	rs_buffer_end(&call->body);
	for (size_t i = 0; i < call->count; i++)
		rs_secret_free(call->headers[i]);
}

static void add_header(struct call *call, const char *name, const char *template)
{
	rs_auto_secret value = rs_sms_render(template, call->values, RS_SMS_HEADER);
	rs_auto_buffer line = {0};

	if (call->count == HEADERS_MAX)
		return; /* the settings hold fewer */
	rs_buffer_put_text(&line, name);
	rs_buffer_put_text(&line, ": ");
	rs_buffer_put_text(&line, (const char *)rs_secret_data(value));
	call->headers[call->count] = rs_buffer_take(&line);
	call->lines[call->count] = (const char *)rs_secret_data(call->headers[call->count]);
	call->count++;
}

/* One of the secret objects of texts; *out is an empty object without it. */
static enum rs_code open_texts(struct call *call, const char *member, json_t **out)
{
	rs_auto_secret text = NULL;
	enum rs_code rc = rs_connector_secret(call->ctx, call->connector, member, &text);

	*out = rs_arena_json(call->ctx->arena, json_object());
	if (!rc && text)
		rc = rs_json_parse(call->ctx, rs_secret_data(text), rs_secret_len(text), out);
	return rc;
}

static enum rs_code put_headers(struct call *call)
{
	const char *name, *type = strcmp(call->settings->body, "json") == 0
					  ? "application/json"
					  : "application/x-www-form-urlencoded";
	rs_auto_secret authorization = NULL;
	json_t *secret, *value;
	enum rs_code rc = open_texts(call, "secret_headers", &secret);

	if (!rc)
		rc = rs_connector_secret(
			call->ctx, call->connector, "authorization", &authorization);
	if (rc)
		return rc;
	json_object_foreach(
		call->settings->headers, name, value) if (!json_object_get(secret, name))
		add_header(call, name, json_string_value(value));
	json_object_foreach(secret, name, value) add_header(call, name, json_string_value(value));
	if (authorization)
		add_header(call, "Authorization", (const char *)rs_secret_data(authorization));
	if (strcmp(call->settings->body, "none") != 0)
		add_header(call, "Content-Type", type);
	return RS_OK;
}

/* name=value pairs, parted by "&". */
static void put_pairs(struct call *call, struct rs_buffer *out, json_t *parameters, bool first)
{
	const char *name;
	json_t *value;

	json_object_foreach(parameters, name, value)
	{
		rs_auto_secret text =
			rs_sms_render(json_string_value(value) ?: "", call->values, RS_SMS_FORM);

		if (!first)
			rs_buffer_put(out, "&", 1);
		first = false;
		rs_buffer_put_encoded(out, name);
		rs_buffer_put(out, "=", 1);
		rs_buffer_put_text(out, (const char *)rs_secret_data(text));
	}
}

/* A copy of a value whose texts are filled in; jansson escapes them when it writes. */
static json_t *filled(struct call *call, const json_t *value)
{
	const char *name;
	json_t *member, *out;
	size_t i;

	if (json_is_string(value)) {
		rs_auto_secret text =
			rs_sms_render(json_string_value(value), call->values, RS_SMS_PLAIN);

		return json_stringn((const char *)rs_secret_data(text), rs_secret_len(text));
	}
	if (json_is_object(value)) {
		out = json_object();
		json_object_foreach((json_t *)value, name, member)
			json_object_set_new(out, name, filled(call, member));
		return out;
	}
	if (json_is_array(value)) {
		out = json_array();
		json_array_foreach((json_t *)value, i, member)
			json_array_append_new(out, filled(call, member));
		return out;
	}
	return json_deep_copy(value);
}

static int append(const char *data, size_t len, void *out)
{
	rs_buffer_put(out, data, len);
	return 0;
}

static enum rs_code put_parameters(struct call *call)
{
	json_t *all = rs_arena_json(call->ctx->arena, json_copy(call->settings->parameters)),
	       *secret;
	enum rs_code rc = open_texts(call, "secret_parameters", &secret);

	if (rc)
		return rc;
	json_object_update(all, secret);
	if (strcmp(call->settings->body, "json") == 0) {
		json_t *value = rs_arena_json(call->ctx->arena, filled(call, all));

		json_dump_callback(value, append, &call->body, JSON_COMPACT);
	} else if (strcmp(call->settings->body, "form") == 0) {
		put_pairs(call, &call->body, all, true);
	} else {
		bool query = strchr(call->settings->url, '?') != NULL;

		if (!query && json_object_size(all))
			rs_buffer_put(&call->url, "?", 1);
		put_pairs(call, &call->url, all, !query);
	}
	return RS_OK;
}

static enum rs_code build(struct call *call)
{
	rs_auto_secret url = rs_sms_render(call->settings->url, call->values, RS_SMS_URL);
	enum rs_code rc;

	rs_buffer_put_text(&call->url, (const char *)rs_secret_data(url));
	rc = put_headers(call);
	if (!rc)
		rc = put_parameters(call);
	rs_buffer_put(&call->url, "", 1);
	return rc;
}

/* --- the answer --- */

/* The member at a path of names and indexes, or NULL. */
static const json_t *at_path(const json_t *value, const char *path)
{
	while (value && *path) {
		size_t len = strcspn(path, ".");
		char *end;

		if (json_is_array(value)) {
			unsigned long index = strtoul(path, &end, 10);

			value = end == path + len ? json_array_get(value, index) : NULL;
		} else {
			value = json_object_getn(value, path, len);
		}
		path += len + (path[len] == '.');
	}
	return value;
}

static bool says_yes(const json_t *value, const char *equals)
{
	char *text;
	bool same;

	if (!equals)
		return value && !json_is_null(value) && !json_is_false(value) &&
		       !(json_is_string(value) && !*json_string_value(value));
	if (json_is_string(value))
		return strcmp(json_string_value(value), equals) == 0;
	text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	same = text && strcmp(text, equals) == 0;
	free(text);
	return same;
}

static bool is_listed(const json_t *list, int status)
{
	size_t i;
	json_t *one;

	json_array_foreach(
		(json_t *)list, i, one) if (json_integer_value(one) == status) return true;
	return false;
}

bool rs_sms_succeeded(struct rs_ctx *ctx, const struct rs_sms_settings *settings, int status,
	struct rs_bytes body)
{
	struct rs_sms_success rule = {0};
	json_t *answer;

	rs_json_read(ctx, settings->success, "/success", rs_sms_success_fields, &rule, NULL);
	if (status < 200 || status > 299 || (rule.status && !is_listed(rule.status, status)))
		return false;
	if (rule.contains && !memmem(body.data, body.len, rule.contains, strlen(rule.contains)))
		return false;
	if (!rule.json_path)
		return true;
	/* A gateway's JSON is its own affair: members that stand twice and the like are no matter.
	 */
	answer = rs_arena_json(
		ctx->arena, json_loadb((const char *)body.data, body.len, JSON_DECODE_ANY, NULL));
	return answer && says_yes(at_path(answer, rule.json_path), rule.json_equals);
}

/* What a status that is no success says about the next step. */
static void judge(struct rs_sms_answer *out, int status)
{
	out->status = status;
	if (status == 400 || status == 403 || status == 422) {
		out->verdict = RS_SMS_REFUSED;
		out->detail = "The gateway refuses this message or number.";
	} else if (status == 408 || status == 429 || status >= 500) {
		out->verdict = RS_SMS_LATER;
		out->detail = "The gateway cannot take the message at the moment.";
	} else if (status >= 300) {
		out->verdict = RS_SMS_NEXT;
		out->detail = status < 400 ? "The gateway leads elsewhere, and nobody follows."
					   : "The gateway does not take calls of ours.";
	} else {
		out->verdict = RS_SMS_LATER;
		out->detail = "The answer of the gateway is no success by the rule.";
	}
}

enum rs_code rs_sms_call(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_sms_settings *settings, const struct rs_sms_values *values,
	struct rs_sms_answer *out)
{
	struct call call = {
		.ctx = ctx, .connector = connector, .settings = settings, .values = values};
	struct rs_httpc_request request = {.headers = call.lines,
		.answer_max = ANSWER_MAX,
		.timeout_ms = (int)settings->timeout_s * 1000,
		.down = RS_PROVIDER_UNAVAILABLE,
		.ca_pem = settings->ca_pem};
	struct rs_httpc_answer answer;
	enum rs_code rc = build(&call);

	*out = (struct rs_sms_answer){.verdict = RS_SMS_LATER};
	if (!rc) {
		request.url = rs_buffer_peek(&call.url);
		request.body =
			strcmp(settings->method, "POST") == 0 ? rs_buffer_peek(&call.body) : NULL;
		request.body_len = call.body.len;
		if (rs_httpc_send(ctx, &request, &answer) != RS_OK) {
			out->detail = answer.why;
			rs_err_reset(&ctx->err);
		} else if (rs_sms_succeeded(ctx, settings, answer.status, answer.body)) {
			*out = (struct rs_sms_answer){
				RS_SMS_TAKEN, answer.status, "The gateway took the message."};
		} else {
			judge(out, answer.status);
		}
	}
	end_call(&call);
	return rc;
}

enum rs_code rs_sms_reach(
	struct rs_ctx *ctx, const struct rs_sms_settings *settings, struct rs_sms_answer *out)
{
	static const struct rs_sms_values NOBODY = {"", "", "", ""};
	rs_auto_secret url = rs_sms_render(settings->url, &NOBODY, RS_SMS_URL);
	struct rs_httpc_request request = {.url = (const char *)rs_secret_data(url),
		.answer_max = ANSWER_MAX,
		.timeout_ms = (int)settings->timeout_s * 1000,
		.down = RS_PROVIDER_UNAVAILABLE,
		.ca_pem = settings->ca_pem,
		.connect_only = true};
	struct rs_httpc_answer answer;

	*out = (struct rs_sms_answer){.verdict = RS_SMS_TAKEN, .detail = "The gateway answers."};
	if (rs_httpc_send(ctx, &request, &answer) != RS_OK) {
		*out = (struct rs_sms_answer){.verdict = RS_SMS_LATER, .detail = answer.why};
		rs_err_reset(&ctx->err);
	}
	return RS_OK;
}
