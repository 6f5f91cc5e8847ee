#include "pem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN  "-----BEGIN "
#define END    "-----END "
#define DASHES "-----"
#define DER_SEQUENCE 0x30 /* the first octet of everything that comes as DER */
#define LINE   64

static bool take(struct rs_bytes *text, const char *word)
{
	size_t len = strlen(word);
	if (text->len < len || memcmp(text->data, word, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

static bool take_line_end(struct rs_bytes *text)
{
	return take(text, "\n") || take(text, "\r\n");
}

/* Where the first BEGIN stands at the start of a line; NULL without one. */
static const unsigned char *find_begin(const void *data, size_t len)
{
	const unsigned char *start = data, *at = start;
	while ((at = memmem(at, len - (size_t)(at - start), BEGIN, strlen(BEGIN)))) {
		if (at == start || at[-1] == '\n')
			return at;
		at++;
	}
	return NULL;
}

bool rs_pem_looks(const void *data, size_t len)
{
	const unsigned char *first = data;
	return len > 0 && *first != DER_SEQUENCE && find_begin(data, len);
}

static bool is_base64(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

/* The characters up to END, without the line ends between them. */
static bool collect(struct rs_bytes *text, unsigned char *out, size_t *len)
{
	*len = 0;
	while (text->len && *text->data != '-') {
		if (take_line_end(text))
			continue;
		if (!is_base64(*text->data))
			return false;
		out[(*len)++] = *text->data++;
		text->len--;
	}
	return *len % 4 == 0 && *len > 0;
}

/* base64 with its padding at the end only, in place. */
static bool decode(unsigned char *chars, size_t len, size_t *octets)
{
	size_t pad = 0;
	while (pad < 2 && chars[len - 1 - pad] == '=')
		pad++;
	if (memchr(chars, '=', len - pad))
		return false;
	int got = EVP_DecodeBlock(chars, chars, (int)len);
	if (got < 0)
		return false;
	*octets = (size_t)got - pad;
	return true;
}

/* The BEGIN line after any explanatory text; its label, or NULL. */
static const char *take_begin(struct rs_bytes *text, const char *const labels[])
{
	const unsigned char *begin = find_begin(text->data, text->len);
	if (!begin)
		return NULL;
	text->len -= (size_t)(begin - text->data) + strlen(BEGIN);
	text->data = begin + strlen(BEGIN);
	for (; *labels; labels++)
		if (take(text, *labels))
			return take(text, DASHES) && take_line_end(text) ? *labels : NULL;
	return NULL;
}

/* The END line, and the line ends after it. */
static bool take_end(struct rs_bytes *text, const char *label)
{
	if (!take(text, END) || !take(text, label) || !take(text, DASHES) ||
		(text->len && !take_line_end(text)))
		return false;
	while (take_line_end(text))
		;
	return true;
}

bool rs_pem_next(struct rs_ctx *ctx, struct rs_bytes *text, const char *const labels[],
	struct rs_bytes *der, const char **why)
{
	size_t len, octets;

	*why = "It is not a PEM block of the expected kind.";
	const char *label = take_begin(text, labels);
	if (!label)
		return false;
	*why = "The PEM block holds something that is not base64.";
	unsigned char *chars = rs_arena_alloc(ctx->arena, text->len + 4);
	if (!collect(text, chars, &len) || !decode(chars, len, &octets))
		return false;
	*why = "The PEM block does not end with its END line.";
	*der = (struct rs_bytes){chars, octets};
	return take_end(text, label);
}

const char *rs_pem_write(struct rs_ctx *ctx, const char *label, struct rs_bytes der)
{
	size_t chars = (der.len + 2) / 3 * 4;
	size_t size = chars + chars / LINE + 2 * (strlen(BEGIN) + strlen(label) + 8) + 2;
	char *base64 = rs_arena_alloc(ctx->arena, chars + 1);
	char *out = rs_arena_alloc(ctx->arena, size);

	EVP_EncodeBlock((unsigned char *)base64, der.data, (int)der.len);
	int at = snprintf(out, size, BEGIN "%s" DASHES "\n", label);
	for (size_t i = 0; i < chars; i += LINE)
		at += snprintf(out + at, size - (size_t)at, "%.*s\n", LINE, base64 + i);
	snprintf(out + at, size - (size_t)at, END "%s" DASHES "\n", label);
	return out;
}

bool rs_file_read(struct rs_ctx *ctx, const char *path, size_t max, struct rs_bytes *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool ok = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size >= 0 && (size_t)st.st_size <= max) {
		size_t len = (size_t)st.st_size, got = 0;
		unsigned char *data = rs_arena_alloc(ctx->arena, len + 1);
		ssize_t n = 1;
		while (got < len && (n = read(fd, data + got, len - got)) > 0)
			got += (size_t)n;
		ok = n >= 0;
		*out = (struct rs_bytes){data, got};
	} else {
		errno = EFBIG;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return ok;
}
