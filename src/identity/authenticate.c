/* From a bearer token to ctx->actor. */
#include "internal.h"
#include "jwt.h"

#include "rs/jose.h"

#include <string.h>

/* One text for whatever was wrong: it must not tell a guesser how close it came. */
static const char REFUSED[] =
	"The access token is missing, malformed, unknown, expired or revoked. Send a valid one as "
	"`Authorization: Bearer <token>`.";
/* What cannot be a token needs no database: counting it may not take longer than this. */
#define COUNT_MALFORMED_MS 500
/* The use of a token is noted once in this time. */
#define NOTED_WITHIN_US (60 * 1000000LL)

/* A row of token_by_hash or user_by_identity. */
struct holder {
	struct rs_id token_id;
	const char *kind;
	struct rs_id enterprise_id;
	const char *enterprise_status;
	struct rs_id user_id;
	struct rs_id client_id;
	const char *name;
	const char *role;
	const char *reach;
	const char *status;
	int64_t scopes;
	json_t *acts_as;
	int64_t holds_until, used_at; /* microseconds; used_at 0: never */
};

static const struct rs_field HOLDER_FIELDS[] = {
	RS_FIELD(struct holder, token_id, RS_T_ID),
	RS_FIELD(struct holder, kind, RS_T_STRING),
	RS_FIELD(struct holder, enterprise_id, RS_T_ID),
	RS_FIELD(struct holder, enterprise_status, RS_T_STRING),
	RS_FIELD(struct holder, user_id, RS_T_ID),
	RS_FIELD(struct holder, client_id, RS_T_ID),
	RS_FIELD(struct holder, name, RS_T_STRING),
	RS_FIELD(struct holder, role, RS_T_STRING),
	RS_FIELD(struct holder, reach, RS_T_STRING),
	RS_FIELD(struct holder, status, RS_T_STRING),
	RS_FIELD(struct holder, scopes, RS_T_INT),
	RS_FIELD(struct holder, acts_as, RS_T_ARRAY),
	RS_FIELD(struct holder, holds_until, RS_T_TIME),
	RS_FIELD(struct holder, used_at, RS_T_TIME),
	RS_FIELD_END,
};

static enum rs_code refuse(struct rs_ctx *ctx, const char *why)
{
	rs_fail(ctx, RS_UNAUTHENTICATED, "%s", REFUSED);
	rs_err_cause(ctx, "%s", why);
	return RS_UNAUTHENTICATED;
}

static void acts_as_read(struct rs_ctx *ctx, const json_t *ids)
{
	size_t count = json_array_size(ids);
	struct rs_id *out = rs_new_array(ctx->arena, struct rs_id, count);
	for (size_t i = 0; i < count; i++)
		if (!rs_id_parse(json_string_value(json_array_get(ids, i)), &out[i]))
			out[i] = (struct rs_id){""};
	ctx->actor.acts_as = out;
	ctx->actor.acts_as_count = (int)count;
}

/* Fills the actor when its status and its enterprise's let it in. */
static bool enter(struct rs_ctx *ctx, const struct holder *holder)
{
	struct rs_actor *actor = &ctx->actor;
	bool suspended = !strcmp(holder->status, "suspended");
	if ((!suspended && strcmp(holder->status, "active") != 0) ||
		strcmp(holder->enterprise_status, "active") != 0)
		return false;
	bool client = rs_id_set(&holder->client_id);
	*actor = (struct rs_actor){
		.kind = client ? RS_ACTOR_CLIENT : RS_ACTOR_USER,
		.id = client ? holder->client_id : holder->user_id,
		.enterprise = holder->enterprise_id,
		.token = holder->token_id,
		.role = rs_role_parse(holder->role),
		.platform = !strcmp(holder->reach, "platform"),
		.session = holder->kind && !strcmp(holder->kind, "session"),
		.suspended = suspended,
		.name = holder->name,
	};
	actor->scopes = (unsigned)holder->scopes & rs_scopes_of_role(actor->role);
	acts_as_read(ctx, holder->acts_as);
	return true;
}

static enum rs_code opaque(struct rs_ctx *ctx, const char *bearer, struct holder *holder)
{
	unsigned char hash[32];
	struct rs_rows *rows;
	rs_token_hash(bearer, hash);
	struct rs_params p = rs_params(ctx);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_ahead_guess(ctx, hash);
	enum rs_code rc = rs_look(ctx, RS_REACH_CALLER, RS_Q_token_by_hash, &p, &rows);
	if (rc != RS_OK)
		return rc;
	if (rs_rows_count(rows) == 0)
		return refuse(ctx, "token unknown or revoked");
	rc = rs_row_read(ctx, rows, 0, HOLDER_FIELDS, holder);
	if (rc == RS_OK && holder->holds_until <= rs_clock_now_us(ctx->app->clock))
		return refuse(ctx, "token expired");
	return rc;
}

/* --- external JWT --- */

struct issuer {
	struct rs_id enterprise_id;
	const char *kind;
	const char *audience;
	json_t *algorithms;
	json_t *jwks;
	const char *jwks_uri;
	int64_t scopes;
};

static const struct rs_field ISSUER_FIELDS[] = {
	RS_FIELD(struct issuer, enterprise_id, RS_T_ID),
	RS_FIELD(struct issuer, kind, RS_T_STRING),
	RS_FIELD(struct issuer, audience, RS_T_STRING),
	RS_FIELD(struct issuer, algorithms, RS_T_ARRAY),
	RS_FIELD(struct issuer, jwks, RS_T_OBJECT),
	RS_FIELD(struct issuer, jwks_uri, RS_T_STRING),
	RS_FIELD(struct issuer, scopes, RS_T_INT),
	RS_FIELD_END,
};

static enum rs_code verify(struct rs_ctx *ctx, const struct rs_jws *jws, const struct issuer *issuer)
{
	bool unknown_key = false;
	const char *why = "";
	struct rs_jwks keys = {.document = issuer->jwks};
	const struct rs_jwks_source source = {.uri = issuer->jwks_uri, .ttl_s = RS_JWKS_TTL_S};
	if (!keys.document) {
		enum rs_code rc = rs_jwks_get(ctx, &source, RS_JWKS_KEPT, &keys);
		if (rc != RS_OK)
			return rc;
	}
	bool good = rs_jose_verify(jws, issuer->algorithms, keys.document, &unknown_key, &why);
	if (!good && unknown_key && !issuer->jwks) {
		enum rs_code rc = rs_jwks_get(ctx, &source, RS_JWKS_FRESH, &keys);
		if (rc != RS_OK)
			return rc;
		good = rs_jose_verify(jws, issuer->algorithms, keys.document, &unknown_key, &why);
	}
	return good ? RS_OK : refuse(ctx, why);
}

static enum rs_code issuer_find(struct rs_ctx *ctx, const struct rs_jws *jws, struct issuer *out)
{
	struct rs_rows *rows;
	const char *name = rs_jwt_issuer(jws);
	if (!name)
		return refuse(ctx, "JWT without iss");
	struct rs_params p = rs_params(ctx);
	rs_p_text(&p, name);
	enum rs_code rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_jwt_issuer_by_name, &p, &rows);
	if (rc != RS_OK)
		return rc;
	if (rs_rows_count(rows) == 0)
		return refuse(ctx, "JWT of an issuer that is not configured");
	return rs_row_read(ctx, rows, 0, ISSUER_FIELDS, out);
}

static enum rs_code subject_find(struct rs_ctx *ctx, const struct issuer *issuer,
	const struct rs_jwt_subject *subject, struct holder *holder)
{
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &issuer->enterprise_id);
	rs_p_text(&p, issuer->kind);
	rs_p_text(&p, subject->issuer);
	rs_p_text(&p, subject->subject);
	enum rs_code rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_user_by_identity, &p, &rows);
	if (rc != RS_OK)
		return rc;
	if (rs_rows_count(rows) == 0)
		return refuse(ctx, "JWT of a subject that no user is linked to");
	holder->scopes = issuer->scopes;
	return rs_row_read(ctx, rows, 0, HOLDER_FIELDS, holder);
}

static enum rs_code external(struct rs_ctx *ctx, const struct rs_jws *jws, struct holder *holder)
{
	struct issuer issuer = {0};
	struct rs_jwt_subject subject;
	const char *why = "";
	enum rs_code rc = issuer_find(ctx, jws, &issuer);
	if (rc == RS_OK)
		rc = verify(ctx, jws, &issuer);
	if (rc != RS_OK)
		return rc;
	if (!rs_jwt_judge(jws, issuer.kind, issuer.audience, rs_clock_now(ctx->app->clock),
		    &subject, &why))
		return refuse(ctx, why);
	return subject_find(ctx, &issuer, &subject, holder);
}

/* How late a token was used may be lost with a crash. */
static enum rs_code note_use(struct rs_ctx *ctx)
{
	struct rs_params p = rs_params(ctx);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	rs_p_id(&p, &ctx->actor.token);
	rs_p_time(&p, now);
	rs_p_time(&p, now - NOTED_WITHIN_US);
	return rs_read_relaxed(ctx, RS_REACH_CALLER, RS_Q_token_touch, &p, NULL);
}

/* Guesses are counted; beyond the limit the address hears that instead. */
static enum rs_code refused(struct rs_ctx *ctx)
{
	const char *cause = rs_arena_strdup(ctx->arena, ctx->err.cause);
	enum rs_code rc = rs_throttle_refused(ctx);
	return rc == RS_OK ? refuse(ctx, cause) : rc;
}

/* Counted as well, but refused whether it can be counted or not. */
static enum rs_code malformed(struct rs_ctx *ctx, const char *why)
{
	int64_t deadline = ctx->deadline_ms, soon = rs_clock_mono_ms() + COUNT_MALFORMED_MS;
	if (!deadline || deadline > soon)
		ctx->deadline_ms = soon;
	enum rs_code rc = rs_throttle_refused(ctx);
	ctx->deadline_ms = deadline;
	return rc == RS_RATE_LIMITED ? rc : refuse(ctx, why);
}

enum rs_code rs_identity_authenticate(struct rs_ctx *ctx, const char *bearer)
{
	struct holder holder = {0};
	struct rs_jws jws;
	const char *why = "checksum of the token wrong";
	enum rs_code rc;
	ctx->actor = (struct rs_actor){0};
	if (!bearer)
		return refuse(ctx, "no token");
	bool ours = rs_token_has_prefix(bearer);
	if (ours ? !rs_token_well_formed(RS_TOKEN_ACCESS, bearer)
		 : !rs_jose_parse(ctx, bearer, &jws, &why))
		return malformed(ctx, why);
	rc = ours ? opaque(ctx, bearer, &holder) : external(ctx, &jws, &holder);
	if (rc == RS_OK && !enter(ctx, &holder))
		rc = refuse(ctx, "user, client or enterprise is not active");
	if (rc == RS_OK)
		rs_token_hash(bearer, ctx->actor.token_hash);
	if (rc == RS_OK && ours)
		rs_ahead_learn(ctx, ctx->actor.token_hash);
	if (rc == RS_OK && ours && rs_clock_now_us(ctx->app->clock) - holder.used_at > NOTED_WITHIN_US)
		rc = note_use(ctx);
	return rc == RS_UNAUTHENTICATED ? refused(ctx) : rc;
}
