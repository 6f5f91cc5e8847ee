#include "http.h"

#include "rs/id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const METHOD_NAMES[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

struct rs_router {
	struct rs_router_node *nodes;
	int count;
	char *text; /* the templates, cut into segments */
};

/* Cuts "/a/b" into its segments in place; the count, or -1 when there are too many. */
static int split(char *path, const char *segments[RS_SEGMENTS_MAX])
{
	int n = 0;
	for (char *at = path + 1;;) {
		if (n == RS_SEGMENTS_MAX)
			return -1;
		segments[n++] = at;
		char *slash = strchr(at, '/');
		if (!slash)
			return n;
		*slash = '\0';
		at = slash + 1;
	}
}

static struct rs_router_node *node_of(struct rs_router *router, const char *path)
{
	for (int i = 0; i < router->count; i++)
		if (strcmp(router->nodes[i].path, path) == 0)
			return &router->nodes[i];
	struct rs_router_node *node = &router->nodes[router->count++];
	node->path = path;
	return node;
}

struct rs_router *rs_router_new(const struct rs_route *routes, int count)
{
	struct rs_router *router = calloc(1, sizeof(*router));
	size_t size = 1;
	for (int i = 0; i < count; i++)
		size += strlen(routes[i].path) + 1;
	if (!router)
		abort();
	router->nodes = calloc((size_t)count + 1, sizeof(*router->nodes));
	router->text = calloc(1, size);
	if (!router->nodes || !router->text)
		abort();
	char *text = router->text;
	for (int i = 0; i < count; i++) {
		struct rs_router_node *node = node_of(router, routes[i].path);
		node->method[routes[i].method] = &routes[i];
		if (node->segment_count)
			continue;
		memcpy(text, routes[i].path, strlen(routes[i].path) + 1);
		node->segment_count = split(text, node->segment);
		text += strlen(routes[i].path) + 1;
	}
	return router;
}

void rs_router_free(struct rs_router *router)
{
	if (!router)
		return;
	free(router->nodes);
	free(router->text);
	free(router);
}

/* How well a template fits: -1 not at all, else the more literal the greater, left before right. */
static int fit(const struct rs_router_node *node, const char *const *segments, int count)
{
	int score = 0;
	if (node->segment_count != count)
		return -1;
	for (int i = 0; i < count; i++) {
		bool parameter = node->segment[i][0] == '{';
		if (!parameter && strcmp(node->segment[i], segments[i]) != 0)
			return -1;
		score = score * 2 + !parameter;
	}
	return score;
}

const struct rs_router_node *rs_router_find(const struct rs_router *router,
	const char *const *segments, int count)
{
	const struct rs_router_node *best = NULL;
	int best_score = -1;
	for (int i = 0; i < router->count; i++) {
		int score = fit(&router->nodes[i], segments, count);
		if (score > best_score) {
			best = &router->nodes[i];
			best_score = score;
		}
	}
	return best;
}

static bool has_head(const struct rs_route *route, int method)
{
	return method == RS_GET && route && !(route->flags & RS_ROUTE_ONCE);
}

const char *rs_router_allow(struct rs_arena *arena, const struct rs_router_node *node)
{
	const char *text = "";
	for (int m = RS_GET; m <= RS_DELETE; m++)
		if (node->method[m])
			text = rs_arena_printf(arena, "%s%s%s, ", text, METHOD_NAMES[m],
				has_head(node->method[m], m) ? ", HEAD" : "");
	return rs_arena_printf(arena, "%sOPTIONS", text);
}

/* {id} and {..._id} take an id; other parameters take a word of unreserved characters. */
static bool parameter_valid(const char *name, const char *value)
{
	static const char WORD[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
	size_t len = strlen(name);
	bool id = strcmp(name, "{id}") == 0 || (len > 4 && strcmp(name + len - 4, "_id}") == 0);
	if (id)
		return rs_id_valid(value);
	len = strlen(value);
	return len > 0 && len <= 200 && value[strspn(value, WORD)] == '\0' && value[0] != '.';
}

static bool takes_current(const struct rs_router_node *node)
{
	for (int m = RS_GET; m <= RS_DELETE; m++)
		if (node->method[m] && node->method[m]->flags & RS_ROUTE_CURRENT)
			return true;
	return false;
}

static bool read_parameters(struct rs_exchange *x)
{
	int n = 0;
	for (int i = 0; i < x->segment_count; i++) {
		const char *name = x->resource->segment[i];
		if (name[0] != '{')
			continue;
		bool current = takes_current(x->resource) && strcmp(x->segment[i], "current") == 0;
		if (n == RS_PATH_PARAMS_MAX || (!current && !parameter_valid(name, x->segment[i])))
			return false;
		x->call.path[n++] = x->segment[i];
	}
	return true;
}

enum rs_code rs_route_match(struct rs_exchange *x)
{
	struct rs_ctx *ctx = &x->ctx;
	bool head = strcmp(x->method, "HEAD") == 0;
	const char *method = head ? "GET" : x->method;
	if (strcmp(x->method, "OPTIONS") == 0 && strcmp(x->raw_path, "*") == 0)
		return RS_OK;
	x->resource = rs_router_find(x->server->router, x->segment, x->segment_count);
	if (!x->resource || !read_parameters(x)) {
		x->resource = NULL;
		return rs_fail(ctx, RS_NOT_FOUND, "There is nothing at this address.");
	}
	for (int m = RS_GET; m <= RS_DELETE; m++)
		if (strcmp(method, METHOD_NAMES[m]) == 0)
			x->call.route = x->resource->method[m];
	if (head && !has_head(x->call.route, RS_GET))
		x->call.route = NULL;
	if (!x->call.route && strcmp(method, "OPTIONS") != 0)
		return rs_fail(ctx, RS_METHOD_NOT_ALLOWED, "The methods here are %s.",
			rs_router_allow(ctx->arena, x->resource));
	return RS_OK;
}
