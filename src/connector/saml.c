/* The kind saml: an identity provider of SAML 2.0. */
#include "rs/saml.h"

#include "kinds.h"
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/limit.h"
#include "rs/store.h"

#include <string.h>

#define METADATA_MAX  200000
#define ENTITY_MAX    500
#define NAME_ID_SAML1 "urn:oasis:names:tc:SAML:1.1:nameid-format:"
#define NAME_ID_SAML2 "urn:oasis:names:tc:SAML:2.0:nameid-format:"
#define TRANSIENT     NAME_ID_SAML2 "transient"
#define MORE_DSIG     "http://www.w3.org/2001/04/xmldsig-more#"

static const struct rs_limit METADATA_LIMIT = {"saml-metadata", 60, 60};
static const char *const BINDINGS[] = {"redirect", "post", NULL};
static const char *const COMPARISONS[] = {"exact", "minimum", NULL};
static const char *const NAME_ID_FORMATS[] = {
	NAME_ID_SAML2 "persistent",
	NAME_ID_SAML1 "emailAddress",
	NAME_ID_SAML1 "unspecified",
	NAME_ID_SAML1 "X509SubjectName",
	NAME_ID_SAML1 "WindowsDomainQualifiedName",
	NAME_ID_SAML2 "kerberos",
	TRANSIENT,
	NULL,
};
static const char *const ALGORITHMS[] = {
	MORE_DSIG "rsa-sha256",
	MORE_DSIG "rsa-sha384",
	MORE_DSIG "rsa-sha512",
	MORE_DSIG "ecdsa-sha256",
	MORE_DSIG "ecdsa-sha384",
	MORE_DSIG "ecdsa-sha512",
	NULL,
};

#define F(member, kind, ...) RS_FIELD(struct rs_saml_settings, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(idp_metadata, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_PEM, .min = 1,
		.max = METADATA_MAX),
	F(sp_entity_id, RS_T_STRING, .min = 1, .max = ENTITY_MAX),
	F(sp_certificate, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_PEM, .min = 1, .max = 32768),
	F(binding, RS_T_STRING, .values = BINDINGS),
	F(name_id_format, RS_T_STRING, .values = NAME_ID_FORMATS),
	F(identity_attribute, RS_T_STRING, .min = 1, .max = 255),
	F(authn_context, RS_T_ARRAY, .min = 1, .max = 20),
	F(authn_context_comparison, RS_T_STRING, .values = COMPARISONS),
	F(algorithms, RS_T_ARRAY, .min = 1, .max = 6),
	F(want_assertion_signed, RS_T_BOOL),
	F(want_response_signed, RS_T_BOOL),
	F(want_encrypted, RS_T_BOOL),
	F(clock_skew_s, RS_T_INT, .min = 0, .max = RS_SAML_SKEW_MAX_S),
	F(logo_url, RS_T_STRING, .min = 9, .max = 500),
	RS_FIELD_END,
};

static const struct rs_connector_secret_member SECRETS[] = {
	{"sp_key", RS_SECRET_PEM, 16384},
	{NULL, RS_SECRET_LINE, 0},
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_saml_settings *settings = out;
	(void)ctx;
	settings->binding = "redirect";
	settings->name_id_format = NAME_ID_FORMATS[0];
	settings->authn_context_comparison = "exact";
	settings->clock_skew_s = 60;
}

/* --- our names --- */

static const char *url_of(
	struct rs_ctx *ctx, const char *path, const struct rs_id *id, const char *end)
{
	return rs_arena_printf(
		ctx->arena, "%s%s%s%s", ctx->app->config->server_public_url, path, id->s, end);
}

const char *rs_saml_entity_id(
	struct rs_ctx *ctx, const struct rs_id *connector, const struct rs_saml_settings *settings)
{
	return settings->sp_entity_id ? settings->sp_entity_id
				      : url_of(ctx, "/v1/connectors/", connector, "/saml-metadata");
}

const char *rs_saml_acs_url(struct rs_ctx *ctx, const struct rs_id *connector)
{
	return url_of(ctx, "/v1/callbacks/saml/", connector, "");
}

json_t *rs_saml_order(struct rs_ctx *ctx, const struct rs_id *connector,
	const struct rs_saml_settings *settings, const char *command)
{
	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:I, s:b, s:{s:s, s:s, s:s}, s:s, s:s}", "command", command,
			"now_us", (json_int_t)rs_clock_now_us(ctx->app->clock), "allow_http",
			ctx->app->config->net_allow_http, "sp", "entity_id",
			rs_saml_entity_id(ctx, connector, settings), "acs_url",
			rs_saml_acs_url(ctx, connector), "certificate", settings->sp_certificate,
			"idp_metadata", settings->idp_metadata, "name_id_format",
			settings->name_id_format));
}

/* --- judging --- */

static bool is_listed(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

static void check_algorithms(struct rs_ctx *ctx, const json_t *algorithms)
{
	size_t i;
	json_t *one;
	rs_connector_check_words(ctx, algorithms, 100, "/settings/algorithms");
	json_array_foreach((json_t *)(uintptr_t)algorithms, i, one)
	{
		if (json_is_string(one) && !is_listed(ALGORITHMS, json_string_value(one)))
			rs_fault(ctx, RS_BAD_VALUE,
				rs_pointer_index(ctx, "/settings/algorithms", i),
				"This is no signature method that is taken here: RSA or ECDSA with "
				"SHA-256, 384 or 512.");
	}
}

/* saml-core 8.3.6 and what goes into XML and URLs without harm. */
static void check_entity_id(struct rs_ctx *ctx, const char *id)
{
	const char *c = id;
	while (c && *c > ' ' && *c < 0x7f && !strchr("<>\"'&\\", *c))
		c++;
	if (c && *c)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/sp_entity_id",
			"An entity ID is a URI of printable ASCII characters.");
}

/* Where a refusal of the metadata order belongs. */
static const char *pointer_of(const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "code"));
	return code && strcmp(code, "sp_key_invalid") == 0 ? "/settings/sp_key"
							   : "/settings/idp_metadata";
}

/* What reissued-saml says of both sides; *answer is its verdict. */
static enum rs_code ask_metadata(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_saml_settings *settings, json_t **answer)
{
	rs_auto_secret key = NULL;
	json_t *order = rs_saml_order(ctx, &connector->id, settings, "metadata");
	enum rs_code rc = rs_connector_secret(ctx, connector, "sp_key", &key);
	json_object_set_new(order, "binding", json_string(settings->binding));
	return rc == RS_OK ? rs_saml_ask(ctx, order, key, answer) : rc;
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	struct rs_saml_settings *settings = out;
	json_t *answer;
	rs_connector_check_certificates(ctx, settings->sp_certificate, "/settings/sp_certificate");
	rs_connector_check_words(ctx, settings->authn_context, 300, "/settings/authn_context");
	check_algorithms(ctx, settings->algorithms);
	check_entity_id(ctx, settings->sp_entity_id);
	if (settings->logo_url)
		rs_connector_check_url(ctx, settings->logo_url, "/settings/logo_url");
	if (!settings->identity_attribute && strcmp(settings->name_id_format, TRANSIENT) == 0)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/name_id_format",
			"A transient name identifies nobody: say which attribute does.");
	if (!rs_connector_has(connector, "sp_key"))
		rs_fault(ctx, RS_REQUIRED, "/settings/sp_key",
			"The private key of sp_certificate is needed.");
	if (ctx->err.faults)
		return RS_OK;
	enum rs_code rc = ask_metadata(ctx, connector, settings, &answer);
	if (rc == RS_OK && !json_is_true(json_object_get(answer, "ok")))
		rs_fault(ctx, RS_BAD_VALUE, pointer_of(answer), "%s",
			json_string_value(json_object_get(answer, "detail")));
	return rc;
}

/* --- trying --- */

/* A request as a challenge makes it, signed; it goes nowhere. */
static enum rs_code try_request(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_saml_settings *settings, struct rs_connector_report *report)
{
	rs_auto_secret key = NULL;
	json_t *answer, *order = rs_saml_order(ctx, &connector->id, settings, "request");
	enum rs_code rc = rs_connector_secret(ctx, connector, "sp_key", &key);
	json_object_set_new(order, "binding", json_string(settings->binding));
	json_object_set_new(order, "relay_state", json_string("test"));
	json_object_set_new(order, "request_id", json_string("_00000000000000000000000000000000"));
	if (rc == RS_OK)
		rc = rs_saml_ask(ctx, order, key, &answer);
	if (rc != RS_OK)
		return rc;
	bool ok = json_is_true(json_object_get(answer, "ok"));
	rs_connector_step(report, ok, "request", "%s",
		ok ? "A request can be made and is signed."
		   : json_string_value(json_object_get(answer, "detail")));
	return RS_OK;
}

static enum rs_code test(struct rs_ctx *ctx, const struct rs_connector *connector, const void *in,
	const char *to, struct rs_connector_report *report)
{
	const struct rs_saml_settings *settings = in;
	json_t *answer;
	enum rs_code rc = ask_metadata(ctx, connector, settings, &answer);
	(void)to;
	if (rc == RS_IDP_UNAVAILABLE) {
		rs_connector_step(report, false, "metadata", "%s", ctx->err.detail);
		rs_err_reset(&ctx->err);
		return RS_OK;
	}
	if (rc != RS_OK)
		return rc;
	bool ok = json_is_true(json_object_get(answer, "ok"));
	if (!ok) {
		rs_connector_step(report, false, "metadata", "%s",
			json_string_value(json_object_get(answer, "detail")));
		return RS_OK;
	}
	rs_connector_step(report, true, "metadata", "%s, %zu signing certificates.",
		json_string_value(json_object_get(answer, "entity_id")),
		json_array_size(json_object_get(answer, "signing_certificates")));
	rs_connector_step(report, true, "service_provider", "Its metadata: %s",
		url_of(ctx, "/v1/connectors/", &connector->id, "/saml-metadata"));
	return try_request(ctx, connector, settings, report);
}

/* --- what the identity provider's administrator needs --- */

enum rs_code rs_saml_own_metadata(struct rs_ctx *ctx, const struct rs_id *id, const char **xml)
{
	struct rs_connector *connector;
	struct rs_saml_settings settings;
	json_t *answer;
	enum rs_code rc = rs_connector_public(ctx, id, "saml", &connector);
	/* Nobody has to say who he is, and each answer takes a process. */
	if (rc == RS_OK)
		rc = rs_limit_hit(ctx, &METADATA_LIMIT, id->s, strlen(id->s));
	if (rc == RS_OK)
		rc = rs_connector_settings(ctx, connector, &settings);
	if (rc == RS_OK)
		rc = rs_saml_ask(
			ctx, rs_saml_order(ctx, id, &settings, "sp_metadata"), NULL, &answer);
	if (rc != RS_OK)
		return rc;
	*xml = json_string_value(json_object_get(answer, "xml"));
	return *xml ? RS_OK
		    : rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			      "The settings of this connector are not complete any more.");
}

const struct rs_connector_kind rs_connector_kind_saml = {
	.name = "saml",
	.second_factor = "saml",
	.size = sizeof(struct rs_saml_settings),
	.fields = FIELDS,
	.secrets = SECRETS,
	.defaults = defaults,
	.check = check,
	.test = test,
};
