/*
 * Lists as CSV (RFC 4180): streamed page by page. The stream outlives the request, so it has a call
 * and a context of its own; between pages it holds no connection of the pool. A cell that a
 * spreadsheet would take for a formula gets an apostrophe before it.
 */
#include "http.h"

#include "rs/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#define PAGE_ROWS 200
#define PAGE_DEADLINE_MS 10000
#define BLOCK_SIZE 32768

/* What a resource gives: one page. */
typedef enum rs_code rs_page_fn(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items);

struct rs_stream {
	struct rs_exchange x;   /* a copy: query, path and caller */
	struct rs_arena *arena; /* holds what the copy points to */
	rs_page_fn *page;
	const struct rs_csv_column *columns;
	struct rs_page where;
	char *text; /* what was rendered and not yet sent */
	size_t len;
	size_t at;
	bool end;
};

/* --- text --- */

static void put_cell(FILE *f, const char *text)
{
	fputc('"', f);
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]))
		fputc('\'', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

/* Arrays become their members parted by semicolons; {type, value} becomes type:value. */
static void value_text(FILE *f, const json_t *value)
{
	size_t i;
	json_t *member;
	if (json_is_string(value)) {
		fputs(json_string_value(value), f);
	} else if (json_is_integer(value)) {
		fprintf(f, "%lld", (long long)json_integer_value(value));
	} else if (json_is_boolean(value)) {
		fputs(json_is_true(value) ? "true" : "false", f);
	} else if (json_is_object(value)) {
		const json_t *inner = json_object_get(value, "value");
		fprintf(f, "%s:", json_string_value(json_object_get(value, "type")) ?: "");
		fputs(json_string_value(inner) ?: "", f);
	} else {
		json_array_foreach((json_t *)value, i, member) {
			if (i)
				fputc(';', f);
			value_text(f, member);
		}
	}
}

static const json_t *at_path(const json_t *item, const char *path)
{
	char name[64];
	while (item && *path) {
		size_t len = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		item = json_object_get(item, name);
		path += len + (path[len] == '.');
	}
	return item;
}

static void put_row(FILE *f, const struct rs_csv_column *columns, const json_t *item)
{
	for (int i = 0; columns[i].title; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *cell = open_memstream(&text, &len);
		if (!cell)
			abort();
		value_text(cell, at_path(item, columns[i].path));
		fclose(cell);
		if (i)
			fputc(',', f);
		put_cell(f, text);
		free(text);
	}
	fputs("\r\n", f);
}

/* --- pages --- */

/* Renders the next page into s->text. */
static enum rs_code next_page(struct rs_stream *s, bool first)
{
	struct rs_list list = {.total = -1};
	struct rs_ctx *ctx = &s->x.ctx;
	json_t *items = NULL;
	ctx->arena = rs_arena_new();
	ctx->deadline_ms = rs_clock_mono_ms() + PAGE_DEADLINE_MS;
	enum rs_code rc = s->page(&s->x.call, &s->where, &list, &items);
	if (rc == RS_OK) {
		size_t i;
		json_t *item;
		free(s->text);
		s->text = NULL;
		s->at = 0;
		FILE *f = open_memstream(&s->text, &s->len);
		if (!f)
			abort();
		for (i = 0; first && s->columns[i].title; i++)
			fprintf(f, "%s%s", i ? "," : "", s->columns[i].title);
		fputs(first ? "\r\n" : "", f);
		json_array_foreach(items, i, item)
			put_row(f, s->columns, item);
		fclose(f);
		s->end = list.next_cursor == NULL;
		s->where.cursor = rs_arena_strdup(s->arena, list.next_cursor);
		json_decref(items);
	}
	rs_arena_free(ctx->arena);
	ctx->arena = NULL;
	return rc;
}

static ssize_t on_stream(void *cls, uint64_t offset, char *out, size_t max)
{
	struct rs_stream *s = cls;
	(void)offset;
	rs_connection_phase(s->x.connection, RS_PHASE_WRITING);
	while (s->at == s->len) {
		if (s->end)
			return U_STREAM_END;
		if (next_page(s, false) != RS_OK)
			return U_STREAM_ERROR; /* cuts the connection: the client sees it is not all */
	}
	size_t n = s->len - s->at < max ? s->len - s->at : max;
	memcpy(out, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

void rs_stream_free(struct rs_stream *s)
{
	if (!s)
		return;
	rs_err_reset(&s->x.ctx.err);
	rs_arena_free(s->arena);
	free(s->text);
	free(s);
}

static void on_stream_free(void *cls)
{
	rs_stream_free(cls);
}

/* Copies what page() may look at: the request's own memory ends with its answer. */
static struct rs_stream *stream_new(struct rs_exchange *x, rs_page_fn *page,
	const struct rs_csv_column *columns)
{
	struct rs_stream *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->arena = rs_arena_new();
	s->page = page;
	s->columns = columns;
	s->x.call = x->call;
	s->x.ctx = x->ctx;
	s->x.server = x->server;
	s->x.connection = x->connection;
	s->x.call.ctx = &s->x.ctx;
	memset(&s->x.ctx.err, 0, sizeof(s->x.ctx.err));
	s->x.ctx.limits = NULL;
	s->x.ctx.ahead = NULL;
	s->x.ctx.user_agent = rs_arena_strdup(s->arena, x->ctx.user_agent);
	s->x.ctx.actor.name = rs_arena_strdup(s->arena, x->ctx.actor.name);
	struct rs_query_param *query =
		rs_new_array(s->arena, struct rs_query_param, x->call.query_count + 1);
	for (int i = 0; i < x->call.query_count; i++) {
		query[i].name = x->call.query[i].name; /* the route's own text */
		query[i].value = rs_arena_strdup(s->arena, x->call.query[i].value);
	}
	s->x.call.query = query;
	for (int i = 0; i < RS_PATH_PARAMS_MAX; i++)
		s->x.call.path[i] = rs_arena_strdup(s->arena, x->call.path[i]);
	return s;
}

static enum rs_code reply_csv(struct rs_call *call, rs_page_fn *page,
	const struct rs_csv_column *columns, const struct rs_page *where)
{
	struct rs_exchange *x = rs_exchange_of(call);
	struct rs_stream *s = stream_new(x, page, columns);
	s->where = (struct rs_page){.limit = PAGE_ROWS,
		.sort = rs_arena_strdup(s->arena, where->sort)};
	/* The first page comes before the status, so that a fault is still a problem. */
	enum rs_code rc = next_page(s, true);
	if (rc != RS_OK) {
		rs_err_reset(&x->ctx.err);
		x->ctx.err = s->x.ctx.err;
		memset(&s->x.ctx.err, 0, sizeof(s->x.ctx.err));
		rs_stream_free(s);
		return rc;
	}
	x->stream = s;
	/* libmicrohttpd writes the end of the chunks behind the headers that answer HEAD: nothing
	 * may come after it that a client would take for the next answer. */
	if (strcmp(x->method, "HEAD") == 0)
		x->close = true;
	rs_reply_header(call, "Content-Disposition", "attachment; filename=\"export.csv\"");
	return rs_reply_bytes(call, 200, "text/csv; charset=utf-8; header=present", NULL, 0);
}

void rs_stream_send(struct rs_exchange *x, struct _u_response *response)
{
	ulfius_set_stream_response(response, 200, on_stream, on_stream_free, U_STREAM_SIZE_UNKNOWN,
		BLOCK_SIZE, x->stream);
	x->stream = NULL;
}

enum rs_code rs_reply_pages(struct rs_call *call, rs_page_fn *page,
	const struct rs_csv_column *columns)
{
	static const struct rs_form FORMS[] = {
		{NULL, "application/json"}, {NULL, "text/csv"}, {NULL, NULL}};
	struct rs_page where;
	struct rs_list list = {.total = -1};
	json_t *items = NULL;
	int form;
	enum rs_code rc = rs_negotiate(call, FORMS, &form);
	if (rc == RS_OK)
		rc = rs_query_page(call, &where);
	if (rc != RS_OK)
		return rc;
	if (form == 1)
		return reply_csv(call, page, columns, &where);
	rc = page(call, &where, &list, &items);
	if (rc != RS_OK)
		return rc;
	return rs_reply_list(call, &list, items);
}
