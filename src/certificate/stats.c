/* Counts for a dashboard, within the caller's sight. */
#include "rs/app.h"
#include "rs/certificate.h"
#include "rs/clock.h"
#include "rs/machine.h"
#include "rs/permission.h"

static json_t *tally(const struct rs_rows *rows, const char *column)
{
	return json_integer(rs_row_int(rows, 0, column));
}

/* Every state stands there, most of them with 0. */
static json_t *requests_json(const struct rs_rows *rows)
{
	json_t *out = json_object();

	for (int i = 0; i < RS_RR_STATES; i++)
		json_object_set_new(out, rs_state_name((enum rs_rr_state)i), json_integer(0));
	for (int i = 0; i < rs_rows_count(rows); i++)
		json_object_set_new(out, rs_row_text(rows, i, "status"),
			json_integer(rs_row_int(rows, i, "count")));
	return out;
}

enum rs_code rs_certificate_stats(struct rs_ctx *ctx, const struct rs_id *enterprise, json_t **out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *certificates, *requests;
	enum rs_code rc;

	*out = NULL;
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_id(&p, enterprise);
	rs_p_texts(&p, rs_owners_seen(ctx, "certificate.read"));
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_stats_certificates, &p, &certificates);
	p = rs_params(ctx);
	rs_p_id(&p, enterprise);
	rs_p_texts(&p, rs_owners_seen(ctx, "reissue.read"));
	if (!rc)
		rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_stats_requests, &p, &requests);
	if (rc)
		return rc;
	*out = json_pack("{s:{s:o, s:o, s:o, s:o}, s:o, s:{s:o, s:o}, s:{s:o, s:o}, s:{s:n, s:o}}",
		"certificates", "issued", tally(certificates, "issued"), "suspended",
		tally(certificates, "suspended"), "revoked", tally(certificates, "revoked"), "expired",
		tally(certificates, "expired"), "reissue_requests", requests_json(requests), "reissued",
		"total", tally(certificates, "reissued"), "last_30_days",
		tally(certificates, "reissued_recently"), "expiring", "in_30_days",
		tally(certificates, "in_30_days"), "in_90_days", tally(certificates, "in_90_days"),
		"quota", "limit", "used", tally(certificates, "used"));
	return RS_OK;
}
