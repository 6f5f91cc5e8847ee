/* Loading a request, and storing a change of it with one conditional statement. */
#include "impl.h"

#include "rs/challenge.h"
#include "rs/names.h"

/* How often a use case starts again when others are faster. */
#define ATTEMPTS 4

void rs_reissue_ahead(struct rs_ctx *ctx, const struct rs_id *id)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, id);
	rs_ahead_want(ctx, RS_Q_reissue_by_id, &p);
}

static void set_digest(struct rs_ctx *ctx, struct rs_reissue *request)
{
	unsigned char *digest = rs_arena_alloc(ctx->arena, 32);

	rs_reissue_digest(ctx, request, digest);
	request->digest = (struct rs_bytes){digest, 32};
}

enum rs_code rs_case_row(
	struct rs_ctx *ctx, const struct rs_rows *rows, int row, struct rs_reissue *out)
{
	enum rs_code rc = rs_row_read(ctx, rows, row, rs_reissue_row, out);

	if (rc)
		return rc;
	out->state = rs_state_from(out->status);
	/* The view gives none where the stored one is of an older profile revision. */
	if (!out->digest.data)
		set_digest(ctx, out);
	return RS_OK;
}

enum rs_code rs_case_read(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_id *id,
	struct rs_reissue *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = (struct rs_reissue){0}; /* also when there is none */
	rs_p_id(&p, id);
	rc = rs_look_one(ctx, reach, RS_Q_reissue_by_id, &p, &rows);
	return rc ? rc : rs_case_row(ctx, rows, 0, out);
}

enum rs_code rs_case_load(
	struct rs_ctx *ctx, const struct rs_id *id, bool judge, struct rs_case *out)
{
	struct rs_reissue *r = &out->request;
	enum rs_code rc = rs_case_read(ctx, RS_REACH_CALLER, id, r);

	if (!rc)
		rc = rs_may_see(ctx, "reissue.read", &r->owner_id, &r->enterprise_id);
	if (!rc)
		rc = rs_policy_yardstick(ctx, r, &out->by);
	if (!rc && judge)
		rc = rs_policy_facts(ctx, r, &out->by);
	/* What is known without judging: the machine asks for it at an edit. */
	out->judged = (struct rs_judgement){.facts.intent = r->intent};
	if (!rc && judge)
		rs_policy_judge(ctx, r, &out->by, &out->judged);
	return rc;
}

enum rs_code rs_case_match(struct rs_ctx *ctx, const struct rs_reissue *request, int64_t revision)
{
	if (revision < 0 || revision == request->revision)
		return RS_OK;
	return rs_fail(ctx, RS_PRECONDITION_FAILED,
		"The request is at revision %lld by now. Read it again before you change it.",
		(long long)request->revision);
}

struct rs_event rs_reissue_event_of(const struct rs_reissue *request, const char *action)
{
	return (struct rs_event){
		.action = action,
		.object_type = "reissue_request",
		.object = request->id,
		.enterprise = request->enterprise_id,
		.digest = request->digest.data,
	};
}

enum rs_key_kind rs_reissue_key_kind(const struct rs_reissue *request)
{
	const char *curve = json_string_value(json_object_get(request->key, "curve"));
	const char *algorithm = json_string_value(json_object_get(request->key, "algorithm"));
	json_int_t size = json_integer_value(json_object_get(request->key, "size"));

	for (unsigned kind = RS_KEY_NONE + 1; algorithm && kind < RS_KEY_KIND_COUNT; kind++) {
		struct rs_key key;

		rs_key_describe(kind, &key);
		if (strcmp(key.algorithm, algorithm) == 0 && key.size == size &&
			(!key.curve || (curve && strcmp(key.curve, curve) == 0)))
			return kind;
	}
	return RS_KEY_NONE;
}

static void content_params(struct rs_params *p, const struct rs_reissue *r)
{
	rs_p_text(p, r->status);
	rs_p_int(p, r->round);
	rs_p_int(p, r->profile_revision);
	rs_p_json(p, r->subject);
	rs_p_json(p, r->san);
	rs_p_json(p, r->validity);
	rs_p_text(p, rs_names_common_name(r->subject) ? rs_names_common_name(r->subject) : "");
	rs_p_text(p, rs_names_search_text(p->ctx, r->subject, r->san));
	rs_p_text(p, r->message);
	rs_p_text(p, r->reason);
}

static void agreement_params(struct rs_params *p, const struct rs_reissue *r, const char *address)
{
	bool accepted = r->agreement_accepted_at != 0;

	rs_p_id(p, accepted ? &r->agreement_id : NULL);
	if (accepted)
		rs_p_int(p, r->agreement_version);
	else
		rs_p_null(p);
	rs_p_text(p, r->agreement_language);
	rs_p_bytes(p, r->agreement_sha256.data, r->agreement_sha256.len);
	rs_p_time(p, r->agreement_accepted_at);
	rs_p_id(p, &r->accepted_by);
	rs_p_text(p, accepted ? address : NULL);
}

static struct rs_params store_params(struct rs_ctx *ctx, const struct rs_reissue *r,
	const struct rs_change *change, const json_t *events)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &r->id);
	rs_p_int(&p, r->revision);
	rs_p_text(&p, change->key);
	rs_p_bytes(&p, r->spki_sha256.data, r->spki_sha256.len);
	content_params(&p, r);
	rs_p_bytes(&p, change->csr.data, change->csr.len);
	rs_p_bytes(&p, r->spki_der.data, r->spki_der.len);
	rs_p_json(&p, r->key);
	rs_p_text(&p, r->checks);
	rs_p_json(&p, r->ignored);
	rs_p_json(&p, r->inherited_faults);
	rs_p_bytes(&p, r->digest.data, r->digest.len);
	agreement_params(&p, r, ctx->address);
	rs_p_time(&p, r->submitted_at);
	rs_p_id(&p, &r->submitted_by);
	rs_p_id(&p, &r->reviewer_id);
	rs_p_json(&p, r->declined);
	rs_p_json(&p, r->failure);
	rs_p_text(&p, r->previous_action);
	rs_p_time(&p, r->previous_due_at);
	rs_p_bool(&p, change->hide);
	rs_p_time(&p, r->updated_at);
	rs_p_time(&p, r->status_changed_at);
	rs_p_time(&p, r->expires_at);
	rs_p_json(&p, change->approval);
	rs_p_json(&p, events);
	if (change->step)
		rs_p_null(&p);
	else
		rs_p_idem(&p);
	rs_case_passed_params(&p, change->passed);
	return p;
}

void rs_case_passed_params(struct rs_params *params, const struct rs_passed *passed)
{
	rs_p_id(params, passed ? &passed->challenge_id : NULL);
	rs_p_text(params, passed ? passed->operation : NULL);
	rs_p_id(params, passed ? &passed->by : NULL);
}

/* The committer skips what is locked; here we wait for it, as long as the store allows. */
struct waiting {
	const struct rs_reissue *request;
	bool revoke;
	enum rs_query query;
	const struct rs_params *params;
	struct rs_rows *rows;
};

static enum rs_code store_waiting(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct waiting *w = arg;
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &w->request->id);
	rc = rs_tx_run(ctx, tx, RS_Q_reissue_lock, &p, NULL);
	if (!rc)
		rc = rs_tx_run(ctx, tx, w->query, w->params, &w->rows);
	if (rc || !w->revoke || rs_rows_count(w->rows) == 0)
		return rc;
	return rs_certificate_revoke_tx(
		ctx, tx, &w->request->certificate_id, "keyCompromise", 0);
}

enum rs_code rs_case_commit(struct rs_ctx *ctx, const struct rs_reissue *request, bool revoke,
	enum rs_query query, const struct rs_params *params, struct rs_rows **rows)
{
	struct waiting w = {
		.request = request, .revoke = revoke, .query = query, .params = params};
	enum rs_code rc = revoke ? RS_OK : rs_commit(ctx, query, params, rows);

	if (rc || (!revoke && rs_rows_count(*rows) > 0))
		return rc;
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store_waiting, &w);
	*rows = w.rows;
	return rc;
}

/* Whether officers pass challenges for it as it stands. */
static bool waits_for_officers(const char *status)
{
	return strcmp(status, rs_state_name(RS_RR_PENDING)) == 0 ||
		strcmp(status, rs_state_name(RS_RR_IN_REVIEW)) == 0 ||
		strcmp(status, rs_state_name(RS_RR_PENDING_DUAL_CONTROL)) == 0;
}

/*
 * A state that is left ends the challenges that wait there, the owner's or the officers'; the tables
 * see to it, this tells it.
 */
enum rs_code rs_case_events(struct rs_ctx *ctx, const struct rs_reissue *request,
	const struct rs_change *change, const struct rs_event *event, json_t **out)
{
	const struct rs_passed *passed = change->passed;
	const char *from = change->from;
	bool owners = !passed && from &&
		strcmp(from, rs_state_name(RS_RR_AUTHENTICATING)) == 0 &&
		request->challenge_status;
	bool officers = from && waits_for_officers(from) && !waits_for_officers(request->status);

	*out = rs_arena_json(ctx->arena, json_pack("[O]", rs_audit_row(ctx, event)));
	if (passed)
		json_array_append(*out, passed->event);
	return owners || officers
		? rs_challenge_voided(ctx, &request->id, passed ? &passed->challenge_id : NULL,
			  change->action, *out)
		: RS_OK;
}

enum rs_code rs_case_store(
	struct rs_ctx *ctx, struct rs_reissue *request, struct rs_change *change)
{
	struct rs_event event = rs_reissue_event_of(request, change->action);
	struct rs_rows *rows;
	struct rs_params p;
	enum rs_code rc;
	const char *claim;
	json_t *events;

	event.from = change->from;
	event.to = change->from ? request->status : NULL;
	event.detail = change->detail;
	event.before = change->before;
	event.after = change->after;
	rc = rs_case_events(ctx, request, change, &event, &events);
	if (rc)
		return rc;
	p = store_params(ctx, request, change, events);
	rc = rs_case_commit(
		ctx, request, change->revoke_previous, RS_Q_reissue_store, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_CONFLICT,
			"Somebody else changed the request at the same moment. Read it and try again.");
	claim = rs_row_text(rows, 0, "claim");
	if (strcmp(claim, "ok") != 0)
		return rs_reissue_key_refused(ctx, claim);
	request->revision = rs_row_int(rows, 0, "revision");
	return RS_OK;
}

static enum rs_code change_once(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_work *work, struct rs_case *c, bool *done)
{
	struct rs_change change = {.step = work->step};
	enum rs_code rc = rs_case_load(ctx, id, work->judge, c);

	if (!rc)
		rc = rs_case_match(ctx, &c->request, work->revision);
	if (!rc)
		rc = work->run(ctx, c, &change, work->arg, done);
	if (rc || *done)
		return rc;
	return rs_case_store(ctx, &c->request, &change);
}

enum rs_code rs_case_change(struct rs_ctx *ctx, const struct rs_id *id, const struct rs_work *work,
	struct rs_reissue *out)
{
	struct rs_case c;
	enum rs_code rc = RS_CONFLICT;
	bool done = false;

	for (int attempt = 0; attempt < ATTEMPTS && rc == RS_CONFLICT; attempt++) {
		rs_err_reset(&ctx->err);
		rc = change_once(ctx, id, work, &c, &done);
	}
	if (rc || !out)
		return rc;
	/* What it reads now may be wanted in full: names of persons, the profile of the new state. */
	return rs_case_read(ctx, RS_REACH_CALLER, id, out);
}

void rs_case_move(struct rs_case *c, enum rs_rr_state to)
{
	struct rs_reissue *r = &c->request;

	r->updated_at = c->by.now;
	r->expires_at = c->by.now + c->by.profile->draft_ttl_days * RS_DAY_US;
	if (to != r->state)
		r->status_changed_at = c->by.now;
	r->state = to;
	r->status = rs_state_name(to);
}

void rs_case_content(struct rs_ctx *ctx, struct rs_case *c)
{
	set_digest(ctx, &c->request);
}
