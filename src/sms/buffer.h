/* A text that grows outside the arena and is overwritten when it moves or ends: it may hold a code.
 */
#ifndef RS_SMS_BUFFER_H
#define RS_SMS_BUFFER_H

#include "rs/secret.h"

struct rs_sms_buffer {
	struct rs_secret *secret; /* NULL = empty; longer than len */
	size_t len;
};

void rs_sms_put(struct rs_sms_buffer *buffer, const char *data, size_t len);
void rs_sms_put_text(struct rs_sms_buffer *buffer, const char *text);
/* As %XX but for the unreserved characters of RFC 3986. */
void rs_sms_put_encoded(struct rs_sms_buffer *buffer, const char *text);
/* The text alone; the buffer is empty then. */
struct rs_secret *rs_sms_take(struct rs_sms_buffer *buffer);
/* What stands in it, NUL-terminated; borrowed until the next put. */
const char *rs_sms_peek(const struct rs_sms_buffer *buffer);
void rs_sms_end(struct rs_sms_buffer *buffer);
#define rs_auto_buffer __attribute__((cleanup(rs_sms_end))) struct rs_sms_buffer

#endif
