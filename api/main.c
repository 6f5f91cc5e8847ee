/* `reissued SUBCOMMAND`: finds the row and runs it. */
#include "serve.h"

#include "rs/cli.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	const char *summary; /* NULL = not listed */
	int (*run)(int argc, char **argv);
} COMMANDS[] = {
	{"serve", "serve the API", rs_serve},
	{"migrate", "bring the database schema to this version", rs_cli_migrate},
	{"check-config", "tell every fault of the configuration", rs_cli_check_config},
	{"print-config", "print the merged configuration", rs_cli_print_config},
	{"ca", "make a trial CA, or take a real one", rs_cli_ca},
	{"lint", "lint a certificate", rs_cli_lint},
	{"machine", "print the transitions of a reissue request", rs_cli_machine},
	{"journal", "show what a signer has signed", rs_cli_journal},
	{"keyring", "make or rotate the file of the root keys", rs_cli_keyring},
	{"enterprise", "make an enterprise", rs_cli_enterprise},
	{"user", "make a user", rs_cli_user},
	{"token", "make an API token for a user", rs_cli_token},
	{"permissions", "print who may do what", rs_cli_permissions},
	{"blocklist", "load digests of keys that nobody certifies", rs_cli_blocklist},
	{"version", "print the version", rs_cli_version},
	{"routes", NULL, rs_routes_command},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static void print_usage(FILE *f)
{
	fprintf(f, "usage: reissued SUBCOMMAND [OPTIONS]\n\nsubcommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (COMMANDS[i].summary)
			fprintf(f, "  %-14s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
	fprintf(f, "\n`reissued SUBCOMMAND --help` tells more, with examples.\n");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(COMMANDS[i].name, name) == 0)
			return COMMANDS[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
		print_usage(stdout);
		return RS_EXIT_OK;
	}
	if (strcmp(name, "--version") == 0) {
		char *version[] = {"version", NULL};
		return rs_cli_version(1, version);
	}
	if (name[0])
		fprintf(stderr, "reissued: there is no subcommand %s\n\n", name);
	print_usage(stderr);
	return RS_EXIT_USAGE;
}
