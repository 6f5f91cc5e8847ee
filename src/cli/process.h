/* What a subcommand needs that works on the database. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "rs/cli.h"
#include "rs/ctx.h"

/*
 * Reads the configuration, makes clock, CPU slots, keyring and store, runs run(ctx, arg, json) as
 * the system, tells what went wrong, takes everything down. The exit status.
 */
int rs_cli_run(struct rs_cli *cli,
	enum rs_code (*run)(struct rs_ctx *ctx, const void *arg, bool json), const void *arg);

#endif
