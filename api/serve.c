/* `reissued serve`: builds the process part by part, serves, and takes it down in reverse. */
#include "serve.h"

#include "http.h"
#include "reload.h"
#include "server.h"

#include "rs/cli.h"
#include "rs/clock.h"
#include "rs/cpu.h"
#include "rs/database.h"
#include "rs/issuer.h"
#include "rs/jobs.h"
#include "rs/jose.h"
#include "rs/keyring.h"
#include "rs/log.h"
#include "rs/profile.h"
#include "rs/resolver.h"
#include "rs/reissue.h"
#include "rs/signer.h"
#include "rs/slots.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool tell(const struct rs_ctx *ctx, const char *event)
{
	rs_log(ctx, RS_LOG_ERROR, event, rs_log_str(CODE, rs_code_slug(ctx->err.code)),
		rs_log_str(DETAIL, ctx->err.detail), rs_log_str(CAUSE, ctx->err.cause));
	return false;
}

static bool start_clock(struct rs_app *app)
{
	const char *file = app->config->clock_offset_file;
	if (rs_clock_new(file[0] ? file : NULL, &app->clock) == 0)
		return true;
	rs_log(NULL, RS_LOG_ERROR, "clock.start", rs_log_str(FILE, file),
		rs_log_str(CAUSE, strerror(errno)));
	return false;
}

static bool start_keyring(struct rs_app *app)
{
	struct rs_ctx ctx;
	rs_ctx_init_system(&ctx, app, "start");
	struct rs_keyring *ring;
	bool ok = rs_keyring_load(&ctx, app->config->keyring_file, &ring) == RS_OK;
	app->keyring = ring;
	if (!ok)
		tell(&ctx, "keyring.start");
	rs_ctx_end(&ctx);
	return ok;
}

/* A database that is away may come back; one whose data other keys made never fits. */
static bool keyring_fits(struct rs_app *app)
{
	struct rs_ctx ctx;
	rs_ctx_init_system(&ctx, app, "start");
	ctx.deadline_ms = rs_clock_mono_ms() + 5000;
	bool fits = rs_store_ready(&ctx) != RS_VALIDATION_FAILED;
	if (!fits) {
		tell(&ctx, "keyring.start");
		rs_store_free(app->store);
	}
	rs_ctx_end(&ctx);
	return fits;
}

static bool start_store(struct rs_app *app)
{
	const struct rs_config *config = app->config;
	const struct rs_store_config store = {.app = config->database_url,
		.job = config->database_job_url,
		.app_connections = (int)config->database_pool_size};
	int why = rs_store_new(&store, &app->store);
	if (why) {
		rs_log(NULL, RS_LOG_ERROR, "store.start", rs_log_str(CAUSE, strerror(why)));
		return false;
	}
	return keyring_fits(app);
}

/* Certificates first, then the keys that must fit them. */
static bool start_issuers(struct rs_app *app)
{
	const struct rs_config *config = app->config;
	const struct rs_signer_config signer = {.issuers = config->issuer,
		.issuer_count = config->issuer_count,
		.journal_file = config->signer_journal_file,
		.replica_id = config->server_replica_id,
		.clock = app->clock,
		.production = config->production};
	struct rs_ctx ctx;
	rs_ctx_init_system(&ctx, app, "start");
	bool ok = rs_issuers_load(&ctx, config->issuer, config->issuer_count,
			  rs_clock_now(app->clock), config->production, &app->issuers) == RS_OK;
	ok = ok && rs_signer_open(&ctx, app->issuers, &signer, &app->signer) == RS_OK;
	if (!ok) {
		tell(&ctx, "issuers.start");
		rs_issuers_free(app->issuers);
	}
	rs_ctx_end(&ctx);
	return ok;
}

static bool start_cpu(struct rs_app *app)
{
	app->cpu = rs_cpu_new(0);
	return true;
}

static bool start_jwks(struct rs_app *app)
{
	app->jwks = rs_jwks_cache_new();
	return true;
}

static void stop_jwks(struct rs_app *app)
{
	rs_jwks_cache_free(app->jwks);
}

static bool start_resolver(struct rs_app *app)
{
	struct rs_ctx ctx;
	rs_ctx_init_system(&ctx, app, "start");
	bool ok = rs_resolver_start(&ctx, app->config, &app->resolver) == RS_OK;
	if (!ok)
		tell(&ctx, "resolver.start");
	rs_ctx_end(&ctx);
	return ok;
}

static void stop_resolver(struct rs_app *app)
{
	rs_resolver_stop(app->resolver);
}

static bool start_profiles(struct rs_app *app)
{
	app->profiles = rs_profiles_new();
	return true;
}

static void stop_profiles(struct rs_app *app)
{
	rs_profiles_free(app->profiles);
}

static bool start_waits(struct rs_app *app)
{
	app->waits = rs_waits_new();
	return true;
}

static void stop_waits(struct rs_app *app)
{
	rs_waits_free(app->waits);
}

static bool start_slots(struct rs_app *app)
{
	app->outbound = rs_slots_new(RS_SLOTS_OF_CONNECTOR);
	return true;
}

static void stop_slots(struct rs_app *app)
{
	rs_slots_free(app->outbound);
}

static bool start_jobs(struct rs_app *app)
{
	static const struct rs_job_kind none[] = {{.name = NULL}};
	int why = rs_jobs_start(app, app->config->jobs_run ? rs_job_kinds : none, &app->jobs);
	if (why)
		rs_log(NULL, RS_LOG_ERROR, "jobs.start", rs_log_str(CAUSE, strerror(why)));
	return why == 0;
}

static void stop_jobs(struct rs_app *app)
{
	rs_jobs_stop(app->jobs);
}

static bool start_openapi(struct rs_app *app)
{
	(void)app;
	return rs_openapi_init();
}

static void stop_clock(struct rs_app *app)
{
	rs_clock_free(app->clock);
}

static void stop_keyring(struct rs_app *app)
{
	rs_keyring_free(app->keyring);
}

static void stop_issuers(struct rs_app *app)
{
	rs_signer_close(app->signer);
	rs_issuers_free(app->issuers);
}

static void stop_store(struct rs_app *app)
{
	rs_store_free(app->store);
}

static void stop_cpu(struct rs_app *app)
{
	rs_cpu_free(app->cpu);
}

/* The parts of the process in the order of their making. */
static const struct part {
	bool (*start)(struct rs_app *app); /* tells on the log why it cannot */
	void (*stop)(struct rs_app *app);  /* or NULL */
} PARTS[] = {
	{start_clock, stop_clock},
	{start_keyring, stop_keyring},
	{start_cpu, stop_cpu},
	{start_issuers, stop_issuers},
	{start_store, stop_store},
	{start_jwks, stop_jwks},
	{start_resolver, stop_resolver},
	{start_profiles, stop_profiles},
	{start_waits, stop_waits},
	{start_slots, stop_slots},
	{start_jobs, stop_jobs},
	{start_openapi, NULL},
};

#define PART_COUNT (sizeof(PARTS) / sizeof(PARTS[0]))

/* Blocks the signals that end us in all threads made from here on. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct rs_server *start_server(struct rs_app *app)
{
	const struct rs_endpoint at = {
		.address = app->config->server_listen, .port = (int)app->config->server_port};
	return rs_server_start(app, &at);
}

/* The listener of metrics.listen ("address:port"), when there is one. */
static bool start_metrics(struct rs_app *app, struct rs_server **server)
{
	const char *text = app->config->metrics_listen, *colon = strrchr(text, ':');
	char address[64];
	if (text[0] == '\0')
		return true;
	snprintf(address, sizeof(address), "%.*s", colon ? (int)(colon - text) : 0, text);
	const struct rs_endpoint at = {.address = address,
		.port = colon ? (int)strtol(colon + 1, NULL, 10) : 0,
		.metrics = true};
	*server = rs_server_start(app, &at);
	return *server != NULL;
}

static int serve(struct rs_app *app, const struct rs_cli *cli)
{
	sigset_t set;
	int status = RS_EXIT_FAILED, got;
	size_t made = 0;
	struct rs_replaced *replaced = NULL;
	block_signals(&set);
	while (made < PART_COUNT && PARTS[made].start(app))
		made++;
	struct rs_server *metrics = NULL, *server = NULL;
	if (made == PART_COUNT && start_metrics(app, &metrics))
		server = start_server(app);
	if (server) {
		while (sigwait(&set, &got) == 0 && got == SIGHUP)
			rs_reload(app, cli, &replaced);
		rs_log(NULL, RS_LOG_INFO, "server.stopping");
		rs_waits_end(app->waits);
		rs_server_stop(server);
		status = RS_EXIT_OK;
	}
	if (metrics)
		rs_server_stop(metrics);
	while (made-- > 0)
		if (PARTS[made].stop)
			PARTS[made].stop(app);
	rs_replaced_free(replaced);
	return status;
}

/*
 * Starts the program again with the C library's per-thread cache of freed memory off: with a thread
 * a connection it keeps 9 kB for each idle one (measured), and it can be set at the start only.
 * Goes on as it is when that does not work.
 */
static void tune_allocator(int argc, char **argv)
{
	char path[4096];
	char *again[64] = {NULL};
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (getenv("GLIBC_TUNABLES") || len <= 0 || argc > 60)
		return;
	path[len] = '\0';
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	again[0] = path;
	for (int i = 0; i < argc; i++)
		again[i + 1] = argv[i];
	execv(path, again);
}

/*
 * No core is ever written, nor may another process of the same user look inside: keys and the passwords
 * of the moment are in there. LeakSanitizer looks inside and must.
 */
static void close_memory(void)
{
	const struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
#ifndef RS_SANITIZED
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int rs_serve(int argc, char **argv)
{
	tune_allocator(argc, argv);
	close_memory();
	struct rs_cli cli = {.usage = "reissued serve [--config FILE]...",
		.about = "Serves the API until SIGTERM or SIGINT, then finishes what is in flight. At SIGHUP\n"
			 "it reads the keyring and the keys of the configuration that are marked live again;\n"
			 "a wrong file changes nothing and is told on the log.",
		.examples = "  reissued serve --config /etc/reissued/reissued.yaml"};
	int status;
	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	struct rs_config *config = rs_cli_config(&cli);
	if (!config || !rs_cli_complete(&cli, config)) {
		rs_config_free(config);
		return RS_EXIT_CONFIG;
	}
	struct rs_app app = {.config = config};
	rs_log_set_level(rs_log_level_of(config->log_level));
	rs_log_start(STDERR_FILENO);
	status = serve(&app, &cli);
	rs_log(NULL, RS_LOG_INFO, "server.stopped");
	rs_log_stop();
	/* SIGHUP may have put another one there. */
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	return status;
}
