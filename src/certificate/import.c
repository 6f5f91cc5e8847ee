/* Taking in what another CA issued. */
#include "rs/certificate.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/names.h"
#include "rs/permission.h"
#include "rs/x509.h"

#include <string.h>

static const char *const REASONS[] = {"unspecified", "keyCompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "privilegeWithdrawn", NULL};

struct revocation {
	int64_t revoked_at;
	const char *reason;
};

static const struct rs_field REVOCATION_FIELDS[] = {
	RS_FIELD(struct revocation, revoked_at, RS_T_TIME, .flags = RS_F_REQUIRED),
	RS_FIELD(struct revocation, reason, RS_T_STRING, .flags = RS_F_REQUIRED, .values = REASONS),
	RS_FIELD_END,
};

struct import {
	const char *pem;
	struct rs_id profile_id, owner_id;
	json_t *revocation;
	json_t *faults; /* what is wrong with the body, as far as it is known; NULL = nothing */
	/* found out */
	struct revocation revoked;
	const struct rs_profile *profile;
	struct rs_x509 *leaf;
	const char *chain_pem;
	unsigned char issuer_sha256[32];
	struct rs_id id;
};

static const struct rs_field BODY_FIELDS[] = {
	RS_FIELD(struct import, pem, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_PEM, .min = 1,
		.max = 200000),
	RS_FIELD(struct import, profile_id, RS_T_ID, .flags = RS_F_REQUIRED),
	RS_FIELD(struct import, owner_id, RS_T_ID, .flags = RS_F_REQUIRED),
	RS_FIELD(struct import, revocation, RS_T_OBJECT),
	RS_FIELD_END,
};

/* Profile and owner the caller may use. */
static enum rs_code check_links(struct rs_ctx *ctx, struct import *import)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = rs_profile_get(ctx, &import->profile_id, 0, &import->profile);

	if (rc == RS_NOT_FOUND) {
		rs_err_reset(&ctx->err);
		rs_faults_note(ctx, import->faults);
		return rs_refuse(ctx, RS_BAD_VALUE, "/profile_id", "There is no such profile.");
	}
	if (!rc)
		rc = rs_may_act(ctx, "certificate.import", NULL, &import->profile->enterprise_id);
	if (rc || !rs_id_set(&import->owner_id))
		return rc;
	rs_p_id(&p, &import->owner_id);
	rs_p_id(&p, &import->profile->enterprise_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_certificate_owner_of, &p, &rows);
	if (rc || rs_rows_count(rows) > 0)
		return rc;
	rs_faults_note(ctx, import->faults);
	rs_fault(ctx, RS_BAD_VALUE, "/owner_id", "There is no such user in the profile's enterprise.");
	import->faults = rs_faults_take(ctx);
	return RS_OK;
}

static enum rs_code read_pem(struct rs_ctx *ctx, struct import *import)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	char *text = rs_arena_strdup(ctx->arena, "");
	size_t count;
	enum rs_code rc = rs_x509_read_chain(
		ctx, import->pem, strlen(import->pem), chain, &count, &import->leaf);

	if (rc == RS_BAD_CERTIFICATE)
		return rs_refuse(ctx, rc, "/pem", "%s", ctx->err.detail);
	if (rc)
		return rc;
	if (import->leaf->ca)
		return rs_refuse(ctx, RS_BAD_CERTIFICATE, "/pem", "The first certificate is that of a CA.");
	for (size_t i = 1; i < count; i++)
		text = rs_arena_printf(ctx->arena, "%s%s", text, rs_x509_pem(ctx, chain[i]));
	import->chain_pem = count > 1 ? text : NULL;
	rs_sha256(import->leaf->issuer_name.data, import->leaf->issuer_name.len,
		import->issuer_sha256);
	return RS_OK;
}

/* A known issuer and serial: 409, naming ours when it is visible. */
static enum rs_code check_unknown(struct rs_ctx *ctx, const struct import *import)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_bytes(&p, import->issuer_sha256, 32);
	rs_p_bytes(&p, import->leaf->serial.data, import->leaf->serial.len);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_certificate_by_serial, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) > 0) {
		rc = rs_fail(ctx, RS_ALREADY_EXISTS,
			"A certificate of this issuer and serial is known already.");
		rs_err_ext(ctx, "conflicting_resource", json_pack("{s:s, s:s, s:o}", "type", "certificate",
			"id", rs_row_text(rows, 0, "id"), "url", json_sprintf("%s/v1/certificates/%s",
				ctx->app->config->server_public_url, rs_row_text(rows, 0, "id"))));
		return rc;
	}
	if (rs_issuers_by_subject(ctx->app->issuers, import->leaf->issuer_name))
		return rs_refuse(ctx, RS_BAD_CERTIFICATE, "/pem",
			"The certificate names an issuer of this service, which did not issue it.");
	return RS_OK;
}

static json_t *key_json(struct rs_ctx *ctx, const struct rs_key *key)
{
	json_t *out = rs_arena_json(ctx->arena, rs_key_json(ctx, key));

	json_object_del(out, "spki_sha256");
	return out;
}

static enum rs_code store(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct import *im = arg;
	const struct rs_x509 *x = im->leaf;
	const char *cn = rs_names_common_name(x->subject);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	struct rs_event event = {.action = "certificate.imported", .object_type = "certificate",
		.object = im->id, .enterprise = im->profile->enterprise_id,
		.to = im->revoked.reason ? "revoked" : "issued"};
	enum rs_code rc;

	rs_p_id(&p, &im->id);
	rs_p_id(&p, &im->profile->enterprise_id);
	rs_p_id(&p, &im->owner_id);
	rs_p_id(&p, &im->profile_id);
	rs_p_text(&p, x->issuer);
	rs_p_bytes(&p, im->issuer_sha256, 32);
	rs_p_bytes(&p, x->serial.data, x->serial.len);
	rs_p_time(&p, im->revoked.revoked_at);
	rs_p_text(&p, im->revoked.reason);
	rs_p_text(&p, im->profile->category);
	rs_p_json(&p, x->subject);
	rs_p_json(&p, x->san);
	rs_p_text(&p, cn ? cn : "");
	rs_p_text(&p, rs_names_search_text(ctx, x->subject, x->san));
	rs_p_time(&p, x->not_before * 1000000);
	rs_p_time(&p, x->not_after * 1000000);
	rs_p_json(&p, key_json(ctx, &x->key));
	rs_p_json(&p, x->extensions);
	rs_p_json(&p, x->unsupported);
	rs_p_bytes(&p, x->key.spki_sha256, 32);
	rs_p_bytes(&p, x->fingerprint_sha256, 32);
	rs_p_time(&p, now);
	rs_p_bytes(&p, x->der.data, x->der.len);
	rs_p_text(&p, im->chain_pem);
	rc = rs_tx_one(ctx, tx, RS_Q_certificate_import, &p, &rows);
	if (!rc)
		rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "certificate", &im->id);
}

enum rs_code rs_certificate_import(struct rs_ctx *ctx, json_t *body, struct rs_id *id)
{
	struct import import = {0};
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY_FIELDS, &import, NULL);
	if (import.revocation)
		rs_json_read(ctx, import.revocation, "/revocation", REVOCATION_FIELDS, &import.revoked,
			NULL);
	if (import.revoked.revoked_at > rs_clock_now_us(ctx->app->clock))
		rs_fault(ctx, RS_OUT_OF_RANGE, "/revocation/revoked_at", "This time lies in the future.");
	/* Without a profile nobody can say who may. */
	if (!rs_id_set(&import.profile_id))
		return rs_faults(ctx);
	import.faults = rs_faults_take(ctx);
	rc = check_links(ctx, &import);
	if (rc)
		return rc;
	if (import.pem)
		rc = read_pem(ctx, &import);
	if (rc && rs_code_status(rc) != 422)
		return rc;
	rc = rs_faults_with(ctx, import.faults, rc);
	if (!rc)
		rc = check_unknown(ctx, &import);
	if (rc)
		return rc;
	import.id = *id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	return rs_tx_use(ctx, RS_REACH_CALLER, store, &import);
}
