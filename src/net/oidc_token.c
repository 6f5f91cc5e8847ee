/* Calls to a provider that we sign in for: pushed requests and the exchange of a code. */
#include "rs/oidc.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/form.h"
#include "rs/httpc.h"
#include "rs/id.h"

#include <string.h>
#include <strings.h>

#define CALL_MS	    5000
#define ANSWER_MAX  (64u << 10)
#define ASSERTION_S 120 /* how long a client assertion holds */
#define ACCEPT_JSON "Accept: application/json"
#define FORM_TYPE   "Content-Type: application/x-www-form-urlencoded"
#define JWT_BEARER  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define URI_MAX	    2000

/* --- by what we sign in --- */

void rs_oidc_credentials_end(struct rs_oidc_credentials *credentials)
{
	rs_secret_free(credentials->client_secret);
	rs_secret_free(credentials->private_key);
}

/* Whether the provider takes a way to sign in; basic where it does not tell (Discovery 3). */
static bool taken_there(const struct rs_oidc_provider *provider, const char *way)
{
	size_t i;
	json_t *each;
	if (!provider->client_auths)
		return strcmp(way, "client_secret_post") != 0;
	json_array_foreach(provider->client_auths, i, each)
	{
		if (json_is_string(each) && strcmp(json_string_value(each), way) == 0)
			return true;
	}
	return false;
}

const char *rs_oidc_client_auth(
	const struct rs_oidc_credentials *credentials, const struct rs_oidc_provider *provider)
{
	static const char *const WAYS[] = {
		"private_key_jwt", "client_secret_basic", "client_secret_post"};
	const char *wanted = credentials->settings->client_auth;
	for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
		bool have = i == 0 ? credentials->private_key : credentials->client_secret;
		if (have &&
			(wanted ? strcmp(wanted, WAYS[i]) == 0 : taken_there(provider, WAYS[i])))
			return WAYS[i];
	}
	return NULL;
}

static const char *text_of(struct rs_secret *secret)
{
	return (const char *)rs_secret_data(secret);
}

/* Entra finds our key by the thumbprint of its certificate (x5t#S256, RFC 7515 4.1.8). */
static json_t *assertion_header(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials)
{
	json_t *header = rs_arena_json(ctx->arena, json_pack("{s:s}", "typ", "JWT"));
	if (credentials->settings->key_id)
		json_object_set_new(header, "kid", json_string(credentials->settings->key_id));
	if (credentials->x5t_s256)
		json_object_set_new(header, "x5t#S256", json_string(credentials->x5t_s256));
	return header;
}

/* RFC 7523: we say who we are, signed, for this provider and two minutes. */
static enum rs_code add_assertion(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, struct rs_form *form)
{
	const struct rs_oidc_settings *settings = credentials->settings;
	int64_t now = rs_clock_now(ctx->app->clock);
	unsigned char random[16];
	const char *token;
	rs_random(random, sizeof(random));
	json_t *claims = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", settings->client_id, "sub",
			settings->client_id, "aud", provider->token_endpoint, "jti",
			rs_b64url(ctx->arena, random, sizeof(random)), "iat", (json_int_t)now,
			"nbf", (json_int_t)now, "exp", (json_int_t)now + ASSERTION_S));
	enum rs_code rc = rs_jose_sign(ctx, text_of(credentials->private_key),
		settings->signing_algorithm, assertion_header(ctx, credentials), claims, &token);
	if (rc != RS_OK)
		return rc;
	rs_form_add(form, "client_assertion_type", JWT_BEARER);
	rs_form_add(form, "client_assertion", token);
	return RS_OK;
}

/* RFC 6749 2.3.1: both halves are form-encoded before they are joined. */
static struct rs_secret *basic(const struct rs_oidc_credentials *credentials)
{
	static const char START[] = "Authorization: Basic ";
	rs_auto_form pair = {0};
	struct rs_arena *scratch = rs_arena_new();
	rs_form_encode(&pair, credentials->settings->client_id);
	rs_form_raw(&pair, ":");
	rs_form_encode(&pair, text_of(credentials->client_secret));
	char *encoded = rs_base64(scratch, pair.text, pair.len);
	size_t len = strlen(encoded);
	struct rs_secret *line = rs_secret_new(strlen(START) + len);
	memcpy(rs_secret_data(line), START, strlen(START));
	memcpy(rs_secret_data(line) + strlen(START), encoded, len);
	rs_cleanse(encoded, len);
	rs_arena_free(scratch);
	return line;
}

/* --- a call --- */

static bool is_json(const char *type)
{
	size_t len = strcspn(type, "; \t");
	return len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0;
}

static enum rs_code improper(
	struct rs_ctx *ctx, const struct rs_httpc_answer *answer, const char *what)
{
	enum rs_code rc = rs_fail(ctx, RS_IDP_UNAVAILABLE,
		"The identity provider does not answer properly. Try again later.");
	rs_err_cause(ctx, "%s, status %d", what, answer->status);
	return rc;
}

/*
 * Sends a form as the client. *object is what came as a JSON object, with any status of 200 to 499;
 * everything else is RS_IDP_UNAVAILABLE. The tokens in the answer stay in the arena's JSON alone.
 */
static enum rs_code call(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, const char *url, const json_t *fields, int *status,
	json_t **object)
{
	const char *way = rs_oidc_client_auth(credentials, provider);
	rs_auto_secret header = NULL;
	rs_auto_form form = {0};
	struct rs_httpc_answer answer;
	enum rs_code rc = RS_OK;
	if (!way)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"There is nothing the connector could sign in by at the identity "
			"provider.");
	rs_form_add_all(&form, fields);
	if (!json_object_get(fields, "client_id")) /* nothing stands in a form twice */
		rs_form_add(&form, "client_id", credentials->settings->client_id);
	if (strcmp(way, "private_key_jwt") == 0)
		rc = add_assertion(ctx, credentials, provider, &form);
	else if (strcmp(way, "client_secret_post") == 0)
		rs_form_add(&form, "client_secret", text_of(credentials->client_secret));
	else
		header = basic(credentials);
	if (rc != RS_OK)
		return rc;
	const char *headers[] = {ACCEPT_JSON, FORM_TYPE, header ? text_of(header) : NULL, NULL};
	const struct rs_httpc_request request = {
		.url = url,
		.ca_pem = credentials->settings->ca_pem,
		.headers = headers,
		.body = form.text,
		.body_len = form.len,
		.answer_max = ANSWER_MAX,
		.timeout_ms = CALL_MS,
		.down = RS_IDP_UNAVAILABLE,
	};
	rc = rs_httpc_send(ctx, &request, &answer);
	if (rc != RS_OK)
		return rc;
	*status = answer.status;
	if (answer.status < 200 || answer.status >= 500 ||
		(answer.status >= 300 && answer.status < 400))
		return improper(ctx, &answer, "no answer of a token endpoint");
	if (!is_json(answer.type) ||
		rs_json_parse(ctx, answer.body.data, answer.body.len, object) != RS_OK ||
		!json_is_object(*object))
		return improper(ctx, &answer, "no JSON object");
	rs_err_reset(&ctx->err);
	return RS_OK;
}

static const char *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);
	return text && *text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool error_is(const json_t *object, const char *error)
{
	const char *text = member(object, "error");
	return text && strcmp(text, error) == 0;
}

/* --- what is called --- */

enum rs_code rs_oidc_push(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, const json_t *parameters, const char **request_uri)
{
	json_t *object = NULL;
	int status = 0;
	enum rs_code rc = call(
		ctx, credentials, provider, provider->par_endpoint, parameters, &status, &object);
	if (rc != RS_OK)
		return rc;
	*request_uri = status < 300 ? member(object, "request_uri") : NULL;
	if (*request_uri && strlen(*request_uri) <= URI_MAX)
		return RS_OK;
	rc = rs_fail(ctx, RS_IDP_UNAVAILABLE, "The identity provider refuses the request.");
	rs_err_cause(ctx, "pushed request, status %d%s", status,
		error_is(object, "invalid_client") ? ", invalid_client" : "");
	return rc;
}

enum rs_code rs_oidc_exchange(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, const json_t *grant, struct rs_oidc_tokens *out)
{
	json_t *object = NULL;
	int status = 0;
	*out = (struct rs_oidc_tokens){0};
	enum rs_code rc =
		call(ctx, credentials, provider, provider->token_endpoint, grant, &status, &object);
	if (rc != RS_OK)
		return rc;
	if (status >= 400 && error_is(object, "invalid_grant"))
		return rs_fail(
			ctx, RS_ASSERTION_INVALID, "The identity provider refuses the code.");
	if (status != 200) {
		rc = rs_fail(ctx, RS_IDP_UNAVAILABLE, "The identity provider refuses us.");
		rs_err_cause(ctx, "token endpoint, status %d%s", status,
			error_is(object, "invalid_client") ? ", invalid_client" : "");
		return rc;
	}
	out->id_token = member(object, "id_token");
	out->access_token = member(object, "access_token");
	if (!out->id_token)
		return rs_fail(
			ctx, RS_ASSERTION_INVALID, "The identity provider gave no ID token.");
	return RS_OK;
}

enum rs_code rs_oidc_try_credentials(struct rs_ctx *ctx,
	const struct rs_oidc_credentials *credentials, const struct rs_oidc_provider *provider,
	const char *redirect_uri, const char **why)
{
	/* 43 characters: what a verifier must have at least (RFC 7636 4.1). */
	json_t *grant = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s, s:s}", "grant_type", "authorization_code", "code",
			"not-a-code", "redirect_uri", redirect_uri, "code_verifier",
			"not-a-verifier-not-a-verifier-not-a-verifier"));
	json_t *object = NULL;
	int status = 0;
	enum rs_code rc =
		call(ctx, credentials, provider, provider->token_endpoint, grant, &status, &object);
	if (rc != RS_OK)
		return rc;
	*why = error_is(object, "invalid_grant") ? NULL
	       : error_is(object, "invalid_client") || error_is(object, "unauthorized_client")
		       ? "The provider does not know the client or does not take its credentials."
		       : "The provider answers otherwise than with invalid_grant to a code that is "
			 "none.";
	return RS_OK;
}
