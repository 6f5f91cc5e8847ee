/*
 * The mechanism saml: a fresh sign-in at a SAML 2.0 identity provider (Web SSO, begun by us alone),
 * by the person whose identity there was linked beforehand. What the provider sent is read and
 * judged by reissued-saml; here it is bound to the challenge, taken once, and its person compared.
 */
#include "rs/saml.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/factor.h"
#include "rs/id.h"

#include <string.h>

#define SECOND_US  INT64_C(1000000)
#define ID_BYTES   20 /* 160 random bits name a request */
#define REMEMBER_S 3600

/* What the verdict's code is in our words; anything else is a fault of the connector's. */
static const struct {
	const char *code;
	enum rs_code rc;
} CODES[] = {
	{"assertion_invalid", RS_ASSERTION_INVALID},
	{"auth_not_fresh", RS_AUTH_NOT_FRESH},
	{"auth_context_insufficient", RS_AUTH_CONTEXT_INSUFFICIENT},
};

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}

/* --- there --- */

/* "_" and hex digits: an xs:ID. */
static const char *new_request_id(struct rs_ctx *ctx)
{
	unsigned char random[ID_BYTES];
	char *id = rs_arena_alloc(ctx->arena, 2 * ID_BYTES + 2);
	rs_random(random, sizeof(random));
	id[0] = '_';
	rs_hex(random, sizeof(random), id + 1);
	return id;
}

static enum rs_code authorize(
	struct rs_ctx *ctx, const struct rs_challenge *c, struct rs_redirect *out, json_t **kept)
{
	rs_auto_secret key = NULL;
	struct rs_saml_settings settings;
	json_t *answer, *order;
	const char *id = new_request_id(ctx);
	enum rs_code rc = rs_connector_settings(ctx, c->connector, &settings);
	if (rc == RS_OK)
		rc = rs_connector_secret(ctx, c->connector, "sp_key", &key);
	if (rc != RS_OK)
		return rc;
	order = rs_saml_order(ctx, &c->connector_id, &settings, "request");
	json_object_set_new(order, "request_id", json_string(id));
	json_object_set_new(order, "relay_state", json_string(c->state));
	json_object_set_new(order, "binding", json_string(settings.binding));
	json_object_set_new(
		order, "authn_context_comparison", json_string(settings.authn_context_comparison));
	if (settings.authn_context)
		json_object_set(order, "authn_context", settings.authn_context);
	rc = rs_saml_ask(ctx, order, key, &answer);
	if (rc != RS_OK)
		return rc;
	if (!is_ok(answer)) {
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"The identity provider cannot be asked: its connector has to be looked "
			"at.");
		rs_err_cause(ctx, "%s", text_of(answer, "reason"));
		return rc;
	}
	out->fields = json_object_get(answer, "form");
	*(out->fields ? &out->action : &out->url) = text_of(answer, "url");
	*kept = rs_arena_json(ctx->arena, json_pack("{s:s}", "request_id", id));
	return RS_OK;
}

/* --- and back --- */

/* The two fields of the POST binding (saml-bindings 3.5.4), nothing else. */
static const char *message_of(const json_t *params)
{
	return json_object_size(params) == 2 && text_of(params, "RelayState")
		       ? text_of(params, "SAMLResponse")
		       : NULL;
}

static enum rs_code ask(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_saml_settings *settings, const char *message, json_t **answer)
{
	rs_auto_secret key = NULL;
	json_t *order = rs_saml_order(ctx, &c->connector_id, settings, "response");
	enum rs_code rc = rs_connector_secret(ctx, c->connector, "sp_key", &key);
	json_object_set_new(order, "response", json_string(message));
	json_object_set(order, "request_id", json_object_get(c->private_state, "request_id"));
	json_object_set_new(order, "created_at_us", json_integer(c->created_at));
	json_object_set_new(order, "skew_s", json_integer(settings->clock_skew_s));
	if (settings->identity_attribute)
		json_object_set_new(
			order, "identity_attribute", json_string(settings->identity_attribute));
	if (settings->authn_context)
		json_object_set(order, "authn_context", settings->authn_context);
	if (settings->algorithms)
		json_object_set(order, "algorithms", settings->algorithms);
	json_object_set_new(
		order, "want_assertion_signed", json_boolean(settings->want_assertion_signed));
	json_object_set_new(
		order, "want_response_signed", json_boolean(settings->want_response_signed));
	json_object_set_new(order, "want_encrypted", json_boolean(settings->want_encrypted));
	return rc == RS_OK ? rs_saml_ask(ctx, order, key, answer) : rc;
}

static void put_time(json_t *out, const char *name, const json_t *us)
{
	char when[32];
	rs_time_format(json_integer_value(us), when);
	json_object_set_new(out, name, json_string(when));
}

static void put_digest(
	struct rs_ctx *ctx, json_t *out, const char *name, const char *text, size_t len)
{
	unsigned char digest[32];
	rs_sha256(text, len, digest);
	json_object_set_new(out, name, json_string(rs_sha256_text(ctx->arena, digest)));
}

/* What is shown of a verified response: who, how and when; the message itself is kept sealed. */
static json_t *evidence_of(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_saml_settings *settings, const json_t *answer)
{
	static const char *const SHOWN[] = {"issuer", "response_id", "assertion_id", "name_id",
		"name_id_format", "identity", "authn_context", "signature_algorithm",
		"digest_algorithm", "signing_certificate_sha256", "response_signed",
		"assertion_signed", "encrypted"};
	json_t *out = rs_arena_json(ctx->arena, json_object());
	for (size_t i = 0; i < sizeof(SHOWN) / sizeof(SHOWN[0]); i++)
		json_object_set(out, SHOWN[i], json_object_get(answer, SHOWN[i]));
	json_object_set(out, "request_id", json_object_get(c->private_state, "request_id"));
	put_time(out, "authn_instant", json_object_get(answer, "authn_instant_us"));
	put_digest(ctx, out, "idp_metadata_sha256", settings->idp_metadata,
		strlen(settings->idp_metadata));
	return out;
}

/* An assertion passes once, whoever brings it, for as long as it could be brought again. */
static enum rs_code take_once(
	struct rs_ctx *ctx, const struct rs_saml_settings *settings, const json_t *answer)
{
	int64_t ends = json_integer_value(json_object_get(answer, "ends_at_us"));
	const char *key = rs_arena_printf(
		ctx->arena, "%s %s", text_of(answer, "issuer"), text_of(answer, "assertion_id"));
	return rs_challenge_once(ctx, "saml_assertion", key, strlen(key),
		ends + (settings->clock_skew_s + REMEMBER_S) * SECOND_US);
}

/* The whole text names the linked person, and nobody put a comment into it. */
static enum rs_code compare_person(
	struct rs_ctx *ctx, const struct rs_challenge *c, const json_t *answer, const char **why)
{
	bool linked = false;
	enum rs_code rc = rs_factor_linked(
		ctx, c, "saml", text_of(answer, "issuer"), text_of(answer, "identity"), &linked);
	*why = "identity-not-linked";
	if (rc == RS_OK && !linked)
		rc = rs_fail(ctx, RS_IDENTITY_MISMATCH, "This sign-in is another person's.");
	if (rc != RS_OK || !json_is_true(json_object_get(answer, "identity_has_comment")))
		return rc;
	*why = "comment";
	return rs_fail(ctx, RS_ASSERTION_INVALID, "The assertion has a comment inside.");
}

static enum rs_code refusal_of(struct rs_ctx *ctx, const json_t *answer, const char **why)
{
	const char *code = text_of(answer, "code");
	*why = text_of(answer, "reason");
	for (size_t i = 0; code && i < sizeof(CODES) / sizeof(CODES[0]); i++)
		if (strcmp(code, CODES[i].code) == 0)
			return rs_fail(ctx, CODES[i].rc, "%s", text_of(answer, "detail"));
	return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
		"The identity provider cannot be asked: its connector has to be looked at.");
}

static enum rs_code judge(struct rs_ctx *ctx, const struct rs_challenge *c, const char *message,
	struct rs_verdict *verdict)
{
	struct rs_saml_settings settings;
	json_t *answer;
	enum rs_code rc = rs_connector_settings(ctx, c->connector, &settings);
	if (rc == RS_OK)
		rc = ask(ctx, c, &settings, message, &answer);
	if (rc != RS_OK)
		return rc;
	if (!is_ok(answer))
		return refusal_of(ctx, answer, &verdict->detail);
	verdict->evidence = evidence_of(ctx, c, &settings, answer);
	verdict->detail = "assertion-used-before";
	rc = take_once(ctx, &settings, answer);
	return rc == RS_OK ? compare_person(ctx, c, answer, &verdict->detail) : rc;
}

/* The message as it came, for the record; the digest is shown. */
static void keep_message(struct rs_ctx *ctx, const char *message, struct rs_verdict *verdict)
{
	struct rs_bytes xml;
	if (!verdict->evidence || !rs_unbase64(ctx->arena, message, strlen(message), &xml))
		return;
	put_digest(ctx, verdict->evidence, "response_sha256", (const char *)xml.data, xml.len);
	verdict->sealed = rs_secret_copy(xml.data, xml.len);
}

static enum rs_code callback(struct rs_ctx *ctx, const struct rs_challenge *c, const json_t *params,
	struct rs_verdict *verdict)
{
	const char *message = message_of(params);
	enum rs_code rc = RS_ASSERTION_INVALID;
	*verdict = (struct rs_verdict){.detail = "fields"};
	if (message)
		rc = judge(ctx, c, message, verdict);
	if (message)
		keep_message(ctx, message, verdict);
	return rs_verdict_of_callback(ctx, rc, verdict);
}

const struct rs_factor rs_factor_saml = {
	.name = "saml",
	.title = "Sign-in at the identity provider (SAML)",
	.style = RS_FACTOR_REDIRECT,
	.inputs = rs_factor_no_inputs,
	.connector = "saml",
	.amr = "mfa",
	.available = rs_factor_for_everybody,
	.authorize = authorize,
	.callback = callback,
};
