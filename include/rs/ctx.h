/*
 * The context of one request (or of one job run, or one command): the first parameter of everything
 * below api/. It carries the arena, the error, who is calling, until when, and the way to the
 * process-wide parts. It belongs to one thread.
 */
#ifndef RS_CTX_H
#define RS_CTX_H

#include "rs/arena.h"
#include "rs/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RS_ID_LEN 36 /* characters of a canonical UUID, without the NUL */

/* A resource's id: lower-case canonical UUIDv7, NUL-terminated; "" = none. */
struct rs_id {
	char s[RS_ID_LEN + 1];
};

enum rs_role { RS_ROLE_NONE, RS_ROLE_SUBSCRIBER, RS_ROLE_OFFICER, RS_ROLE_ADMIN, RS_ROLE_AUDITOR };

/* Bits of what a token may do; the names on the wire are in src/identity/scopes. */
enum rs_scope {
	RS_SCOPE_CERTIFICATES_READ = 1 << 0,
	RS_SCOPE_CERTIFICATES_WRITE = 1 << 1,
	RS_SCOPE_REISSUE_READ = 1 << 2,
	RS_SCOPE_REISSUE_WRITE = 1 << 3,
	RS_SCOPE_DOMAINS_WRITE = 1 << 4,
	RS_SCOPE_APPROVE = 1 << 5,
	RS_SCOPE_ADMIN = 1 << 6,
	RS_SCOPE_AUDIT_READ = 1 << 7,
	RS_SCOPE_ALL = (1 << 8) - 1,
};

enum rs_actor_kind { RS_ACTOR_NONE, RS_ACTOR_USER, RS_ACTOR_CLIENT, RS_ACTOR_SYSTEM };

/* Who is calling; filled by rs_identity_authenticate(), all zero for nobody. */
struct rs_actor {
	enum rs_actor_kind kind;
	struct rs_id id;         /* user or client */
	struct rs_id enterprise;
	struct rs_id token;      /* the token's row, "" for the external JWT */
	unsigned char token_hash[32]; /* SHA-256 of the very token, of whatever kind */
	enum rs_role role;
	bool platform;           /* reach: platform */
	bool session;            /* a session token (may make API tokens) */
	bool suspended;          /* user status suspended: no new requests */
	unsigned scopes;         /* enum rs_scope bits */
	const char *name;        /* arena */
	const struct rs_id *acts_as; /* a client's users, arena: what they own it owns */
	int acts_as_count;
};

struct rs_app;
struct rs_keyring;
struct rs_limit_state;
struct rs_ahead;
struct rs_idem;

struct rs_ctx {
	struct rs_app *app;
	const struct rs_keyring *keyring; /* the process's when the context began, or NULL */
	struct rs_arena *arena;
	struct rs_err err;
	struct rs_actor actor;
	char request_id[65];  /* printable ASCII */
	char traceparent[56]; /* W3C Trace Context as it was sent, for calls outward; or "" */
	char address[46];     /* the client's address, INET6_ADDRSTRLEN */
	const char *user_agent; /* arena or NULL, at most 255 bytes */
	int64_t deadline_ms;  /* CLOCK_MONOTONIC milliseconds; 0 = none */
	bool permitted;       /* permission.h was asked and said yes */
	struct rs_limit_state *limits; /* the limits that were hit, or NULL: limit.h */
	struct rs_ahead *ahead; /* what is read while it is asked who calls, or NULL: store.h */
	struct rs_idem *idem; /* the claimed Idempotency-Key of this request, or NULL: idempotency.h */
};

/* Starts a context with an own arena; end it with rs_ctx_end(). */
void rs_ctx_init(struct rs_ctx *ctx, struct rs_app *app);
/* Frees the arena and the error. */
void rs_ctx_end(struct rs_ctx *ctx);
/* A context acting as the system itself: jobs, recovery, commands. */
void rs_ctx_init_system(struct rs_ctx *ctx, struct rs_app *app, const char *what);
/* Milliseconds left to the deadline, 0 when it has passed; a large number without one. */
int rs_ctx_left_ms(const struct rs_ctx *ctx);

#endif
