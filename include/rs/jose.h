/*
 * Signed tokens of others (JWS, RFC 7515, compact form).
 *
 * rs_jose_parse() takes the token apart without believing it, so that the caller finds out whose it
 * claims to be; rs_jose_verify() then checks it with that issuer's keys and algorithms, and nothing
 * the token says about keys counts but its kid, which is compared and never used as a name. Only
 * asymmetric algorithms exist here: a MAC keyed with a public key cannot be expressed.
 */
#ifndef RS_JOSE_H
#define RS_JOSE_H

#include "rs/ctx.h"

/* The longest token that is looked at. */
#define RS_JOSE_MAX 16384

/* RS_JOSE_ALGORITHM(name, key type, curve or NULL) */
#define RS_JOSE_ALGORITHMS(X)                                                                      \
	X("RS256", "RSA", NULL)                                                                    \
	X("RS384", "RSA", NULL)                                                                    \
	X("RS512", "RSA", NULL)                                                                    \
	X("PS256", "RSA", NULL)                                                                    \
	X("PS384", "RSA", NULL)                                                                    \
	X("PS512", "RSA", NULL)                                                                    \
	X("ES256", "EC", "P-256")                                                                  \
	X("ES384", "EC", "P-384")                                                                  \
	X("ES512", "EC", "P-521")

struct rs_jws {
	const char *token; /* borrowed from the caller */
	json_t *header;	   /* arena */
	json_t *claims;	   /* arena; not to be believed before rs_jose_verify() */
};

/*
 * Takes an access token of three base64url parts apart. False when it is not one, is longer than
 * RS_JOSE_MAX, or its header has any member but alg, kid, typ, x5t and x5t#S256 (crit, jku, zip,
 * b64 and the rest are refused that way); *why then says so, for the log.
 */
bool rs_jose_parse(
	struct rs_ctx *ctx, const char *token, struct rs_jws *out, const char **why) RS_CHECK;
/*
 * The same for an ID token: further header members are looked past, as RFC 7515 4.1 has it, jwk,
 * jku, x5u and x5c among them, but crit, b64 and zip, which change how a token is read, are
 * refused.
 */
bool rs_jose_parse_id_token(
	struct rs_ctx *ctx, const char *token, struct rs_jws *out, const char **why) RS_CHECK;
/*
 * Verifies the signature: alg must be in algorithms (array of names), the key is the one of the
 * JWK set (RFC 7517) with the token's kid and the algorithm's type, RSA of at least 2048 bits.
 * Without kid the set must hold exactly one fitting key. *unknown_key tells that no key fitted: a
 * fresher set may hold it.
 */
bool rs_jose_verify(const struct rs_jws *jws, const json_t *algorithms, const json_t *jwks,
	bool *unknown_key, const char **why) RS_CHECK;
/* The RFC 7638 thumbprint (SHA-256, base64url) of the key rs_jose_verify() takes; NULL without one.
 */
const char *rs_jose_thumbprint(struct rs_ctx *ctx, const struct rs_jws *jws, const json_t *jwks);
/*
 * The left half of the hash of text, base64url, by the hash of the token's algorithm: what at_hash
 * and c_hash hold (OpenID Connect Core 3.1.3.6). NULL for an algorithm that is none of ours.
 */
const char *rs_jose_half_hash(struct rs_ctx *ctx, const struct rs_jws *jws, const char *text);

/* Whether the algorithm is one of RS_JOSE_ALGORITHMS. */
bool rs_jose_algorithm_known(const char *name);
/* Notes a fault unless the set holds 1 to 100 public keys that can be used, and nothing private. */
void rs_jose_judge_keys(struct rs_ctx *ctx, const json_t *jwks, const char *pointer);

/* --- signing --- */
/*
 * What is wrong with a private key in PEM (PKCS#8 or traditional, not encrypted) as one that signs
 * by alg; NULL when nothing is: RSA of at least 2048 bits, or EC on the algorithm's curve. Static.
 */
const char *rs_jose_private_key_fault(const char *pem, const char *alg);
/*
 * A compact JWS over claims. header: further members (kid, x5t#S256, typ) to stand beside alg, or
 * NULL. The key is one that rs_jose_private_key_fault() has nothing against, else RS_INTERNAL.
 */
enum rs_code rs_jose_sign(struct rs_ctx *ctx, const char *pem, const char *alg,
	const json_t *header, const json_t *claims, const char **token) RS_CHECK;

/* --- what issuers publish: key sets and discovery documents --- */
struct rs_jwks_cache;

struct rs_jwks {
	json_t *document;   /* a JSON object, arena */
	int64_t fetched_at; /* business time, microseconds */
};

/* Process-wide; never NULL. */
struct rs_jwks_cache *rs_jwks_cache_new(void);
void rs_jwks_cache_free(struct rs_jwks_cache *cache);
enum rs_jwks_how {
	RS_JWKS_KEPT,  /* from memory for ttl_s seconds; one of up to a day while the issuer is down, which
	                  is asked every 5 s at most */
	RS_JWKS_FRESH, /* a key was unknown: asked at once, but once a minute only; else as KEPT */
	RS_JWKS_NOW,   /* an administrator wants to know: asked whatever is kept, and no old one given */
};
struct rs_jwks_source {
	const char *uri;    /* https */
	const char *ca_pem; /* the only trust anchors; NULL = the system's */
	int ttl_s;
};
/* Of those who come while an issuer is asked so many wait for its answer; more are told at once. */
#define RS_JWKS_WAITING_MAX 64
/* The JSON object there. RS_IDP_UNAVAILABLE. */
enum rs_code rs_jwks_get(struct rs_ctx *ctx, const struct rs_jwks_source *source,
	enum rs_jwks_how how, struct rs_jwks *out) RS_CHECK;

/* How long a key set is kept where nothing says otherwise. */
#define RS_JWKS_TTL_S 3600

#endif
