/*
 * The audit trail.
 *
 * Every change writes one event in its own transaction, and every denied or failed attempt writes
 * one of its own. An event says who did what to which object, from where, under which content
 * digest, and how the object looked before and after. Events are append-only (triggers and grants
 * see to it), their actions a closed table (src/audit/actions.def): an unknown one is refused by
 * the database like any other broken row. row_mac is HMAC-SHA-256 under the keyring's audit-mac label over the canonical bytes
 * (RFC 8785), so that a change made behind the service's back shows.
 */
#ifndef RS_AUDIT_H
#define RS_AUDIT_H

#include "rs/list.h"
#include "rs/store.h"

struct rs_event {
	const char *action;      /* from src/audit/actions.def, e.g. "reissue_request.submitted" */
	const char *object_type; /* certificate, reissue_request, user, ... */
	struct rs_id object;
	struct rs_id enterprise; /* of the object; unset = the caller's */
	const unsigned char *digest; /* 32 bytes or NULL */
	json_t *before; /* borrowed, may be NULL: the members that changed, never secrets */
	json_t *after;
	const char *from; /* state before and after, or NULL */
	const char *to;
	const char *detail; /* remarks, reason; or NULL */
};

/* Writes the event inside tx; the change it tells of is in the same transaction. */
enum rs_code rs_audit(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_event *event) RS_CHECK;

/*
 * The event as one jsonb value for statements that insert it themselves by the SQL function
 * audit_insert($n): the committer's single statements. Borrowed from the arena.
 */
json_t *rs_audit_row(struct rs_ctx *ctx, const struct rs_event *event);

/*
 * Writes the event of an attempt that was refused, in a transaction of its own on a connection of
 * the job pool, so it may be called while the request still holds its own. Never fails the request
 * and leaves ctx->err alone: what cannot be written is logged.
 */
void rs_audit_denied(struct rs_ctx *ctx, const struct rs_event *event, enum rs_code why);

/* The actions, a NULL at the end; for the documentation and tests. */
extern const char *const rs_audit_actions[];

/* --- reading --- */
struct rs_audit_filter {
	struct rs_id actor_id, object_id, enterprise_id;
	const char *object_type, *action; /* NULL = any */
	int64_t created_after, created_before;
};
/* Events within the caller's reach. *items: array, borrowed. */
enum rs_code rs_audit_list(struct rs_ctx *ctx, const struct rs_audit_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* One; the caller owns *out. RS_NOT_FOUND. */
enum rs_code rs_audit_get(struct rs_ctx *ctx, const struct rs_id *id, json_t **out) RS_CHECK;

#endif
