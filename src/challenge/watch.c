/*
 * SMS pumping: somebody has messages sent whose codes nobody ever types, since each of them pays
 * somebody. What limits it are the limits; here an operator is told.
 */
#include "internal.h"

#include "rs/log.h"
#include "rs/metrics.h"

#define LOOK_BACK_US	(3600 * RS_SECOND_US)
#define SENT_MANY	20 /* fewer say nothing about a country */
#define SENT_PER_PASSED 5

enum rs_code rs_challenge_watch_sms(struct rs_ctx *ctx)
{
	struct rs_id since = rs_id_new(rs_clock_now_us(ctx->app->clock) - LOOK_BACK_US);
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	/* Ids begin with the time: the last hour is a range of the primary key. */
	rs_p_id(&p, &since);
	rs_p_int(&p, SENT_MANY);
	rs_p_int(&p, SENT_PER_PASSED);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_challenge_pumping, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		const char *country = rs_row_text(rows, i, "country");

		rs_metric_add(RS_M_SMS_PUMPING, RS_LABELS(country), 1);
		rs_log(ctx, RS_LOG_WARN, "sms.pumping",
			rs_log_str(DETAIL,
				rs_arena_printf(ctx->arena,
					"of %lld messages to %s in an hour %lld led to a passed challenge",
					(long long)rs_row_int(rows, i, "sent"), country,
					(long long)rs_row_int(rows, i, "passed"))));
	}
	return rc;
}
