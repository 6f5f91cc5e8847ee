/* Step 1 of issuing: what would be signed, built and linted, changing nothing. */
#include "rs/issue.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/database.h"
#include "rs/id.h"
#include "rs/lint.h"
#include "rs/names.h"

#include <string.h>

#define SECOND INT64_C(1000000)

static const char *eku_of(const char *purpose)
{
	for (const struct rs_profile_purpose *p = rs_profile_purposes; p->name; p++)
		if (strcmp(p->name, purpose) == 0)
			return p->eku;
	return "";
}

static json_t *hex_json(const unsigned char digest[32])
{
	char text[65];

	rs_hex(digest, 32, text);
	return json_string(text);
}

static json_t *id_json(const struct rs_id *id)
{
	return rs_id_set(id) ? json_string(id->s) : json_null();
}

/* What Tx2 writes into certificate; it must not depend on anything that may change until then. */
static json_t *content_of(struct rs_ctx *ctx, const struct rs_issue_plan *plan)
{
	const struct rs_issue_spec *s = plan->spec;
	const char *cn = rs_names_common_name(s->subject);
	unsigned char issuer_sha256[32];
	json_t *key = rs_key_json(ctx, &s->key);

	json_object_del(key, "spki_sha256");
	rs_sha256(plan->issuer->subject.data, plan->issuer->subject.len, issuer_sha256);
	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s, s:o, s:s, s:O, s:O, s:s, s:s, s:o, s:o, s:o, s:O, s:o, s:o, "
			  "s:I, s:o, s:s, s:o}",
			"owner_id", s->owner_id.s, "profile_id", s->profile->id.s, "issuer_name",
			plan->issuer->subject_text, "issuer_name_sha256", hex_json(issuer_sha256),
			"category", s->profile->category, "subject", s->subject, "san", s->san,
			"common_name", cn ? cn : "", "search_text",
			rs_names_search_text(ctx, s->subject, s->san), "not_before",
			rs_json_time(s->window.not_before), "not_after", rs_json_time(s->window.not_after),
			"key", key, "extensions", plan->extensions, "spki_sha256",
			hex_json(s->key.spki_sha256), "lineage_id", id_json(&s->lineage_id),
			"generation", (json_int_t)s->generation, "replaces_id",
			id_json(&s->replaces_id), "previous_action",
			s->previous_action ? s->previous_action : "keep", "previous_due_at",
			rs_json_time(s->previous_due_at)));
}

static void specify(struct rs_ctx *ctx, struct rs_issue_plan *plan)
{
	const struct rs_issue_spec *s = plan->spec;
	const struct rs_config *config = ctx->app->config;

	plan->tbs_spec = (struct rs_tbs_spec){
		.issuer = plan->issuer,
		.not_before = s->window.not_before / SECOND,
		.not_after = s->window.not_after / SECOND,
		.subject = s->subject,
		.san = s->san,
		.spki_der = s->spki_der,
		.key = s->key,
		.eku = eku_of(s->profile->purpose),
		.ca_url = config ? rs_arena_printf(ctx->arena, "%s/pki/%s/ca.crt",
					   config->server_public_url, plan->issuer->slug)
				 : NULL,
	};
	if (s->rehearsal)
		plan->tbs_spec.serial[0] = 1; /* as long as any other */
	else
		rs_serial_new(plan->tbs_spec.serial);
}

enum rs_code rs_issue_plan(
	struct rs_ctx *ctx, const struct rs_issue_spec *spec, struct rs_issue_plan *plan)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc;

	*plan = (struct rs_issue_plan){
		.spec = spec,
		.issuer = rs_issuers_get(ctx->app->issuers, spec->issuer),
		.sign_before = spec->window.not_before + RS_SIGN_WINDOW_US,
	};
	if (!plan->issuer)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The profile's issuer is not configured on this replica.");
	rc = rs_store_clock(ctx);
	if (rc)
		return rc;
	rc = rs_issuer_live(ctx, plan->issuer, now / SECOND);
	if (rc)
		return rc;
	if (spec->evidence_until && spec->evidence_until < plan->sign_before)
		plan->sign_before = spec->evidence_until;
	specify(ctx, plan);
	rc = rs_tbs_build(ctx, &plan->tbs_spec, &plan->tbs);
	if (!rc)
		rc = rs_lint_tbs(ctx, plan->issuer, spec->rules, plan->tbs);
	if (rc)
		return rc;
	plan->extensions = rs_arena_json(ctx->arena,
		rs_tbs_extensions(plan->tbs_spec.eku, &spec->key, plan->tbs_spec.policies));
	if (spec->rehearsal)
		return RS_OK;
	plan->issuance_id = rs_id_new(now);
	plan->certificate_id = rs_id_new(now);
	rs_sha256(plan->tbs.data, plan->tbs.len, plan->tbs_sha256);
	plan->content = content_of(ctx, plan);
	return RS_OK;
}

void rs_issue_plan_params(const struct rs_issue_plan *plan, struct rs_params *params)
{
	const struct rs_config *config = params->ctx->app->config;

	rs_p_id(params, &plan->spec->issuer_id);
	rs_p_bytes(params, plan->tbs_spec.serial, RS_SERIAL_LEN);
	rs_p_bytes(params, plan->tbs.data, plan->tbs.len);
	rs_p_bytes(params, plan->tbs_sha256, 32);
	rs_p_json(params, plan->content);
	rs_p_time(params, plan->sign_before);
	rs_p_text(params, config ? config->server_replica_id : "");
	rs_p_id(params, &plan->certificate_id);
}
