/*
 * May the caller do this?
 *
 * permission.def is the one table of actions, roles and scopes; whatever is not in it is denied.
 * The order of refusal is that of the API: who may not see an object gets RS_NOT_FOUND for it, as if
 * it were absent; who sees it but may not act gets RS_FORBIDDEN or RS_INSUFFICIENT_SCOPE.
 *
 * The server asks rs_permit() for each route before the handler runs. That settles actions without
 * an object. For the others it can only say who will never see such an object; the domain call asks
 * rs_may_act() once it has read the object and knows owner and enterprise. Either sets
 * ctx->permitted, so that a route whose handler forgot to ask shows at once. Reading an object needs
 * its visibility and the scope; the scope is settled by rs_permit(), before anything is read.
 *
 * Denied attempts are written to the audit trail by these calls themselves.
 */
#ifndef RS_PERMISSION_H
#define RS_PERMISSION_H

#include "rs/ctx.h"
#include "rs/json.h"

/*
 * Judges the action of a route. with_object: the route's path names an object ("{id}").
 * RS_OK, RS_NOT_FOUND (the role never sees such an object), RS_FORBIDDEN, RS_INSUFFICIENT_SCOPE,
 * RS_INTERNAL for an action that is not in the table.
 */
enum rs_code rs_permit(struct rs_ctx *ctx, const char *action, bool with_object) RS_CHECK;

/*
 * Judges an action on an object that was read: RS_OK, RS_NOT_FOUND, RS_FORBIDDEN or
 * RS_INSUFFICIENT_SCOPE. owner NULL: the object has none (a profile, a user itself).
 */
enum rs_code rs_may_act(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise) RS_CHECK;
/* The same where the object's profile decides whether officers act for owners. */
enum rs_code rs_may_act_on_behalf(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise, bool on_behalf) RS_CHECK;
/* Only whether the object is visible for the action: RS_OK or RS_NOT_FOUND, scopes apart. */
enum rs_code rs_may_see(struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise) RS_CHECK;
/* Whether rs_may_act_on_behalf() would say RS_OK; leaves no error and no trace. For
 * allowed_actions. */
bool rs_allowed(const struct rs_ctx *ctx, const char *action, const struct rs_id *owner,
	const struct rs_id *enterprise, bool on_behalf);

/*
 * The owners a list must be limited to: NULL when the caller sees more than its own (row-level
 * security limits the enterprise), else a JSON array of user ids, borrowed from the arena, for
 * `$n::uuid[] IS NULL OR owner_id = ANY ($n::uuid[])`.
 */
json_t *rs_owners_seen(struct rs_ctx *ctx, const char *action);
/*
 * The enterprise a list is limited to: the wanted one, else the caller's own, else (platform reach)
 * unset. Row-level security would hide the rest anyway, but no index serves its condition; this one
 * leads to the indexes that begin with the enterprise.
 */
const struct rs_id *rs_enterprise_seen(const struct rs_ctx *ctx, const struct rs_id *wanted);

/* --- names on the wire --- */
/* "ra_officer" of a role; "none" for RS_ROLE_NONE. */
const char *rs_role_name(enum rs_role role);
/* The role of a name, RS_ROLE_NONE when there is none. NULL is none. */
enum rs_role rs_role_parse(const char *name);
/* Names of roles and scopes, NULL-terminated: for the closed lists of field tables. */
extern const char *const rs_role_names[];
extern const char *const rs_scope_names[];
/* The scopes as an array of names, in the table's order; the caller owns it. */
json_t *rs_scopes_json(unsigned scopes);
/* The bits of an array of names; each unknown one is a fault (rs_fault()) below the pointer. */
unsigned rs_scopes_read(struct rs_ctx *ctx, const json_t *names, const char *pointer);
/* The bits of names parted by spaces; false on an unknown one. */
bool rs_scopes_parse(const char *names, unsigned *scopes);
/* All scopes that are of any use to a role: what a token gets when nobody asks for less. */
unsigned rs_scopes_of_role(enum rs_role role);

/* The whole table as JSON, for `reissued permissions --json`; the caller owns it. */
json_t *rs_permissions_json(void);

#endif
