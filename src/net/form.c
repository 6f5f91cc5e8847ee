#include "rs/form.h"

#include "rs/secret.h"

#include <stdlib.h>
#include <string.h>

/* Room for len more bytes and a NUL; the old place is overwritten, not just freed. */
static void grow(struct rs_form *form, size_t len)
{
	size_t size = form->size ? form->size : 512;
	if (form->len + len < form->size)
		return;
	while (size <= form->len + len)
		size *= 2;
	char *text = calloc(1, size);
	if (!text)
		abort();
	if (form->text)
		memcpy(text, form->text, form->len);
	rs_cleanse(form->text, form->len);
	free(form->text);
	form->text = text;
	form->size = size;
}

void rs_form_raw(struct rs_form *form, const char *text)
{
	size_t len = strlen(text);
	grow(form, len);
	memcpy(form->text + form->len, text, len + 1);
	form->len += len;
}

void rs_form_encode(struct rs_form *form, const char *text)
{
	static const char PLAIN[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char HEX[] = "0123456789ABCDEF";
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		char out[4] = {(char)*c};
		if (!strchr(PLAIN, *c)) {
			out[0] = '%';
			out[1] = HEX[*c >> 4];
			out[2] = HEX[*c & 15];
		}
		rs_form_raw(form, out);
	}
}

void rs_form_add(struct rs_form *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len)
		rs_form_raw(form, "&");
	rs_form_encode(form, name);
	rs_form_raw(form, "=");
	rs_form_encode(form, value);
}

void rs_form_add_all(struct rs_form *form, const json_t *fields)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)fields, name, value)
		rs_form_add(form, name, json_string_value(value));
}

void rs_form_end(struct rs_form *form)
{
	rs_cleanse(form->text, form->len);
	free(form->text);
	*form = (struct rs_form){0};
}
