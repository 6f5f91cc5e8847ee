/* The kind oidc: any OpenID provider. */
#include "oidc.h"

#include "kinds.h"

#include <string.h>

static const char *const PAR[] = {"when_advertised", "required", "never", NULL};
/* What the provider's users or its tenants' admins may change is no identity. */
static const char *const CHANGEABLE[] = {"email", "preferred_username", "upn", "unique_name",
	"name", "nickname", "given_name", "family_name", "phone_number", "verified_primary_email"};

#define URL RS_T_STRING, .min = 9, .max = 500
static const struct rs_field FIELDS[] = {
	RS_OIDC_COMMON_FIELDS,
	RS_OIDC_F(issuer, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 9, .max = 500),
	RS_OIDC_F(discovery_url, URL),
	RS_OIDC_F(authorization_endpoint, URL),
	RS_OIDC_F(token_endpoint, URL),
	RS_OIDC_F(jwks_uri, URL),
	RS_OIDC_F(acr_values, RS_T_ARRAY, .min = 1, .max = 20),
	RS_OIDC_F(identity_claim, RS_T_STRING, .min = 1, .max = 100),
	RS_OIDC_F(par, RS_T_STRING, .values = PAR),
	RS_OIDC_F(logo_url, URL),
	RS_FIELD_END,
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_oidc_settings *settings = out;
	rs_oidc_defaults(ctx, settings);
	settings->identity_claim = "sub";
	settings->par = "when_advertised";
}

/* Whether every URL that was given may be called; each fault is noted. */
static bool check_urls(struct rs_ctx *ctx, const struct rs_oidc_settings *settings)
{
	const struct {
		const char *url, *at;
	} urls[] = {
		{settings->issuer, "/settings/issuer"},
		{settings->discovery_url, "/settings/discovery_url"},
		{settings->authorization_endpoint, "/settings/authorization_endpoint"},
		{settings->token_endpoint, "/settings/token_endpoint"},
		{settings->jwks_uri, "/settings/jwks_uri"},
		{settings->logo_url, "/settings/logo_url"},
	};
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (!urls[i].url)
			continue;
		rs_connector_check_url(ctx, urls[i].url, urls[i].at);
		/* Core 2: an issuer has no query and no fragment; no URL here has a fragment. */
		if (strchr(urls[i].url, '#') || (i == 0 && strchr(urls[i].url, '?')))
			rs_fault(ctx, RS_BAD_VALUE, urls[i].at, "A URL without fragment%s.",
				i == 0 ? " and query" : "");
	}
	return !ctx->err.faults;
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	struct rs_oidc_settings *settings = out;
	enum rs_code rc = rs_oidc_check(ctx, connector, settings);
	if (rc != RS_OK)
		return rc;
	rs_connector_check_words(ctx, settings->acr_values, 255, "/settings/acr_values");
	for (size_t i = 0; i < sizeof(CHANGEABLE) / sizeof(CHANGEABLE[0]); i++)
		if (strcmp(settings->identity_claim, CHANGEABLE[i]) == 0)
			rs_fault(ctx, RS_BAD_VALUE, "/settings/identity_claim",
				"A claim that may change is no identity: use sub.");
	if (check_urls(ctx, settings))
		rs_oidc_check_provider(ctx, settings, "/settings/issuer");
	return RS_OK;
}

const struct rs_connector_kind rs_connector_kind_oidc = {
	.name = "oidc",
	.second_factor = "oidc",
	.size = sizeof(struct rs_oidc_settings),
	.fields = FIELDS,
	.secrets = rs_oidc_secrets,
	.defaults = defaults,
	.check = check,
	.test = rs_oidc_test,
};
