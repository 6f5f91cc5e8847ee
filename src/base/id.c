#include "rs/id.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void rs_random(void *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		abort();
}

void rs_hex(const void *data, size_t len, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";
	const unsigned char *in = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = DIGITS[in[i] >> 4];
		out[2 * i + 1] = DIGITS[in[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int rs_unhex(const char *text, unsigned char *out, size_t max)
{
	size_t len = 0;

	while (*text) {
		int high, low;

		if (*text == ':') {
			text++;
			continue;
		}
		high = hex_value(text[0]);
		low = high < 0 ? -1 : hex_value(text[1]);
		if (low < 0 || len == max)
			return -1;
		out[len++] = (unsigned char)(high << 4 | low);
		text += 2;
	}
	return (int)len;
}

/*
 * 8 random bytes. Ids are names, and every event has one: their bytes are drawn for many at a time, as
 * each draw is a system call and more.
 */
static void random_tail(unsigned char out[8])
{
	static _Thread_local unsigned char drawn[256];
	static _Thread_local size_t left;

	if (left == 0) {
		rs_random(drawn, sizeof(drawn));
		left = sizeof(drawn);
	}
	left -= 8;
	memcpy(out, drawn + left, 8);
}

struct rs_id rs_id_new(int64_t now_us)
{
	unsigned char raw[16];
	uint64_t ms = (uint64_t)(now_us / 1000);
	struct rs_id id;
	char hex[33];

	random_tail(raw + 8);
	for (int i = 0; i < 6; i++)
		raw[i] = (unsigned char)(ms >> (40 - 8 * i));
	/* RFC 9562 6.2 method 3: the microseconds keep ids of one millisecond in order. */
	raw[6] = (unsigned char)(0x70 | ((now_us % 1000 * 4) >> 8));
	raw[7] = (unsigned char)((now_us % 1000 * 4) & 0xff);
	raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
	rs_hex(raw, sizeof(raw), hex);
	memcpy(id.s, hex, 8);
	id.s[8] = '-';
	memcpy(id.s + 9, hex + 8, 4);
	id.s[13] = '-';
	memcpy(id.s + 14, hex + 12, 4);
	id.s[18] = '-';
	memcpy(id.s + 19, hex + 16, 4);
	id.s[23] = '-';
	memcpy(id.s + 24, hex + 20, 13);
	return id;
}

bool rs_id_valid(const char *text)
{
	size_t i;

	for (i = 0; i < RS_ID_LEN; i++) {
		char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
			return false;
		}
	}
	return text[i] == '\0';
}

bool rs_id_parse(const char *text, struct rs_id *out)
{
	memset(out, 0, sizeof(*out));
	if (!text || !rs_id_valid(text))
		return false;
	memcpy(out->s, text, RS_ID_LEN);
	return true;
}

bool rs_id_eq(const struct rs_id *a, const struct rs_id *b)
{
	return strcmp(a->s, b->s) == 0;
}

static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* for the life of the process */

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void rs_sha256(const void *data, size_t len, unsigned char out[32])
{
	pthread_once(&sha256_once, fetch_sha256);
	if (EVP_Digest(data, len, out, NULL, sha256, NULL) != 1)
		abort();
}

const char *rs_sha256_text(struct rs_arena *arena, const unsigned char digest[32])
{
	char *text = rs_arena_alloc(arena, 7 + 64 + 1);

	memcpy(text, "sha256:", 7);
	rs_hex(digest, 32, text + 7);
	return text;
}

char *rs_base64(struct rs_arena *arena, const void *data, size_t len)
{
	char *text = rs_arena_alloc(arena, (len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, data, (int)len);
	return text;
}

char *rs_b64url(struct rs_arena *arena, const void *data, size_t len)
{
	char *text = rs_arena_alloc(arena, (len + 2) / 3 * 4 + 1);
	size_t used = (size_t)EVP_EncodeBlock((unsigned char *)text, data, (int)len);

	while (used && text[used - 1] == '=')
		text[--used] = '\0';
	for (size_t i = 0; i < used; i++) {
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	return text;
}

bool rs_unbase64(struct rs_arena *arena, const char *text, size_t len, struct rs_bytes *out)
{
	unsigned char *data = rs_arena_alloc(arena, len / 4 * 3 + 3);
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int n = 0, last = 0;
	bool ok;

	if (!ctx)
		abort();
	EVP_DecodeInit(ctx);
	ok = len <= INT_MAX && EVP_DecodeUpdate(ctx, data, &n, (const unsigned char *)text, (int)len) >= 0 &&
		EVP_DecodeFinal(ctx, data + n, &last) == 1;
	EVP_ENCODE_CTX_free(ctx);
	*out = ok ? (struct rs_bytes){data, (size_t)(n + last)} : (struct rs_bytes){NULL, 0};
	return ok;
}
