/*
 * Secrets: passwords, tokens, derived keys, opened connector secrets.
 *
 * A secret has its own type so that it cannot land where it must not: it never lives in the
 * request's arena, it is overwritten when it ends, it is compared in constant time, and no log or
 * JSON formatter takes it. Whoever needs the bytes asks for them by name with rs_secret_data() and
 * does not keep the pointer longer than the secret.
 */
#ifndef RS_SECRET_H
#define RS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct rs_secret;

/* len zero bytes to be filled through rs_secret_data(); never NULL. */
struct rs_secret *rs_secret_new(size_t len);
/* A copy of len bytes; the caller overwrites its own with rs_cleanse(). Never NULL. */
struct rs_secret *rs_secret_copy(const void *data, size_t len);

/* The bytes; a NUL that does not count stands behind the last one. */
unsigned char *rs_secret_data(struct rs_secret *secret);
size_t rs_secret_len(const struct rs_secret *secret);

/* Whether both hold the same bytes; the time tells at most that their lengths differ. */
bool rs_secret_equal(const struct rs_secret *a, const struct rs_secret *b);
/* The same for raw bytes of one fixed length: digests and MACs. */
bool rs_equal(const void *a, const void *b, size_t len);
/* Overwrites memory in a way that the compiler does not remove. NULL with len 0 is fine. */
void rs_cleanse(void *data, size_t len);

/* Overwrites and frees. NULL is fine. */
void rs_secret_free(struct rs_secret *secret);

void rs_secret_drop(struct rs_secret **secret);
/* A secret that ends with its block. */
#define rs_auto_secret __attribute__((cleanup(rs_secret_drop))) struct rs_secret *

#endif
