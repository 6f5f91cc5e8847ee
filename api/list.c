/* Lists as JSON: the page that is asked for, the answer, the link to the next. */
#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define TOTAL_MAX 10000

enum rs_code rs_query_page(struct rs_call *call, struct rs_page *page)
{
	int64_t limit = LIMIT_DEFAULT;
	*page = (struct rs_page){.sort = rs_query(call, "sort"), .cursor = rs_query(call, "cursor")};
	enum rs_code rc = rs_query_int(call, "limit", 1, LIMIT_MAX, &limit);
	if (rc == RS_OK)
		rc = rs_query_bool(call, "count", &page->count);
	page->limit = (int)limit;
	return rc;
}

/* The URL of this request with another cursor: the other parameters as they were sent. */
static const char *next_url(struct rs_exchange *x, const char *cursor)
{
	struct rs_arena *arena = x->ctx.arena;
	char *url = rs_arena_printf(arena, "%s%s?", x->ctx.app->config->server_public_url,
		x->raw_path);
	for (const char *at = x->raw_query; at && *at;) {
		size_t len = strcspn(at, "&");
		if (strncmp(at, "cursor=", 7) != 0)
			url = rs_arena_printf(arena, "%s%.*s&", url, (int)len, at);
		at += len + (at[len] == '&');
	}
	return rs_arena_printf(arena, "%scursor=%s", url, cursor);
}

enum rs_code rs_reply_list(struct rs_call *call, const struct rs_list *list, json_t *items)
{
	struct rs_exchange *x = rs_exchange_of(call);
	json_t *answer = json_pack("{s:o, s:s?}", "items", items, "next_cursor", list->next_cursor);
	if (list->total > TOTAL_MAX)
		json_object_set_new(answer, "total", json_string("10000+"));
	else if (list->total >= 0)
		json_object_set_new(answer, "total", json_integer(list->total));
	if (list->next_cursor)
		rs_reply_header(call, "Link",
			rs_arena_printf(x->ctx.arena, "<%s>; rel=\"next\"",
				next_url(x, list->next_cursor)));
	return rs_reply_json(call, 200, answer);
}

void rs_reply_location(struct rs_call *call, const char *fmt, ...)
{
	char path[1000];
	va_list args;
	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	rs_reply_header(call, "Location",
		rs_arena_printf(call->ctx->arena, "%s%s",
			call->ctx->app->config->server_public_url, path));
}
