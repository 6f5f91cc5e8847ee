/* `reissued journal list [--json] FILE`: what a signer has signed. */
#include "rs/cli.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/signer.h"

#include <stdio.h>
#include <string.h>

static enum rs_code print_entry(struct rs_ctx *ctx, const struct rs_journal_entry *e, void *arg)
{
	json_t *list = arg;
	char serial[2 * RS_SERIAL_LEN + 1], time[32];
	unsigned char digest[32];

	rs_hex(e->serial, RS_SERIAL_LEN, serial);
	rs_time_format(e->time_us, time);
	rs_sha256(e->tbs.data, e->tbs.len, digest);
	const char *tbs_sha256 = rs_sha256_text(ctx->arena, digest);
	if (!list) {
		printf("%s  %s  %s  %s  %s\n", time, e->issuer, serial, e->replica, tbs_sha256);
		return RS_OK;
	}
	json_array_append_new(list,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time", time, "issuer", e->issuer,
			"serial", serial, "replica", e->replica, "tbs_sha256", tbs_sha256, "tbs",
			rs_b64url(ctx->arena, e->tbs.data, e->tbs.len), "signature",
			rs_b64url(ctx->arena, e->signature.data, e->signature.len)));
	return RS_OK;
}

int rs_cli_journal(int argc, char **argv)
{
	struct rs_cli cli = {
		.usage = "reissued journal list [--json] FILE",
		.about = "Lists every signature in a signer's journal, oldest first: time, issuer, "
			 "serial,\n"
			 "replica and the SHA-256 of what was signed; with --json the bytes, too.",
		.examples = "  reissued journal list --json /var/lib/reissued/journal",
	};
	struct rs_ctx ctx;
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (cli.argument_count != 2 || strcmp(cli.arguments[0], "list") != 0) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	rs_ctx_init_system(&ctx, NULL, "journal");
	json_t *list = cli.json ? json_array() : NULL;
	status = RS_EXIT_OK;
	if (rs_journal_read(&ctx, cli.arguments[1], print_entry, list) != RS_OK)
		status = rs_cli_fail(&cli, &ctx);
	else if (list) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	rs_ctx_end(&ctx);
	return status;
}
