/*
 * Certificates as bytes: put together, read, bundled.
 *
 * What this service issued is read by the same code as what others issued and an officer imports;
 * the answer says in the API's own words what stands in a certificate and lists what we could not
 * carry into a new one (`unsupported`), so that nothing is dropped in silence.
 */
#ifndef RS_X509_H
#define RS_X509_H

#include "rs/issuer.h"
#include "rs/key.h"

/* The most certificates in one PEM upload, and the most bytes of it. */
#define RS_CHAIN_MAX 8
#define RS_CHAIN_BYTES_MAX (128u << 10)
#define RS_BUNDLE_MAX 32

struct rs_x509 {
	struct rs_bytes der;
	struct rs_bytes serial;      /* 1..20 octets without sign padding beyond DER's */
	struct rs_bytes issuer_name; /* DER Name */
	struct rs_bytes spki_der;
	struct rs_bytes tbs;
	const char *issuer;          /* RFC 4514 text of the issuer, for people */
	const char *subject_text;    /* the same of the subject */
	struct rs_key key;           /* kind RS_KEY_NONE when it is none we certify */
	json_t *subject;             /* object of 2.3 */
	json_t *san;                 /* array of {type, value} */
	json_t *extensions;          /* {key_usage, extended_key_usage, policies} */
	json_t *unsupported;         /* array of texts: names in it that our JSON cannot carry */
	int64_t not_before, not_after; /* seconds, inclusive */
	bool ca;
	unsigned char fingerprint_sha256[32];
};

/* TBS, the issuer's algorithm and a signature as one DER certificate, in the arena. */
struct rs_bytes rs_x509_assemble(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	struct rs_bytes tbs, struct rs_bytes signature);

/* RS_OK when the issuer's key made the signature over the certificate; else RS_BAD_CERTIFICATE. */
enum rs_code rs_x509_verify(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	struct rs_bytes certificate) RS_CHECK;

/* Reads one DER certificate. RS_BAD_CERTIFICATE. Everything is borrowed from the arena. */
enum rs_code rs_x509_parse(struct rs_ctx *ctx, struct rs_bytes der, struct rs_x509 **out) RS_CHECK;

/*
 * Reads an upload: PEM certificates, leaf first, each next one the issuer of the one before (names
 * and signatures are checked). *chain gets *count DER certificates, leaf first. RS_BAD_CERTIFICATE
 * with a sentence that says which one.
 */
enum rs_code rs_x509_read_chain(struct rs_ctx *ctx, const void *pem, size_t len,
	struct rs_bytes chain[RS_CHAIN_MAX], size_t *count, struct rs_x509 **leaf) RS_CHECK;

/*
 * Why a text is no trust bundle (1 to RS_BUNDLE_MAX PEM certificates, in any order): a sentence in the
 * arena, or NULL when it is one. Leaves ctx->err alone.
 */
const char *rs_x509_bundle_fault(struct rs_ctx *ctx, const char *pem);

/* "-----BEGIN CERTIFICATE-----" and so on, LF, NUL-terminated, in the arena. */
const char *rs_x509_pem(struct rs_ctx *ctx, struct rs_bytes der);
/* Leaf and the issuer's chain (NULL = the leaf alone) as PEM. */
const char *rs_x509_chain_pem(struct rs_ctx *ctx, struct rs_bytes leaf,
	const struct rs_issuer *issuer);
/* The same as a certs-only PKCS#7 (RFC 2315 SignedData without signers), DER. */
struct rs_bytes rs_x509_p7b(struct rs_ctx *ctx, struct rs_bytes leaf,
	const struct rs_issuer *issuer);

#endif
