/* The content digest: what factor and approvals are bound to. */
#include "rs/id.h"
#include "rs/policy.h"

void rs_reissue_digest(struct rs_ctx *ctx, const struct rs_reissue *request,
	unsigned char digest[32])
{
	const json_t *not_after = json_object_get(request->validity, "not_after");
	const json_t *days = json_object_get(request->validity, "days");
	const char *spki = request->spki_sha256.data
		? rs_sha256_text(ctx->arena, request->spki_sha256.data)
		: NULL;
	json_t *content = json_pack("{s:i, s:s, s:I, s:s, s:s, s:I, s:O, s:O, s:{s:O, s:O?, s:O?}, s:s?}",
		"v", 1, "request_id", request->id.s, "round", (json_int_t)request->round,
		"certificate_sha256",
		rs_sha256_text(ctx->arena, request->certificate_sha256.data), "profile_id",
		request->profile_id.s, "profile_revision", (json_int_t)request->profile_revision,
		"subject", request->subject, "san", rs_names_sorted_san(ctx, request->san),
		"validity", "mode", json_object_get(request->validity, "mode"), "days", days,
		"not_after", not_after, "spki_sha256", spki);
	size_t len;
	const char *text = rs_json_canonical(ctx, rs_arena_json(ctx->arena, content), &len);

	rs_sha256(text, len, digest);
}
