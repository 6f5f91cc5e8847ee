/*
 * JSON by field tables.
 *
 * A struct that crosses a border (a request's body, a database row, an answer, a part of the
 * configuration) is described once by a table of struct rs_field. From it come the reader of
 * bodies (strict: unknown members, wrong types and ranges are all collected as faults with their
 * pointers), the reader of database rows (store.h) and the writer of answers. The same table may
 * serve all three.
 *
 *	static const struct rs_field FIELDS[] = {
 *		RS_FIELD(struct thing, name, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 200),
 *		RS_FIELD(struct thing, days, RS_T_INT, .min = 1, .max = 3650),
 *		RS_FIELD_END,
 *	};
 *
 * C types: RS_T_STRING const char * (arena), RS_T_INT int64_t, RS_T_BOOL bool, RS_T_ID struct
 * rs_id, RS_T_TIME int64_t microseconds (0 = null), RS_T_JSON json_t * (borrowed from the arena),
 * RS_T_OBJECT the same but must be an object, RS_T_ARRAY the same but must be an array, RS_T_BYTES
 * struct rs_bytes, RS_T_SHA256 struct rs_bytes of 32 bytes shown as "sha256:<hex>", RS_T_HEX struct
 * rs_bytes shown as lower-case hex (serials).
 */
#ifndef RS_JSON_H
#define RS_JSON_H

#include "rs/ctx.h"

#include <stddef.h>
#include <stdint.h>

struct rs_bytes {
	const unsigned char *data; /* borrowed, mostly from the arena; NULL = none */
	size_t len;
};

enum rs_type {
	RS_T_END,
	RS_T_STRING,
	RS_T_INT,
	RS_T_BOOL,
	RS_T_ID,
	RS_T_TIME,
	RS_T_JSON,
	RS_T_OBJECT,
	RS_T_ARRAY,
	RS_T_BYTES,
	RS_T_SHA256,
	RS_T_HEX,
};

enum rs_field_flag {
	RS_F_REQUIRED = 1 << 0, /* reading: must be there */
	RS_F_NULL = 1 << 1,     /* reading: null is allowed and leaves the zero value */
	RS_F_READONLY = 1 << 2, /* reading a body: refused as unknown; rows and writing: used */
	RS_F_OMIT = 1 << 3,     /* writing: left out when zero instead of null */
	RS_F_HIDDEN = 1 << 4,   /* never written, never read from a body; rows only */
	RS_F_LINES = 1 << 5,    /* strings: LF and TAB allowed (messages), other controls refused; with a min
				 * not of blanks alone */
	RS_F_PEM = RS_F_LINES | 1 << 6, /* strings: CR LF too, as some programs end their lines */
};

struct rs_field {
	const char *name;
	enum rs_type type;
	size_t offset;
	unsigned flags;
	int64_t min; /* ints: least value; strings: least code points; arrays: least items */
	int64_t max; /* ints: greatest value; strings: most code points; arrays: most items; 0 = no
	                limit for ints and arrays, 255 code points for strings */
	const char *const *values; /* strings: NULL-terminated closed list */
};

#define RS_FIELD(type_, member_, kind_, ...)                                                       \
	{                                                                                          \
		.name = #member_, .type = (kind_), .offset = offsetof(type_, member_), __VA_ARGS__ \
	}
/* A field whose wire name differs from the member. */
#define RS_FIELD_AS(type_, member_, wire_, kind_, ...)                                             \
	{                                                                                          \
		.name = (wire_), .type = (kind_), .offset = offsetof(type_, member_), __VA_ARGS__  \
	}
#define RS_FIELD_END                                                                               \
	{                                                                                          \
		.name = NULL, .type = RS_T_END                                                     \
	}

/* The most levels of arrays and objects a body may have. */
#define RS_JSON_DEPTH_MAX 32

/*
 * Parses one JSON text strictly: UTF-8, no duplicate members, no NUL, nothing after it, depth at
 * most RS_JSON_DEPTH_MAX. *out is borrowed from the arena. RS_BAD_JSON.
 */
enum rs_code rs_json_parse(struct rs_ctx *ctx, const void *data, size_t len, json_t **out) RS_CHECK;

/*
 * Reads an object into a struct (which the caller zeroed or filled with defaults). Every fault is
 * noted with rs_fault() under pointer `at` ("" for the whole body); the caller ends with
 * rs_faults(). *present (may be NULL) gets bit i for each member of row i that was given, null
 * included. Strings: UTF-8, no control characters (see RS_F_LINES), no bidi overrides, no zero
 * width characters. Tables have at most 64 rows.
 */
void rs_json_read(struct rs_ctx *ctx, json_t *object, const char *at,
	const struct rs_field *fields, void *out, uint64_t *present);

/* A new object with every field that is not hidden; never NULL. The caller owns it. */
json_t *rs_json_write(const struct rs_field *fields, const void *in);

/*
 * RFC 8785 canonical text of a value whose numbers are integers, NUL-terminated, in the arena;
 * *len without the NUL.
 */
const char *rs_json_canonical(struct rs_ctx *ctx, const json_t *value, size_t *len);
/* A time as every answer shows it (RFC 3339, seconds), null for 0; microseconds. A new reference. */
json_t *rs_json_time(int64_t us);
/*
 * Compact text of any value in the order of its members, NUL-terminated; the caller's to free().
 * The same as json_dumps() of jansson makes. *len, which may be NULL, gets its length.
 */
char *rs_json_text(const json_t *value, size_t *len);

/* Child pointer: "<at>/<name>" with RFC 6901 escapes, or "<at>/<index>", in the arena. */
const char *rs_pointer(struct rs_ctx *ctx, const char *at, const char *name);
const char *rs_pointer_index(struct rs_ctx *ctx, const char *at, size_t index);

/* RFC 7396: applies patch to target in place; members set to null are removed. */
void rs_json_merge(json_t *target, json_t *patch);

/*
 * A language tag (BCP 47, RFC 5646) in lower case, as all are kept here since case means nothing in them;
 * NULL when its form is not "en" or "de-ch". In the arena.
 */
const char *rs_language_normal(struct rs_ctx *ctx, const char *tag);

/* Code points of valid UTF-8. */
size_t rs_utf8_length(const char *text);

#endif
