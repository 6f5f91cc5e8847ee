/*
 * The engine against a textbook OpenSSL loop, and against the bare arithmetic.
 *
 * Both take a P-256 CSR in DER and give a certificate: the textbook decodes with d2i_X509_REQ,
 * verifies, fills an X509 and signs it; the engine is what the service runs (CSR with all its
 * checks, build, lint, sign, assemble) without the journal's disk. Rounds are interleaved; the
 * medians go to stdout as one JSON object.
 */
#include "textbook.h"

#include "issuer/spki.h"

#include "rs/ca.h"
#include "rs/clock.h"
#include "rs/csr.h"
#include "rs/lint.h"
#include "rs/tbs.h"
#include "rs/x509.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	9
#define SECONDS 0.35

struct bench {
	struct rs_issuers *issuers;
	const struct rs_issuer *issuer;
	EVP_PKEY *key; /* of the issuer */
	X509 *certificate;
	unsigned char *csr;
	long csr_len;
	EVP_PKEY *subject_key;
	unsigned char signature[RS_KEY_KIND_COUNT * 80];
	size_t signature_len;
	int64_t now;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_engine: %s failed\n", what);
	exit(1);
}

static double cpu_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void textbook(struct bench *b)
{
	unsigned char serial[20], *der = NULL;

	RAND_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f;
	X509 *cert = bench_textbook(b->csr, b->csr_len, serial, b->certificate);
	must(cert && X509_sign(cert, b->key, EVP_sha256()) > 0, "textbook sign");
	must(i2d_X509(cert, &der) > 0, "textbook encode");
	OPENSSL_free(der);
	X509_free(cert);
}

static void sign_tbs(struct bench *b, struct rs_bytes tbs, unsigned char *out, size_t *len)
{
	EVP_MD_CTX *mc = EVP_MD_CTX_new();
	must(EVP_DigestSignInit(mc, NULL, rs_digest_md(RS_SHA256), NULL, b->key) == 1 &&
			EVP_DigestSign(mc, out, len, tbs.data, tbs.len) == 1,
		"sign");
	EVP_MD_CTX_free(mc);
}

static void engine(struct bench *b)
{
	struct rs_ctx ctx;
	struct rs_csr *csr;
	struct rs_bytes tbs;
	unsigned char signature[512];
	size_t len = sizeof(signature);

	rs_ctx_init_system(&ctx, NULL, "bench");
	must(rs_csr_parse(&ctx, b->csr, (size_t)b->csr_len, &csr) == RS_OK, "csr");
	struct rs_tbs_spec spec = {.issuer = b->issuer,
		.not_before = b->now - 300,
		.not_after = b->now + 10 * 86400,
		.subject = csr->subject,
		.san = rs_arena_json(ctx.arena,
			json_pack("[{s:s, s:s}]", "type", "dns", "value", "www.example.com")),
		.spki_der = csr->spki_der,
		.key = csr->key,
		.eku = "1.3.6.1.5.5.7.3.1",
		.ca_url = "http://ca.example.net/ca.crt"};
	rs_serial_new(spec.serial);
	must(rs_tbs_build(&ctx, &spec, &tbs) == RS_OK, "build");
	must(rs_lint_tbs(&ctx, b->issuer, NULL, tbs) == RS_OK, "lint");
	sign_tbs(b, tbs, signature, &len);
	rs_x509_assemble(&ctx, b->issuer, tbs, (struct rs_bytes){signature, len});
	rs_ctx_end(&ctx);
}

/* One verification and one signature of a digest with prepared contexts: nothing can be cheaper. */
static void raw(struct bench *b)
{
	static EVP_PKEY_CTX *verify, *sign;
	static const unsigned char digest[32] = {1};
	unsigned char out[512];
	size_t len = sizeof(out);
	if (!verify) {
		verify = EVP_PKEY_CTX_new(b->subject_key, NULL);
		sign = EVP_PKEY_CTX_new(b->key, NULL);
		EVP_PKEY_verify_init(verify);
		EVP_PKEY_sign_init(sign);
		EVP_PKEY_CTX *make = EVP_PKEY_CTX_new(b->subject_key, NULL);
		EVP_PKEY_sign_init(make);
		b->signature_len = sizeof(b->signature);
		EVP_PKEY_sign(make, b->signature, &b->signature_len, digest, sizeof(digest));
		EVP_PKEY_CTX_free(make);
	}
	must(EVP_PKEY_verify(verify, b->signature, b->signature_len, digest, sizeof(digest)) == 1,
		"raw verify");
	must(EVP_PKEY_sign(sign, out, &len, digest, sizeof(digest)) == 1, "raw sign");
}

/* CPU seconds for one call. */
static double measure(struct bench *b, void (*work)(struct bench *b))
{
	double start = cpu_now(), spent;
	long count = 0;
	do {
		for (int i = 0; i < 20; i++)
			work(b);
		count += 20;
		spent = cpu_now() - start;
	} while (spent < SECONDS);
	return spent / (double)count;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(double), by_value);
	return values[ROUNDS / 2];
}

static void load(struct rs_ctx *ctx, struct bench *b, enum rs_key_kind kind, const char *dir)
{
	char file[4][200];
	static const char *const names[] = {"issuing.crt", "chain.pem", "issuing.key", "pass"};
	for (int i = 0; i < 4; i++)
		snprintf(file[i], sizeof(file[i]), "%s/%s", dir, names[i]);
	FILE *pass = fopen(file[3], "w");
	must(pass && fputs("benchmark\n", pass) >= 0 && fclose(pass) == 0, "passphrase");
	must(chmod(file[3], 0600) == 0, "chmod");
	b->now = time(NULL);
	const struct rs_ca_spec spec = {.dir = dir,
		.name = "bench",
		.kind = kind,
		.days = 30,
		.passphrase_file = file[3],
		.now = b->now};
	must(rs_ca_init(ctx, &spec) == RS_OK, "ca");
	const struct rs_config_issuer config = {.id = "bench",
		.name = "bench",
		.certificate_file = file[0],
		.chain_file = file[1],
		.key_file = file[2],
		.passphrase_file = file[3]};
	must(rs_issuers_load(ctx, &config, 1, b->now, false, &b->issuers) == RS_OK, "issuer");
	b->issuer = rs_issuers_at(b->issuers, 0);
	BIO *in = BIO_new_file(file[2], "r");
	b->key = PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"benchmark");
	BIO_free(in);
	const unsigned char *p = b->issuer->certificate.data;
	b->certificate = d2i_X509(NULL, &p, (long)b->issuer->certificate.len);
	must(b->key && b->certificate, "key");
	for (int i = 0; i < 4; i++)
		unlink(file[i]);
}

static void make_csr(struct bench *b)
{
	X509_REQ *req = X509_REQ_new();
	b->subject_key = EVP_EC_gen("P-256");
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
		(const unsigned char *)"www.example.com", -1, -1, 0);
	X509_REQ_set_pubkey(req, b->subject_key);
	must(X509_REQ_sign(req, b->subject_key, EVP_sha256()) > 0, "request");
	b->csr = NULL;
	b->csr_len = i2d_X509_REQ(req, &b->csr);
	X509_REQ_free(req);
}

struct result {
	double over_textbook, cpu, engine_us, textbook_us, raw_us;
};

static struct result run(enum rs_key_kind kind)
{
	double times[3][ROUNDS], ratio[ROUNDS], cpu[ROUNDS];
	char dir[] = "/tmp/reissued-bench-XXXXXX", command[60];
	struct bench b = {0};
	struct rs_ctx ctx;

	rs_ctx_init_system(&ctx, NULL, "bench");
	must(mkdtemp(dir) != NULL, "mkdtemp");
	load(&ctx, &b, kind, dir);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	must(system(command) == 0, "rm");
	make_csr(&b);
	for (int i = 0; i < ROUNDS; i++) {
		times[0][i] = measure(&b, textbook);
		times[1][i] = measure(&b, engine);
		times[2][i] = kind == RS_KEY_EC_P256 ? measure(&b, raw) : 0;
		ratio[i] = times[0][i] / times[1][i];
		cpu[i] = times[2][i] > 0 ? times[1][i] / times[2][i] : 0;
	}
	EVP_PKEY_free(b.key);
	EVP_PKEY_free(b.subject_key);
	X509_free(b.certificate);
	OPENSSL_free(b.csr);
	rs_issuers_free(b.issuers);
	rs_ctx_end(&ctx);
	return (struct result){median(ratio), median(cpu), median(times[1]) * 1e6,
		median(times[0]) * 1e6, median(times[2]) * 1e6};
}

int main(void)
{
	struct result p256 = run(RS_KEY_EC_P256), rsa = run(RS_KEY_RSA_2048);
	json_t *out = json_pack(
		"{s:{s:f, s:f, s:f, s:s}, s:{s:f, s:f, s:f, s:s}, s:{s:f, s:f, s:f, s:s}, "
		"s:{s:f, s:f, s:f, s:f, s:f}}",
		"engine_p256", "value", p256.over_textbook, "must", 3.0, "goal", 4.0, "unit",
		"x textbook", "engine_rsa2048", "value", rsa.over_textbook, "must", 1.8, "goal",
		2.0, "unit", "x textbook", "engine_cpu_p256", "value", p256.cpu, "must", 2.2,
		"goal", 1.75, "unit", "x raw verify+sign", "microseconds", "engine_p256",
		p256.engine_us, "textbook_p256", p256.textbook_us, "raw_p256", p256.raw_us,
		"engine_rsa2048", rsa.engine_us, "textbook_rsa2048", rsa.textbook_us);
	json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(4));
	putchar('\n');
	json_decref(out);
	return 0;
}
