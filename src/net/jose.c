#include "rs/jose.h"

#include "jose_internal.h"

#include "rs/id.h"
#include "rs/json.h"

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define KEYS_MAX     100
#define KID_MAX	     255

struct algorithm {
	const char *name;
	const char *kty;
	const char *curve;
};

static const struct algorithm ALGORITHMS[] = {
#define RS_JOSE_ALGORITHM(name, kty, curve) {name, kty, curve},
	RS_JOSE_ALGORITHMS(RS_JOSE_ALGORITHM)
#undef RS_JOSE_ALGORITHM
};

/* What an access token's header may hold; whatever could change how it is read is not among it. */
static const char *const HEADER_MEMBERS[] = {"alg", "kid", "typ", "x5t", "x5t#S256"};
/* What changes how a token is read. */
static const char *const READING_MEMBERS[] = {"crit", "b64", "zip"};
/* Private members of RSA, EC, OKP and oct keys. */
static const char *const PRIVATE_MEMBERS[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

static const struct algorithm *algorithm_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]); i++)
		if (!strcmp(ALGORITHMS[i].name, name))
			return &ALGORITHMS[i];
	return NULL;
}

bool rs_jose_algorithm_known(const char *name)
{
	return algorithm_of(name) != NULL;
}

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* Base64url without padding (RFC 7515, 2). libcjose ends the process at some of what is none. */
static bool is_base64url(const char *text, size_t len)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	return len > 0 && len % 4 != 1 && strspn(text, ALPHABET) >= len;
}

/* --- parsing --- */

static bool part_read(struct rs_ctx *ctx, const char *part, size_t len, json_t **out)
{
	uint8_t *raw = NULL;
	size_t raw_len = 0;
	cjose_err err;
	if (len == 0 || !cjose_base64url_decode(part, len, &raw, &raw_len, &err))
		return false;
	bool good = rs_json_parse(ctx, raw, raw_len, out) == RS_OK && json_is_object(*out);
	cjose_get_dealloc()(raw);
	return good;
}

static bool listed(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

#define LISTED(name, names) listed((name), (names), sizeof(names) / sizeof((names)[0]))

static bool header_good(const json_t *header, bool id_token)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)header, name, value)
	{
		bool known = LISTED(name, HEADER_MEMBERS);
		if (known && (!json_is_string(value) || json_string_length(value) > KID_MAX))
			return false;
		if (!known && (!id_token || LISTED(name, READING_MEMBERS)))
			return false;
	}
	return text_of(header, "alg") != NULL;
}

static bool parse(
	struct rs_ctx *ctx, const char *token, bool id_token, struct rs_jws *out, const char **why)
{
	*out = (struct rs_jws){.token = token};
	size_t len = strnlen(token, RS_JOSE_MAX + 1);
	if (len > RS_JOSE_MAX) {
		*why = "longer than a token may be";
		return false;
	}
	size_t header = strcspn(token, "."), claims = 0;
	const char *second = token + header + (token[header] == '.');
	claims = strcspn(second, ".");
	const char *third = second + claims + (second[claims] == '.');
	if (!is_base64url(token, header) || !is_base64url(second, claims) ||
		!is_base64url(third, strlen(third)) || third == second + claims) {
		*why = "not three base64url parts";
		return false;
	}
	if (!part_read(ctx, token, header, &out->header) || !header_good(out->header, id_token)) {
		*why = "header not understood";
		return false;
	}
	if (!part_read(ctx, second, claims, &out->claims)) {
		*why = "claims are not a JSON object";
		return false;
	}
	return true;
}

bool rs_jose_parse(struct rs_ctx *ctx, const char *token, struct rs_jws *out, const char **why)
{
	return parse(ctx, token, false, out, why);
}

bool rs_jose_parse_id_token(
	struct rs_ctx *ctx, const char *token, struct rs_jws *out, const char **why)
{
	return parse(ctx, token, true, out, why);
}

/* --- keys --- */

/* Whether a member, where there is one, says exactly this. */
static bool says(const json_t *key, const char *member, const char *wanted)
{
	const char *text = text_of(key, member);
	return !json_object_get(key, member) || (text && strcmp(text, wanted) == 0);
}

/* The same of the operations a key is for (RFC 7517 4.3). */
static bool may_verify(const json_t *key)
{
	const json_t *operations = json_object_get(key, "key_ops");
	bool listed_there = false;
	size_t i;
	json_t *one;
	json_array_foreach((json_t *)(uintptr_t)operations, i, one)
	{
		listed_there = listed_there || strcmp(json_string_value(one) ?: "", "verify") == 0;
	}
	return !operations || listed_there;
}

static bool key_fits(const json_t *key, const struct algorithm *alg, const char *kid)
{
	const char *kty = text_of(key, "kty");
	const char *curve = text_of(key, "crv");
	const char *name = text_of(key, "kid");
	return kty && !strcmp(kty, alg->kty) && says(key, "use", "sig") &&
	       says(key, "alg", alg->name) && may_verify(key) &&
	       (!alg->curve || (curve && !strcmp(curve, alg->curve))) &&
	       (!kid || (name && !strcmp(name, kid)));
}

/* The one key that fits; NULL when none or several do. */
static const json_t *key_of(const json_t *jwks, const struct algorithm *alg, const char *kid)
{
	const json_t *found = NULL;
	size_t i;
	json_t *key;
	json_array_foreach(json_object_get(jwks, "keys"), i, key)
	{
		if (!key_fits(key, alg, kid))
			continue;
		if (found)
			return NULL;
		found = key;
	}
	return found;
}

static bool is_private(const json_t *key)
{
	for (size_t m = 0; m < sizeof(PRIVATE_MEMBERS) / sizeof(PRIVATE_MEMBERS[0]); m++)
		if (json_object_get(key, PRIVATE_MEMBERS[m]))
			return true;
	return false;
}

/* Whether the numbers of a public key may be decoded at all. */
static bool numbers_good(const json_t *key)
{
	static const char *const NUMBERS[] = {"n", "e", "x", "y"};
	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
		const json_t *number = json_object_get(key, NUMBERS[i]);
		if (number && !(json_is_string(number) && is_base64url(json_string_value(number),
								  json_string_length(number))))
			return false;
	}
	return true;
}

/* The public key, or NULL: private and symmetric ones are none. */
static cjose_jwk_t *key_import(const json_t *key)
{
	const char *kty = text_of(key, "kty");
	if (!kty || (strcmp(kty, "RSA") != 0 && strcmp(kty, "EC") != 0) || !numbers_good(key) ||
		is_private(key))
		return NULL;
	cjose_err err;
	char *text = json_dumps(key, JSON_COMPACT);
	cjose_jwk_t *jwk = text ? cjose_jwk_import(text, strlen(text), &err) : NULL;
	free(text);
	if (jwk && cjose_jwk_get_kty(jwk, &err) == CJOSE_JWK_KTY_RSA &&
		cjose_jwk_get_keysize(jwk, &err) < RSA_BITS_MIN) {
		cjose_jwk_release(jwk);
		return NULL;
	}
	return jwk;
}

const char *rs_jose_thumbprint(struct rs_ctx *ctx, const struct rs_jws *jws, const json_t *jwks)
{
	static const char *const EC[] = {"crv", "kty", "x", "y"}, *const RSA[] = {"e", "kty", "n"};
	const struct algorithm *alg = algorithm_of(text_of(jws->header, "alg"));
	const json_t *key = alg ? key_of(jwks, alg, text_of(jws->header, "kid")) : NULL;
	unsigned char digest[32];
	size_t len;
	if (!key)
		return NULL;
	json_t *needed = rs_arena_json(ctx->arena, json_object());
	for (size_t i = 0; i < (alg->curve ? 4 : 3); i++) {
		const char *member = alg->curve ? EC[i] : RSA[i];
		json_object_set(needed, member, json_object_get(key, member));
	}
	const char *text = rs_json_canonical(ctx, needed, &len);
	rs_sha256(text, len, digest);
	return rs_b64url(ctx->arena, digest, sizeof(digest));
}

const char *rs_jose_half_hash(struct rs_ctx *ctx, const struct rs_jws *jws, const char *text)
{
	const struct algorithm *alg = algorithm_of(text_of(jws->header, "alg"));
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!alg || !EVP_Digest(text, strlen(text), digest, &len, rs_jose_hash(alg->name), NULL))
		return NULL;
	return rs_b64url(ctx->arena, digest, len / 2);
}

bool rs_jose_verify(const struct rs_jws *jws, const json_t *algorithms, const json_t *jwks,
	bool *unknown_key, const char **why)
{
	const struct algorithm *alg = algorithm_of(text_of(jws->header, "alg"));
	bool allowed = false;
	size_t i;
	json_t *name;
	*unknown_key = false;
	json_array_foreach((json_t *)(uintptr_t)algorithms, i, name)
	{
		allowed = allowed || (alg && !strcmp(alg->name, json_string_value(name) ?: ""));
	}
	if (!allowed) {
		*why = "algorithm not allowed";
		return false;
	}
	const json_t *key = key_of(jwks, alg, text_of(jws->header, "kid"));
	if (!key) {
		*why = "no key, or more than one, for kid and algorithm";
		*unknown_key = true;
		return false;
	}
	cjose_err err;
	cjose_jwk_t *jwk = key_import(key);
	cjose_jws_t *parsed = jwk ? cjose_jws_import(jws->token, strlen(jws->token), &err) : NULL;
	bool good = parsed && cjose_jws_verify(parsed, jwk, &err);
	cjose_jws_release(parsed);
	cjose_jwk_release(jwk);
	*why = good ? NULL : jwk ? "signature wrong" : "key not usable";
	return good;
}

void rs_jose_judge_keys(struct rs_ctx *ctx, const json_t *jwks, const char *pointer)
{
	const json_t *keys = json_object_get(jwks, "keys");
	size_t i;
	json_t *key;
	if (!json_is_array(keys) || json_array_size(keys) < 1 || json_array_size(keys) > KEYS_MAX) {
		rs_fault(ctx, RS_BAD_VALUE, pointer,
			"A JWK set {\"keys\": [...]} of 1 to %d public keys is needed.", KEYS_MAX);
		return;
	}
	json_array_foreach(keys, i, key)
	{
		const char *at = rs_pointer_index(ctx, rs_pointer(ctx, pointer, "keys"), i);
		cjose_jwk_t *jwk = key_import(key);
		if (is_private(key))
			rs_fault(ctx, RS_BAD_VALUE, at, "Only public keys belong here.");
		else if (!jwk)
			rs_fault(ctx, RS_BAD_VALUE, at,
				"Not a usable JWK: RSA of at least %d bits, or EC.", RSA_BITS_MIN);
		cjose_jwk_release(jwk);
	}
}
