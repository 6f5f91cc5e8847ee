#include "rs/ca.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERIAL_LEN 20 /* RFC 5280 4.1.2.2: at most 20 octets; the first bit stays 0 */

/* What is made on the way; freed in one place. */
struct made {
	EVP_PKEY *root_key;
	EVP_PKEY *key;
	X509 *root;
	X509 *issuing;
};

/* The algorithms by name: what EVP_PKEY_Q_keygen() wants to hear. */
static const struct algorithm {
	const char *name;
	const char *type;
	const char *curve;
	size_t bits;
} ALGORITHMS[] = {
	{"EC:P-256", "EC", "P-256", 0},
	{"EC:P-384", "EC", "P-384", 0},
	{"RSA:2048", "RSA", NULL, 2048},
	{"RSA:3072", "RSA", NULL, 3072},
	{"RSA:4096", "RSA", NULL, 4096},
	{"Ed25519", "ED25519", NULL, 0},
};

static const struct algorithm *find_algorithm(const char *name)
{
	for (size_t i = 0; i < sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]); i++)
		if (strcmp(ALGORITHMS[i].name, name) == 0)
			return &ALGORITHMS[i];
	return NULL;
}

static EVP_PKEY *make_key(const struct algorithm *algorithm)
{
	if (algorithm->curve)
		return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->type, algorithm->curve);
	if (algorithm->bits)
		return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->type, algorithm->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->type);
}

/* RFC 5280 4.1.1.2: the digest that goes with the signer's key; none for Ed25519. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 384 ? EVP_sha384()
									 : EVP_sha256();
}

static bool set_serial(X509 *cert)
{
	unsigned char octets[SERIAL_LEN];
	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40);
	BIGNUM *number = BN_bin2bn(octets, sizeof(octets), NULL);
	bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return ok;
}

static bool add_name(X509 *cert, const char *type, const char *value)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), type, MBSTRING_UTF8,
		(const unsigned char *)value, -1, -1, 0);
}

static bool set_subject(X509 *cert, const char *organization, const char *what)
{
	return add_name(cert, "O", organization) && add_name(cert, "OU", RS_TRIAL_MARK) &&
	       add_name(cert, "CN", what);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX v3;
	X509V3_set_ctx(&v3, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
	bool ok = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return ok;
}

/* RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.3, 4.2.1.9. */
static bool add_extensions(X509 *cert, X509 *issuer)
{
	bool root = cert == issuer;
	return add_extension(cert, issuer, NID_basic_constraints,
		       root ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0") &&
	       add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
	       (root || add_extension(cert, issuer, NID_authority_key_identifier, "keyid:always"));
}

/* A CA certificate for key, signed by issuer's key; issuer NULL = self-signed. */
static X509 *make_certificate(const struct rs_trial_ca *ca, const char *what, EVP_PKEY *key,
	X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	if (!cert)
		return NULL;
	X509 *signer = issuer ? issuer : cert;
	/* A minute back: another machine's clock may be a little behind. */
	if (X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
		X509_time_adj_ex(X509_getm_notAfter(cert), ca->days, 0, NULL) &&
		set_subject(cert, ca->name, what) &&
		X509_set_issuer_name(cert, X509_get_subject_name(signer)) &&
		X509_set_pubkey(cert, key) && add_extensions(cert, signer) &&
		X509_sign(cert, issuer_key, digest_for(issuer_key)))
		return cert;
	X509_free(cert);
	return NULL;
}

static bool make_all(const struct rs_trial_ca *ca, const struct algorithm *algorithm,
	struct made *made)
{
	made->root_key = make_key(algorithm);
	made->key = make_key(algorithm);
	if (!made->root_key || !made->key)
		return false;
	made->root = make_certificate(ca, "Trial Root CA", made->root_key, NULL, made->root_key);
	if (made->root)
		made->issuing = make_certificate(
			ca, "Trial Issuing CA", made->key, made->root, made->root_key);
	return made->issuing != NULL;
}

/* A new file of dir for writing, or NULL with the fault told in ctx. */
static FILE *open_new(struct rs_ctx *ctx, const char *dir, const char *name, mode_t mode,
	enum rs_code *rc)
{
	const char *path = rs_arena_printf(ctx->arena, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	*rc = RS_OK;
	if (!file)
		*rc = rs_fail(ctx, RS_VALIDATION_FAILED, "%s cannot be made: %s.", path,
			strerror(errno));
	return file;
}

static enum rs_code close_file(struct rs_ctx *ctx, FILE *file, bool written)
{
	bool ok = written && fflush(file) == 0 && fsync(fileno(file)) == 0;
	if (fclose(file) != 0 || !ok)
		return rs_fail(ctx, RS_INTERNAL, "A file of the CA could not be written.");
	return RS_OK;
}

static enum rs_code write_certificates(struct rs_ctx *ctx, const char *dir, const char *name,
	X509 *first, X509 *second)
{
	enum rs_code rc;
	FILE *file = open_new(ctx, dir, name, 0644, &rc);
	if (!file)
		return rc;
	return close_file(ctx, file,
		PEM_write_X509(file, first) && (!second || PEM_write_X509(file, second)));
}

static enum rs_code write_key(struct rs_ctx *ctx, const struct rs_trial_ca *ca, EVP_PKEY *key)
{
	enum rs_code rc;
	FILE *file = open_new(ctx, ca->dir, "issuing.key", 0600, &rc);
	if (!file)
		return rc;
	return close_file(ctx, file,
		PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), ca->passphrase,
			(int)strlen(ca->passphrase), NULL, NULL));
}

static enum rs_code write_all(
	struct rs_ctx *ctx, const struct rs_trial_ca *ca, const struct made *made)
{
	if (mkdir(ca->dir, 0755) != 0 && errno != EEXIST)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "%s cannot be made: %s.", ca->dir,
			strerror(errno));
	enum rs_code rc = write_key(ctx, ca, made->key);
	if (rc == RS_OK)
		rc = write_certificates(ctx, ca->dir, "root.crt", made->root, NULL);
	if (rc == RS_OK)
		rc = write_certificates(ctx, ca->dir, "issuing.crt", made->issuing, NULL);
	if (rc == RS_OK)
		rc = write_certificates(ctx, ca->dir, "chain.pem", made->issuing, made->root);
	return rc;
}

enum rs_code rs_trial_ca_make(struct rs_ctx *ctx, const struct rs_trial_ca *ca)
{
	const struct algorithm *algorithm = find_algorithm(ca->algorithm);
	struct made made = {0};

	if (!algorithm)
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"%s is no algorithm of a CA: EC:P-256, EC:P-384, RSA:2048, RSA:3072, "
			"RSA:4096 or Ed25519.",
			ca->algorithm);
	if (!*ca->name || strlen(ca->name) > 64)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "The name has 1 to 64 characters.");
	if (ca->days < 1 || ca->days > RS_TRIAL_DAYS_MAX)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "The days are 1 to %d.", RS_TRIAL_DAYS_MAX);
	if (strlen(ca->passphrase) < 8)
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"The passphrase has at least 8 characters in its first line.");
	enum rs_code rc = make_all(ca, algorithm, &made)
				  ? write_all(ctx, ca, &made)
				  : rs_fail(ctx, RS_INTERNAL, "OpenSSL could not make the CA.");
	X509_free(made.issuing);
	X509_free(made.root);
	EVP_PKEY_free(made.key);
	EVP_PKEY_free(made.root_key);
	return rc;
}
