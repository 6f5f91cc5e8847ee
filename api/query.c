/* Query parameters with a type. */
#include "http.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum rs_code rs_query_int(struct rs_call *call, const char *name, int64_t min, int64_t max,
	int64_t *out)
{
	const char *text = rs_query(call, name);
	char *end;
	if (!text)
		return RS_OK;
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	bool digits = text[0] != '\0' && text[strspn(text, "-0123456789")] == '\0';
	if (!digits || *end != '\0' || errno || value < min || value > max)
		return rs_fail(call->ctx, RS_BAD_QUERY,
			"%s must be a number from %" PRId64 " to %" PRId64 ".", name, min, max);
	*out = value;
	return RS_OK;
}

enum rs_code rs_query_bool(struct rs_call *call, const char *name, bool *out)
{
	const char *text = rs_query(call, name);
	if (!text)
		return RS_OK;
	*out = strcmp(text, "true") == 0;
	if (!*out && strcmp(text, "false") != 0)
		return rs_fail(call->ctx, RS_BAD_QUERY, "%s must be true or false.", name);
	return RS_OK;
}

enum rs_code rs_query_id(struct rs_call *call, const char *name, struct rs_id *out)
{
	const char *text = rs_query(call, name);
	if (text && !rs_id_parse(text, out))
		return rs_fail(call->ctx, RS_BAD_QUERY, "%s must be an id.", name);
	return RS_OK;
}

enum rs_code rs_query_time(struct rs_call *call, const char *name, int64_t *out)
{
	const char *text = rs_query(call, name);
	if (text && !rs_time_parse(text, out))
		return rs_fail(call->ctx, RS_BAD_QUERY,
			"%s must be a time such as 2026-11-23T10:00:00Z.", name);
	return RS_OK;
}

static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			return true;
	return false;
}

enum rs_code rs_query_text(struct rs_call *call, const char *name, size_t min, size_t max,
	const char **out)
{
	const char *text = rs_query(call, name);
	if (!text)
		return RS_OK;
	size_t len = rs_utf8_length(text);
	if (len < min || len > max || has_control(text))
		return rs_fail(call->ctx, RS_BAD_QUERY,
			"%s must be a text of %zu to %zu characters.", name, min, max);
	*out = text;
	return RS_OK;
}

enum rs_code rs_query_name(struct rs_call *call, const char *name, size_t max, json_t **out)
{
	const char *text = NULL;
	enum rs_code rc = rs_query_text(call, name, 1, max, &text);

	if (text)
		*out = rs_names_sought(call->ctx, text);
	return rc;
}

enum rs_code rs_query_words(struct rs_call *call, const char *name, const char *const *words,
	json_t **out)
{
	size_t i;
	json_t *value, *all = rs_query_all(call, name);
	json_array_foreach(all, i, value) {
		int w = 0;
		while (words[w] && strcmp(words[w], json_string_value(value)) != 0)
			w++;
		if (!words[w])
			return rs_fail(call->ctx, RS_BAD_QUERY,
				"A value of %s is not one the documentation lists.", name);
	}
	if (all)
		*out = all;
	return RS_OK;
}

/* Whether a number was written without the zero before it, as some programs show serials. */
static bool odd(const char *hex)
{
	size_t digits = strspn(hex, "0123456789abcdefABCDEF");
	return digits % 2 != 0 && hex[digits] == '\0';
}

enum rs_code rs_query_hex(struct rs_call *call, const char *name, size_t max_bytes,
	const char **out)
{
	struct rs_arena *arena = call->ctx->arena;
	const char *text = rs_query(call, name);
	if (!text)
		return RS_OK;
	if (strncasecmp(text, "sha256:", 7) == 0)
		text += 7;
	if (odd(text))
		text = rs_arena_printf(arena, "0%s", text);
	unsigned char *bytes = rs_arena_alloc(arena, max_bytes);
	char *hex = rs_arena_alloc(arena, 2 * max_bytes + 1);
	int len = rs_unhex(text, bytes, max_bytes);
	if (len <= 0)
		return rs_fail(call->ctx, RS_BAD_QUERY, "%s must be hex, at most %zu bytes.", name,
			max_bytes);
	rs_hex(bytes, (size_t)len, hex);
	*out = hex;
	return RS_OK;
}
