/*
 * Public keys, by name.
 *
 * A key is known by its algorithm and size, written "RSA:2048", "EC:P-256" or "Ed25519": the words
 * of a profile's key_policy, of the command line and of the checks. RS_KEY_KINDS is the whole list;
 * nothing else is ever certified.
 */
#ifndef RS_KEY_H
#define RS_KEY_H

#include "rs/ctx.h"
#include "rs/json.h"

/* X(NAME, policy name, algorithm, curve or NULL, bits) */
#define RS_KEY_KINDS(X)                                                                            \
	X(RSA_2048, "RSA:2048", "RSA", NULL, 2048)                                                 \
	X(RSA_3072, "RSA:3072", "RSA", NULL, 3072)                                                 \
	X(RSA_4096, "RSA:4096", "RSA", NULL, 4096)                                                 \
	X(EC_P256, "EC:P-256", "EC", "P-256", 256)                                                 \
	X(EC_P384, "EC:P-384", "EC", "P-384", 384)                                                 \
	X(EC_P521, "EC:P-521", "EC", "P-521", 521)                                                 \
	X(ED25519, "Ed25519", "Ed25519", NULL, 256)

enum rs_key_kind {
	RS_KEY_NONE,
#define RS_X(name, policy, algorithm, curve, bits) RS_KEY_##name,
	RS_KEY_KINDS(RS_X)
#undef RS_X
	RS_KEY_KIND_COUNT
};

/* What JSON shows of a key; all texts are static. */
struct rs_key {
	enum rs_key_kind kind;
	const char *name;      /* "EC:P-256" */
	const char *algorithm; /* "EC" */
	const char *curve;     /* "P-256", NULL when it has none */
	int size;              /* bits */
	unsigned char spki_sha256[32];
};

/* The kind of a policy name, RS_KEY_NONE when it is none. */
enum rs_key_kind rs_key_kind_from_name(const char *name);
/* Fills all but spki_sha256. */
void rs_key_describe(enum rs_key_kind kind, struct rs_key *out);
/* {"algorithm","curve","size","spki_sha256"} as 2.3 of the API shows it; the caller owns it. */
json_t *rs_key_json(struct rs_ctx *ctx, const struct rs_key *key);

/*
 * Whether a profile's key_policy (JSON array of policy names) lists the key. NULL or an empty list
 * allows nothing.
 */
bool rs_key_allowed(const struct rs_key *key, const json_t *policy);

#endif
