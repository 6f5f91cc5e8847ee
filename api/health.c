/* /healthz: the process answers. /readyz: it can do its work, told for each dependency. */
#include "handlers.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/database.h"

/* A dependency that does not answer in time is away. */
#define READY_DEADLINE_MS 2000

enum rs_code rs_health_live(struct rs_call *call)
{
	return rs_reply_json(call, 200, json_pack("{s:s}", "status", "ok"));
}

static bool check(json_t *checks, const char *name, enum rs_code rc)
{
	json_object_set_new(checks, name, json_string(rc == RS_OK ? "ok" : rs_code_slug(rc)));
	return rc == RS_OK;
}

enum rs_code rs_health_ready(struct rs_call *call)
{
	struct rs_ctx *ctx = call->ctx;
	json_t *checks = json_object();
	ctx->deadline_ms = rs_clock_mono_ms() + READY_DEADLINE_MS;
	bool ready = check(checks, "database", rs_store_ready(ctx));
	return rs_reply_json(call, ready ? 200 : 503,
		json_pack("{s:s, s:o}", "status", ready ? "ok" : "unavailable", "checks", checks));
}
