/* What would be issued now, by the very code that issues; changes nothing. */
#include "go.h"

static json_t *would_issue(
	struct rs_ctx *ctx, const struct rs_case *c, const struct rs_issue_plan *plan)
{
	const struct rs_reissue *r = &c->request;
	struct rs_previous previous = rs_reissue_previous(r, c->by.profile, c->by.now);
	json_t *key = json_copy(r->key);

	json_object_set_new(key, "spki_sha256",
		json_string(rs_sha256_text(ctx->arena, r->spki_sha256.data)));
	return json_pack("{s:O, s:O, s:o, s:o, s:o, s:O, s:{s:s, s:s?, s:o}}", "subject",
		plan->spec->subject, "san", plan->spec->san, "not_before",
		rs_json_time(plan->spec->window.not_before), "not_after",
		rs_json_time(plan->spec->window.not_after), "key", key, "extensions", plan->extensions,
		"previous_certificate", "action", previous.action, "reason", previous.reason,
		"due_at", rs_json_time(plan->spec->previous_due_at));
}

enum rs_code rs_reissue_preflight(struct rs_ctx *ctx, const struct rs_id *id, json_t **out)
{
	struct rs_case c;
	struct rs_go_plan go;
	json_t *would = NULL;
	enum rs_code rc = rs_case_load(ctx, id, true, &c);

	if (rc)
		return rc;
	if (json_array_size(c.judged.blockers) == 0 && rs_state_open(c.request.state)) {
		rc = rs_go_plan(ctx, &c, true, &go);
		if (rc == RS_OVERLOADED)
			return rc;
		if (rc)
			rs_go_refused(ctx, &c, rc);
		else
			would = would_issue(ctx, &c, &go.plan);
	}
	*out = json_pack("{s:b, s:O, s:O, s:o}", "ready",
		would != NULL && c.request.state != RS_RR_ISSUING, "blockers", c.judged.blockers,
		"warnings", c.judged.warnings, "would_issue", would ? would : json_null());
	return RS_OK;
}
