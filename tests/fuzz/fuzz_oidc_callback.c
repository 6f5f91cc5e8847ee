/*
 * What a browser brings to an OIDC callback: a code is taken only when it stands alone, is
 * printable, and comes from who was asked; and no text from outside gets into the reason.
 *
 * Input: an octet of choice, then name=value pairs with '&' between them, as they are after
 * decoding.
 */
#include "rs/oidc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ISSUER "https://idp.example"

static void must(bool condition)
{
	if (!condition)
		abort();
}

static json_t *pairs(struct rs_ctx *ctx, char *text)
{
	json_t *out = rs_arena_json(ctx->arena, json_object());

	for (char *next; text && *text; text = next) {
		next = strchr(text, '&');
		if (next)
			*next++ = '\0';
		char *value = strchr(text, '=');
		if (value)
			*value++ = '\0';
		if (value && !json_object_get(out, text))
			json_object_set_new(
				out, text, json_string(value)); /* nothing when not UTF-8 */
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	const char *code = NULL, *why = NULL;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	bool needed = size && data[0] & 1;
	json_t *parameters =
		pairs(&ctx, rs_arena_memdup(ctx.arena, data + (size > 0), size - (size > 0)));
	const char *iss = json_string_value(json_object_get(parameters, "iss"));
	enum rs_code rc = rs_oidc_callback_judge(&ctx, parameters, ISSUER, needed, &code, &why);
	if (rc == RS_OK) {
		must(code && *code && strlen(code) <= 4096 && !why);
		must(!json_object_get(parameters, "error"));
		must(iss ? strcmp(iss, ISSUER) == 0 : !needed);
		for (const char *c = code; *c; c++)
			must(*c > ' ' && *c <= '~');
	} else {
		must(!code && why);
		must(why[strspn(why, "abcdefghijklmnopqrstuvwxyz-_")] == '\0');
	}
	rs_ctx_end(&ctx);
	return 0;
}
