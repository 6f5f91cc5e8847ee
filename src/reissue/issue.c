/*
 * Steps 3 and 4 of issuing: sign what the intent recorded, store it once; and the enrolment, which
 * has no request around it.
 */
#include "rs/issue.h"

#include "rs/app.h"
#include "rs/challenge.h"
#include "rs/clock.h"
#include "rs/failpoint.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/log.h"
#include "rs/metrics.h"
#include "rs/signer.h"
#include "rs/x509.h"

#include "intent.h"

#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

static enum rs_code mismatch(struct rs_ctx *ctx, const struct rs_intent *intent)
{
	struct rs_event event = {
		.action = "certificate.tbs_mismatch",
		.object_type = "certificate",
		.object = intent->certificate_id,
		.enterprise = intent->enterprise_id,
		.detail = "The bytes to be signed are not those that were checked and recorded.",
	};

	rs_audit_denied(ctx, &event, RS_INTERNAL);
	return rs_fail(ctx, RS_INTERNAL,
		"The certificate was not signed: its content changed after it had been checked.");
}

static int64_t mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static enum rs_code sign_timed(struct rs_ctx *ctx, const struct rs_sign_request *request,
	struct rs_bytes *signature)
{
	int64_t begun = mono_us();
	enum rs_code rc = rs_signer_sign(ctx, ctx->app->signer, request, signature);

	if (!rc)
		rs_metric_observe(RS_M_SIGN_SECONDS, RS_LABELS(request->issuer), mono_us() - begun);
	return rc;
}

/* What was linted is what is signed: the hash of the intent is the witness. */
static enum rs_code sign(struct rs_ctx *ctx, const struct rs_intent *intent, struct rs_bytes *der)
{
	const struct rs_issuer *issuer = rs_issuers_get(ctx->app->issuers, intent->issuer);
	struct rs_sign_request request = {
		.issuer = intent->issuer,
		.tbs = intent->tbs,
		.sign_before = intent->sign_before / SECOND,
	};
	unsigned char digest[32];
	struct rs_bytes signature;
	enum rs_code rc;

	if (!issuer)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The issuer is not configured on this replica.");
	if (intent->serial.len != RS_SERIAL_LEN)
		return mismatch(ctx, intent);
	memcpy(request.serial, intent->serial.data, RS_SERIAL_LEN);
	if (rs_failpoint("alter_tbs"))
		((unsigned char *)(uintptr_t)request.tbs.data)[request.tbs.len - 1] ^= 1;
	rs_sha256(request.tbs.data, request.tbs.len, digest);
	if (memcmp(digest, intent->tbs_sha256.data, 32) != 0)
		return mismatch(ctx, intent);
	if (rs_failpoint("before_sign"))
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The signer does not answer.");
	rc = sign_timed(ctx, &request, &signature);
	if (rc)
		return rc;
	*der = rs_x509_assemble(ctx, issuer, intent->tbs, signature);
	return RS_OK;
}

static json_t *events_of(
	struct rs_ctx *ctx, const struct rs_intent *intent, const char *serial)
{
	struct rs_event issued = {
		.action = "certificate.issued",
		.object_type = "certificate",
		.object = intent->certificate_id,
		.enterprise = intent->enterprise_id,
		.digest = intent->digest.data,
		.to = "issued",
		.after = rs_arena_json(ctx->arena,
			json_pack("{s:s, s:s, s:s?}", "issuer", intent->issuer, "serial", serial,
				"request_id",
				rs_id_set(&intent->request_id) ? intent->request_id.s : NULL)),
	};
	struct rs_event ended = {
		.action = "reissue_request.issued",
		.object_type = "reissue_request",
		.object = intent->request_id,
		.enterprise = intent->enterprise_id,
		.digest = intent->digest.data,
		.from = "issuing",
		.to = "issued",
		.after = rs_arena_json(ctx->arena,
			json_pack("{s:s}", "new_certificate_id", intent->certificate_id.s)),
	};
	json_t *events = rs_arena_json(ctx->arena, json_array());

	json_array_append(events, rs_audit_row(ctx, &issued));
	if (rs_id_set(&intent->request_id))
		json_array_append(events, rs_audit_row(ctx, &ended));
	return events;
}

/* Written only when this certificate's storing revokes the previous one. */
static json_t *previous_event(struct rs_ctx *ctx, const struct rs_intent *intent)
{
	const char *action = json_string_value(json_object_get(intent->content, "previous_action"));
	struct rs_event event = {
		.action = "certificate.revoked",
		.object_type = "certificate",
		.enterprise = intent->enterprise_id,
		.from = "issued",
		.to = "revoked",
		.detail = "superseded",
	};
	json_t *events = rs_arena_json(ctx->arena, json_array());

	if (action && strcmp(action, "revoke_on_issue") == 0 &&
		rs_id_parse(json_string_value(json_object_get(intent->content, "replaces_id")),
			&event.object))
		json_array_append(events, rs_audit_row(ctx, &event));
	return events;
}

/* Somebody else finished it, or it was given up. */
static enum rs_code other_end(
	struct rs_ctx *ctx, const struct rs_intent *intent, struct rs_issued *out)
{
	static const struct rs_field FIELDS[] = {
		{.name = "der", .type = RS_T_BYTES, .offset = 0},
		RS_FIELD_END,
	};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;
	const char *state;

	rs_p_id(&p, &intent->id);
	rc = rs_read_one(ctx, RS_REACH_JOB, RS_Q_issuance_by_id, &p, &rows);
	if (rc)
		return rc;
	state = rs_row_text(rows, 0, "state");
	if (strcmp(state, "issued") == 0)
		return rs_row_read(ctx, rows, 0, FIELDS, &out->der);
	if (strcmp(state, "abandoned") == 0)
		return rs_fail(ctx, RS_EVIDENCE_STALE,
			"Signing took too long; the request failed and may be tried again.");
	return rs_fail(ctx, RS_UNAVAILABLE, "The certificate is being stored; read it in a moment.");
}

static enum rs_code store(struct rs_ctx *ctx, const struct rs_intent *intent, struct rs_issued *out)
{
	struct rs_params p = rs_params(ctx);
	char serial[2 * RS_SERIAL_LEN + 1];
	unsigned char *fingerprint = rs_arena_alloc(ctx->arena, 32);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_hex(intent->serial.data, intent->serial.len, serial);
	rs_sha256(out->der.data, out->der.len, fingerprint);
	out->fingerprint = (struct rs_bytes){fingerprint, 32};
	out->at = rs_clock_now_us(ctx->app->clock);
	rs_p_id(&p, &intent->request_id);
	rs_p_id(&p, &intent->id);
	rs_p_bytes(&p, out->der.data, out->der.len);
	rs_p_bytes(&p, fingerprint, 32);
	rs_p_time(&p, out->at);
	rs_p_json(&p, events_of(ctx, intent, serial));
	rs_p_json(&p, previous_event(ctx, intent));
	rc = rs_commit(ctx, RS_Q_issuance_finish, &p, &rows);
	if (rc)
		return rc;
	out->ours = rs_rows_count(rows) > 0;
	if (!out->ours)
		return other_end(ctx, intent, out);
	out->previous_revoked = rs_row_bool(rows, 0, "previous_revoked");
	return RS_OK;
}

static enum rs_code finish(
	struct rs_ctx *ctx, const struct rs_intent *intent, struct rs_issued *out)
{
	enum rs_code rc;

	*out = (struct rs_issued){.certificate_id = intent->certificate_id};
	if (rs_failpoint("after_tx1"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted after the intent.");
	rc = sign(ctx, intent, &out->der);
	if (rc)
		return rc;
	if (rs_failpoint("after_sign") || rs_failpoint("before_tx2"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted after signing.");
	rc = store(ctx, intent, out);
	if (!rc && out->ours)
		rs_metric_add(RS_M_CERTIFICATES_ISSUED, RS_LABELS(intent->issuer), 1);
	if (!rc && rs_failpoint("after_tx2"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted after storing.");
	return rc;
}

enum rs_code rs_intent_finish(
	struct rs_ctx *ctx, const struct rs_intent *intent, struct rs_issued *out)
{
	enum rs_code rc = finish(ctx, intent, out);

	if (rc)
		rs_metric_add(RS_M_CERTIFICATES_FAILED, RS_LABELS(rs_code_slug(rc)), 1);
	return rc;
}

enum rs_code rs_issue_finish(struct rs_ctx *ctx, const struct rs_issue_plan *plan,
	const unsigned char *digest, struct rs_issued *out)
{
	const struct rs_intent intent = {
		.id = plan->issuance_id,
		.enterprise_id = plan->spec->enterprise_id,
		.request_id = plan->spec->request_id,
		.certificate_id = plan->certificate_id,
		.issuer = plan->issuer->slug,
		.serial = {plan->tbs_spec.serial, RS_SERIAL_LEN},
		.tbs = plan->tbs,
		.tbs_sha256 = {plan->tbs_sha256, 32},
		.digest = {digest, digest ? 32 : 0},
		.content = plan->content,
		.sign_before = plan->sign_before,
	};

	return rs_intent_finish(ctx, &intent, out);
}

/* --- enrolment --- */

static enum rs_code enrol_refused(struct rs_ctx *ctx, const struct rs_rows *rows)
{
	const char *claim = rs_rows_count(rows) > 0 ? rs_row_text(rows, 0, "claim") : NULL;

	if (!claim) {
		rs_fail(ctx, RS_NOT_READY,
			"The owner or the profile does not allow it any more. Look again.");
		rs_err_ext(ctx, "blockers",
			json_pack("[{s:s, s:s, s:s, s:n}]", "code",
				rs_code_slug(RS_PROFILE_CHANGED), "step", "subject", "detail",
				"Owner or profile changed at the same moment.", "pointer"));
		return RS_NOT_READY;
	}
	if (strcmp(claim, "blocked") == 0)
		return rs_refuse(ctx, RS_KEY_BLOCKED, "/csr",
			"This key may not be certified: it is known to be compromised. Make a new one.");
	return rs_refuse(ctx, RS_KEY_REUSED, "/csr", "This key is in use already. Make a new one.");
}

static enum rs_code intend_enrolment(struct rs_ctx *ctx, const struct rs_issue_plan *plan)
{
	const struct rs_issue_spec *spec = plan->spec;
	const struct rs_event event = {
		.action = "certificate.enrolled",
		.object_type = "certificate",
		.object = plan->certificate_id,
		.enterprise = spec->enterprise_id,
	};
	struct rs_params p = rs_params(ctx);
	json_t *events;
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_bytes(&p, spec->key.spki_sha256, 32);
	rs_p_id(&p, &plan->issuance_id);
	rs_p_id(&p, &spec->owner_id);
	rs_p_id(&p, &spec->profile->id);
	rs_p_int(&p, spec->profile->revision);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_issue_plan_params(plan, &p);
	events = rs_arena_json(ctx->arena, json_pack("[O]", rs_audit_row(ctx, &event)));
	if (rs_id_set(&spec->challenge_id))
		json_array_append(events, rs_challenge_used(ctx, &spec->challenge_id,
						  &spec->enterprise_id, NULL, "enrol"));
	rs_p_json(&p, events);
	rs_p_idem(&p);
	rs_p_id(&p, &spec->challenge_id);
	rs_p_id(&p, &ctx->actor.id);
	rc = rs_commit(ctx, RS_Q_issuance_enrol, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0 || !rs_row_bool(rows, 0, "intended"))
		return enrol_refused(ctx, rows);
	return RS_OK;
}

enum rs_code rs_issue_enrol(
	struct rs_ctx *ctx, const struct rs_issue_spec *spec, struct rs_issued *out)
{
	struct rs_issue_plan plan;
	enum rs_code rc = rs_issue_plan(ctx, spec, &plan);

	if (!rc)
		rc = intend_enrolment(ctx, &plan);
	return rc ? rc : rs_issue_finish(ctx, &plan, NULL, out);
}
