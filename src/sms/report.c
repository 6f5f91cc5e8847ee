/* Delivery reports: what a gateway says later became of a message. Informational: nothing hangs on
 * them. */
#include "rs/sms.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/identity.h"

#include <string.h>

struct report {
	const struct rs_connector *connector;
	struct rs_id id; /* of the message */
	const char *status;
};

static const struct rs_field FIELDS[] = {
	RS_FIELD(struct report, id, RS_T_ID, .flags = RS_F_REQUIRED),
	RS_FIELD(struct report, status, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 40),
	RS_FIELD_END,
};

/* Counted by address before it is put on record, so that nobody fills it; of a connector that there is
 * not nothing that a stranger chose. */
static enum rs_code refuse(struct rs_ctx *ctx, const struct rs_connector *connector)
{
	struct rs_event event = {.action = "challenge.reported",
		.object_type = "connector",
		.object = connector->id,
		.enterprise = connector->enterprise_id};
	enum rs_code rc = rs_throttle_refused(ctx);

	if (rc)
		return rc;
	rs_audit_denied(ctx, &event, RS_UNAUTHENTICATED);
	return rs_fail(ctx, RS_UNAUTHENTICATED, "This is no address for delivery reports.");
}

/*
 * The gateway, when the secret is its own. Whatever does not fit is refused alike: nobody learns
 * which connectors there are.
 */
static enum rs_code admit(
	struct rs_ctx *ctx, const struct rs_id *id, const char *secret, struct rs_connector **out)
{
	struct rs_sms_settings settings;
	rs_auto_secret given = rs_secret_copy(secret, strlen(secret));
	rs_auto_secret own = NULL;
	enum rs_code rc = rs_connector_get(ctx, NULL, id, "sms", out);

	if (!rc)
		rc = rs_connector_settings(ctx, *out, &settings);
	if (!rc && settings.dlr)
		rc = rs_connector_secret(ctx, *out, "dlr_secret", &own);
	if (rc && rc != RS_METHOD_NOT_CONFIGURED)
		return rc;
	if (!rc && own && rs_secret_equal(own, given))
		return RS_OK;
	rs_err_reset(&ctx->err);
	return refuse(ctx, *out);
}

/* Locked first: two reports at the same moment are noted one after the other. */
static enum rs_code note(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct report *report = arg;
	struct rs_params p = rs_params(ctx), lock = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&lock, &report->id);
	rs_p_id(&lock, &report->connector->id);
	rc = rs_tx_run(ctx, tx, RS_Q_sms_report_lock, &lock, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	rs_p_id(&p, &report->id);
	rs_p_text(&p, report->status);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_sms_report_note, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	struct rs_event event = {.action = "challenge.reported",
		.object_type = "challenge",
		.enterprise = report->connector->enterprise_id,
		.detail = report->status};
	if (!rs_id_parse(rs_row_text(rows, 0, "challenge_id"), &event.object))
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	return rs_audit(ctx, tx, &event);
}

enum rs_code rs_sms_report(
	struct rs_ctx *ctx, const struct rs_id *connector, const char *secret, json_t *told)
{
	struct rs_connector *admitted;
	struct report report = {0};
	enum rs_code rc = admit(ctx, connector, secret, &admitted);

	if (rc)
		return rc;
	report.connector = admitted;
	rs_json_read(ctx, told, "", FIELDS, &report, NULL);
	rc = rs_faults(ctx);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_JOB, note, &report);
}
