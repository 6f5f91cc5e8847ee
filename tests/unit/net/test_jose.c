/* Tokens we sign, and what is told of those of others: with the values of the RFCs. */
#include "rs/jose.h"

#include "rs/app.h"
#include "rs/id.h"
#include "rs/json.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct rs_app app;
static struct rs_ctx ctx;

static int set_up(void **state)
{
	(void)state;
	rs_ctx_init(&ctx, &app);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	return 0;
}

static const char *pem_of(EVP_PKEY *key)
{
	char *data;
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	long len = BIO_get_mem_data(bio, &data);
	const char *pem = rs_arena_memdup(ctx.arena, data, (size_t)len);
	BIO_free(bio);
	return pem;
}

static const char *number(EVP_PKEY *key, const char *param, int octets)
{
	unsigned char bytes[1024];
	BIGNUM *bn = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &bn), 1);
	int len = octets ? BN_bn2binpad(bn, bytes, octets) : BN_bn2bin(bn, bytes);
	BN_free(bn);
	return rs_b64url(ctx.arena, bytes, (size_t)len);
}

static json_t *set_of(EVP_PKEY *key, const char *curve, int octets)
{
	if (!curve)
		return rs_arena_json(
			ctx.arena, json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA",
					   "kid", "k1", "n", number(key, OSSL_PKEY_PARAM_RSA_N, 0),
					   "e", number(key, OSSL_PKEY_PARAM_RSA_E, 0)));
	return rs_arena_json(ctx.arena,
		json_pack("{s:[{s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "EC", "kid", "k1",
			"crv", curve, "x", number(key, OSSL_PKEY_PARAM_EC_PUB_X, octets), "y",
			number(key, OSSL_PKEY_PARAM_EC_PUB_Y, octets)));
}

static const char *signed_by(EVP_PKEY *key, const char *alg)
{
	json_t *header = rs_arena_json(ctx.arena, json_pack("{s:s}", "kid", "k1"));
	json_t *claims = rs_arena_json(ctx.arena, json_pack("{s:s, s:i}", "iss", "ra", "exp", 7));
	const char *token = NULL;
	const char *pem = pem_of(key);
	assert_null(rs_jose_private_key_fault(pem, alg));
	assert_int_equal(rs_jose_sign(&ctx, pem, alg, header, claims, &token), RS_OK);
	return token;
}

static bool verified(const char *token, const char *alg, const json_t *set)
{
	struct rs_jws jws;
	const char *why;
	bool unknown;
	json_t *algorithms = rs_arena_json(ctx.arena, json_pack("[s]", alg));
	assert_true(rs_jose_parse(&ctx, token, &jws, &why));
	return rs_jose_verify(&jws, algorithms, set, &unknown, &why);
}

/* What is signed by each algorithm is verified by cjose, and by no other key. */
static void test_every_algorithm_signs(void **state)
{
	static const struct {
		const char *alg, *group, *curve;
		int octets;
	} ROWS[] = {
		{"RS256", NULL, NULL, 0},
		{"RS384", NULL, NULL, 0},
		{"RS512", NULL, NULL, 0},
		{"PS256", NULL, NULL, 0},
		{"PS384", NULL, NULL, 0},
		{"PS512", NULL, NULL, 0},
		{"ES256", "P-256", "P-256", 32},
		{"ES384", "P-384", "P-384", 48},
		{"ES512", "P-521", "P-521", 66},
	};
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *other_rsa = EVP_RSA_gen(2048);
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		EVP_PKEY *key = ROWS[i].group ? EVP_EC_gen(ROWS[i].group) : rsa;
		EVP_PKEY *other = ROWS[i].group ? EVP_EC_gen(ROWS[i].group) : other_rsa;
		const char *token = signed_by(key, ROWS[i].alg);
		assert_true(
			verified(token, ROWS[i].alg, set_of(key, ROWS[i].curve, ROWS[i].octets)));
		assert_false(
			verified(token, ROWS[i].alg, set_of(other, ROWS[i].curve, ROWS[i].octets)));
		if (ROWS[i].group) {
			EVP_PKEY_free(key);
			EVP_PKEY_free(other);
		}
	}
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other_rsa);
}

/* A key that cannot sign by the algorithm is told, and signs nothing. */
static void test_private_keys_are_judged(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024), *p256 = EVP_EC_gen("P-256"),
		 *p384 = EVP_EC_gen("P-384");
	char *public_pem;
	BIO *bio = BIO_new(BIO_s_mem());
	const char *token = NULL;
	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, p256), 1);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &public_pem);
	assert_non_null(rs_jose_private_key_fault(pem_of(small), "RS256"));
	assert_non_null(rs_jose_private_key_fault(pem_of(p256), "RS256"));
	assert_non_null(rs_jose_private_key_fault(pem_of(p384), "ES256"));
	assert_non_null(rs_jose_private_key_fault(public_pem, "ES256"));
	assert_non_null(rs_jose_private_key_fault("", "ES256"));
	assert_non_null(rs_jose_private_key_fault("-----BEGIN PRIVATE KEY-----\n", "ES256"));
	assert_int_equal(rs_jose_sign(&ctx, pem_of(p384), "ES256", NULL, json_object(), &token),
		RS_INTERNAL);
	assert_null(token);
	BIO_free(bio);
	EVP_PKEY_free(small);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
}

static struct rs_jws header_only(const char *alg, const char *kid)
{
	struct rs_jws jws = {.header = rs_arena_json(ctx.arena, json_pack("{s:s}", "alg", alg))};
	if (kid)
		json_object_set_new(jws.header, "kid", json_string(kid));
	return jws;
}

/* OpenID Connect Core, A.4: at_hash of the access token there. */
static void test_half_hash(void **state)
{
	struct rs_jws rs256 = header_only("RS256", NULL), none = header_only("none", NULL);
	(void)state;
	assert_string_equal(
		rs_jose_half_hash(&ctx, &rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
		"77QmUPtjPfzWtF2AnpK9RQ");
	assert_null(rs_jose_half_hash(&ctx, &none, "x"));
}

/* RFC 7638, 3.1. */
static void test_thumbprint(void **state)
{
	static const char N[] =
		"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"
		"tS"
		"oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"
		"65"
		"YGjQR0_"
		"FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
		"dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
		"kEgU8awapJzK"
		"nqDKgw";
	json_t *set = rs_arena_json(
		ctx.arena, json_pack("{s:[{s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "n",
				   N, "e", "AQAB", "alg", "RS256", "kid", "2011-04-29"));
	struct rs_jws jws = header_only("RS256", "2011-04-29"), other = header_only("RS256", "x");
	(void)state;
	assert_string_equal(
		rs_jose_thumbprint(&ctx, &jws, set), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	assert_null(rs_jose_thumbprint(&ctx, &other, set));
}

/* An ID token's header may hold what helps others; never what changes how it is read. */
static void test_id_token_headers(void **state)
{
	static const struct {
		const char *header;
		bool taken;
	} ROWS[] = {
		{"{\"alg\":\"RS256\",\"kid\":\"k1\",\"jku\":\"https://idp/keys\"}", true},
		{"{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5c\":[\"AAAA\"],\"x5u\":\"https://e\"}",
			true},
		{"{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"},\"cty\":\"JWT\",\"own\":7}", true},
		{"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", false},
		{"{\"alg\":\"RS256\",\"crit\":[]}", false},
		{"{\"alg\":\"RS256\",\"b64\":true}", false},
		{"{\"alg\":\"RS256\",\"zip\":\"DEF\"}", false},
		{"{\"alg\":7}", false},
		{"{\"alg\":\"RS256\",\"typ\":{}}", false},
		{"{\"alg\":\"RS256\",\"kid\":7}", false},
		{"{}", false},
	};
	struct rs_jws jws;
	const char *why;
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *token = rs_arena_printf(ctx.arena, "%s.e30.AAAA",
			rs_b64url(ctx.arena, ROWS[i].header, strlen(ROWS[i].header)));
		if (rs_jose_parse_id_token(&ctx, token, &jws, &why) != ROWS[i].taken)
			fail_msg("%s", ROWS[i].header);
	}
}

/* libcjose ends the process at base64url that is none (an assertion): it must not come to see any.
 */
static void test_keys_that_are_no_base64url(void **state)
{
	static const char *const BAD[] = {"n=", "=", "A", "AAAAA",
		"AA=", "A===", "AA==", "AAA=", "AA\n", "A A", "\xc3\xa4", "AA+/", ""};
	static const char *const MEMBERS[] = {"n", "e", "x", "y"};
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		for (size_t m = 0; m < sizeof(MEMBERS) / sizeof(MEMBERS[0]); m++) {
			json_t *key = json_pack("{s:s, s:s, s:s}", "kty", m < 2 ? "RSA" : "EC",
				"kid", "k1", "crv", "P-256");
			for (size_t n = 0; n < sizeof(MEMBERS) / sizeof(MEMBERS[0]); n++)
				json_object_set_new(
					key, MEMBERS[n], json_string(n == m ? BAD[i] : "AQAB"));
			json_t *set = rs_arena_json(ctx.arena, json_pack("{s:[o]}", "keys", key));
			rs_err_reset(&ctx.err);
			rs_jose_judge_keys(&ctx, set, "/jwks");
			assert_int_not_equal(rs_faults(&ctx), RS_OK);
			assert_false(verified(
				"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA", "RS256", set));
			assert_false(verified(
				"eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA", "ES256", set));
		}
	}
	rs_err_reset(&ctx.err);
}

/* The same of the parts of a token. */
static void test_tokens_that_are_no_base64url(void **state)
{
	static const char *const BAD[] = {"eyJhbGciOiJSUzI1NiJ9A.e30.AAAA",
		"eyJhbGciOiJSUzI1NiJ9.e30AA.AAAA", "eyJhbGciOiJSUzI1NiJ9.e30.AAAAA",
		"eyJhbGciOiJSUzI1NiJ9.e30.A", "A.A.A", "eyJhbGciOiJSUzI1NiJ9.e30=.AAAA",
		"eyJhbGciOiJSUzI1NiJ9.e30.AA=="};
	struct rs_jws jws;
	const char *why;
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (rs_jose_parse(&ctx, BAD[i], &jws, &why))
			fail_msg("%s", BAD[i]);
}

/* A key proves what its issuer publishes it for (RFC 7517 4.2 to 4.4), whatever else it says of
 * itself. */
static void test_what_a_key_is_for(void **state)
{
	static const struct {
		const char *more;
		bool good;
	} KEYS[] = {
		{"{}", true},
		{"{\"use\":\"sig\"}", true},
		{"{\"use\":\"enc\"}", false},
		{"{\"use\":\"SIG\"}", false},
		{"{\"use\":7}", false},
		{"{\"key_ops\":[\"verify\"]}", true},
		{"{\"key_ops\":[\"sign\",\"verify\"]}", true},
		{"{\"key_ops\":[\"encrypt\",\"wrapKey\"]}", false},
		{"{\"key_ops\":[]}", false},
		{"{\"key_ops\":\"verify\"}", false},
		{"{\"use\":\"sig\",\"key_ops\":[\"decrypt\"]}", false},
		{"{\"alg\":\"ES256\"}", true},
		{"{\"alg\":\"ES384\"}", false},
		{"{\"alg\":[\"ES256\"]}", false},
		{"{\"x5c\":[\"AAAA\"],\"ext\":true}", true},
		{"{\"d\":\"AAAA\"}", false},
		{"{\"kid\":\"K1\"}", false},
		{"{\"kid\":1}", false},
		{"{\"kty\":\"ec\"}", false},
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *token = signed_by(key, "ES256");
	(void)state;
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
		json_t *set = set_of(key, "P-256", 32), *more = NULL;
		assert_int_equal(
			rs_json_parse(&ctx, KEYS[i].more, strlen(KEYS[i].more), &more), RS_OK);
		json_object_update(json_array_get(json_object_get(set, "keys"), 0), more);
		if (verified(token, "ES256", set) != KEYS[i].good)
			fail_msg("%s", KEYS[i].more);
	}
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_algorithm_signs),
		cmocka_unit_test(test_private_keys_are_judged),
		cmocka_unit_test(test_half_hash),
		cmocka_unit_test(test_thumbprint),
		cmocka_unit_test(test_id_token_headers),
		cmocka_unit_test(test_what_a_key_is_for),
		cmocka_unit_test(test_keys_that_are_no_base64url),
		cmocka_unit_test(test_tokens_that_are_no_base64url),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
