/* The way of a certificate through the engine: build, lint, sign, assemble; and the journal (I2,
 * I3, I5, I6, I7, I9, F15, F16). */
#include "issuer_test.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/stat.h>

static struct test_ca ca;

static int setup(void **state)
{
	(void)state;
	test_ca_make(&ca, "EC:P-256");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("REISSUED_FAILPOINT");
	test_ca_end(&ca);
	return 0;
}

static X509 *load(struct rs_bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(cert);
	return cert;
}

/* As `openssl verify -x509_strict` does. */
static void verify_strictly(const struct rs_issuer *issuer, struct rs_bytes der)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *sc = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *leaf = load(der), *issuing = load(issuer->chain[0]), *root = load(issuer->chain[1]);
	X509_STORE_add_cert(store, root);
	sk_X509_push(chain, issuing);
	X509_STORE_CTX_init(sc, store, leaf, chain);
	X509_STORE_CTX_set_flags(sc, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
	if (X509_verify_cert(sc) != 1)
		fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(sc)));
	X509_STORE_CTX_free(sc);
	X509_STORE_free(store);
	sk_X509_free(chain);
	X509_free(leaf);
	X509_free(issuing);
	X509_free(root);
}

static struct rs_bytes issue(struct test_ca *t, const struct rs_tbs_spec *spec)
{
	struct rs_bytes tbs = {0}, signature = {0};
	enum rs_code rc = rs_tbs_build(&t->ctx, spec, &tbs);
	if (rc == RS_OK)
		rc = rs_lint_tbs(&t->ctx, t->issuer, NULL, tbs);
	struct rs_sign_request request = test_request(spec, tbs);
	if (rc == RS_OK)
		rc = rs_signer_sign(&t->ctx, t->signer, &request, &signature);
	if (rc != RS_OK)
		fail_msg("%s: %s", rs_code_slug(rc), t->ctx.err.detail);
	struct rs_bytes der = rs_x509_assemble(&t->ctx, t->issuer, tbs, signature);
	assert_int_equal(rs_x509_verify(&t->ctx, t->issuer, der), RS_OK);
	return der;
}

static void every_issuer_and_key(void **state)
{
	static const char *const issuers[] = {"EC:P-256", "EC:P-384", "RSA:2048", "Ed25519"};
	static const char *const keys[] = {
		"RSA:2048", "EC:P-256", "EC:P-384", "EC:P-521", "Ed25519"};
	(void)state;
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		struct test_ca t;
		test_ca_make(&t, issuers[i]);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			struct rs_csr *csr = test_parsed_csr(&t, keys[k]);
			struct rs_tbs_spec spec = test_spec(&t, csr);
			struct rs_bytes der = issue(&t, &spec);
			struct rs_x509 *x;
			verify_strictly(t.issuer, der);
			assert_int_equal(rs_x509_parse(&t.ctx, der, &x), RS_OK);
			assert_true(json_equal(x->subject, spec.subject));
			assert_true(json_equal(x->san, spec.san));
			assert_int_equal(x->not_after, spec.not_after);
			assert_int_equal(x->not_before, spec.not_before);
			assert_memory_equal(x->serial.data, spec.serial, RS_SERIAL_LEN);
			assert_string_equal(x->key.name, keys[k]);
			json_t *ext = rs_tbs_extensions(spec.eku, &spec.key, NULL);
			assert_true(json_equal(x->extensions, ext));
			json_decref(ext);
		}
		test_ca_end(&t);
	}
}

static void same_again_other_never(void **state)
{
	struct rs_bytes tbs, other, first, second;
	(void)state;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	struct rs_sign_request request = test_request(&spec, tbs);
	assert_int_equal(rs_signer_sign(&ca.ctx, ca.signer, &request, &first), RS_OK);
	/* also after sign_before, and after a restart */
	request.sign_before = 0;
	rs_signer_close(ca.signer);
	test_open_signer(&ca);
	assert_int_equal(rs_signer_sign(&ca.ctx, ca.signer, &request, &second), RS_OK);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	spec.not_after--;
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &other), RS_OK);
	request = test_request(&spec, other);
	assert_int_equal(rs_signer_sign(&ca.ctx, ca.signer, &request, &second), RS_CONFLICT);
}

static void refuses_what_does_not_fit(void **state)
{
	struct rs_bytes tbs, signature;
	(void)state;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	struct rs_sign_request request = test_request(&spec, tbs);
	request.sign_before = rs_clock_now(ca.clock) - 1;
	assert_int_equal(
		rs_signer_sign(&ca.ctx, ca.signer, &request, &signature), RS_EVIDENCE_STALE);
	request = test_request(&spec, tbs);
	request.serial[5] ^= 1;
	assert_int_equal(rs_signer_sign(&ca.ctx, ca.signer, &request, &signature), RS_LINT_FAILED);
	request = test_request(&spec, tbs);
	request.issuer = "nobody";
	assert_int_equal(
		rs_signer_sign(&ca.ctx, ca.signer, &request, &signature), RS_ISSUER_UNAVAILABLE);
	spec.not_after = ca.issuer->not_after + 1;
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	request = test_request(&spec, tbs);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_LINT_FAILED);
	assert_int_equal(rs_signer_sign(&ca.ctx, ca.signer, &request, &signature), RS_LINT_FAILED);
}

/* --- the journal --- */

static enum rs_code count_entry(struct rs_ctx *ctx, const struct rs_journal_entry *e, void *arg)
{
	(void)ctx;
	assert_string_equal(e->issuer, "demo");
	assert_string_equal(e->replica, "r1");
	++*(size_t *)arg;
	return RS_OK;
}

static size_t journal_count(void)
{
	size_t count = 0;
	assert_int_equal(rs_journal_read(&ca.ctx, ca.path[4], count_entry, &count), RS_OK);
	return count;
}

static void issue_one(void)
{
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	issue(&ca, &spec);
}

static void torn_end_is_cut(void **state)
{
	struct stat st;
	(void)state;
	issue_one();
	size_t before = journal_count();
	rs_signer_close(ca.signer);
	int fd = open(ca.path[4], O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "RSJ1\0\0\1\0torn", 12), 12);
	close(fd);
	assert_int_equal(journal_count(), before);
	test_open_signer(&ca);
	issue_one();
	assert_int_equal(journal_count(), before + 1);
	/* damage in the middle, with later batches behind it, is no torn end */
	rs_signer_close(ca.signer);
	stat(ca.path[4], &st);
	unsigned char octet;
	fd = open(ca.path[4], O_RDWR);
	assert_int_equal(pread(fd, &octet, 1, 60), 1);
	octet ^= 1;
	assert_int_equal(pwrite(fd, &octet, 1, 60), 1);
	size_t count = 0;
	assert_int_equal(
		rs_journal_read(&ca.ctx, ca.path[4], count_entry, &count), RS_ISSUER_UNAVAILABLE);
	octet ^= 1;
	assert_int_equal(pwrite(fd, &octet, 1, 60), 1);
	close(fd);
	test_open_signer(&ca);
	assert_int_equal(journal_count(), before + 1);
}

static void one_process_a_journal(void **state)
{
	struct rs_signer *second;
	const struct rs_signer_config config = {.issuers = &ca.config,
		.issuer_count = 1,
		.journal_file = ca.path[4],
		.replica_id = "r2",
		.clock = ca.clock};
	(void)state;
	assert_int_equal(
		rs_signer_open(&ca.ctx, ca.issuers, &config, &second), RS_ISSUER_UNAVAILABLE);
}

struct race {
	struct rs_tbs_spec spec[2];
	struct rs_bytes tbs[2];
	int thread;
	enum rs_code rc;
};

static void *sign_many(void *arg)
{
	struct race *race = arg;
	struct rs_ctx ctx;
	rs_ctx_init_system(&ctx, NULL, "test");
	for (int i = 0; i < 40 && race->rc == RS_OK; i++) {
		struct rs_tbs_spec spec = race->spec[0];
		struct rs_bytes tbs, signature;
		rs_serial_new(spec.serial);
		race->rc = rs_tbs_build(&ctx, &spec, &tbs);
		struct rs_sign_request request = test_request(&spec, tbs);
		if (race->rc == RS_OK)
			race->rc = rs_signer_sign(&ctx, ca.signer, &request, &signature);
	}
	rs_ctx_end(&ctx);
	return NULL;
}

static void many_at_once(void **state)
{
	pthread_t thread[8];
	struct race race[8];
	(void)state;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	size_t before = journal_count();
	for (int i = 0; i < 8; i++) {
		race[i] = (struct race){.spec = {test_spec(&ca, csr)}, .thread = i, .rc = RS_OK};
		assert_int_equal(pthread_create(&thread[i], NULL, sign_many, &race[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(race[i].rc, RS_OK);
	}
	assert_int_equal(journal_count(), before + 8 * 40);
}

static void *sign_one(void *arg)
{
	struct race *race = arg;
	struct rs_ctx ctx;
	struct rs_bytes signature;
	int which = race->thread % 2;
	rs_ctx_init_system(&ctx, NULL, "test");
	struct rs_sign_request request = test_request(&race->spec[which], race->tbs[which]);
	race->rc = rs_signer_sign(&ctx, ca.signer, &request, &signature);
	rs_ctx_end(&ctx);
	return NULL;
}

/* I7 under concurrency: of two contents for one serial, one is signed. */
static void one_content_a_serial(void **state)
{
	(void)state;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	for (int round = 0; round < 10; round++) {
		pthread_t thread[8];
		struct race race[8];
		struct race both = {.spec = {test_spec(&ca, csr)}};
		both.spec[1] = both.spec[0];
		both.spec[1].not_after -= 1;
		for (int i = 0; i < 2; i++)
			assert_int_equal(rs_tbs_build(&ca.ctx, &both.spec[i], &both.tbs[i]), RS_OK);
		size_t before = journal_count(), signedby[2] = {0};
		for (int i = 0; i < 8; i++) {
			race[i] = both;
			race[i].thread = i;
			pthread_create(&thread[i], NULL, sign_one, &race[i]);
		}
		for (int i = 0; i < 8; i++) {
			pthread_join(thread[i], NULL);
			assert_true(race[i].rc == RS_OK || race[i].rc == RS_CONFLICT);
			signedby[i % 2] += race[i].rc == RS_OK;
		}
		assert_int_equal(signedby[0] + signedby[1], 4);
		assert_int_equal(signedby[0] * signedby[1], 0);
		assert_int_equal(journal_count(), before + 1);
	}
}

#ifdef RS_FAILPOINTS
static enum rs_code try_to_sign(void)
{
	struct rs_bytes tbs, signature;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	struct rs_sign_request request = test_request(&spec, tbs);
	return rs_signer_sign(&ca.ctx, ca.signer, &request, &signature);
}

static void full_disk_passes_lost_sync_stays(void **state)
{
	(void)state;
	size_t before = journal_count();
	setenv("REISSUED_FAILPOINT", "journal_write:error", 1);
	assert_int_equal(try_to_sign(), RS_ISSUER_UNAVAILABLE);
	assert_null(rs_signer_trouble(ca.signer));
	unsetenv("REISSUED_FAILPOINT");
	assert_int_equal(try_to_sign(), RS_OK);
	assert_int_equal(journal_count(), before + 1);
	setenv("REISSUED_FAILPOINT", "journal_fsync:error", 1);
	assert_int_equal(try_to_sign(), RS_ISSUER_UNAVAILABLE);
	unsetenv("REISSUED_FAILPOINT");
	assert_int_equal(try_to_sign(), RS_ISSUER_UNAVAILABLE);
	assert_non_null(rs_signer_trouble(ca.signer));
}
#endif

/* I6 */
static void serials(void **state)
{
	size_t ones[RS_SERIAL_LEN * 8] = {0};
	unsigned char serial[RS_SERIAL_LEN];
	(void)state;
	for (int n = 0; n < 10000; n++) {
		rs_serial_new(serial);
		assert_true(serial[0] > 0 && serial[0] < 0x80);
		for (int b = 0; b < RS_SERIAL_LEN * 8; b++)
			ones[b] += serial[b / 8] >> (7 - b % 8) & 1;
	}
	for (int b = 1; b < RS_SERIAL_LEN * 8; b++)
		assert_in_range(ones[b], 4700, 5300);
}

/* I46: a start that must not succeed. */
static void start_fails_closed(void **state)
{
	struct rs_issuers *issuers;
	struct rs_signer *signer;
	int64_t now = rs_clock_now(ca.clock);
	(void)state;
	assert_int_equal(rs_issuers_load(&ca.ctx, &ca.config, 1, 1000000000, false, &issuers),
		RS_ISSUER_UNAVAILABLE);
	assert_non_null(strstr(ca.ctx.err.detail, "clock"));
	assert_int_equal(rs_issuers_load(&ca.ctx, &ca.config, 1, now + 40 * 86400, false, &issuers),
		RS_ISSUER_EXPIRED);
	assert_int_equal(rs_issuers_load(&ca.ctx, &ca.config, 1, now, true, &issuers),
		RS_ISSUER_UNAVAILABLE);
	assert_non_null(strstr(ca.ctx.err.detail, "trial"));
	struct test_ca other;
	test_ca_make(&other, "EC:P-256");
	struct rs_config_issuer mixed = ca.config;
	mixed.key_file = other.config.key_file;
	const struct rs_signer_config config = {.issuers = &mixed,
		.issuer_count = 1,
		.journal_file = "/dev/null",
		.clock = ca.clock};
	assert_int_equal(
		rs_signer_open(&ca.ctx, ca.issuers, &config, &signer), RS_ISSUER_UNAVAILABLE);
	assert_non_null(strstr(ca.ctx.err.detail, "does not belong"));
	chmod(other.config.passphrase_file, 0644);
	mixed = ca.config;
	mixed.passphrase_file = other.config.passphrase_file;
	assert_int_equal(
		rs_signer_open(&ca.ctx, ca.issuers, &config, &signer), RS_ISSUER_UNAVAILABLE);
	assert_non_null(strstr(ca.ctx.err.detail, "thers may read"));
	test_ca_end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_issuer_and_key),
		cmocka_unit_test(same_again_other_never),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(torn_end_is_cut),
		cmocka_unit_test(one_process_a_journal),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(one_content_a_serial),
		cmocka_unit_test(serials),
		cmocka_unit_test(start_fails_closed),
#ifdef RS_FAILPOINTS
		cmocka_unit_test(full_disk_passes_lost_sync_stays),
#endif
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
