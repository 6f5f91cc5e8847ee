/* A request as the API shows it. */
#include "impl.h"

#include "rs/factor.h"

static json_t *person(const struct rs_id *id, const char *name)
{
	if (!rs_id_set(id))
		return json_null();
	return json_pack("{s:s, s:s}", "id", id->s, "name", name ? name : "");
}

static json_t *digest_or_null(struct rs_ctx *ctx, const struct rs_bytes *digest)
{
	return digest->data ? json_string(rs_sha256_text(ctx->arena, digest->data)) : json_null();
}

json_t *rs_reissue_key_json(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	json_t *key;

	if (!r->key)
		return json_null();
	key = json_copy(r->key);
	json_object_set_new(key, "spki_sha256", digest_or_null(ctx, &r->spki_sha256));
	return key;
}

/* When it would end if it were issued now; when it ends, once it is; nothing of what never will. */
static json_t *validity(const struct rs_case *c)
{
	const struct rs_reissue *r = &c->request;
	bool open = rs_state_open(r->state);
	json_t *out = json_copy(r->validity);

	json_object_set_new(out, "effective_not_after",
		rs_json_time(open ? c->judged.window.not_after : r->issued_not_after));
	json_object_set_new(out, "max_not_after",
		rs_json_time(open ? c->judged.window.max_not_after : 0));
	return out;
}

/* What was accepted while it holds, else what is to be accepted. */
static json_t *agreement(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	bool required = rs_id_set(&r->wanted_agreement_id);
	bool holds = required && rs_reissue_agreement_holds(r);
	const struct rs_id *id = holds ? &r->agreement_id : &r->wanted_agreement_id;
	int64_t version = holds ? r->agreement_version : r->wanted_version;

	return json_pack("{s:b, s:s?, s:o, s:s?, s:o, s:o, s:o}", "required", required,
		"agreement_id", required ? id->s : NULL, "version",
		required ? json_integer(version) : json_null(), "language",
		holds ? r->agreement_language : r->wanted_language, "sha256",
		digest_or_null(ctx, holds ? &r->agreement_sha256 : &r->wanted_sha256),
		"accepted_at", rs_json_time(holds ? r->agreement_accepted_at : 0), "accepted_by",
		holds ? person(&r->accepted_by, r->accepted_name) : json_null());
}

/* How the factor of this round stands. */
static const char *factor_status(const struct rs_case *c, bool required)
{
	const struct rs_reissue *r = &c->request;
	const char *status = r->challenge_status;
	bool ended;

	if (!required)
		return "not_required";
	if (!c->judged.facts.factor)
		return "passed";
	if (r->state != RS_RR_AUTHENTICATING || !status)
		return "not_started";
	ended = strcmp(status, "locked") == 0 || strcmp(status, "rejected") == 0 ||
		strcmp(status, "expired") == 0 || strcmp(status, "delivery_failed") == 0;
	if (ended || (r->challenge_expires_at && r->challenge_expires_at <= c->by.now &&
			     strcmp(status, "cancelled") != 0))
		return "failed";
	return strcmp(status, "cancelled") == 0 || strcmp(status, "invalidated") == 0 ||
			strcmp(status, "superseded") == 0
		? "not_started"
		: "pending";
}

/* Whether the factor may still be asked for, so that it matters what the owner could use. */
static bool undecided(const struct rs_case *c)
{
	switch (c->request.state) {
	case RS_RR_DRAFT:
	case RS_RR_DECLINED:
	case RS_RR_AUTHENTICATING:
		return c->judged.facts.factor;
	default:
		return false;
	}
}

static json_t *options_of(struct rs_ctx *ctx, const struct rs_case *c, const json_t *factors)
{
	struct rs_subject subject;
	enum rs_code rc;

	if (!undecided(c))
		return rs_factor_options(ctx, NULL, factors, RS_WRONG_STATE);
	rc = rs_subject_load(ctx, &c->request.owner_id, &subject);
	if (rc) { /* the request is shown all the same */
		rs_err_reset(&ctx->err);
		return rs_factor_options(ctx, NULL, factors, RS_UNAVAILABLE);
	}
	return rs_factor_options(ctx, &subject, factors, RS_OK);
}

static json_t *second_factor(struct rs_ctx *ctx, const struct rs_case *c)
{
	const json_t *factors = rs_profile_factors(c->by.profile, "reissue");
	bool required = json_array_size(factors) > 0;
	const struct rs_id *challenge = &c->request.challenge_id;

	return json_pack("{s:b, s:s, s:s?, s:o}", "required", required, "status",
		factor_status(c, required), "challenge_id",
		required && rs_id_set(challenge) ? challenge->s : NULL, "options",
		required ? options_of(ctx, c, factors) : json_array());
}

json_t *rs_reissue_previous_json(const struct rs_case *c)
{
	struct rs_previous p = rs_reissue_previous(&c->request, c->by.profile, c->by.now);

	if (!rs_state_open(c->request.state)) {
		p.action = c->request.previous_action;
		p.due_at = c->request.previous_due_at;
		p.reason = strcmp(p.action, "keep") == 0		? NULL
			: strcmp(p.action, "revoke_on_submit") == 0 ? "keyCompromise"
								    : "superseded";
	}
	return json_pack("{s:s, s:s?, s:o}", "action", p.action, "reason", p.reason, "due_at",
		rs_json_time(p.due_at));
}

/* by_status only serves the judgement. */
static json_t *approvals(const struct rs_reissue *r)
{
	json_t *out = json_deep_copy(r->approvals), *one;
	size_t i;

	json_array_foreach(out, i, one)
		json_object_del(one, "by_status");
	return out;
}

static void put_details(struct rs_case *c, unsigned parts, json_t *out)
{
	if (parts & RS_PART_STEPS)
		json_object_set_new(
			out, "steps", rs_policy_steps(&c->request, &c->by, &c->judged));
	if (parts & RS_PART_BLOCKERS)
		json_object_set(out, "blockers", c->judged.blockers);
	if (parts & RS_PART_DOMAINS)
		json_object_set(out, "domains", c->judged.domains);
	if (parts & RS_PART_APPROVALS)
		json_object_set_new(out, "approvals", approvals(&c->request));
	if (parts & RS_PART_CHECKS)
		json_object_set_new(out, "checks", json_loads(c->request.checks, 0, NULL));
}

json_t *rs_reissue_render(struct rs_ctx *ctx, struct rs_case *c, unsigned parts)
{
	struct rs_reissue *r = &c->request;
	json_t *out = rs_json_write(rs_reissue_row, r), *unavailable;
	bool ends = rs_machine_allows(r->state, RS_EV_EXPIRE);

	json_object_set_new(out, "owner", person(&r->owner_id, r->owner_name));
	json_object_set_new(out, "requested_by", person(&r->requested_by, r->requested_name));
	json_object_set_new(out, "submitted_by", person(&r->submitted_by, r->submitted_name));
	json_object_set_new(out, "reviewer", person(&r->reviewer_id, r->reviewer_name));
	json_object_set_new(out, "key", rs_reissue_key_json(ctx, r));
	json_object_set_new(out, "validity", validity(c));
	json_object_set_new(out, "agreement", agreement(ctx, r));
	json_object_set_new(out, "second_factor", second_factor(ctx, c));
	json_object_set_new(out, "previous_certificate", rs_reissue_previous_json(c));
	json_object_set_new(out, "editable_fields", rs_policy_editable(r, c->by.profile));
	json_object_set_new(out, "allowed_actions",
		rs_policy_actions(ctx, r, c->by.profile, &unavailable));
	json_object_set_new(out, "unavailable_actions", unavailable);
	json_object_set_new(out, "notes",
		c->by.profile->notes ? json_incref(c->by.profile->notes) : json_object());
	json_object_set_new(out, "expires_at", ends ? rs_json_time(r->expires_at) : json_null());
	put_details(c, parts, out);
	return out;
}

enum rs_code rs_reissue_json(struct rs_ctx *ctx, struct rs_reissue *request, json_t **out)
{
	struct rs_case c = {.request = *request};
	enum rs_code rc = rs_policy_yardstick(ctx, request, &c.by);

	if (!rc)
		rc = rs_policy_facts(ctx, request, &c.by);
	if (rc)
		return rc;
	rs_policy_judge(ctx, &c.request, &c.by, &c.judged);
	*out = rs_reissue_render(ctx, &c, RS_PARTS_ALL);
	return RS_OK;
}

enum rs_code rs_reissue_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_reissue *out)
{
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	*out = c.request;
	return rc;
}
