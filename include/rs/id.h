/*
 * Ids and randomness. Ids are UUIDv7 (RFC 9562): they sort by time, which keeps indexes dense, and
 * carry 74 random bits. They are names, not secrets. Secrets come from rs_random_secret_text().
 */
#ifndef RS_ID_H
#define RS_ID_H

#include "rs/json.h"

/* A new id for the business time now_us (microseconds). */
struct rs_id rs_id_new(int64_t now_us);
/* Whether text is 36 characters of [0-9a-f-] in the UUID form. */
bool rs_id_valid(const char *text);
/* Copies a valid id; false (and "") when it is not one. NULL is not one. */
bool rs_id_parse(const char *text, struct rs_id *out);
bool rs_id_eq(const struct rs_id *a, const struct rs_id *b);
static inline bool rs_id_set(const struct rs_id *id)
{
	return id->s[0] != '\0';
}

/* len bytes from the CSPRNG; aborts when there is none. */
void rs_random(void *out, size_t len);
/* SHA-256 of data. */
void rs_sha256(const void *data, size_t len, unsigned char out[32]);
/* Lower-case hex of len bytes; out needs 2*len+1. */
void rs_hex(const void *data, size_t len, char *out);
/* Reads hex in either case, colons skipped; the count of bytes, or -1 when malformed or over max. */
int rs_unhex(const char *text, unsigned char *out, size_t max);
/* "sha256:<hex>" of 32 bytes, in the arena. */
const char *rs_sha256_text(struct rs_arena *arena, const unsigned char digest[32]);
/* Base64 with padding (RFC 4648 4), in the arena. */
char *rs_base64(struct rs_arena *arena, const void *data, size_t len);
/* Base64url without padding, in the arena. */
char *rs_b64url(struct rs_arena *arena, const void *data, size_t len);
/* Reads base64 with padding, white space in it left aside; false when malformed. In the arena. */
bool rs_unbase64(struct rs_arena *arena, const char *text, size_t len, struct rs_bytes *out);

#endif
