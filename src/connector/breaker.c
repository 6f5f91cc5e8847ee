/* Breakers of connectors, kept in the database. */
#include "rs/breaker.h"

enum rs_code rs_breaker_ask(struct rs_ctx *ctx, const struct rs_id *connector, bool *allowed)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, connector);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_breaker_ask, &p, &rows);
	*allowed = rc == RS_OK && rs_row_bool(rows, 0, "allowed");
	return rc;
}

enum rs_code rs_breaker_tell(struct rs_ctx *ctx, const struct rs_id *connector, bool worked)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, connector);
	return rs_read(
		ctx, RS_REACH_JOB, worked ? RS_Q_breaker_worked : RS_Q_breaker_failed, &p, NULL);
}
