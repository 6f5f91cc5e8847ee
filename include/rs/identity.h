/*
 * Who is calling, and who may call at all.
 *
 * Enterprises hold users and clients; users log in with a password and get a session, or make API
 * tokens from one; clients get tokens by OAuth2 client credentials (RFC 6749, 4.4); an external
 * issuer's JWT stands for the user whose identity was linked beforehand. Whatever way was taken,
 * rs_identity_authenticate() turns the bearer token into ctx->actor in one round trip, and reads
 * status, role and reach afresh each time: what an admin changes holds with the next request, on
 * every replica.
 *
 * Opaque tokens are "rsd_", 43 base62 characters (256 bit) and 6 base62 characters of CRC-32. The
 * checksum is tested first, so a mistyped token never costs a query. Only SHA-256 of a token is
 * stored; the token itself is shown once.
 */
#ifndef RS_IDENTITY_H
#define RS_IDENTITY_H

#include "rs/ctx.h"
#include "rs/list.h"
#include "rs/permission.h"
#include "rs/secret.h"
#include "rs/store.h"

#define RS_TOKEN_LEN 53 /* characters of an opaque token, without the NUL */
#define RS_SESSION_IDLE_S 1800
#define RS_SESSION_MAX_S 28800
#define RS_CLIENT_TOKEN_S 3600

/*
 * Fills ctx->actor from a bearer token (the bare token, any bytes; NULL: none was sent).
 * RS_UNAUTHENTICATED with one and the same text whatever was wrong: missing, malformed, unknown,
 * expired, revoked, its user blocked or restricted, its enterprise suspended, or a JWT that does
 * not hold. RS_RATE_LIMITED when an address guesses too often, RS_UNAVAILABLE without the database.
 */
enum rs_code rs_identity_authenticate(struct rs_ctx *ctx, const char *bearer) RS_CHECK;

/*
 * The calls below ask permission.h themselves; `revision` is what If-Match demanded, -1 when
 * nothing: RS_PRECONDITION_FAILED when the object is at another one. `patch` is an RFC 7396 object
 * whose faults are all told (RS_VALIDATION_FAILED). What is created or changed is audited in the
 * same transaction. Lists give rows for the resource's field table.
 */

/* --- enterprises: platform only --- */
struct rs_enterprise {
	struct rs_id id;
	const char *name;
	const char *status; /* active, suspended: nobody of it may call */
	int64_t revision;
	int64_t created_at;
	int64_t updated_at;
};
extern const struct rs_field rs_enterprise_fields[];
enum rs_code rs_enterprise_create(struct rs_ctx *ctx, json_t *body, struct rs_enterprise *out)
	RS_CHECK;
enum rs_code rs_enterprise_get(struct rs_ctx *ctx, const struct rs_id *id,
	struct rs_enterprise *out) RS_CHECK;
enum rs_code rs_enterprise_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_enterprise *out) RS_CHECK;
enum rs_code rs_enterprise_list(struct rs_ctx *ctx, const json_t *statuses,
	const struct rs_page *page, struct rs_list *out) RS_CHECK;
/* By name or id: the command line. RS_NOT_FOUND. */
enum rs_code rs_enterprise_find(struct rs_ctx *ctx, const char *name_or_id,
	struct rs_enterprise *out) RS_CHECK;

/* --- users --- */
struct rs_user {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *email; /* lower case */
	const char *name;
	const char *language; /* BCP 47 */
	const char *status;   /* active, suspended, blocked, restricted */
	const char *role;
	const char *reach; /* enterprise, platform (admins and auditors only) */
	int64_t revision;
	int64_t created_at;
	int64_t updated_at;
};
extern const struct rs_field rs_user_fields[];
enum rs_code rs_user_create(struct rs_ctx *ctx, json_t *body, struct rs_user *out) RS_CHECK;
enum rs_code rs_user_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_user *out) RS_CHECK;
/* A user that is blocked or restricted, or whose password is set, loses its tokens at once. */
enum rs_code rs_user_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_user *out) RS_CHECK;
/* RS_IN_USE when it owns, made or approved anything; RS_FORBIDDEN for oneself. */
enum rs_code rs_user_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision) RS_CHECK;
/* Filters: enterprise_id, role and email may be NULL. */
struct rs_user_filter {
	const struct rs_id *enterprise_id;
	const json_t *statuses;
	const char *role;
	const char *email;
};
enum rs_code rs_user_list(struct rs_ctx *ctx, const struct rs_user_filter *filter,
	const struct rs_page *page, struct rs_list *out) RS_CHECK;
/* By e-mail: the command line. RS_NOT_FOUND. */
enum rs_code rs_user_find(struct rs_ctx *ctx, const char *email, struct rs_user *out) RS_CHECK;

/* --- oneself --- */
/* Only users have one: RS_FORBIDDEN for clients where a change is asked. */
enum rs_code rs_me_get(struct rs_ctx *ctx, struct rs_user *out) RS_CHECK;
/* Whom the caller belongs to; everybody may know. */
enum rs_code rs_me_enterprise(struct rs_ctx *ctx, struct rs_enterprise *out) RS_CHECK;
/* name and language only. */
enum rs_code rs_me_edit(struct rs_ctx *ctx, json_t *patch, int64_t revision, struct rs_user *out)
	RS_CHECK;
/*
 * A new password; the current one is asked (RS_CREDENTIALS_INVALID) and every other session ends.
 * RS_RATE_LIMITED after too many wrong ones.
 */
enum rs_code rs_me_password(struct rs_ctx *ctx, json_t *body, int64_t revision) RS_CHECK;

/* --- linked identities --- */
struct rs_identity {
	struct rs_id id;
	struct rs_id user_id;
	const char *kind; /* oidc, entra, saml, ad */
	const char *issuer;
	const char *subject;
	int64_t created_at;
};
extern const struct rs_field rs_identity_fields[];
enum rs_code rs_identity_link(struct rs_ctx *ctx, const struct rs_id *user, json_t *body,
	struct rs_identity *out) RS_CHECK;
enum rs_code rs_identity_get(struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_id *identity, struct rs_identity *out) RS_CHECK;
enum rs_code rs_identity_list(struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_page *page, struct rs_list *out) RS_CHECK;
enum rs_code rs_identity_unlink(struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_id *identity) RS_CHECK;

/* --- sessions and API tokens --- */
struct rs_token {
	struct rs_id id;
	const char *kind;
	const char *name;
	int64_t scopes; /* enum rs_scope bits */
	int64_t created_at;
	int64_t used_at; /* at most a minute behind */
	int64_t expires_at;
	const char *address;
	const char *user_agent;
};
/* Rows of both kinds; the renderers show what is theirs. */
extern const struct rs_field rs_token_fields[];
/*
 * A session for e-mail and password; ctx->actor becomes the user. RS_LOGIN_FAILED in the same time
 * whether the user is unknown, blocked, restricted, without password, or the password is wrong;
 * RS_RATE_LIMITED per account and per address. The caller frees *secret.
 */
enum rs_code rs_session_create(struct rs_ctx *ctx, json_t *body, struct rs_token *out,
	struct rs_user *user, struct rs_secret **secret) RS_CHECK;
/* An API token for the caller: only with a session (RS_FORBIDDEN) and never with more scopes. */
enum rs_code rs_api_token_create(struct rs_ctx *ctx, json_t *body, struct rs_token *out,
	struct rs_secret **secret) RS_CHECK;
/* One for any user, by the system: the command line. scopes 0: all that the role can use. */
enum rs_code rs_api_token_mint(struct rs_ctx *ctx, const struct rs_user *user, const char *name,
	unsigned scopes, int64_t expires_at, struct rs_secret **secret) RS_CHECK;
/* The caller's own live ones; kind "session" or "api". */
enum rs_code rs_token_list(struct rs_ctx *ctx, const char *kind, const struct rs_page *page,
	struct rs_list *out) RS_CHECK;
/* Ends one of the caller's own. RS_NOT_FOUND. */
enum rs_code rs_token_end(struct rs_ctx *ctx, const char *kind, const struct rs_id *id) RS_CHECK;

/* --- OAuth2 clients --- */
struct rs_client {
	struct rs_id id; /* the client_id */
	struct rs_id enterprise_id;
	const char *name;
	const char *role;
	int64_t scopes;
	json_t *acts_as; /* user ids: what they own the client may handle */
	bool active;
	int64_t revision;
	int64_t created_at;
	int64_t updated_at;
};
extern const struct rs_field rs_client_fields[];
/* The caller frees *secret, which is shown once. */
enum rs_code rs_client_create(struct rs_ctx *ctx, json_t *body, struct rs_client *out,
	struct rs_secret **secret) RS_CHECK;
enum rs_code rs_client_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_client *out)
	RS_CHECK;
enum rs_code rs_client_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_client *out) RS_CHECK;
enum rs_code rs_client_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;
enum rs_code rs_client_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *out) RS_CHECK;
/*
 * A token for client_id and secret (RFC 6749, 4.4); scope NULL: all the client has. RS_LOGIN_FAILED
 * when they are wrong, RS_INSUFFICIENT_SCOPE for a scope it has not, RS_RATE_LIMITED. *scopes are
 * the granted bits; the caller frees *token.
 */
enum rs_code rs_client_token(struct rs_ctx *ctx, const char *client_id, const char *client_secret,
	const char *scope, unsigned *scopes, struct rs_secret **token) RS_CHECK;

/* --- issuers of external JWTs: platform only --- */
struct rs_jwt_issuer {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *kind; /* oidc, entra */
	const char *issuer;
	const char *audience;
	json_t *algorithms;
	json_t *jwks;         /* the keys themselves, or */
	const char *jwks_uri; /* where they are fetched, https */
	int64_t scopes;
	bool active;
	int64_t revision;
	int64_t created_at;
	int64_t updated_at;
};
extern const struct rs_field rs_jwt_issuer_fields[];
enum rs_code rs_jwt_issuer_create(struct rs_ctx *ctx, json_t *body, struct rs_jwt_issuer *out)
	RS_CHECK;
enum rs_code rs_jwt_issuer_get(struct rs_ctx *ctx, const struct rs_id *id,
	struct rs_jwt_issuer *out) RS_CHECK;
enum rs_code rs_jwt_issuer_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_jwt_issuer *out) RS_CHECK;
enum rs_code rs_jwt_issuer_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;
enum rs_code rs_jwt_issuer_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *out) RS_CHECK;

/* --- limits --- */
/* Counts an answer 401 to ctx->address. RS_RATE_LIMITED. */
enum rs_code rs_throttle_refused(struct rs_ctx *ctx) RS_CHECK;
/* Counts one call of the caller that goes out to the DNS or the web; RS_RATE_LIMITED beyond
 * limits.verify_per_user a minute. */
enum rs_code rs_throttle_verify(struct rs_ctx *ctx) RS_CHECK;

#endif
