/* How often: challenges of a user and an address, messages to a destination, wrong answers in a row. */
#include "internal.h"

#include "rs/limit.h"

#include <arpa/inet.h>

#define HOUR_S 3600
#define DAY_S  86400

enum rs_code rs_challenge_not_locked(struct rs_ctx *ctx, const struct rs_id *user)
{
	struct lock {
		int64_t locked_until;
	} lock = {0};
	static const struct rs_field ROW[] = {
		RS_FIELD(struct lock, locked_until, RS_T_TIME),
		RS_FIELD_END,
	};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	int64_t left;
	enum rs_code rc;

	rs_p_id(&p, user);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_challenge_lock_of, &p, &rows);
	if (!rc && rs_rows_count(rows) > 0)
		rc = rs_row_read(ctx, rows, 0, ROW, &lock);
	left = lock.locked_until - rs_clock_now_us(ctx->app->clock);
	if (rc || left <= 0)
		return rc;
	left = (left + RS_SECOND_US - 1) / RS_SECOND_US;
	rs_fail(ctx, RS_SUBJECT_LOCKED,
		"Too many wrong answers in a row: the second factor is locked for %lld seconds.",
		(long long)left);
	ctx->err.retry_after = (int)left;
	return RS_SUBJECT_LOCKED;
}

/* An IPv4 address, or the /64 of an IPv6 one, since that is what one gets. */
static enum rs_code hit_address(struct rs_ctx *ctx, const struct rs_limit *limit)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, ctx->address, &address) == 1)
		return rs_limit_hit(ctx, limit, &address, 8);
	return rs_limit_hit(ctx, limit, ctx->address, strlen(ctx->address));
}

enum rs_code rs_challenge_count(struct rs_ctx *ctx, const struct rs_id *user)
{
	const struct rs_config *config = ctx->app->config;
	const struct rs_limit hour = {
		"challenge-user", config->limits_challenges_per_user, HOUR_S};
	const struct rs_limit day = {
		"challenge-user-day", config->limits_challenges_per_user_day, DAY_S};
	const struct rs_limit address = {
		"challenge-address", config->limits_challenges_per_address, HOUR_S};
	enum rs_code rc = hit_address(ctx, &address);

	if (!rc)
		rc = rs_limit_hit(ctx, &hour, user->s, strlen(user->s));
	return rc ? rc : rs_limit_hit(ctx, &day, user->s, strlen(user->s));
}

enum rs_code rs_challenge_count_destination(
	struct rs_ctx *ctx, const char *channel, const void *destination_mac)
{
	const struct rs_config *config = ctx->app->config;
	bool sms = strcmp(channel, "sms") == 0;
	const struct rs_limit hour = {sms ? "otp-sms" : "otp-email",
		sms ? config->limits_sms_per_number : config->limits_codes_per_mailbox, HOUR_S};
	const struct rs_limit day = {
		"otp-sms-day", config->limits_sms_per_number_day, DAY_S};
	enum rs_code rc = rs_limit_hit(ctx, &hour, destination_mac, RS_MAC_LEN);

	return rc || !sms ? rc : rs_limit_hit(ctx, &day, destination_mac, RS_MAC_LEN);
}
