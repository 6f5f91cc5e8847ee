/* The kind azure_ad: Microsoft Entra ID, as a preset of OpenID Connect with rules of its own. */
#include "oidc.h"

#include "kinds.h"

#include "rs/id.h"
#include "rs/x509.h"

#include <string.h>

static const char *const CLOUDS[] = {"public", "us_government", "china", NULL};
/* What stands in the place of a tenant where any tenant may sign in. */
static const char *const ANY_TENANT[] = {"common", "organizations"};

static const struct rs_field FIELDS[] = {
	RS_OIDC_COMMON_FIELDS,
	RS_OIDC_F(tenant_id, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 6, .max = 36),
	RS_OIDC_F(cloud, RS_T_STRING, .values = CLOUDS),
	RS_OIDC_F(authority, RS_T_STRING, .min = 9, .max = 200),
	RS_OIDC_F(auth_context, RS_T_STRING, .min = 2, .max = 3),
	RS_OIDC_F(certificate, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 32768),
	RS_OIDC_F(multi_tenant, RS_T_BOOL),
	RS_OIDC_F(allowed_tenants, RS_T_ARRAY, .min = 1, .max = 100),
	RS_OIDC_F(allow_guests, RS_T_BOOL),
	RS_FIELD_END,
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_oidc_settings *settings = out;
	rs_oidc_defaults(ctx, settings);
	settings->cloud = "public";
	settings->signing_algorithm = "PS256";
}

static bool any_tenant(const char *tenant)
{
	for (size_t i = 0; i < sizeof(ANY_TENANT) / sizeof(ANY_TENANT[0]); i++)
		if (strcmp(tenant, ANY_TENANT[i]) == 0)
			return true;
	return false;
}

/* Many tenants only by name: whoever can make a tenant could make a user in it. */
static void check_tenants(struct rs_ctx *ctx, const struct rs_oidc_settings *settings)
{
	bool any = any_tenant(settings->tenant_id);
	size_t i;
	json_t *each;
	if (!any && !rs_id_valid(settings->tenant_id))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/tenant_id",
			"The directory (tenant) id: a GUID in lower case.");
	if (any && !settings->multi_tenant)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/tenant_id",
			"Every tenant could sign in: give the id of one, or multi_tenant and "
			"allowed_tenants.");
	if (!any && settings->multi_tenant)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/multi_tenant",
			"With several tenants tenant_id is organizations or common.");
	if (settings->multi_tenant != (json_array_size(settings->allowed_tenants) > 0))
		rs_fault(ctx, RS_REQUIRED, "/settings/allowed_tenants",
			"multi_tenant and allowed_tenants belong together.");
	json_array_foreach(settings->allowed_tenants, i, each)
	{
		if (!rs_id_valid(json_string_value(each) ?: ""))
			rs_fault(ctx, RS_BAD_VALUE,
				rs_pointer_index(ctx, "/settings/allowed_tenants", i),
				"A GUID in lower case.");
	}
}

/* c1 to c99, as Entra numbers its authentication contexts. */
static bool context_good(const char *context)
{
	size_t digits = strspn(context + 1, "0123456789");
	return context[0] == 'c' && context[1] != '0' && digits >= 1 && context[1 + digits] == '\0';
}

static void check_certificate(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_oidc_settings *settings)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	struct rs_x509 *leaf;
	size_t count;
	struct rs_ctx apart = *ctx;
	if (!settings->certificate)
		return;
	apart.err = (struct rs_err){0};
	if (rs_x509_read_chain(&apart, settings->certificate, strlen(settings->certificate), chain,
		    &count, &leaf) != RS_OK)
		rs_fault(ctx, RS_BAD_CERTIFICATE, "/settings/certificate", "%s", apart.err.detail);
	rs_err_reset(&apart.err);
	if (!rs_connector_has(connector, "private_key"))
		rs_fault(ctx, RS_REQUIRED, "/settings/private_key",
			"The private key of the certificate is missing.");
}

static void check_authority(struct rs_ctx *ctx, struct rs_oidc_settings *settings)
{
	size_t len = settings->authority ? strlen(settings->authority) : 0;
	if (!len)
		return;
	rs_connector_check_url(ctx, settings->authority, "/settings/authority");
	if (strpbrk(settings->authority, "?#"))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/authority",
			"A URL without query and fragment.");
	if (settings->authority[len - 1] == '/')
		settings->authority = rs_arena_memdup(ctx->arena, settings->authority, len - 1);
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	struct rs_oidc_settings *settings = out;
	enum rs_code rc = rs_oidc_check(ctx, connector, settings);
	if (rc != RS_OK)
		return rc;
	check_tenants(ctx, settings);
	check_certificate(ctx, connector, settings);
	if (settings->auth_context && !context_good(settings->auth_context))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/auth_context", "c1 to c99.");
	check_authority(ctx, settings);
	if (!ctx->err.faults)
		rs_oidc_check_provider(ctx, settings, "/settings/tenant_id");
	return RS_OK;
}

const struct rs_connector_kind rs_connector_kind_azure_ad = {
	.name = "azure_ad",
	.second_factor = "azure_ad",
	.size = sizeof(struct rs_oidc_settings),
	.fields = FIELDS,
	.secrets = rs_oidc_secrets,
	.defaults = defaults,
	.check = check,
	.test = rs_oidc_test,
};
