/*
 * Tokens and key sets of strangers: whatever comes, nothing is believed that was not signed by a
 * key of the set with an algorithm of the list, and an ID token that is taken says what was
 * expected of it.
 *
 * Input: a token, a line feed, a JWK set; then, where a second line feed stands, claims to be
 * judged as if they had been signed.
 */
#include "rs/oidc.h"

#include "rs/id.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW    1800000000
#define TENANT "8f4b0000-0000-4000-8000-000000000001"

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name)) ?: "";
}

static void verify(struct rs_ctx *ctx, const char *token, const json_t *set)
{
	json_t *algorithms = rs_arena_json(ctx->arena, json_pack("[s,s]", "RS256", "ES256"));
	struct rs_jws strict, lax;
	const char *why = NULL;
	bool unknown = false;
	bool access = rs_jose_parse(ctx, token, &strict, &why);

	if (!rs_jose_parse_id_token(ctx, token, &lax, &why)) {
		must(!access &&
			why); /* what is plain enough for an access token is for an ID token */
		return;
	}
	must(strlen(token) <= RS_JOSE_MAX && json_is_object(lax.claims));
	must(!json_object_get(lax.header, "crit") && !json_object_get(lax.header, "b64"));
	if (rs_jose_verify(&lax, algorithms, set, &unknown, &why)) {
		const char *alg = text_of(lax.header, "alg");

		must(strcmp(alg, "RS256") == 0 || strcmp(alg, "ES256") == 0);
		must(rs_jose_thumbprint(ctx, &lax, set) != NULL);
	} else {
		must(why != NULL);
	}
	rs_jose_half_hash(ctx, &lax, token);
}

static void judge(struct rs_ctx *ctx, json_t *claims, bool entra)
{
	unsigned char nonce[32];
	const struct rs_oidc_settings settings = {
		.client_id = "ra",
		.skew_s = 60,
		.issuer = "https://idp.example",
		.identity_claim = "sub",
		.tenant_id = entra ? TENANT : NULL,
		.cloud = "public",
	};
	const struct rs_oidc_expect expect = {
		.settings = &settings,
		.issuer = rs_oidc_issuer(ctx, &settings),
		.nonce_sha256 = nonce,
		.now_s = NOW,
		.begun_s = NOW - 100,
	};
	const struct rs_jws jws = {
		.header = rs_arena_json(ctx->arena, json_pack("{s:s}", "alg", "RS256")),
		.claims = claims};
	struct rs_oidc_subject subject;
	const char *why = NULL;

	rs_sha256("nonce-1", 7, nonce);
	if (rs_oidc_judge(ctx, &jws, &expect, &subject, &why) != RS_OK) {
		must(why && !subject.subject);
		return;
	}
	must(strcmp(text_of(claims, "iss"), expect.issuer) == 0);
	must(strcmp(text_of(claims, "nonce"), "nonce-1") == 0);
	must(strcmp(subject.issuer, entra ? TENANT : settings.issuer) == 0);
	must(*subject.subject && strlen(subject.subject) <= 255);
	must(subject.until_s > NOW - 60);
	must(json_number_value(json_object_get(claims, "auth_time")) >= NOW - 160);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	json_t *set = NULL, *claims = NULL;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	char *token = rs_arena_memdup(ctx.arena, data, size);
	char *keys = strchr(token, '\n');
	char *given = keys ? strchr(keys + 1, '\n') : NULL;
	if (keys)
		*keys++ = '\0';
	if (given)
		*given++ = '\0';
	if (keys && rs_json_parse(&ctx, keys, strlen(keys), &set) == RS_OK) {
		verify(&ctx, token, set);
		rs_jose_judge_keys(&ctx, set, "/jwks");
	}
	if (given && rs_json_parse(&ctx, given, strlen(given), &claims) == RS_OK &&
		json_is_object(claims)) {
		judge(&ctx, claims, false);
		judge(&ctx, claims, true);
	}
	rs_ctx_end(&ctx);
	return 0;
}
