/* The parameters of a statement, as the text or bytes libpq sends. */
#include "internal.h"

#include "rs/clock.h"
#include "rs/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rs_params rs_params(struct rs_ctx *ctx)
{
	struct rs_params p;

	p.ctx = ctx;
	p.count = 0;
	p.clock = 0;
	return p;
}

static void add(struct rs_params *p, const char *value, int length, int format)
{
	if (p->count == RS_PARAMS_MAX)
		abort();
	p->value[p->count] = value;
	p->length[p->count] = length;
	p->format[p->count] = format;
	p->count++;
}

void rs_p_null(struct rs_params *p)
{
	add(p, NULL, 0, 0);
}

void rs_p_text(struct rs_params *p, const char *value)
{
	add(p, rs_arena_strdup(p->ctx->arena, value), 0, 0);
}

void rs_p_int(struct rs_params *p, int64_t value)
{
	char *text = rs_arena_alloc(p->ctx->arena, 24);

	snprintf(text, 24, "%" PRId64, value);
	add(p, text, 0, 0);
}

void rs_p_bool(struct rs_params *p, bool value)
{
	add(p, value ? "t" : "f", 0, 0);
}

void rs_p_id(struct rs_params *p, const struct rs_id *id)
{
	if (!id || !id->s[0])
		rs_p_null(p);
	else
		rs_p_text(p, id->s);
}

void rs_p_time(struct rs_params *p, int64_t us)
{
	int64_t seconds = us / 1000000, fraction = us % 1000000;
	int part[6];
	char *text;

	if (us == 0) {
		rs_p_null(p);
		return;
	}
	if (fraction < 0) {
		seconds--;
		fraction += 1000000;
	}
	rs_time_civil(seconds, part);
	if (part[0] < 1 || part[0] > 9999)
		abort();
	text = rs_arena_alloc(p->ctx->arena, 64);
	rs_time_format(seconds * 1000000, text);
	snprintf(text + 19, 64 - 19, ".%06dZ", (int)fraction);
	add(p, text, 0, 0);
}

void rs_p_clock(struct rs_params *p, int64_t us)
{
	p->clock |= UINT64_C(1) << p->count;
	rs_p_time(p, us);
}

void rs_p_bytes(struct rs_params *p, const void *data, size_t len)
{
	if (!data)
		rs_p_null(p);
	else
		add(p, rs_arena_memdup(p->ctx->arena, data, len), (int)len, 1);
}

void rs_p_json(struct rs_params *p, const json_t *value)
{
	char *text;

	if (!value) {
		rs_p_null(p);
		return;
	}
	text = rs_json_text(value, NULL);
	rs_arena_defer(p->ctx->arena, free, text);
	add(p, text, 0, 0);
}

/* An array literal: {"a","b\"c"}. */
void rs_p_texts(struct rs_params *p, const json_t *strings)
{
	size_t room = 3, index;
	const json_t *item;
	char *text, *at;

	if (!strings) {
		rs_p_null(p);
		return;
	}
	json_array_foreach((json_t *)strings, index, item)
		room += 2 * json_string_length(item) + 3;
	text = at = rs_arena_alloc(p->ctx->arena, room);
	*at++ = '{';
	json_array_foreach((json_t *)strings, index, item)
	{
		if (index)
			*at++ = ',';
		*at++ = '"';
		for (const char *c = json_string_value(item); c && *c; c++) {
			if (*c == '"' || *c == '\\')
				*at++ = '\\';
			*at++ = *c;
		}
		*at++ = '"';
	}
	*at++ = '}';
	*at = '\0';
	add(p, text, 0, 0);
}

static bool value_same(const struct rs_params *a, const struct rs_params *b, int i)
{
	if (!a->value[i] || !b->value[i])
		return !a->value[i] && !b->value[i];
	if (a->format[i] != b->format[i])
		return false;
	if (!a->format[i])
		return strcmp(a->value[i], b->value[i]) == 0;
	return a->length[i] == b->length[i] &&
		memcmp(a->value[i], b->value[i], (size_t)a->length[i]) == 0;
}

bool rs_params_same(const struct rs_params *a, const struct rs_params *b)
{
	bool same = a->count == b->count;

	for (int i = 0; same && i < a->count; i++)
		same = value_same(a, b, i);
	return same;
}
