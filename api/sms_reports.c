/* /v1/callbacks/sms: delivery reports of gateways. */
#include "handlers.h"
#include "route.h"

#include "rs/sms.h"

/* The members of the body, and those of the query, which is all that many gateways can fill in. */
static json_t *told(struct rs_call *call)
{
	static const char *const MEMBERS[] = {"id", "status", NULL};
	json_t *out =
		rs_arena_json(call->ctx->arena, call->json ? json_copy(call->json) : json_object());

	for (const char *const *name = MEMBERS; *name; name++)
		if (rs_query(call, *name))
			json_object_set_new(out, *name, json_string(rs_query(call, *name)));
	return out;
}

enum rs_code rs_callbacks_sms(struct rs_call *call)
{
	struct rs_id connector = rs_path_id(call, 0);
	enum rs_code rc = rs_sms_report(call->ctx, &connector, call->path[1], told(call));

	return rc ? rc : rs_reply_empty(call);
}
