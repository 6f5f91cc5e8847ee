/* /healthz: the process answers. /readyz: it can do its work, told for each dependency. */
#include "handlers.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/database.h"
#include "rs/issuer.h"
#include "rs/resolver.h"
#include "rs/signer.h"

/* A dependency that does not answer in time is away. */
#define READY_DEADLINE_MS 2000

enum rs_code rs_health_live(struct rs_call *call)
{
	return rs_reply_json(call, 200, json_pack("{s:s}", "status", "ok"));
}

/* Adds how a dependency is, {name, status, detail}; what rc says is told in ctx->err. */
static bool check(struct rs_ctx *ctx, json_t *dependencies, const char *name, enum rs_code rc)
{
	bool up = rc == RS_OK;
	json_array_append_new(dependencies,
		json_pack("{s:s, s:s, s:s?}", "name", name, "status", up ? "up" : "down", "detail",
			up ? NULL : ctx->err.detail));
	return up;
}

/* The DNS resolver; where none is expected to work it does not make the process unready. */
static bool check_resolver(struct rs_ctx *ctx, json_t *dependencies)
{
	bool expected;
	enum rs_code rc = rs_resolver_ready(ctx, &expected);
	if (expected)
		return check(ctx, dependencies, "resolver", rc);
	json_array_append_new(dependencies,
		json_pack("{s:s, s:s, s:s}", "name", "resolver", "status", "degraded", "detail",
			"Not tried: this development instance names no stub zone and no trust "
			"anchor of its own."));
	return true;
}

/* A live certificate of every issuer, and a signer behind them. */
/* A database whose schema is not for us is up all the same; one that is away tells nothing of it. */
static bool check_store(struct rs_ctx *ctx, json_t *dependencies)
{
	enum rs_code rc = rs_store_ready(ctx);
	bool misfit = rc != RS_OK && rs_store_misfit(ctx->app->store);
	check(ctx, dependencies, "database", misfit ? RS_OK : rc);
	check(ctx, dependencies, "schema", rc);
	return rc == RS_OK;
}

/* A live certificate of every issuer, and a signer behind them that still signs. */
static enum rs_code signer_state(struct rs_ctx *ctx)
{
	const struct rs_app *app = ctx->app;
	size_t count = app->issuers && app->signer ? rs_issuers_count(app->issuers) : 0;
	const char *trouble = count > 0 ? rs_signer_trouble(app->signer) : NULL;
	int64_t now = rs_clock_now(app->clock);
	if (trouble)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "%s", trouble);
	for (size_t i = 0; i < count; i++) {
		enum rs_code rc = rs_issuer_live(ctx, rs_issuers_at(app->issuers, i), now);
		if (rc != RS_OK)
			return rc;
	}
	return count > 0 ? RS_OK
			 : rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "No issuer is configured.");
}

enum rs_code rs_health_ready(struct rs_call *call)
{
	struct rs_ctx *ctx = call->ctx;
	json_t *dependencies = json_array();
	ctx->deadline_ms = rs_clock_mono_ms() + READY_DEADLINE_MS;
	bool ready = check_store(ctx, dependencies);
	ready = check(ctx, dependencies, "signer", signer_state(ctx)) && ready;
	ready = check_resolver(ctx, dependencies) && ready;
	if (ready)
		return rs_reply_json(call, 200,
			json_pack("{s:s, s:o}", "status", "ready", "dependencies", dependencies));
	rs_fail(ctx, RS_UNAVAILABLE, "A dependency is down; see dependencies.");
	rs_err_ext(ctx, "dependencies", dependencies);
	return RS_UNAVAILABLE;
}
