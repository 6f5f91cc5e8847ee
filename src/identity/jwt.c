/* Access tokens of external issuers: which claims must hold before a linked user is looked for. */
#include "internal.h"
#include "jwt.h"

#include <math.h>
#include <string.h>

/* Clocks may differ by this much. */
#define SKEW_S   60
#define NAME_MAX 500
/* Seconds after 1970 that no token can mean: the year 9999. */
#define TIME_MAX 253402300799.0

/* typ of an access token (RFC 9068) or of a plain JWT; anything else is another kind of token. */
static bool typ_good(const json_t *header)
{
	const char *typ = json_string_value(json_object_get(header, "typ"));
	return !typ || !strcasecmp(typ, "JWT") || !strcasecmp(typ, "at+jwt") ||
		!strcasecmp(typ, "application/at+jwt");
}

/* A NumericDate (RFC 7519, 2); false when it is no number or nothing a clock could show. */
static bool date_of(const json_t *claims, const char *name, double *out)
{
	const json_t *value = json_object_get(claims, name);
	*out = json_number_value(value);
	return json_is_number(value) && isfinite(*out) && *out >= 0 && *out <= TIME_MAX;
}

static bool dates_good(const json_t *claims, int64_t now_s)
{
	double exp, nbf = 0, iat = 0, now = (double)now_s;
	if (!date_of(claims, "exp", &exp) || exp + SKEW_S <= now)
		return false;
	if (json_object_get(claims, "nbf") && !date_of(claims, "nbf", &nbf))
		return false;
	if (json_object_get(claims, "iat") && !date_of(claims, "iat", &iat))
		return false;
	return nbf <= now + SKEW_S && iat <= now + SKEW_S;
}

/* One audience, ours: a token meant for others as well could be replayed by them. */
static bool audience_good(const json_t *claims, const char *audience)
{
	const json_t *aud = json_object_get(claims, "aud");
	if (json_is_array(aud) && json_array_size(aud) == 1)
		aud = json_array_get(aud, 0);
	return json_is_string(aud) && !strcmp(json_string_value(aud), audience);
}

static const char *name_of(const json_t *claims, const char *name)
{
	const json_t *value = json_object_get(claims, name);
	size_t len = json_string_length(value);
	return len >= 1 && len <= NAME_MAX && strlen(json_string_value(value)) == len
		? json_string_value(value)
		: NULL;
}

const char *rs_jwt_issuer(const struct rs_jws *jws)
{
	return name_of(jws->claims, "iss");
}

bool rs_jwt_judge(const struct rs_jws *jws, const char *kind, const char *audience, int64_t now_s,
	struct rs_jwt_subject *out, const char **why)
{
	bool entra = !strcmp(kind, "entra");
	*why = NULL;
	if (!typ_good(jws->header))
		*why = "typ is of another kind of token";
	else if (!dates_good(jws->claims, now_s))
		*why = "exp, nbf or iat does not hold";
	else if (!audience_good(jws->claims, audience))
		*why = "aud is not ours alone";
	else if (entra && strcmp(name_of(jws->claims, "ver") ?: "", "2.0") != 0)
		*why = "ver is not 2.0";
	out->issuer = name_of(jws->claims, entra ? "tid" : "iss");
	out->subject = name_of(jws->claims, entra ? "oid" : "sub");
	if (!*why && (!out->issuer || !out->subject))
		*why = "names no subject";
	return !*why;
}
