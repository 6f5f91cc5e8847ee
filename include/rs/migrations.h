/*
 * The embedded migrations: sql/migrations/NNNN_verb_object.sql in order. Immutable once released;
 * the database records the SHA-256 of each.
 */
#ifndef RS_MIGRATIONS_H
#define RS_MIGRATIONS_H

struct rs_migration {
	int version;      /* NNNN; 0 ends the table */
	const char *name; /* file name without .sql */
	const char *sql;
};

extern const struct rs_migration rs_migrations[];
/* sql/roles.sql: what a superuser runs once before them. */
extern const char rs_roles_sql[];

#endif
