/*
 * What needs OpenSSL's providers: fetched digests, prepared parameter keys, loading and verifying.
 * Everything here is made once, at the first use, and only read afterwards.
 */
#include "der.h"
#include "spki.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RSA_OCTETS_MAX 512

struct crypto {
	EVP_MD *md[RS_DIGEST_COUNT];
	EVP_PKEY *curve[RS_KEY_KIND_COUNT]; /* parameters without a point */
};
static struct crypto crypto;
static pthread_once_t crypto_once = PTHREAD_ONCE_INIT;

static EVP_PKEY *make_curve(const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)name, 0),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *kc = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (!kc || EVP_PKEY_fromdata_init(kc) != 1 ||
		EVP_PKEY_fromdata(kc, &key, EVP_PKEY_KEY_PARAMETERS, params) != 1)
		abort(); /* an OpenSSL without its NIST curves: nothing can work */
	EVP_PKEY_CTX_free(kc);
	return key;
}

static void make_crypto(void)
{
	static const char *const names[RS_DIGEST_COUNT] = {"SHA1", "SHA256", "SHA384", "SHA512"};
	for (int i = 0; i < RS_DIGEST_COUNT; i++) {
		crypto.md[i] = EVP_MD_fetch(NULL, names[i], NULL);
		if (!crypto.md[i])
			abort();
	}
	for (int kind = RS_KEY_NONE + 1; kind < RS_KEY_KIND_COUNT; kind++) {
		struct rs_key key = {0};
		rs_key_describe((enum rs_key_kind)kind, &key);
		if (key.curve)
			crypto.curve[kind] = make_curve(key.curve);
	}
}

static const struct crypto *get_crypto(void)
{
	pthread_once(&crypto_once, make_crypto);
	return &crypto;
}

const EVP_MD *rs_digest_md(enum rs_digest digest)
{
	return get_crypto()->md[digest];
}

void rs_key_id(struct rs_bytes bits, unsigned char out[20])
{
	unsigned len = 0;
	if (EVP_Digest(bits.data, bits.len, out, &len, rs_digest_md(RS_SHA1), NULL) != 1)
		abort();
}

static EVP_PKEY *load_rsa(const struct rs_spki *spki)
{
	unsigned char n[RSA_OCTETS_MAX], e[8];
	size_t nlen = spki->modulus.len, elen = spki->exponent.len;

	if (nlen > sizeof(n) || elen > sizeof(e))
		return NULL;
	/* OSSL_PARAM wants the machine's order: little-endian on everything we run on. */
	for (size_t i = 0; i < nlen; i++)
		n[i] = spki->modulus.data[nlen - 1 - i];
	for (size_t i = 0; i < elen; i++)
		e[i] = spki->exponent.data[elen - 1 - i];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, nlen),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, elen),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *kc = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (!kc || EVP_PKEY_fromdata_init(kc) != 1 ||
		EVP_PKEY_fromdata(kc, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(kc);
	return key;
}

/*
 * The point is decoded by OpenSSL, which refuses coordinates outside the field and points off the
 * curve; rs_spki_read() has refused infinity by its length. The order of these curves is prime, so
 * a point on the curve is in the right group and no multiplication is needed.
 */
static EVP_PKEY *load_ec(const struct rs_spki *spki)
{
	EVP_PKEY *key = EVP_PKEY_dup(get_crypto()->curve[spki->kind]);
	if (key && EVP_PKEY_set1_encoded_public_key(key, spki->point.data, spki->point.len) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

EVP_PKEY *rs_spki_load(const struct rs_spki *spki)
{
	switch (spki->kind) {
	case RS_KEY_RSA_2048:
	case RS_KEY_RSA_3072:
	case RS_KEY_RSA_4096:
		return load_rsa(spki);
	case RS_KEY_EC_P256:
	case RS_KEY_EC_P384:
	case RS_KEY_EC_P521:
		return load_ec(spki);
	case RS_KEY_ED25519:
		return EVP_PKEY_new_raw_public_key(
			EVP_PKEY_ED25519, NULL, spki->point.data, spki->point.len);
	default:
		return NULL;
	}
}

#define RSA_SHA(n)   RS_LITERAL("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" n "\x05\x00")
#define ECDSA_SHA(n) RS_LITERAL("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" n)

static const struct rs_sigalg SIGALGS[] = {
	{RSA_SHA("\x0b"), "RSA", "sha256WithRSAEncryption", RS_SHA256},
	{RSA_SHA("\x0c"), "RSA", "sha384WithRSAEncryption", RS_SHA384},
	{RSA_SHA("\x0d"), "RSA", "sha512WithRSAEncryption", RS_SHA512},
	{ECDSA_SHA("\x02"), "EC", "ecdsa-with-SHA256", RS_SHA256},
	{ECDSA_SHA("\x03"), "EC", "ecdsa-with-SHA384", RS_SHA384},
	{ECDSA_SHA("\x04"), "EC", "ecdsa-with-SHA512", RS_SHA512},
	{RS_LITERAL("\x30\x05\x06\x03\x2b\x65\x70"), "Ed25519", "Ed25519", -1},
};
#define SIGALG_COUNT (sizeof(SIGALGS) / sizeof(SIGALGS[0]))

const struct rs_sigalg *rs_sigalg_find(struct rs_bytes der)
{
	for (size_t i = 0; i < SIGALG_COUNT; i++)
		if (rs_bytes_eq(SIGALGS[i].der, der))
			return &SIGALGS[i];
	return NULL;
}

const struct rs_sigalg *rs_sigalg_of_issuer(enum rs_key_kind kind)
{
	static const signed char by_kind[RS_KEY_KIND_COUNT] = {
		[RS_KEY_NONE] = -1,
		[RS_KEY_RSA_2048] = 0,
		[RS_KEY_RSA_3072] = 0,
		[RS_KEY_RSA_4096] = 0,
		[RS_KEY_EC_P256] = 3,
		[RS_KEY_EC_P384] = 4,
		[RS_KEY_EC_P521] = 5,
		[RS_KEY_ED25519] = 6,
	};
	return by_kind[kind] < 0 ? NULL : &SIGALGS[by_kind[kind]];
}

bool rs_signature_verify(EVP_PKEY *key, const struct rs_sigalg *algorithm, struct rs_bytes message,
	struct rs_bytes signature)
{
	EVP_MD_CTX *mc = EVP_MD_CTX_new();
	const EVP_MD *md =
		algorithm->digest < 0 ? NULL : rs_digest_md((enum rs_digest)algorithm->digest);
	bool good =
		mc && EVP_DigestVerifyInit(mc, NULL, md, NULL, key) == 1 &&
		EVP_DigestVerify(mc, signature.data, signature.len, message.data, message.len) == 1;
	EVP_MD_CTX_free(mc);
	return good;
}
