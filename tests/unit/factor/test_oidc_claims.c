/* ID tokens and callbacks, one fault a row (D2 to D33 of the design's 5.2.4): a good one, patched.
 */
#include "rs/oidc.h"

#include "rs/app.h"
#include "rs/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW    1800000000
#define BEGUN  (NOW - 100)
#define ISSUER "https://idp.example"
#define TENANT "8f4b0000-0000-4000-8000-000000000001"
#define OTHER  "8f4b0000-0000-4000-8000-000000000002"
#define ENTRA  "https://login.microsoftonline.com/" TENANT "/v2.0"

static struct rs_app app;
static struct rs_ctx ctx;
static struct rs_oidc_settings settings, entra, many;
static unsigned char nonce_sha256[32];

static json_t *parsed(const char *text)
{
	json_t *value = json_loads(text, JSON_ALLOW_NUL, NULL);
	if (!value)
		fail_msg("no JSON: %s", text);
	return rs_arena_json(ctx.arena, value);
}

static int set_up(void **state)
{
	(void)state;
	rs_ctx_init(&ctx, &app);
	rs_sha256("nonce-1", 7, nonce_sha256);
	settings = (struct rs_oidc_settings){
		.client_id = "ra",
		.skew_s = 60,
		.issuer = ISSUER,
		.identity_claim = "sub",
		.acr_values = parsed("[\"urn:mfa\", \"urn:hw\"]"),
		.required_amr = parsed("[\"pwd\"]"),
		.any_amr = parsed("[\"otp\", \"hwk\"]"),
	};
	entra = (struct rs_oidc_settings){
		.client_id = "ra",
		.skew_s = 60,
		.tenant_id = TENANT,
		.cloud = "public",
		.auth_context = "c1",
	};
	many = entra;
	many.tenant_id = "organizations";
	many.multi_tenant = true;
	many.allowed_tenants = parsed("[\"" TENANT "\"]");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	return 0;
}

static const char GOOD[] =
	"{\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"ra\",\"exp\":1800000300,"
	"\"iat\":1800000000,\"nonce\":\"nonce-1\",\"auth_time\":1799999990,\"acr\":\"urn:mfa\","
	"\"amr\":[\"pwd\",\"otp\"],\"jti\":\"j1\"}";
static const char GOOD_ENTRA[] =
	"{\"iss\":\"" ENTRA "\",\"sub\":\"pairwise\",\"oid\":\"alice-oid\",\"tid\":\"" TENANT "\","
	"\"ver\":\"2.0\",\"aud\":\"ra\",\"exp\":1800000300,\"iat\":1800000000,"
	"\"nonce\":\"nonce-1\",\"auth_time\":1799999990,\"acrs\":[\"c1\"],"
	"\"email\":\"alice@example.test\"}";

/* Judges the good claims after an RFC 7396 patch. */
static enum rs_code judge(const struct rs_oidc_settings *by, const char *patch, const char *header,
	struct rs_oidc_subject *subject)
{
	const char *why;
	struct rs_oidc_subject mine;
	struct rs_jws jws = {.header = parsed(header),
		.claims = parsed(rs_oidc_is_entra(by) ? GOOD_ENTRA : GOOD)};
	const struct rs_oidc_expect expect = {
		.settings = by,
		.issuer = rs_oidc_issuer(&ctx, by),
		.nonce_sha256 = nonce_sha256,
		.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
		.now_s = NOW,
		.begun_s = BEGUN,
	};
	rs_json_merge(jws.claims, parsed(patch));
	enum rs_code rc = rs_oidc_judge(&ctx, &jws, &expect, subject ? subject : &mine, &why);
	assert_int_equal(rc == RS_OK, why == NULL);
	return rc;
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"

struct row {
	const char *patch;
	enum rs_code code;
};

static void judge_rows(const struct rs_oidc_settings *by, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum rs_code rc = judge(by, rows[i].patch, HEADER, NULL);
		if (rc != rows[i].code)
			fail_msg("%s: %s, not %s", rows[i].patch, rc ? rs_code_slug(rc) : "taken",
				rows[i].code ? rs_code_slug(rows[i].code) : "taken");
	}
}

#define ROWS(by, rows) judge_rows((by), (rows), sizeof(rows) / sizeof((rows)[0]))

static void test_the_subject_is_iss_and_sub(void **state)
{
	struct rs_oidc_subject subject;
	(void)state;
	assert_int_equal(judge(&settings, "{}", HEADER, &subject), RS_OK);
	assert_string_equal(subject.kind, "oidc");
	assert_string_equal(subject.issuer, ISSUER);
	assert_string_equal(subject.subject, "alice");
	assert_string_equal(subject.jti, "j1");
	assert_int_equal(subject.until_s, 1800000300);
}

static void test_claims(void **state)
{
	static const struct row CLAIMS[] = {
		{"{}", RS_OK},
		/* D16: the issuer, to the letter */
		{"{\"iss\":\"" ISSUER "/\"}", RS_ASSERTION_INVALID},
		{"{\"iss\":\"HTTPS://idp.example\"}", RS_ASSERTION_INVALID},
		{"{\"iss\":\"http://idp.example\"}", RS_ASSERTION_INVALID},
		{"{\"iss\":null}", RS_ASSERTION_INVALID},
		{"{\"iss\":[\"" ISSUER "\"]}", RS_ASSERTION_INVALID},
		/* D17: audience and authorized party */
		{"{\"aud\":[\"ra\"]}", RS_OK},
		{"{\"aud\":\"other\"}", RS_ASSERTION_INVALID},
		{"{\"aud\":[\"other\"]}", RS_ASSERTION_INVALID},
		{"{\"aud\":[\"ra\",\"other\"]}", RS_ASSERTION_INVALID},
		{"{\"aud\":[\"ra\",\"other\"],\"azp\":\"ra\"}", RS_OK},
		{"{\"aud\":[\"ra\",\"other\"],\"azp\":\"other\"}", RS_ASSERTION_INVALID},
		{"{\"aud\":[\"ra\",7],\"azp\":\"ra\"}", RS_ASSERTION_INVALID},
		{"{\"aud\":[\"ra\",\"ra\"]}", RS_ASSERTION_INVALID},
		{"{\"azp\":\"ra\"}", RS_OK},
		{"{\"azp\":\"other\"}", RS_ASSERTION_INVALID},
		{"{\"azp\":[\"ra\"]}", RS_ASSERTION_INVALID},
		{"{\"aud\":[]}", RS_ASSERTION_INVALID},
		{"{\"aud\":null}", RS_ASSERTION_INVALID},
		{"{\"aud\":{\"ra\":1}}", RS_ASSERTION_INVALID},
		/* times: 60 s of skew, numbers a clock can show */
		{"{\"exp\":1799999941}", RS_OK},
		{"{\"exp\":1799999940}", RS_ASSERTION_INVALID},
		{"{\"exp\":null}", RS_ASSERTION_INVALID},
		{"{\"exp\":1e300}", RS_ASSERTION_INVALID},
		{"{\"exp\":-1}", RS_ASSERTION_INVALID},
		{"{\"exp\":\"1800000300\"}", RS_ASSERTION_INVALID},
		{"{\"exp\":9223372036854775807}", RS_ASSERTION_INVALID},
		{"{\"exp\":1800000300.5}", RS_OK},
		{"{\"iat\":1800000060}", RS_OK},
		{"{\"iat\":1800000061}", RS_ASSERTION_INVALID},
		{"{\"iat\":1799999839}", RS_ASSERTION_INVALID}, /* before the challenge */
		{"{\"iat\":1799999840}", RS_OK},
		{"{\"iat\":null}", RS_ASSERTION_INVALID},
		{"{\"iat\":1e300}", RS_ASSERTION_INVALID},
		{"{\"nbf\":1800000060}", RS_OK},
		{"{\"nbf\":1800000061}", RS_ASSERTION_INVALID},
		{"{\"nbf\":true}", RS_ASSERTION_INVALID},
		/* D6: the nonce */
		{"{\"nonce\":null}", RS_ASSERTION_INVALID},
		{"{\"nonce\":\"nonce-2\"}", RS_ASSERTION_INVALID},
		{"{\"nonce\":\"nonce-1\\u0000\"}", RS_ASSERTION_INVALID},
		{"{\"nonce\":[\"nonce-1\"]}", RS_ASSERTION_INVALID},
		/* D33: at_hash */
		{"{\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"}", RS_OK},
		{"{\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RR\"}", RS_ASSERTION_INVALID},
		{"{\"at_hash\":7}", RS_ASSERTION_INVALID},
		/* the subject */
		{"{\"sub\":null}", RS_ASSERTION_INVALID},
		{"{\"sub\":\"\"}", RS_ASSERTION_INVALID},
		{"{\"sub\":7}", RS_ASSERTION_INVALID},
		{"{\"sub\":\"a\\u0000\"}", RS_ASSERTION_INVALID},
		/* D19: a sign-in now, not one of before */
		{"{\"auth_time\":1799999840}", RS_OK},
		{"{\"auth_time\":1799999839}", RS_AUTH_NOT_FRESH},
		{"{\"auth_time\":1800000061}", RS_AUTH_NOT_FRESH},
		{"{\"auth_time\":null}", RS_AUTH_NOT_FRESH},
		{"{\"auth_time\":\"1799999990\"}", RS_AUTH_NOT_FRESH},
		{"{\"auth_time\":1e300}", RS_AUTH_NOT_FRESH},
		/* D20: how it was done */
		{"{\"acr\":\"urn:hw\"}", RS_OK},
		{"{\"acr\":\"urn:pwd\"}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"acr\":null}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"acr\":[\"urn:mfa\"]}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"amr\":[\"pwd\"]}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"amr\":[\"otp\"]}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"amr\":[\"hwk\",\"pwd\",7]}", RS_OK},
		{"{\"amr\":\"pwd otp\"}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"amr\":\"pwd\"}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"amr\":null}", RS_AUTH_CONTEXT_INSUFFICIENT},
	};
	(void)state;
	ROWS(&settings, CLAIMS);
}

static void test_a_long_subject(void **state)
{
	char sub[257];
	(void)state;
	memset(sub, 'x', 256);
	sub[256] = '\0';
	assert_int_equal(
		judge(&settings, rs_arena_printf(ctx.arena, "{\"sub\":\"%s\"}", sub), HEADER, NULL),
		RS_ASSERTION_INVALID);
	sub[255] = '\0';
	assert_int_equal(
		judge(&settings, rs_arena_printf(ctx.arena, "{\"sub\":\"%s\"}", sub), HEADER, NULL),
		RS_OK);
}

/* D11: other tokens of the same issuer are none of ID tokens. */
static void test_types(void **state)
{
	static const char *const BAD[] = {
		"at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", ""};
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_int_equal(judge(&settings, "{}",
					 rs_arena_printf(ctx.arena,
						 "{\"alg\":\"RS256\",\"typ\":\"%s\"}", BAD[i]),
					 NULL),
			RS_ASSERTION_INVALID);
	assert_int_equal(judge(&settings, "{}", "{\"alg\":\"RS256\"}", NULL), RS_OK);
	assert_int_equal(
		judge(&settings, "{}", "{\"alg\":\"RS256\",\"typ\":\"jwt\"}", NULL), RS_OK);
}

/* Another claim than sub may name the person; without it nobody is named. */
static void test_an_identity_claim(void **state)
{
	struct rs_oidc_settings own = settings;
	struct rs_oidc_subject subject;
	(void)state;
	own.identity_claim = "employee_id";
	assert_int_equal(judge(&own, "{\"employee_id\":\"e7\"}", HEADER, &subject), RS_OK);
	assert_string_equal(subject.subject, "e7");
	assert_int_equal(judge(&own, "{}", HEADER, NULL), RS_ASSERTION_INVALID);
	assert_int_equal(judge(&own, "{\"employee_id\":7}", HEADER, NULL), RS_ASSERTION_INVALID);
}

static void test_entra(void **state)
{
	struct rs_oidc_subject subject;
	static const struct row CLAIMS[] = {
		{"{}", RS_OK},
		{"{\"ver\":\"1.0\"}", RS_ASSERTION_INVALID},
		{"{\"ver\":null}", RS_ASSERTION_INVALID},
		/* D22, D24: the same oid and mail address in somebody's own tenant */
		{"{\"tid\":\"" OTHER "\"}", RS_IDENTITY_MISMATCH},
		{"{\"tid\":\"" OTHER "\",\"iss\":\"https://login.microsoftonline.com/" OTHER
		 "/v2.0\"}",
			RS_IDENTITY_MISMATCH},
		{"{\"tid\":null}", RS_IDENTITY_MISMATCH},
		{"{\"iss\":\"https://login.microsoftonline.com/" OTHER "/v2.0\"}",
			RS_ASSERTION_INVALID},
		{"{\"iss\":\"https://sts.windows.net/" TENANT "/\"}", RS_ASSERTION_INVALID},
		{"{\"oid\":null,\"email_verified\":true}", RS_ASSERTION_INVALID},
		/* the authentication context */
		{"{\"acrs\":[\"c2\",\"c1\"]}", RS_OK},
		{"{\"acrs\":[\"c2\"]}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"acrs\":\"c1\"}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"acrs\":null}", RS_AUTH_CONTEXT_INSUFFICIENT},
		{"{\"auth_time\":null}", RS_AUTH_NOT_FRESH},
		/* guests */
		{"{\"acct\":0,\"idp\":\"" ENTRA "\"}", RS_OK},
		{"{\"acct\":1}", RS_IDENTITY_MISMATCH},
		{"{\"acct\":\"0\"}", RS_IDENTITY_MISMATCH},
		{"{\"idp\":\"live.com\"}", RS_IDENTITY_MISMATCH},
		{"{\"idp\":7}", RS_IDENTITY_MISMATCH},
	};
	(void)state;
	ROWS(&entra, CLAIMS);
	assert_int_equal(judge(&entra, "{}", HEADER, &subject), RS_OK);
	assert_string_equal(subject.kind, "entra");
	assert_string_equal(subject.issuer, TENANT);
	assert_string_equal(subject.subject, "alice-oid");
	struct rs_oidc_settings guests = entra;
	guests.allow_guests = true;
	assert_int_equal(judge(&guests, "{\"acct\":1,\"idp\":\"live.com\"}", HEADER, NULL), RS_OK);
}

/* Several tenants: only those that are listed, and the issuer is that of the token's own. */
static void test_several_tenants(void **state)
{
	static const struct row CLAIMS[] = {
		{"{}", RS_OK},
		{"{\"tid\":\"" OTHER "\",\"iss\":\"https://login.microsoftonline.com/" OTHER
		 "/v2.0\"}",
			RS_IDENTITY_MISMATCH},
		{"{\"iss\":\"https://login.microsoftonline.com/" OTHER "/v2.0\"}",
			RS_ASSERTION_INVALID},
		{"{\"iss\":\"https://login.microsoftonline.com/{tenantid}/v2.0\"}",
			RS_ASSERTION_INVALID},
		{"{\"tid\":\"organizations\"}", RS_IDENTITY_MISMATCH},
		{"{\"tid\":\"{tenantid}\"}", RS_IDENTITY_MISMATCH},
	};
	(void)state;
	ROWS(&many, CLAIMS);
}

/* Callbacks (D2, D4, D29): whose answer it is comes first, then that it is one thing alone. */
static void test_callbacks(void **state)
{
	static const struct {
		const char *parameters;
		bool iss_needed;
		enum rs_code code;
		const char *why;
	} CALLBACKS[] = {
		{"{\"code\":\"c\",\"iss\":\"" ISSUER "\"}", true, RS_OK, NULL},
		{"{\"code\":\"c\"}", false, RS_OK, NULL},
		{"{\"code\":\"c\",\"session_state\":\"x\"}", false, RS_OK, NULL},
		{"{\"code\":\"c\"}", true, RS_ASSERTION_INVALID, "iss-missing"},
		{"{\"code\":\"c\",\"iss\":\"https://evil\"}", false, RS_ASSERTION_INVALID,
			"iss-mismatch"},
		{"{\"code\":\"c\",\"iss\":\"\"}", false, RS_ASSERTION_INVALID, "iss-mismatch"},
		{"{\"code\":\"c\",\"iss\":\"" ISSUER "/\"}", true, RS_ASSERTION_INVALID,
			"iss-mismatch"},
		{"{\"error\":\"access_denied\",\"iss\":\"https://evil\"}", true,
			RS_ASSERTION_INVALID, "iss-mismatch"},
		{"{\"code\":\"c\",\"error\":\"x\"}", false, RS_ASSERTION_INVALID, "code-and-error"},
		{"{}", false, RS_ASSERTION_INVALID, "code-missing"},
		{"{\"code\":null}", false, RS_ASSERTION_INVALID, "parameter-twice"},
		{"{\"code\":\"c\",\"x\":null}", false, RS_ASSERTION_INVALID, "parameter-twice"},
		{"{\"code\":\"\"}", false, RS_ASSERTION_INVALID, "code-malformed"},
		{"{\"code\":\"a b\"}", false, RS_ASSERTION_INVALID, "code-malformed"},
		{"{\"code\":\"\\u00e9\"}", false, RS_ASSERTION_INVALID, "code-malformed"},
		{"{\"error\":\"access_denied\",\"error_description\":\"<script>\"}", false,
			RS_ASSERTION_INVALID, "error-access_denied"},
		{"{\"error\":\"<script>\"}", false, RS_ASSERTION_INVALID, "error"},
		{"{\"error\":\"\"}", false, RS_ASSERTION_INVALID, "error"},
		{"{\"error\":\"server_error\"}", false, RS_IDP_UNAVAILABLE, "error-server_error"},
		{"{\"error\":\"unmet_authentication_requirements\"}", false,
			RS_AUTH_CONTEXT_INSUFFICIENT, "error-unmet_authentication_requirements"},
	};
	const char *code, *why;
	(void)state;
	for (size_t i = 0; i < sizeof(CALLBACKS) / sizeof(CALLBACKS[0]); i++) {
		enum rs_code rc = rs_oidc_callback_judge(&ctx, parsed(CALLBACKS[i].parameters),
			ISSUER, CALLBACKS[i].iss_needed, &code, &why);
		if (rc != CALLBACKS[i].code)
			fail_msg(
				"%s: %s", CALLBACKS[i].parameters, rc ? rs_code_slug(rc) : "taken");
		assert_int_equal(rc == RS_OK, code != NULL);
		if (CALLBACKS[i].why)
			assert_string_equal(why, CALLBACKS[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_subject_is_iss_and_sub),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_a_long_subject),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_an_identity_claim),
		cmocka_unit_test(test_entra),
		cmocka_unit_test(test_several_tenants),
		cmocka_unit_test(test_callbacks),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
