/* Sending: the enterprise's gateways, one after the other. */
#include "rs/sms.h"

#include "rs/app.h"
#include "rs/breaker.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/limit.h"
#include "rs/log.h"
#include "rs/metrics.h"

#include <string.h>

#define SECOND_US	   INT64_C(1000000)
#define DAY_S		   86400
#define PER_GATEWAY	   4		   /* tries of one gateway: the pauses lie between them */
#define BREAK_US	   (5 * SECOND_US) /* until a gateway may be whole again */
#define COUNTRY_PER_MINUTE 60

static const int64_t PAUSES_MS[PER_GATEWAY] = {500, 2000, 8000, 0};

/* One gateway of a message. */
struct gateway {
	struct rs_connector *connector;
	struct rs_sms_settings settings;
};

/* A message under way. */
struct way {
	const struct rs_sms *sms;
	struct gateway *gateways; /* that take the number, in the order they are asked */
	size_t count;
	struct rs_sms_result *out;
};

static enum rs_code find_gateways(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_id *first, const char *to, struct gateway **out, size_t *count)
{
	struct rs_connector *list;
	size_t active;
	enum rs_code rc = rs_connector_find(ctx, enterprise, "sms", &list, &active);

	*count = 0;
	if (!rc && active == 0)
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED, "No SMS gateway is configured.");
	if (rc)
		return rc;
	rs_connector_prefer(list, active, first);
	*out = rs_new_array(ctx->arena, struct gateway, active);
	for (size_t i = 0; i < active; i++) {
		struct gateway *gateway = &(*out)[*count];

		gateway->connector = &list[i];
		/* One whose settings do not hold any more is passed by. */
		if (rs_connector_settings(ctx, &list[i], &gateway->settings) != RS_OK)
			rs_err_reset(&ctx->err);
		else if (rs_sms_number_allowed(&gateway->settings, to))
			(*count)++;
	}
	return RS_OK;
}

enum rs_code rs_sms_ready(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_id *connector, const char *to)
{
	struct rs_connector *named;
	struct gateway *gateways;
	size_t count;
	enum rs_code rc = RS_OK;

	if (rs_id_set(connector))
		rc = rs_connector_get(ctx, enterprise, connector, "sms", &named);
	if (!rc)
		rc = find_gateways(ctx, enterprise, connector, to, &gateways, &count);
	if (!rc && count == 0)
		rc = rs_fail(ctx, RS_DESTINATION_NOT_ALLOWED,
			"Codes are not sent to the country or range of this number.");
	return rc;
}

/* --- limits: what cannot be counted is not sent --- */

/*
 * One message of the gateway's budget. *used_up: there is none left. At four fifths an operator is
 * told, once.
 */
static enum rs_code spend(struct rs_ctx *ctx, const struct gateway *gateway, bool *used_up)
{
	struct rs_limit limit = {"sms-budget", gateway->settings.budget_per_day, DAY_S};
	const char *id = gateway->connector->id.s;
	enum rs_code rc = rs_limit_hit(ctx, &limit, id, strlen(id));
	int64_t warn = limit.limit - limit.limit * 4 / 5;

	*used_up = rc == RS_RATE_LIMITED;
	if (*used_up)
		rs_err_reset(&ctx->err);
	else if (!rc && ctx->limits && ctx->limits->remaining == warn)
		rs_log(ctx, RS_LOG_WARN, "sms.budget", rs_log_str(OBJECT, id),
			rs_log_str(DETAIL, "four fifths of the day's messages are used"));
	return *used_up ? RS_OK : rc;
}

/* Messages to one country, all tenants together. *wait: beyond it. */
static enum rs_code count_country(struct rs_ctx *ctx, const char *to, bool *wait)
{
	static const struct rs_limit limit = {"sms-country", COUNTRY_PER_MINUTE, 60};
	/* The calling code is at most three digits long; a longer key only narrows it. */
	enum rs_code rc = rs_limit_hit(ctx, &limit, to, 4);

	*wait = rc == RS_RATE_LIMITED;
	if (*wait)
		rs_err_reset(&ctx->err);
	return *wait ? RS_OK : rc;
}

/* --- one try --- */

static void note(struct rs_ctx *ctx, const struct gateway *gateway,
	const struct rs_sms_answer *answer, struct rs_sms_result *out)
{
	static const char *const VERDICTS[] = {"taken", "later", "next", "refused"};
	const char *id = gateway->connector->id.s;

	out->connector = gateway->connector->id;
	json_array_append_new(out->tries, json_pack("{s:s, s:i, s:s}", "connector_id", id, "status",
						  answer->status, "detail", answer->detail));
	rs_metric_add(RS_M_SMS_TRIED, RS_LABELS(VERDICTS[answer->verdict]), 1);
	if (answer->verdict == RS_SMS_LATER || answer->verdict == RS_SMS_NEXT)
		rs_log(ctx, RS_LOG_ERROR, "sms.gateway_failed", rs_log_str(OBJECT, id),
			rs_log_str(DETAIL, answer->detail), rs_log_int(STATUS, answer->status));
}

/* Calls one gateway, unless it is not to be called now: then the verdict is NEXT and nothing is
 * noted. */
static enum rs_code ask(struct rs_ctx *ctx, const struct way *way, const struct gateway *gateway,
	struct rs_sms_answer *answer, bool *open)
{
	const struct rs_sms *sms = way->sms;
	struct rs_sms_values values = {.to = sms->to,
		.text = sms->text,
		.id = sms->id.s,
		.sender = gateway->settings.sender};
	bool allowed, used_up = false;
	enum rs_code rc = rs_breaker_ask(ctx, &gateway->connector->id, &allowed);

	*answer = (struct rs_sms_answer){.verdict = RS_SMS_NEXT};
	*open = !rc && !allowed;
	if (!rc && allowed)
		rc = spend(ctx, gateway, &used_up);
	if (rc || !allowed || used_up)
		return rc;
	rc = rs_sms_call(ctx, gateway->connector, &gateway->settings, &values, answer);
	if (rc) {
		/* A secret that does not open is the gateway's own trouble. */
		rs_err_reset(&ctx->err);
		*answer = (struct rs_sms_answer){.verdict = RS_SMS_NEXT,
			.detail = "The connector's secrets cannot be read."};
	}
	note(ctx, gateway, answer, way->out);
	/* What was sent stays sent, whether or not that can be told. */
	if (rs_breaker_tell(ctx, &gateway->connector->id,
		    answer->verdict == RS_SMS_TAKEN || answer->verdict == RS_SMS_REFUSED) != RS_OK)
		rs_err_reset(&ctx->err);
	return RS_OK;
}

static int64_t after(struct rs_ctx *ctx, int64_t pause_us)
{
	unsigned char jitter;

	rs_random(&jitter, 1);
	/* 20 % to either side */
	return rs_clock_now_us(ctx->app->clock) + pause_us +
	       pause_us * ((int64_t)jitter - 128) / 640;
}

/* The gateways from the one whose turn it is. */
static enum rs_code go_round(struct rs_ctx *ctx, struct way *way, int64_t tries)
{
	size_t first = (size_t)(tries / PER_GATEWAY);
	bool any_open = false;
	enum rs_code rc = RS_OK;

	/* One before it may have been switched off since: the last one is not passed by for that.
	 */
	if (first >= way->count)
		first = way->count - 1;
	for (size_t i = first; !rc && i < way->count; i++) {
		/* The pauses of one that is only reached since those before it fail are its own. */
		int64_t mine = i == first ? tries % PER_GATEWAY : 0;
		struct rs_sms_answer answer;
		bool open;

		rc = ask(ctx, way, &way->gateways[i], &answer, &open);
		any_open = any_open || open;
		if (rc || answer.verdict == RS_SMS_NEXT)
			continue;
		way->out->verdict = answer.verdict;
		way->out->code = RS_DELIVERY_FAILED;
		if (answer.verdict == RS_SMS_LATER && mine == PER_GATEWAY - 1) {
			way->out->verdict =
				RS_SMS_REFUSED; /* the end, unless another one is left */
			continue;
		}
		way->out->again_at = after(ctx, PAUSES_MS[mine] * 1000);
		return RS_OK;
	}
	if (!rc && any_open) {
		way->out->verdict = RS_SMS_LATER;
		way->out->again_at = after(ctx, BREAK_US);
	}
	return rc;
}

enum rs_code rs_sms_try(
	struct rs_ctx *ctx, const struct rs_sms *sms, int64_t tries, struct rs_sms_result *out)
{
	struct way way = {.sms = sms, .out = out};
	bool wait;
	enum rs_code rc;

	*out = (struct rs_sms_result){.verdict = RS_SMS_REFUSED,
		.code = RS_DELIVERY_FAILED,
		.tries = rs_arena_json(ctx->arena, json_array())};
	if (!rs_sms_number_plain(sms->to)) {
		out->code = RS_DESTINATION_NOT_ALLOWED;
		return RS_OK;
	}
	rc = find_gateways(
		ctx, &sms->enterprise, &sms->connector, sms->to, &way.gateways, &way.count);
	if (rc == RS_METHOD_NOT_CONFIGURED || (!rc && way.count == 0)) {
		rs_err_reset(&ctx->err);
		out->code = rc ? RS_METHOD_NOT_CONFIGURED : RS_DESTINATION_NOT_ALLOWED;
		return RS_OK;
	}
	if (!rc)
		rc = count_country(ctx, sms->to, &wait);
	if (rc)
		return rc;
	if (wait) {
		out->verdict = RS_SMS_LATER;
		out->again_at = after(ctx, BREAK_US);
		return RS_OK;
	}
	return go_round(ctx, &way, tries);
}
