/* Reading challenges, showing them, and what one that takes no answers says. */
#include "internal.h"

#include "rs/permission.h"

#define F(member, kind) RS_FIELD(struct rs_challenge, member, kind)
static const struct rs_field ROW[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(operation, RS_T_STRING),
	F(user_id, RS_T_ID),
	F(request_id, RS_T_ID),
	F(certificate_id, RS_T_ID),
	F(profile_id, RS_T_ID),
	F(round, RS_T_INT),
	F(digest, RS_T_SHA256),
	F(mechanism, RS_T_STRING),
	F(style, RS_T_STRING),
	F(connector_id, RS_T_ID),
	F(connector_revision, RS_T_INT),
	F(option, RS_T_JSON),
	F(policy_revision, RS_T_INT),
	F(on_behalf, RS_T_BOOL),
	F(summary, RS_T_STRING),
	F(status, RS_T_STRING),
	F(failure, RS_T_STRING),
	F(digits, RS_T_INT),
	F(attempts, RS_T_INT),
	F(attempts_max, RS_T_INT),
	F(attempted_at, RS_T_TIME),
	F(resends, RS_T_INT),
	F(resends_max, RS_T_INT),
	F(resend_after, RS_T_TIME),
	F(token_id, RS_T_ID),
	F(token_hash, RS_T_BYTES),
	F(actor_id, RS_T_ID),
	F(return_url, RS_T_STRING),
	F(private_sealed, RS_T_BYTES),
	F(private_kid, RS_T_STRING),
	F(revision, RS_T_INT),
	F(created_at, RS_T_TIME),
	F(updated_at, RS_T_TIME),
	F(expires_at, RS_T_TIME),
	F(verified_until, RS_T_TIME),
	F(destinations, RS_T_JSON),
	RS_FIELD_END,
};

static enum rs_code not_found(struct rs_ctx *ctx)
{
	return rs_fail(ctx, RS_CHALLENGE_NOT_FOUND, "There is no such second-factor challenge.");
}

enum rs_code rs_challenge_read(struct rs_ctx *ctx, enum rs_reach reach, const struct rs_id *id,
	struct rs_challenge *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = (struct rs_challenge){0};
	rs_p_id(&p, id);
	rc = rs_read(ctx, reach, RS_Q_challenge_by_id, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		return not_found(ctx);
	return rc ? rc : rs_row_read(ctx, rows, 0, ROW, out);
}

enum rs_code rs_challenge_strange(struct rs_ctx *ctx, const struct rs_challenge *c)
{
	struct rs_event event = rs_challenge_event(c, "challenge.refused");

	event.detail = "not the caller's";
	rs_audit_denied(ctx, &event, RS_CHALLENGE_NOT_FOUND);
	return not_found(ctx);
}

const struct rs_id *rs_challenge_home(
	const struct rs_ctx *ctx, const struct rs_id *user, const struct rs_id *enterprise)
{
	bool oneself = ctx->actor.kind == RS_ACTOR_USER && rs_id_eq(user, &ctx->actor.id);

	return oneself ? &ctx->actor.enterprise : enterprise;
}

static enum rs_code load(
	struct rs_ctx *ctx, const struct rs_id *id, const char *action, struct rs_challenge *out)
{
	enum rs_code rc = rs_challenge_read(ctx, RS_REACH_CALLER, id, out);

	if (!rc)
		rc = rs_may_act_on_behalf(ctx, action, &out->user_id,
			rs_challenge_home(ctx, &out->user_id, &out->enterprise_id),
			out->on_behalf);
	return rc == RS_NOT_FOUND ? not_found(ctx) : rc;
}

enum rs_code rs_challenge_load(
	struct rs_ctx *ctx, const struct rs_id *id, const char *action, struct rs_challenge *out)
{
	enum rs_code rc = load(ctx, id, action, out);

	/* Of an id that there is not nothing is read, and none stands in the record. */
	return rc == RS_CHALLENGE_NOT_FOUND ? rs_challenge_strange(ctx, out) : rc;
}

enum rs_code rs_challenge_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_challenge *out)
{
	return load(ctx, id, "challenge.read", out);
}

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

bool rs_challenge_live(const struct rs_challenge *c)
{
	return is(c->status, "pending") || is(c->status, "exchanging") ||
		is(c->status, "returned") || is(c->status, "verified");
}

bool rs_challenge_overdue(const struct rs_challenge *c, int64_t now)
{
	int64_t until = is(c->status, "verified") ? c->verified_until : c->expires_at;

	return rs_challenge_live(c) && until <= now;
}

/* As a reader is to see it: what is past its time has expired, whether the job came by or not. */
static const char *shown_status(const struct rs_challenge *c, int64_t now)
{
	if (rs_challenge_overdue(c, now))
		return "expired";
	return is(c->status, "exchanging") ? "pending" : c->status;
}

enum rs_code rs_challenge_refuse(struct rs_ctx *ctx, const struct rs_challenge *c)
{
	const char *status = shown_status(c, rs_clock_now_us(ctx->app->clock));
	struct rs_event event = rs_challenge_event(c, "challenge.refused");
	enum rs_code rc;

	if (is(status, "expired"))
		rc = rs_fail(ctx, RS_CHALLENGE_EXPIRED, "The challenge has expired. Make a new one.");
	else if (is(status, "superseded"))
		rc = rs_fail(ctx, RS_CHALLENGE_SUPERSEDED,
			"A newer challenge has taken the place of this one. Answer that.");
	else if (is(status, "invalidated"))
		rc = rs_fail(ctx, RS_CHALLENGE_INVALIDATED,
			"What this challenge was for has changed. Make a new one for what is there now.");
	else if (is(status, "locked") || (is(status, "pending") && c->attempts >= c->attempts_max))
		rc = rs_fail(ctx, RS_CHALLENGE_LOCKED,
			"Too many wrong answers ended this challenge. Make a new one.");
	else
		rc = rs_fail(ctx, RS_CHALLENGE_WRONG_STATE, "The challenge is %s: %s", status,
			is(c->status, "exchanging")
				? "the identity provider's answer is being looked at."
				: "it takes no answers.");
	event.detail = status;
	rs_audit_denied(ctx, &event, rc);
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	rs_err_ext(ctx, "current_status", json_string(status));
	if (rc == RS_CHALLENGE_LOCKED)
		rs_err_ext(ctx, "attempts_left", json_integer(0));
	return rc;
}

struct rs_event rs_challenge_event(const struct rs_challenge *c, const char *action)
{
	return (struct rs_event){
		.action = action,
		.object_type = "challenge",
		.object = c->id,
		.enterprise = c->enterprise_id,
		.digest = c->digest.data,
	};
}

enum rs_code rs_challenge_denied(struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_code rc)
{
	struct rs_event event = rs_challenge_event(c, "challenge.refused");

	/* Our own trouble is nobody's attempt. */
	if (!rc || rc == RS_UNAVAILABLE || rc == RS_OVERLOADED || rc == RS_INTERNAL)
		return rc;
	event.detail = c->mechanism;
	rs_audit_denied(ctx, &event, rc);
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	return rc;
}

enum rs_code rs_challenge_factor(
	struct rs_ctx *ctx, const struct rs_challenge *c, const struct rs_factor **out)
{
	*out = rs_factor_find(c->mechanism);
	return *out ? RS_OK
		    : rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			      "This second factor is not available any more.");
}

/* --- as the API shows it --- */

static json_t *id_or_null(const struct rs_id *id)
{
	return rs_id_set(id) ? json_string(id->s) : json_null();
}

static json_t *inputs_json(const struct rs_challenge *c)
{
	const struct rs_factor *factor = rs_factor_find(c->mechanism);
	const char *const *inputs = factor ? rs_factor_inputs(factor, c->option) : NULL;
	json_t *out = json_array();

	for (; inputs && *inputs; inputs++)
		json_array_append_new(out, json_string(*inputs));
	return out;
}

json_t *rs_challenge_json(
	struct rs_ctx *ctx, const struct rs_challenge *c, const char *redirect_url)
{
	const char *status = shown_status(c, rs_clock_now_us(ctx->app->clock));
	bool sends = json_array_size(c->destinations) > 0;
	json_t *out = json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:o, s:s, s:o}", "id",
		c->id.s, "operation", c->operation, "reissue_request_id", id_or_null(&c->request_id),
		"certificate_id", id_or_null(&c->certificate_id), "profile_id",
		id_or_null(&c->profile_id), "user_id", c->user_id.s, "mechanism", c->mechanism,
		"connector_id", id_or_null(&c->connector_id), "style", c->style, "inputs",
		inputs_json(c), "status", status, "failure",
		c->failure ? json_pack("{s:s}", "code", c->failure) : json_null());

	json_object_set(out, "destinations", c->destinations);
	json_object_set_new(out, "digits", c->digits ? json_integer(c->digits) : json_null());
	json_object_set_new(out, "attempts_left", json_integer(c->attempts_max - c->attempts));
	json_object_set_new(out, "resend_after", sends ? rs_json_time(c->resend_after) : json_null());
	json_object_set_new(
		out, "resends_left", json_integer(sends ? c->resends_max - c->resends : 0));
	json_object_set_new(
		out, "redirect_url", redirect_url ? json_string(redirect_url) : json_null());
	json_object_set_new(out, "request_digest",
		c->digest.data ? json_string(rs_sha256_text(ctx->arena, c->digest.data))
			       : json_null());
	json_object_set_new(out, "verified_until", rs_json_time(c->verified_until));
	json_object_set_new(out, "revision", json_integer(c->revision));
	json_object_set_new(out, "created_at", rs_json_time(c->created_at));
	json_object_set_new(out, "updated_at", rs_json_time(c->updated_at));
	json_object_set_new(out, "expires_at", rs_json_time(c->expires_at));
	return out;
}
