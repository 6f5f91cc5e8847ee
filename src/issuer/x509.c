#include "rs/x509.h"

#include "cert.h"
#include "name.h"
#include "pem.h"
#include "spki.h"
#include "usage.h"

#include "rs/id.h"

#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define LABEL	"CERTIFICATE"
#define OID_MAX 256

struct rs_bytes rs_x509_assemble(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	struct rs_bytes tbs, struct rs_bytes signature)
{
	struct rs_der_out w = rs_der_out(ctx->arena, tbs.len + signature.len + 64);

	rs_der_put_bytes(&w, signature);
	rs_der_put(&w, "", 1); /* no unused bits */
	rs_der_wrap(&w, RS_DER_BIT_STRING, 0);
	rs_der_put_bytes(&w, issuer->signature_algorithm);
	rs_der_put_bytes(&w, tbs);
	rs_der_wrap(&w, RS_DER_SEQUENCE, 0);
	return rs_der_written(&w);
}

enum rs_code rs_x509_verify(
	struct rs_ctx *ctx, const struct rs_issuer *issuer, struct rs_bytes certificate)
{
	struct rs_cert cert;
	struct rs_spki spki;
	char why[256];
	bool good = false;

	if (rs_cert_read(certificate, &cert) && rs_spki_read(issuer->spki, &spki, why)) {
		const struct rs_sigalg *algorithm = rs_sigalg_find(cert.outer_algorithm);
		EVP_PKEY *key = rs_spki_load(&spki);
		good = key && algorithm && rs_bytes_eq(cert.algorithm, cert.outer_algorithm) &&
		       strcmp(algorithm->algorithm, issuer->key.algorithm) == 0 &&
		       rs_signature_verify(key, algorithm, cert.tbs, cert.signature);
		EVP_PKEY_free(key);
	}
	return good ? RS_OK
		    : rs_fail(ctx, RS_BAD_CERTIFICATE,
			      "The certificate is not signed by the issuer %s.", issuer->slug);
}

/* --- reading --- */

/* The OIDs of a SEQUENCE OF OID (or of SEQUENCEs that begin with one) as names. */
static json_t *read_oids(const struct rs_cert_ext *ext, bool nested, bool names)
{
	json_t *list = json_array();
	struct rs_der d, inside, item;
	struct rs_bytes oid;
	char dotted[OID_MAX];

	if (!ext)
		return list;
	d = rs_der_of(ext->value);
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside))
		return list;
	while (!rs_der_done(&inside)) {
		if (nested ? !rs_der_enter(&inside, RS_DER_SEQUENCE, &item) ||
					!rs_der_get(&item, RS_DER_OID, &oid)
			   : !rs_der_get(&inside, RS_DER_OID, &oid))
			break;
		if (rs_der_oid_text(oid, dotted, sizeof(dotted)))
			json_array_append_new(
				list, json_string(names ? rs_eku_name(dotted) : dotted));
	}
	return list;
}

static json_t *read_extensions(const struct rs_cert *cert)
{
	const struct rs_cert_ext *usage = rs_cert_find(cert, RS_EXT_KEY_USAGE);
	unsigned bits = 0;
	if (usage && !rs_usage_read(usage->value, &bits))
		bits = 0;
	return json_pack("{s:o, s:o, s:o}", "key_usage", rs_usage_json(bits), "extended_key_usage",
		read_oids(rs_cert_find(cert, RS_EXT_EKU), false, true), "policies",
		read_oids(rs_cert_find(cert, RS_EXT_POLICIES), true, false));
}

static void read_names(struct rs_ctx *ctx, const struct rs_cert *cert, struct rs_x509 *out)
{
	const struct rs_name_reader reader = {ctx, out->unsupported, out->unsupported, false};
	const struct rs_cert_ext *san = rs_cert_find(cert, RS_EXT_SAN);

	if (!rs_name_read(&reader, cert->subject, out->subject))
		json_array_append_new(out->unsupported, json_string("subject"));
	if (san && !rs_san_read(&reader, san->value, out->san))
		json_array_append_new(out->unsupported, json_string("san"));
}

enum rs_code rs_x509_parse(struct rs_ctx *ctx, struct rs_bytes der, struct rs_x509 **out)
{
	struct rs_x509 *x = rs_new(ctx->arena, struct rs_x509);
	struct rs_cert cert;
	struct rs_spki spki;
	char why[256];
	long path_length;

	if (!rs_der_strict(der) || !rs_cert_read(der, &cert))
		return rs_fail(ctx, RS_BAD_CERTIFICATE, "It is not an X.509 certificate in DER.");
	if (!rs_name_is(cert.issuer))
		return rs_fail(
			ctx, RS_BAD_CERTIFICATE, "The issuer is no Name (RFC 5280 4.1.2.4).");
	x->der = der;
	x->tbs = cert.tbs;
	x->serial = cert.serial;
	if (x->serial.len > 1 && x->serial.data[0] == 0)
		x->serial = (struct rs_bytes){x->serial.data + 1, x->serial.len - 1};
	x->issuer_name = cert.issuer;
	x->issuer = rs_name_text(ctx, cert.issuer);
	x->subject_text = rs_name_text(ctx, cert.subject);
	x->spki_der = cert.spki;
	if (!rs_spki_read(cert.spki, &spki, why))
		spki.kind = RS_KEY_NONE;
	rs_spki_describe(&spki, &x->key);
	x->subject = rs_arena_json(ctx->arena, json_object());
	x->san = rs_arena_json(ctx->arena, json_array());
	x->unsupported = rs_arena_json(ctx->arena, json_array());
	read_names(ctx, &cert, x);
	x->extensions = rs_arena_json(ctx->arena, read_extensions(&cert));
	x->not_before = cert.not_before;
	x->not_after = cert.not_after;
	const struct rs_cert_ext *basic = rs_cert_find(&cert, RS_EXT_BASIC);
	if (basic && !rs_basic_read(basic->value, &x->ca, &path_length))
		return rs_fail(ctx, RS_BAD_CERTIFICATE, "The basicConstraints are malformed.");
	rs_sha256(der.data, der.len, x->fingerprint_sha256);
	*out = x;
	return RS_OK;
}

bool rs_cert_issued_by(struct rs_bytes below, struct rs_bytes above, const char **why)
{
	const unsigned char *b = below.data, *a = above.data;
	X509 *leaf = d2i_X509(NULL, &b, (long)below.len);
	X509 *issuer = d2i_X509(NULL, &a, (long)above.len);
	EVP_PKEY *key = issuer ? X509_get0_pubkey(issuer) : NULL;

	*why = NULL;
	if (!leaf || !key)
		*why = "cannot be read";
	else if (X509_check_issued(issuer, leaf) != X509_V_OK)
		*why = "is not named as the issuer of the one before it";
	else if (X509_verify(leaf, key) != 1)
		*why = "did not sign the one before it";
	X509_free(leaf);
	X509_free(issuer);
	return !*why;
}

enum rs_code rs_x509_read_chain(struct rs_ctx *ctx, const void *pem, size_t len,
	struct rs_bytes chain[RS_CHAIN_MAX], size_t *count, struct rs_x509 **leaf)
{
	static const char *const labels[] = {LABEL, NULL};
	struct rs_bytes text = {pem, len};
	const char *why;

	*count = 0;
	if (len > RS_CHAIN_BYTES_MAX)
		return rs_fail(ctx, RS_BAD_CERTIFICATE,
			"At most %u bytes of certificates are read.", RS_CHAIN_BYTES_MAX);
	do {
		if (*count == RS_CHAIN_MAX)
			return rs_fail(ctx, RS_BAD_CERTIFICATE, "At most %d certificates are read.",
				RS_CHAIN_MAX);
		if (!rs_pem_next(ctx, &text, labels, &chain[*count], &why))
			return rs_fail(
				ctx, RS_BAD_CERTIFICATE, "Certificate %zu: %s", *count + 1, why);
		(*count)++;
	} while (text.len);
	enum rs_code rc = rs_x509_parse(ctx, chain[0], leaf);
	if (rc != RS_OK)
		return rc;
	for (size_t i = 1; i < *count; i++)
		if (!rs_cert_issued_by(chain[i - 1], chain[i], &why))
			return rs_fail(ctx, RS_BAD_CERTIFICATE,
				"Certificate %zu of the chain %s; the leaf comes first, then each "
				"one's issuer.",
				i + 1, why);
	return RS_OK;
}

const char *rs_x509_bundle_fault(struct rs_ctx *ctx, const char *pem)
{
	static const char *const labels[] = {LABEL, NULL};
	struct rs_bytes text = {(const unsigned char *)pem, strlen(pem)}, der;
	const char *why;
	size_t count = 0;

	do {
		X509 *x509 = NULL;

		if (count++ == RS_BUNDLE_MAX)
			return rs_arena_printf(ctx->arena, "At most %d certificates stand here.", RS_BUNDLE_MAX);
		if (!rs_pem_next(ctx, &text, labels, &der, &why))
			return rs_arena_printf(ctx->arena, "Certificate %zu: %s", count, why);
		const unsigned char *at = der.data;
		x509 = d2i_X509(NULL, &at, (long)der.len);
		if (!x509 || at != der.data + der.len)
			why = rs_arena_printf(ctx->arena, "Certificate %zu cannot be read.", count);
		else
			why = NULL;
		X509_free(x509);
		if (why)
			return why;
	} while (text.len);
	return NULL;
}

/* --- forms --- */

const char *rs_x509_pem(struct rs_ctx *ctx, struct rs_bytes der)
{
	return rs_pem_write(ctx, LABEL, der);
}

const char *rs_x509_chain_pem(
	struct rs_ctx *ctx, struct rs_bytes leaf, const struct rs_issuer *issuer)
{
	return rs_arena_printf(
		ctx->arena, "%s%s", rs_x509_pem(ctx, leaf), issuer ? issuer->chain_pem : "");
}

static bool add_certificate(PKCS7 *p7, struct rs_bytes der)
{
	const unsigned char *p = der.data;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.len);
	bool ok = certificate && PKCS7_add_certificate(p7, certificate) == 1;
	X509_free(certificate);
	return ok;
}

struct rs_bytes rs_x509_p7b(
	struct rs_ctx *ctx, struct rs_bytes leaf, const struct rs_issuer *issuer)
{
	PKCS7 *p7 = PKCS7_new();
	unsigned char *der = NULL;
	struct rs_bytes out = {0};
	bool ok = p7 && PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
		  PKCS7_content_new(p7, NID_pkcs7_data) == 1 && PKCS7_set_detached(p7, 1) == 1 &&
		  add_certificate(p7, leaf);

	for (size_t i = 0; ok && issuer && i < issuer->chain_count; i++)
		ok = add_certificate(p7, issuer->chain[i]);
	int len = ok ? i2d_PKCS7(p7, &der) : 0;
	if (len > 0)
		out = (struct rs_bytes){
			(unsigned char *)rs_arena_memdup(ctx->arena, der, (size_t)len),
			(size_t)len};
	OPENSSL_free(der);
	PKCS7_free(p7);
	return out;
}
