/* The kind active_directory: a domain whose controllers judge passwords. */
#include "rs/ad_connector.h"

#include "kinds.h"

#include <string.h>

#define URLS_MAX 8

static const char *const LOGIN_ATTRIBUTES[] = {"userPrincipalName", "sAMAccountName", "mail", NULL};

#define F(member, kind, ...) RS_FIELD(struct rs_ad_settings, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(domain, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 253),
	F(urls, RS_T_ARRAY, .flags = RS_F_REQUIRED, .min = 1, .max = URLS_MAX),
	F(start_tls, RS_T_BOOL),
	F(ca_pem, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_PEM, .min = 1, .max = 32768),
	F(bind_dn, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 500),
	F(base_dn, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 500),
	F(filter, RS_T_STRING, .min = 1, .max = 500),
	F(login_attribute, RS_T_STRING, .values = LOGIN_ATTRIBUTES),
	F(group_dn, RS_T_STRING, .min = 1, .max = 500),
	F(attempts, RS_T_INT, .min = 1, .max = 10),
	F(lockout_threshold, RS_T_INT, .min = 0, .max = 999),
	F(network_timeout_ms, RS_T_INT, .min = 100, .max = RS_LDAP_NETWORK_MS),
	F(operation_timeout_ms, RS_T_INT, .min = 100, .max = RS_LDAP_OPERATION_MS),
	RS_FIELD_END,
};

static const struct rs_connector_secret_member SECRETS[] = {
	{"bind_password", RS_SECRET_LINE, RS_LDAP_PASSWORD_MAX},
	{NULL, RS_SECRET_LINE, 0},
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_ad_settings *settings = out;

	(void)ctx;
	settings->filter = "(&(objectCategory=person)(objectClass=user))";
	settings->login_attribute = LOGIN_ATTRIBUTES[0];
	settings->attempts = 3;
	settings->network_timeout_ms = RS_LDAP_NETWORK_MS;
	settings->operation_timeout_ms = RS_LDAP_OPERATION_MS;
}

/* Plain LDAP is a beginning only: StartTLS must have been asked for, and it will be demanded. */
static void check_urls(struct rs_ctx *ctx, const struct rs_ad_settings *settings)
{
	struct rs_ldap_url url;
	json_t *each;
	size_t i;

	rs_connector_check_words(ctx, settings->urls, 300, "/settings/urls");
	json_array_foreach(settings->urls, i, each)
	{
		const char *text = json_string_value(each),
			   *at = rs_pointer_index(ctx, "/settings/urls", i);

		if (!text)
			continue; /* told above */
		if (!rs_ldap_url_read(ctx, text, &url))
			rs_fault(ctx, RS_BAD_VALUE, at,
				"ldaps://host[:port], or ldap://host[:port] with start_tls.");
		else if (url.starttls && !settings->start_tls)
			rs_fault(ctx, RS_BAD_VALUE, at,
				"No password is sent in clear: ldaps://, or start_tls.");
		else
			rs_connector_check_host(ctx, url.host, at);
	}
}

/* A bind takes a DN; Active Directory takes user@domain and DOMAIN\user too. */
static void check_names(struct rs_ctx *ctx, const struct rs_ad_settings *settings)
{
	if (!strpbrk(settings->bind_dn, "@\\") && !rs_ldap_dn_valid(settings->bind_dn))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/bind_dn",
			"A distinguished name, user@domain or DOMAIN\\user.");
	if (!rs_ldap_dn_valid(settings->base_dn))
		rs_fault(
			ctx, RS_BAD_VALUE, "/settings/base_dn", "A distinguished name (RFC 4514).");
	if (settings->group_dn && !rs_ldap_dn_valid(settings->group_dn))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/group_dn",
			"A distinguished name (RFC 4514).");
	if (!rs_ldap_filter_valid(settings->filter))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/filter", "One search filter (RFC 4515).");
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	struct rs_ad_settings *settings = out;

	check_urls(ctx, settings);
	check_names(ctx, settings);
	rs_connector_check_certificates(ctx, settings->ca_pem, "/settings/ca_pem");
	if (!rs_connector_has(connector, "bind_password"))
		rs_fault(ctx, RS_REQUIRED, "/settings/bind_password",
			"The service account signs in with a password.");
	if (settings->lockout_threshold > 0 && settings->attempts >= settings->lockout_threshold)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/settings/attempts",
			"The domain would lock an account before we do.");
	return RS_OK;
}

enum rs_code rs_ad_directory(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_ad_settings *settings, struct rs_ldap_directory *out)
{
	size_t count = json_array_size(settings->urls);
	const char **urls = rs_new_array(ctx->arena, const char *, count);

	for (size_t i = 0; i < count; i++)
		urls[i] = json_string_value(json_array_get(settings->urls, i));
	*out = (struct rs_ldap_directory){
		.urls = urls,
		.url_count = count,
		.certificates = settings->ca_pem,
		.bind_dn = settings->bind_dn,
		.base = settings->base_dn,
		.filter = settings->filter,
		.name_attribute = settings->login_attribute,
		.group = settings->group_dn,
		.lockout_threshold = (int)settings->lockout_threshold,
		.network_ms = (int)settings->network_timeout_ms,
		.operation_ms = (int)settings->operation_timeout_ms,
	};
	return rs_connector_secret(ctx, connector, "bind_password", &out->bind_password);
}

/* One controller: how far the service account gets, and whether our limit is below the domain's. */
static void try_one(struct rs_ctx *ctx, const struct rs_ldap_directory *directory, size_t which,
	int64_t attempts, struct rs_connector_report *report)
{
	struct rs_ldap_verdict verdict;
	const char *url = directory->urls[which];

	rs_ldap_try(ctx, directory, which, &verdict);
	rs_connector_step(
		report, verdict.outcome == RS_LDAP_IS_PASSED, "server", "%s: %s", url, verdict.why);
	if (verdict.outcome != RS_LDAP_IS_PASSED || verdict.lockout_threshold <= 0)
		return;
	rs_connector_step(report, attempts < verdict.lockout_threshold, "lockout",
		"The domain locks an account after %d wrong passwords; here %d are taken in half "
		"an hour.",
		verdict.lockout_threshold, (int)attempts);
}

static enum rs_code test(struct rs_ctx *ctx, const struct rs_connector *connector, const void *in,
	const char *to, struct rs_connector_report *report)
{
	const struct rs_ad_settings *settings = in;
	struct rs_ldap_directory directory;
	enum rs_code rc = rs_ad_directory(ctx, connector, settings, &directory);

	(void)to;
	for (size_t i = 0; rc == RS_OK && i < directory.url_count; i++)
		try_one(ctx, &directory, i, settings->attempts, report);
	rs_secret_drop(&directory.bind_password);
	return rc;
}

const struct rs_connector_kind rs_connector_kind_active_directory = {
	.name = "active_directory",
	.second_factor = "active_directory",
	.size = sizeof(struct rs_ad_settings),
	.fields = FIELDS,
	.secrets = SECRETS,
	.defaults = defaults,
	.check = check,
	.test = test,
};
