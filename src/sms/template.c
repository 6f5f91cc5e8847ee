/* Templates: {{to}}, {{text}}, {{id}}, {{sender}}, escaped for where they stand. */
#include "rs/sms.h"

#include "buffer.h"

#include <string.h>

static const struct {
	const char *name;
	size_t offset;
} PLACEHOLDERS[] = {
	{"to", offsetof(struct rs_sms_values, to)},
	{"text", offsetof(struct rs_sms_values, text)},
	{"id", offsetof(struct rs_sms_values, id)},
	{"sender", offsetof(struct rs_sms_values, sender)},
};

#define COUNT (sizeof(PLACEHOLDERS) / sizeof(PLACEHOLDERS[0]))

/* The placeholder that begins at text ("{{"), or COUNT; *len is how long it is with its braces. */
static size_t placeholder_at(const char *text, size_t *len)
{
	for (size_t i = 0; i < COUNT; i++) {
		size_t name = strlen(PLACEHOLDERS[i].name);

		if (strncmp(text + 2, PLACEHOLDERS[i].name, name) == 0 &&
			strncmp(text + 2 + name, "}}", 2) == 0) {
			*len = name + 4;
			return i;
		}
	}
	return COUNT;
}

const char *rs_sms_template_fault(const char *text)
{
	size_t len;

	while ((text = strstr(text, "{{"))) {
		if (placeholder_at(text, &len) == COUNT)
			return "The placeholders are {{to}}, {{text}}, {{id}} and {{sender}}.";
		text += len;
	}
	return NULL;
}

const char *rs_sms_url_fault(const char *url)
{
	const char *host = strstr(url, "//");
	const char *path = host ? host + 2 + strcspn(host + 2, "/?#") : url;
	const char *first = strstr(url, "{{");

	if (first && first < path)
		return "A placeholder stands in the path or the query, not before them.";
	if (strchr(url, '#'))
		return "A URL that is called has no fragment.";
	return rs_sms_template_fault(url);
}

/* A header is one line: what would end it, or be none of it, is left out. */
static void put_header(struct rs_buffer *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '\n' || c == '\t')
			rs_buffer_put(out, " ", 1);
		else if (c >= 0x20 && c != 0x7f)
			rs_buffer_put(out, value, 1);
	}
}

static void put_value(struct rs_buffer *out, const char *value, enum rs_sms_place place)
{
	switch (place) {
	case RS_SMS_URL:
	case RS_SMS_FORM:
		rs_buffer_put_encoded(out, value);
		break;
	case RS_SMS_HEADER:
		put_header(out, value);
		break;
	case RS_SMS_PLAIN:
		rs_buffer_put_text(out, value);
		break;
	}
}

/* What stands between the placeholders: a URL and a header are written for what they are. */
static void put_fixed(struct rs_buffer *out, const char *text, size_t len, enum rs_sms_place place)
{
	rs_auto_buffer copy = {0};

	if (place != RS_SMS_FORM) {
		rs_buffer_put(out, text, len);
		return;
	}
	rs_buffer_put(&copy, text, len);
	rs_buffer_put(&copy, "", 1);
	rs_buffer_put_encoded(out, rs_buffer_peek(&copy));
}

struct rs_secret *rs_sms_render(
	const char *text, const struct rs_sms_values *values, enum rs_sms_place place)
{
	struct rs_buffer out = {0};
	const char *next;

	while ((next = strstr(text, "{{"))) {
		size_t len = 2, which = placeholder_at(next, &len);

		put_fixed(&out, text, (size_t)(next - text), place);
		if (which == COUNT) {
			put_fixed(&out, next, len, place);
		} else {
			const char *const *value =
				(const char *const *)(const void *)((const char *)values +
								    PLACEHOLDERS[which].offset);

			put_value(&out, *value ? *value : "", place);
		}
		text = next + len;
	}
	put_fixed(&out, text, strlen(text), place);
	return rs_buffer_take(&out);
}
