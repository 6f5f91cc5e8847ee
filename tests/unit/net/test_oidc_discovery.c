/* Discovery documents: what a provider says of itself, and what of that is taken (D26). */
#include "rs/oidc.h"

#include "rs/app.h"
#include "rs/config.h"
#include "rs/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TENANT "8f4b0000-0000-4000-8000-000000000001"

static struct rs_config config;
static struct rs_app app = {.config = &config};
static struct rs_ctx ctx;
static struct rs_oidc_settings settings;

static json_t *parsed(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);
	if (!value)
		fail_msg("no JSON: %s", text);
	return rs_arena_json(ctx.arena, value);
}

static int set_up(void **state)
{
	(void)state;
	rs_ctx_init(&ctx, &app);
	config.net_allow_addresses = parsed("[]");
	config.server_public_url = "https://ra.example";
	settings = (struct rs_oidc_settings){
		.issuer = "https://idp.example",
		.algorithms = parsed("[\"RS256\", \"ES256\"]"),
		.par = "when_advertised",
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	return 0;
}

static const char GOOD[] = "{\"issuer\":\"https://"
			   "idp.example\",\"authorization_endpoint\":\"https://idp.example/auth\","
			   "\"token_endpoint\":\"https://idp.example/token\",\"jwks_uri\":\"https:/"
			   "/idp.example/jwks\","
			   "\"response_types_supported\":[\"code\",\"id_token\"],"
			   "\"id_token_signing_alg_values_supported\":[\"HS256\",\"RS256\"],"
			   "\"authorization_response_iss_parameter_supported\":true}";

static bool taken(
	const struct rs_oidc_settings *by, const char *patch, struct rs_oidc_provider *out)
{
	const char *why;
	json_t *document = parsed(GOOD);
	rs_json_merge(document, parsed(patch));
	bool good = rs_oidc_provider_read(&ctx, by, document, out, &why);
	assert_int_equal(good, why == NULL);
	return good;
}

static void test_a_good_document(void **state)
{
	struct rs_oidc_provider p;
	(void)state;
	assert_true(taken(&settings, "{}", &p));
	assert_string_equal(p.token_endpoint, "https://idp.example/token");
	assert_true(p.iss_parameter);
	assert_null(p.par_endpoint);
	assert_true(taken(&settings,
		"{\"authorization_response_iss_parameter_supported\":\"true\","
		"\"pushed_authorization_request_endpoint\":\"https://idp.example/par\"}",
		&p));
	assert_false(p.iss_parameter);
	assert_string_equal(p.par_endpoint, "https://idp.example/par");
}

static void test_documents_that_are_refused(void **state)
{
	static const char *const BAD[] = {
		"{\"issuer\":\"https://idp.example/\"}",
		"{\"issuer\":\"https://IDP.example\"}",
		"{\"issuer\":\"https://evil.example\"}",
		"{\"issuer\":null}",
		"{\"issuer\":[\"https://idp.example\"]}",
		"{\"authorization_endpoint\":null}",
		"{\"authorization_endpoint\":\"http://idp.example/auth\"}",
		"{\"authorization_endpoint\":\"javascript:alert(1)\"}",
		"{\"authorization_endpoint\":\"https://idp.example/auth#x\"}",
		"{\"token_endpoint\":\"http://idp.example/token\"}",
		"{\"token_endpoint\":\"https://127.0.0.1/token\"}",
		"{\"token_endpoint\":\"https://localhost/token\"}",
		"{\"token_endpoint\":\"https://10.1.2.3/token\"}",
		"{\"token_endpoint\":\"https://169.254.169.254/token\"}",
		"{\"token_endpoint\":\"https://[::1]/token\"}",
		"{\"token_endpoint\":\"https://0x7f.1/token\"}",
		"{\"token_endpoint\":\"https://u:p@idp.example/token\"}",
		"{\"token_endpoint\":\"file:///etc/passwd\"}",
		"{\"token_endpoint\":7}",
		"{\"jwks_uri\":\"http://idp.example/jwks\"}",
		"{\"jwks_uri\":\"https://192.168.0.1/jwks\"}",
		"{\"jwks_uri\":null}",
		"{\"response_types_supported\":[\"id_token\"]}",
		"{\"id_token_signing_alg_values_supported\":[\"HS256\",\"none\"]}",
		"{\"require_pushed_authorization_requests\":true}",
		"{\"pushed_authorization_request_endpoint\":\"https://127.0.0.1/par\"}",
		"{\"pushed_authorization_request_endpoint\":[]}",
	};
	struct rs_oidc_provider p;
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (taken(&settings, BAD[i], &p))
			fail_msg("taken: %s", BAD[i]);
}

/* What is configured takes the place of what is told, and is judged the same. */
static void test_endpoints_of_our_own(void **state)
{
	struct rs_oidc_settings own = settings;
	struct rs_oidc_provider p;
	(void)state;
	own.token_endpoint = "https://idp.example/other";
	assert_true(taken(&own, "{\"token_endpoint\":\"http://evil\"}", &p));
	assert_string_equal(p.token_endpoint, "https://idp.example/other");
	own.token_endpoint = "https://127.0.0.1/other";
	assert_false(taken(&own, "{}", &p));
}

static void test_pushed_requests_are_a_matter_of_settings(void **state)
{
	static const char PAR[] =
		"{\"pushed_authorization_request_endpoint\":\"https://idp.example/par\"}";
	struct rs_oidc_settings own = settings;
	struct rs_oidc_provider p;
	(void)state;
	own.par = "never";
	assert_true(taken(&own, PAR, &p));
	assert_null(p.par_endpoint);
	own.par = "required";
	assert_true(taken(&own, PAR, &p));
	assert_false(taken(&own, "{}", &p));
}

/* The issuers of Microsoft's clouds; with several tenants the place stays open. */
static void test_entra_issuers(void **state)
{
	struct rs_oidc_settings entra = {.tenant_id = TENANT, .cloud = "public"};
	(void)state;
	assert_string_equal(
		rs_oidc_issuer(&ctx, &entra), "https://login.microsoftonline.com/" TENANT "/v2.0");
	entra.cloud = "us_government";
	assert_string_equal(
		rs_oidc_issuer(&ctx, &entra), "https://login.microsoftonline.us/" TENANT "/v2.0");
	entra.cloud = "china";
	assert_string_equal(rs_oidc_issuer(&ctx, &entra),
		"https://login.partner.microsoftonline.cn/" TENANT "/v2.0");
	entra.authority = "https://login.example";
	assert_string_equal(rs_oidc_issuer(&ctx, &entra), "https://login.example/" TENANT "/v2.0");
	entra.multi_tenant = true;
	entra.tenant_id = "organizations";
	assert_string_equal(rs_oidc_issuer(&ctx, &entra), "https://login.example/{tenantid}/v2.0");
	assert_string_equal(rs_oidc_issuer_of_tenant(&ctx, rs_oidc_issuer(&ctx, &entra), TENANT),
		"https://login.example/" TENANT "/v2.0");
}

static const char *way(const char *wanted, bool secret, bool key, const char *there)
{
	struct rs_oidc_settings own = {.client_auth = wanted};
	struct rs_secret *some = rs_secret_copy("x", 1);
	const struct rs_oidc_credentials credentials = {.settings = &own,
		.client_secret = secret ? some : NULL,
		.private_key = key ? some : NULL};
	const struct rs_oidc_provider p = {.client_auths = there ? parsed(there) : NULL};
	const char *out = rs_oidc_client_auth(&credentials, &p);
	rs_secret_free(some);
	return out ? out : "none";
}

/* private_key_jwt before client_secret_basic before client_secret_post, as far as both sides can.
 */
static void test_the_way_to_sign_in(void **state)
{
	static const char ALL[] =
		"[\"client_secret_post\",\"client_secret_basic\",\"private_key_jwt\"]";
	(void)state;
	assert_string_equal(way(NULL, true, true, ALL), "private_key_jwt");
	assert_string_equal(way(NULL, true, false, ALL), "client_secret_basic");
	assert_string_equal(
		way(NULL, true, true, "[\"client_secret_basic\"]"), "client_secret_basic");
	assert_string_equal(
		way(NULL, true, false, "[\"client_secret_post\"]"), "client_secret_post");
	assert_string_equal(way(NULL, true, false, NULL), "client_secret_basic");
	assert_string_equal(way(NULL, false, true, "[\"client_secret_post\"]"), "none");
	assert_string_equal(way("client_secret_post", true, true, ALL), "client_secret_post");
	assert_string_equal(way("private_key_jwt", true, false, ALL), "none");
	assert_string_equal(way(NULL, false, false, ALL), "none");
}

/* RFC 3986 unreserved characters stay; everything else is percent-encoded by octet. */
static void test_forms(void **state)
{
	rs_auto_form form = {0};
	(void)state;
	rs_form_add(&form, "a", "b c&d=e+f%");
	rs_form_add(&form, "gone", NULL);
	rs_form_add(&form, "\xc3\xa4", "~-._");
	rs_form_add(&form, "empty", "");
	assert_string_equal(form.text, "a=b%20c%26d%3De%2Bf%25&%C3%A4=~-._&empty=");
	for (int i = 0; i < 500; i++)
		rs_form_raw(&form, "0123456789");
	assert_int_equal(strlen(form.text), form.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_document),
		cmocka_unit_test(test_documents_that_are_refused),
		cmocka_unit_test(test_endpoints_of_our_own),
		cmocka_unit_test(test_pushed_requests_are_a_matter_of_settings),
		cmocka_unit_test(test_entra_issuers),
		cmocka_unit_test(test_the_way_to_sign_in),
		cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
