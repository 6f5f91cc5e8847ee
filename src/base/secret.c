#include "rs/secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct rs_secret {
	size_t len;
	unsigned char data[];
};

struct rs_secret *rs_secret_new(size_t len)
{
	if (len > SIZE_MAX - sizeof(struct rs_secret) - 1)
		abort();
	struct rs_secret *secret = calloc(1, sizeof(*secret) + len + 1);
	if (!secret)
		abort();
	secret->len = len;
	return secret;
}

struct rs_secret *rs_secret_copy(const void *data, size_t len)
{
	struct rs_secret *secret = rs_secret_new(len);
	if (len)
		memcpy(secret->data, data, len);
	return secret;
}

unsigned char *rs_secret_data(struct rs_secret *secret)
{
	return secret->data;
}

size_t rs_secret_len(const struct rs_secret *secret)
{
	return secret->len;
}

bool rs_secret_equal(const struct rs_secret *a, const struct rs_secret *b)
{
	return a->len == b->len && rs_equal(a->data, b->data, a->len);
}

bool rs_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void rs_cleanse(void *data, size_t len)
{
	if (len)
		OPENSSL_cleanse(data, len);
}

void rs_secret_free(struct rs_secret *secret)
{
	if (!secret)
		return;
	rs_cleanse(secret->data, secret->len);
	free(secret);
}

void rs_secret_drop(struct rs_secret **secret)
{
	rs_secret_free(*secret);
	*secret = NULL;
}
