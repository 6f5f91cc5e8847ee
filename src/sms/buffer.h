/* A text that grows outside the arena and is overwritten when it moves or ends: it may hold a code.
 */
#ifndef RS_BUFFER_H
#define RS_BUFFER_H

#include "rs/secret.h"

struct rs_buffer {
	struct rs_secret *secret; /* NULL = empty; longer than len */
	size_t len;
};

void rs_buffer_put(struct rs_buffer *buffer, const char *data, size_t len);
void rs_buffer_put_text(struct rs_buffer *buffer, const char *text);
/* As %XX but for the unreserved characters of RFC 3986. */
void rs_buffer_put_encoded(struct rs_buffer *buffer, const char *text);
/* The text alone; the buffer is empty then. */
struct rs_secret *rs_buffer_take(struct rs_buffer *buffer);
/* What stands in it, NUL-terminated; borrowed until the next put. */
const char *rs_buffer_peek(const struct rs_buffer *buffer);
void rs_buffer_end(struct rs_buffer *buffer);
#define rs_auto_buffer __attribute__((cleanup(rs_buffer_end))) struct rs_buffer

#endif
