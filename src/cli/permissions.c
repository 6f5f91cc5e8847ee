/* `reissued permissions`: the table of who may do what, for the documentation and the tests. */
#include "rs/cli.h"
#include "rs/permission.h"

#include <stdio.h>
#include <stdlib.h>

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member)) ?: "-";
}

/* One Markdown row an action. */
static void print_table(const json_t *rows)
{
	size_t i;
	json_t *row;
	printf("| action | subscriber | ra_officer | admin | auditor | scope |\n");
	printf("|---|---|---|---|---|---|\n");
	json_array_foreach(rows, i, row)
	{
		const json_t *roles = json_object_get(row, "roles");
		const json_t *scopes = json_object_get(row, "scopes");
		printf("| %s |", text_of(row, "action"));
		for (int r = 0; rs_role_names[r]; r++)
			printf(" %s |", text_of(roles, rs_role_names[r]));
		printf(" %s |\n", json_string_value(json_array_get(scopes, 0)) ?: "-");
	}
}

int rs_cli_permissions(int argc, char **argv)
{
	struct rs_cli cli = {
		.usage = "reissued permissions [--json]",
		.about = "Prints the table of who may do what: each action, how far each role may go "
			 "with it, and the scope that a token needs.",
		.examples = "  reissued permissions\n  reissued permissions --json | jq '.[].action'\n",
	};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	json_t *rows = rs_permissions_json();
	if (cli.json) {
		json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else {
		print_table(rows);
	}
	json_decref(rows);
	return RS_EXIT_OK;
}
