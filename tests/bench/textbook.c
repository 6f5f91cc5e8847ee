/* The textbook way from a CSR to a certificate. */
#include "textbook.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

static const struct {
	int nid;
	const char *value;
} EXTENSIONS[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_ext_key_usage, "serverAuth"},
	{NID_subject_alt_name, "DNS:www.example.com"},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid"},
	{NID_info_access, "caIssuers;URI:http://ca.example.net/ca.crt"},
};

static int extend(X509 *cert, X509 *issuer)
{
	X509V3_CTX vc;
	int good = 1;

	X509V3_set_ctx(&vc, issuer, cert, NULL, NULL, 0);
	for (size_t i = 0; good && i < sizeof(EXTENSIONS) / sizeof(EXTENSIONS[0]); i++) {
		X509_EXTENSION *ext =
			X509V3_EXT_conf_nid(NULL, &vc, EXTENSIONS[i].nid, EXTENSIONS[i].value);

		good = ext && X509_add_ext(cert, ext, -1);
		X509_EXTENSION_free(ext);
	}
	return good;
}

static int fill(X509 *cert, const X509_REQ *req, const unsigned char *serial, X509 *issuer)
{
	BIGNUM *bn = BN_bin2bn(serial, 20, NULL);
	int good = X509_set_version(cert, X509_VERSION_3) &&
		BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) &&
		X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -300) &&
		X509_gmtime_adj(X509_getm_notAfter(cert), 10 * 86400) &&
		X509_set_subject_name(cert, X509_REQ_get_subject_name(req));

	BN_free(bn);
	return good;
}

X509 *bench_textbook(const unsigned char *csr, long len, const unsigned char *serial, X509 *issuer)
{
	X509_REQ *req = d2i_X509_REQ(NULL, &csr, len);
	EVP_PKEY *key = req ? X509_REQ_get_pubkey(req) : NULL;
	X509 *cert = X509_new();

	if (!key || X509_REQ_verify(req, key) != 1 || !fill(cert, req, serial, issuer) ||
		!X509_set_pubkey(cert, key) || !extend(cert, issuer)) {
		X509_free(cert);
		cert = NULL;
	}
	EVP_PKEY_free(key);
	X509_REQ_free(req);
	return cert;
}
