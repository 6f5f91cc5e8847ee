/*
 * JSON text, compact. Byte for byte what json_dumps() of jansson makes, but in one buffer and
 * without a call for each piece of a string: answers, parameters and audit events are made of it.
 */
#include "rs/json.h"

#include <stdlib.h>
#include <string.h>

struct text {
	char *data;
	size_t len, size;
	bool canonical; /* RFC 8785: members sorted, escapes of controls in lower case */
};

/* Where the next size octets go, and a NUL behind them. */
static char *room(struct text *t, size_t size)
{
	if (t->len + size + 1 > t->size) {
		t->size = (t->len + size + 1) * 2;
		t->data = realloc(t->data, t->size);
		if (!t->data)
			abort();
	}
	return t->data + t->len;
}

static void put(struct text *t, const char *data, size_t len)
{
	memcpy(room(t, len), data, len);
	t->len += len;
}

static void put_char(struct text *t, char c)
{
	*room(t, 1) = c;
	t->len++;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escape(struct text *t, unsigned char c)
{
	static const char SHORT[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *hex = t->canonical ? "0123456789abcdef" : "0123456789ABCDEF";

	put_char(t, '\\');
	for (const char *s = SHORT; *s; s += 2) {
		if ((unsigned char)*s == c) {
			put_char(t, s[1]);
			return;
		}
	}
	put(t, "u00", 3);
	put_char(t, hex[c >> 4]);
	put_char(t, hex[c & 15]);
}

static void put_string(struct text *t, const char *s, size_t len)
{
	const char *end = s + len;

	put_char(t, '"');
	while (s < end) {
		const char *run = s;

		while (s < end && is_plain((unsigned char)*s))
			s++;
		put(t, run, (size_t)(s - run));
		if (s < end)
			put_escape(t, (unsigned char)*s++);
	}
	put_char(t, '"');
}

static void put_integer(struct text *t, json_int_t value)
{
	unsigned long long left =
		value < 0 ? 0ull - (unsigned long long)value : (unsigned long long)value;
	char digits[24], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	put(t, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_real(struct text *t, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (!text)
		abort();
	put(t, text, strlen(text));
	free(text);
}

static void put_value(struct text *t, const json_t *value);

static void put_array(struct text *t, const json_t *array)
{
	size_t count = json_array_size(array);

	put_char(t, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			put_char(t, ',');
		put_value(t, json_array_get(array, i));
	}
	put_char(t, ']');
}

struct member {
	const char *name;
	size_t len;
	const json_t *value;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void put_member(struct text *t, const struct member *m, bool first)
{
	if (!first)
		put_char(t, ',');
	put_string(t, m->name, m->len);
	put_char(t, ':');
	put_value(t, m->value);
}

static struct member member_at(void *iter)
{
	return (struct member){json_object_iter_key(iter), json_object_iter_key_len(iter),
		json_object_iter_value(iter)};
}

static void put_sorted(struct text *t, json_t *object)
{
	size_t count = json_object_size(object), n = 0;
	struct member *members = calloc(count + 1, sizeof(*members));

	if (!members)
		abort();
	for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i))
		members[n++] = member_at(i);
	qsort(members, n, sizeof(*members), by_name);
	for (size_t i = 0; i < n; i++)
		put_member(t, &members[i], i == 0);
	free(members);
}

static void put_object(struct text *t, json_t *object)
{
	bool first = true;

	put_char(t, '{');
	if (t->canonical) {
		put_sorted(t, object);
	} else {
		for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
			struct member member = member_at(i);

			put_member(t, &member, first);
			first = false;
		}
	}
	put_char(t, '}');
}

static void put_value(struct text *t, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(t, (json_t *)(uintptr_t)value);
		break;
	case JSON_ARRAY:
		put_array(t, value);
		break;
	case JSON_STRING:
		put_string(t, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		put_integer(t, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(t, value);
		break;
	case JSON_TRUE:
		put(t, "true", 4);
		break;
	case JSON_FALSE:
		put(t, "false", 5);
		break;
	case JSON_NULL:
		put(t, "null", 4);
		break;
	}
}

static char *text_of(const json_t *value, bool canonical, size_t *len)
{
	struct text t = {.canonical = canonical};

	room(&t, 1024);
	put_value(&t, value);
	t.data[t.len] = '\0';
	if (len)
		*len = t.len;
	return t.data;
}

char *rs_json_text(const json_t *value, size_t *len)
{
	return text_of(value, false, len);
}

const char *rs_json_canonical(struct rs_ctx *ctx, const json_t *value, size_t *len)
{
	size_t size;
	char *text = text_of(value, true, &size), *copy = rs_arena_memdup(ctx->arena, text, size);

	if (len)
		*len = size;
	free(text);
	return copy;
}
