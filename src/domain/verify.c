/* Verification of a certificate's names: what is known, what it is worth, and the run that renews it. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/names.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)
/* How long after a CAA check a certificate may be signed (TLS BR 3.2.2.8). */
#define CAA_SIGN_US (8 * HOUR_US)

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool rs_verify_demanded(const struct rs_profile *profile)
{
	return is(profile->caa, "required") || is(profile->control, "required");
}

/* --- what is known --- */

/* The names as CAA checks have them: of a mailbox its domain. */
static json_t *checked_names(struct rs_ctx *ctx, const json_t *names)
{
	json_t *out = rs_arena_json(ctx->arena, json_array()), *name;
	struct rs_caa_ask ask;
	size_t i;

	json_array_foreach(names, i, name)
		if (rs_caa_ask_of(name, &ask))
			json_array_append_new(out,
				json_pack("{s:s, s:s, s:b}", "kind", rs_caa_kind_name(ask.kind),
					"name", ask.name, "wildcard", ask.wildcard));
	return out;
}

/* The checks of one name in facts.checks, an array with the newest first; made when it is not there. */
static json_t *checks_of(struct rs_ctx *ctx, const struct rs_verify_facts *facts, const char *kind,
	const char *name, bool wildcard)
{
	const char *key = rs_arena_printf(ctx->arena, "%s %s%s", kind, wildcard ? "*." : "", name);
	json_t *found = json_object_get(facts->checks, key);

	if (!found) {
		found = json_array();
		json_object_set_new(facts->checks, key, found);
	}
	return found;
}

static json_t *checks_like(
	struct rs_ctx *ctx, const struct rs_verify_facts *facts, const json_t *check)
{
	return checks_of(ctx, facts, member(check, "kind"), member(check, "name"),
		json_is_true(json_object_get(check, "wildcard")));
}

enum rs_code rs_verify_load(
	struct rs_ctx *ctx, const struct rs_verify_ask *ask, struct rs_verify_facts *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows = NULL;
	json_t *stored = NULL, *check;
	enum rs_code rc;
	size_t i;

	*out = (struct rs_verify_facts){
		.checks = rs_arena_json(ctx->arena, json_object()), .loaded = true};
	rc = rs_validation_covering(
		ctx, &ask->enterprise_id, ask->names, &out->validations, &out->validation_count);
	if (rc || !rs_id_set(&ask->request_id))
		return rc;
	rs_p_id(&p, &ask->request_id);
	rs_p_json(&p, checked_names(ctx, ask->names));
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_verify_state, &p, &rows);
	if (rc)
		return rc;
	out->running = rs_row_bool(rows, 0, "running");
	if (rs_row_text(rows, 0, "checks"))
		stored = rs_arena_json(
			ctx->arena, json_loads(rs_row_text(rows, 0, "checks"), 0, NULL));
	json_array_foreach(stored, i, check)
		json_array_append(checks_like(ctx, out, check), check);
	return RS_OK;
}

/* --- what it is worth --- */

/* The judgement of one name in the making. */
struct look {
	struct rs_ctx *ctx;
	const struct rs_verify_ask *ask;
	const struct rs_verify_facts *facts;
	const json_t *name;
	const struct rs_validation *proof; /* the best one, valid or not; or NULL */
	const char *control;               /* control.status */
	int64_t control_until;
	const char *caa;                   /* caa.status */
	const json_t *check;               /* the newest one that counts, or NULL */
	int64_t checked_at;
};

static bool accepted(const struct look *l, const struct rs_validation *v)
{
	return json_array_size(l->ask->profile->control_methods) == 0 ||
		rs_profile_has(l->ask->profile->control_methods, v->method);
}

/* Whether control was proven, be it long ago: how long that counts is the profile's affair. */
static bool was_proven(const struct rs_validation *v)
{
	return is(v->status, "valid") || (is(v->status, "expired") && v->validated_at);
}

/* none < invalid < expired < pending < valid. */
static int worth(const struct look *l, const struct rs_validation *v, int64_t *until)
{
	*until = 0;
	if (is(v->status, "pending"))
		return 3;
	if (is(v->status, "invalid"))
		return 1;
	if (!was_proven(v))
		return 2;
	*until = rs_validation_until(l->ctx, v, l->ask->rules, l->ask->profile);
	return *until > l->ask->now ? 4 : 2;
}

static void judge_control(struct look *l)
{
	static const char *const STATUS[] = {"none", "invalid", "expired", "pending", "valid"};
	int best = 0;

	for (size_t i = 0; i < l->facts->validation_count; i++) {
		const struct rs_validation *v = &l->facts->validations[i];
		int64_t until;
		int now;

		if (!accepted(l, v) || !rs_validation_covers(v, l->name))
			continue;
		now = worth(l, v, &until);
		if (now > best || (now == 4 && until > l->control_until)) {
			best = now;
			l->proof = v;
			l->control_until = until;
		}
	}
	l->control = is(l->ask->profile->control, "required") ? STATUS[best] : "not_required";
}

/* Whether the rule set lets CAA speak of this kind of name. */
static bool caa_applies(const struct look *l)
{
	const char *kind = member(l->name, "kind");

	if (!is(l->ask->profile->caa, "required"))
		return false;
	if (is(l->ask->rules->caa, "issue"))
		return is(kind, "dns");
	if (is(l->ask->rules->caa, "issuemail"))
		return is(kind, "mail");
	return true;
}

/* The ask of a name as things stand; false when CAA does not speak of it. */
static bool ask_of(const struct look *l, struct rs_caa_ask *ask)
{
	const struct rs_dcv_method *method = NULL;

	if (!caa_applies(l) || !rs_caa_ask_of(l->name, ask))
		return false;
	ask->issuers = l->ctx->app->config->caa_issuer_domains;
	ask->account_uri = rs_account_uri(l->ctx, &l->ask->enterprise_id);
	if (l->proof && was_proven(l->proof))
		method = rs_method_for(l->proof->method, l->proof->identifier_type);
	if (method && method->caa_labels[0])
		ask->methods = method->caa_labels;
	return true;
}

static int64_t time_of(const json_t *object, const char *name)
{
	int64_t us = 0;
	const char *text = member(object, name);

	if (text && !rs_time_parse(text, &us))
		us = 0;
	return us;
}

/* The newest check of this name, whatever its basis, and whether one has this basis. */
static const json_t *check_of(const struct look *l, const struct rs_caa_ask *ask, bool *same)
{
	json_t *checks = checks_of(
		l->ctx, l->facts, rs_caa_kind_name(ask->kind), ask->name, ask->wildcard);
	json_t *basis = rs_arena_json(l->ctx->arena, rs_caa_basis(ask)), *check;
	size_t i;

	*same = false;
	json_array_foreach(checks, i, check) {
		*same = json_equal(json_object_get(check, "basis"), basis);
		if (*same)
			return check;
	}
	return json_array_get(checks, 0);
}

static void judge_caa(struct look *l)
{
	int64_t recheck = l->ctx->app->config->caa_recheck_seconds;
	struct rs_caa_ask ask = {0};
	bool same;

	l->caa = "not_required";
	if (!ask_of(l, &ask))
		return;
	l->check = check_of(l, &ask, &same);
	l->caa = "unchecked";
	if (!l->check)
		return;
	l->checked_at = time_of(l->check, "checked_at");
	if (!same || rs_caa_valid_until(l->checked_at, recheck) <= l->ask->now ||
		l->checked_at > l->ask->now + HOUR_US)
		l->caa = "stale";
	else
		l->caa = member(l->check, "result");
}

/* verified, failed, expired, verifying, unverified. */
static const char *status_of(const struct look *l)
{
	bool control = is(l->control, "valid") || is(l->control, "not_required");
	bool caa = is(l->caa, "permitted") || is(l->caa, "not_required");

	if (l->facts->running)
		return "verifying";
	if (control && caa)
		return "verified";
	if (is(l->caa, "forbidden") || is(l->caa, "error") || is(l->control, "invalid"))
		return "failed";
	if (is(l->control, "expired") || (control && is(l->caa, "stale")))
		return "expired";
	return "unverified";
}

/* A copy of a member of the check, or null without one. */
static json_t *of_check(const struct look *l, const char *name)
{
	json_t *value = l->check ? json_object_get(l->check, name) : NULL;

	return value ? json_incref(value) : json_null();
}

static json_t *show(const struct look *l, const char *status)
{
	const char *kind = member(l->name, "kind");
	bool shown = l->proof && !is(l->control, "not_required");

	return json_pack("{s:s, s:O, s:O, s:s, s:O, s:{s:s, s:s?, s:o}, s:{s:s, s:o, s:o, s:o, s:o}}",
		"kind", is(kind, "mail") ? "email" : kind, "name", json_object_get(l->name, "name"),
		"wildcard", json_object_get(l->name, "wildcard"), "status", status, "methods",
		l->ask->profile->control_methods, "control", "status", l->control, "validation_id",
		shown ? l->proof->id.s : NULL, "valid_until", rs_json_time(shown ? l->control_until : 0),
		"caa", "status", l->caa, "code", of_check(l, "code"), "check_id", of_check(l, "id"),
		"found_at", of_check(l, "found_at"), "checked_at", of_check(l, "checked_at"));
}

/* What stands in the way of a name: the code and the sentence, or NULL. */
static json_t *blocker_of(const struct look *l)
{
	const char *name = member(l->name, "name");
	const char *code = rs_code_slug(RS_DOMAIN_UNVERIFIED), *detail = NULL;

	if (is(l->caa, "forbidden") || is(l->caa, "error")) {
		code = member(l->check, "code");
		detail = rs_arena_printf(l->ctx->arena, "%s: %s", name,
			member(l->check, "detail") ? member(l->check, "detail") : "CAA does not permit it.");
	} else if (!is(l->control, "valid") && !is(l->control, "not_required")) {
		detail = rs_arena_printf(l->ctx->arena, "Control of %s is not proven (%s). Make a domain "
			"validation and press Verify.", name, l->control);
	} else if (is(l->caa, "unchecked")) {
		detail = rs_arena_printf(l->ctx->arena,
			"The CAA records of %s have not been looked up. Press Verify.", name);
	}
	return detail ? json_pack("{s:s, s:s, s:O}", "code", code, "detail", detail, "pointer",
				json_object_get(l->name, "pointer"))
		      : NULL;
}

static void earlier(int64_t *until, int64_t other)
{
	if (other && (!*until || other < *until))
		*until = other;
}

static void judge_name(struct look *l, struct rs_verify_verdict *out)
{
	const char *status;
	json_t *blocker;

	judge_control(l);
	judge_caa(l);
	status = status_of(l);
	json_array_append_new(out->domains, show(l, status));
	out->unverified += !is(status, "verified");
	blocker = blocker_of(l);
	if (blocker)
		json_array_append_new(out->blockers, blocker);
	if (is(l->caa, "stale") || is(l->caa, "unchecked"))
		out->stale = true;
	if (is(l->control, "valid")) {
		earlier(&out->evidence_until, l->control_until);
		json_array_append_new(out->validations, json_string(l->proof->id.s));
	}
	if (is(l->caa, "permitted"))
		earlier(&out->evidence_until, l->checked_at + CAA_SIGN_US);
}

void rs_verify_judge(struct rs_ctx *ctx, const struct rs_verify_ask *ask,
	const struct rs_verify_facts *facts, struct rs_verify_verdict *out)
{
	size_t i;
	json_t *name;

	*out = (struct rs_verify_verdict){
		.domains = rs_arena_json(ctx->arena, json_array()),
		.blockers = rs_arena_json(ctx->arena, json_array()),
		.validations = rs_arena_json(ctx->arena, json_array()),
	};
	if (!facts->loaded)
		return;
	json_array_foreach(ask->names, i, name) {
		struct look l = {.ctx = ctx, .ask = ask, .facts = facts, .name = name};

		judge_name(&l, out);
	}
}

/* --- the run --- */

/* The CAA asks that need the network: all of them, or those without a fresh check. */
static size_t asks_of(struct rs_ctx *ctx, const struct rs_verify_ask *ask, enum rs_verify_mode mode,
	const struct rs_verify_facts *facts, struct rs_caa_outcome *outcomes)
{
	size_t i, count = 0;
	json_t *name;

	json_array_foreach(ask->names, i, name) {
		struct look l = {.ctx = ctx, .ask = ask, .facts = facts, .name = name};
		struct rs_caa_outcome *o = &outcomes[count];

		judge_control(&l);
		judge_caa(&l);
		if (mode == RS_VERIFY_STALE && !is(l.caa, "stale") && !is(l.caa, "unchecked"))
			continue;
		*o = (struct rs_caa_outcome){.domain = name};
		count += ask_of(&l, &o->ask);
	}
	return count;
}

struct storing {
	const struct rs_verify_ask *ask;
	enum rs_verify_mode mode;
	json_t *rows;
	struct rs_caa_reports reports;
};

static enum rs_code touch(struct rs_ctx *ctx, struct rs_tx *tx, const struct storing *s)
{
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {
		.action = "reissue_request.verified",
		.object_type = "reissue_request",
		.object = s->ask->request_id,
		.enterprise = s->ask->enterprise_id,
		.after = rs_arena_json(ctx->arena, json_array()),
	};
	enum rs_code rc;
	size_t i;
	json_t *row;

	json_array_foreach(s->rows, i, row)
		json_array_append_new(event.after,
			json_pack("{s:O, s:O, s:O, s:O}", "name", json_object_get(row, "name"),
				"wildcard", json_object_get(row, "wildcard"), "code",
				json_object_get(row, "code"), "check_id",
				json_object_get(row, "id")));
	rc = rs_audit(ctx, tx, &event);
	if (rc || s->mode == RS_VERIFY_STALE)
		return rc;
	rs_p_id(&p, &s->ask->request_id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_tx_run(ctx, tx, RS_Q_verify_touch, &p, NULL);
}

static enum rs_code store(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct storing *s = arg;
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &s->ask->enterprise_id);
	rs_p_id(&p, &s->ask->request_id);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_json(&p, s->rows);
	rc = rs_tx_run(ctx, tx, RS_Q_caa_check_insert, &p, NULL);
	if (rc || !rs_id_set(&s->ask->request_id))
		return rc;
	rc = rs_caa_reports_put(ctx, tx, &s->ask->enterprise_id, &s->ask->request_id, &s->reports);
	return rc ? rc : touch(ctx, tx, s);
}

/* What facts.checks would hold after the rows were stored: for an enrolment nothing is read back. */
static void remember(struct rs_ctx *ctx, const struct rs_verify_facts *facts, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		json_array_insert(checks_like(ctx, facts, row), 0, row);
}

/* CAA is judged for the method that proved control, so anew once control is known. */
static void ask_again(struct rs_ctx *ctx, const struct rs_verify_ask *ask,
	const struct rs_verify_facts *facts, struct rs_caa_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct look l = {
			.ctx = ctx, .ask = ask, .facts = facts, .name = outcomes[i].domain};

		judge_control(&l);
		if (!ask_of(&l, &outcomes[i].ask))
			abort(); /* it was asked before */
	}
}

static enum rs_code keep(struct rs_ctx *ctx, struct storing *s,
	const struct rs_caa_outcome *outcomes, size_t count, struct rs_verify_facts *facts)
{
	enum rs_code rc;

	for (size_t i = 0; i < count; i++) {
		struct rs_id id = rs_id_new(outcomes[i].checked_at);

		json_array_append_new(s->rows,
			rs_caa_row(&outcomes[i], &id, ctx->app->config->caa_recheck_seconds));
	}
	if (rs_id_set(&s->ask->request_id))
		rs_caa_reports_plan(ctx, &s->ask->enterprise_id, outcomes, count, &s->reports);
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store, s);
	if (!rc)
		remember(ctx, facts, s->rows);
	return rc;
}

enum rs_code rs_verify_run(struct rs_ctx *ctx, const struct rs_verify_ask *ask,
	enum rs_verify_mode mode, struct rs_verify_facts *facts)
{
	struct rs_caa_outcome *outcomes =
		rs_new_array(ctx->arena, struct rs_caa_outcome, json_array_size(ask->names) + 1);
	struct storing s = {
		.ask = ask, .mode = mode, .rows = rs_arena_json(ctx->arena, json_array())};
	bool control = mode == RS_VERIFY_ALL && is(ask->profile->control, "required");
	int deadline = rs_dns_deadline(ctx);
	struct rs_looking looking = {0};
	struct rs_attempts *attempts;
	enum rs_code rc = facts->loaded ? RS_OK : rs_verify_load(ctx, ask, facts);
	size_t count;

	if (rc)
		return rc;
	count = asks_of(ctx, ask, mode, facts, outcomes);
	rc = rs_caa_plan(ctx, outcomes, count, &looking);
	if (rc)
		return rc;
	/* TXT, files and CAA at once: none waits for the others, and all end at the deadline. */
	attempts = rs_attempts_begin(
		ctx, facts->validations, control ? facts->validation_count : 0, &looking, deadline);
	rc = rs_looking_run(ctx, &looking, deadline);
	rs_attempts_wait(attempts);
	if (!rc)
		rc = rs_attempts_record(ctx, attempts, &looking);
	if (rc)
		return rc;
	ask_again(ctx, ask, facts, outcomes, count);
	rs_caa_conclude(ctx, outcomes, count, &looking);
	return keep(ctx, &s, outcomes, count, facts);
}
