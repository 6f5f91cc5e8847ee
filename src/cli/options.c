#include "rs/cli.h"

#include "rs/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/reissued/reissued.yaml"

extern char **environ;

static void print_help(const struct rs_cli *cli)
{
	printf("usage: %s\n\n%s\n\noptions:\n", cli->usage, cli->about);
	for (const struct rs_cli_option *o = cli->options; o && o->name; o++)
		printf("  --%-14s %s\n", o->name, o->help);
	printf("  --%-14s %s\n", "config FILE",
		"read this file too (repeatable; default $REISSUED_CONFIG or " DEFAULT_CONFIG ")");
	printf("  --%-14s %s\n  --%-14s %s\n", "json", "answer with JSON", "help", "this text");
	if (cli->examples)
		printf("\nexamples:\n%s\n", cli->examples);
}

static int usage_error(const struct rs_cli *cli, const char *what, const char *word)
{
	fprintf(stderr, "reissued: %s %s\nusage: %s\n", what, word, cli->usage);
	return RS_EXIT_USAGE;
}

/* The row of --name or --name=value; *value is what follows '=' or NULL. */
static const struct rs_cli_option *find_option(const struct rs_cli *cli, const char *word,
	const char **value)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	*value = equals ? equals + 1 : NULL;
	for (const struct rs_cli_option *o = cli->options; o && o->name; o++) {
		size_t name_len = strcspn(o->name, " ");
		if (name_len == len && strncmp(o->name, word, len) == 0)
			return o;
	}
	return NULL;
}

static bool add_config(struct rs_cli *cli, const char *file)
{
	if (cli->config_count == RS_CLI_CONFIGS_MAX)
		return false;
	cli->config[cli->config_count++] = file;
	return true;
}

/* Takes one option at argv[*i]; 0 = go on, 1 = help was printed, 2 = wrong use. */
static int take_option(struct rs_cli *cli, int argc, char **argv, int *i)
{
	const char *word = argv[*i] + 2, *value;
	if (strcmp(word, "help") == 0) {
		print_help(cli);
		return 1;
	}
	if (strcmp(word, "json") == 0) {
		cli->json = true;
		return 0;
	}
	bool config = strcmp(word, "config") == 0 || strncmp(word, "config=", 7) == 0;
	const struct rs_cli_option *option = find_option(cli, word, &value);
	if (!option && !config)
		return usage_error(cli, "no such option:", argv[*i]);
	if (option && option->flag) {
		*option->flag = true;
		return value ? usage_error(cli, "no value is wanted:", argv[*i]) : 0;
	}
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value)
		return usage_error(cli, "a value is missing after", argv[*i]);
	if (option)
		*option->value = value;
	else if (!add_config(cli, value))
		return usage_error(cli, "too many files:", value);
	return 0;
}

static void default_config(struct rs_cli *cli)
{
	const char *file = getenv("REISSUED_CONFIG");
	if (cli->config_count > 0)
		return;
	if (file && file[0])
		add_config(cli, file);
	else if (access(DEFAULT_CONFIG, F_OK) == 0)
		add_config(cli, DEFAULT_CONFIG);
}

bool rs_cli_options(struct rs_cli *cli, int argc, char **argv, int *status)
{
	int kept = 0;
	bool rest = false;
	for (int i = 1; i < argc; i++) {
		if (rest || strncmp(argv[i], "--", 2) != 0) {
			argv[1 + kept++] = argv[i];
			continue;
		}
		if (argv[i][2] == '\0') {
			rest = true;
			continue;
		}
		int end = take_option(cli, argc, argv, &i);
		if (end) {
			*status = end == 1 ? RS_EXIT_OK : RS_EXIT_USAGE;
			return false;
		}
	}
	cli->arguments = argv + 1;
	cli->argument_count = kept;
	default_config(cli);
	return true;
}

/* Human lines or, with --json, {"faults": [...]}; on stderr unless they are what was asked for. */
static void tell_faults(const struct rs_cli *cli, json_t *faults)
{
	size_t i;
	json_t *fault;
	if (cli->json) {
		json_t *answer = json_pack("{s:O}", "faults", faults);
		FILE *out = cli->answers_faults ? stdout : stderr;
		json_dumpf(answer, out, JSON_INDENT(2));
		fputc('\n', out);
		json_decref(answer);
		return;
	}
	fprintf(stderr, "reissued: the configuration is wrong:\n");
	json_array_foreach(faults, i, fault)
		fprintf(stderr, "  %s: %s\n", json_string_value(json_object_get(fault, "key")),
			json_string_value(json_object_get(fault, "detail")));
}

struct rs_config *rs_cli_config(const struct rs_cli *cli)
{
	json_t *faults = NULL;
	struct rs_config *config =
		rs_config_load(cli->config, cli->config_count, environ, &faults);
	if (!config)
		tell_faults(cli, faults);
	json_decref(faults);
	return config;
}

struct rs_config *rs_cli_reload(const struct rs_cli *cli, const struct rs_config *running,
	struct rs_config_changes *changes)
{
	return rs_config_reload(running, cli->config, cli->config_count, environ, changes);
}

bool rs_cli_complete(const struct rs_cli *cli, const struct rs_config *config)
{
	json_t *faults = NULL;
	bool complete = rs_config_complete(config, &faults);
	if (!complete)
		tell_faults(cli, faults);
	json_decref(faults);
	return complete;
}

int rs_cli_fail(const struct rs_cli *cli, const struct rs_ctx *ctx)
{
	const struct rs_err *err = &ctx->err;
	json_t *fault;
	size_t i;
	if (cli->json) {
		json_t *answer = json_pack("{s:s, s:s, s:s*, s:O*}", "code",
			rs_code_slug(err->code), "detail", err->detail, "cause",
			err->cause[0] ? err->cause : NULL, "errors", err->faults);
		json_dumpf(answer, stderr, JSON_INDENT(2));
		fputc('\n', stderr);
		json_decref(answer);
	} else {
		fprintf(stderr, "reissued: %s%s%s%s\n", err->detail, err->cause[0] ? " (" : "",
			err->cause, err->cause[0] ? ")" : "");
		json_array_foreach(err->faults, i, fault)
			fprintf(stderr, "  %s: %s\n",
				json_string_value(json_object_get(fault, "pointer")),
				json_string_value(json_object_get(fault, "detail")));
	}
	return rs_code_status(err->code) == 503 ? RS_EXIT_UNAVAILABLE : RS_EXIT_FAILED;
}
