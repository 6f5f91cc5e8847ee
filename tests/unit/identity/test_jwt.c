/* Hostile JWTs: row 115. Each token is signed for real, so only the one fault can refuse it. */
#include "identity/jwt.h"

#include "rs/app.h"
#include "rs/id.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW	    1800000000
#define GOOD_HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define GOOD_CLAIMS                                                                                \
	"{\"iss\":\"https://idp\",\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300,"         \
	"\"iat\":1800000000}"

static EVP_PKEY *rsa, *small;
static json_t *jwks, *algorithms;
static struct rs_app app;
static struct rs_ctx ctx;

static json_t *jwk_of(EVP_PKEY *key, const char *kid)
{
	unsigned char n[512];
	BIGNUM *bn = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &bn), 1);
	int len = BN_bn2bin(bn, n);
	BN_free(bn);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kty", "RSA", "kid", kid, "use", "sig", "e",
		"AQAB", "n", rs_b64url(ctx.arena, n, (size_t)len));
}

static int set_up(void **state)
{
	(void)state;
	rs_ctx_init(&ctx, &app);
	rsa = EVP_RSA_gen(2048);
	small = EVP_RSA_gen(1024);
	jwks = json_pack("{s:[o,o]}", "keys", jwk_of(rsa, "k1"), jwk_of(small, "small"));
	algorithms = json_pack("[s,s]", "RS256", "ES256");
	return rsa && small && jwks && algorithms ? 0 : 1;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	json_decref(jwks);
	json_decref(algorithms);
	rs_ctx_end(&ctx);
	return 0;
}

static const char *signing_input(const char *header, const char *claims)
{
	return rs_arena_printf(ctx.arena, "%s.%s", rs_b64url(ctx.arena, header, strlen(header)),
		rs_b64url(ctx.arena, claims, strlen(claims)));
}

static const char *sign_with(EVP_PKEY *key, const char *header, const char *claims)
{
	unsigned char signature[512];
	size_t len = sizeof(signature);
	const char *input = signing_input(header, claims);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
		EVP_DigestSign(md, signature, &len, (const unsigned char *)input, strlen(input)),
		1);
	EVP_MD_CTX_free(md);
	return rs_arena_printf(ctx.arena, "%s.%s", input, rs_b64url(ctx.arena, signature, len));
}

/* The whole way of a token, as rs_identity_authenticate() goes it. */
static bool taken(const char *token)
{
	struct rs_jws jws;
	struct rs_jwt_subject subject;
	const char *why = NULL;
	bool unknown;
	return rs_jose_parse(&ctx, token, &jws, &why) && rs_jwt_issuer(&jws) &&
	       !strcmp(rs_jwt_issuer(&jws), "https://idp") &&
	       rs_jose_verify(&jws, algorithms, jwks, &unknown, &why) &&
	       rs_jwt_judge(&jws, "oidc", "reissued", NOW, &subject, &why);
}

static void test_a_good_token_is_taken(void **state)
{
	(void)state;
	assert_true(taken(sign_with(rsa, GOOD_HEADER, GOOD_CLAIMS)));
	assert_true(taken(sign_with(rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", GOOD_CLAIMS)));
	assert_true(taken(sign_with(
		rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}", GOOD_CLAIMS)));
}

static void test_hostile_headers(void **state)
{
	static const char *const HEADERS[] = {
		"{\"alg\":\"none\"}",
		"{\"alg\":\"None\",\"kid\":\"k1\"}",
		"{\"alg\":\"RS512\",\"kid\":\"k1\"}", /* signed otherwise, and not allowed */
		"{\"alg\":\"ES256\",\"kid\":\"k1\"}", /* allowed, but the key is RSA */
		"{\"kid\":\"k1\"}",
		"{\"alg\":\"RS256\"}", /* two keys could be meant */
		"{\"alg\":\"RS256\",\"kid\":\"\"}",
		"{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1' OR '1'='1\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\\u0000x\"}",
		"{\"alg\":\"RS256\",\"kid\":[\"k1\"]}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"b64\":false}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"jku\":\"https://evil/jwks\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5u\":\"https://evil/x\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5c\":[\"AAAA\"]}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"jwk\":{\"kty\":\"RSA\"}}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"zip\":\"DEF\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"logout+jwt\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"secevent+jwt\"}",
		"{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"k1\"}",
		"[\"RS256\"]",
		"",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(HEADERS) / sizeof(HEADERS[0]); i++)
		if (taken(sign_with(rsa, HEADERS[i], GOOD_CLAIMS)))
			fail_msg("taken: %s", HEADERS[i]);
	assert_false(taken(sign_with(small, "{\"alg\":\"RS256\",\"kid\":\"small\"}", GOOD_CLAIMS)));
}

static void test_hostile_claims(void **state)
{
#define CLAIMS(rest) "{\"iss\":\"https://idp\"," rest "}"
	static const char *const BAD[] = {
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\""),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1799999900"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":\"1800000300\""),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1e300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":-1"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":true"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300,\"nbf\":1800000200"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300,\"nbf\":null"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300,\"iat\":1800000200"),
		CLAIMS("\"sub\":\"u1\",\"exp\":1800000300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"reissued2\",\"exp\":1800000300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":\"Reissued\",\"exp\":1800000300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":[],\"exp\":1800000300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":[\"reissued\",\"other\"],\"exp\":1800000300"),
		CLAIMS("\"sub\":\"u1\",\"aud\":[[\"reissued\"]],\"exp\":1800000300"),
		CLAIMS("\"aud\":\"reissued\",\"exp\":1800000300"),
		CLAIMS("\"sub\":\"\",\"aud\":\"reissued\",\"exp\":1800000300"),
		CLAIMS("\"sub\":7,\"aud\":\"reissued\",\"exp\":1800000300"),
		"{\"iss\":\"https://idp/\",\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300}",
		"{\"iss\":\"https://idp.evil\",\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300}",
		"{\"iss\":\"HTTPS://idp\",\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300}",
		"{\"sub\":\"u1\",\"aud\":\"reissued\",\"exp\":1800000300}",
		"[]",
		"null",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (taken(sign_with(rsa, GOOD_HEADER, BAD[i])))
			fail_msg("taken: %s", BAD[i]);
}

/* The public key as the secret of a MAC: what confused libraries accept. */
static void test_hs256_with_the_public_key_is_refused(void **state)
{
	unsigned char mac[32];
	unsigned len = 0;
	char *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, rsa), 1);
	long size = BIO_get_mem_data(bio, &pem);
	const char *input =
		signing_input("{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}", GOOD_CLAIMS);
	HMAC(EVP_sha256(), pem, (int)size, (const unsigned char *)input, strlen(input), mac, &len);
	const char *token =
		rs_arena_printf(ctx.arena, "%s.%s", input, rs_b64url(ctx.arena, mac, len));
	assert_false(taken(token));
	json_array_append_new(algorithms, json_string("HS256")); /* not even when configured */
	assert_false(taken(token));
	json_array_remove(algorithms, 2);
	BIO_free(bio);
}

static void test_malformed_tokens(void **state)
{
	(void)state;
	const char *good = sign_with(rsa, GOOD_HEADER, GOOD_CLAIMS);
	char *copy = rs_arena_strdup(ctx.arena, good);
	copy[strlen(copy) - 20] = copy[strlen(copy) - 20] == 'A' ? 'B' : 'A';
	assert_false(taken(copy));
	const char *other = sign_with(rsa, GOOD_HEADER,
		"{\"iss\":\"https://idp\",\"sub\":\"u2\",\"aud\":\"reissued\",\"exp\":1800000300}");
	/* the claims of one under the signature of the other */
	assert_false(taken(rs_arena_printf(ctx.arena, "%.*s%s", (int)(strrchr(other, '.') - other),
		other, strrchr(good, '.'))));
	assert_false(taken(rs_arena_printf(ctx.arena, "%s.x", good)));
	assert_false(
		taken(rs_arena_printf(ctx.arena, "%.*s.", (int)(strrchr(good, '.') - good), good)));
	assert_false(taken("a.b.c"));
	assert_false(taken(".."));
	assert_false(taken(""));
	char *huge = rs_arena_alloc(ctx.arena, 1 << 20);
	memset(huge, 'A', (1 << 20) - 1);
	huge[100] = huge[200] = '.';
	assert_false(taken(huge));
}

/* Entra: (tid, oid), version 2.0 only; e-mail and sub say nothing. */
static void test_entra_subjects(void **state)
{
	struct rs_jws jws;
	struct rs_jwt_subject subject;
	const char *why;
	(void)state;
#define ENTRA(rest) "{\"iss\":\"https://idp\",\"aud\":\"reissued\",\"exp\":1800000300," rest "}"
	const char *good = sign_with(rsa, GOOD_HEADER,
		ENTRA("\"ver\":\"2.0\",\"tid\":\"t\",\"oid\":\"o\",\"sub\":\"s\""));
	assert_true(rs_jose_parse(&ctx, good, &jws, &why));
	assert_true(rs_jwt_judge(&jws, "entra", "reissued", NOW, &subject, &why));
	assert_string_equal(subject.issuer, "t");
	assert_string_equal(subject.subject, "o");
	const char *const bad[] = {
		ENTRA("\"ver\":\"1.0\",\"tid\":\"t\",\"oid\":\"o\""),
		ENTRA("\"tid\":\"t\",\"oid\":\"o\""),
		ENTRA("\"ver\":\"2.0\",\"oid\":\"o\",\"sub\":\"s\""),
		ENTRA("\"ver\":\"2.0\",\"tid\":\"t\",\"email\":\"alice@example.test\""),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(rs_jose_parse(&ctx, sign_with(rsa, GOOD_HEADER, bad[i]), &jws, &why));
		assert_false(rs_jwt_judge(&jws, "entra", "reissued", NOW, &subject, &why));
	}
}

static void test_key_sets_are_judged(void **state)
{
	(void)state;
	json_t *private = json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "n", "AQAB",
		"e", "AQAB", "d", "AQAB");
	json_t *symmetric = json_pack("{s:[{s:s, s:s}]}", "keys", "kty", "oct", "k", "AAAA");
	json_t *weak = json_pack("{s:[o]}", "keys", jwk_of(small, "small"));
	json_t *empty = json_pack("{s:[]}", "keys");
	json_t *good = json_pack("{s:[o]}", "keys", jwk_of(rsa, "k1"));
	json_t *bad[] = {private, symmetric, weak, empty};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rs_err_reset(&ctx.err);
		rs_jose_judge_keys(&ctx, bad[i], "/jwks");
		assert_int_not_equal(rs_faults(&ctx), RS_OK);
		json_decref(bad[i]);
	}
	rs_err_reset(&ctx.err);
	rs_jose_judge_keys(&ctx, good, "/jwks");
	assert_int_equal(rs_faults(&ctx), RS_OK);
	json_decref(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_token_is_taken),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_hostile_claims),
		cmocka_unit_test(test_hs256_with_the_public_key_is_refused),
		cmocka_unit_test(test_malformed_tokens),
		cmocka_unit_test(test_entra_subjects),
		cmocka_unit_test(test_key_sets_are_judged),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
