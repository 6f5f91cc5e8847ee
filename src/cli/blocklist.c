/*
 * `reissued blocklist import FILE`: loads SHA-256 digests of public keys that are never certified.
 * The whole file is judged before its first line counts; it is then loaded in portions, which a
 * second run completes when the first was interrupted.
 */
#include "process.h"

#include "rs/id.h"
#include "rs/pki.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORTION 2000
#define LINE_MAX_BYTES 256

struct wanted {
	const char *file;
	const char *reason;
};

/* The digest of a line as hex; "" when the line holds none; false when it is no digest. */
static bool read_line(char *line, char hex[65])
{
	unsigned char digest[32];
	char *text = line + strspn(line, " \t");

	text[strcspn(text, " \t\r\n")] = '\0';
	hex[0] = '\0';
	if (*text == '\0' || *text == '#')
		return true;
	if (strncmp(text, "sha256:", 7) == 0)
		text += 7;
	if (rs_unhex(text, digest, sizeof(digest)) != (int)sizeof(digest))
		return false;
	rs_hex(digest, sizeof(digest), hex);
	return true;
}

static enum rs_code judge(struct rs_ctx *ctx, FILE *file, const char *name)
{
	char line[LINE_MAX_BYTES], hex[65];

	for (int number = 1; fgets(line, sizeof(line), file); number++)
		if (!read_line(line, hex))
			return rs_fail(ctx, RS_BAD_VALUE, "%s, line %d is no SHA-256 in hex.", name, number);
	rewind(file);
	return RS_OK;
}

/* Up to PORTION digests in a context of their own; *more is false at the end of the file. */
static enum rs_code load_portion(struct rs_ctx *outer, FILE *file, const struct wanted *wanted,
	int64_t *added, bool *more)
{
	char line[LINE_MAX_BYTES], hex[65];
	struct rs_ctx ctx;
	json_t *digests;
	int64_t new = 0;
	enum rs_code rc = RS_OK;

	rs_ctx_init_system(&ctx, outer->app, "command line");
	digests = rs_arena_json(ctx.arena, json_array());
	*more = true;
	while (json_array_size(digests) < PORTION && (*more = fgets(line, sizeof(line), file) != NULL))
		if (read_line(line, hex) && hex[0])
			json_array_append_new(digests, json_string(hex));
	if (json_array_size(digests) > 0)
		rc = rs_pki_block_list(&ctx, digests, wanted->reason, wanted->file, &new);
	*added += new;
	if (rc)
		rc = rs_fail(outer, rc, "%s", ctx.err.detail);
	rs_ctx_end(&ctx);
	return rc;
}

static enum rs_code import(struct rs_ctx *ctx, const void *arg, bool json)
{
	const struct wanted *wanted = arg;
	FILE *file = fopen(wanted->file, "r");
	int64_t added = 0;
	bool more = true;
	enum rs_code rc;

	if (!file)
		return rs_fail(ctx, RS_NOT_FOUND, "%s cannot be read: %s.", wanted->file, strerror(errno));
	rc = judge(ctx, file, wanted->file);
	while (!rc && more)
		rc = load_portion(ctx, file, wanted, &added, &more);
	fclose(file);
	if (!rc)
		printf(json ? "{\"added\": %lld}\n" : "%lld keys added\n", (long long)added);
	return rc;
}

int rs_cli_blocklist(int argc, char **argv)
{
	struct wanted wanted = {.reason = "other"};
	const struct rs_cli_option options[] = {
		{"reason", &wanted.reason, NULL,
			"WORD: keyCompromise, debian-weak, known-private or other (default)"}, {0}};
	struct rs_cli cli = {
		.usage = "reissued blocklist import FILE [--reason WORD] [--config FILE]",
		.about = "Blocks keys by the SHA-256 of their SubjectPublicKeyInfo: one a line, in hex;\n"
			 "empty lines and lines that begin with # are skipped. Nobody certifies them again.",
		.examples = "  reissued blocklist import debian-weak-rsa-2048.txt --reason debian-weak",
		.options = options,
	};
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (cli.argument_count != 2 || strcmp(cli.arguments[0], "import") != 0) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	wanted.file = cli.arguments[1];
	return rs_cli_run(&cli, import, &wanted);
}
