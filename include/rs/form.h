/*
 * application/x-www-form-urlencoded (WHATWG URL 5): bodies that are sent and queries of URLs that
 * are made. What a form holds may be a credential, so it grows outside the arena and is overwritten
 * when it ends.
 */
#ifndef RS_FORM_H
#define RS_FORM_H

#include "rs/json.h"

struct rs_form {
	char *text; /* NUL-terminated; NULL while empty */
	size_t len;
	size_t size;
};

/* Adds name=value, percent-encoded, after a '&' where needed. value NULL adds nothing. */
void rs_form_add(struct rs_form *form, const char *name, const char *value);
/* Every member of an object of texts. */
void rs_form_add_all(struct rs_form *form, const json_t *fields);
/* Appends the percent-encoded form of text alone. */
void rs_form_encode(struct rs_form *form, const char *text);
/* Appends text as it is. */
void rs_form_raw(struct rs_form *form, const char *text);

/* Overwrites and frees; an empty one is fine. */
void rs_form_end(struct rs_form *form);
/* A form that ends with its block. */
#define rs_auto_form __attribute__((cleanup(rs_form_end))) struct rs_form

#endif
