#include "rs/cli.h"

#include <stdio.h>
#include <stdlib.h>

int rs_cli_check_config(int argc, char **argv)
{
	bool reference = false;
	const struct rs_cli_option options[] = {
		{"reference", NULL, &reference, "print the reference of all keys instead"}, {0}};
	struct rs_cli cli = {.usage = "reissued check-config [--config FILE]... [--reference]",
		.about = "Reads the configuration as `reissued serve` would and tells every fault.",
		.examples = "  reissued check-config --config /etc/reissued/reissued.yaml",
		.options = options,
		.answers_faults = true};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (reference) {
		char *text = rs_config_reference();
		fputs(text ?: "", stdout);
		free(text);
		return RS_EXIT_OK;
	}
	struct rs_config *config = rs_cli_config(&cli);
	if (!config)
		return RS_EXIT_CONFIG;
	bool complete = rs_cli_complete(&cli, config);
	rs_config_free(config);
	if (!complete)
		return RS_EXIT_CONFIG;
	puts(cli.json ? "{\"faults\": []}" : "the configuration is fine");
	return RS_EXIT_OK;
}

int rs_cli_print_config(int argc, char **argv)
{
	struct rs_cli cli = {.usage = "reissued print-config [--config FILE]...",
		.about = "Prints the merged configuration, defaults included, as JSON (which is YAML).\n"
			 "Passwords are masked.",
		.examples = "  REISSUED_SERVER_PORT=9000 reissued print-config"};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	struct rs_config *config = rs_cli_config(&cli);
	if (!config)
		return RS_EXIT_CONFIG;
	json_t *document = rs_config_print(config);
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(document);
	rs_config_free(config);
	return RS_EXIT_OK;
}

int rs_cli_version(int argc, char **argv)
{
	struct rs_cli cli = {.usage = "reissued version [--json]", .about = "Prints the version."};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	printf(cli.json ? "{\"version\": \"%s\"}\n" : "reissued %s\n", RS_VERSION);
	return RS_EXIT_OK;
}
