/* `reissued machine`: the life of a reissue request, from the transition table itself. */
#include "rs/cli.h"
#include "rs/machine.h"

#include <stdio.h>
#include <stdlib.h>

int rs_cli_machine(int argc, char **argv)
{
	struct rs_cli cli = {
		.usage = "reissued machine [--json]",
		.about = "Prints the transitions of a reissue request as a mermaid diagram.",
	};
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (cli.json) {
		json_t *rows = rs_machine_json();

		json_dumpf(rows, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(rows);
	} else {
		char *diagram = rs_machine_mermaid();

		fputs(diagram, stdout);
		free(diagram);
	}
	return RS_EXIT_OK;
}
