/* A new request from a certificate. */
#include "impl.h"

#include "rs/config.h"
#include "rs/names.h"

/* What the old certificate holds and we cannot carry: blockers until that part is written anew. */
static json_t *inherited_faults(struct rs_ctx *ctx, const json_t *unsupported)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());
	json_t *item;
	size_t i;

	json_array_foreach(unsupported, i, item) {
		const char *name = json_string_value(item);
		const char *detail;
		bool san;

		if (!name)
			name = json_string_value(json_object_get(item, "name"));
		detail = json_string_value(json_object_get(item, "detail"));
		san = name && strncmp(name, "subject", 7) != 0;
		json_array_append_new(out,
			json_pack("{s:s, s:s, s:o, s:s}", "code",
				rs_code_slug(RS_UNSUPPORTED_ATTRIBUTE), "step",
				san ? "san" : "subject", "detail",
				json_sprintf("The old certificate holds a name that cannot be carried "
					     "over (%s). Write the names you want.",
					detail ? detail : name ? name : "unknown"),
				"pointer", san ? "/san" : "/subject"));
	}
	return out;
}

static void inherit(struct rs_ctx *ctx, struct rs_case *c, const struct rs_certificate *old)
{
	const struct rs_config *config = ctx->app->config;
	const struct rs_name_policy policy = {
		.rules = c->by.rules,
		.extra_tlds = config ? config->names_extra_tlds : NULL,
	};
	struct rs_reissue *r = &c->request;
	struct rs_names names;

	rs_names_normalise(ctx, old->subject, old->san, &policy, "", &names);
	r->subject = names.subject;
	r->san = names.san;
	r->inherited_faults = inherited_faults(ctx, old->unsupported);
	r->validity = rs_reissue_default_validity(ctx, r, c->by.now);
}

static void start(struct rs_ctx *ctx, struct rs_case *c, const struct rs_certificate *old)
{
	struct rs_reissue *r = &c->request;

	*r = (struct rs_reissue){
		.id = rs_id_new(c->by.now),
		.status = rs_state_name(RS_RR_DRAFT),
		.state = RS_RR_DRAFT,
		.round = 1,
		.category = old->category,
		.certificate_id = old->id,
		.lineage_id = old->lineage_id,
		.enterprise_id = old->enterprise_id,
		.profile_id = old->profile_id,
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the yardstick is always whole */
		.profile_revision = c->by.newest->revision,
		.newest_revision = c->by.newest->revision,
		.owner_id = old->owner_id,
		.requested_by = ctx->actor.id,
		.checks = "[]",
		.ignored = rs_arena_json(ctx->arena, json_array()),
		.certificate_status = old->status,
		.certificate_source = old->source,
		.certificate_not_after = old->not_after,
		.certificate_sha256 = old->fingerprint_sha256,
		.certificate_spki_sha256 = old->spki_sha256,
		.certificate_replaced = rs_id_set(&old->replaced_by_id),
		.created_at = c->by.now,
		.status_changed_at = c->by.now,
	};
	inherit(ctx, c, old);
	rs_case_move(c, RS_RR_DRAFT);
}

/* Eligible: issued and revoked, expired where the profile adds it; suspended never. */
static enum rs_code judge_eligible(
	struct rs_ctx *ctx, const struct rs_case *c, const char *state)
{
	const struct rs_reissue *r = &c->request;

	if (strcmp(state, "suspended") == 0)
		return rs_fail(ctx, RS_CERTIFICATE_SUSPENDED,
			"The certificate is suspended. Release or revoke it first.");
	if (!rs_profile_has(c->by.profile->eligible, state))
		return rs_fail(ctx, RS_NOT_ELIGIBLE,
			"The profile \"%s\" does not reissue certificates that are %s.",
			c->by.profile->name, state);
	if (r->certificate_replaced && !c->by.profile->repeat)
		return rs_fail(ctx, RS_NOT_ELIGIBLE,
			"The certificate has been reissued already, and its profile allows it once.");
	if (!c->by.profile->active)
		return rs_fail(ctx, RS_PROFILE_INACTIVE, "The profile \"%s\" is switched off.",
			c->by.profile->name);
	return RS_OK;
}

static enum rs_code eligible(struct rs_ctx *ctx, const struct rs_case *c)
{
	const char *state = rs_reissue_eligible_state(&c->request, c->by.now);
	enum rs_code rc = judge_eligible(ctx, c, state);

	if (rc)
		rs_err_ext(ctx, "current_status", json_string(state));
	return rc;
}

static struct rs_params create_params(struct rs_ctx *ctx, const struct rs_reissue *r,
	const struct rs_change *change, const json_t *events)
{
	struct rs_params p = rs_params(ctx);
	char now[32];

	rs_time_format(r->created_at, now);
	rs_p_id(&p, &r->id);
	rs_p_id(&p, &r->enterprise_id);
	rs_p_id(&p, &r->certificate_id);
	rs_p_id(&p, &r->lineage_id);
	rs_p_id(&p, &r->profile_id);
	rs_p_int(&p, r->profile_revision);
	rs_p_text(&p, r->category);
	rs_p_id(&p, &r->owner_id);
	rs_p_id(&p, &r->requested_by);
	rs_p_bool(&p, ctx->actor.kind == RS_ACTOR_CLIENT);
	rs_p_text(&p, r->reason);
	rs_p_json(&p, r->subject);
	rs_p_json(&p, r->san);
	rs_p_json(&p, r->validity);
	rs_p_text(&p, rs_names_common_name(r->subject) ? rs_names_common_name(r->subject) : "");
	rs_p_text(&p, rs_names_search_text(ctx, r->subject, r->san));
	rs_p_text(&p, r->message);
	rs_p_bytes(&p, change->csr.data, change->csr.len);
	rs_p_bytes(&p, r->spki_der.data, r->spki_der.len);
	rs_p_bytes(&p, r->spki_sha256.data, r->spki_sha256.len);
	rs_p_json(&p, r->key);
	rs_p_text(&p, r->checks);
	rs_p_json(&p, r->ignored);
	rs_p_json(&p, r->inherited_faults);
	rs_p_bytes(&p, r->digest.data, r->digest.len);
	rs_p_text(&p, r->previous_action);
	rs_p_time(&p, r->created_at);
	rs_p_time(&p, r->expires_at);
	rs_p_text(&p, rs_arena_printf(ctx->arena, "RR-%.4s-", now));
	rs_p_json(&p, events);
	rs_p_idem(&p);
	return p;
}

void rs_reissue_conflicting(struct rs_ctx *ctx, const char *id, const char *status)
{
	const struct rs_config *config = ctx->app->config;

	rs_err_ext(ctx, "conflicting_resource",
		json_pack("{s:s, s:s, s:o, s:s}", "type", "reissue_request", "id", id, "url",
			json_sprintf("%s/v1/reissue-requests/%s",
				config ? config->server_public_url : "", id),
			"status", status));
}

/* One open request a certificate: names it, and lets go the key that r, which was not made, claimed. */
static enum rs_code already_open(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *open;
	enum rs_code rc;

	rs_p_id(&p, &r->certificate_id);
	rs_p_bytes(&p, r->spki_sha256.data, r->spki_sha256.len);
	rs_p_id(&p, &r->id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_reissue_open_of, &p, &open);
	if (rc == RS_NOT_FOUND)
		return rs_fail(ctx, RS_CONFLICT, "The state changed meanwhile. Try again.");
	if (rc)
		return rc;
	rs_fail(ctx, RS_REISSUE_ALREADY_OPEN,
		"%s is open for this certificate; go on there or cancel it.",
		rs_row_text(open, 0, "number"));
	rs_reissue_conflicting(ctx, rs_row_text(open, 0, "id"), rs_row_text(open, 0, "status"));
	return RS_REISSUE_ALREADY_OPEN;
}

/* Nothing was inserted: why? */
static enum rs_code refused(struct rs_ctx *ctx, const struct rs_reissue *r,
	const struct rs_rows *rows)
{
	const char *owner = rs_row_text(rows, 0, "owner_status");
	const char *claim = rs_row_text(rows, 0, "claim");

	if (strcmp(owner, "suspended") == 0)
		return rs_fail(ctx, RS_OWNER_SUSPENDED,
			"The owner is suspended: no new requests until that is lifted.");
	if (strcmp(owner, "blocked") == 0)
		return rs_fail(ctx, RS_OWNER_BLOCKED, "The owner is blocked.");
	if (claim && strcmp(claim, "ok") != 0)
		return rs_reissue_key_refused(ctx, claim);
	return already_open(ctx, r);
}

static enum rs_code insert(
	struct rs_ctx *ctx, const struct rs_reissue *r, const struct rs_change *change)
{
	struct rs_event event = rs_reissue_event_of(r, "reissue_request.created");
	struct rs_rows *rows;
	struct rs_params p;
	enum rs_code rc;

	event.to = r->status;
	event.detail = r->reason;
	event.after = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:O, s:O, s:O, s:s?}", "certificate_id", r->certificate_id.s,
			"subject", r->subject, "san", r->san, "validity", r->validity,
			"spki_sha256",
			r->spki_sha256.data ? rs_sha256_text(ctx->arena, r->spki_sha256.data)
					    : NULL));
	p = create_params(ctx, r, change,
		rs_arena_json(ctx->arena, json_pack("[O]", rs_audit_row(ctx, &event))));
	rc = rs_commit(ctx, RS_Q_reissue_create, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0 || !rs_row_text(rows, 0, "number"))
		return refused(ctx, r, rows);
	return RS_OK;
}

/* The certificate the caller may start from, and the yardstick of its profile. */
static enum rs_code begin(struct rs_ctx *ctx, const struct rs_id *certificate_id,
	struct rs_case *c)
{
	struct rs_certificate old;
	enum rs_code rc = rs_certificate_get(ctx, certificate_id, &old);

	if (!rc)
		rc = rs_may_act(ctx, "reissue.create", &old.owner_id, &old.enterprise_id);
	if (rc)
		return rc;
	c->request = (struct rs_reissue){.profile_id = old.profile_id};
	rc = rs_policy_yardstick(ctx, &c->request, &c->by);
	if (rc)
		return rc;
	start(ctx, c, &old);
	rc = eligible(ctx, c);
	/* The insert looks again; here so that it comes before whatever is wrong with the content. */
	if (!rc && rs_id_set(&old.open_request_id))
		rc = already_open(ctx, &c->request);
	return rc;
}

/* Whether the agreement can be accepted: what cannot must not leave a draft behind. */
static enum rs_code check_agreement(struct rs_ctx *ctx, const struct rs_case *c, json_t *agreement)
{
	struct rs_case draft = *c;
	struct rs_reissue *r = &draft.request;
	const struct rs_id *wanted = &c->by.newest->agreement_id;
	struct rs_agreement text;
	enum rs_code rc = rs_policy_may(ctx, r, c->by.profile, RS_ACTION_ACCEPT);

	if (!rc && rs_id_set(wanted)) {
		rc = rs_agreement_get(ctx, wanted, 0, NULL, NULL, &text);
		r->wanted_agreement_id = *wanted;
		r->wanted_version = text.version;
		r->wanted_language = text.language;
		r->wanted_sha256 = text.sha256;
	}
	return rc ? rc : rs_reissue_take_agreement(ctx, &draft, agreement, "/agreement");
}

/* The content and the key; what is wrong with either is told together. */
static enum rs_code take(struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input,
	struct rs_change *change)
{
	enum rs_code rc = RS_OK;
	json_t *faults;
	bool same;

	rs_reissue_take_content(ctx, c, input);
	faults = rs_faults_take(ctx);
	if (input->csr)
		rc = rs_reissue_take_csr(
			ctx, c, input->csr, strlen(input->csr), change, &same);
	if (rc && rs_code_status(rc) != 422)
		return rc;
	return rs_faults_with(ctx, faults, rc);
}

enum rs_code rs_reissue_create(struct rs_ctx *ctx, const struct rs_reissue_input *input,
	struct rs_reissue *out)
{
	struct rs_case c = {0};
	struct rs_change change = {0};
	enum rs_code rc = begin(ctx, &input->certificate_id, &c);

	if (rc)
		return rc;
	rc = take(ctx, &c, input, &change);
	if (!rc && (input->san || input->subject))
		rc = rs_domain_covers(ctx, &c.request.enterprise_id, c.request.san);
	if (!rc && input->agreement)
		rc = check_agreement(ctx, &c, input->agreement);
	if (rc)
		return rc;
	c.request.previous_action = rs_reissue_previous(&c.request, c.by.profile, c.by.now).action;
	rs_case_content(ctx, &c);
	rc = insert(ctx, &c.request, &change);
	if (rc)
		return rc;
	if (input->agreement)
		return rs_reissue_accept(ctx, &c.request.id, -1, input->agreement, "/agreement", out);
	return rs_case_read(ctx, RS_REACH_CALLER, &c.request.id, out);
}
