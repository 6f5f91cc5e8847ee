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
#define RS_JOSE_ALGORITHMS(X)      \
	X("RS256", "RSA", NULL)    \
	X("RS384", "RSA", NULL)    \
	X("RS512", "RSA", NULL)    \
	X("PS256", "RSA", NULL)    \
	X("PS384", "RSA", NULL)    \
	X("PS512", "RSA", NULL)    \
	X("ES256", "EC", "P-256")  \
	X("ES384", "EC", "P-384")  \
	X("ES512", "EC", "P-521")

struct rs_jws {
	const char *token; /* borrowed from the caller */
	json_t *header;    /* arena */
	json_t *claims;    /* arena; not to be believed before rs_jose_verify() */
};

/*
 * Takes a token of three base64url parts apart. False when it is not one, is longer than
 * RS_JOSE_MAX, or its header has any member but alg, kid, typ, x5t and x5t#S256 (crit, jku, zip,
 * b64 and the rest are refused that way); *why then says so, for the log.
 */
bool rs_jose_parse(struct rs_ctx *ctx, const char *token, struct rs_jws *out, const char **why)
	RS_CHECK;
/*
 * Verifies the signature: alg must be in algorithms (array of names), the key is the one of the
 * JWK set (RFC 7517) with the token's kid and the algorithm's type, RSA of at least 2048 bits.
 * Without kid the set must hold exactly one fitting key. *unknown_key tells that no key fitted: a
 * fresher set may hold it.
 */
bool rs_jose_verify(const struct rs_jws *jws, const json_t *algorithms, const json_t *jwks,
	bool *unknown_key, const char **why) RS_CHECK;

/* Whether the algorithm is one of RS_JOSE_ALGORITHMS. */
bool rs_jose_algorithm_known(const char *name);
/* Notes a fault unless the set holds 1 to 100 public keys that can be used, and nothing private. */
void rs_jose_judge_keys(struct rs_ctx *ctx, const json_t *jwks, const char *pointer);

/* --- sets that are fetched --- */
struct rs_jwks_cache;

/* Process-wide; never NULL. */
struct rs_jwks_cache *rs_jwks_cache_new(void);
void rs_jwks_cache_free(struct rs_jwks_cache *cache);
/*
 * The set behind an https URI: from memory for an hour, fetched again when older or, with fresh and
 * at most once a minute, when a key was unknown; an old one for a day while the issuer is down.
 * *jwks lives in ctx's arena. RS_IDP_UNAVAILABLE.
 */
enum rs_code rs_jwks_get(struct rs_ctx *ctx, const char *uri, bool fresh, json_t **jwks) RS_CHECK;

#endif
