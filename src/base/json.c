#include "rs/json.h"

#include "rs/clock.h"
#include "rs/id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX_DEFAULT 255

/* --- parsing --- */

/* Levels of nesting of a JSON text; brackets inside strings do not count. */
static int depth_of(const unsigned char *text, size_t len)
{
	int depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > deepest)
				deepest = depth;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return deepest;
}

enum rs_code rs_json_parse(struct rs_ctx *ctx, const void *data, size_t len, json_t **out)
{
	json_error_t error;
	char *near;
	json_t *value;

	*out = NULL;
	if (len == 0)
		return rs_fail(ctx, RS_BAD_JSON, "The body is empty; a JSON object is needed.");
	if (depth_of(data, len) > RS_JSON_DEPTH_MAX)
		return rs_fail(ctx, RS_BAD_JSON, "The JSON is nested deeper than %d levels.",
			RS_JSON_DEPTH_MAX);
	value = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value) {
		near = strstr(error.text, " near ");
		if (near)
			*near = '\0'; /* what stands there may be anything: it is not repeated */
		return rs_fail(ctx, RS_BAD_JSON, "Line %d, column %d: %s.", error.line,
			error.column, error.text);
	}
	*out = rs_arena_json(ctx->arena, value);
	return RS_OK;
}

/* --- pointers --- */

const char *rs_pointer(struct rs_ctx *ctx, const char *at, const char *name)
{
	size_t at_len = strlen(at), len = strlen(name);
	char *out = rs_arena_alloc(ctx->arena, at_len + 2 * len + 2), *p = out;

	memcpy(p, at, at_len);
	p += at_len;
	*p++ = '/';
	for (; *name; name++) {
		if (*name == '~' || *name == '/') {
			*p++ = '~';
			*p++ = *name == '~' ? '0' : '1';
		} else {
			*p++ = *name;
		}
	}
	return out;
}

const char *rs_pointer_index(struct rs_ctx *ctx, const char *at, size_t index)
{
	return rs_arena_printf(ctx->arena, "%s/%zu", at, index);
}

/* --- strings --- */

/* Decodes one code point of valid UTF-8 and moves *p past it. */
static unsigned decode_utf8(const unsigned char **p)
{
	const unsigned char *s = *p;

	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] < 0xe0) {
		*p += 2;
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	}
	if (s[0] < 0xf0) {
		*p += 3;
		return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	}
	*p += 4;
	return (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
}

const char *rs_language_normal(struct rs_ctx *ctx, const char *tag)
{
	char *out = rs_arena_strdup(ctx->arena, tag);
	size_t len;

	for (char *c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	len = strspn(out, "abcdefghijklmnopqrstuvwxyz");
	if (len < 2 || len > 3)
		return NULL;
	for (tag = out + len; *tag == '-'; tag += len) {
		tag++;
		len = strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (len < 2 || len > 8)
			return NULL;
	}
	return *tag == '\0' ? out : NULL;
}

size_t rs_utf8_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length;
}

/* Characters that change how a text looks without being seen: controls, bidi, zero width. */
static const struct {
	unsigned first, last;
} UNSEEN[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x2064}, {0x2066, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool is_unseen(unsigned c)
{
	for (size_t i = 0; i < sizeof(UNSEEN) / sizeof(UNSEEN[0]); i++)
		if (c >= UNSEEN[i].first && c <= UNSEEN[i].last)
			return true;
	return false;
}

static bool is_printable(const char *text, unsigned flags)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		unsigned c = decode_utf8(&p);

		if ((flags & RS_F_LINES) && (c == '\n' || c == '\t'))
			continue;
		if ((flags & RS_F_PEM) == RS_F_PEM && c == '\r' && *p == '\n')
			continue;
		if (is_unseen(c))
			return false;
	}
	return true;
}

static bool in_values(const char *text, const char *const *values)
{
	for (; *values; values++)
		if (strcmp(text, *values) == 0)
			return true;
	return false;
}

static const char *join(struct rs_ctx *ctx, const char *const *values)
{
	const char *text = *values;

	while (*++values)
		text = rs_arena_printf(ctx->arena, "%s, %s", text, *values);
	return text;
}

/* --- reading: one function a type; each notes its own fault --- */

static bool wrong_type(struct rs_ctx *ctx, const char *at, const char *wanted)
{
	rs_fault(ctx, RS_WRONG_TYPE, at, "Must be %s.", wanted);
	return false;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

static bool read_string(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	int64_t max = f->max ? f->max : STRING_MAX_DEFAULT, length;
	const char *text = json_string_value(value);

	if (!text)
		return wrong_type(ctx, at, "a string");
	length = (int64_t)rs_utf8_length(text);
	if (f->values && !in_values(text, f->values)) {
		rs_fault(ctx, RS_BAD_VALUE, at, "Must be one of: %s.", join(ctx, f->values));
	} else if (length < f->min || length > max) {
		rs_fault(ctx, RS_OUT_OF_RANGE, at, "Must have %lld to %lld characters, has %lld.",
			(long long)f->min, (long long)max, (long long)length);
	} else if (f->min > 0 && (f->flags & RS_F_PEM) == RS_F_LINES && is_blank(text)) {
		rs_fault(ctx, RS_BAD_VALUE, at, "A text of blanks says nothing.");
	} else if (!is_printable(text, f->flags)) {
		rs_fault(ctx, RS_BAD_VALUE, at,
			"Control, direction and zero-width characters are not allowed.");
	} else {
		*(const char **)out = rs_arena_strdup(ctx->arena, text);
		return true;
	}
	return false;
}

static bool read_int(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong_type(ctx, at, "an integer");
	if (number < f->min || (f->max && number > f->max)) {
		rs_fault(ctx, RS_OUT_OF_RANGE, at, "Must be %lld to %lld.", (long long)f->min,
			(long long)f->max);
		return false;
	}
	*(int64_t *)out = number;
	return true;
}

static bool read_bool(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	(void)f;
	if (!json_is_boolean(value))
		return wrong_type(ctx, at, "true or false");
	*(bool *)out = json_is_true(value);
	return true;
}

static bool read_id(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	(void)f;
	if (!json_is_string(value))
		return wrong_type(ctx, at, "an id as a string");
	if (!rs_id_parse(json_string_value(value), out)) {
		rs_fault(ctx, RS_BAD_VALUE, at, "Must be an id: a UUID in lower case.");
		return false;
	}
	return true;
}

static bool read_time(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	(void)f;
	if (!json_is_string(value))
		return wrong_type(ctx, at, "a time as a string");
	if (!rs_time_parse(json_string_value(value), out)) {
		rs_fault(ctx, RS_BAD_VALUE, at, "Must be an RFC 3339 time, as 2026-11-23T10:00:00Z.");
		return false;
	}
	return true;
}

static bool read_json(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	if (f->type == RS_T_OBJECT && !json_is_object(value))
		return wrong_type(ctx, at, "an object");
	if (f->type == RS_T_ARRAY) {
		int64_t items = (int64_t)json_array_size(value);

		if (!json_is_array(value))
			return wrong_type(ctx, at, "an array");
		if (items < f->min || (f->max && items > f->max)) {
			rs_fault(ctx, RS_OUT_OF_RANGE, at, "Must have %lld to %lld items, has %lld.",
				(long long)f->min, (long long)f->max, (long long)items);
			return false;
		}
	}
	*(json_t **)out = value;
	return true;
}

static bool read_hex(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out)
{
	const char *text = json_string_value(value);
	struct rs_bytes *bytes = out;
	unsigned char *data;
	int len;

	if (!text)
		return wrong_type(ctx, at, "a hex string");
	if (f->type == RS_T_SHA256 && strncmp(text, "sha256:", 7) == 0)
		text += 7;
	data = rs_arena_alloc(ctx->arena, strlen(text) / 2 + 1);
	len = rs_unhex(text, data, strlen(text) / 2 + 1);
	if (len < 0 || (f->type == RS_T_SHA256 && len != 32)) {
		rs_fault(ctx, RS_BAD_VALUE, at,
			f->type == RS_T_SHA256 ? "Must be a SHA-256 digest: sha256: and 64 hex digits."
					       : "Must be hex digits.");
		return false;
	}
	bytes->data = data;
	bytes->len = (size_t)len;
	return true;
}

typedef bool read_fn(struct rs_ctx *ctx, const struct rs_field *f, const char *at, json_t *value,
	void *out);

static read_fn *const READERS[] = {
	[RS_T_STRING] = read_string, [RS_T_INT] = read_int,	[RS_T_BOOL] = read_bool,
	[RS_T_ID] = read_id,	     [RS_T_TIME] = read_time,	[RS_T_JSON] = read_json,
	[RS_T_OBJECT] = read_json,   [RS_T_ARRAY] = read_json,	[RS_T_BYTES] = read_hex,
	[RS_T_SHA256] = read_hex,    [RS_T_HEX] = read_hex,
};

static const struct rs_field *find_field(const struct rs_field *fields, const char *name,
	unsigned *index)
{
	for (*index = 0; fields->type != RS_T_END; fields++, (*index)++)
		if (!(fields->flags & (RS_F_READONLY | RS_F_HIDDEN)) && strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

void rs_json_read(struct rs_ctx *ctx, json_t *object, const char *at,
	const struct rs_field *fields, void *out, uint64_t *present)
{
	uint64_t seen = 0;
	const char *name;
	unsigned index;
	json_t *value;

	if (present)
		*present = 0;
	if (!json_is_object(object)) {
		(void)wrong_type(ctx, at, "an object");
		return;
	}
	json_object_foreach (object, name, value) {
		const struct rs_field *f = find_field(fields, name, &index);
		const char *pointer = rs_pointer(ctx, at, name);

		if (!f) {
			rs_fault(ctx, RS_UNKNOWN_MEMBER, pointer, "This member is not known here.");
			continue;
		}
		seen |= UINT64_C(1) << index;
		if (json_is_null(value) && (f->flags & RS_F_NULL))
			continue;
		(void)READERS[f->type](ctx, f, pointer, value, (char *)out + f->offset);
	}
	for (index = 0; fields[index].type != RS_T_END; index++)
		if ((fields[index].flags & RS_F_REQUIRED) && !(seen >> index & 1))
			rs_fault(ctx, RS_REQUIRED, rs_pointer(ctx, at, fields[index].name),
				"This member is required.");
	if (present)
		*present = seen;
}

/* --- writing --- */

static json_t *write_hex(const char *prefix, const struct rs_bytes *bytes)
{
	size_t skip = strlen(prefix);
	json_t *value;
	char *text;

	if (!bytes->data)
		return NULL;
	text = malloc(skip + 2 * bytes->len + 1);
	if (!text)
		abort();
	memcpy(text, prefix, skip);
	rs_hex(bytes->data, bytes->len, text + skip);
	value = json_string(text);
	free(text);
	return value;
}

json_t *rs_json_time(int64_t us)
{
	char buf[32];

	if (!us)
		return json_null();
	rs_time_format(us, buf);
	return json_string(buf);
}

static json_t *write_time(int64_t us)
{
	return us ? rs_json_time(us) : NULL;
}

/* A new reference, or NULL for a zero value that has no other form than null. */
static json_t *write_value(const struct rs_field *f, const void *in)
{
	const char *text;

	switch (f->type) {
	case RS_T_STRING:
		text = *(const char *const *)in;
		return text ? json_string(text) : NULL;
	case RS_T_INT:
		return json_integer(*(const int64_t *)in);
	case RS_T_BOOL:
		return json_boolean(*(const bool *)in);
	case RS_T_ID:
		text = ((const struct rs_id *)in)->s;
		return *text ? json_string(text) : NULL;
	case RS_T_TIME:
		return write_time(*(const int64_t *)in);
	case RS_T_JSON:
	case RS_T_OBJECT:
	case RS_T_ARRAY:
		return json_incref(*(json_t *const *)in);
	case RS_T_SHA256:
		return write_hex("sha256:", in);
	case RS_T_BYTES:
	case RS_T_HEX:
		return write_hex("", in);
	case RS_T_END:
		break;
	}
	abort();
}

json_t *rs_json_write(const struct rs_field *fields, const void *in)
{
	json_t *object = json_object();

	if (!object)
		abort();
	for (; fields->type != RS_T_END; fields++) {
		json_t *value;

		if (fields->flags & RS_F_HIDDEN)
			continue;
		value = write_value(fields, (const char *)in + fields->offset);
		if (!value && (fields->flags & RS_F_OMIT))
			continue;
		json_object_set_new_nocheck(object, fields->name, value ? value : json_null());
	}
	return object;
}

/* --- RFC 7396 --- */

void rs_json_merge(json_t *target, json_t *patch)
{
	const char *name;
	json_t *value, *mine;
	void *next;

	json_object_foreach_safe (patch, next, name, value) {
		if (json_is_null(value)) {
			json_object_del(target, name);
			continue;
		}
		mine = json_object_get(target, name);
		if (!json_is_object(value)) {
			json_object_set(target, name, value);
			continue;
		}
		if (!json_is_object(mine)) {
			json_object_set_new(target, name, json_object());
			mine = json_object_get(target, name);
		}
		rs_json_merge(mine, value);
	}
}
