/* PATCH, acceptance of the agreement, and what an edit does to a round. */
#include "impl.h"

/* An edit ends the round of a declined request: a new one begins in draft. */
void rs_case_edited(struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change,
	const char *action)
{
	struct rs_reissue *r = &c->request;
	const struct rs_transition *row = rs_machine_next(r->state, RS_EV_EDIT, &c->judged.facts);

	change->action = action;
	if (row->to != r->state) {
		change->from = r->status;
		r->round++;
		r->declined = NULL;
		r->reviewer_id = (struct rs_id){""};
	}
	rs_case_move(c, row->to);
	rs_case_content(ctx, c);
	change->after = rs_arena_json(ctx->arena,
		json_pack("{s:O, s:O, s:O, s:s?, s:s}", "subject", r->subject, "san", r->san,
			"validity", r->validity, "spki_sha256",
			r->spki_sha256.data ? rs_sha256_text(ctx->arena, r->spki_sha256.data) : NULL,
			"reason", r->reason));
}

static json_t *content_of(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	return rs_arena_json(ctx->arena, json_pack("{s:O, s:O, s:O, s:s}", "subject", r->subject, "san",
						 r->san, "validity", r->validity, "reason",
						 r->reason));
}

/* An officer moves the day on which the previous certificate is revoked. */
static enum rs_code postpone(struct rs_ctx *ctx, struct rs_case *c, json_t *previous)
{
	struct {
		int64_t due_at;
	} in = {0};
	const struct rs_field fields[] = {
		{.name = "due_at", .type = RS_T_TIME, .offset = 0, .flags = RS_F_REQUIRED},
		RS_FIELD_END,
	};
	const int64_t most = c->by.now + 30 * RS_DAY_US;
	const struct rs_reissue *r = &c->request;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = rs_reissue_event_of(r, "certificate.revocation_scheduled");
	struct rs_rows *rows;
	enum rs_code rc = rs_may_act(ctx, "reissue.postpone", &r->owner_id, &r->enterprise_id);

	if (rc)
		return rc;
	rs_json_read(ctx, previous, "/previous_certificate", fields, &in, NULL);
	if (!ctx->err.faults && (in.due_at < c->by.now || in.due_at > most))
		rs_fault(ctx, RS_OUT_OF_RANGE, "/previous_certificate/due_at",
			"From now to 30 days ahead is possible.");
	rc = rs_faults(ctx);
	if (rc)
		return rc;
	event.object_type = "certificate";
	event.object = r->certificate_id;
	event.after = rs_arena_json(ctx->arena, json_pack("{s:I}", "revocation_due_us",
							(json_int_t)in.due_at));
	rs_p_id(&p, &r->certificate_id);
	rs_p_time(&p, in.due_at);
	rs_p_time(&p, c->by.now);
	rs_p_json(&p, rs_arena_json(ctx->arena, json_pack("[O]", rs_audit_row(ctx, &event))));
	rs_p_id(&p, &r->id);
	rs_p_int(&p, r->revision);
	rc = rs_commit(ctx, RS_Q_reissue_postpone, &p, &rows);
	if (rc || rs_rows_count(rows) > 0)
		return rc;
	rs_fail(ctx, RS_WRONG_STATE, "No revocation of the previous certificate is due.");
	rs_err_ext(ctx, "current_status", json_string(r->status));
	return RS_WRONG_STATE;
}

static bool edits(const struct rs_reissue_input *in)
{
	return in->subject || in->san || in->validity_given || in->key || in->reason ||
		in->message_given;
}

static enum rs_code patch(
	struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change, void *arg, bool *done)
{
	const struct rs_reissue_input *in = arg;
	enum rs_code rc;

	rs_faults_note(ctx, in->previous_certificate ? in->faults : NULL);
	if (in->previous_certificate) {
		*done = true;
		if (edits(in))
			return rs_refuse(ctx, RS_BAD_VALUE, "/previous_certificate",
				"previous_certificate is changed by itself, in a call of its own.");
		return postpone(ctx, c, in->previous_certificate);
	}
	rc = rs_policy_may(ctx, &c->request, c->by.profile, RS_ACTION_EDIT);
	*done = !edits(in) && !in->faults;
	if (rc || *done)
		return rc;
	change->before = content_of(ctx, &c->request);
	rs_reissue_take_content(ctx, c, in);
	rc = rs_faults(ctx);
	if (!rc && (in->san || in->subject))
		rc = rs_domain_covers(ctx, &c->request.enterprise_id, c->request.san);
	if (rc)
		return rc;
	rs_case_edited(ctx, c, change, "reissue_request.edited");
	return RS_OK;
}

enum rs_code rs_reissue_edit(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_reissue_input *input, struct rs_reissue *out)
{
	struct rs_reissue_input in = *input;
	const struct rs_work work = {.run = patch, .arg = &in, .revision = revision};

	return rs_case_change(ctx, id, &work, out);
}

struct acceptance {
	json_t *agreement;
	const char *at;
};

static enum rs_code accept(
	struct rs_ctx *ctx, struct rs_case *c, struct rs_change *change, void *arg, bool *done)
{
	const struct acceptance *a = arg;
	enum rs_code rc = rs_policy_may(ctx, &c->request, c->by.profile, RS_ACTION_ACCEPT);

	(void)done;
	if (!rc)
		rc = rs_reissue_take_agreement(ctx, c, a->agreement, a->at);
	if (rc)
		return rc;
	rs_case_move(c, c->request.state);
	change->action = "reissue_request.agreement_accepted";
	change->after = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:I, s:s, s:s}", "agreement_id", c->request.agreement_id.s,
			"version", (json_int_t)c->request.agreement_version, "language",
			c->request.agreement_language, "sha256",
			rs_sha256_text(ctx->arena, c->request.agreement_sha256.data)));
	return RS_OK;
}

enum rs_code rs_reissue_accept(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *agreement, const char *at, struct rs_reissue *out)
{
	struct acceptance a = {agreement, at};
	/* A call of its own is a PUT, which has no key; within a submit it is a step. */
	const struct rs_work work = {
		.run = accept, .arg = &a, .step = true, .revision = revision};

	return rs_case_change(ctx, id, &work, out);
}
