/* `reissued keyring`: the file that holds the root keys, and what was made by them. */
#include "kids.h"
#include "process.h"
#include "rewrap.h"

#include <stdio.h>
#include <string.h>

/* What the command line gave. */
struct wanted {
	const char *kid; /* of activate and retire */
	bool give_up_evidence;
};

/* --- commands on the file alone --- */

static enum rs_code init(struct rs_ctx *ctx, const char *path, const char *kid, bool json)
{
	enum rs_code rc = rs_keyring_init(ctx, path);

	(void)kid;
	if (!rc && json)
		puts("{}");
	else if (!rc)
		printf("made a keyring in %s\n", path);
	return rc;
}

static enum rs_code add_key(struct rs_ctx *ctx, const char *path, bool activate, bool json)
{
	char kid[RS_KID_MAX + 1] = "";
	enum rs_code rc = rs_keyring_add(ctx, path, activate, kid);

	if (!rc && json)
		printf("{\"kid\": \"%s\", \"active\": %s}\n", kid, activate ? "true" : "false");
	else if (!rc)
		printf("added key %s%s to %s\n", kid, activate ? ", now the active one," : "",
			path);
	return rc;
}

static enum rs_code add(struct rs_ctx *ctx, const char *path, const char *kid, bool json)
{
	(void)kid;
	return add_key(ctx, path, false, json);
}

static enum rs_code rotate(struct rs_ctx *ctx, const char *path, const char *kid, bool json)
{
	(void)kid;
	return add_key(ctx, path, true, json);
}

static enum rs_code activate(struct rs_ctx *ctx, const char *path, const char *kid, bool json)
{
	enum rs_code rc = rs_keyring_activate(ctx, path, kid);

	if (!rc && json)
		printf("{\"kid\": \"%s\", \"active\": true}\n", kid);
	else if (!rc)
		printf("key %s is the active one of %s\n", kid, path);
	return rc;
}

/* --- commands on the database --- */

static enum rs_code rewrap(struct rs_ctx *ctx, const void *arg, bool json)
{
	struct rs_rewrapped done;
	enum rs_code rc = rs_rewrap(ctx, &done);
	const char *kid = rs_keyring_active(ctx->keyring);

	(void)arg;
	if (rc)
		return rc;
	if (json)
		printf("{\"active\": \"%s\", \"renewed\": %lld, \"left\": %lld, \"unreadable\": "
		       "%lld}\n",
			kid, (long long)done.renewed, (long long)done.left,
			(long long)done.unreadable);
	else
		printf("%lld values sealed anew under %s, %lld left%s, %lld of them unreadable\n",
			(long long)done.renewed, kid, (long long)done.left,
			done.left > done.unreadable ? " (run it again)" : "",
			(long long)done.unreadable);
	return RS_OK;
}

static json_t *uses_of(const struct rs_kid_place *place, const struct rs_rows *rows)
{
	json_t *kids = json_object();

	for (int i = 0; i < rs_rows_count(rows); i++)
		json_object_set_new(kids, rs_row_text(rows, i, "kid"),
			json_integer(rs_row_int(rows, i, "uses")));
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "relation", place->relation, "column",
		place->column, "fate", rs_kid_fate_name(place->fate), "what", place->what, "uses",
		kids);
}

static void tell_uses(const struct rs_keyring *ring, const json_t *places)
{
	json_t *place;
	size_t at;

	for (size_t i = 0; i < rs_keyring_count(ring); i++) {
		const char *kid = rs_keyring_kid(ring, i);

		printf("%s%s\n", kid,
			strcmp(kid, rs_keyring_active(ring)) == 0 ? " (the active one)" : "");
		json_array_foreach(places, at, place)
		{
			const json_t *uses = json_object_get(json_object_get(place, "uses"), kid);
			const char *fate, *what;

			if (uses &&
				json_unpack(place, "{s:s, s:s}", "fate", &fate, "what", &what) == 0)
				printf("  %8lld  %-8s %s\n", (long long)json_integer_value(uses),
					fate, what);
		}
	}
}

static enum rs_code uses(struct rs_ctx *ctx, const void *arg, bool json)
{
	const struct rs_keyring *ring = ctx->keyring;
	json_t *places = rs_arena_json(ctx->arena, json_array());
	enum rs_code rc = rs_keyring_verify_store(ctx, ring);

	(void)arg;
	for (size_t i = 0; !rc && i < rs_kid_place_count(); i++) {
		struct rs_rows *rows;

		rc = rs_kid_uses(ctx, rs_kid_place(i), &rows);
		if (!rc)
			json_array_append_new(places, uses_of(rs_kid_place(i), rows));
	}
	if (rc)
		return rc;
	if (!json) {
		tell_uses(ring, places);
		return RS_OK;
	}
	json_t *keys = json_array();
	for (size_t i = 0; i < rs_keyring_count(ring); i++)
		json_array_append_new(keys, json_string(rs_keyring_kid(ring, i)));
	json_t *answer = rs_arena_json(
		ctx->arena, json_pack("{s:s, s:o, s:O}", "active", rs_keyring_active(ring), "keys",
				    keys, "places", places));
	json_dumpf(answer, stdout, JSON_INDENT(2));
	putchar('\n');
	return RS_OK;
}

static enum rs_code retire(struct rs_ctx *ctx, const void *arg, bool json)
{
	const struct wanted *wanted = arg;
	int64_t given_up;
	enum rs_code rc = rs_kid_retire(ctx, wanted->kid, wanted->give_up_evidence, &given_up);

	if (!rc && json)
		printf("{\"retired\": \"%s\", \"given_up\": %lld}\n", wanted->kid,
			(long long)given_up);
	else if (!rc)
		printf("key %s is out of the keyring; %lld values of evidence given up\n",
			wanted->kid, (long long)given_up);
	return rc;
}

/* --- which command it is --- */

static const struct action {
	const char *name;
	bool takes_kid;
	enum rs_code (*on_file)(struct rs_ctx *ctx, const char *path, const char *kid, bool json);
	enum rs_code (*on_database)(struct rs_ctx *ctx, const void *arg, bool json);
} ACTIONS[] = {
	{"init", false, init, NULL},
	{"add", false, add, NULL},
	{"activate", true, activate, NULL},
	{"rotate", false, rotate, NULL},
	{"rewrap", false, NULL, rewrap},
	{"uses", false, NULL, uses},
	{"retire", true, NULL, retire},
};

static const struct action *find_action(const struct rs_cli *cli)
{
	for (size_t i = 0; cli->argument_count && i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++)
		if (strcmp(ACTIONS[i].name, cli->arguments[0]) == 0 &&
			cli->argument_count == (ACTIONS[i].takes_kid ? 2 : 1))
			return &ACTIONS[i];
	return NULL;
}

static int run_on_file(
	struct rs_cli *cli, const struct action *action, const char *path, const char *kid)
{
	struct rs_ctx ctx;
	struct rs_config *config = path ? NULL : rs_cli_config(cli);
	int status = RS_EXIT_OK;

	if (!path && !config)
		return RS_EXIT_CONFIG;
	rs_ctx_init_system(&ctx, NULL, "keyring");
	if (action->on_file(&ctx, path ?: config->keyring_file, kid, cli->json) != RS_OK)
		status = rs_cli_fail(cli, &ctx);
	rs_ctx_end(&ctx);
	rs_config_free(config);
	return status;
}

int rs_cli_keyring(int argc, char **argv)
{
	const char *file = NULL;
	struct wanted wanted = {0};
	const struct rs_cli_option options[] = {
		{"file", &file, NULL, "FILE: the keyring (default: keyring.file)"},
		{"give-up-evidence", NULL, &wanted.give_up_evidence,
			"retire a key that evidence and the MACs of the audit trail need"},
		{0}};
	struct rs_cli cli = {
		.usage = "reissued keyring init|add|rotate|rewrap|uses [--file FILE] [--config FILE]\n"
			 "       reissued keyring activate|retire KID [--file FILE] [--config FILE]",
		.about = "init writes a new keyring with one random key, never over an existing file.\n"
			 "Every replica needs the same file. To change the key without a gap: add puts a\n"
			 "further key into the file; give it to all replicas and reload them (SIGHUP).\n"
			 "activate has new values made under that key; give the file to all and reload\n"
			 "again. rewrap seals anew what older keys have sealed, beside the service; it may\n"
			 "be killed, repeated and run twice at once. uses counts what needs which key.\n"
			 "retire takes a key out that nothing needs any more. rotate is add and activate\n"
			 "in one, for replicas that are stopped together.",
		.examples = "  reissued keyring init --file /etc/reissued/keyring\n"
			    "  reissued keyring add && reissued keyring activate k1f0c2d3\n"
			    "  reissued keyring rewrap --config /etc/reissued/reissued.yaml\n"
			    "  reissued keyring retire k9a8b7c6 --give-up-evidence",
		.options = options,
	};
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	const struct action *action = find_action(&cli);
	if (!action || (wanted.give_up_evidence && action->on_database != retire)) {
		fprintf(stderr, "usage: %s\n", cli.usage);
		return RS_EXIT_USAGE;
	}
	wanted.kid = action->takes_kid ? cli.arguments[1] : NULL;
	if (action->on_file)
		return run_on_file(&cli, action, file, wanted.kid);
	cli.keyring_file = file;
	return rs_cli_run(&cli, action->on_database, &wanted);
}
