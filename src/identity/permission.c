#include "rs/permission.h"

#include "rs/audit.h"
#include "rs/id.h"

#include <string.h>

enum grant { NO, OWN, ENT, BEHALF, REACH, PLATFORM, ANY };

#define RS_SCOPE_NONE 0

struct permission {
	const char *action;
	const char *see;
	enum grant grants[RS_ROLE_AUDITOR]; /* by role - 1 */
	unsigned scope;
};

static const struct permission TABLE[] = {
#define RS_PERMISSION(action_, see_, subscriber, officer, admin, auditor, scope_)                  \
	{.action = (action_),                                                                      \
		.see = (see_),                                                                     \
		.grants = {subscriber, officer, admin, auditor},                                   \
		.scope = RS_SCOPE_##scope_},
#include "rs/permission.def"
#undef RS_PERMISSION
};

static const char *const GRANT_NAMES[] = {
	[NO] = "no",
	[OWN] = "own",
	[ENT] = "enterprise",
	[BEHALF] = "on_behalf",
	[REACH] = "reach",
	[PLATFORM] = "platform",
	[ANY] = "any",
};

const char *const rs_role_names[] = {"subscriber", "ra_officer", "admin", "auditor", NULL};

/* In the order of the bits of enum rs_scope. */
const char *const rs_scope_names[] = {"certificates:read", "certificates:write", "reissue:read",
	"reissue:write", "domains:write", "approve", "admin", "audit:read", NULL};

struct object {
	const struct rs_id *owner;
	const struct rs_id *enterprise;
	bool on_behalf;
};

static const struct permission *find(const char *action)
{
	for (size_t i = 0; action && i < sizeof(TABLE) / sizeof(TABLE[0]); i++)
		if (!strcmp(TABLE[i].action, action))
			return &TABLE[i];
	return NULL;
}

static enum grant grant_of(const struct permission *p, enum rs_role role)
{
	return p && role != RS_ROLE_NONE ? p->grants[role - 1] : NO;
}

static bool is_own(const struct rs_actor *actor, const struct object *object)
{
	if (!object->owner || !rs_id_set(object->owner) ||
		(object->enterprise && !rs_id_eq(object->enterprise, &actor->enterprise)))
		return false;
	if (actor->kind == RS_ACTOR_USER)
		return rs_id_eq(object->owner, &actor->id);
	for (int i = 0; i < actor->acts_as_count; i++)
		if (rs_id_eq(object->owner, &actor->acts_as[i]))
			return true;
	return false;
}

static bool covers(enum grant grant, const struct rs_actor *actor, const struct object *object)
{
	bool same = object->enterprise && rs_id_eq(object->enterprise, &actor->enterprise);
	switch (grant) {
	case NO:
		return false;
	case OWN:
		return is_own(actor, object);
	case ENT:
		return same;
	case BEHALF:
		return same && object->on_behalf;
	case REACH:
		return same || actor->platform;
	case PLATFORM:
		return actor->platform;
	case ANY:
		return true;
	}
	return false;
}

/* A role's own grant, or what every role has over what it owns. */
static bool granted(
	const struct permission *p, const struct rs_actor *actor, const struct object *object)
{
	if (actor->kind == RS_ACTOR_SYSTEM)
		return p != NULL;
	return covers(grant_of(p, actor->role), actor, object) ||
	       (grant_of(p, RS_ROLE_SUBSCRIBER) == OWN && actor->role != RS_ROLE_NONE &&
		       is_own(actor, object));
}

static bool visible(
	const struct permission *p, const struct rs_actor *actor, const struct object *object)
{
	return !p || !p->see || granted(find(p->see), actor, object);
}

static bool scoped(const struct permission *p, const struct rs_actor *actor)
{
	return actor->kind == RS_ACTOR_SYSTEM || (actor->scopes & p->scope) == p->scope;
}

/* The trail first: it must not disturb the error that the client gets. */
static enum rs_code deny(struct rs_ctx *ctx, enum rs_code code, const struct permission *p,
	const struct object *object)
{
	struct rs_event event = {.action = "access.denied", .object_type = "action"};
	event.detail = p->action;
	if (object && object->enterprise)
		event.enterprise = *object->enterprise;
	rs_audit_denied(ctx, &event, code);
	if (code == RS_FORBIDDEN)
		return rs_fail(ctx, RS_FORBIDDEN, "The role %s may not do %s here.",
			rs_role_name(ctx->actor.role), p->action);
	for (int i = 0; rs_scope_names[i]; i++)
		if (p->scope & (1u << i))
			return rs_fail(ctx, RS_INSUFFICIENT_SCOPE,
				"The token needs the scope %s; make one that has it.",
				rs_scope_names[i]);
	return rs_fail(ctx, RS_INSUFFICIENT_SCOPE, "The token lacks a scope.");
}

static enum rs_code unknown(struct rs_ctx *ctx, const char *action)
{
	rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rs_err_cause(ctx, "no such row in permission.def: %s", action ? action : "(none)");
	return RS_INTERNAL;
}

static enum rs_code not_found(struct rs_ctx *ctx)
{
	return rs_fail(ctx, RS_NOT_FOUND, "There is no such thing here.");
}

enum rs_code rs_permit(struct rs_ctx *ctx, const char *action, bool with_object)
{
	const struct permission *p = find(action);
	const struct rs_actor *actor = &ctx->actor;
	if (!p)
		return unknown(ctx, action);
	if (actor->kind == RS_ACTOR_SYSTEM) {
		ctx->permitted = true;
		return RS_OK;
	}
	/* What every role may do with what it owns is judged when the object is known. */
	if (with_object && p->see) {
		if (grant_of(find(p->see), actor->role) == NO)
			return not_found(ctx);
		if (strcmp(p->see, p->action) != 0)
			return RS_OK;
		/* Reading: what is left to judge is whether the object is visible. */
		if (!scoped(p, actor))
			return deny(ctx, RS_INSUFFICIENT_SCOPE, p, NULL);
		ctx->permitted = true;
		return RS_OK;
	}
	enum grant grant = grant_of(p, actor->role);
	if (grant == NO && grant_of(p, RS_ROLE_SUBSCRIBER) == OWN && actor->role != RS_ROLE_NONE)
		grant = OWN;
	if (grant == NO || (grant == PLATFORM && !actor->platform))
		return deny(ctx, RS_FORBIDDEN, p, NULL);
	if (!scoped(p, actor))
		return deny(ctx, RS_INSUFFICIENT_SCOPE, p, NULL);
	ctx->permitted = true;
	return RS_OK;
}

static enum rs_code judge(struct rs_ctx *ctx, const char *action, const struct object *object)
{
	const struct permission *p = find(action);
	if (!p)
		return unknown(ctx, action);
	if (!visible(p, &ctx->actor, object))
		return not_found(ctx);
	if (!granted(p, &ctx->actor, object))
		return deny(ctx, RS_FORBIDDEN, p, object);
	if (!scoped(p, &ctx->actor))
		return deny(ctx, RS_INSUFFICIENT_SCOPE, p, object);
	ctx->permitted = true;
	return RS_OK;
}

enum rs_code rs_may_act(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise)
{
	return judge(ctx, action, &(struct object){owner, enterprise, false});
}

enum rs_code rs_may_act_on_behalf(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise, bool on_behalf)
{
	return judge(ctx, action, &(struct object){owner, enterprise, on_behalf});
}

enum rs_code rs_may_see(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise)
{
	const struct permission *p = find(action);
	if (!p)
		return unknown(ctx, action);
	return visible(p, &ctx->actor, &(struct object){owner, enterprise, false}) ? RS_OK
										   : not_found(ctx);
}

bool rs_allowed(const struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise, bool on_behalf)
{
	const struct permission *p = find(action);
	struct object object = {owner, enterprise, on_behalf};
	return p && visible(p, &ctx->actor, &object) && granted(p, &ctx->actor, &object) &&
	       scoped(p, &ctx->actor);
}

json_t *rs_owners_seen(struct rs_ctx *ctx, const char *action)
{
	const struct rs_actor *actor = &ctx->actor;
	enum grant grant = grant_of(find(action), actor->role);
	if (actor->kind == RS_ACTOR_SYSTEM || (grant != OWN && grant != NO))
		return NULL;
	json_t *owners = rs_arena_json(ctx->arena, json_array());
	if (actor->kind == RS_ACTOR_USER)
		json_array_append_new(owners, json_string(actor->id.s));
	for (int i = 0; i < actor->acts_as_count; i++)
		json_array_append_new(owners, json_string(actor->acts_as[i].s));
	return owners;
}

const struct rs_id *rs_enterprise_seen(const struct rs_ctx *ctx, const struct rs_id *wanted)
{
	static const struct rs_id all;
	if (rs_id_set(wanted))
		return wanted;
	return ctx->actor.platform ? &all : &ctx->actor.enterprise;
}

/* --- names --- */

const char *rs_role_name(enum rs_role role)
{
	return role == RS_ROLE_NONE ? "none" : rs_role_names[role - 1];
}

enum rs_role rs_role_parse(const char *name)
{
	for (int i = 0; name && rs_role_names[i]; i++)
		if (!strcmp(rs_role_names[i], name))
			return (enum rs_role)(i + 1);
	return RS_ROLE_NONE;
}

json_t *rs_scopes_json(unsigned scopes)
{
	json_t *names = json_array();
	for (int i = 0; rs_scope_names[i]; i++)
		if (scopes & (1u << i))
			json_array_append_new(names, json_string(rs_scope_names[i]));
	return names;
}

static unsigned scope_bit(const char *name, size_t len)
{
	for (int i = 0; name && rs_scope_names[i]; i++)
		if (strlen(rs_scope_names[i]) == len && !memcmp(rs_scope_names[i], name, len))
			return 1u << i;
	return 0;
}

unsigned rs_scopes_read(struct rs_ctx *ctx, const json_t *names, const char *pointer)
{
	unsigned scopes = 0;
	size_t i;
	json_t *name;
	json_array_foreach(names, i, name)
	{
		unsigned bit = scope_bit(json_string_value(name), json_string_length(name));
		if (!bit)
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, pointer, i),
				"An unknown scope; GET /v1/me shows yours.");
		scopes |= bit;
	}
	return scopes;
}

bool rs_scopes_parse(const char *names, unsigned *scopes)
{
	*scopes = 0;
	while (*names) {
		size_t len = strcspn(names, " ");
		unsigned bit = scope_bit(names, len);
		if (len && !bit)
			return false;
		*scopes |= bit;
		names += len + strspn(names + len, " ");
	}
	return true;
}

unsigned rs_scopes_of_role(enum rs_role role)
{
	unsigned scopes = 0;
	for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++)
		if (grant_of(&TABLE[i], role) != NO ||
			grant_of(&TABLE[i], RS_ROLE_SUBSCRIBER) == OWN)
			scopes |= TABLE[i].scope;
	return role == RS_ROLE_NONE ? 0 : scopes;
}

json_t *rs_permissions_json(void)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++) {
		const struct permission *p = &TABLE[i];
		json_t *roles = json_object();
		for (int r = 0; rs_role_names[r]; r++)
			json_object_set_new(
				roles, rs_role_names[r], json_string(GRANT_NAMES[p->grants[r]]));
		json_array_append_new(
			rows, json_pack("{s:s, s:s?, s:o, s:o}", "action", p->action, "see", p->see,
				      "roles", roles, "scopes", rs_scopes_json(p->scope)));
	}
	return rows;
}
