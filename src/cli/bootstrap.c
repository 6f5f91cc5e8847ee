/*
 * `reissued enterprise|user create`, `reissued token create`: the first enterprise, administrator
 * and token of an installation. They run as the system itself, through the same use cases as the API,
 * audit included. Who may read the configuration may do this; nobody else can.
 */
#include "process.h"

#include "rs/cli.h"
#include "rs/clock.h"
#include "rs/cpu.h"
#include "rs/identity.h"
#include "rs/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_LINE_MAX 1100 /* bytes of the longest password and its line end */

/* What the command line gave; each command reads its own. */
struct wanted {
	const char *enterprise;
	const char *name;
	const char *email;
	const char *role;
	const char *reach;
	const char *password_file;
	const char *days;
};

/* A command and what it wants, on its way through rs_cli_run(). */
struct command {
	enum rs_code (*run)(struct rs_ctx *ctx, const struct wanted *wanted, bool json);
	const struct wanted *wanted;
};

static enum rs_code run(struct rs_ctx *ctx, const void *arg, bool json)
{
	const struct command *command = arg;

	return command->run(ctx, command->wanted, json);
}

static int run_command(struct rs_cli *cli,
	enum rs_code (*use_case)(struct rs_ctx *, const struct wanted *, bool),
	const struct wanted *wanted)
{
	return rs_cli_run(cli, run, &(struct command){use_case, wanted});
}

/* Reads options; the one argument must be "create" and every one of needed must be given. */
static bool read_command(struct rs_cli *cli, int argc, char **argv, const char **const *needed,
	int *status)
{
	if (!rs_cli_options(cli, argc, argv, status))
		return false;
	bool good = cli->argument_count == 1 && strcmp(cli->arguments[0], "create") == 0;
	for (size_t i = 0; good && needed[i]; i++)
		good = *needed[i] != NULL;
	if (!good) {
		fprintf(stderr, "usage: %s\n", cli->usage);
		*status = RS_EXIT_USAGE;
	}
	return good;
}

static void tell(const char *what, const char *value, bool json)
{
	if (json)
		printf("{\"%s\": \"%s\"}\n", what, value);
	else
		puts(value);
}

/* --- enterprise --- */

static enum rs_code enterprise_create(struct rs_ctx *ctx, const struct wanted *wanted, bool json)
{
	struct rs_enterprise made;
	json_t *body = json_pack("{s:s}", "name", wanted->name);
	enum rs_code rc = rs_enterprise_create(ctx, body, &made);
	json_decref(body);
	if (rc == RS_OK)
		tell("id", made.id.s, json);
	return rc;
}

int rs_cli_enterprise(int argc, char **argv)
{
	struct wanted wanted = {0};
	const struct rs_cli_option options[] = {
		{"name", &wanted.name, NULL, "NAME: what it is called"}, {0}};
	struct rs_cli cli = {
		.usage = "reissued enterprise create --name NAME [--config FILE]",
		.about = "Makes an enterprise and prints its id.",
		.examples = "  reissued enterprise create --name 'Example Ltd'",
		.options = options,
	};
	const char **const needed[] = {&wanted.name, NULL};
	int status;

	if (!read_command(&cli, argc, argv, needed, &status))
		return status;
	return run_command(&cli, enterprise_create, &wanted);
}

/* --- user --- */

/* Puts the first line of the file into the body as the password. */
static enum rs_code read_password(struct rs_ctx *ctx, const char *path, json_t *body)
{
	char line[PASSWORD_LINE_MAX];
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	if (!got)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "%s cannot be read or is empty.", path);
	line[strcspn(line, "\r\n")] = '\0';
	json_object_set_new(body, "password", json_string(line));
	rs_cleanse(line, sizeof(line));
	return RS_OK;
}

static enum rs_code user_create(struct rs_ctx *ctx, const struct wanted *wanted, bool json)
{
	struct rs_enterprise enterprise;
	struct rs_user made;
	enum rs_code rc = rs_enterprise_find(ctx, wanted->enterprise, &enterprise);
	if (rc == RS_NOT_FOUND)
		return rs_fail(ctx, rc, "There is no enterprise %s.", wanted->enterprise);
	if (rc != RS_OK)
		return rc;
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "enterprise_id", enterprise.id.s,
		"email", wanted->email, "name", wanted->name, "role", wanted->role, "reach",
		wanted->reach);
	if (wanted->password_file)
		rc = read_password(ctx, wanted->password_file, body);
	if (rc == RS_OK)
		rc = rs_user_create(ctx, body, &made);
	json_decref(body);
	if (rc == RS_OK)
		tell("id", made.id.s, json);
	return rc;
}

int rs_cli_user(int argc, char **argv)
{
	struct wanted wanted = {.reach = "enterprise"};
	const struct rs_cli_option options[] = {
		{"enterprise", &wanted.enterprise, NULL, "NAME: its name or id"},
		{"email", &wanted.email, NULL, "ADDRESS: the user signs in with it"},
		{"name", &wanted.name, NULL, "NAME: for people"},
		{"role", &wanted.role, NULL, "ROLE: subscriber, ra_officer, admin or auditor"},
		{"reach", &wanted.reach, NULL, "REACH: enterprise (default) or platform"},
		{"password-file", &wanted.password_file, NULL,
			"FILE: its first line is the password; without one there is none"},
		{0}};
	struct rs_cli cli = {
		.usage = "reissued user create --enterprise NAME --email ADDRESS --name NAME --role ROLE "
			 "[--reach REACH] [--password-file FILE] [--config FILE]",
		.about = "Makes a user and prints its id.",
		.examples = "  reissued user create --enterprise 'Example Ltd' --email ada@example.com "
			    "--name 'Ada Admin' --role admin --reach platform",
		.options = options,
	};
	const char **const needed[] = {
		&wanted.enterprise, &wanted.email, &wanted.name, &wanted.role, NULL};
	int status;

	if (!read_command(&cli, argc, argv, needed, &status))
		return status;
	return run_command(&cli, user_create, &wanted);
}

/* --- token --- */

static enum rs_code token_create(struct rs_ctx *ctx, const struct wanted *wanted, bool json)
{
	struct rs_user user;
	struct rs_secret *made = NULL;
	int64_t days = strtol(wanted->days, NULL, 10);
	if (days < 1 || days > 366)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "A token lives 1 to 366 days.");
	int64_t until = rs_clock_now_us(ctx->app->clock) + days * 86400 * INT64_C(1000000);
	enum rs_code rc = rs_user_find(ctx, wanted->email, &user);
	if (rc == RS_NOT_FOUND)
		rs_fail(ctx, rc, "There is no user %s.", wanted->email);
	if (rc == RS_OK)
		rc = rs_api_token_mint(ctx, &user, wanted->name, 0, until, &made);
	if (rc == RS_OK)
		tell("token", (const char *)rs_secret_data(made), json);
	rs_secret_free(made);
	return rc;
}

int rs_cli_token(int argc, char **argv)
{
	struct wanted wanted = {.days = "365"};
	const struct rs_cli_option options[] = {
		{"email", &wanted.email, NULL, "ADDRESS: whose token it is"},
		{"name", &wanted.name, NULL, "NAME: what it is for"},
		{"days", &wanted.days, NULL, "N: how long it lives, 1 to 366; 365 by default"}, {0}};
	struct rs_cli cli = {
		.usage = "reissued token create --email ADDRESS --name NAME [--days N] [--config FILE]",
		.about = "Makes an API token with all that the user's role may do, and prints it. It is "
			 "shown this once; the database holds its hash only.",
		.examples = "  reissued token create --email ada@example.com --name bootstrap",
		.options = options,
	};
	const char **const needed[] = {&wanted.email, &wanted.name, NULL};
	int status;

	if (!read_command(&cli, argc, argv, needed, &status))
		return status;
	return run_command(&cli, token_create, &wanted);
}
