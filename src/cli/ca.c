/* `reissued ca init`: a root and an issuing CA for trials. */
#include "rs/ca.h"
#include "rs/cli.h"
#include "rs/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSPHRASE_MAX 256

/* The first line of the file; NULL with a word on stderr. */
static struct rs_secret *read_passphrase(const char *path)
{
	char line[PASSPHRASE_MAX];
	struct rs_secret *passphrase = NULL;
	FILE *file = fopen(path, "re");

	if (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = '\0';
		passphrase = rs_secret_copy(line, strlen(line));
		rs_cleanse(line, sizeof(line));
	} else {
		fprintf(stderr, "reissued: %s cannot be read: %s\n", path,
			file ? "it is empty" : strerror(errno));
	}
	if (file)
		fclose(file);
	return passphrase;
}

static int make_ca(const struct rs_cli *cli, struct rs_trial_ca *ca, const char *passphrase_file)
{
	struct rs_ctx ctx;
	int status = RS_EXIT_OK;
	rs_auto_secret passphrase = read_passphrase(passphrase_file);

	if (!passphrase)
		return RS_EXIT_FAILED;
	ca->passphrase = (const char *)rs_secret_data(passphrase);
	rs_ctx_init_system(&ctx, NULL, "ca");
	if (rs_trial_ca_make(&ctx, ca) != RS_OK)
		status = rs_cli_fail(cli, &ctx);
	else
		puts(cli->json ? "{\"files\": [\"root.crt\", \"issuing.crt\", \"issuing.key\", "
				 "\"chain.pem\"]}"
			       : "made root.crt, issuing.crt, issuing.key and chain.pem; "
				 "nobody trusts this root");
	rs_ctx_end(&ctx);
	return status;
}

int rs_cli_ca(int argc, char **argv)
{
	const char *days = "30", *passphrase_file = NULL;
	struct rs_trial_ca ca = {.name = "reissued trial", .algorithm = "EC:P-256"};
	const struct rs_cli_option options[] = {
		{"dir", &ca.dir, NULL, "DIR: where the files go; made when absent"},
		{"name", &ca.name, NULL, "NAME: the organization of both subjects"},
		{"algorithm", &ca.algorithm, NULL,
			"ALGORITHM: EC:P-256 (default), EC:P-384, RSA:2048, RSA:3072, RSA:4096, Ed25519"},
		{"days", &days, NULL, "N: how long both live; 30 by default"},
		{"passphrase-file", &passphrase_file, NULL, "FILE: its first line encrypts the key"},
		{0}};
	struct rs_cli cli = {
		.usage = "reissued ca init --dir DIR --passphrase-file FILE [--name NAME] "
			 "[--algorithm ALGORITHM] [--days N]",
		.about = "Makes a root and an issuing CA for trials. They say so in their names, and a "
			 "production start refuses them. The root's key is forgotten.",
		.examples = "  openssl rand -hex 24 >ca.passphrase\n"
			    "  reissued ca init --dir ca --passphrase-file ca.passphrase",
		.options = options,
	};
	char *end;
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	long number = strtol(days, &end, 10);
	if (cli.argument_count != 1 || strcmp(cli.arguments[0], "init") != 0 || !ca.dir ||
		!passphrase_file || *end || number < 1 || number > RS_TRIAL_DAYS_MAX) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	ca.days = (int)number;
	return make_ca(&cli, &ca, passphrase_file);
}
