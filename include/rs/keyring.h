/*
 * The keyring: every symmetric key of the service.
 *
 * One file, the same on all replicas, holds the root keys by their key id:
 *
 *	{"active": "k1f0c2d3", "keys": {"k1f0c2d3": "<base64 of 32 bytes>"}}
 *
 * No root key is used itself. For each purpose (enum rs_key_label) a key is derived from it by
 * HKDF-SHA-256 (RFC 5869) with the label as info, so that what leaks for one purpose is worth
 * nothing for another. New values are made under the active key and carry its kid; old ones are
 * checked and opened under the kid they carry, as long as the file still holds it. Derived keys are
 * made at load, so every call below is free of locks and safe from any thread.
 *
 * The database keeps a check value per kid, and the start refuses a keyring whose key for a kid is
 * not the one the data was made with: rs_keyring_verify_store().
 */
#ifndef RS_KEYRING_H
#define RS_KEYRING_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/secret.h"

/* RS_KEY_LABEL(NAME, label): what keys are derived for. */
#define RS_KEY_LABELS(X)                                                                           \
	X(CONNECTOR, "connector")                                                                  \
	X(OUTBOX, "outbox")                                                                        \
	X(SUBSCRIBER, "subscriber-key")                                                            \
	X(OTP_PEPPER, "otp-pepper")                                                                \
	X(CURSOR, "cursor")                                                                        \
	X(IDEMPOTENCY, "idempotency")                                                              \
	X(AUDIT_MAC, "audit-mac")                                                                  \
	X(CHECK, "check")

enum rs_key_label {
#define RS_KEY_LABEL_ENUM(name, label) RS_KEY_##name,
	RS_KEY_LABELS(RS_KEY_LABEL_ENUM)
#undef RS_KEY_LABEL_ENUM
		RS_KEY_LABEL_COUNT
};

#define RS_KID_MAX	 32 /* characters of a kid, [A-Za-z0-9_-] */
#define RS_KEYRING_MAX	 16 /* root keys in one file */
#define RS_MAC_LEN	 32 /* HMAC-SHA-256 */
#define RS_SEAL_OVERHEAD 28 /* nonce 12 before, tag 16 after the ciphertext */

struct rs_keyring;

/*
 * Reads the file. Refused, with a sentence for the operator in ctx->err: a file that is missing,
 * readable by others than its owner and group, not ours or root's, or not of the form above.
 * RS_VALIDATION_FAILED or RS_UNAVAILABLE; *ring is then NULL. End it with rs_keyring_free().
 */
enum rs_code rs_keyring_load(
	struct rs_ctx *ctx, const char *path, struct rs_keyring **ring) RS_CHECK;
/* A ring with one random key that exists in memory only: tests. Never NULL. */
struct rs_keyring *rs_keyring_new_ephemeral(void);
void rs_keyring_free(struct rs_keyring *ring);

/* The kid new values are made under. Lives as long as the ring. */
const char *rs_keyring_active(const struct rs_keyring *ring);
/* The kids in the file's order, 0 <= index < count. */
size_t rs_keyring_count(const struct rs_keyring *ring);
const char *rs_keyring_kid(const struct rs_keyring *ring, size_t index);
bool rs_keyring_holds(const struct rs_keyring *ring, const char *kid);
/* Whether both hold the same keys under the same names in the same order, and the same is active.
 */
bool rs_keyring_equal(const struct rs_keyring *a, const struct rs_keyring *b);

/* --- MACs --- */
struct rs_mac {
	char kid[RS_KID_MAX + 1];
	unsigned char mac[RS_MAC_LEN];
};

/* HMAC-SHA-256 (RFC 2104) of data under the label's key of the active kid. */
void rs_keyring_mac(const struct rs_keyring *ring, enum rs_key_label label, const void *data,
	size_t len, struct rs_mac *out);
/* The same under a given kid; false when the ring does not hold it. */
bool rs_keyring_mac_kid(const struct rs_keyring *ring, enum rs_key_label label, const char *kid,
	const void *data, size_t len, unsigned char out[RS_MAC_LEN]);
/* Whether mac is the one of data under kid; constant time, false for an unknown kid. */
bool rs_keyring_verify(const struct rs_keyring *ring, enum rs_key_label label, const char *kid,
	const void *data, size_t len, const unsigned char mac[RS_MAC_LEN]);

/* --- sealing: AES-256-GCM (SP 800-38D), random 96-bit nonce --- */
/*
 * Where a sealed value stands. All of it and the kid are authenticated, so that a value moved to
 * another row, column or tenant does not open. Strings without NUL; enterprise "" for none.
 */
struct rs_seal_place {
	const char *table;
	const char *column;
	const char *row;
	const char *enterprise;
};

/* Seals under the active kid; *out (nonce, ciphertext, tag) lives in ctx's arena. */
void rs_keyring_seal(struct rs_ctx *ctx, const struct rs_keyring *ring, enum rs_key_label label,
	const struct rs_seal_place *place, const void *plain, size_t len, struct rs_bytes *out);
/*
 * Opens what rs_keyring_seal() made under kid at that place. RS_INTERNAL when the kid is unknown or
 * the value is not authentic; *out is then NULL. The caller frees *out.
 */
enum rs_code rs_keyring_open(struct rs_ctx *ctx, const struct rs_keyring *ring,
	enum rs_key_label label, const struct rs_seal_place *place, const char *kid,
	struct rs_bytes sealed, struct rs_secret **out) RS_CHECK;

/* --- the check value --- */
/*
 * Compares each kid's check value with the database's and records those it does not know yet
 * (src/store). RS_VALIDATION_FAILED when one differs: the start stops there.
 */
enum rs_code rs_keyring_verify_store(struct rs_ctx *ctx, const struct rs_keyring *ring) RS_CHECK;

/* --- the file, for `reissued keyring` --- */
/* Writes a new file (mode 0600, never over an existing one) with one random key. */
enum rs_code rs_keyring_init(struct rs_ctx *ctx, const char *path) RS_CHECK;
/*
 * Each of the following replaces the file in one step; owner, group and mode stay, and every key of
 * it must be good before. RS_CONFLICT when another command is at it.
 *
 * Adds a random key; with activate new values are made under it from then on. kid gets its name.
 * RS_QUOTA_EXHAUSTED when the file is full.
 */
enum rs_code rs_keyring_add(
	struct rs_ctx *ctx, const char *path, bool activate, char kid[RS_KID_MAX + 1]) RS_CHECK;
/* New values are made under kid from then on. RS_NOT_FOUND when the file does not hold it. */
enum rs_code rs_keyring_activate(struct rs_ctx *ctx, const char *path, const char *kid) RS_CHECK;
/* Takes kid out. RS_NOT_FOUND as above, RS_IN_USE when it is the active one. */
enum rs_code rs_keyring_remove(struct rs_ctx *ctx, const char *path, const char *kid) RS_CHECK;

#endif
