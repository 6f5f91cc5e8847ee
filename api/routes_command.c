#include "http.h"
#include "serve.h"

#include "rs/cli.h"

#include <stdio.h>

int rs_routes_command(int argc, char **argv)
{
	static const char *const METHODS[] = {"get", "post", "put", "patch", "delete"};
	struct rs_cli cli = {.usage = "reissued routes [--json]",
		.about = "Prints the routes of the API with the action each needs permission for."};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	json_t *list = json_array();
	for (int i = 0; i < rs_route_count; i++) {
		const struct rs_route *route = &rs_routes[i];
		json_t *query = json_array();
		for (int q = 0; route->query && route->query[q]; q++)
			json_array_append_new(query, json_string(route->query[q]));
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s?, s:b, s:o}", "method", METHODS[route->method],
				"path", route->path, "action", route->action, "public",
				(route->flags & RS_ROUTE_PUBLIC) != 0, "query", query));
		if (!cli.json)
			printf("%-7s %-60s %s\n", METHODS[route->method], route->path,
				route->action ?: "public");
	}
	if (cli.json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	return RS_EXIT_OK;
}
