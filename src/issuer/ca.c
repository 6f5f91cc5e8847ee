#include "rs/ca.h"

#include "cert.h"
#include "keyfile.h"
#include "pem.h"
#include "spki.h"

#include "rs/tbs.h"
#include "rs/x509.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Clocks of others may be behind; a certificate's notBefore is set back by up to this, too. */
#define BACKDATE_S 86400

static enum rs_code fail_openssl(struct rs_ctx *ctx, const char *what)
{
	return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "%s could not be made.", what);
}

static bool add_text(X509_NAME *name, const char *field, const char *text)
{
	return X509_NAME_add_entry_by_txt(
		       name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool add_extension(X509 *cert, X509V3_CTX *vc, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, vc, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool set_head(X509 *cert, const struct rs_ca_spec *spec, const char *suffix)
{
	unsigned char serial[RS_SERIAL_LEN];
	char name[256];
	rs_serial_new(serial);
	snprintf(name, sizeof(name), "%s%s", spec->name, suffix);
	BIGNUM *bn = BN_bin2bn(serial, sizeof(serial), NULL);
	bool ok =
		bn && X509_set_version(cert, X509_VERSION_3) == 1 &&
		BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) &&
		ASN1_TIME_adj(X509_getm_notBefore(cert), (time_t)(spec->now - BACKDATE_S), 0, 0) &&
		ASN1_TIME_adj(X509_getm_notAfter(cert),
			(time_t)(spec->now + spec->days * 86400 - 1), 0, 0) &&
		add_text(X509_get_subject_name(cert), "OU", RS_TRIAL_MARK) &&
		add_text(X509_get_subject_name(cert), "CN", name);
	BN_free(bn);
	return ok;
}

/* issuer NULL: it signs itself. */
static X509 *make_certificate(const struct rs_ca_spec *spec, const char *suffix, EVP_PKEY *key,
	X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	const struct rs_sigalg *algorithm = rs_sigalg_of_issuer(spec->kind);
	const EVP_MD *md =
		algorithm->digest < 0 ? NULL : rs_digest_md((enum rs_digest)algorithm->digest);
	X509V3_CTX vc;

	if (!cert || !set_head(cert, spec, suffix) || X509_set_pubkey(cert, key) != 1)
		goto fail;
	X509V3_set_ctx(&vc, issuer ? issuer : cert, cert, NULL, NULL, 0);
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert)) != 1 ||
		!add_extension(cert, &vc, NID_basic_constraints,
			issuer ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE") ||
		!add_extension(cert, &vc, NID_key_usage, "critical,keyCertSign,cRLSign") ||
		!add_extension(cert, &vc, NID_subject_key_identifier, "hash") ||
		(issuer &&
			!add_extension(cert, &vc, NID_authority_key_identifier, "keyid:always")) ||
		X509_sign(cert, issuer_key, md) == 0)
		goto fail;
	return cert;
fail:
	X509_free(cert);
	return NULL;
}

static struct rs_bytes to_der(struct rs_ctx *ctx, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	struct rs_bytes out = {0};
	if (len > 0)
		out = (struct rs_bytes){
			(unsigned char *)rs_arena_memdup(ctx->arena, der, (size_t)len),
			(size_t)len};
	OPENSSL_free(der);
	return out;
}

static enum rs_code write_text(
	struct rs_ctx *ctx, const char *dir, const char *file, const char *text)
{
	return rs_file_write_new(
		ctx, rs_arena_printf(ctx->arena, "%s/%s", dir, file), 0644, text, strlen(text));
}

static enum rs_code make_dir(struct rs_ctx *ctx, const char *dir)
{
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return RS_OK;
	return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "%s cannot be made: %s.", dir, strerror(errno));
}

static enum rs_code write_trial(struct rs_ctx *ctx, const struct rs_ca_spec *spec,
	EVP_PKEY *root_key, EVP_PKEY *key, X509 *root, X509 *issuing)
{
	const char *root_pem = rs_x509_pem(ctx, to_der(ctx, root));
	const char *pem = rs_x509_pem(ctx, to_der(ctx, issuing));
	enum rs_code rc =
		rs_keyfile_write(ctx, rs_arena_printf(ctx->arena, "%s/issuing.key", spec->dir), key,
			spec->passphrase_file);
	if (rc == RS_OK && spec->keep_root_key)
		rc = rs_keyfile_write(ctx, rs_arena_printf(ctx->arena, "%s/root.key", spec->dir),
			root_key, spec->passphrase_file);
	if (rc == RS_OK)
		rc = write_text(ctx, spec->dir, "root.crt", root_pem);
	if (rc == RS_OK)
		rc = write_text(ctx, spec->dir, "issuing.crt", pem);
	if (rc == RS_OK)
		rc = write_text(ctx, spec->dir, "chain.pem",
			rs_arena_printf(ctx->arena, "%s%s", pem, root_pem));
	return rc;
}

enum rs_code rs_ca_init(struct rs_ctx *ctx, const struct rs_ca_spec *spec)
{
	enum rs_code rc = make_dir(ctx, spec->dir);
	if (rc != RS_OK)
		return rc;
	EVP_PKEY *root_key = rs_keyfile_generate(spec->kind);
	EVP_PKEY *key = rs_keyfile_generate(spec->kind);
	X509 *root = NULL, *issuing = NULL;
	if (root_key && key)
		root = make_certificate(spec, " root", root_key, NULL, root_key);
	if (root)
		issuing = make_certificate(spec, "", key, root, root_key);
	rc = issuing ? write_trial(ctx, spec, root_key, key, root, issuing)
		     : fail_openssl(ctx, "The trial CA");
	X509_free(issuing);
	X509_free(root);
	EVP_PKEY_free(key);
	EVP_PKEY_free(root_key);
	return rc;
}

static X509_REQ *make_request(const struct rs_ca_spec *spec, EVP_PKEY *key)
{
	X509_REQ *req = X509_REQ_new();
	const struct rs_sigalg *algorithm = rs_sigalg_of_issuer(spec->kind);
	const EVP_MD *md =
		algorithm->digest < 0 ? NULL : rs_digest_md((enum rs_digest)algorithm->digest);
	if (req && add_text(X509_REQ_get_subject_name(req), "CN", spec->name) &&
		X509_REQ_set_pubkey(req, key) == 1 && X509_REQ_sign(req, key, md) > 0)
		return req;
	X509_REQ_free(req);
	return NULL;
}

enum rs_code rs_ca_csr(struct rs_ctx *ctx, const struct rs_ca_spec *spec)
{
	unsigned char *der = NULL;
	enum rs_code rc = make_dir(ctx, spec->dir);
	if (rc != RS_OK)
		return rc;
	EVP_PKEY *key = rs_keyfile_generate(spec->kind);
	X509_REQ *req = key ? make_request(spec, key) : NULL;
	int len = req ? i2d_X509_REQ(req, &der) : 0;
	if (len > 0)
		rc = rs_keyfile_write(ctx, rs_arena_printf(ctx->arena, "%s/issuing.key", spec->dir),
			key, spec->passphrase_file);
	else
		rc = fail_openssl(ctx, "The request");
	if (rc == RS_OK)
		rc = write_text(ctx, spec->dir, "issuing.csr",
			rs_pem_write(
				ctx, "CERTIFICATE REQUEST", (struct rs_bytes){der, (size_t)len}));
	OPENSSL_free(der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return rc;
}

enum rs_code rs_ca_check(struct rs_ctx *ctx, const struct rs_config_issuer *config, int64_t now)
{
	struct rs_issuers *issuers;
	EVP_PKEY *key = NULL;
	enum rs_code rc = rs_issuers_load(ctx, config, 1, now, false, &issuers);
	if (rc != RS_OK)
		return rc;
	rc = rs_keyfile_load(ctx, config, rs_issuers_at(issuers, 0), false, &key);
	EVP_PKEY_free(key);
	rs_issuers_free(issuers);
	return rc;
}
