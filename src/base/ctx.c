#include "rs/ctx.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

void rs_ctx_init(struct rs_ctx *ctx, struct rs_app *app)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->app = app;
	ctx->keyring = app ? app->keyring : NULL;
	ctx->arena = rs_arena_new();
}

void rs_ctx_end(struct rs_ctx *ctx)
{
	rs_err_reset(&ctx->err);
	rs_arena_free(ctx->arena);
	ctx->arena = NULL;
}

void rs_ctx_init_system(struct rs_ctx *ctx, struct rs_app *app, const char *what)
{
	rs_ctx_init(ctx, app);
	ctx->actor.kind = RS_ACTOR_SYSTEM;
	ctx->actor.name = rs_arena_strdup(ctx->arena, what);
	ctx->actor.platform = true;
	ctx->actor.role = RS_ROLE_ADMIN;
	ctx->actor.scopes = RS_SCOPE_ALL;
	snprintf(ctx->request_id, sizeof(ctx->request_id), "%s",
		rs_id_new(rs_clock_system_us()).s);
}

int rs_ctx_left_ms(const struct rs_ctx *ctx)
{
	int64_t left;

	if (!ctx->deadline_ms)
		return INT_MAX;
	left = ctx->deadline_ms - rs_clock_mono_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
