#include "saml.h"

#include <string.h>

const char *rs_saml_string(const json_t *object, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : otherwise;
}

static const struct {
	const char *name;
	enum rs_saml_reason (*run)(const struct rs_saml_order *order, json_t *answer);
} COMMANDS[] = {
	{"request", rs_saml_request},
	{"response", rs_saml_response},
	{"metadata", rs_saml_metadata},
	{"sp_metadata", rs_saml_sp_metadata},
};

static const struct {
	const char *code, *reason, *sentence;
} REASONS[] = {
	{NULL, NULL, NULL},
#define RS_SAML_REASON(name, code, reason, sentence) {code, reason, sentence},
#include "reasons.def"
#undef RS_SAML_REASON
};

static enum rs_saml_reason run(json_t *json, const char *key, json_t *answer)
{
	json_t *sp = json_object_get(json, "sp");
	const char *command = rs_saml_string(json, "command", "");
	const struct rs_saml_order order = {
		.json = json,
		.now_us = json_integer_value(json_object_get(json, "now_us")),
		.allow_http = json_is_true(json_object_get(json, "allow_http")),
		.sp = {rs_saml_string(sp, "entity_id", ""), rs_saml_string(sp, "acs_url", ""),
			rs_saml_string(sp, "certificate", ""), key},
		.idp_metadata = rs_saml_string(json, "idp_metadata", ""),
	};
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(*COMMANDS); i++) {
		if (strcmp(COMMANDS[i].name, command) == 0)
			return COMMANDS[i].run(&order, answer);
	}
	return RS_SAML_INPUT;
}

json_t *rs_saml_run(const char *text, size_t len)
{
	json_t *answer = json_object(), *json = NULL;
	enum rs_saml_reason reason = RS_SAML_INPUT;
	const char *end = memchr(text, '\0', len);
	if (len > RS_SAML_ORDER_MAX)
		reason = RS_SAML_TOO_LARGE;
	else
		json = json_loadb(
			text, end ? (size_t)(end - text) : len, JSON_REJECT_DUPLICATES, NULL);
	if (json)
		reason = run(json, end ? end + 1 : "", answer);
	json_decref(json);
	json_object_set_new(answer, "ok", json_boolean(reason == RS_SAML_OK));
	if (reason != RS_SAML_OK) {
		json_object_set_new(answer, "code", json_string(REASONS[reason].code));
		json_object_set_new(answer, "reason", json_string(REASONS[reason].reason));
		json_object_set_new(answer, "detail", json_string(REASONS[reason].sentence));
	}
	return answer;
}
