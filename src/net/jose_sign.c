/* Making signed tokens (RFC 7515): the assertions by which we sign in at an identity provider. */
#include "rs/jose.h"

#include "jose_internal.h"

#include "rs/id.h"
#include "rs/json.h"

#include <openssl/bn.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN  2048
#define SIGNATURE_MAX 2048 /* of RSA with 16384 bits */

/* The curve of an EC algorithm as OpenSSL names it, and the octets of each half of a signature. */
static const struct curve {
	const char *alg;
	const char *group;
	size_t half;
} CURVES[] = {
	{"ES256", "prime256v1", 32},
	{"ES384", "secp384r1", 48},
	{"ES512", "secp521r1", 66},
};

static const struct curve *curve_of(const char *alg)
{
	for (size_t i = 0; i < sizeof(CURVES) / sizeof(CURVES[0]); i++)
		if (strcmp(CURVES[i].alg, alg) == 0)
			return &CURVES[i];
	return NULL;
}

const EVP_MD *rs_jose_hash(const char *alg)
{
	const char *bits = alg + strlen(alg) - 3;
	return strcmp(bits, "384") == 0	  ? EVP_sha384()
	       : strcmp(bits, "512") == 0 ? EVP_sha512()
					  : EVP_sha256();
}

static EVP_PKEY *key_read(const char *pem)
{
	EVP_PKEY *key = NULL;
	const unsigned char *data = (const unsigned char *)pem;
	size_t len = strlen(pem);
	OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
		&key, "PEM", NULL, NULL, OSSL_KEYMGMT_SELECT_PRIVATE_KEY, NULL, NULL);
	/* An encrypted key must not make OpenSSL ask a terminal. */
	OSSL_DECODER_CTX_set_passphrase(decoder, (const unsigned char *)"", 0);
	if (!OSSL_DECODER_from_data(decoder, &data, &len)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	OSSL_DECODER_CTX_free(decoder);
	return key;
}

static const char *key_fault(const EVP_PKEY *key, const char *alg)
{
	const struct curve *curve = curve_of(alg);
	char group[32] = "";
	if (!key)
		return "A private key in PEM is needed, PKCS#8 without a passphrase.";
	if (!curve)
		return !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < RSA_BITS_MIN
			       ? "The algorithm needs an RSA key of at least 2048 bits."
			       : NULL;
	if (!EVP_PKEY_is_a(key, "EC") ||
		!EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) ||
		strcmp(group, curve->group) != 0)
		return "The algorithm needs an EC key on its curve.";
	return NULL;
}

const char *rs_jose_private_key_fault(const char *pem, const char *alg)
{
	EVP_PKEY *key = key_read(pem);
	const char *why = key_fault(key, alg);
	EVP_PKEY_free(key);
	return why;
}

/* DER of ECDSA-Sig-Value to the two halves of RFC 7518 3.4. */
static size_t halves(unsigned char *signature, size_t len, size_t half)
{
	const unsigned char *der = signature;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, (int)half) > 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + half, (int)half) > 0;
	ECDSA_SIG_free(sig);
	return good ? 2 * half : 0;
}

/* The octets of the signature; 0 when OpenSSL could not. */
static size_t sign(EVP_PKEY *key, const char *alg, const char *input, unsigned char *signature)
{
	const struct curve *curve = curve_of(alg);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;
	size_t len = SIGNATURE_MAX;
	bool good = md && EVP_DigestSignInit(md, &pkey, rs_jose_hash(alg), NULL, key) == 1;
	if (good && alg[0] == 'P')
		good = EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good && EVP_DigestSign(md, signature, &len, (const unsigned char *)input,
			       strlen(input)) == 1;
	EVP_MD_CTX_free(md);
	if (good && curve)
		len = halves(signature, len, curve->half);
	return good ? len : 0;
}

static const char *part(struct rs_ctx *ctx, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	if (!text)
		abort();
	const char *out = rs_b64url(ctx->arena, text, strlen(text));
	free(text);
	return out;
}

enum rs_code rs_jose_sign(struct rs_ctx *ctx, const char *pem, const char *alg,
	const json_t *header, const json_t *claims, const char **token)
{
	unsigned char signature[SIGNATURE_MAX];
	EVP_PKEY *key = key_read(pem);
	const char *why = key_fault(key, alg);
	json_t *whole = rs_arena_json(ctx->arena, json_pack("{s:s}", "alg", alg));
	size_t len = 0;
	json_object_update(whole, (json_t *)(uintptr_t)header);
	const char *input =
		rs_arena_printf(ctx->arena, "%s.%s", part(ctx, whole), part(ctx, claims));
	if (!why)
		len = sign(key, alg, input, signature);
	EVP_PKEY_free(key);
	if (len == 0)
		return rs_fail(ctx, RS_INTERNAL, "%s", why ? why : "Signing failed.");
	*token = rs_arena_printf(ctx->arena, "%s.%s", input, rs_b64url(ctx->arena, signature, len));
	return RS_OK;
}
