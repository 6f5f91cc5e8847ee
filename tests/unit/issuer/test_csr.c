/* CSRs: the corpus of hostile ones with its expected answers (I21, I22), all allowed keys, stock
 * parsing beside ours. */
#include "issuer_test.h"

#include <sys/stat.h>
#include <time.h>

#define CORPUS RS_SOURCE_DIR "/tests/unit/issuer/corpus/"

static unsigned char data[RS_CSR_MAX + 1];

static size_t read_case(const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), CORPUS "%s", name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(data, 1, sizeof(data), file);
	fclose(file);
	return len;
}

static double cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The last row of checks of a refused request is the one that failed. */
static const char *failed_check(const json_t *checks)
{
	const json_t *last = json_array_get(checks, json_array_size(checks) - 1);
	assert_string_equal(json_string_value(json_object_get(last, "result")), "fail");
	return json_string_value(json_object_get(last, "name"));
}

static void judge_case(const char *name, const char *slug, const char *check)
{
	struct rs_ctx ctx;
	struct rs_csr *csr = NULL;
	size_t len = read_case(name);

	rs_ctx_init_system(&ctx, NULL, "test");
	enum rs_code rc = rs_csr_parse(&ctx, data, len, &csr);
	const char *got = rc == RS_OK ? "-" : rs_code_slug(rc);
	if (strcmp(got, slug) != 0)
		fail_msg("%s: expected %s, got %s (%s)", name, slug, got, ctx.err.detail);
	if (rc != RS_OK) {
		const char *at = failed_check(json_object_get(ctx.err.ext, "checks"));
		if (strcmp(at, check) != 0)
			fail_msg("%s: expected %s to fail, but %s did (%s)", name, check, at,
				ctx.err.detail);
		assert_string_equal(ctx.err.pointer, "/csr");
	}
	rs_ctx_end(&ctx);
}

static void corpus(void **state)
{
	char line[300], *save;
	int cases = 0;
	(void)state;
	FILE *table = fopen(CORPUS "expected.tsv", "r");
	assert_non_null(table);
	for (; fgets(line, sizeof(line), table); cases++) {
		const char *name = strtok_r(line, "\t", &save);
		strtok_r(NULL, "\t", &save); /* the row of the list, for people */
		const char *slug = strtok_r(NULL, "\t", &save);
		judge_case(name, slug, strtok_r(NULL, "\n", &save));
	}
	fclose(table);
	assert_true(cases > 70);
}

/* Refused before any arithmetic on the modulus. */
static void big_moduli_cost_nothing(void **state)
{
	static const char *const names[] = {"rsa-16384.der", "rsa-32768.der", "rsa-8192.der"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = read_case(names[i]);
		double best = 1e9;
		for (int n = 0; n < 5; n++) {
			struct rs_ctx ctx;
			struct rs_csr *csr;
			double start = cpu_ms();
			rs_ctx_init_system(&ctx, NULL, "test");
			assert_int_equal(rs_csr_parse(&ctx, data, len, &csr), RS_BAD_CSR);
			rs_ctx_end(&ctx);
			best = cpu_ms() - start < best ? cpu_ms() - start : best;
		}
		assert_true(best < 5);
	}
}

/* Every prefix of a good request is refused, and so is every request with one octet changed. */
static void damage(void **state)
{
	static unsigned char copy[2048];
	(void)state;
	size_t len = read_case("good-p256.der");
	memcpy(copy, data, len);
	for (size_t i = 0; i < 2 * len; i++) {
		struct rs_ctx ctx;
		struct rs_csr *csr;
		rs_ctx_init_system(&ctx, NULL, "test");
		size_t take = i < len ? i : len;
		if (i >= len)
			copy[i - len] ^= 0x01;
		assert_int_not_equal(rs_csr_parse(&ctx, copy, take, &csr), RS_OK);
		if (i >= len)
			copy[i - len] ^= 0x01;
		rs_ctx_end(&ctx);
	}
}

/* What we read is what OpenSSL reads. */
static void like_stock(void **state)
{
	(void)state;
	for (int kind = RS_KEY_NONE + 1; kind < RS_KEY_KIND_COUNT; kind++) {
		struct rs_ctx ctx;
		struct rs_csr *csr = NULL;
		struct rs_key key = {0};
		unsigned char *der, *spki = NULL;
		rs_key_describe((enum rs_key_kind)kind, &key);
		EVP_PKEY *made = test_key(key.name);
		int len = test_csr(made, "www.example.com", &der);
		rs_ctx_init_system(&ctx, NULL, "test");
		assert_int_equal(rs_csr_parse(&ctx, der, (size_t)len, &csr), RS_OK);
		int spki_len = i2d_PUBKEY(made, &spki);
		assert_int_equal(csr->spki_der.len, spki_len);
		assert_memory_equal(csr->spki_der.data, spki, (size_t)spki_len);
		assert_string_equal(csr->key.name, key.name);
		assert_string_equal(json_string_value(json_object_get(csr->subject, "common_name")),
			"www.example.com");
		assert_int_equal(json_array_size(csr->checks), 9);
		json_t *policy = json_pack("[s]", key.name);
		assert_true(rs_key_allowed(&csr->key, policy));
		json_decref(policy);
		assert_false(rs_key_allowed(&csr->key, NULL));
		OPENSSL_free(spki);
		OPENSSL_free(der);
		EVP_PKEY_free(made);
		rs_ctx_end(&ctx);
	}
}

static bool has(const json_t *list, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach(
		(json_t *)list, i, one) if (strcmp(json_string_value(one), text) == 0) return true;
	return false;
}

static void shows_what_it_ignores(void **state)
{
	static const char *const names[] = {"basicConstraints", "keyUsage", "extendedKeyUsage",
		"nameConstraints", "policyMappings", "authorityInfoAccess"};
	struct rs_ctx ctx;
	struct rs_csr *csr = NULL;
	(void)state;
	rs_ctx_init_system(&ctx, NULL, "test");
	assert_int_equal(rs_csr_parse(&ctx, data, read_case("ext-everything.der"), &csr), RS_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(has(csr->ignored, names[i]));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(csr->san, 0), "value")),
		"www.example.com");
	assert_int_equal(rs_csr_parse(&ctx, data, read_case("attr-password.der"), &csr), RS_OK);
	assert_true(has(csr->ignored, "challengePassword"));
	char *text = json_dumps(csr->ignored, 0);
	assert_null(strstr(text, "canary"));
	free(text);
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus),
		cmocka_unit_test(big_moduli_cost_nothing),
		cmocka_unit_test(damage),
		cmocka_unit_test(like_stock),
		cmocka_unit_test(shows_what_it_ignores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
