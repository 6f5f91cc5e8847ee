/*
 * CA keys in files: PKCS#8 PEM, encrypted under a passphrase from another file.
 */
#ifndef RS_ISSUER_KEYFILE_H
#define RS_ISSUER_KEYFILE_H

#include "rs/issuer.h"

#include <openssl/evp.h>

/*
 * Loads the key of an issuer and checks that it belongs to its certificate. RS_ISSUER_UNAVAILABLE
 * with the sentence; *out is NULL then. The caller frees it. A key without passphrase_file may be
 * plain, but not in production and not when others may read it.
 */
enum rs_code rs_keyfile_load(struct rs_ctx *ctx, const struct rs_config_issuer *config,
	const struct rs_issuer *issuer, bool production, EVP_PKEY **out) RS_CHECK;

/* A new key of this kind; NULL when OpenSSL fails. The caller frees it. */
EVP_PKEY *rs_keyfile_generate(enum rs_key_kind kind);

/* Writes a key, encrypted, as a new file with 0600; RS_ALREADY_EXISTS, RS_ISSUER_UNAVAILABLE. */
enum rs_code rs_keyfile_write(struct rs_ctx *ctx, const char *path, EVP_PKEY *key,
	const char *passphrase_file) RS_CHECK;

/* Writes a new file; RS_ALREADY_EXISTS when there is one, RS_ISSUER_UNAVAILABLE. */
enum rs_code rs_file_write_new(struct rs_ctx *ctx, const char *path, unsigned mode,
	const void *data, size_t len) RS_CHECK;

#endif
