/* The new key: a CSR, its checks, and the claim on its key. */
#include "impl.h"

#include "rs/cpu.h"

enum rs_code rs_reissue_key_refused(struct rs_ctx *ctx, const char *claim)
{
	if (strcmp(claim, "blocked") == 0)
		return rs_refuse(ctx, RS_KEY_BLOCKED, "/csr",
			"This key may not be certified: it is known to be compromised. Make a new one.");
	return rs_refuse(ctx, RS_KEY_REUSED, "/csr",
		"This key is in use already. A reissue needs a new one: make it and send its CSR.");
}

static const char *kind_list(struct rs_ctx *ctx, const json_t *policy)
{
	const char *text = "";
	json_t *name;
	size_t i;

	json_array_foreach(policy, i, name)
		text = rs_arena_printf(
			ctx->arena, "%s%s%s", text, i ? ", " : "", json_string_value(name));
	return text;
}

/* Checks of ours after those of the parser: the profile's kinds, the blocklist, the lineage. */
static enum rs_code check_key(struct rs_ctx *ctx, const struct rs_case *c, struct rs_csr *csr)
{
	const struct rs_reissue *r = &c->request;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	const char *claim;
	enum rs_code rc;
	bool previous;

	if (!rs_key_allowed(&csr->key, c->by.newest->key_policy))
		return rs_refuse(ctx, RS_BAD_CSR, "/csr",
			"The profile takes no %s keys. It takes: %s.", csr->key.name,
			kind_list(ctx, c->by.newest->key_policy));
	rs_p_bytes(&p, csr->key.spki_sha256, 32);
	rs_p_id(&p, &r->owner_id);
	rs_p_id(&p, &r->id);
	rs_p_id(&p, &r->lineage_id);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_reissue_key_state, &p, &rows);
	if (rc)
		return rc;
	claim = rs_row_text(rows, 0, "claim");
	previous = rs_row_bool(rows, 0, "previous");
	rs_check_add(csr->checks, "key_blocklist",
		strcmp(claim, "blocked") ? RS_CHECK_PASS : RS_CHECK_FAIL, NULL);
	if (strcmp(claim, "blocked") == 0)
		return rs_reissue_key_refused(ctx, claim);
	rs_check_add(csr->checks, "key_reuse",
		strcmp(claim, "reused") ? RS_CHECK_PASS : RS_CHECK_FAIL, NULL);
	if (strcmp(claim, "reused") == 0)
		return rs_reissue_key_refused(ctx, claim);
	rs_check_add(
		csr->checks, "key_not_previous", previous ? RS_CHECK_FAIL : RS_CHECK_PASS, NULL);
	return previous ? rs_reissue_key_refused(ctx, "reused") : RS_OK;
}

static enum rs_code parse(struct rs_ctx *ctx, const void *data, size_t len, struct rs_csr **csr)
{
	rs_auto_cpu slot = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);

	return rc ? rc : rs_csr_parse(ctx, data, len, csr);
}

enum rs_code rs_reissue_take_csr(struct rs_ctx *ctx, struct rs_case *c, const void *data,
	size_t len, struct rs_change *change, bool *same)
{
	struct rs_reissue *r = &c->request;
	struct rs_csr *csr;
	enum rs_code rc = parse(ctx, data, len, &csr);
	size_t size;
	json_t *key;

	if (rc)
		return rc;
	*same = r->spki_sha256.data && memcmp(r->spki_sha256.data, csr->key.spki_sha256, 32) == 0;
	if (*same)
		return RS_OK;
	rc = check_key(ctx, c, csr);
	if (rc) {
		rs_err_ext(ctx, "checks", json_incref(csr->checks));
		return rc;
	}
	key = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s?, s:i}", "source", "csr", "algorithm", csr->key.algorithm,
			"curve", csr->key.curve, "size", csr->key.size));
	r->key = key;
	r->spki_der = csr->spki_der;
	r->spki_sha256 = (struct rs_bytes){csr->key.spki_sha256, 32};
	r->checks = rs_json_canonical(ctx, csr->checks, &size);
	r->ignored = csr->ignored;
	change->csr = csr->der;
	change->key = "claim";
	return RS_OK;
}

/* --- PUT and GET --- */

struct upload {
	const void *data;
	size_t len;
};

static enum rs_code put(
	struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change, void *arg, bool *done)
{
	const struct upload *up = arg;
	enum rs_code rc =
		rs_policy_may(ctx, &c->request, c->by.profile, RS_ACTION_UPLOAD_CSR);

	if (rc)
		return rc;
	rc = rs_reissue_take_csr(ctx, c, up->data, up->len, change, done);
	if (rc || *done)
		return rc;
	rs_case_edited(ctx, c, change, "reissue_request.key_set");
	return RS_OK;
}

enum rs_code rs_reissue_put_csr(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const void *csr, size_t len, struct rs_reissue *out)
{
	struct upload up = {csr, len};
	const struct rs_work work = {.run = put, .arg = &up, .revision = revision};

	return rs_case_change(ctx, id, &work, out);
}

enum rs_code rs_reissue_csr(struct rs_ctx *ctx, const struct rs_id *id, struct rs_bytes *der)
{
	struct rs_case c;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	struct {
		struct rs_bytes csr_der;
	} row = {0};
	const struct rs_field fields[] = {
		{.name = "csr_der", .type = RS_T_BYTES, .offset = 0},
		RS_FIELD_END,
	};
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	if (rc)
		return rc;
	rs_p_id(&p, id);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_reissue_csr, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, fields, &row);
	if (!rc && !row.csr_der.data)
		rc = rs_fail(ctx, RS_NOT_FOUND, "No CSR has been given yet.");
	*der = row.csr_der;
	return rc;
}
