/* `reissued ca init|csr|import`: a trial CA, or the way to a real one. */
#include "rs/ca.h"
#include "rs/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the options say. */
struct options {
	const char *dir, *name, *algorithm, *days, *passphrase_file;
	const char *certificate, *chain, *key, *id;
	bool keep_root_key;
};

static enum rs_code check_spec(struct rs_ctx *ctx, const struct options *o, struct rs_ca_spec *spec)
{
	char *end;
	*spec = (struct rs_ca_spec){.dir = o->dir,
		.name = o->name,
		.kind = rs_key_kind_from_name(o->algorithm),
		.days = strtoll(o->days, &end, 10),
		.passphrase_file = o->passphrase_file,
		.keep_root_key = o->keep_root_key,
		.now = time(NULL)};
	if (!o->dir || !o->name || !o->passphrase_file)
		return rs_fail(ctx, RS_REQUIRED, "--dir, --name and --passphrase-file are needed.");
	if (strlen(o->name) < 1 || strlen(o->name) > 58)
		return rs_fail(ctx, RS_BAD_VALUE, "--name has 1 to 58 characters.");
	if (spec->kind == RS_KEY_NONE)
		return rs_fail(ctx, RS_BAD_VALUE,
			"--algorithm is one of EC:P-256, EC:P-384, EC:P-521, RSA:2048, RSA:3072, "
			"RSA:4096, Ed25519.");
	if (*end || spec->days < 1 || spec->days > 7300)
		return rs_fail(ctx, RS_BAD_VALUE, "--days is 1 to 7300.");
	return RS_OK;
}

static enum rs_code run_init(struct rs_ctx *ctx, const struct options *o)
{
	struct rs_ca_spec spec;
	enum rs_code rc = check_spec(ctx, o, &spec);
	return rc == RS_OK ? rs_ca_init(ctx, &spec) : rc;
}

static enum rs_code run_csr(struct rs_ctx *ctx, const struct options *o)
{
	struct rs_ca_spec spec;
	enum rs_code rc = check_spec(ctx, o, &spec);
	return rc == RS_OK ? rs_ca_csr(ctx, &spec) : rc;
}

static enum rs_code run_import(struct rs_ctx *ctx, const struct options *o)
{
	const struct rs_config_issuer config = {.id = o->id,
		.name = o->id,
		.certificate_file = o->certificate,
		.chain_file = o->chain ? o->chain : "",
		.key_file = o->key,
		.passphrase_file = o->passphrase_file ? o->passphrase_file : ""};
	if (!o->certificate || !o->key)
		return rs_fail(ctx, RS_REQUIRED, "--certificate and --key are needed.");
	return rs_ca_check(ctx, &config, time(NULL));
}

static void tell_init(const struct options *o)
{
	printf("made root.crt, issuing.crt, issuing.key and chain.pem in %s: for trials, trusted "
	       "by "
	       "nobody\n",
		o->dir);
}

static void tell_csr(const struct options *o)
{
	printf("made issuing.key and issuing.csr in %s; have the request signed, then: reissued ca "
	       "import\n",
		o->dir);
}

/* The rows for the configuration, ready to paste. */
static void tell_import(const struct options *o)
{
	printf("issuers:\n  - id: %s\n    certificate_file: %s\n", o->id, o->certificate);
	if (o->chain)
		printf("    chain_file: %s\n", o->chain);
	printf("    key_file: %s\n", o->key);
	if (o->passphrase_file)
		printf("    passphrase_file: %s\n", o->passphrase_file);
}

static const struct action {
	const char *name;
	enum rs_code (*run)(struct rs_ctx *ctx, const struct options *o);
	void (*tell)(const struct options *o);
} ACTIONS[] = {
	{"init", run_init, tell_init},
	{"csr", run_csr, tell_csr},
	{"import", run_import, tell_import},
};

static const struct action *find_action(const struct rs_cli *cli)
{
	for (size_t i = 0; cli->argument_count == 1 && i < sizeof(ACTIONS) / sizeof(ACTIONS[0]);
		i++)
		if (strcmp(ACTIONS[i].name, cli->arguments[0]) == 0)
			return &ACTIONS[i];
	return NULL;
}

int rs_cli_ca(int argc, char **argv)
{
	struct options o = {.algorithm = "EC:P-256", .days = "3650", .id = "main"};
	const struct rs_cli_option table[] = {
		{"dir DIR", &o.dir, NULL, "init, csr: where the files go"},
		{"name NAME", &o.name, NULL, "init, csr: the common name"},
		{"algorithm ALG", &o.algorithm, NULL,
			"init, csr: EC:P-256 (default), RSA:2048, Ed25519 ..."},
		{"days N", &o.days, NULL, "init: how long it is valid (default 3650)"},
		{"passphrase-file FILE", &o.passphrase_file, NULL,
			"first line: what encrypts the key"},
		{"keep-root-key", NULL, &o.keep_root_key, "init: keep the root's key, too"},
		{"certificate FILE", &o.certificate, NULL, "import: the issuing certificate, PEM"},
		{"chain FILE", &o.chain, NULL, "import: what stands above it, PEM"},
		{"key FILE", &o.key, NULL, "import: its key, PKCS#8 PEM"},
		{"id SLUG", &o.id, NULL, "import: its id in the configuration (default main)"},
		{0}};
	struct rs_cli cli = {
		.usage = "reissued ca init|csr|import [options]",
		.about =
			"init makes a root and an issuing CA for trials; production refuses them.\n"
			"csr makes a key and a request for a real root; import checks what came "
			"back\n"
			"and prints the lines for the configuration. Nothing is overwritten.",
		.examples =
			"  reissued ca init --dir ca --name 'Trial CA' --passphrase-file ca.pass\n"
			"  reissued ca csr --dir ca --name 'Example Issuing CA' --passphrase-file "
			"p\n"
			"  reissued ca import --certificate ca.crt --chain chain.pem --key ca.key "
			"\\\n"
			"    --passphrase-file ca.pass --id main",
		.options = table,
	};
	struct rs_ctx ctx;
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	const struct action *action = find_action(&cli);
	if (!action) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	rs_ctx_init_system(&ctx, NULL, "ca");
	status = RS_EXIT_OK;
	if (action->run(&ctx, &o) != RS_OK)
		status = rs_cli_fail(&cli, &ctx);
	else if (cli.json)
		puts("{}");
	else
		action->tell(&o);
	rs_ctx_end(&ctx);
	return status;
}
