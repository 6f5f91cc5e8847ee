/*
 * Public keys as bytes: SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) and what may be done with one.
 *
 * The algorithm is recognised by comparing its AlgorithmIdentifier, byte for byte, with the few we
 * certify. Explicit curve parameters, unknown curves, RSA-PSS keys and everything else end there,
 * before any arithmetic.
 */
#ifndef RS_ISSUER_SPKI_H
#define RS_ISSUER_SPKI_H

#include "rs/key.h"

#include <openssl/evp.h>

struct rs_spki {
	struct rs_bytes der;
	enum rs_key_kind kind;
	struct rs_bytes point;    /* EC: 04 x y; Ed25519: 32 octets; RSA: empty */
	struct rs_bytes modulus;  /* RSA, without sign octet */
	struct rs_bytes exponent; /* RSA, without sign octet */
};

/*
 * Takes an SPKI apart. On false, why holds the sentence for the client: not an SPKI at all, or a
 * key we do not certify.
 */
bool rs_spki_read(struct rs_bytes der, struct rs_spki *out, char why[256]);
/* Copies what JSON shows of it. */
void rs_spki_describe(const struct rs_spki *spki, struct rs_key *key);

/*
 * The key for OpenSSL: EC points are decoded into a copy of a prepared parameter key, RSA numbers
 * handed over as they are; no decoder runs. NULL when the point is not on its curve or at infinity.
 * The caller frees it.
 */
EVP_PKEY *rs_spki_load(const struct rs_spki *spki);

/* A signature algorithm we accept and make. */
struct rs_sigalg {
	struct rs_bytes der;   /* AlgorithmIdentifier, whole */
	const char *algorithm; /* of the key: "EC" */
	const char *name;      /* "ecdsa-with-SHA256" */
	int digest;            /* enum rs_digest; -1: the algorithm brings its own */
};
/* By the bytes of an AlgorithmIdentifier; NULL when it is none of ours. */
const struct rs_sigalg *rs_sigalg_find(struct rs_bytes der);
/* What an issuer with this key signs with. */
const struct rs_sigalg *rs_sigalg_of_issuer(enum rs_key_kind kind);
/* The name of the algorithm in an AlgorithmIdentifier, for people; OID or "?" when unknown. */
void rs_algorithm_name(struct rs_bytes der, char *text, size_t size);

enum rs_digest { RS_SHA1, RS_SHA256, RS_SHA384, RS_SHA512, RS_DIGEST_COUNT };
/* A digest fetched once; static. */
const EVP_MD *rs_digest_md(enum rs_digest digest);
/* SHA-1 of a key's bits: the subjectKeyIdentifier of RFC 5280 4.2.1.2 method 1. */
void rs_key_id(struct rs_bytes bits, unsigned char out[20]);

/* Whether the signature is the key's over the message. */
bool rs_signature_verify(EVP_PKEY *key, const struct rs_sigalg *algorithm, struct rs_bytes message,
	struct rs_bytes signature);

/* --- keycheck.c: numbers of which a factor is known --- */
enum rs_modulus_fault {
	RS_MODULUS_FINE,
	RS_MODULUS_EVEN,
	RS_MODULUS_SMALL_FACTOR,
	RS_MODULUS_POWER,
	RS_MODULUS_ROCA,
	RS_MODULUS_CLOSE_PRIMES,
};
/* Odd, no factor below 752, no power: microseconds. */
enum rs_modulus_fault rs_modulus_check(struct rs_bytes modulus);
/* The fingerprint of CVE-2017-15361. */
enum rs_modulus_fault rs_modulus_roca(struct rs_bytes modulus);
/* 100 rounds of Fermat's factorisation. */
enum rs_modulus_fault rs_modulus_fermat(struct rs_bytes modulus);

#endif
