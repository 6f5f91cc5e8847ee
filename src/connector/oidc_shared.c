/* What the kinds oidc and azure_ad share: the client, its credentials, the provider's documents. */
#include "oidc.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/x509.h"

#include <string.h>

#define WORD_MAX    255
#define PROVIDER_MS 4000 /* most of the time that a save waits for a provider */

const char *const rs_oidc_client_auths[] = {
	"private_key_jwt", "client_secret_basic", "client_secret_post", NULL};
const char *const rs_oidc_prompts[] = {"login", "login consent", "login select_account", NULL};
const char *const rs_oidc_algorithms[] = {
#define RS_JOSE_ALGORITHM(name, kty, curve) name,
	RS_JOSE_ALGORITHMS(RS_JOSE_ALGORITHM)
#undef RS_JOSE_ALGORITHM
		NULL,
};

const struct rs_connector_secret_member rs_oidc_secrets[] = {
	{"client_secret", RS_SECRET_LINE, 1000},
	{"private_key", RS_SECRET_PEM, 16384},
	{NULL, RS_SECRET_LINE, 0},
};

void rs_oidc_defaults(struct rs_ctx *ctx, struct rs_oidc_settings *settings)
{
	settings->signing_algorithm = "RS256";
	settings->algorithms =
		rs_arena_json(ctx->arena, json_pack("[s,s,s]", "RS256", "PS256", "ES256"));
	settings->scopes = rs_arena_json(ctx->arena, json_pack("[s]", "openid"));
	settings->skew_s = 60;
	settings->jwks_ttl_s = RS_JWKS_TTL_S;
	settings->prompt = "login";
	settings->login_hint = true;
}

/* --- judging --- */

static bool stands_in(const json_t *array, const char *word)
{
	size_t i;
	json_t *each;
	json_array_foreach((json_t *)(uintptr_t)array, i, each)
	{
		if (json_is_string(each) && strcmp(json_string_value(each), word) == 0)
			return true;
	}
	return false;
}

/* Lists of words that are sent with spaces between them: no word may hold one. */
static void check_tokens(struct rs_ctx *ctx, const json_t *array, const char *at)
{
	size_t i;
	json_t *each;
	rs_connector_check_words(ctx, array, WORD_MAX, at);
	json_array_foreach((json_t *)(uintptr_t)array, i, each)
	{
		const char *word = json_string_value(each);
		if (word && (!*word || strchr(word, ' ')))
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, at, i),
				"One word, without spaces.");
	}
}

static void check_algorithms(struct rs_ctx *ctx, const json_t *array)
{
	size_t i;
	json_t *each;
	check_tokens(ctx, array, "/settings/algorithms");
	json_array_foreach((json_t *)(uintptr_t)array, i, each)
	{
		if (!rs_jose_algorithm_known(json_string_value(each)))
			rs_fault(ctx, RS_BAD_VALUE,
				rs_pointer_index(ctx, "/settings/algorithms", i),
				"One of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, "
				"ES512.");
	}
}

/* The client signs in by one thing at least, and by what is chosen. */
static void check_credentials(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_oidc_settings *settings)
{
	bool secret = rs_connector_has(connector, "client_secret");
	bool key = rs_connector_has(connector, "private_key");
	bool by_key =
		settings->client_auth && strcmp(settings->client_auth, "private_key_jwt") == 0;
	if (!secret && !key)
		rs_fault(ctx, RS_REQUIRED, "/settings/client_secret",
			"The client needs a client_secret or a private_key.");
	else if (settings->client_auth && !(by_key ? key : secret))
		rs_fault(ctx, RS_REQUIRED,
			by_key ? "/settings/private_key" : "/settings/client_secret",
			"The chosen client_auth needs it.");
}

static void check_key(
	struct rs_ctx *ctx, struct rs_secret *key, const struct rs_oidc_settings *settings)
{
	const char *why = key ? rs_jose_private_key_fault((const char *)rs_secret_data(key),
					settings->signing_algorithm)
			      : NULL;
	if (why)
		rs_fault(ctx, RS_BAD_VALUE, "/settings/private_key", "%s", why);
}

enum rs_code rs_oidc_check(
	struct rs_ctx *ctx, const struct rs_connector *connector, struct rs_oidc_settings *settings)
{
	rs_auto_secret key = NULL;
	enum rs_code rc = rs_connector_secret(ctx, connector, "private_key", &key);
	if (rc != RS_OK)
		return rc;
	check_algorithms(ctx, settings->algorithms);
	check_tokens(ctx, settings->scopes, "/settings/scopes");
	check_tokens(ctx, settings->required_amr, "/settings/required_amr");
	check_tokens(ctx, settings->any_amr, "/settings/any_amr");
	if (!stands_in(settings->scopes, "openid"))
		rs_fault(ctx, RS_BAD_VALUE, "/settings/scopes", "openid must be among them.");
	rs_connector_check_certificates(ctx, settings->ca_pem, "/settings/ca_pem");
	check_credentials(ctx, connector, settings);
	check_key(ctx, key, settings);
	return RS_OK;
}

void rs_oidc_check_provider(struct rs_ctx *ctx, struct rs_oidc_settings *settings, const char *at)
{
	struct rs_oidc_provider provider;
	const char *why = NULL;
	struct rs_ctx apart = *ctx;
	int64_t until = rs_clock_mono_ms() + PROVIDER_MS;
	/* Its faults are judged here, not told: the collected ones of the body stay as they are. */
	apart.err = (struct rs_err){0};
	if (apart.deadline_ms == 0 || apart.deadline_ms > until)
		apart.deadline_ms = until;
	if (rs_oidc_discover(&apart, settings, RS_JWKS_NOW, &provider, &why) != RS_OK && why)
		rs_fault(ctx, RS_BAD_VALUE, at, "%s", why);
	rs_err_reset(&apart.err);
}

/* --- for those who sign in --- */

enum rs_code rs_oidc_credentials_open(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_oidc_settings *settings, struct rs_oidc_credentials *out)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	struct rs_x509 *leaf = NULL;
	size_t count;
	*out = (struct rs_oidc_credentials){.settings = settings};
	enum rs_code rc = rs_connector_secret(ctx, connector, "client_secret", &out->client_secret);
	if (rc == RS_OK)
		rc = rs_connector_secret(ctx, connector, "private_key", &out->private_key);
	if (rc != RS_OK || !settings->certificate)
		return rc;
	rc = rs_x509_read_chain(
		ctx, settings->certificate, strlen(settings->certificate), chain, &count, &leaf);
	if (rc == RS_OK)
		out->x5t_s256 = rs_b64url(
			ctx->arena, leaf->fingerprint_sha256, sizeof(leaf->fingerprint_sha256));
	return rc;
}

/* --- the test --- */

static const char *told(struct rs_ctx *ctx)
{
	return rs_arena_strdup(ctx->arena, ctx->err.detail);
}

static bool test_keys(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, struct rs_connector_report *report)
{
	struct rs_jwks got = {0};
	enum rs_code rc = rs_oidc_keys(ctx, settings, provider, RS_JWKS_NOW, &got);
	size_t count = json_array_size(json_object_get(got.document, "keys"));
	if (rc == RS_OK && count)
		rs_connector_step(report, true, "jwks", "The provider publishes %zu keys.", count);
	else
		rs_connector_step(report, false, "jwks", "%s",
			rc == RS_OK ? "The provider's set of keys is empty." : told(ctx));
	return rc == RS_OK && count;
}

static void test_credentials(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_oidc_settings *settings, const struct rs_oidc_provider *provider,
	struct rs_connector_report *report)
{
	rs_auto_oidc_credentials credentials = {0};
	const char *why = NULL;
	enum rs_code rc = rs_oidc_credentials_open(ctx, connector, settings, &credentials);
	if (rc == RS_OK)
		rc = rs_oidc_try_credentials(ctx, &credentials, provider,
			rs_oidc_redirect_uri(ctx, &connector->id), &why);
	if (rc != RS_OK || why)
		rs_connector_step(report, false, "client", "%s", rc == RS_OK ? why : told(ctx));
	else
		rs_connector_step(report, true, "client", "The client is known there, by %s.",
			rs_oidc_client_auth(&credentials, provider));
}

enum rs_code rs_oidc_test(struct rs_ctx *ctx, const struct rs_connector *connector,
	const void *given, const char *to, struct rs_connector_report *report)
{
	const struct rs_oidc_settings *settings = given;
	struct rs_oidc_provider provider;
	const char *why = NULL;
	(void)to;
	rs_connector_step(report, true, "redirect_uri", "Register %s at the provider.",
		rs_oidc_redirect_uri(ctx, &connector->id));
	if (rs_oidc_discover(ctx, settings, RS_JWKS_NOW, &provider, &why) != RS_OK) {
		rs_connector_step(report, false, "discovery", "%s", why ? why : told(ctx));
		rs_err_reset(&ctx->err);
		return RS_OK;
	}
	rs_connector_step(report, true, "discovery", "The issuer is %s.", provider.issuer);
	if (test_keys(ctx, settings, &provider, report))
		test_credentials(ctx, connector, settings, &provider, report);
	rs_err_reset(&ctx->err);
	return RS_OK;
}
