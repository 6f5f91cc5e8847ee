/*
 * Lists: filters, keyset pages, cursors.
 *
 * A list is one statement file whose parameters are its filters and whose text holds the
 * placeholder lines of sql/README.md for order and page; a struct rs_list_spec names its sort keys.
 * Cursors are opaque: the sort key and id of the last row, bound by HMAC (label "cursor") to the
 * caller, the list and its filters.
 */
#ifndef RS_LIST_H
#define RS_LIST_H

#include "rs/store.h"

struct rs_sort {
	const char *name;   /* "created_at" */
	const char *column; /* SQL expression, constant text: "c.created_at" */
	const char *type;   /* SQL type for the cursor's cast: "timestamptz", "text" */
};

struct rs_list_spec {
	enum rs_query query;
	const struct rs_sort *sorts; /* ends with name NULL; the first is the default, descending */
	const char *id_column;       /* "c.id": the tie breaker */
};

/* What the client asked for; api/list.c fills it from the query string. */
struct rs_page {
	int limit;          /* 1..200 */
	const char *cursor; /* or NULL */
	const char *sort;   /* "created_at", "-created_at" or NULL */
	bool count;
};

struct rs_list {
	struct rs_rows *rows;
	const char *next_cursor; /* or NULL at the end */
	int64_t total;           /* with count: exact to 10,000, then 10,001; else -1 */
};

/* RS_BAD_CURSOR, RS_BAD_QUERY (unknown sort key), RS_UNAVAILABLE. */
enum rs_code rs_list(struct rs_ctx *ctx, const struct rs_list_spec *spec,
	const struct rs_params *filters, const struct rs_page *page, struct rs_list *out) RS_CHECK;

#endif
