/*
 * The subcommands of `reissued`.
 *
 * api/main.c holds the table of all of them; each body lives in src/cli/ (serve in api/) and is
 * `int run(int argc, char **argv)`: argv[0] is the subcommand's name, the value is the exit status.
 * Exit statuses: 0 done, 1 it failed, 2 wrong use, 69 (EX_UNAVAILABLE) database or signer away, 78
 * (EX_CONFIG) the configuration is wrong. Human text goes to stdout, complaints to stderr; with
 * --json stdout is one JSON value.
 *
 * Options are read by rs_cli_options(): every subcommand knows --config FILE (repeatable; default
 * $REISSUED_CONFIG or /etc/reissued/reissued.yaml when it exists), --json and --help, and names
 * its own in a table.
 */
#ifndef RS_CLI_H
#define RS_CLI_H

#include "rs/app.h"
#include "rs/config.h"

#include <stdbool.h>

enum rs_exit { RS_EXIT_OK = 0, RS_EXIT_FAILED = 1, RS_EXIT_USAGE = 2, RS_EXIT_UNAVAILABLE = 69 };

#define RS_CLI_CONFIGS_MAX 16

/* One option of a subcommand: --name VALUE when value is set, else --name when flag is. */
struct rs_cli_option {
	const char *name;
	const char **value;
	bool *flag;
	const char *help; /* "FILE: where to write it" */
};

struct rs_cli {
	const char *usage;    /* "reissued token create --user ID [--config FILE]" */
	const char *about;    /* one paragraph */
	const char *examples; /* whole lines */
	const struct rs_cli_option *options; /* ends with name NULL; or NULL */
	const char *keyring_file;	     /* in place of the one of the configuration, or NULL */
	bool answers_faults; /* the faults of the configuration are the answer: --json to stdout */
	/* filled by rs_cli_options() */
	const char *config[RS_CLI_CONFIGS_MAX];
	int config_count;
	bool json;
	char **arguments; /* what is left, in order */
	int argument_count;
};

/*
 * Reads the options. True to go on; false when the subcommand ends here with *status: --help was
 * printed (0) or the use was wrong (2, told on stderr).
 */
bool rs_cli_options(struct rs_cli *cli, int argc, char **argv, int *status);
/*
 * Reads the configuration; NULL when it is wrong: all faults are told on stderr and the subcommand
 * ends with RS_EXIT_CONFIG.
 */
struct rs_config *rs_cli_config(const struct rs_cli *cli);
/* rs_config_reload() with the files of the command line and the environment. */
struct rs_config *rs_cli_reload(const struct rs_cli *cli, const struct rs_config *running,
	struct rs_config_changes *changes) RS_CHECK;
/* Whether everything `reissued serve` needs is set; what is missing is told on stderr. */
bool rs_cli_complete(const struct rs_cli *cli, const struct rs_config *config);
/* Tells the fault of a context on stderr (JSON with --json) and gives the exit status for it. */
int rs_cli_fail(const struct rs_cli *cli, const struct rs_ctx *ctx);

/* src/cli/ */
int rs_cli_check_config(int argc, char **argv);
int rs_cli_print_config(int argc, char **argv);
int rs_cli_version(int argc, char **argv);
/* `reissued migrate`: brings the schema of the database to the one of this binary. */
int rs_cli_migrate(int argc, char **argv);
/* `reissued enterprise|user|token create`: what the first administrator needs. */
int rs_cli_enterprise(int argc, char **argv);
int rs_cli_user(int argc, char **argv);
int rs_cli_token(int argc, char **argv);
/* `reissued keyring init|add|...`: the root keys, and what was made by them. argv[0] is "keyring".
 */
int rs_cli_keyring(int argc, char **argv);
/* `reissued permissions [--json]`: the permission table. */
int rs_cli_permissions(int argc, char **argv);
/* `reissued ca init|csr|import`: makes a trial CA, or takes a real one. */
int rs_cli_ca(int argc, char **argv);
/* `reissued lint [--json] FILE`: lints a certificate, PEM or DER. */
int rs_cli_lint(int argc, char **argv);
/* reissued machine: the transitions of a reissue request, as a diagram or JSON. */
int rs_cli_machine(int argc, char **argv);
/* `reissued journal list [--json] FILE`: shows what a signer has signed. */
int rs_cli_journal(int argc, char **argv);

/* `reissued blocklist import FILE`: blocks keys by their digests. */
int rs_cli_blocklist(int argc, char **argv);

#endif
