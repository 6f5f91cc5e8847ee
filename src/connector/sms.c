/* The kind sms: an HTTP gateway that takes text messages. */
#include "rs/sms.h"

#include "kinds.h"
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"
#define TOKEN	LETTERS DIGITS "!#$%&'*+-.^_`|~" /* RFC 9110 5.6.2 */

#define MEMBERS_MAX  20
#define TEMPLATE_MAX 1000
#define SECRET_MIN   20

static const char *const METHODS[] = {"GET", "POST", NULL};
static const char *const BODIES[] = {"form", "json", "none", NULL};

#define F(member, kind, ...) RS_FIELD(struct rs_sms_settings, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(url, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 9, .max = 2000),
	F(method, RS_T_STRING, .values = METHODS),
	F(headers, RS_T_OBJECT),
	F(body, RS_T_STRING, .values = BODIES),
	F(parameters, RS_T_OBJECT),
	F(success, RS_T_OBJECT),
	F(timeout_s, RS_T_INT, .min = 1, .max = 10),
	F(ca_pem, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 32768),
	F(sender, RS_T_STRING, .min = 1, .max = 20),
	F(allowed_countries, RS_T_ARRAY, .max = 250),
	F(number_pattern, RS_T_STRING, .min = 1, .max = 200),
	F(budget_per_day, RS_T_INT, .min = 1, .max = 1000000),
	F(priority, RS_T_INT, .min = 1, .max = 1000),
	F(dlr, RS_T_BOOL),
	RS_FIELD_END,
};

#define S(member, kind, ...) RS_FIELD(struct rs_sms_success, member, kind, __VA_ARGS__)
const struct rs_field rs_sms_success_fields[] = {
	S(status, RS_T_ARRAY, .flags = RS_F_NULL, .min = 1, .max = 20),
	S(contains, RS_T_STRING, .flags = RS_F_NULL, .min = 1, .max = 200),
	S(json_path, RS_T_STRING, .flags = RS_F_NULL, .min = 1, .max = 200),
	S(json_equals, RS_T_STRING, .flags = RS_F_NULL, .max = 200),
	RS_FIELD_END,
};

static const struct rs_connector_secret_member SECRETS[] = {
	{"authorization", RS_SECRET_LINE, TEMPLATE_MAX},
	{"secret_headers", RS_SECRET_TEXTS, TEMPLATE_MAX},
	{"secret_parameters", RS_SECRET_TEXTS, TEMPLATE_MAX},
	{"dlr_secret", RS_SECRET_LINE, 100},
	{NULL, RS_SECRET_LINE, 0},
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_sms_settings *settings = out;

	settings->method = "POST";
	settings->headers = rs_arena_json(ctx->arena, json_object());
	settings->body = "form";
	settings->parameters = rs_arena_json(ctx->arena, json_object());
	settings->success = rs_arena_json(ctx->arena, json_object());
	settings->timeout_s = 10;
	settings->allowed_countries = rs_arena_json(ctx->arena, json_array());
	settings->budget_per_day = 500;
	settings->priority = 100;
}

/* Headers that the call itself sets, or that would change what the call is. */
static void check_header_names(struct rs_ctx *ctx, const json_t *headers, const char *at)
{
	static const char *const OURS[] = {"host", "content-length", "content-type",
		"transfer-encoding", "authorization", "connection", "proxy-authorization", "expect",
		NULL};
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)headers, name, value)
	{
		for (const char *const *ours = OURS; *ours; ours++)
			if (strcasecmp(name, *ours) == 0)
				rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, name),
					"This header is set by the call itself; for Authorization "
					"there is the member authorization.");
	}
}

static void check_headers(struct rs_ctx *ctx, const struct rs_sms_settings *settings)
{
	rs_connector_check_texts(
		ctx, settings->headers, TOKEN, MEMBERS_MAX, TEMPLATE_MAX, "/settings/headers");
	check_header_names(ctx, settings->headers, "/settings/headers");
}

static void check_success(struct rs_ctx *ctx, const struct rs_sms_settings *settings)
{
	struct rs_sms_success success = {0};
	size_t i;
	json_t *status;

	rs_json_read(
		ctx, settings->success, "/settings/success", rs_sms_success_fields, &success, NULL);
	json_array_foreach(success.status, i, status) if (!json_is_integer(status) ||
							  json_integer_value(status) < 200 ||
							  json_integer_value(status) > 299)
		rs_fault(ctx, RS_OUT_OF_RANGE, rs_pointer_index(ctx, "/settings/success/status", i),
			"The statuses of success are 200 to 299.");
	if (success.json_equals && !success.json_path)
		rs_fault(ctx, RS_REQUIRED, "/settings/success/json_path",
			"json_equals says what stands at json_path.");
}

static void check_countries(struct rs_ctx *ctx, const json_t *countries)
{
	size_t i;
	json_t *value;

	rs_connector_check_words(ctx, countries, 8, "/settings/allowed_countries");
	json_array_foreach(countries, i, value)
	{
		const char *code = json_string_value(value);
		size_t digits = code && code[0] == '+' ? strspn(code + 1, DIGITS) : 0;

		if (code && (digits < 1 || digits > 7 || code[1 + digits] || code[1] == '0'))
			rs_fault(ctx, RS_BAD_VALUE,
				rs_pointer_index(ctx, "/settings/allowed_countries", i),
				"A calling code begins with + and has 1 to 7 digits, as +49.");
	}
}

static void check_pattern(struct rs_ctx *ctx, const char *pattern)
{
	const char *why = pattern ? rs_sms_pattern_fault(pattern) : NULL;

	if (why)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/number_pattern", "%s", why);
}

static void check_template(struct rs_ctx *ctx, const char *text, const char *at)
{
	const char *why = text ? rs_sms_template_fault(text) : NULL;

	if (why)
		rs_fault(ctx, RS_BAD_VALUE, at, "%s", why);
}

/* The texts of a value, whatever its shape. */
static void check_templates(struct rs_ctx *ctx, const json_t *value, const char *at)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		check_template(ctx, json_string_value(value), at);
	json_object_foreach((json_t *)value, name, member)
		check_templates(ctx, member, rs_pointer(ctx, at, name));
	json_array_foreach((json_t *)value, i, member)
		check_templates(ctx, member, rs_pointer_index(ctx, at, i));
}

/* What is filled in and kept secret obeys the same rules. */
static enum rs_code check_secrets(struct rs_ctx *ctx, const struct rs_connector *connector)
{
	static const char *const TEXTS[] = {"secret_headers", "secret_parameters", NULL};
	rs_auto_secret authorization = NULL;
	enum rs_code rc = rs_connector_secret(ctx, connector, "authorization", &authorization);

	if (!rc && authorization)
		check_template(ctx, (const char *)rs_secret_data(authorization),
			"/settings/authorization");
	for (int i = 0; !rc && TEXTS[i]; i++) {
		const char *at = rs_pointer(ctx, "/settings", TEXTS[i]);
		rs_auto_secret text = NULL;
		json_t *object = NULL;

		rc = rs_connector_secret(ctx, connector, TEXTS[i], &text);
		if (!rc && text)
			rc = rs_json_parse(ctx, rs_secret_data(text), rs_secret_len(text), &object);
		check_templates(ctx, object, at);
		if (i == 0)
			check_header_names(ctx, object, at);
	}
	return rc;
}

/* The URL with something in its placeholders must be one that is called. */
static void check_url(struct rs_ctx *ctx, const char *url)
{
	static const struct rs_sms_values VALUES = {"1", "1", "1", "1"};
	const char *why = rs_sms_url_fault(url);

	if (why) {
		rs_fault(ctx, RS_BAD_VALUE, "/settings/url", "%s", why);
		return;
	}
	rs_auto_secret filled = rs_sms_render(url, &VALUES, RS_SMS_URL);
	rs_connector_check_url(ctx, (const char *)rs_secret_data(filled), "/settings/url");
}

static void check_parameters(struct rs_ctx *ctx, const struct rs_sms_settings *settings)
{
	if (strcmp(settings->body, "json") != 0)
		rs_connector_check_texts(ctx, settings->parameters, NULL, MEMBERS_MAX, TEMPLATE_MAX,
			"/settings/parameters");
	else if (json_object_size(settings->parameters) > MEMBERS_MAX)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/settings/parameters",
			"At most %d members stand here.", MEMBERS_MAX);
	if (strcmp(settings->method, "GET") == 0 && strcmp(settings->body, "none") != 0)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/body",
			"A GET has no body: with none the parameters go into the query.");
}

/* The secret of delivery reports stands in the path of a URL. */
static enum rs_code check_reports(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_sms_settings *settings)
{
	static const char WORD[] = LETTERS DIGITS "_-";
	rs_auto_secret secret = NULL;
	enum rs_code rc = rs_connector_secret(ctx, connector, "dlr_secret", &secret);
	const char *text = secret ? (const char *)rs_secret_data(secret) : NULL;

	if (!rc && !text && settings->dlr)
		rs_fault(ctx, RS_REQUIRED, "/settings/dlr_secret",
			"Delivery reports are taken under a path that holds this secret.");
	if (!rc && text && (strlen(text) < SECRET_MIN || text[strspn(text, WORD)]))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/dlr_secret",
			"At least %d letters, digits, underscores and hyphens.", SECRET_MIN);
	return rc;
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	const struct rs_sms_settings *settings = out;
	enum rs_code rc = check_secrets(ctx, connector);

	if (rc)
		return rc;
	check_url(ctx, settings->url);
	rs_connector_check_certificates(ctx, settings->ca_pem, "/settings/ca_pem");
	check_headers(ctx, settings);
	check_templates(ctx, settings->headers, "/settings/headers");
	check_templates(ctx, settings->parameters, "/settings/parameters");
	check_parameters(ctx, settings);
	check_success(ctx, settings);
	check_countries(ctx, settings->allowed_countries);
	check_pattern(ctx, settings->number_pattern);
	return check_reports(ctx, connector, settings);
}

/* A message that is nobody's code. */
static enum rs_code send(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_sms_settings *settings, const char *to, struct rs_connector_report *report)
{
	struct rs_id id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	struct rs_sms_values values = {.to = to,
		.text = "This is a test of the SMS gateway.",
		.id = id.s,
		.sender = settings->sender};
	struct rs_sms_answer answer;
	enum rs_code rc = rs_sms_call(ctx, connector, settings, &values, &answer);

	if (!rc && answer.status)
		rs_connector_step(report, answer.verdict == RS_SMS_TAKEN, "send", "%s (HTTP %d)",
			answer.detail, answer.status);
	else if (!rc)
		rs_connector_step(report, false, "send", "%s", answer.detail);
	return rc;
}

static enum rs_code test(struct rs_ctx *ctx, const struct rs_connector *connector, const void *in,
	const char *to, struct rs_connector_report *report)
{
	const struct rs_sms_settings *settings = in;
	struct rs_sms_answer answer;
	enum rs_code rc;

	if (to && !rs_sms_number(to))
		rs_fault(ctx, RS_BAD_VALUE, "/to",
			"A number in E.164 form is needed, as +4915112345678.");
	else if (to && !rs_sms_number_allowed(settings, to))
		rs_fault(ctx, RS_DESTINATION_NOT_ALLOWED, "/to",
			"This connector does not send to this number.");
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_sms_reach(ctx, settings, &answer);
	if (rc)
		return rc;
	rs_connector_step(report, answer.verdict == RS_SMS_TAKEN, "connect", "%s", answer.detail);
	return to && report->ok ? send(ctx, connector, settings, to, report) : RS_OK;
}

const struct rs_connector_kind rs_connector_kind_sms = {
	.name = "sms",
	.size = sizeof(struct rs_sms_settings),
	.fields = FIELDS,
	.secrets = SECRETS,
	.defaults = defaults,
	.check = check,
	.test = test,
	.sends = true,
};
