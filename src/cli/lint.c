/* `reissued lint [--json] FILE`: the linter by hand. */
#include "rs/lint.h"
#include "rs/cli.h"
#include "rs/x509.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum rs_code read_certificate(struct rs_ctx *ctx, const char *path, struct rs_bytes *der)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	struct rs_x509 *leaf;
	size_t count, len;
	unsigned char *data = rs_arena_alloc(ctx->arena, RS_CHAIN_BYTES_MAX);
	FILE *file = fopen(path, "re");

	if (!file)
		return rs_fail(
			ctx, RS_NOT_FOUND, "%s cannot be opened: %s.", path, strerror(errno));
	len = fread(data, 1, RS_CHAIN_BYTES_MAX, file);
	fclose(file);
	if (len > 0 && data[0] != '-') {
		*der = (struct rs_bytes){data, len};
		return RS_OK;
	}
	enum rs_code rc = rs_x509_read_chain(ctx, data, len, chain, &count, &leaf);
	if (rc == RS_OK)
		*der = chain[0];
	return rc;
}

static void print_findings(const json_t *findings)
{
	size_t i;
	json_t *row;
	json_array_foreach(findings, i, row)
		printf("%s: %s: %s (%s)\n", json_string_value(json_object_get(row, "severity")),
			json_string_value(json_object_get(row, "rule")),
			json_string_value(json_object_get(row, "detail")),
			json_string_value(json_object_get(row, "source")));
	if (json_array_size(findings) == 0)
		printf("all %zu rules hold\n", rs_lint_rule_count());
}

int rs_cli_lint(int argc, char **argv)
{
	struct rs_cli cli = {
		.usage = "reissued lint [--json] FILE",
		.about = "Lints a certificate, PEM (the first one) or DER. Exit status 1: a rule "
			 "is broken.",
		.examples = "  reissued lint certificate.pem",
	};
	struct rs_ctx ctx;
	struct rs_bytes der = {0};
	json_t *findings;
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (cli.argument_count != 1) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	rs_ctx_init_system(&ctx, NULL, "lint");
	if (read_certificate(&ctx, cli.arguments[0], &der) != RS_OK ||
		rs_lint_certificate(&ctx, NULL, der, &findings) != RS_OK) {
		status = rs_cli_fail(&cli, &ctx);
	} else {
		status = json_array_size(findings) ? RS_EXIT_FAILED : RS_EXIT_OK;
		if (cli.json) {
			json_dumpf(findings, stdout, JSON_INDENT(1));
			putchar('\n');
		} else {
			print_findings(findings);
		}
	}
	rs_ctx_end(&ctx);
	return status;
}
