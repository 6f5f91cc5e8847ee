#include "buffer.h"

#include <ctype.h>
#include <string.h>

#define FIRST 256

void rs_buffer_put(struct rs_buffer *buffer, const char *data, size_t len)
{
	size_t room = buffer->secret ? rs_secret_len(buffer->secret) : 0;

	if (buffer->len + len > room) {
		struct rs_secret *longer = rs_secret_new((buffer->len + len) * 2 + FIRST);

		if (buffer->len)
			memcpy(rs_secret_data(longer), rs_secret_data(buffer->secret), buffer->len);
		rs_secret_free(buffer->secret);
		buffer->secret = longer;
	}
	if (len)
		memcpy(rs_secret_data(buffer->secret) + buffer->len, data, len);
	buffer->len += len;
}

void rs_buffer_put_text(struct rs_buffer *buffer, const char *text)
{
	rs_buffer_put(buffer, text, strlen(text));
}

void rs_buffer_put_encoded(struct rs_buffer *buffer, const char *text)
{
	static const char HEX[] = "0123456789ABCDEF";

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		const char coded[] = {'%', HEX[*p >> 4], HEX[*p & 15]};

		if (isalnum(*p) || strchr("-._~", *p))
			rs_buffer_put(buffer, (const char *)p, 1);
		else
			rs_buffer_put(buffer, coded, sizeof(coded));
	}
}

struct rs_secret *rs_buffer_take(struct rs_buffer *buffer)
{
	struct rs_secret *out = rs_secret_copy(
		buffer->secret ? (const char *)rs_secret_data(buffer->secret) : "", buffer->len);

	rs_buffer_end(buffer);
	return out;
}

/* The room is new and zeroed, and longer than what stands in it or ends with the secret's own NUL.
 */
const char *rs_buffer_peek(const struct rs_buffer *buffer)
{
	return buffer->secret ? (const char *)rs_secret_data(buffer->secret) : "";
}

void rs_buffer_end(struct rs_buffer *buffer)
{
	rs_secret_free(buffer->secret);
	*buffer = (struct rs_buffer){0};
}
