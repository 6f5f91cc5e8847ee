/*
 * The subcommands of `reissued` that need neither a server nor a database. api/main.c puts them
 * into its table {name, summary, run}; each prints its own help for --help.
 *
 * Exit codes: 0 done, 1 it did not work or found something, 2 the arguments are wrong.
 */
#ifndef RS_CLI_H
#define RS_CLI_H

/* `reissued ca init|csr|import`: makes a trial CA, or takes a real one. argv[0] is "ca". */
int rs_cli_ca(int argc, char **argv);
/* `reissued lint [--json] FILE`: lints a certificate, PEM or DER. */
int rs_cli_lint(int argc, char **argv);
/* `reissued journal list [--json] FILE`: shows what a signer has signed. */
int rs_cli_journal(int argc, char **argv);

#endif
