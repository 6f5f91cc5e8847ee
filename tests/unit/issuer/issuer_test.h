/* What the tests of the issuing engine share: a trial CA in a directory of its own, CSRs by OpenSSL. */
#ifndef RS_TEST_ISSUER_H
#define RS_TEST_ISSUER_H

#include "rs/ca.h"
#include "rs/clock.h"
#include "rs/csr.h"
#include "rs/lint.h"
#include "rs/signer.h"
#include "rs/tbs.h"
#include "rs/x509.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EKU_SERVER "1.3.6.1.5.5.7.3.1"

/* One trial CA with its signer; every test program makes what it needs. */
struct test_ca {
	struct rs_ctx ctx;
	char dir[64];
	char path[5][100];
	struct rs_config_issuer config;
	struct rs_clock *clock;
	struct rs_issuers *issuers;
	struct rs_signer *signer;
	const struct rs_issuer *issuer;
};

static inline void test_open_signer(struct test_ca *t)
{
	const struct rs_signer_config config = {.issuers = &t->config,
		.issuer_count = 1,
		.journal_file = t->path[4],
		.replica_id = "r1",
		.clock = t->clock};
	assert_int_equal(rs_signer_open(&t->ctx, t->issuers, &config, &t->signer), RS_OK);
}

static inline void test_ca_make(struct test_ca *t, const char *algorithm)
{
	static const char *const files[] = {"issuing.crt", "chain.pem", "issuing.key", "pass", "journal"};
	memset(t, 0, sizeof(*t));
	rs_ctx_init_system(&t->ctx, NULL, "test");
	snprintf(t->dir, sizeof(t->dir), "/tmp/reissued-issuer-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	for (int i = 0; i < 5; i++)
		snprintf(t->path[i], sizeof(t->path[i]), "%s/%s", t->dir, files[i]);
	FILE *pass = fopen(t->path[3], "w");
	assert_non_null(pass);
	fputs("a passphrase for tests\n", pass);
	fclose(pass);
	chmod(t->path[3], 0600);
	assert_int_equal(rs_clock_new(NULL, &t->clock), 0);
	const struct rs_ca_spec spec = {.dir = t->dir,
		.name = "test",
		.kind = rs_key_kind_from_name(algorithm),
		.days = 30,
		.passphrase_file = t->path[3],
		.now = rs_clock_now(t->clock)};
	assert_int_equal(rs_ca_init(&t->ctx, &spec), RS_OK);
	t->config = (struct rs_config_issuer){.id = "demo",
		.name = "demo",
		.certificate_file = t->path[0],
		.chain_file = t->path[1],
		.key_file = t->path[2],
		.passphrase_file = t->path[3]};
	assert_int_equal(rs_issuers_load(&t->ctx, &t->config, 1, rs_clock_now(t->clock), false,
				 &t->issuers), RS_OK);
	t->issuer = rs_issuers_get(t->issuers, "demo");
	assert_non_null(t->issuer);
	test_open_signer(t);
}

static inline void test_ca_end(struct test_ca *t)
{
	char command[100];
	rs_signer_close(t->signer);
	rs_issuers_free(t->issuers);
	rs_clock_free(t->clock);
	rs_ctx_end(&t->ctx);
	snprintf(command, sizeof(command), "rm -rf %s", t->dir);
	assert_int_equal(system(command), 0);
}

static inline EVP_PKEY *test_key(const char *name)
{
	if (strncmp(name, "RSA:", 4) == 0)
		return EVP_RSA_gen((unsigned)atoi(name + 4));
	if (strncmp(name, "EC:", 3) == 0)
		return EVP_EC_gen(name + 3);
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* A CSR as DER, malloc'ed by OpenSSL. */
static inline int test_csr(EVP_PKEY *key, const char *name, unsigned char **der)
{
	X509_REQ *req = X509_REQ_new();
	bool ed = EVP_PKEY_get_id(key) == EVP_PKEY_ED25519;
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
		(const unsigned char *)name, -1, -1, 0);
	X509_REQ_set_pubkey(req, key);
	assert_true(X509_REQ_sign(req, key, ed ? NULL : EVP_sha256()) > 0);
	*der = NULL;
	int len = i2d_X509_REQ(req, der);
	X509_REQ_free(req);
	return len;
}

/* A specification for the key of a CSR: www.example.com for ten days. */
static inline struct rs_tbs_spec test_spec(struct test_ca *t, const struct rs_csr *csr)
{
	int64_t now = rs_clock_now(t->clock);
	struct rs_tbs_spec spec = {.issuer = t->issuer,
		.not_before = now - 300,
		.not_after = now + 10 * 86400 - 1,
		.subject = rs_arena_json(t->ctx.arena,
			json_pack("{s:s, s:s}", "common_name", "www.example.com", "country", "DE")),
		.san = rs_arena_json(t->ctx.arena,
			json_pack("[{s:s, s:s}]", "type", "dns", "value", "www.example.com")),
		.spki_der = csr->spki_der,
		.key = csr->key,
		.eku = EKU_SERVER,
		.ca_url = "http://ca.example.net/pki/demo/ca.crt"};
	rs_serial_new(spec.serial);
	return spec;
}

static inline struct rs_csr *test_parsed_csr(struct test_ca *t, const char *algorithm)
{
	EVP_PKEY *key = test_key(algorithm);
	unsigned char *der;
	struct rs_csr *csr = NULL;
	int len = test_csr(key, "www.example.com", &der);
	enum rs_code rc = rs_csr_parse(&t->ctx, der, (size_t)len, &csr);
	if (rc != RS_OK)
		print_error("%s\n", t->ctx.err.detail);
	assert_int_equal(rc, RS_OK);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return csr;
}

static inline struct rs_sign_request test_request(const struct rs_tbs_spec *spec, struct rs_bytes tbs)
{
	struct rs_sign_request r = {
		.issuer = spec->issuer->slug, .tbs = tbs, .sign_before = spec->not_before + 3600};
	memcpy(r.serial, spec->serial, RS_SERIAL_LEN);
	return r;
}

#endif
