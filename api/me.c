/* /v1/me: who is calling. */
#include "common.h"
#include "handlers.h"

#include "rs/factor.h"
#include "rs/identity.h"

/* {id, name} of the caller's enterprise. */
static enum rs_code add_enterprise(struct rs_call *call, json_t *me)
{
	struct rs_enterprise enterprise = {0};
	enum rs_code rc = rs_me_enterprise(call->ctx, &enterprise);
	if (rc == RS_OK)
		json_object_set_new(me, "enterprise",
			json_pack("{s:s, s:s}", "id", enterprise.id.s, "name", enterprise.name));
	return rc;
}

static enum rs_code reply(struct rs_call *call, json_t *me, int64_t revision)
{
	enum rs_code rc = add_enterprise(call, me);
	rs_show_scopes(me, call->ctx->actor.scopes);
	if (rc == RS_OK)
		return rs_reply_resource(call, 200, me, revision);
	json_decref(me);
	return rc;
}

/* A client has no row of a user: what the token says is all there is. */
static enum rs_code reply_client(struct rs_call *call)
{
	const struct rs_actor *actor = &call->ctx->actor;
	return reply(call,
		json_pack("{s:s, s:s, s:s?, s:n, s:s, s:s, s:s, s:n, s:i, s:[]}", "kind", "client", "id",
			actor->id.s, "name", actor->name, "email", "role",
			rs_role_name(actor->role), "reach", "enterprise", "status", "active",
			"language", "revision", 1, "second_factors"),
		1);
}

static enum rs_code reply_user(struct rs_call *call, const struct rs_user *user)
{
	static const char *const OTHERS[] = {"enterprise_id", "created_at", "updated_at", NULL};
	json_t *me = rs_json_write(rs_user_fields, user);
	json_object_set_new(me, "kind", json_string("user"));
	for (int i = 0; OTHERS[i]; i++)
		json_object_del(me, OTHERS[i]);
	struct rs_subject subject;
	enum rs_code rc = rs_subject_load(call->ctx, &user->id, &subject);
	if (rc != RS_OK) {
		json_decref(me);
		return rc;
	}
	json_object_set_new(me, "second_factors", rs_subject_means(call->ctx, &subject));
	return reply(call, me, user->revision);
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
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);
	if (rc == RS_OK)
		rc = rs_me_password(call->ctx, call->json, revision);
	return rc == RS_OK ? rs_reply_empty(call) : rc;
}

enum rs_code rs_me_password_render(struct rs_call *call, int status, const struct rs_id *id)
{
	(void)status;
	(void)id;
	return rs_reply_empty(call);
}

/* --- one's own mobile number --- */

enum rs_code rs_me_mobile_begin(struct rs_call *call)
{
	const char *masked;
	enum rs_code rc = rs_mobile_begin(call->ctx, call->json, &masked);

	return rc ? rc
		  : rs_reply_json(call, 200,
			    json_pack("{s:s, s:i, s:i}", "mobile", masked, "digits", 6, "expires_in",
				    600));
}

enum rs_code rs_me_mobile_confirm(struct rs_call *call)
{
	enum rs_code rc = rs_mobile_confirm(call->ctx, call->json);

	return rc ? rc : rs_reply_empty(call);
}

/* What a repeated key of a beginning was answered: the message is on its way. */
enum rs_code rs_me_mobile_render(struct rs_call *call, int status, const struct rs_id *id)
{
	(void)status;
	(void)id;
	if (call->route->handler == rs_me_mobile_confirm)
		return rs_reply_empty(call);
	return rs_fail(call->ctx, RS_IDEMPOTENCY_SECRET_ANSWER,
		"This was done before; the code is on its way. Begin anew to get another one.");
}
