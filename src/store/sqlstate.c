/*
 * What PostgreSQL says, turned into our codes: the one place. Its own text goes to the log only.
 */
#include "internal.h"

#include <string.h>

/* A constraint a client can run into, and what to tell it. */
static const struct {
	const char *name;
	enum rs_code code;
	const char *detail;
} constraints[] = {
#define RS_CONSTRAINT(name, code, detail) {#name, RS_##code, detail},
#include "constraints.def"
#undef RS_CONSTRAINT
	{0},
};

/* SQLSTATE or its class, most precise first. */
static const struct {
	const char *prefix;
	enum rs_code code;
	const char *detail;
} states[] = {
	{"40001", RS_UNAVAILABLE, "Too many changes met each other; try again."},
	{"40P01", RS_UNAVAILABLE, "Too many changes met each other; try again."},
	{"55P03", RS_UNAVAILABLE, "It is locked by another change right now; try again."},
	{"57014", RS_UNAVAILABLE, "The database did not answer in time; try again."},
	{"25006", RS_UNAVAILABLE, "The database takes no changes right now; try again later."},
	{"25P03", RS_UNAVAILABLE, "The database did not answer in time; try again."},
	{"08", RS_UNAVAILABLE, "The database is not reachable right now; try again later."},
	{"53", RS_UNAVAILABLE, "The database is out of resources; try again later."},
	{"57P", RS_UNAVAILABLE, "The database is not reachable right now; try again later."},
	{"58", RS_UNAVAILABLE, "The database cannot store this right now; try again later."},
	{"23505", RS_ALREADY_EXISTS, "Such a thing exists already."},
	{"23503", RS_CONFLICT, "Something this refers to is gone, or still refers to this."},
};

bool rs_sqlstate_retry(const char *sqlstate)
{
	return strcmp(sqlstate, "40001") == 0 || strcmp(sqlstate, "40P01") == 0;
}

static enum rs_code told(struct rs_ctx *ctx, enum rs_code code, const char *detail)
{
	enum rs_code rc = rs_fail(ctx, code, "%s", detail);

	if (code == RS_UNAVAILABLE)
		ctx->err.retry_after = RS_STORE_RETRY_AFTER;
	return rc;
}

enum rs_code rs_sqlstate_code(struct rs_ctx *ctx, const char *sqlstate, const char *constraint,
	const char *message)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; constraint && constraints[i].name && rc == RS_OK; i++)
		if (strcmp(constraints[i].name, constraint) == 0)
			rc = told(ctx, constraints[i].code, constraints[i].detail);
	for (size_t i = 0; i < sizeof states / sizeof states[0] && rc == RS_OK; i++)
		if (strncmp(states[i].prefix, sqlstate, strlen(states[i].prefix)) == 0)
			rc = told(ctx, states[i].code, states[i].detail);
	if (rc == RS_OK)
		rc = told(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rs_err_cause(ctx, "SQLSTATE %s%s%s: %s", sqlstate, constraint ? " " : "",
		constraint ? constraint : "", message);
	return rc;
}

enum rs_code rs_sqlstate_fail(struct rs_ctx *ctx, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	return rs_sqlstate_code(ctx, state ? state : "08006",
		PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME),
		text ? text : PQresultErrorMessage(result));
}

enum rs_code rs_store_away(struct rs_ctx *ctx, const char *why)
{
	enum rs_code rc = told(ctx, RS_UNAVAILABLE,
		"The database is not reachable right now; try again later.");

	rs_err_cause(ctx, "%s", why);
	return rc;
}
