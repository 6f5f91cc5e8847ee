/* What an ID token says, and what comes back in a browser: judged by tables, purely. */
#include "rs/id.h"
#include "rs/oidc.h"
#include "rs/secret.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define SUBJECT_MAX 255
#define ISSUER_MAX  500
#define WORD_MAX    255
#define TENANT_MAX  64
#define CODE_MAX    4096
/* Seconds after 1970 that no token can mean: the year 9999. */
#define TIME_MAX    253402300799.0

/* --- reading claims --- */

struct judged {
	struct rs_ctx *ctx;
	const struct rs_jws *jws;
	const struct rs_oidc_expect *expect;
	const struct rs_oidc_settings *settings;
	bool entra;
};

static const json_t *claim(const struct judged *j, const char *name)
{
	return json_object_get(j->jws->claims, name);
}

/* A text without NUL of 1 to max octets, or NULL. */
static const char *text(const struct judged *j, const char *name, size_t max)
{
	const json_t *value = claim(j, name);
	size_t len = json_string_length(value);
	return len >= 1 && len <= max && strlen(json_string_value(value)) == len
		       ? json_string_value(value)
		       : NULL;
}

/* A NumericDate (RFC 7519, 2): false when it is no number or nothing a clock could show. */
static bool date(const struct judged *j, const char *name, double *out)
{
	const json_t *value = claim(j, name);
	*out = json_number_value(value);
	return json_is_number(value) && isfinite(*out) && *out >= 0 && *out <= TIME_MAX;
}

static bool holds(const json_t *array, const char *wanted)
{
	size_t i;
	json_t *value;
	json_array_foreach((json_t *)(uintptr_t)array, i, value)
	{
		if (json_is_string(value) && strcmp(json_string_value(value), wanted) == 0)
			return true;
	}
	return false;
}

/* --- the checks, each true when it holds --- */

/* An access, logout or event token under the same keys is no ID token (RFC 9068, 8417). */
static bool typ_holds(const struct judged *j)
{
	const char *typ = json_string_value(json_object_get(j->jws->header, "typ"));
	return !typ || strcasecmp(typ, "JWT") == 0 || strcasecmp(typ, "application/jwt") == 0;
}

static bool version_holds(const struct judged *j)
{
	const char *ver = text(j, "ver", WORD_MAX);
	return !j->entra || (ver && strcmp(ver, "2.0") == 0);
}

static bool tenant_taken(const struct judged *j, const char *tid)
{
	return j->settings->multi_tenant ? holds(j->settings->allowed_tenants, tid)
					 : strcmp(j->settings->tenant_id, tid) == 0;
}

static bool tenant_holds(const struct judged *j)
{
	const char *tid = text(j, "tid", TENANT_MAX);
	return !j->entra || (tid && tenant_taken(j, tid));
}

/* Exactly the issuer: no slash more, no other case. With several tenants the token's own is put in.
 */
static bool issuer_holds(const struct judged *j)
{
	const char *iss = text(j, "iss", ISSUER_MAX), *wanted = j->expect->issuer;
	if (j->entra)
		wanted = rs_oidc_issuer_of_tenant(j->ctx, wanted, text(j, "tid", TENANT_MAX));
	return iss && strcmp(iss, wanted) == 0;
}

static bool all_texts(const json_t *array)
{
	size_t i;
	json_t *each;
	json_array_foreach((json_t *)(uintptr_t)array, i, each)
	{
		if (!json_is_string(each))
			return false;
	}
	return true;
}

static bool audience_holds(const struct judged *j)
{
	const json_t *aud = claim(j, "aud");
	const char *azp = text(j, "azp", WORD_MAX), *ours = j->settings->client_id;
	bool several = json_array_size(aud) > 1;
	if (json_is_array(aud) ? !all_texts(aud) || !holds(aud, ours)
			       : !json_is_string(aud) || strcmp(json_string_value(aud), ours) != 0)
		return false;
	/* A token for others as well must have been given to us (Core 3.1.3.7, 4 and 5). */
	return (!several && !claim(j, "azp")) || (azp && strcmp(azp, ours) == 0);
}

static bool dates_hold(const struct judged *j)
{
	double exp, iat, nbf = 0, now = (double)j->expect->now_s,
			 skew = (double)j->settings->skew_s;
	if (!date(j, "exp", &exp) || !date(j, "iat", &iat))
		return false;
	if (claim(j, "nbf") && !date(j, "nbf", &nbf))
		return false;
	return exp + skew > now && nbf <= now + skew && iat <= now + skew &&
	       iat >= (double)j->expect->begun_s - skew;
}

static bool nonce_holds(const struct judged *j)
{
	const char *nonce = text(j, "nonce", WORD_MAX);
	unsigned char digest[32];
	if (!nonce)
		return false;
	rs_sha256(nonce, strlen(nonce), digest);
	return rs_equal(digest, j->expect->nonce_sha256, sizeof(digest));
}

static bool at_hash_holds(const struct judged *j)
{
	const char *at_hash = text(j, "at_hash", WORD_MAX);
	if (!claim(j, "at_hash") || !j->expect->access_token)
		return !claim(j, "at_hash") || at_hash;
	const char *wanted = rs_jose_half_hash(j->ctx, j->jws, j->expect->access_token);
	return at_hash && wanted && strcmp(at_hash, wanted) == 0;
}

static bool subject_holds(const struct judged *j)
{
	return text(j, "sub", SUBJECT_MAX) != NULL;
}

/* prompt=login and max_age were sent: an older sign-in is single sign-on, not this person now. */
static bool sign_in_is_fresh(const struct judged *j)
{
	double at;
	return date(j, "auth_time", &at) &&
	       at >= (double)(j->expect->begun_s - j->settings->skew_s) &&
	       at <= (double)(j->expect->now_s + j->settings->skew_s);
}

static bool acr_holds(const struct judged *j)
{
	const char *acr = text(j, "acr", WORD_MAX);
	return json_array_size(j->settings->acr_values) == 0 ||
	       (acr && holds(j->settings->acr_values, acr));
}

static bool amr_holds(const struct judged *j)
{
	const json_t *all = j->settings->required_amr, *any = j->settings->any_amr;
	const json_t *amr = claim(j, "amr");
	bool found = json_array_size(any) == 0;
	size_t i;
	json_t *wanted;
	json_array_foreach((json_t *)(uintptr_t)all, i, wanted)
	{
		if (!holds(amr, json_string_value(wanted)))
			return false;
	}
	json_array_foreach((json_t *)(uintptr_t)any, i, wanted)
	{
		found = found || holds(amr, json_string_value(wanted));
	}
	return found;
}

static bool auth_context_holds(const struct judged *j)
{
	return !j->settings->auth_context || holds(claim(j, "acrs"), j->settings->auth_context);
}

/* A guest signs in at a home tenant that nobody here vouches for: idp names it, acct says 1. */
static bool home_holds(const struct judged *j)
{
	const char *idp = text(j, "idp", ISSUER_MAX), *iss = text(j, "iss", ISSUER_MAX);
	const json_t *acct = claim(j, "acct");
	if (!j->entra || j->settings->allow_guests)
		return true;
	if (claim(j, "idp") && (!idp || !iss || strcmp(idp, iss) != 0))
		return false;
	return !acct || (json_is_integer(acct) && json_integer_value(acct) == 0);
}

static const char *identity_claim(const struct judged *j)
{
	return j->entra ? "oid" : j->settings->identity_claim;
}

static bool identity_holds(const struct judged *j)
{
	return text(j, identity_claim(j), SUBJECT_MAX) != NULL;
}

static const struct check {
	bool (*holds)(const struct judged *j);
	enum rs_code code;
	const char *why;
} CHECKS[] = {
	{typ_holds, RS_ASSERTION_INVALID, "not-an-id-token"},
	{version_holds, RS_ASSERTION_INVALID, "version-not-2"},
	{tenant_holds, RS_IDENTITY_MISMATCH, "other-tenant"},
	{issuer_holds, RS_ASSERTION_INVALID, "issuer-mismatch"},
	{audience_holds, RS_ASSERTION_INVALID, "audience-mismatch"},
	{dates_hold, RS_ASSERTION_INVALID, "not-valid-now"},
	{nonce_holds, RS_ASSERTION_INVALID, "nonce-mismatch"},
	{at_hash_holds, RS_ASSERTION_INVALID, "at-hash-mismatch"},
	{subject_holds, RS_ASSERTION_INVALID, "no-subject"},
	{sign_in_is_fresh, RS_AUTH_NOT_FRESH, "sign-in-too-old"},
	{acr_holds, RS_AUTH_CONTEXT_INSUFFICIENT, "acr-not-enough"},
	{amr_holds, RS_AUTH_CONTEXT_INSUFFICIENT, "amr-not-enough"},
	{auth_context_holds, RS_AUTH_CONTEXT_INSUFFICIENT, "auth-context-missing"},
	{home_holds, RS_IDENTITY_MISMATCH, "guest"},
	{identity_holds, RS_ASSERTION_INVALID, "no-identity-claim"},
};

enum rs_code rs_oidc_judge(struct rs_ctx *ctx, const struct rs_jws *jws,
	const struct rs_oidc_expect *expect, struct rs_oidc_subject *out, const char **why)
{
	struct judged j = {.ctx = ctx, .jws = jws, .expect = expect, .settings = expect->settings};
	double exp = 0;
	j.entra = rs_oidc_is_entra(expect->settings);
	*out = (struct rs_oidc_subject){0};
	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		if (!CHECKS[i].holds(&j)) {
			*why = CHECKS[i].why;
			return CHECKS[i].code;
		}
	}
	*why = NULL;
	*out = (struct rs_oidc_subject){
		.kind = j.entra ? "entra" : "oidc",
		.issuer = text(&j, j.entra ? "tid" : "iss", ISSUER_MAX),
		.subject = text(&j, identity_claim(&j), SUBJECT_MAX),
		.until_s = date(&j, "exp", &exp) ? (int64_t)exp : 0,
		.jti = text(&j, "jti", WORD_MAX),
	};
	return RS_OK;
}

/* --- callbacks --- */

/* What a provider's error means to us; every other one: the assertion was not given. */
static const struct {
	const char *error;
	enum rs_code code;
} ERRORS[] = {
	{"temporarily_unavailable", RS_IDP_UNAVAILABLE},
	{"server_error", RS_IDP_UNAVAILABLE},
	{"unmet_authentication_requirements", RS_AUTH_CONTEXT_INSUFFICIENT},
};

static enum rs_code refused_there(struct rs_ctx *ctx, const char *error, const char **why)
{
	size_t len = strlen(error);
	bool word = len >= 1 && len <= 64 &&
		    error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
	*why = word ? rs_arena_printf(ctx->arena, "error-%s", error) : "error";
	for (size_t i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++)
		if (strcmp(ERRORS[i].error, error) == 0)
			return ERRORS[i].code;
	return RS_ASSERTION_INVALID;
}

static bool printable(const char *value, size_t max)
{
	size_t len = strlen(value);
	for (size_t i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return false;
	return len >= 1 && len <= max;
}

/* A parameter that stood twice, whatever it is for. */
static bool any_twice(const json_t *parameters)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		if (json_is_null(value))
			return true;
	}
	return false;
}

enum rs_code rs_oidc_callback_judge(struct rs_ctx *ctx, const json_t *parameters,
	const char *issuer, bool iss_needed, const char **code, const char **why)
{
	const char *iss = json_string_value(json_object_get(parameters, "iss"));
	const char *error = json_string_value(json_object_get(parameters, "error"));
	const char *got = json_string_value(json_object_get(parameters, "code"));
	*code = NULL;
	if (any_twice(parameters)) {
		*why = "parameter-twice";
		return RS_ASSERTION_INVALID;
	}
	/* First whose answer it is (RFC 9207 2.4): another provider's error says nothing either. */
	if (iss ? strcmp(iss, issuer) != 0 : iss_needed) {
		*why = iss ? "iss-mismatch" : "iss-missing";
		return RS_ASSERTION_INVALID;
	}
	if (!error == !got) {
		*why = error ? "code-and-error" : "code-missing";
		return RS_ASSERTION_INVALID;
	}
	if (error)
		return refused_there(ctx, error, why);
	if (!printable(got, CODE_MAX)) {
		*why = "code-malformed";
		return RS_ASSERTION_INVALID;
	}
	*why = NULL;
	*code = got;
	return RS_OK;
}
