/* What the files of src/identity/ share. */
#ifndef RS_IDENTITY_INTERNAL_H
#define RS_IDENTITY_INTERNAL_H

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/identity.h"

#define RS_SECOND_US INT64_C(1000000)

/* --- token.c --- */
#define RS_TOKEN_ACCESS "rsd_"
#define RS_TOKEN_CLIENT "rsc_" /* client secrets: the same form */
/* A token of 32 random bytes given, or drawn. The caller frees it. */
struct rs_secret *rs_token_from(const char *prefix, const unsigned char random[32]);
struct rs_secret *rs_token_new(const char *prefix);
/* Whether text means to be an opaque token of ours. */
bool rs_token_has_prefix(const char *text);
/* Form and checksum; says nothing of whether it was ever given out. */
bool rs_token_well_formed(const char *prefix, const char *text);
/* SHA-256 of a well-formed token: what is stored. */
void rs_token_hash(const char *text, unsigned char out[32]);

/* --- password.c --- */
#define RS_PASSWORD_MIN     12
#define RS_PASSWORD_MAX     128  /* of a new one */
#define RS_PASSWORD_TRY_MAX 1000 /* of one that is tried */
#define RS_PASSWORD_PHC_MAX 160
/* The Argon2id PHC string of a password, in the arena; takes a CPU slot. RS_OVERLOADED. */
enum rs_code rs_password_hash(struct rs_ctx *ctx, const char *password, const char **phc) RS_CHECK;
/*
 * Whether password is the one of phc, in the time of one hash; takes a CPU slot. phc NULL costs the
 * same and is never right. RS_OVERLOADED.
 */
enum rs_code rs_password_verify(
	struct rs_ctx *ctx, const char *password, const char *phc, bool *right) RS_CHECK;

/* --- change.c --- */
/*
 * One change as one transaction: a statement, what follows from it, and the event that tells of it.
 */
struct rs_change {
	enum rs_query query;
	const struct rs_params *params;
	const struct rs_field *fields; /* of the row that comes back; NULL: not read */
	void *out;
	enum rs_code none;             /* when no row came back */
	const char *none_text;
	const struct rs_params *then; /* of tokens_revoke_of_user; NULL: no tokens end */
	const char *ends; /* why challenges of the event's user end with it; NULL: they do not */
	bool unlinks;     /* an identity, with which the sign-ins elsewhere under way end */
	struct rs_event event;
	const char *made; /* what a repeated Idempotency-Key shows; NULL: the event's object */
	const struct rs_id *made_id;
	/* The address of the event's user that is told, and what; NULL: nobody is. */
	const char *told, *notice;
};

enum rs_code rs_change_run(struct rs_ctx *ctx, struct rs_change *change) RS_CHECK;
/*
 * The fault of an update that found another revision than the one it was made from: with If-Match
 * (expected >= 0) RS_PRECONDITION_FAILED, else RS_CONFLICT.
 */
void rs_change_lost(struct rs_change *change, int64_t expected);
/* RS_PRECONDITION_FAILED when If-Match (expected >= 0) is not the revision that was read. */
enum rs_code rs_change_expect(struct rs_ctx *ctx, int64_t expected, int64_t revision) RS_CHECK;
/*
 * The members of two objects that differ: what an event keeps. Arena. false when none does: what
 * changes nothing is neither stored nor on record.
 */
bool rs_change_diff(struct rs_ctx *ctx, const struct rs_field *fields, const void *before,
	const void *after, struct rs_event *event);
/*
 * The enterprise a new object goes into: the wanted one within the caller's reach, or its own; that
 * there is none such is one more fault. RS_FORBIDDEN, RS_INSUFFICIENT_SCOPE.
 */
enum rs_code rs_change_enterprise(struct rs_ctx *ctx, const char *action, struct rs_id *enterprise)
	RS_CHECK;

/* --- grant.c --- */
/* What a token is made from. */
struct rs_grant {
	const char *kind; /* session, api, client */
	const struct rs_id *enterprise;
	const struct rs_id *user;   /* or */
	const struct rs_id *client; /* one of both */
	const char *name;
	unsigned scopes;
	int64_t idle_s;     /* 0: no idle limit */
	int64_t expires_at; /* microseconds */
	const char *action; /* of the event */
};

/* Stores a new token and its event in one transaction; the caller frees *secret. */
enum rs_code rs_grant_run(struct rs_ctx *ctx, const struct rs_grant *grant, struct rs_token *out,
	struct rs_secret **secret) RS_CHECK;

/* --- throttle.c --- */
/* Counts one try of an account (an e-mail or client id) from ctx->address. RS_RATE_LIMITED. */
enum rs_code rs_throttle_try(struct rs_ctx *ctx, const char *account) RS_CHECK;
/* The try was a good one: the account's count starts again. */
void rs_throttle_good(struct rs_ctx *ctx, const char *account);

/* --- user.c --- */
/*
 * Who has no platform reach neither gives it nor touches those who have it: what a user has before
 * and after. RS_FORBIDDEN, which is audited.
 */
enum rs_code rs_user_judge_reach(struct rs_ctx *ctx, const char *before, const char *after) RS_CHECK;
/* Lower-case form of an e-mail address in the arena; NULL when it is none. */
const char *rs_email_normal(struct rs_ctx *ctx, const char *email);

#endif
