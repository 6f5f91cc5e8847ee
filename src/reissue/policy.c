/* What a request still needs: blockers, window, steps. */
#include "impl.h"

#include "rs/config.h"
#include "rs/domain.h"

#include <stdarg.h>
#include <stdio.h>

#define RS_STEP(name, wire) wire,
static const char *const STEP_NAMES[] = {RS_STEPS(RS_STEP)};
#undef RS_STEP

enum rs_code rs_policy_yardstick(
	struct rs_ctx *ctx, const struct rs_reissue *request, struct rs_yardstick *out)
{
	enum rs_code rc;

	*out = (struct rs_yardstick){.now = rs_clock_now_us(ctx->app->clock)};
	rc = rs_profile_get(ctx, &request->profile_id, request->newest_revision, &out->newest);
	if (rc)
		return rc;
	out->profile = out->newest;
	if (request->profile_revision != request->newest_revision) {
		rc = rs_profile_get(
			ctx, &request->profile_id, request->profile_revision, &out->profile);
		if (rc)
			return rc;
	}
	out->issuer = rs_issuers_get(ctx->app->issuers, request->issuer);
	rc = rs_ruleset_at(ctx, out->newest->rule_set, out->now, &out->rules);
	return rc;
}

enum rs_code rs_policy_facts(
	struct rs_ctx *ctx, const struct rs_reissue *request, struct rs_yardstick *by)
{
	struct rs_verify_ask ask;
	json_t *outside;
	enum rs_code rc = RS_OK;

	if (request->registry) {
		rc = rs_domain_uncovered(ctx, &request->enterprise_id, request->san, &outside);
		by->unregistered = outside;
	}
	if (rc || !rs_verify_demanded(by->profile))
		return rc;
	if (request->facts) {
		by->verify = *request->facts;
		return RS_OK;
	}
	ask = rs_policy_verify_ask(ctx, request, by);
	return rs_verify_load(ctx, &ask, &by->verify);
}

struct rs_verify_ask rs_policy_verify_ask(
	struct rs_ctx *ctx, const struct rs_reissue *request, const struct rs_yardstick *by)
{
	return (struct rs_verify_ask){
		.enterprise_id = request->enterprise_id,
		.request_id = request->id,
		.profile = by->profile,
		.rules = by->rules,
		.names = rs_names_domains(ctx, request->san),
		.now = by->now,
	};
}

/* One judgement in the making. */
struct judge {
	struct rs_ctx *ctx;
	const struct rs_reissue *request;
	const struct rs_yardstick *by;
	struct rs_judgement *out;
	bool frozen; /* submitted: what fails now failed because rules have changed since */
};

__attribute__((format(printf, 5, 6))) static void block(const struct judge *j, enum rs_code code,
	enum rs_step step, const char *pointer, const char *format, ...)
{
	char detail[400];
	va_list args;

	va_start(args, format);
	rs_err_vprint(detail, sizeof(detail), format, args);
	va_end(args);
	json_array_append_new(j->out->blockers,
		json_pack("{s:s, s:s?, s:s, s:s}", "code", rs_code_slug(code), "step",
			step < RS_STEP_COUNT ? STEP_NAMES[step] : NULL, "detail", detail, "pointer",
			pointer));
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static void judge_owner(const struct judge *j)
{
	const struct rs_reissue *r = j->request;

	if (is(r->owner_status, "blocked"))
		block(j, RS_OWNER_BLOCKED, RS_STEP_COUNT, "/owner",
			"The owner is blocked. An administrator can lift that.");
	else if (is(r->owner_status, "suspended") && !j->frozen)
		block(j, RS_OWNER_SUSPENDED, RS_STEP_COUNT, "/owner",
			"The owner is suspended and may not submit. An administrator can lift that.");
}

static void judge_certificate(const struct judge *j)
{
	const struct rs_reissue *r = j->request;
	const char *state = rs_reissue_eligible_state(r, j->by->now);

	if (is(state, "suspended")) {
		block(j, RS_CERTIFICATE_SUSPENDED, RS_STEP_COUNT, "/certificate_id",
			"The certificate is suspended. Release or revoke it first.");
		return;
	}
	if (is(r->certificate_source, "imported"))
		json_array_append_new(j->out->warnings,
			json_pack("{s:s, s:n, s:s, s:s}", "code",
				rs_code_slug(RS_REVOKE_AT_ISSUING_CA), "step", "detail",
				"Only the CA that issued the previous certificate can revoke it.",
				"pointer", "/previous_certificate"));
	if (j->frozen)
		return;
	if (!rs_profile_has(j->by->profile->eligible, state))
		block(j, RS_NOT_ELIGIBLE, RS_STEP_COUNT, "/certificate_id",
			"The profile does not reissue certificates that are %s.", state);
	if (r->certificate_replaced && !j->by->profile->repeat)
		block(j, RS_NOT_ELIGIBLE, RS_STEP_COUNT, "/certificate_id",
			"The certificate has been reissued already, and the profile allows it once.");
}

static void judge_profile(const struct judge *j)
{
	if (!j->by->newest->active)
		block(j, RS_PROFILE_INACTIVE, RS_STEP_COUNT, "/profile_id",
			"The profile \"%s\" is switched off.", j->by->newest->name);
	if (!j->request->issuer_active)
		block(j, RS_INACTIVE, RS_STEP_COUNT, "/profile_id",
			"The profile's issuer is switched off.");
	else if (!j->by->issuer)
		block(j, RS_ISSUER_UNAVAILABLE, RS_STEP_COUNT, "/profile_id",
			"The profile's issuer is not configured on this replica.");
}

static void judge_key(const struct judge *j)
{
	const struct rs_reissue *r = j->request;
	struct rs_key key = {0};

	if (!r->spki_sha256.data) {
		block(j, RS_KEY_MISSING, RS_STEP_KEY, "/key",
			"Upload a certificate signing request made with the new key.");
		return;
	}
	if (is(r->spki_state, "blocked"))
		block(j, RS_KEY_BLOCKED, RS_STEP_KEY, "/key",
			"This key may not be certified. Make a new one.");
	else if (!is(r->spki_state, "mine") && j->out->facts.intent == false)
		block(j, RS_KEY_REUSED, RS_STEP_KEY, "/key",
			"This key is used already. Make a new one.");
	rs_key_describe(rs_reissue_key_kind(r), &key);
	if (!rs_key_allowed(&key, j->by->newest->key_policy))
		block(j, j->frozen ? RS_PROFILE_CHANGED : RS_BAD_CSR, RS_STEP_KEY, "/key",
			"The profile does not take keys of this kind (%s).",
			key.name ? key.name : "unknown");
}

/* A fault of a name as a blocker of the step it belongs to. */
static void block_name(const struct judge *j, const json_t *fault)
{
	const char *pointer = json_string_value(json_object_get(fault, "pointer"));
	const char *code = json_string_value(json_object_get(fault, "code"));
	bool san = strncmp(pointer, "/san", 4) == 0;

	json_array_append_new(j->out->blockers,
		json_pack("{s:s, s:s, s:O, s:s}", "code",
			j->frozen ? rs_code_slug(RS_PROFILE_CHANGED) : code, "step",
			STEP_NAMES[san ? RS_STEP_SAN : RS_STEP_SUBJECT], "detail",
			json_object_get(fault, "detail"), "pointer", pointer));
}

static void judge_names(const struct judge *j)
{
	const struct rs_reissue *r = j->request;
	const struct rs_config *config = j->ctx->app->config;
	const struct rs_name_policy policy = {
		.rules = j->by->rules,
		.extra_tlds = config ? config->names_extra_tlds : NULL,
	};
	size_t i;
	json_t *fault;

	rs_names_normalise(j->ctx, r->subject, r->san, &policy, "", &j->out->names);
	json_array_foreach(j->out->names.faults, i, fault)
		block_name(j, fault);
	json_array_foreach(j->out->names.warnings, i, fault)
		json_array_append(j->out->warnings, fault);
	json_array_foreach(r->inherited_faults, i, fault)
		json_array_append(j->out->blockers, fault);
	json_array_foreach(j->by->unregistered, i, fault)
		block(j, RS_NAME_NOT_REGISTERED, RS_STEP_SAN,
			json_string_value(json_object_get(fault, "pointer")),
			"%s is outside the domains that the enterprise has registered.",
			json_string_value(json_object_get(fault, "name")));
}

void rs_reissue_validity(const struct rs_reissue *request, struct rs_validity *out)
{
	const char *until = json_string_value(json_object_get(request->validity, "not_after"));

	*out = (struct rs_validity){
		.mode = json_string_value(json_object_get(request->validity, "mode")),
		.days = json_integer_value(json_object_get(request->validity, "days")),
	};
	if (until && !rs_time_parse(until, &out->not_after))
		out->not_after = 0;
}

/* What is approved under one revision and issued under a later one must fit both. */
struct rs_limits rs_policy_limits(const struct rs_reissue *request, const struct rs_yardstick *by)
{
	struct rs_limits limits = rs_issue_limits(
		by->newest, by->rules, by->issuer, request->certificate_not_after);

	if (limits.max_days > by->profile->max_days)
		limits.max_days = by->profile->max_days;
	return limits;
}

static void judge_validity(const struct judge *j)
{
	struct rs_limits limits = rs_policy_limits(j->request, j->by);
	enum rs_code rc;

	rs_reissue_validity(j->request, &j->out->validity);
	rc = rs_issue_window(&j->out->validity, &limits, j->by->now, &j->out->window);
	if (rc == RS_ISSUER_EXPIRED)
		block(j, rc, RS_STEP_VALIDITY, "/validity", "The issuing certificate has expired.");
	else if (rc == RS_VALIDITY_PAST)
		block(j, rc, RS_STEP_VALIDITY, "/validity",
			"The validity would end in the past. Choose another one.");
	else if (rc)
		block(j, j->frozen ? RS_PROFILE_CHANGED : rc, RS_STEP_VALIDITY, "/validity",
			"The validity is longer than profile and rule set allow today.");
}

/* Names of the subject that no SAN repeats would be verified by nobody (TLS BR 7.1.4.3, RFC 9495 4). */
static void judge_unrepeated(const struct judge *j, const struct rs_name_policy *policy)
{
	json_t *names = rs_names_unrepeated(
		j->ctx, j->out->names.subject, j->out->names.san, policy);
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
		block(j, RS_DOMAIN_UNVERIFIED, RS_STEP_DOMAINS,
			json_string_value(json_object_get(name, "pointer")),
			"%s stands in the subject only, where nothing verifies it. Add it to the SAN too.",
			json_string_value(json_object_get(name, "name")));
}

static void judge_domains(const struct judge *j)
{
	const struct rs_config *config = j->ctx->app->config;
	const struct rs_name_policy policy = {
		.rules = j->by->rules,
		.extra_tlds = config ? config->names_extra_tlds : NULL,
	};
	struct rs_verify_ask ask;
	json_t *blocker;
	size_t i;

	if (!rs_verify_demanded(j->by->profile))
		return;
	/* Who judges reads the facts first; without them nothing is verified. */
	if (!j->by->verify.loaded) {
		block(j, RS_DOMAIN_UNVERIFIED, RS_STEP_DOMAINS, "/san",
			"What is known of the names has not been read.");
		return;
	}
	ask = rs_policy_verify_ask(j->ctx, j->request, j->by);
	rs_verify_judge(j->ctx, &ask, &j->by->verify, &j->out->verify);
	j->out->domains = j->out->verify.domains;
	json_array_foreach(j->out->verify.blockers, i, blocker) {
		json_object_set_new(blocker, "step", json_string(STEP_NAMES[RS_STEP_DOMAINS]));
		json_array_append(j->out->blockers, blocker);
	}
	judge_unrepeated(j, &policy);
}

bool rs_reissue_agreement_holds(const struct rs_reissue *r)
{
	bool frozen = r->state != RS_RR_DRAFT && r->state != RS_RR_DECLINED;

	return r->agreement_accepted_at && rs_id_eq(&r->agreement_id, &r->wanted_agreement_id) &&
		r->agreement_version >= (frozen ? r->least_version : r->wanted_version);
}

static void judge_agreement(const struct judge *j)
{
	const struct rs_reissue *r = j->request;

	if (!rs_id_set(&r->wanted_agreement_id) || rs_reissue_agreement_holds(r))
		return;
	if (r->agreement_accepted_at)
		block(j, RS_AGREEMENT_OUTDATED, RS_STEP_AGREEMENT, "/agreement",
			"The agreement has a newer version, %lld. Accept that one.",
			(long long)r->wanted_version);
	else
		block(j, RS_AGREEMENT_MISSING, RS_STEP_AGREEMENT, "/agreement",
			"The owner must accept the subscriber agreement.");
}

static bool digest_eq(const struct rs_bytes *a, const struct rs_bytes *b)
{
	return a->data && b->data && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static bool factor_passed(const struct rs_reissue *r)
{
	return r->factor_round == r->round && digest_eq(&r->factor_digest, &r->digest);
}

/* Who approved this round and digest and is not blocked. */
static json_t *approvers(const struct judge *j)
{
	const char *digest = rs_sha256_text(j->ctx->arena, j->request->digest.data);
	json_t *ids = rs_arena_json(j->ctx->arena, json_array());
	size_t i;
	json_t *a;

	json_array_foreach(j->request->approvals, i, a)
		if (json_integer_value(json_object_get(a, "round")) == j->request->round &&
			is(json_string_value(json_object_get(a, "decision")), "approved") &&
			is(json_string_value(json_object_get(a, "digest")), digest) &&
			!is(json_string_value(json_object_get(a, "by_status")), "blocked"))
			json_array_append(ids, json_object_get(json_object_get(a, "by"), "id"));
	return ids;
}

static void judge_facts(const struct judge *j)
{
	const struct rs_profile *profile = j->by->profile;
	struct rs_rr_facts *facts = &j->out->facts;
	bool factor = json_array_size(rs_profile_factors(profile, "reissue")) > 0;
	size_t counted;

	j->out->approvers = approvers(j);
	counted = json_array_size(j->out->approvers);
	facts->factor = factor && (!j->frozen || !factor_passed(j->request));
	facts->vetting = profile->vetting || profile->dual_control;
	facts->second = profile->dual_control && counted == 0;
	if (j->request->state == RS_RR_AUTHENTICATING && facts->factor)
		block(j, RS_SECOND_FACTOR_MISSING, RS_STEP_FACTOR, "/second_factor",
			"The owner must pass the second factor.");
	if (j->request->state == RS_RR_FAILED && facts->vetting &&
		counted < (profile->dual_control ? 2 : 1))
		block(j, RS_APPROVAL_MISSING, RS_STEP_APPROVAL, "/approvals",
			"An approval no longer counts: its officer is blocked. Reopen the request.");
}

static void (*const JUDGES[])(const struct judge *j) = {
	judge_owner,
	judge_certificate,
	judge_profile,
	judge_key,
	judge_names,
	judge_validity,
	judge_domains,
	judge_agreement,
	judge_facts,
};

void rs_policy_judge(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_yardstick *by, struct rs_judgement *out)
{
	const struct judge j = {
		.ctx = ctx,
		.request = request,
		.by = by,
		.out = out,
		.frozen = request->state != RS_RR_DRAFT && request->state != RS_RR_DECLINED,
	};

	*out = (struct rs_judgement){
		.blockers = rs_arena_json(ctx->arena, json_array()),
		.warnings = rs_arena_json(ctx->arena, json_array()),
		.domains = rs_arena_json(ctx->arena, json_array()),
		.facts.intent = request->intent,
	};
	for (size_t i = 0; i < sizeof(JUDGES) / sizeof(JUDGES[0]); i++)
		JUDGES[i](&j);
	/* Nothing hinders what is on its way or has ended. */
	if (!rs_state_open(request->state) || request->state == RS_RR_ISSUING)
		json_array_clear(out->blockers);
	out->facts.blocked = json_array_size(out->blockers) > 0;
}

/* --- steps --- */

static const char *factor_status(const struct rs_reissue *r, const struct rs_judgement *judged,
	const struct rs_profile *profile)
{
	if (json_array_size(rs_profile_factors(profile, "reissue")) == 0)
		return "not_required";
	if (r->state == RS_RR_AUTHENTICATING)
		return "incomplete";
	return judged->facts.factor ? "waiting" : "complete";
}

static const char *approval_status(const struct rs_reissue *r, const struct rs_judgement *judged)
{
	if (!judged->facts.vetting)
		return "not_required";
	switch (r->state) {
	case RS_RR_PENDING:
	case RS_RR_IN_REVIEW:
	case RS_RR_PENDING_DUAL_CONTROL:
		return "incomplete";
	case RS_RR_DECLINED:
		return "blocked";
	case RS_RR_ISSUING:
	case RS_RR_FAILED:
	case RS_RR_ISSUED:
		return "complete";
	default:
		return "waiting";
	}
}

static const char *plain_status(const struct rs_reissue *r, const struct rs_yardstick *by,
	const struct rs_judgement *judged, enum rs_step step)
{
	switch (step) {
	case RS_STEP_DOMAINS:
		if (!rs_verify_demanded(by->profile))
			return "not_required";
		return judged->verify.unverified ? "incomplete" : "complete";
	case RS_STEP_AGREEMENT:
		return rs_id_set(&r->wanted_agreement_id) ? "complete" : "not_required";
	case RS_STEP_MESSAGE:
		return r->message ? "complete" : "not_required";
	case RS_STEP_FACTOR:
		return factor_status(r, judged, by->profile);
	case RS_STEP_APPROVAL:
		return approval_status(r, judged);
	default:
		return "complete";
	}
}

/* The first blocker of a step, or NULL; steps that wait for an input are incomplete, not blocked. */
static const json_t *blocker_of(const struct rs_judgement *judged, enum rs_step step)
{
	size_t i;
	json_t *blocker;

	json_array_foreach(judged->blockers, i, blocker)
		if (is(json_string_value(json_object_get(blocker, "step")), STEP_NAMES[step]))
			return blocker;
	return NULL;
}

static bool waits_for_input(const json_t *blocker)
{
	static const enum rs_code INPUT[] = {RS_KEY_MISSING, RS_DOMAIN_UNVERIFIED,
		RS_AGREEMENT_MISSING, RS_AGREEMENT_OUTDATED, RS_SECOND_FACTOR_MISSING};
	const char *code = json_string_value(json_object_get(blocker, "code"));

	for (size_t i = 0; i < sizeof(INPUT) / sizeof(INPUT[0]); i++)
		if (is(code, rs_code_slug(INPUT[i])))
			return true;
	return false;
}

json_t *rs_policy_steps(const struct rs_reissue *request, const struct rs_yardstick *by,
	const struct rs_judgement *judged)
{
	json_t *steps = json_array();

	for (unsigned step = 0; step < RS_STEP_COUNT; step++) {
		const json_t *blocker = blocker_of(judged, step);
		const char *status = plain_status(request, by, judged, step);
		char count[64];
		const char *detail = NULL;

		if (blocker) {
			status = waits_for_input(blocker) ? "incomplete" : "blocked";
			detail = json_string_value(json_object_get(blocker, "detail"));
		}
		if (step == RS_STEP_DOMAINS && judged->verify.unverified) {
			snprintf(count, sizeof(count), "%d of %zu unverified", judged->verify.unverified,
				json_array_size(judged->domains));
			detail = count;
		}
		json_array_append_new(steps, json_pack("{s:s, s:s, s:s?}", "name", STEP_NAMES[step],
						     "status", status, "detail", detail));
	}
	return steps;
}

json_t *rs_policy_editable(const struct rs_reissue *request, const struct rs_profile *profile)
{
	if (rs_machine_allows(request->state, RS_EV_EDIT))
		return json_deep_copy(profile->editable_fields);
	return json_array();
}
