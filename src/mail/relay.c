/* Sending: the enterprise's relays, one after the other. */
#include "internal.h"

#include "rs/app.h"
#include "rs/breaker.h"
#include "rs/clock.h"
#include "rs/connector.h"
#include "rs/id.h"
#include "rs/log.h"
#include "rs/metrics.h"
#include "rs/smtp.h"
#include "rs/smtp_connector.h"

#include <limits.h>
#include <string.h>

/* A relay that works but asks to wait is given so many tries before another one is asked. */
#define PATIENCE 3
/* Of the time of a job that is kept for telling how it went. */
#define REST_MS	 5000
/* Of the words of a reply that are compared with the message; longer ones are not kept. */
#define WORD_MIN 4
#define WORD_MAX 100

enum rs_code rs_mail_ready(struct rs_ctx *ctx, const struct rs_id *enterprise)
{
	struct rs_connector *list;
	size_t count;
	enum rs_code rc = rs_connector_find(ctx, enterprise, "smtp", &list, &count);

	if (!rc && count == 0)
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"The enterprise has no active connector of the kind smtp.");
	return rc;
}

/* Within most_ms, or as long as the connector waits when that is less. */
static enum rs_code hand_over(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_mail_parcel *parcel, int most_ms, struct rs_smtp_result *result)
{
	struct rs_smtp_settings settings = {0};
	rs_auto_secret password = NULL;
	rs_auto_secret key = NULL;
	rs_auto_secret whole = NULL;
	enum rs_code rc = rs_connector_settings(ctx, connector, &settings);
	const char *sender;
	size_t len;

	if (!rc)
		rc = rs_connector_secret(ctx, connector, "password", &password);
	if (!rc)
		rc = rs_connector_secret(ctx, connector, "client_key", &key);
	if (rc)
		return rc;
	sender = rs_mail_sender_lines(ctx, settings.from_name, settings.from, settings.reply_to);
	len = strlen(sender);
	whole = rs_secret_new(len + rs_secret_len(parcel->message));
	memcpy(rs_secret_data(whole), sender, len);
	memcpy(rs_secret_data(whole) + len, rs_secret_data(parcel->message),
		rs_secret_len(parcel->message));
	rs_smtp_send(ctx,
		&(struct rs_smtp_server){.host = settings.host,
			.port = (int)settings.port,
			.tls = strcmp(settings.tls, "implicit") == 0 ? RS_SMTP_IMPLICIT
								     : RS_SMTP_STARTTLS,
			.ca_pem = settings.ca_pem,
			.client_certificate = settings.client_certificate,
			.client_key = key,
			.username = settings.username,
			.password = password,
			.timeout_ms = (int)settings.timeout_s * 1000 < most_ms
					      ? (int)settings.timeout_s * 1000
					      : most_ms},
		&(struct rs_smtp_message){.from = settings.from,
			.to = parcel->to,
			.data = {rs_secret_data(whole), rs_secret_len(whole)}},
		result);
	return RS_OK;
}

enum rs_code rs_mail_try_relay(struct rs_ctx *ctx, const struct rs_connector *relay,
	const struct rs_mail *mail, struct rs_smtp_result *out)
{
	struct rs_id id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	rs_auto_secret message = NULL;
	struct rs_mail_parcel parcel = {.enterprise = relay->enterprise_id, .to = mail->to};
	enum rs_code rc = rs_mail_build(
		ctx, mail, rs_arena_printf(ctx->arena, "%s@reissued", id.s), &message);

	parcel.message = message;
	return rc ? rc : hand_over(ctx, relay, &parcel, INT_MAX, out);
}

/* Whether it was the relay that failed, not what it was given. */
static bool relay_failed(const struct rs_smtp_result *result)
{
	return result->verdict == RS_SMTP_CONFIGURATION ||
	       (result->verdict == RS_SMTP_TEMPORARY && result->reply < 400);
}

/* Whether a word of a reply may be one of the message's secrets: an address, a code, of a link. */
static bool repeats(const char *word, size_t len, const char *message)
{
	char text[WORD_MAX + 1];

	if (len > WORD_MAX)
		return true;
	memcpy(text, word, len);
	text[len] = '\0';
	return len >= WORD_MIN && strpbrk(text, "@0123456789") && strcasestr(message, text);
}

/* Servers like to repeat what they were given ("550 <bob@example.com> unknown"): that is not kept.
 */
static const char *without_echo(struct rs_ctx *ctx, const char *line, const char *message)
{
	static const char BETWEEN[] = " \t<>()[]{}\"'`,:;=/?&|";
	char *out = rs_arena_strdup(ctx->arena, line), *word = out;

	while (*word) {
		size_t len = strcspn(word, BETWEEN);

		if (repeats(word, len, message))
			memset(word, '*', len);
		word += len;
		word += strspn(word, BETWEEN);
	}
	return out;
}

static void note(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_mail_parcel *parcel, const struct rs_smtp_result *result, json_t *tries)
{
	json_t *one = json_deep_copy(rs_smtp_result_json(ctx, result));
	const char *message = (const char *)rs_secret_data(parcel->message);
	char at[32];

	rs_time_format(rs_clock_now_us(ctx->app->clock), at);
	json_object_set_new(one, "at", json_string(at));
	json_object_set_new(one, "line", json_string(without_echo(ctx, result->line, message)));
	json_object_set_new(one, "connector_id", json_string(connector->id.s));
	json_object_set(one, "relay", json_object_get(connector->settings, "host"));
	json_array_append_new(tries, one);
	rs_metric_add(
		RS_M_MAILS_TRIED, RS_LABELS(json_string_value(json_object_get(one, "verdict"))), 1);
	if (relay_failed(result))
		rs_log(ctx, RS_LOG_ERROR, "mail.relay_failed", rs_log_str(OBJECT, connector->id.s),
			rs_log_str(DETAIL, result->detail), rs_log_int(STATUS, result->reply));
}

/* One relay. *next: the one after it is to be asked. */
static enum rs_code try_one(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_mail_parcel *parcel, json_t *tries, bool *next)
{
	int most_ms = rs_ctx_left_ms(ctx) - REST_MS;
	struct rs_smtp_result result;
	bool allowed = false;
	enum rs_code rc = RS_OK;

	*next = most_ms > 0; /* one that is not asked for want of time has not failed */
	if (*next)
		rc = rs_breaker_ask(ctx, &connector->id, &allowed);
	if (rc || !allowed)
		return rc ? rc : RS_PROVIDER_UNAVAILABLE;
	rc = hand_over(ctx, connector, parcel, most_ms, &result);
	if (rc)
		return RS_PROVIDER_UNAVAILABLE;
	note(ctx, connector, parcel, &result, tries);
	rc = rs_breaker_tell(ctx, &connector->id, !relay_failed(&result));
	if (rc)
		rs_err_reset(&ctx->err); /* what was sent stays sent */
	*next = relay_failed(&result) || parcel->attempt >= PATIENCE;
	if (result.verdict == RS_SMTP_TAKEN)
		return RS_OK;
	return result.verdict == RS_SMTP_FINAL ? RS_DELIVERY_FAILED : RS_PROVIDER_UNAVAILABLE;
}

enum rs_code rs_mail_relay(struct rs_ctx *ctx, const struct rs_mail_parcel *parcel, json_t *tries)
{
	struct rs_connector *list;
	size_t count;
	bool next = true;
	enum rs_code rc = rs_connector_find(ctx, &parcel->enterprise, "smtp", &list, &count);

	if (rc)
		return rc;
	if (count == 0)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"The enterprise has no active connector of the kind smtp.");
	rs_connector_prefer(list, count, &parcel->connector);
	rc = RS_PROVIDER_UNAVAILABLE;
	for (size_t i = 0; i < count && next && rc == RS_PROVIDER_UNAVAILABLE; i++)
		rc = try_one(ctx, &list[i], parcel, tries, &next);
	rs_err_reset(&ctx->err);
	if (rc == RS_DELIVERY_FAILED)
		return rs_fail(ctx, rc, "The mail server refused the recipient or the message.");
	return rc ? rs_fail(ctx, rc, "No mail server took the mail.") : RS_OK;
}
