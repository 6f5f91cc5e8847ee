/* A process small enough for one use case. */
#include "process.h"

#include "rs/clock.h"
#include "rs/cpu.h"
#include "rs/database.h"
#include "rs/keyring.h"

#include <errno.h>
#include <string.h>

static enum rs_code app_start(struct rs_ctx *ctx, struct rs_app *app)
{
	const struct rs_config *config = app->config;
	const char *offset = config->clock_offset_file;
	const struct rs_store_config store = {
		.app = config->database_url, .job = config->database_job_url, .app_connections = 1};

	if (rs_clock_new(*offset ? offset : NULL, &app->clock) != 0)
		return rs_fail(ctx, RS_UNAVAILABLE, "%s cannot be read: %s.", offset, strerror(errno));
	app->cpu = rs_cpu_new(0);
	struct rs_keyring *ring;
	enum rs_code rc = rs_keyring_load(ctx, config->keyring_file, &ring);
	app->keyring = ring;
	ctx->keyring = ring;
	if (rc == RS_OK && rs_store_new(&store, &app->store) != 0)
		rc = rs_fail(ctx, RS_UNAVAILABLE, "The connections to the database cannot be made.");
	return rc;
}

static void app_stop(struct rs_app *app)
{
	if (app->store)
		rs_store_free(app->store);
	rs_keyring_free(app->keyring);
	if (app->cpu)
		rs_cpu_free(app->cpu);
	if (app->clock)
		rs_clock_free(app->clock);
}

int rs_cli_run(struct rs_cli *cli,
	enum rs_code (*run)(struct rs_ctx *ctx, const void *arg, bool json), const void *arg)
{
	struct rs_ctx ctx;
	struct rs_config *config = rs_cli_config(cli);
	int status = RS_EXIT_OK;

	if (!config || !rs_cli_complete(cli, config)) {
		rs_config_free(config);
		return RS_EXIT_CONFIG;
	}
	if (cli->keyring_file)
		config->keyring_file = cli->keyring_file;
	struct rs_app app = {.config = config};
	rs_ctx_init_system(&ctx, &app, "command line");
	enum rs_code rc = app_start(&ctx, &app);
	if (rc == RS_OK)
		rc = run(&ctx, arg, cli->json);
	if (rc != RS_OK)
		status = rs_cli_fail(cli, &ctx);
	app_stop(&app);
	rs_ctx_end(&ctx);
	rs_config_free(config);
	return status;
}
