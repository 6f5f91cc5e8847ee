/* What a provider says of itself (OpenID Connect Discovery 1.0), and its keys. */
#include "rs/oidc.h"

#include "rs/app.h"
#include "rs/config.h"
#include "rs/httpc.h"

#include <stdlib.h>
#include <string.h>

#define TENANT_PLACE "{tenantid}"
#define URL_MAX	     1000

/* --- names --- */

/* The hosts of Microsoft's clouds that sign people in. */
static const struct {
	const char *cloud, *authority;
} CLOUDS[] = {
	{"public", "https://login.microsoftonline.com"},
	{"us_government", "https://login.microsoftonline.us"},
	{"china", "https://login.partner.microsoftonline.cn"},
};

bool rs_oidc_is_entra(const struct rs_oidc_settings *settings)
{
	return settings->tenant_id != NULL;
}

static const char *authority_of(const struct rs_oidc_settings *settings)
{
	for (size_t i = 0; !settings->authority && i < sizeof(CLOUDS) / sizeof(CLOUDS[0]); i++)
		if (strcmp(CLOUDS[i].cloud, settings->cloud) == 0)
			return CLOUDS[i].authority;
	return settings->authority;
}

const char *rs_oidc_issuer(struct rs_ctx *ctx, const struct rs_oidc_settings *settings)
{
	if (!rs_oidc_is_entra(settings))
		return settings->issuer;
	return rs_arena_printf(ctx->arena, "%s/%s/v2.0", authority_of(settings),
		settings->multi_tenant ? TENANT_PLACE : settings->tenant_id);
}

const char *rs_oidc_issuer_of_tenant(struct rs_ctx *ctx, const char *issuer, const char *tenant)
{
	const char *place = strstr(issuer, TENANT_PLACE);
	if (!place || !tenant)
		return issuer;
	return rs_arena_printf(ctx->arena, "%.*s%s%s", (int)(place - issuer), issuer, tenant,
		place + strlen(TENANT_PLACE));
}

const char *rs_oidc_redirect_uri(struct rs_ctx *ctx, const struct rs_id *connector)
{
	return rs_arena_printf(ctx->arena, "%s/v1/callbacks/oidc/%s",
		ctx->app->config->server_public_url, connector->s);
}

/* Where the discovery document is: under the issuer (Discovery 4), its slash at the end dropped. */
static const char *discovery_url(struct rs_ctx *ctx, const struct rs_oidc_settings *settings)
{
	const char *base = settings->issuer;
	if (settings->discovery_url)
		return settings->discovery_url;
	if (rs_oidc_is_entra(settings))
		base = rs_arena_printf(
			ctx->arena, "%s/%s/v2.0", authority_of(settings), settings->tenant_id);
	size_t len = strlen(base);
	return rs_arena_printf(ctx->arena, "%.*s/.well-known/openid-configuration",
		(int)(len && base[len - 1] == '/' ? len - 1 : len), base);
}

/* --- the document --- */

struct reading {
	struct rs_ctx *ctx;
	const json_t *document;
	const char *why; /* the first fault */
};

static const char *endpoint(struct reading *r, const char *name, const char *own)
{
	const json_t *value = json_object_get(r->document, name);
	const char *url = own ? own : json_string_value(value);
	const char *fault = NULL;
	if (!url || (!own && strlen(url) != json_string_length(value)) || strlen(url) > URL_MAX)
		fault = "It is missing.";
	else
		fault = strchr(url, '#') ? "It has a fragment." : rs_httpc_url_fault(r->ctx, url);
	if (fault && !r->why)
		r->why = rs_arena_printf(
			r->ctx->arena, "The %s of the provider cannot be used. %s", name, fault);
	return fault ? NULL : url;
}

/* A list of the document, when there is one, must hold one of ours. */
static void demand(struct reading *r, const char *name, const json_t *wanted)
{
	const json_t *list = json_object_get(r->document, name);
	size_t i, n;
	json_t *have, *want;
	if (!json_is_array(list) || r->why)
		return;
	json_array_foreach((json_t *)(uintptr_t)list, i, have)
	{
		json_array_foreach((json_t *)(uintptr_t)wanted, n, want)
		{
			if (json_equal(have, want))
				return;
		}
	}
	r->why =
		rs_arena_printf(r->ctx->arena, "The provider's %s has nothing that we take.", name);
}

static void par_read(
	struct reading *r, const struct rs_oidc_settings *settings, struct rs_oidc_provider *out)
{
	static const char NAME[] = "pushed_authorization_request_endpoint";
	bool required =
		json_is_true(json_object_get(r->document, "require_pushed_authorization_requests"));
	bool never = settings->par && strcmp(settings->par, "never") == 0;
	if (!never && json_object_get(r->document, NAME))
		out->par_endpoint = endpoint(r, NAME, NULL);
	if (settings->par && strcmp(settings->par, "required") == 0)
		required = true;
	if (required && !out->par_endpoint && !r->why)
		r->why = never ? "The provider demands pushed authorization requests."
			       : "The provider has no endpoint for pushed authorization requests.";
}

bool rs_oidc_provider_read(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const json_t *document, struct rs_oidc_provider *out, const char **why)
{
	struct reading r = {.ctx = ctx, .document = document};
	const char *issuer = json_string_value(json_object_get(document, "issuer"));
	json_t *code = rs_arena_json(ctx->arena, json_pack("[s]", "code"));
	*out = (struct rs_oidc_provider){.issuer = rs_oidc_issuer(ctx, settings)};
	if (!issuer || strcmp(issuer, out->issuer) != 0)
		r.why = "The provider's issuer is another one than is configured.";
	out->authorization_endpoint =
		endpoint(&r, "authorization_endpoint", settings->authorization_endpoint);
	out->token_endpoint = endpoint(&r, "token_endpoint", settings->token_endpoint);
	out->jwks_uri = endpoint(&r, "jwks_uri", settings->jwks_uri);
	demand(&r, "response_types_supported", code);
	demand(&r, "id_token_signing_alg_values_supported", settings->algorithms);
	par_read(&r, settings, out);
	out->iss_parameter = json_is_true(
		json_object_get(document, "authorization_response_iss_parameter_supported"));
	out->client_auths = json_object_get(document, "token_endpoint_auth_methods_supported");
	*why = r.why;
	return !r.why;
}

enum rs_code rs_oidc_discover(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	enum rs_jwks_how how, struct rs_oidc_provider *out, const char **why)
{
	struct rs_jwks got = {0};
	const struct rs_jwks_source source = {.uri = discovery_url(ctx, settings),
		.ca_pem = settings->ca_pem,
		.ttl_s = (int)settings->jwks_ttl_s};
	enum rs_code rc;
	*why = NULL;
	if (settings->authorization_endpoint && settings->token_endpoint && settings->jwks_uri) {
		got.document = rs_arena_json(
			ctx->arena, json_pack("{s:s}", "issuer", rs_oidc_issuer(ctx, settings)));
	} else {
		rc = rs_jwks_get(ctx, &source, how, &got);
		if (rc != RS_OK)
			return rc;
	}
	if (rs_oidc_provider_read(ctx, settings, got.document, out, why))
		return RS_OK;
	rc = rs_fail(ctx, RS_IDP_UNAVAILABLE, "The identity provider cannot be used as it is.");
	rs_err_cause(ctx, "%s", *why);
	return rc;
}

/* --- its keys --- */

enum rs_code rs_oidc_keys(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, enum rs_jwks_how how, struct rs_jwks *out)
{
	const struct rs_jwks_source source = {.uri = provider->jwks_uri,
		.ca_pem = settings->ca_pem,
		.ttl_s = (int)settings->jwks_ttl_s};
	return rs_jwks_get(ctx, &source, how, out);
}

/* Entra writes into each key whose it is: all tenants', or one's; whose the token is comes later.
 */
static bool key_is_of(struct rs_ctx *ctx, const json_t *key,
	const struct rs_oidc_settings *settings, const char *issuer, const char *tenant)
{
	const json_t *own = json_object_get(key, "issuer");
	const char *text = json_string_value(own);
	if (!own || !text)
		return !own;
	if (!settings->multi_tenant)
		text = rs_oidc_issuer_of_tenant(ctx, text, settings->tenant_id);
	return strcmp(text, issuer) == 0 ||
	       (settings->multi_tenant &&
		       strcmp(text, rs_oidc_issuer_of_tenant(ctx, issuer, tenant)) == 0);
}

static json_t *keys_of(struct rs_ctx *ctx, const json_t *set,
	const struct rs_oidc_settings *settings, const char *issuer, const char *tenant)
{
	json_t *keys = json_array();
	size_t i;
	json_t *key;
	json_array_foreach(json_object_get(set, "keys"), i, key)
	{
		if (key_is_of(ctx, key, settings, issuer, tenant))
			json_array_append(keys, key);
	}
	return rs_arena_json(ctx->arena, json_pack("{s:o}", "keys", keys));
}

/* A tenant id may stand in a URL; what else a token calls itself is put nowhere. */
static const char *tenant_of(const struct rs_jws *jws)
{
	const char *tid = json_string_value(json_object_get(jws->claims, "tid"));
	return tid && strspn(tid, "0123456789abcdef-") == strlen(tid) ? tid : NULL;
}

static bool try_keys(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, const struct rs_jws *jws,
	const struct rs_jwks *got, struct rs_oidc_signature *out, bool *unknown, const char **why)
{
	json_t *keys = keys_of(ctx, got->document, settings, provider->issuer, tenant_of(jws));
	if (!rs_jose_verify(jws, settings->algorithms, keys, unknown, why))
		return false;
	*out = (struct rs_oidc_signature){
		.kid = json_string_value(json_object_get(jws->header, "kid")),
		.alg = json_string_value(json_object_get(jws->header, "alg")),
		.thumbprint = rs_jose_thumbprint(ctx, jws, keys),
		.keys_fetched_at = got->fetched_at,
	};
	return true;
}

enum rs_code rs_oidc_verify(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, const struct rs_jws *jws,
	struct rs_oidc_signature *out, const char **why)
{
	struct rs_jwks got;
	bool unknown = false;
	enum rs_code rc = rs_oidc_keys(ctx, settings, provider, RS_JWKS_KEPT, &got);
	if (rc != RS_OK)
		return rc;
	bool good = try_keys(ctx, settings, provider, jws, &got, out, &unknown, why);
	if (!good && unknown) {
		rc = rs_oidc_keys(ctx, settings, provider, RS_JWKS_FRESH, &got);
		if (rc != RS_OK)
			return rc;
		good = try_keys(ctx, settings, provider, jws, &got, out, &unknown, why);
	}
	return good ? RS_OK : rs_fail(ctx, RS_ASSERTION_INVALID, "The assertion does not hold.");
}
