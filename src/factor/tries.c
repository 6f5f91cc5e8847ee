#include "tries.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)
/* Where the row of a run stands among the counters: it begins with a try, not with a window. */
#define RUN_START SECOND_US

/* Bucket, key and place of the row. */
static struct rs_params row_of(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user)
{
	struct rs_params p = rs_params(ctx);
	unsigned char hash[32];

	rs_sha256(user->s, strlen(user->s), hash);
	rs_p_text(&p, limit->bucket);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_time(&p, RUN_START);
	return p;
}

enum rs_code rs_tries_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user)
{
	struct rs_params p = row_of(ctx, limit, user);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_rows *rows;
	int left_s;
	enum rs_code rc;

	rs_p_time(&p, now);
	rs_p_time(&p, now + limit->window_s * SECOND_US);
	rs_p_int(&p, limit->limit);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_factor_try, &p, &rows);
	if (rc || rs_row_int(rows, 0, "hits") <= limit->limit)
		return rc;
	left_s = (int)rs_row_int(rows, 0, "left_s");
	rc = rs_fail(ctx, RS_RATE_LIMITED, "Too many tries; try again in %d seconds.", left_s);
	ctx->err.retry_after = left_s;
	return rc;
}

enum rs_code rs_tries_forgive(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user)
{
	struct rs_params p = row_of(ctx, limit, user);

	return rs_read(ctx, RS_REACH_CALLER, RS_Q_limit_forgive, &p, NULL);
}

enum rs_code rs_tries_return(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user)
{
	struct rs_params p = row_of(ctx, limit, user);

	return rs_read(ctx, RS_REACH_CALLER, RS_Q_limit_return, &p, NULL);
}
