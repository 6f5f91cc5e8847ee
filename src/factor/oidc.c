/*
 * The mechanisms oidc and azure_ad: a fresh sign-in at an identity provider, by the person whose
 * identity there was linked beforehand.
 */
#include "rs/oidc.h"
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/factor.h"
#include "rs/form.h"
#include "rs/id.h"

#include <string.h>

#define SECOND_US      INT64_C(1000000)
#define RANDOM_LEN     32 /* octets of nonce and verifier: 256 bits */
/* Of the deadline, kept for putting on record what came: a silent provider must not use it up. */
#define REST_MS 2500
/* A token is remembered an hour past its end, and never longer than this past now. */
#define REMEMBER_S     3600
#define REMEMBER_MAX_S (30 * 86400)

/* What authorize() has kept for callback(). */
struct kept {
	const char *issuer; /* who was asked */
	const char *redirect_uri;
	const char *verifier;  /* PKCE: leaves us with the code alone */
	struct rs_bytes nonce; /* SHA-256 */
	bool iss_parameter;
};

static const struct rs_field KEPT[] = {
	RS_FIELD(struct kept, issuer, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 1000),
	RS_FIELD(struct kept, redirect_uri, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 1000),
	RS_FIELD(struct kept, verifier, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 128),
	RS_FIELD(struct kept, nonce, RS_T_SHA256, .flags = RS_F_REQUIRED),
	RS_FIELD(struct kept, iss_parameter, RS_T_BOOL, .flags = RS_F_REQUIRED),
	RS_FIELD_END,
};

/* One way back, as it is judged. */
struct back {
	struct rs_ctx *ctx;
	const struct rs_challenge *c;
	struct rs_oidc_settings settings;
	struct rs_oidc_provider provider;
	struct kept kept;
	struct rs_oidc_tokens tokens;
	struct rs_jws jws;
	struct rs_oidc_signature signature;
	struct rs_oidc_subject subject;
	const char *why;
};

/* --- there --- */

static const char *random_text(struct rs_ctx *ctx)
{
	unsigned char bytes[RANDOM_LEN];
	rs_random(bytes, sizeof(bytes));
	return rs_b64url(ctx->arena, bytes, sizeof(bytes));
}

static const char *words(struct rs_ctx *ctx, const json_t *array)
{
	const char *out = "";
	size_t i;
	json_t *word;
	json_array_foreach((json_t *)(uintptr_t)array, i, word)
	{
		out = rs_arena_printf(
			ctx->arena, "%s%s%s", out, i ? " " : "", json_string_value(word));
	}
	return *out ? out : NULL;
}

/* The claims parameter (Core 5.5): what we will insist on is asked for as essential. */
static const char *claims_wanted(struct rs_ctx *ctx, const struct rs_oidc_settings *settings)
{
	json_t *id_token = json_object();
	json_t *whole = rs_arena_json(ctx->arena, json_pack("{s:o}", "id_token", id_token));
	size_t len;
	json_object_set_new(id_token, "auth_time", json_pack("{s:b}", "essential", 1));
	if (json_array_size(settings->acr_values))
		json_object_set_new(id_token, "acr",
			json_pack("{s:b, s:O}", "essential", 1, "values", settings->acr_values));
	if (settings->auth_context)
		json_object_set_new(id_token, "acrs",
			json_pack("{s:b, s:s}", "essential", 1, "value", settings->auth_context));
	return rs_json_canonical(ctx, whole, &len);
}

/* The person's e-mail address, for the form at the provider: a hint, on which nothing rests. */
static const char *hint_of(struct rs_ctx *ctx, const struct rs_challenge *c)
{
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &c->user_id);
	if (rs_look_one(ctx, RS_REACH_JOB, RS_Q_user_by_id, &p, &rows) == RS_OK)
		return rs_row_text(rows, 0, "email");
	rs_err_reset(&ctx->err);
	return NULL;
}

static void set(json_t *object, const char *name, const char *value)
{
	if (value)
		json_object_set_new(object, name, json_string(value));
}

/* The authorization request (Core 3.1.2.1): code flow, PKCE S256, a fresh sign-in. */
static json_t *request_of(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_oidc_settings *settings, const struct kept *kept, const char *nonce)
{
	json_t *out = rs_arena_json(ctx->arena, json_object());
	unsigned char digest[32];
	rs_sha256(kept->verifier, strlen(kept->verifier), digest);
	set(out, "response_type", "code");
	set(out, "client_id", settings->client_id);
	set(out, "redirect_uri", kept->redirect_uri);
	set(out, "scope", words(ctx, settings->scopes));
	set(out, "state", c->state);
	set(out, "nonce", nonce);
	set(out, "code_challenge", rs_b64url(ctx->arena, digest, sizeof(digest)));
	set(out, "code_challenge_method", "S256");
	set(out, "prompt", settings->prompt);
	set(out, "max_age", rs_arena_printf(ctx->arena, "%d", (int)settings->max_age_s));
	set(out, "acr_values", words(ctx, settings->acr_values));
	set(out, "claims", claims_wanted(ctx, settings));
	set(out, "login_hint", settings->login_hint ? hint_of(ctx, c) : NULL);
	return out;
}

/* The parameters leave by the front channel, or before it by the back one (RFC 9126). */
static enum rs_code place(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_oidc_settings *settings, const struct rs_oidc_provider *provider,
	json_t *request, const char **url)
{
	const char *mark = strchr(provider->authorization_endpoint, '?') ? "&" : "?";
	rs_auto_form query = {0};
	if (provider->par_endpoint) {
		rs_auto_oidc_credentials credentials = {0};
		const char *request_uri = NULL;
		enum rs_code rc =
			rs_oidc_credentials_open(ctx, c->connector, settings, &credentials);
		if (rc == RS_OK)
			rc = rs_oidc_push(ctx, &credentials, provider, request, &request_uri);
		if (rc != RS_OK)
			return rc;
		request = rs_arena_json(
			ctx->arena, json_pack("{s:s, s:s}", "client_id", settings->client_id,
					    "request_uri", request_uri));
	}
	rs_form_add_all(&query, request);
	*url = rs_arena_printf(
		ctx->arena, "%s%s%s", provider->authorization_endpoint, mark, query.text);
	return RS_OK;
}

static enum rs_code authorize(struct rs_ctx *ctx, const struct rs_challenge *c,
	struct rs_redirect *out, json_t **kept_out)
{
	struct rs_oidc_settings settings;
	struct rs_oidc_provider provider;
	const char *why, *nonce = random_text(ctx);
	unsigned char digest[32];
	enum rs_code rc = rs_connector_settings(ctx, c->connector, &settings);
	if (rc == RS_OK)
		rc = rs_oidc_discover(ctx, &settings, RS_JWKS_KEPT, &provider, &why);
	if (rc != RS_OK)
		return rc;
	rs_sha256(nonce, strlen(nonce), digest);
	const struct kept kept = {
		.issuer = provider.issuer,
		.redirect_uri = rs_oidc_redirect_uri(ctx, &c->connector_id),
		.verifier = random_text(ctx),
		.nonce = {digest, sizeof(digest)},
		.iss_parameter = provider.iss_parameter,
	};
	*kept_out = rs_arena_json(ctx->arena, rs_json_write(KEPT, &kept));
	return place(ctx, c, &settings, &provider, request_of(ctx, c, &settings, &kept, nonce),
		&out->url);
}

/* --- and back --- */

/* The code for an ID token, and the token's signature. */
static enum rs_code fetch_token(struct back *b, const char *code)
{
	struct rs_ctx *ctx = b->ctx;
	rs_auto_oidc_credentials credentials = {0};
	json_t *grant = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s, s:s}", "grant_type", "authorization_code", "code", code,
			"redirect_uri", b->kept.redirect_uri, "code_verifier", b->kept.verifier));
	enum rs_code rc =
		rs_oidc_credentials_open(ctx, b->c->connector, &b->settings, &credentials);
	b->why = "code-refused";
	if (rc == RS_OK)
		rc = rs_oidc_exchange(ctx, &credentials, &b->provider, grant, &b->tokens);
	if (rc != RS_OK)
		return rc;
	if (!rs_jose_parse_id_token(ctx, b->tokens.id_token, &b->jws, &b->why))
		return RS_ASSERTION_INVALID;
	return rs_oidc_verify(ctx, &b->settings, &b->provider, &b->jws, &b->signature, &b->why);
}

/* A token, and its jti, once only: whoever saw one cannot bring it again. */
static enum rs_code remember(struct back *b)
{
	struct rs_ctx *ctx = b->ctx;
	int64_t now = rs_clock_now(ctx->app->clock), until = b->subject.until_s + REMEMBER_S;
	unsigned char digest[32];
	const char *iss = json_string_value(json_object_get(b->jws.claims, "iss"));
	if (until > now + REMEMBER_MAX_S)
		until = now + REMEMBER_MAX_S;
	b->why = "token-used-before";
	rs_sha256(b->tokens.id_token, strlen(b->tokens.id_token), digest);
	const char *key =
		rs_arena_printf(ctx->arena, "%s %s", iss, rs_sha256_text(ctx->arena, digest));
	enum rs_code rc = rs_challenge_once(ctx, "id_token", key, strlen(key), until * SECOND_US);
	if (rc != RS_OK || !b->subject.jti)
		return rc;
	key = rs_arena_printf(ctx->arena, "%s %s", iss, b->subject.jti);
	return rs_challenge_once(ctx, "jti", key, strlen(key), until * SECOND_US);
}

static enum rs_code judge_token(struct back *b)
{
	struct rs_ctx *ctx = b->ctx;
	bool linked = false;
	const struct rs_oidc_expect expect = {
		.settings = &b->settings,
		.issuer = b->provider.issuer,
		.nonce_sha256 = b->kept.nonce.data,
		.access_token = b->tokens.access_token,
		.now_s = rs_clock_now(ctx->app->clock),
		.begun_s = b->c->created_at / SECOND_US,
	};
	enum rs_code rc = rs_oidc_judge(ctx, &b->jws, &expect, &b->subject, &b->why);
	if (rc == RS_OK)
		rc = remember(b);
	if (rc == RS_OK)
		rc = rs_factor_linked(
			ctx, b->c, b->subject.kind, b->subject.issuer, b->subject.subject, &linked);
	if (rc == RS_OK && !linked) {
		b->why = "identity-not-linked";
		rc = RS_IDENTITY_MISMATCH;
	}
	return rc;
}

/* What is shown of a verified token: who, how and when; nothing that opens anything. */
static json_t *evidence_of(struct back *b)
{
	static const char *const SHOWN[] = {"iss", "sub", "aud", "azp", "acr", "amr", "acrs",
		"auth_time", "iat", "exp", "jti", "sid", "tid", "oid", "ver"};
	struct rs_arena *arena = b->ctx->arena;
	unsigned char digest[32];
	char when[32];
	json_t *out = rs_arena_json(arena, json_object());
	for (size_t i = 0; i < sizeof(SHOWN) / sizeof(SHOWN[0]); i++) {
		json_t *value = json_object_get(b->jws.claims, SHOWN[i]);
		if (value)
			json_object_set(out, SHOWN[i], value);
	}
	rs_sha256(b->tokens.id_token, strlen(b->tokens.id_token), digest);
	rs_time_format(b->signature.keys_fetched_at, when);
	set(out, "id_token_sha256", rs_sha256_text(arena, digest));
	set(out, "alg", b->signature.alg);
	set(out, "kid", b->signature.kid);
	set(out, "jwk_thumbprint", b->signature.thumbprint);
	if (b->signature.keys_fetched_at)
		set(out, "jwks_fetched_at", when);
	set(out, "redirect_uri", b->kept.redirect_uri);
	return out;
}

/* The way back, in the order in which each step may be taken. */
static enum rs_code judge_callback(struct back *b, const json_t *params)
{
	struct rs_ctx *ctx = b->ctx;
	const char *code, *why;
	enum rs_code rc;
	b->why = "nothing-kept";
	rs_json_read(ctx, b->c->private_state, "", KEPT, &b->kept, NULL);
	if (rs_faults(ctx) != RS_OK)
		return RS_ASSERTION_INVALID;
	rc = rs_connector_settings(ctx, b->c->connector, &b->settings);
	if (rc != RS_OK)
		return rc;
	rc = rs_oidc_callback_judge(
		ctx, params, b->kept.issuer, b->kept.iss_parameter, &code, &b->why);
	if (rc != RS_OK)
		return rc;
	rc = rs_oidc_discover(ctx, &b->settings, RS_JWKS_KEPT, &b->provider, &why);
	b->why = "provider-unavailable";
	if (rc != RS_OK)
		return rc;
	b->why = "connector-changed";
	if (strcmp(b->provider.issuer, b->kept.issuer) != 0)
		return RS_ASSERTION_INVALID;
	rc = fetch_token(b, code);
	return rc == RS_OK ? judge_token(b) : rc;
}

static enum rs_code callback(struct rs_ctx *ctx, const struct rs_challenge *c, const json_t *params,
	struct rs_verdict *verdict)
{
	struct back b = {.ctx = ctx, .c = c};
	int64_t deadline = ctx->deadline_ms;
	if (deadline)
		ctx->deadline_ms = deadline - REST_MS;
	enum rs_code rc = judge_callback(&b, params);
	ctx->deadline_ms = deadline;
	*verdict = (struct rs_verdict){.detail = b.why};
	if (b.signature.alg)
		verdict->evidence = evidence_of(&b);
	if (b.signature.alg)
		verdict->sealed = rs_secret_copy(b.tokens.id_token, strlen(b.tokens.id_token));
	return rs_verdict_of_callback(ctx, rc, verdict);
}

const struct rs_factor rs_factor_oidc = {
	.name = "oidc",
	.title = "Sign-in at the identity provider",
	.style = RS_FACTOR_REDIRECT,
	.inputs = rs_factor_no_inputs,
	.connector = "oidc",
	.amr = "mfa",
	.available = rs_factor_for_everybody,
	.authorize = authorize,
	.callback = callback,
};

const struct rs_factor rs_factor_azure_ad = {
	.name = "azure_ad",
	.title = "Sign-in at Microsoft Entra ID",
	.style = RS_FACTOR_REDIRECT,
	.inputs = rs_factor_no_inputs,
	.connector = "azure_ad",
	.amr = "mfa",
	.available = rs_factor_for_everybody,
	.authorize = authorize,
	.callback = callback,
};
