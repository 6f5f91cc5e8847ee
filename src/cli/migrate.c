/* `reissued migrate`: brings the database's schema to this binary's. */
#include "rs/cli.h"
#include "rs/database.h"

int rs_cli_migrate(int argc, char **argv)
{
	const char *url = NULL;
	const struct rs_cli_option options[] = {
		{"url", &url, NULL, "CONNINFO: instead of database.owner_url"}, {0}};
	struct rs_cli cli = {
		.usage = "reissued migrate [--url CONNINFO] [--config FILE]",
		.about = "Brings the database's schema to the one of this program: makes roles and "
			 "tables, applies what is new, one transaction a migration. Safe to repeat "
			 "and to run from several hosts at once. The connection is that of "
			 "reissued_owner; where the roles do not exist yet, a superuser's.",
		.examples = "  reissued migrate --config /etc/reissued/reissued.yaml\n"
			    "  reissued migrate --url 'host=/run/postgresql dbname=reissued'\n",
		.options = options,
	};
	struct rs_config *config;
	int status;

	if (!rs_cli_options(&cli, argc, argv, &status))
		return status;
	if (url)
		return rs_store_migrate(url);
	config = rs_cli_config(&cli);
	if (!config)
		return RS_EXIT_CONFIG;
	status = rs_store_migrate(config->database_owner_url);
	rs_config_free(config);
	return status;
}
