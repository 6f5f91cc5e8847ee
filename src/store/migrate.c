/*
 * Migrations: numbered, immutable, forward-only. One process at a time (advisory lock); each runs
 * in a transaction of its own as reissued_owner, sees all enterprises ('*'), and is recorded with
 * the SHA-256 of its text, so that an edited one is noticed.
 *
 * A migration says in a comment `-- compatible_from: N` which oldest binary still works on it; the
 * default is itself. A binary runs when head >= its schema and head's compatible_from <= it.
 */
#include "internal.h"

#include "rs/id.h"
#include "rs/migrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_SQL   "SELECT pg_advisory_lock(5135171929)"
#define UNLOCK_SQL "SELECT pg_advisory_unlock(5135171929)"

static const char record_sql[] =
	"CREATE TABLE IF NOT EXISTS schema_migration ("
	" version integer NOT NULL,"
	" name text NOT NULL,"
	" sha256 bytea NOT NULL,"
	" compatible_from integer NOT NULL,"
	" applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
	" CONSTRAINT schema_migration_pk PRIMARY KEY (version));"
	"GRANT SELECT ON schema_migration TO reissued_app, reissued_job, reissued_audit;";

int rs_store_schema_head(void)
{
	int head = 0;

	for (const struct rs_migration *m = rs_migrations; m->version; m++)
		head = m->version;
	return head;
}

/* Runs text that may hold several statements; false, told on stderr, when it fails. */
static bool run(PGconn *pg, const char *sql, const char *what)
{
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!good)
		fprintf(stderr, "migrate: %s: %s", what, PQerrorMessage(pg));
	PQclear(result);
	return good;
}

/* One value of one row, malloc'ed; NULL when there is none. */
static char *ask(PGconn *pg, const char *sql, const char *param)
{
	PGresult *result = PQexecParams(pg, sql, param ? 1 : 0, NULL, &param, NULL, NULL, 0);
	char *value = NULL;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fprintf(stderr, "migrate: %s", PQerrorMessage(pg));
	else if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		value = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

static bool is_true(PGconn *pg, const char *sql)
{
	char *value = ask(pg, sql, NULL);
	bool yes = value && strcmp(value, "t") == 0;

	free(value);
	return yes;
}

/* Roles and their rights, as far as we may; then everything is done as the owner. */
static bool prepare(PGconn *pg)
{
	if (is_true(pg, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) {
		if (!run(pg, rs_roles_sql, "roles"))
			return false;
	} else if (!is_true(pg, "SELECT count(*) = 4 FROM pg_roles WHERE rolname IN "
				"('reissued_owner', 'reissued_app', 'reissued_job', 'reissued_audit')")) {
		fputs("migrate: the roles do not exist yet: run sql/roles.sql in this database as a "
		      "superuser, or give migrate a superuser's connection once\n",
			stderr);
		return false;
	}
	return run(pg, "SET ROLE reissued_owner", "becoming the owner") &&
	       run(pg, record_sql, "schema_migration");
}

static int compatible_from(const struct rs_migration *m)
{
	static const char mark[] = "-- compatible_from:";
	const char *at = strstr(m->sql, mark);

	return at ? (int)strtol(at + sizeof mark - 1, NULL, 10) : m->version;
}

static bool record(PGconn *pg, const struct rs_migration *m, const char *digest)
{
	char version[16], from[16];
	const char *values[] = {version, m->name, digest, from};
	PGresult *result;
	bool good;

	snprintf(version, sizeof version, "%d", m->version);
	snprintf(from, sizeof from, "%d", compatible_from(m));
	result = PQexecParams(pg,
		"INSERT INTO schema_migration (version, name, sha256, compatible_from) "
		"VALUES ($1, $2, decode($3, 'hex'), $4)",
		4, NULL, values, NULL, NULL, 0);
	good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!good)
		fprintf(stderr, "migrate: %s: %s", m->name, PQerrorMessage(pg));
	PQclear(result);
	return good;
}

static bool apply(PGconn *pg, const struct rs_migration *m)
{
	unsigned char sum[32];
	char digest[65], version[16];
	char *known;
	bool good;

	rs_sha256(m->sql, strlen(m->sql), sum);
	rs_hex(sum, sizeof sum, digest);
	snprintf(version, sizeof version, "%d", m->version);
	known = ask(pg, "SELECT encode(sha256, 'hex') FROM schema_migration WHERE version = $1",
		version);
	if (known) {
		good = strcmp(known, digest) == 0;
		if (!good)
			fprintf(stderr, "migrate: %s is not the text that was applied\n", m->name);
		free(known);
		return good;
	}
	/* Each one begins as the owner, whatever role the one before ended as. */
	good = run(pg, "BEGIN", m->name) && run(pg, "SET ROLE reissued_owner", m->name) &&
	       run(pg, "SELECT set_config('app.enterprise', '*', true)", m->name) &&
	       run(pg, m->sql, m->name) && run(pg, "SET ROLE reissued_owner", m->name) &&
	       record(pg, m, digest) && run(pg, "COMMIT", m->name);
	if (good)
		printf("applied %s\n", m->name);
	return good;
}

static bool migrate(PGconn *pg)
{
	int head = rs_store_schema_head();
	char *found;

	if (!prepare(pg))
		return false;
	for (const struct rs_migration *m = rs_migrations; m->version; m++)
		if (!apply(pg, m))
			return false;
	found = ask(pg, "SELECT max(version)::text FROM schema_migration", NULL);
	printf("schema %s, this binary %d\n", found ? found : "?", head);
	free(found);
	return true;
}

int rs_store_migrate(const char *conninfo)
{
	PGconn *pg = PQconnectdb(conninfo);
	bool good = PQstatus(pg) == CONNECTION_OK;

	if (!good)
		fprintf(stderr, "migrate: %s", PQerrorMessage(pg));
	good = good && run(pg, "SET client_min_messages = warning", "session") &&
	       run(pg, LOCK_SQL, "waiting for another migration");
	if (good) {
		good = migrate(pg);
		if (good)
			good = run(pg, UNLOCK_SQL, "unlocking");
	}
	PQfinish(pg);
	return good ? 0 : 1;
}
