/*
 * Strict DER (X.690), read and written without a tree.
 *
 * The reader is a cursor that takes one element at a time and accepts nothing but DER: definite
 * lengths in their shortest form, tags in one octet. So a structure that was read to its end
 * re-encodes to itself. OpenSSL's own decoder takes BER as well, and builds objects for everything
 * it meets; on the path of one certificate that is most of the time spent.
 *
 * The writer fills its buffer from the end towards the front: when a length is needed, the content
 * is already there. Write the last field first.
 */
#ifndef RS_ISSUER_DER_H
#define RS_ISSUER_DER_H

#include "rs/ctx.h"
#include "rs/json.h"

#include <stdbool.h>

enum rs_der_tag {
	RS_DER_BOOLEAN = 0x01,
	RS_DER_INTEGER = 0x02,
	RS_DER_BIT_STRING = 0x03,
	RS_DER_OCTET_STRING = 0x04,
	RS_DER_NULL = 0x05,
	RS_DER_OID = 0x06,
	RS_DER_ENUMERATED = 0x0a,
	RS_DER_UTF8 = 0x0c,
	RS_DER_PRINTABLE = 0x13,
	RS_DER_T61 = 0x14,
	RS_DER_IA5 = 0x16,
	RS_DER_UTC_TIME = 0x17,
	RS_DER_GENERALIZED_TIME = 0x18,
	RS_DER_UNIVERSAL = 0x1c,
	RS_DER_BMP = 0x1e,
	RS_DER_SEQUENCE = 0x30,
	RS_DER_SET = 0x31,
};
/* Context-specific tags, primitive and constructed. */
#define RS_DER_CONTEXT(n) (0x80u | (unsigned)(n))
#define RS_DER_CONTEXT_C(n) (0xa0u | (unsigned)(n))

/* --- reading --- */
struct rs_der {
	const unsigned char *p, *end;
};

static inline struct rs_der rs_der_of(struct rs_bytes bytes)
{
	/* Not even 0 may be added to a null pointer. */
	return (struct rs_der){bytes.data, bytes.len ? bytes.data + bytes.len : bytes.data};
}
static inline struct rs_bytes rs_der_rest(const struct rs_der *d)
{
	return (struct rs_bytes){d->p, (size_t)(d->end - d->p)};
}
static inline bool rs_der_done(const struct rs_der *d)
{
	return d->p == d->end;
}
/* The tag that comes next, 0 at the end. */
static inline unsigned rs_der_next(const struct rs_der *d)
{
	return d->p < d->end ? *d->p : 0;
}

/* Takes the next element, whatever it is; content and whole may be NULL. */
bool rs_der_any(struct rs_der *d, unsigned *tag, struct rs_bytes *content, struct rs_bytes *whole);
/* Takes the next element when it has this tag. */
bool rs_der_get(struct rs_der *d, unsigned tag, struct rs_bytes *content);
/* The same, to walk into it. */
bool rs_der_enter(struct rs_der *d, unsigned tag, struct rs_der *inside);
/* Takes the next element as it stands, header included, when it has this tag. */
bool rs_der_whole(struct rs_der *d, unsigned tag, struct rs_bytes *whole);
/* A BIT STRING of whole octets. */
bool rs_der_bits(struct rs_der *d, struct rs_bytes *octets);
/* A positive INTEGER in its shortest form: its octets without the sign octet. */
bool rs_der_unsigned(struct rs_der *d, struct rs_bytes *octets);
/* An INTEGER 0..2^31-1. */
bool rs_der_small(struct rs_der *d, long *value);
/* A BOOLEAN. */
bool rs_der_boolean(struct rs_der *d, bool *value);
/* UTCTime or GeneralizedTime as RFC 5280 allows them; seconds. *generalized tells which (or NULL). */
bool rs_der_time(struct rs_der *d, int64_t *seconds, bool *generalized);
/*
 * Whether all of bytes is DER through and through: each constructed element holds elements, SETs
 * are sorted, primitive types have their shortest form. Depth at most 32.
 */
bool rs_der_strict(struct rs_bytes bytes);

/* An OID's content as dotted text; false when malformed or longer than size. */
bool rs_der_oid_text(struct rs_bytes oid, char *text, size_t size);
static inline bool rs_bytes_eq(struct rs_bytes a, struct rs_bytes b)
{
	return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.data, b.data, a.len) == 0);
}
/* A literal as bytes: RS_LITERAL("\x05\x00"). */
#define RS_LITERAL(text) ((struct rs_bytes){(const unsigned char *)("" text), sizeof(text) - 1})

/* --- writing --- */
struct rs_der_out {
	struct rs_arena *arena;
	unsigned char *buf;
	size_t size; /* of buf */
	size_t len;  /* the last len octets of buf are written */
};

/* size: a good guess; the buffer grows by itself. */
struct rs_der_out rs_der_out(struct rs_arena *arena, size_t size);
/* What has been written; borrowed from the arena. */
struct rs_bytes rs_der_written(const struct rs_der_out *w);
void rs_der_put(struct rs_der_out *w, const void *data, size_t len);
static inline void rs_der_put_bytes(struct rs_der_out *w, struct rs_bytes bytes)
{
	rs_der_put(w, bytes.data, bytes.len);
}
/* Puts tag and length before everything written since w->len was `mark`. */
void rs_der_wrap(struct rs_der_out *w, unsigned tag, size_t mark);
/* One primitive element. */
void rs_der_put_element(struct rs_der_out *w, unsigned tag, const void *data, size_t len);
/* A positive INTEGER from big-endian octets, in its shortest form. */
void rs_der_put_unsigned(struct rs_der_out *w, const unsigned char *octets, size_t len);
/* false when text is no OID. */
bool rs_der_put_oid(struct rs_der_out *w, const char *dotted);
/* UTCTime up to 2049, GeneralizedTime after; false outside 1950..9999. */
bool rs_der_put_time(struct rs_der_out *w, int64_t seconds);

#endif
