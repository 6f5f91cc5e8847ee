#include "keyfile.h"

#include "der.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024
#define KDF_ITERATIONS 600000

static int give_passphrase(char *buf, int size, int writing, void *arg)
{
	const char *passphrase = arg;
	(void)writing;
	int len = (int)strlen(passphrase);
	if (len > size)
		return -1;
	memcpy(buf, passphrase, (size_t)len);
	return len;
}

static bool others_may_read(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && (st.st_mode & S_IRWXO);
}

/* The first line of the file; on the stack of the caller, which cleanses it. */
static enum rs_code read_passphrase(struct rs_ctx *ctx, const char *path, char out[PASSPHRASE_MAX])
{
	if (others_may_read(path))
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"Others may read the passphrase in %s; make it 0600.", path);
	FILE *file = fopen(path, "re");
	bool ok = file && fgets(out, PASSPHRASE_MAX, file);
	if (file)
		fclose(file);
	if (!ok)
		return rs_fail(
			ctx, RS_ISSUER_UNAVAILABLE, "The passphrase in %s cannot be read.", path);
	out[strcspn(out, "\r\n")] = '\0';
	return RS_OK;
}

static enum rs_code read_key(
	struct rs_ctx *ctx, const struct rs_config_issuer *config, bool production, EVP_PKEY **out)
{
	char passphrase[PASSPHRASE_MAX] = "";
	bool plain = !config->passphrase_file || !*config->passphrase_file;
	enum rs_code rc = RS_OK;

	*out = NULL;
	if (plain && production)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"Issuer %s: production needs a passphrase_file; the key must be encrypted.",
			config->id);
	if (plain && others_may_read(config->key_file))
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"Issuer %s: others may read the plain key %s; make it 0600.", config->id,
			config->key_file);
	if (!plain)
		rc = read_passphrase(ctx, config->passphrase_file, passphrase);
	BIO *file = rc == RS_OK ? BIO_new_file(config->key_file, "r") : NULL;
	if (file)
		*out = PEM_read_bio_PrivateKey(file, NULL, give_passphrase, passphrase);
	BIO_free(file);
	OPENSSL_cleanse(passphrase, sizeof(passphrase));
	if (rc == RS_OK && !*out)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"Issuer %s: the key %s cannot be read with that passphrase.", config->id,
			config->key_file);
	return rc;
}

static enum rs_code check_key(struct rs_ctx *ctx, const struct rs_config_issuer *config,
	const struct rs_issuer *issuer, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	bool same = len > 0 && rs_bytes_eq(issuer->spki, (struct rs_bytes){der, (size_t)len});
	OPENSSL_free(der);
	return same ? RS_OK
		    : rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			      "Issuer %s: the key %s does not belong to the certificate %s.",
			      config->id, config->key_file, config->certificate_file);
}

enum rs_code rs_keyfile_load(struct rs_ctx *ctx, const struct rs_config_issuer *config,
	const struct rs_issuer *issuer, bool production, EVP_PKEY **out)
{
	enum rs_code rc = read_key(ctx, config, production, out);
	if (rc == RS_OK)
		rc = check_key(ctx, config, issuer, *out);
	if (rc != RS_OK) {
		EVP_PKEY_free(*out);
		*out = NULL;
	}
	return rc;
}

EVP_PKEY *rs_keyfile_generate(enum rs_key_kind kind)
{
	struct rs_key key = {0};
	rs_key_describe(kind, &key);
	if (key.curve)
		return EVP_EC_gen(key.curve);
	if (kind == RS_KEY_ED25519)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return kind == RS_KEY_NONE ? NULL : EVP_RSA_gen((unsigned)key.size);
}

enum rs_code rs_file_write_new(
	struct rs_ctx *ctx, const char *path, unsigned mode, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	const char *p = data;

	if (fd < 0 && errno == EEXIST)
		return rs_fail(ctx, RS_ALREADY_EXISTS,
			"%s is there already; nothing is overwritten.", path);
	while (fd >= 0 && len) {
		ssize_t n = write(fd, p, len);
		if (n < 0)
			break;
		p += n;
		len -= (size_t)n;
	}
	bool ok = fd >= 0 && len == 0 && fsync(fd) == 0;
	int error = errno;
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	return ok ? RS_OK
		  : rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "%s cannot be written: %s.", path,
			    strerror(error));
}

/* PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256. */
static bool encrypt_key(BIO *out, EVP_PKEY *key, const char *passphrase)
{
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
	X509_SIG *sealed = plain ? PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase,
					   (int)strlen(passphrase), NULL, 0, KDF_ITERATIONS, plain)
				 : NULL;
	bool ok = sealed && PEM_write_bio_PKCS8(out, sealed) == 1;
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(plain);
	return ok;
}

enum rs_code rs_keyfile_write(
	struct rs_ctx *ctx, const char *path, EVP_PKEY *key, const char *passphrase_file)
{
	char passphrase[PASSPHRASE_MAX];
	char *data;
	enum rs_code rc = read_passphrase(ctx, passphrase_file, passphrase);
	BIO *out = rc == RS_OK ? BIO_new(BIO_s_mem()) : NULL;

	if (rc == RS_OK && (!out || !encrypt_key(out, key, passphrase)))
		rc = rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The key cannot be encrypted.");
	OPENSSL_cleanse(passphrase, sizeof(passphrase));
	if (rc == RS_OK) {
		long len = BIO_get_mem_data(out, &data);
		rc = rs_file_write_new(ctx, path, 0600, data, (size_t)len);
	}
	BIO_free(out);
	return rc;
}
