/*
 * The first certificate of a lineage: the same checks, names, window and engine as a reissue, with
 * an officer's word in the place of a request.
 */
#include "rs/certificate.h"

#include "rs/app.h"
#include "rs/challenge.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/cpu.h"
#include "rs/csr.h"
#include "rs/id.h"
#include "rs/issue.h"
#include "rs/names.h"
#include "rs/permission.h"
#include "rs/domain.h"
#include "rs/verify.h"

#include <string.h>

static const char *const MODES[] = {"full", "days", "not_after", NULL};

static const struct rs_field VALIDITY_FIELDS[] = {
	RS_FIELD(struct rs_validity, mode, RS_T_STRING, .flags = RS_F_REQUIRED, .values = MODES),
	RS_FIELD(struct rs_validity, days, RS_T_INT, .min = 1, .max = 36500),
	RS_FIELD(struct rs_validity, not_after, RS_T_TIME),
	RS_FIELD_END,
};

/* Rows of VALIDITY_FIELDS that a body gave. */
#define GIVEN_DAYS (UINT64_C(1) << 1)
#define GIVEN_NOT_AFTER (UINT64_C(1) << 2)

struct enrol {
	struct rs_id profile_id, owner_id, challenge_id;
	const char *csr;
	json_t *subject, *san, *validity;
	json_t *faults; /* what is wrong with the body, as far as it is known; NULL = nothing */
	/* found out */
	const struct rs_profile *profile;
	const struct rs_ruleset *rules;
	struct rs_csr *parsed;
	struct rs_validity asked;
	json_t *blockers;
	bool issuer_ended;
	struct rs_issue_spec spec;
};

#define F(member, kind, ...) RS_FIELD(struct enrol, member, kind, __VA_ARGS__)
static const struct rs_field BODY_FIELDS[] = {
	F(profile_id, RS_T_ID, .flags = RS_F_REQUIRED),
	F(csr, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_PEM, .min = 1, .max = 131072),
	F(subject, RS_T_OBJECT),
	F(san, RS_T_ARRAY),
	F(validity, RS_T_OBJECT),
	F(owner_id, RS_T_ID),
	F(challenge_id, RS_T_ID),
	RS_FIELD_END,
};

static void block(struct enrol *e, enum rs_code code, const char *step, const char *detail)
{
	json_array_append_new(e->blockers, json_pack("{s:s, s:s, s:s, s:n}", "code", rs_code_slug(code),
		"step", step, "detail", detail, "pointer"));
}

/* --- profile, owner, issuer --- */

/* Consumed with the intent; without one being asked for it stays what it is. */
static enum rs_code use_factor(struct rs_ctx *ctx, struct enrol *e)
{
	const json_t *factors = rs_profile_factors(e->profile, "enrol");

	if (json_array_size(factors) == 0)
		return RS_OK;
	e->spec.challenge_id = e->challenge_id;
	return rs_challenge_demand(
		ctx, "enrol", &e->profile->id, &e->challenge_id, factors);
}

static enum rs_code use_profile(struct rs_ctx *ctx, struct enrol *e)
{
	enum rs_code rc = rs_profile_get(ctx, &e->profile_id, 0, &e->profile);

	if (rc == RS_NOT_FOUND) {
		rs_err_reset(&ctx->err);
		rs_faults_note(ctx, e->faults);
		return rs_refuse(ctx, RS_BAD_VALUE, "/profile_id", "There is no such profile.");
	}
	if (!rc)
		rc = rs_may_act(ctx, "certificate.enrol", NULL, &e->profile->enterprise_id);
	if (rc)
		return rc;
	if (e->profile->dual_control)
		return rs_fail(ctx, RS_DUAL_CONTROL_REQUIRED, "The profile wants two officers, and an "
			"enrolment has one. Import or reissue instead.");
	rc = use_factor(ctx, e);
	if (rc)
		return rc;
	if (!e->profile->active)
		block(e, RS_PROFILE_INACTIVE, "subject", "The profile is switched off.");
	return rs_ruleset_at(ctx, e->profile->rule_set, rs_clock_now_us(ctx->app->clock), &e->rules);
}

static enum rs_code use_owner(struct rs_ctx *ctx, struct enrol *e)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	const char *status;
	enum rs_code rc;

	if (!rs_id_set(&e->owner_id))
		e->owner_id = ctx->actor.id;
	rs_p_id(&p, &e->owner_id);
	rs_p_id(&p, &e->profile->enterprise_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_certificate_owner_of, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0) {
		rs_faults_note(ctx, e->faults);
		rs_fault(ctx, RS_BAD_VALUE, "/owner_id",
			"There is no such user in the profile's enterprise.");
		e->faults = rs_faults_take(ctx);
		return RS_OK;
	}
	if (rc)
		return rc;
	status = rs_row_text(rows, 0, "status");
	if (strcmp(status, "suspended") == 0)
		block(e, RS_OWNER_SUSPENDED, "subject", "The owner is suspended.");
	if (strcmp(status, "blocked") == 0)
		block(e, RS_OWNER_BLOCKED, "subject", "The owner is blocked.");
	return RS_OK;
}

static enum rs_code use_issuer(struct rs_ctx *ctx, struct enrol *e)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &e->profile->issuer_id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_issuer_by_id, &p, &rows);
	if (rc)
		return rc;
	e->spec.issuer_id = e->profile->issuer_id;
	e->spec.issuer = rs_row_text(rows, 0, "slug");
	if (!rs_row_bool(rows, 0, "active"))
		block(e, RS_INACTIVE, "validity", "The profile's issuer is switched off.");
	else if (!rs_issuers_get(ctx->app->issuers, e->spec.issuer))
		block(e, RS_ISSUER_UNAVAILABLE, "validity",
			"The profile's issuer is not configured here.");
	return RS_OK;
}

/* --- content --- */

static enum rs_code use_key(struct rs_ctx *ctx, struct enrol *e)
{
	rs_auto_cpu slot = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);

	if (!rc)
		rc = rs_csr_parse(ctx, e->csr, strlen(e->csr), &e->parsed);
	if (!rc && !rs_key_allowed(&e->parsed->key, e->profile->key_policy))
		rc = rs_refuse(ctx, RS_BAD_CSR, "/csr", "The profile does not take keys of the kind %s.",
			e->parsed->key.name);
	if (rc)
		return rc;
	e->spec.key = e->parsed->key;
	e->spec.spki_der = e->parsed->spki_der;
	return RS_OK;
}

static void use_names(struct rs_ctx *ctx, struct enrol *e)
{
	const struct rs_config *config = ctx->app->config;
	struct rs_name_policy policy = {
		.rules = e->rules, .extra_tlds = config ? config->names_extra_tlds : NULL};
	struct rs_names names;

	rs_names_normalise(ctx, e->subject ? e->subject : e->parsed->subject,
		e->san ? e->san : e->parsed->san, &policy, "", &names);
	rs_names_refuse(ctx, &names);
	e->spec.subject = names.subject;
	e->spec.san = names.san;
}

static void use_validity(struct rs_ctx *ctx, struct enrol *e)
{
	const struct rs_issuer *issuer = rs_issuers_get(ctx->app->issuers, e->spec.issuer);
	struct rs_limits limits = rs_issue_limits(e->profile, e->rules, issuer, 0);
	size_t before = json_array_size(ctx->err.faults);
	enum rs_code rc;

	e->asked.mode = "full";
	if (e->validity) {
		uint64_t given;

		e->asked.mode = NULL;
		rs_json_read(ctx, e->validity, "/validity", VALIDITY_FIELDS, &e->asked, &given);
		if (e->asked.mode &&
			((strcmp(e->asked.mode, "days") == 0) != ((given & GIVEN_DAYS) != 0) ||
				(strcmp(e->asked.mode, "not_after") == 0) !=
					((given & GIVEN_NOT_AFTER) != 0)))
			rs_fault(ctx, RS_BAD_VALUE, "/validity",
				"days belongs to the mode days, not_after to the mode not_after.");
		if (json_array_size(ctx->err.faults) > before)
			return;
	}
	rc = rs_issue_window(
		&e->asked, &limits, rs_clock_now_us(ctx->app->clock), &e->spec.window);
	if (rc == RS_ISSUER_EXPIRED)
		e->issuer_ended = true;
	else if (rc)
		rs_fault(ctx, rc, "/validity", "The validity is not what profile and rule set allow.");
}

/* Form, owner, key, names and validity: what is wrong with any of them is told together. */
static enum rs_code use_content(struct rs_ctx *ctx, struct enrol *e)
{
	enum rs_code rc = e->csr ? use_key(ctx, e) : RS_OK;

	if (rc && rs_code_status(rc) != 422)
		return rc;
	rs_faults_note(ctx, e->faults);
	/* What is not given comes from the CSR. */
	if (e->parsed || (e->subject && e->san))
		use_names(ctx, e);
	use_validity(ctx, e);
	rc = rs_faults_with(ctx, NULL, rc);
	if (!rc && e->issuer_ended)
		rc = rs_fail(ctx, RS_ISSUER_EXPIRED, "The issuing certificate has ended.");
	return rc ? rc : rs_domain_covers(ctx, &e->profile->enterprise_id, e->spec.san);
}

/* All blockers at once, as 409. */
static enum rs_code ready(struct rs_ctx *ctx, const struct enrol *e)
{
	enum rs_code rc;

	if (json_array_size(e->blockers) == 0)
		return RS_OK;
	rc = rs_fail(ctx, RS_NOT_READY, "The certificate cannot be issued now; see blockers.");
	rs_err_ext(ctx, "blockers", json_incref(e->blockers));
	return rc;
}

/* The names are verified on the way: CAA is looked up now, control was proven before. */
static enum rs_code use_verification(struct rs_ctx *ctx, struct enrol *e)
{
	struct rs_verify_ask ask = {
		.enterprise_id = e->profile->enterprise_id,
		.profile = e->profile,
		.rules = e->rules,
		.names = rs_names_domains(ctx, e->spec.san),
		.now = rs_clock_now_us(ctx->app->clock),
	};
	struct rs_verify_facts facts = {0};
	struct rs_verify_verdict verdict;
	json_t *blocker;
	enum rs_code rc;
	size_t i;

	if (!rs_verify_demanded(e->profile))
		return RS_OK;
	rc = rs_verify_run(ctx, &ask, RS_VERIFY_ALL, &facts);
	if (rc)
		return rc;
	ask.now = rs_clock_now_us(ctx->app->clock);
	rs_verify_judge(ctx, &ask, &facts, &verdict);
	json_array_foreach(verdict.blockers, i, blocker) {
		json_object_set_new(blocker, "step", json_string("domain_verification"));
		json_array_append(e->blockers, blocker);
	}
	e->spec.evidence_until = verdict.evidence_until;
	return RS_OK;
}

static enum rs_code prepare(struct rs_ctx *ctx, struct enrol *e)
{
	enum rs_code rc = use_profile(ctx, e);

	if (!rc)
		rc = use_owner(ctx, e);
	if (!rc)
		rc = use_issuer(ctx, e);
	if (!rc)
		rc = use_content(ctx, e);
	if (!rc)
		rc = use_verification(ctx, e);
	return rc ? rc : ready(ctx, e);
}

enum rs_code rs_certificate_enrol(struct rs_ctx *ctx, json_t *body, struct rs_id *id)
{
	struct enrol e = {.blockers = rs_arena_json(ctx->arena, json_array())};
	struct rs_issued issued;
	enum rs_code rc;

	rs_json_read(ctx, body, "", BODY_FIELDS, &e, NULL);
	/* Without a profile nobody can say who may. */
	if (!rs_id_set(&e.profile_id))
		return rs_faults(ctx);
	e.faults = rs_faults_take(ctx);
	rc = prepare(ctx, &e);
	if (rc)
		return rc;
	e.spec.enterprise_id = e.profile->enterprise_id;
	e.spec.owner_id = e.owner_id;
	e.spec.profile = e.profile;
	e.spec.rules = e.rules;
	e.spec.generation = 1;
	rc = rs_issue_enrol(ctx, &e.spec, &issued);
	if (!rc)
		*id = issued.certificate_id;
	return rc;
}
