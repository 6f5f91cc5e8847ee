/* Building and reading certificates: every member and name there and back (I25, I26), chains,
 * PKCS#7. */
#include "issuer_test.h"

#include <openssl/pkcs7.h>

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
	test_ca_end(&ca);
	return 0;
}

static const char SUBJECT[] =
	"{\"domain_component\": [\"example\", \"com\"], \"country\": \"DE\", \"state\": \"Bayern\","
	" \"locality\": \"M\xc3\xbcnchen\", \"postal_code\": \"80331\", \"street\": [\"A 1\", \"B "
	"2\"],"
	" \"organization\": \"Example & \xc3\x96\", \"organization_identifier\": \"VATDE-1\","
	" \"organizational_unit\": [\"X\", \"Y\"], \"business_category\": \"Private Organization\","
	" \"serial_number\": \"HRB 1\", \"title\": \"Dr\", \"surname\": \"M\xc3\xbcller\","
	" \"given_name\": \"Eva\", \"common_name\": \"Eva M\xc3\xbcller\","
	" \"email_address\": \"eva@example.com\"}";
static const char NAMES[] = "[{\"type\": \"dns\", \"value\": \"www.example.com\"}, {\"type\": "
			    "\"ip\", \"value\": \"192.0.2.1\"},"
			    " {\"type\": \"ip\", \"value\": \"2001:db8::1\"}, {\"type\": "
			    "\"email\", \"value\": \"eva@example.com\"},"
			    " {\"type\": \"uri\", \"value\": \"https://example.com/a\"}, "
			    "{\"type\": \"upn\", \"value\": \"eva@corp.example\"},"
			    " {\"type\": \"other_name\", \"oid\": \"1.2.3.4\", \"encoding\": "
			    "\"utf8\", \"value\": \"\xc3\xbc\"},"
			    " {\"type\": \"other_name\", \"oid\": \"1.2.3.5\", \"encoding\": "
			    "\"der\", \"value\": \"MAMCAQU=\"}]";

static struct rs_tbs_spec full_spec(void)
{
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	spec.subject = rs_arena_json(ca.ctx.arena, json_loads(SUBJECT, 0, NULL));
	spec.san = rs_arena_json(ca.ctx.arena, json_loads(NAMES, 0, NULL));
	spec.policies =
		rs_arena_json(ca.ctx.arena, json_pack("[s, s]", "1.2.3.4", "2.23.140.1.2.1"));
	spec.crl_url = "http://ca.example.net/crl";
	spec.ocsp_url = "http://ca.example.net/ocsp";
	assert_non_null(spec.subject);
	assert_non_null(spec.san);
	return spec;
}

/* With a dummy signature: these tests are about the bytes before it. */
static struct rs_bytes build(const struct rs_tbs_spec *spec)
{
	struct rs_bytes tbs;
	enum rs_code rc = rs_tbs_build(&ca.ctx, spec, &tbs);
	if (rc != RS_OK)
		fail_msg("%s: %s", ca.ctx.err.pointer, ca.ctx.err.detail);
	return rs_x509_assemble(
		&ca.ctx, ca.issuer, tbs, (struct rs_bytes){(const unsigned char *)"\0\0", 2});
}

static void there_and_back(void **state)
{
	struct rs_x509 *x;
	json_t *findings;
	(void)state;
	struct rs_tbs_spec spec = full_spec();
	struct rs_bytes der = build(&spec);
	const unsigned char *p = der.data;
	X509 *stock = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(stock);
	unsigned char *again = NULL;
	assert_int_equal(i2d_re_X509_tbs(stock, &again) > 0, 1);
	assert_memory_equal(again, der.data + 4, 20);
	OPENSSL_free(again);
	X509_free(stock);
	assert_int_equal(rs_x509_parse(&ca.ctx, der, &x), RS_OK);
	assert_true(json_equal(x->subject, spec.subject));
	assert_true(json_equal(x->san, spec.san));
	assert_int_equal(json_array_size(x->unsupported), 0);
	assert_true(json_equal(json_object_get(x->extensions, "policies"), spec.policies));
	assert_int_equal(rs_lint_certificate(&ca.ctx, ca.issuer, der, &findings), RS_OK);
	/* the signature is a dummy, the common name no DNS name, and that is all */
	assert_true(json_array_size(findings) <= 1);
}

static void times(void **state)
{
	static const int64_t ends[] = {
		2147483647, 2147483648, 2524607999, 2524608000, 4102444800, 253402300799};
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct rs_x509 *x;
		struct rs_tbs_spec spec = full_spec();
		spec.not_after = ends[i];
		struct rs_bytes der = build(&spec);
		const unsigned char *p = der.data;
		X509 *stock = d2i_X509(NULL, &p, (long)der.len);
		assert_int_equal(X509_get0_notAfter(stock)->type,
			ends[i] < 2524608000 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);
		assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(stock), ends[i]), 0);
		X509_free(stock);
		assert_int_equal(rs_x509_parse(&ca.ctx, der, &x), RS_OK);
		assert_int_equal(x->not_after, ends[i]);
	}
	struct rs_bytes tbs;
	struct rs_tbs_spec spec = full_spec();
	spec.not_after = 253402300800;
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OUT_OF_RANGE);
	rs_err_reset(&ca.ctx.err);
	spec = full_spec();
	spec.not_after = spec.not_before - 1;
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OUT_OF_RANGE);
	rs_err_reset(&ca.ctx.err);
}

static void tells_what_cannot_be_encoded(void **state)
{
	struct rs_bytes tbs;
	(void)state;
	struct rs_tbs_spec spec = full_spec();
	spec.subject = rs_arena_json(
		ca.ctx.arena, json_pack("{s:s, s:s}", "country", "D\xc3\x84", "unheard_of", "x"));
	spec.san = rs_arena_json(
		ca.ctx.arena, json_pack("[{s:s, s:s}, {s:s, s:s}]", "type", "dns", "value",
				      "a.example", "type", "ip", "value", "1.2.3"));
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_BAD_NAME);
	assert_int_equal(json_array_size(ca.ctx.err.faults), 3);
	rs_err_reset(&ca.ctx.err);
}

static void chains(void **state)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	struct rs_x509 *leaf;
	size_t count;
	(void)state;
	const char *pem = ca.issuer->chain_pem;
	assert_int_equal(
		rs_x509_read_chain(&ca.ctx, pem, strlen(pem), chain, &count, &leaf), RS_OK);
	assert_int_equal(count, 2);
	assert_true(leaf->ca);
	char *swapped = rs_arena_printf(ca.ctx.arena, "%s%s", rs_x509_pem(&ca.ctx, chain[1]),
		rs_x509_pem(&ca.ctx, chain[0]));
	assert_int_equal(
		rs_x509_read_chain(&ca.ctx, swapped, strlen(swapped), chain, &count, &leaf),
		RS_BAD_CERTIFICATE);
	assert_non_null(strstr(ca.ctx.err.detail, "leaf comes first"));
	char *many = rs_arena_strdup(ca.ctx.arena, "");
	for (int i = 0; i < RS_CHAIN_MAX + 1; i++)
		many = rs_arena_printf(ca.ctx.arena, "%s%s", many, ca.issuer->ca_pem);
	assert_int_equal(rs_x509_read_chain(&ca.ctx, many, strlen(many), chain, &count, &leaf),
		RS_BAD_CERTIFICATE);
}

/* RFC 5280 4.1.2.4: the issuer is a Name, whose parts are sets. Found by fuzz_certificate. */
static void refuses_an_issuer_that_is_no_name(void **state)
{
	static const char WHY[] = "The issuer is no Name (RFC 5280 4.1.2.4).";
	struct rs_tbs_spec spec = full_spec();
	struct rs_bytes der = build(&spec);
	unsigned char *broken = (unsigned char *)rs_arena_memdup(
		ca.ctx.arena, der.data, der.len);
	struct rs_x509 *x;
	size_t at;
	(void)state;
	assert_int_equal(rs_x509_parse(&ca.ctx, der, &x), RS_OK);
	at = (size_t)(x->issuer_name.data - der.data) + 2;
	assert_int_equal(broken[at], 0x31);
	broken[at] = 0x30;
	assert_int_equal(rs_x509_parse(&ca.ctx, (struct rs_bytes){broken, der.len}, &x),
		RS_BAD_CERTIFICATE);
	assert_string_equal(ca.ctx.err.detail, WHY);
	rs_err_reset(&ca.ctx.err);
}

static void bundle(void **state)
{
	(void)state;
	struct rs_tbs_spec spec = full_spec();
	struct rs_bytes p7b = rs_x509_p7b(&ca.ctx, build(&spec), ca.issuer);
	const unsigned char *p = p7b.data;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)p7b.len);
	assert_non_null(p7);
	assert_true(p == p7b.data + p7b.len);
	assert_int_equal(sk_X509_num(p7->d.sign->cert), 3);
	PKCS7_free(p7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(times),
		cmocka_unit_test(tells_what_cannot_be_encoded),
		cmocka_unit_test(chains),
		cmocka_unit_test(refuses_an_issuer_that_is_no_name),
		cmocka_unit_test(bundle),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
