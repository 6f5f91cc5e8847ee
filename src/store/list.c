/*
 * Lists: one text a list, sort key, direction and page; the cursor that leads from page to page.
 *
 * The texts come from sql/queries and the constant tables of the modules only: nothing a client
 * sent ever becomes SQL. Each variant is made once a process and prepared once a connection.
 */
#include "internal.h"

#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 10000
#define LIMIT_MAX 200
#define KEY_MAX	  1024 /* bytes of a sort key in a cursor */

/* --- texts --- */

struct text {
	unsigned key; /* query, sort, direction, after a cursor, count */
	char *sql;
};

struct rs_list_texts {
	pthread_mutex_t lock;
	int count;
	struct text text[RS_LIST_TEXTS_MAX];
};

/* What makes a variant of a list. */
struct variant {
	const struct rs_list_spec *spec;
	const struct rs_sort *sort;
	bool ascending;
	bool after;  /* there is a cursor */
	bool count;  /* the total instead of a page */
	int filters; /* parameters before ours */
};

struct rs_list_texts *rs_list_texts_new(void)
{
	struct rs_list_texts *texts = calloc(1, sizeof *texts);

	if (!texts)
		abort();
	pthread_mutex_init(&texts->lock, NULL);
	return texts;
}

void rs_list_texts_free(struct rs_list_texts *texts)
{
	for (int i = 0; i < texts->count; i++)
		free(texts->text[i].sql);
	pthread_mutex_destroy(&texts->lock);
	free(texts);
}

static void put_columns(FILE *out, const struct variant *v)
{
	if (!v->count)
		fprintf(out, ", (%s)::text AS cursor_key, (%s)::text AS cursor_id\n",
			v->sort->column, v->spec->id_column);
}

static void put_after(FILE *out, const struct variant *v)
{
	if (v->after && !v->count)
		fprintf(out, "AND (%s, %s) %s ($%d::%s, $%d::uuid)\n", v->sort->column,
			v->spec->id_column, v->ascending ? ">" : "<", v->filters + 1,
			v->sort->type, v->filters + 2);
}

static void put_page(FILE *out, const struct variant *v)
{
	const char *direction = v->ascending ? "ASC" : "DESC";

	if (v->count)
		fprintf(out, "LIMIT %d\n", COUNT_MAX + 1);
	else
		fprintf(out, "ORDER BY %s %s, %s %s LIMIT $%d\n", v->sort->column, direction,
			v->spec->id_column, direction, v->filters + (v->after ? 3 : 1));
}

/* The placeholder lines of sql/README.md. */
static const struct {
	const char *mark;
	void (*put)(FILE *out, const struct variant *v);
} places[] = {
	{"--:columns", put_columns},
	{"--:after", put_after},
	{"--:page", put_page},
};

static void put_line(FILE *out, const struct variant *v, const char *line, size_t len)
{
	size_t indent = strspn(line, " \t");

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		size_t mark = strlen(places[i].mark);

		if (len >= indent + mark && strncmp(line + indent, places[i].mark, mark) == 0) {
			places[i].put(out, v);
			return;
		}
	}
	fprintf(out, "%.*s\n", (int)len, line);
}

static char *make_text(const struct variant *v)
{
	const char *line = rs_query_texts[v->spec->query].sql;
	char *sql = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&sql, &size);

	if (!out)
		abort();
	if (v->count)
		fputs("SELECT count(*) AS total FROM (\n", out);
	while (*line) {
		size_t len = strcspn(line, "\n");

		put_line(out, v, line, len);
		line += len;
		if (*line)
			line++;
	}
	if (v->count)
		fputs(") AS counted\n", out);
	fclose(out);
	return sql;
}

/* The slot and text of a variant, made at its first use. */
static struct rs_step list_step(struct rs_list_texts *texts, const struct variant *v,
	const struct rs_params *params)
{
	unsigned sort = (unsigned)(v->sort - v->spec->sorts);
	unsigned key = ((unsigned)v->spec->query << 8) | (sort << 3) | (unsigned)v->ascending << 2 |
		       (unsigned)v->after << 1 | (unsigned)v->count;
	struct rs_step step = {.params = params};
	int i;

	pthread_mutex_lock(&texts->lock);
	for (i = 0; i < texts->count && texts->text[i].key != key; i++)
		;
	if (i == texts->count) {
		if (texts->count == RS_LIST_TEXTS_MAX)
			abort();
		texts->text[i] = (struct text){key, make_text(v)};
		texts->count++;
	}
	step.slot = RS_SLOT_LISTS + i;
	step.sql = texts->text[i].sql;
	pthread_mutex_unlock(&texts->lock);
	return step;
}

/* --- cursors --- */

/*
 * What a cursor is bound to: list, order, caller and filters. One text, each part with its length
 * before it, so that no two sets of parts read the same.
 */
static char *cursor_scope(struct rs_ctx *ctx, const struct variant *v,
	const struct rs_params *filters, const char *payload, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
	fprintf(out, "%s %s %d %s %s %d;", rs_query_texts[v->spec->query].name, v->sort->name,
		v->ascending, ctx->actor.id.s, ctx->actor.enterprise.s, ctx->actor.platform);
	for (int i = 0; i < filters->count; i++) {
		const char *value = filters->clock & (UINT64_C(1) << i) ? NULL : filters->value[i];
		size_t size = !value ? 0 : filters->format[i] ? (size_t)filters->length[i]
							      : strlen(value);

		fprintf(out, "%s%zu:", value ? "" : "-", size);
		if (value)
			fwrite(value, 1, size, out);
	}
	fprintf(out, ";%s", payload);
	fclose(out);
	rs_arena_defer(ctx->arena, free, text);
	return text;
}

/* kid ' ' hex of the MAC ' ' payload, as base64url. */
static const char *cursor_text(
	struct rs_ctx *ctx, const char *kid, const unsigned char mac[RS_MAC_LEN], const char *payload)
{
	char hex[2 * RS_MAC_LEN + 1];
	const char *text;

	rs_hex(mac, RS_MAC_LEN, hex);
	text = rs_arena_printf(ctx->arena, "%s %s %s", kid, hex, payload);
	return rs_b64url(ctx->arena, text, strlen(text));
}

/* The payload is id ' ' sort key. */
static const char *cursor_make(struct rs_ctx *ctx, const struct variant *v,
	const struct rs_params *filters, const char *id, const char *key)
{
	char *payload = rs_arena_printf(ctx->arena, "%s %s", id, key);
	struct rs_mac mac;
	size_t len;
	char *scope = cursor_scope(ctx, v, filters, payload, &len);

	rs_keyring_mac(ctx->keyring, RS_KEY_CURSOR, scope, len, &mac);
	return cursor_text(ctx, mac.kid, mac.mac, payload);
}

static int b64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* base64url without padding; NULL when malformed, too long or with a NUL inside. */
static char *b64_read(struct rs_ctx *ctx, const char *text)
{
	size_t len = strlen(text), at = 0;
	unsigned bits = 0;
	int have = 0;
	char *out;

	if (len > 2 * KEY_MAX)
		return NULL;
	out = rs_arena_alloc(ctx->arena, len + 1);
	for (; *text; text++) {
		int value = b64_value(*text);

		if (value < 0)
			return NULL;
		bits = bits << 6 | (unsigned)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[at++] = (char)(bits >> have & 0xff);
		}
	}
	return memchr(out, '\0', at) ? NULL : out;
}

/* Reads a cursor that cursor_make() made for the same list and caller, letter for letter. */
static enum rs_code cursor_read(struct rs_ctx *ctx, const struct variant *v,
	const struct rs_params *filters, const char *cursor, const char **id, const char **key)
{
	unsigned char mac[RS_MAC_LEN];
	char *kid = b64_read(ctx, cursor), *hex, *payload, *scope;
	size_t len;

	hex = kid ? strchr(kid, ' ') : NULL;
	payload = hex ? strchr(hex + 1, ' ') : NULL;
	if (payload) {
		*hex++ = '\0';
		*payload++ = '\0';
		scope = cursor_scope(ctx, v, filters, payload, &len);
		if (rs_unhex(hex, mac, sizeof mac) == (int)sizeof mac &&
			rs_keyring_verify(
				ctx->keyring, RS_KEY_CURSOR, kid, scope, len, mac) &&
			strcmp(cursor_text(ctx, kid, mac, payload), cursor) == 0) {
			*id = payload;
			payload[RS_ID_LEN] = '\0';
			*key = payload + RS_ID_LEN + 1;
			return RS_OK;
		}
	}
	return rs_fail(ctx, RS_BAD_CURSOR,
		"The cursor does not belong to this list. Take next_cursor of the page before, with "
		"the same filters and sort, or start without a cursor.");
}

/* --- the call --- */

static const char *sort_names(struct rs_ctx *ctx, const struct rs_sort *sorts)
{
	const char *names = "";

	for (; sorts->name; sorts++)
		names = rs_arena_printf(ctx->arena, "%s%s%s", names, *names ? ", " : "",
			sorts->name);
	return names;
}

static enum rs_code choose_sort(struct rs_ctx *ctx, const char *wanted, struct variant *v)
{
	const struct rs_sort *sort = v->spec->sorts;

	v->ascending = wanted && *wanted != '-';
	if (wanted) {
		const char *name = v->ascending ? wanted : wanted + 1;

		while (sort->name && strcmp(sort->name, name) != 0)
			sort++;
	}
	v->sort = sort;
	if (sort->name)
		return RS_OK;
	return rs_fail(ctx, RS_BAD_QUERY, "sort knows %s, each with or without a leading '-'.",
		sort_names(ctx, v->spec->sorts));
}

static enum rs_code run_list(struct rs_ctx *ctx, struct rs_step *steps, int count)
{
	struct rs_conn *conn;
	enum rs_code rc = rs_conn_take(ctx, RS_REACH_CALLER, &conn);

	if (rc != RS_OK)
		return rc;
	rc = rs_wire_run(ctx, conn, steps, count, NULL);
	rs_conn_give(conn);
	return rc;
}

/* Takes off the row beyond the page and makes the cursor of the last one kept. */
static void cut_page(struct rs_ctx *ctx, const struct variant *v, const struct rs_params *filters,
	int limit, struct rs_list *out)
{
	out->next_cursor = NULL;
	if (out->rows->count <= limit)
		return;
	out->rows->count = limit;
	out->next_cursor = cursor_make(ctx, v, filters,
		rs_row_text(out->rows, limit - 1, "cursor_id"),
		rs_row_text(out->rows, limit - 1, "cursor_key"));
}

/* Asks for one row more than the page: whether it comes says whether there is a next one. */
enum rs_code rs_list(struct rs_ctx *ctx, const struct rs_list_spec *spec,
	const struct rs_params *filters, const struct rs_page *page, struct rs_list *out)
{
	struct variant v = {.spec = spec, .filters = filters->count, .after = page->cursor};
	struct rs_params reach, paged = *filters;
	struct rs_step steps[4];
	const char *id = NULL, *key = NULL;
	int limit = page->limit < 1 || page->limit > LIMIT_MAX ? 50 : page->limit, count = 0;
	enum rs_code rc = choose_sort(ctx, page->sort, &v);

	if (rc == RS_OK && v.after)
		rc = cursor_read(ctx, &v, filters, page->cursor, &id, &key);
	if (rc != RS_OK)
		return rc;
	if (v.after) {
		rs_p_text(&paged, key);
		rs_p_text(&paged, id);
	}
	rs_p_int(&paged, limit + 1);
	steps[count++] = rs_reach_step(ctx, RS_REACH_CALLER, &reach);
	steps[count++] = (struct rs_step){.slot = RS_SLOT_CUSTOM};
	steps[count++] = list_step(ctx->app->store->lists, &v, &paged);
	if (page->count) {
		v.count = true;
		steps[count++] = list_step(ctx->app->store->lists, &v, filters);
	}
	rc = run_list(ctx, steps, count);
	if (rc != RS_OK)
		return rc;
	PQclear(steps[0].result);
	PQclear(steps[1].result);
	out->rows = rs_rows_keep(ctx, steps[2].slot, rs_share_all(steps[2].result));
	out->total = -1;
	if (page->count)
		out->total = rs_row_int(
			rs_rows_keep(ctx, steps[3].slot, rs_share_all(steps[3].result)), 0, "total");
	cut_page(ctx, &v, filters, limit, out);
	return RS_OK;
}
