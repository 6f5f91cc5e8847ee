/* How often somebody may guess: exact across replicas, counted before the guess is judged. */
#include "internal.h"

#include "rs/config.h"
#include "rs/limit.h"

#include <arpa/inet.h>
#include <string.h>

#define ACCOUNT_WINDOW_S 900
#define ADDRESS_WINDOW_S 900
#define REFUSED_WINDOW_S 60

static struct rs_limit account_limit(const struct rs_config *config)
{
	return (struct rs_limit){"login-account", config->limits_login_per_account, ACCOUNT_WINDOW_S};
}

/* Who is counted together: an IPv4 address, or the /64 of an IPv6 one, since that is what one gets. */
static enum rs_code hit_address(struct rs_ctx *ctx, const struct rs_limit *limit)
{
	struct in6_addr address;
	if (inet_pton(AF_INET6, ctx->address, &address) == 1)
		return rs_limit_hit(ctx, limit, &address, 8);
	return rs_limit_hit(ctx, limit, ctx->address, strlen(ctx->address));
}

enum rs_code rs_throttle_try(struct rs_ctx *ctx, const char *account)
{
	const struct rs_config *config = ctx->app->config;
	struct rs_limit by_account = account_limit(config);
	struct rs_limit by_address = {
		"login-address", config->limits_login_per_address, ADDRESS_WINDOW_S};
	enum rs_code rc = hit_address(ctx, &by_address);
	return rc == RS_OK ? rs_limit_hit(ctx, &by_account, account, strlen(account)) : rc;
}

void rs_throttle_good(struct rs_ctx *ctx, const char *account)
{
	struct rs_limit by_account = account_limit(ctx->app->config);
	/* What cannot be forgotten runs out by itself. */
	if (rs_limit_forgive(ctx, &by_account, account, strlen(account)) != RS_OK)
		rs_err_reset(&ctx->err);
}

enum rs_code rs_throttle_refused(struct rs_ctx *ctx)
{
	struct rs_limit limit = {"unauthenticated-address",
		ctx->app->config->limits_unauthenticated_per_address, REFUSED_WINDOW_S};
	return hit_address(ctx, &limit);
}

enum rs_code rs_throttle_verify(struct rs_ctx *ctx)
{
	struct rs_limit limit = {
		"verify-user", ctx->app->config->limits_verify_per_user, REFUSED_WINDOW_S};

	return rs_limit_hit(ctx, &limit, ctx->actor.id.s, strlen(ctx->actor.id.s));
}
