/* /v1/me: who is calling. */
#include "common.h"
#include "handlers.h"

#include "rs/identity.h"

/* A client has no row of a user: what the token says is all there is. */
static enum rs_code reply_client(struct rs_call *call)
{
	const struct rs_actor *actor = &call->ctx->actor;
	struct rs_client client = {0};
	json_t *me = json_pack("{s:s, s:s, s:s?, s:n, s:s, s:s, s:s, s:n}", "kind", "client", "id",
		actor->id.s, "name", actor->name, "email", "role", rs_role_name(actor->role),
		"reach", "enterprise", "status", "active", "language");
	client.revision = 1;
	json_object_set_new(me, "enterprise",
		json_pack("{s:s, s:s}", "id", actor->enterprise.s, "name", actor->enterprise.s));
	json_object_set_new(me, "revision", json_integer(client.revision));
	rs_show_scopes(me, actor->scopes);
	return rs_reply_resource(call, 200, me, client.revision);
}

static enum rs_code reply_user(struct rs_call *call, const struct rs_user *user)
{
	json_t *me = rs_json_write(rs_user_fields, user);
	json_object_set_new(me, "kind", json_string("user"));
	json_object_set_new(me, "enterprise",
		json_pack("{s:s, s:s}", "id", user->enterprise_id.s, "name",
			user->enterprise_id.s));
	json_object_del(me, "enterprise_id");
	json_object_del(me, "created_at");
	json_object_del(me, "updated_at");
	rs_show_scopes(me, call->ctx->actor.scopes);
	return rs_reply_resource(call, 200, me, user->revision);
}

enum rs_code rs_me_show(struct rs_call *call)
{
	struct rs_user user = {0};
	if (call->ctx->actor.kind == RS_ACTOR_CLIENT)
		return reply_client(call);
	enum rs_code rc = rs_me_get(call->ctx, &user);
	return rc == RS_OK ? reply_user(call, &user) : rc;
}

enum rs_code rs_me_change(struct rs_call *call)
{
	struct rs_user user = {0};
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_me_edit(call->ctx, call->json, revision, &user);
	return rc == RS_OK ? reply_user(call, &user) : rc;
}

enum rs_code rs_me_set_password(struct rs_call *call)
{
	enum rs_code rc = rs_me_password(call->ctx, call->json);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}
