/* The text of opaque tokens: made, checked, hashed. */
#include "internal.h"

#include "rs/id.h"

#include <string.h>

#define PREFIX_LEN 4
#define RANDOM_LEN 32
#define BODY_LEN   43 /* 62^43 > 2^256 */
#define SUM_LEN	   6  /* 62^6 > 2^32 */

static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 of ISO 3309, as in zlib. */
static uint32_t crc32_of(const char *data, size_t len)
{
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

/* A big-endian number as exactly `digits` base62 digits; number is used up. */
static void base62(unsigned char *number, size_t len, char *out, size_t digits)
{
	for (size_t d = digits; d-- > 0;) {
		unsigned rest = 0;
		for (size_t i = 0; i < len; i++) {
			unsigned value = rest << 8 | number[i];
			number[i] = (unsigned char)(value / 62);
			rest = value % 62;
		}
		out[d] = DIGITS[rest];
	}
}

static void checksum(const char *token, char out[SUM_LEN])
{
	uint32_t crc = crc32_of(token, PREFIX_LEN + BODY_LEN);
	unsigned char number[4] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
		(unsigned char)(crc >> 8), (unsigned char)crc};
	base62(number, sizeof(number), out, SUM_LEN);
}

struct rs_secret *rs_token_from(const char *prefix, const unsigned char random[32])
{
	unsigned char number[RANDOM_LEN];
	struct rs_secret *token = rs_secret_new(RS_TOKEN_LEN);
	char *text = (char *)rs_secret_data(token);
	memcpy(number, random, sizeof(number));
	memcpy(text, prefix, PREFIX_LEN);
	base62(number, sizeof(number), text + PREFIX_LEN, BODY_LEN);
	checksum(text, text + PREFIX_LEN + BODY_LEN);
	rs_cleanse(number, sizeof(number));
	return token;
}

struct rs_secret *rs_token_new(const char *prefix)
{
	unsigned char random[RANDOM_LEN];
	rs_random(random, sizeof(random));
	struct rs_secret *token = rs_token_from(prefix, random);
	rs_cleanse(random, sizeof(random));
	return token;
}

bool rs_token_has_prefix(const char *text)
{
	return !strncmp(text, RS_TOKEN_ACCESS, PREFIX_LEN);
}

bool rs_token_well_formed(const char *prefix, const char *text)
{
	char sum[SUM_LEN];
	if (strncmp(text, prefix, PREFIX_LEN) != 0 || strspn(text + PREFIX_LEN, DIGITS) != BODY_LEN + SUM_LEN ||
		text[RS_TOKEN_LEN] != '\0')
		return false;
	checksum(text, sum);
	return rs_equal(sum, text + PREFIX_LEN + BODY_LEN, SUM_LEN);
}

void rs_token_hash(const char *text, unsigned char out[32])
{
	rs_sha256(text, RS_TOKEN_LEN, out);
}
