/* `reissued keyring init|rotate|rewrap`: the file that holds the root keys, and what is sealed by them. */
#include "process.h"
#include "rewrap.h"

#include "rs/keyring.h"

#include <stdio.h>
#include <string.h>

static const struct action {
	const char *name;
	enum rs_code (*run)(struct rs_ctx *ctx, const char *path);
	const char *done;
} ACTIONS[] = {
	{"init", rs_keyring_init, "made a keyring in"},
	{"rotate", rs_keyring_rotate, "added a key and made it the active one in"},
};

static const struct action *find_action(const struct rs_cli *cli)
{
	if (cli->argument_count != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++)
		if (strcmp(ACTIONS[i].name, cli->arguments[0]) == 0)
			return &ACTIONS[i];
	return NULL;
}

static int run_action(const struct rs_cli *cli, const struct action *action, const char *path)
{
	struct rs_ctx ctx;
	int status = RS_EXIT_OK;

	rs_ctx_init_system(&ctx, NULL, "keyring");
	if (action->run(&ctx, path) != RS_OK)
		status = rs_cli_fail(cli, &ctx);
	else if (cli->json)
		puts("{}");
	else
		printf("%s %s\n", action->done, path);
	rs_ctx_end(&ctx);
	return status;
}

static enum rs_code rewrap(struct rs_ctx *ctx, const void *arg, bool json)
{
	struct rs_rewrapped done;
	enum rs_code rc = rs_rewrap(ctx, &done);
	const char *kid = rs_keyring_active(ctx->app->keyring);

	(void)arg;
	if (rc)
		return rc;
	if (json)
		printf("{\"active\": \"%s\", \"renewed\": %lld, \"left\": %lld}\n", kid,
			(long long)done.renewed, (long long)done.left);
	else
		printf("%lld values sealed anew under %s, %lld left%s\n", (long long)done.renewed, kid,
			(long long)done.left, done.left ? ": run it again" : "");
	return RS_OK;
}

int rs_cli_keyring(int argc, char **argv)
{
	const char *file = NULL;
	const struct rs_cli_option options[] = {
		{"file", &file, NULL, "FILE: the keyring (default: keyring.file)"}, {0}};
	struct rs_cli cli = {
		.usage = "reissued keyring init|rotate [--file FILE] [--config FILE]\n"
			 "       reissued keyring rewrap [--config FILE]",
		.about = "init writes a new keyring with one random key, never over an existing file.\n"
			 "rotate adds a key that new values are made under; the old ones stay readable.\n"
			 "Every replica needs the same file. When all have been restarted with it, rewrap\n"
			 "seals anew what the older keys have sealed; it may be interrupted and repeated.",
		.examples = "  reissued keyring init --file /etc/reissued/keyring\n"
			    "  reissued keyring rotate --config /etc/reissued/reissued.yaml\n"
			    "  reissued keyring rewrap --config /etc/reissued/reissued.yaml",
		.options = options,
	};
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (!file && cli.argument_count == 1 && strcmp(cli.arguments[0], "rewrap") == 0)
		return rs_cli_run(&cli, rewrap, NULL);
	const struct action *action = find_action(&cli);
	if (!action) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	if (file)
		return run_action(&cli, action, file);
	struct rs_config *config = rs_cli_config(&cli);
	if (!config)
		return RS_EXIT_CONFIG;
	status = run_action(&cli, action, config->keyring_file);
	rs_config_free(config);
	return status;
}
