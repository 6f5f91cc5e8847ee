/* The granting step, and the use of what it granted. */
#include "internal.h"

#include "rs/idempotency.h"

/* Somebody was faster, or it ran out at this moment: what it is now decides the answer. */
static enum rs_code lost(struct rs_ctx *ctx, const struct rs_challenge *c, const char *status)
{
	struct rs_challenge now;
	enum rs_code rc;

	rs_err_reset(&ctx->err);
	rc = rs_challenge_read(ctx, RS_REACH_CALLER, &c->id, &now);
	if (rc)
		return rc;
	if (strcmp(now.status, status) == 0 &&
		!rs_challenge_overdue(&now, rs_clock_now_us(ctx->app->clock)))
		return rs_fail(ctx, RS_CONFLICT,
			"Something changed at the same moment. Read the challenge and try again.");
	return rs_challenge_refuse(ctx, &now);
}

static enum rs_code grant_reissue(
	struct rs_ctx *ctx, const struct rs_challenge *c, struct rs_reissue *request)
{
	struct rs_event event = rs_challenge_event(c, "challenge.consumed");
	struct rs_passed passed = {
		.challenge_id = c->id,
		.operation = c->operation,
		.by = ctx->actor.id,
		.round = c->round,
		.digest = c->digest,
	};
	enum rs_code rc;

	event.from = c->status;
	event.to = "consumed";
	event.detail = c->mechanism;
	passed.event = rs_audit_row(ctx, &event);
	rc = rs_reissue_authenticated(ctx, &c->request_id, &passed, request);
	/* A request that was deleted at this moment took its challenge with it. */
	return rc == RS_CONFLICT || rc == RS_NOT_FOUND ? lost(ctx, c, c->status) : rc;
}

static enum rs_code verified(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_challenge *c = arg;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_event event = rs_challenge_event(c, "challenge.verified");
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_time(&p, now);
	rs_p_time(&p, now + RS_VERIFIED_US);
	rs_p_text(&p, c->status);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_verified, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_CONFLICT, "The challenge has changed meanwhile.");
	event.from = c->status;
	event.to = "verified";
	event.detail = c->mechanism;
	rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "challenge", &c->id);
}

enum rs_code rs_challenge_grant(
	struct rs_ctx *ctx, const struct rs_challenge *c, struct rs_reissue *request)
{
	struct rs_challenge copy = *c;
	enum rs_code rc;

	if (strcmp(c->operation, "reissue") == 0) {
		rc = grant_reissue(ctx, c, request);
	} else {
		rc = rs_tx_use(ctx, RS_REACH_CALLER, verified, &copy);
		rc = rc == RS_CONFLICT ? lost(ctx, c, c->status) : rc;
	}
	if (!rc)
		rs_challenge_tell(ctx, c, "A second factor was passed for you");
	return rc;
}

/* --- what was granted is used --- */

/* RFC 9470: what a client does next stands in the body, and in WWW-Authenticate. */
static enum rs_code ask(struct rs_ctx *ctx, const char *operation, const char *member,
	const struct rs_id *object, const json_t *options)
{
	struct rs_event event = {
		.action = "challenge.refused",
		.object_type = member ? "challenge" : "user",
		.object = *object,
		.detail = operation,
	};
	json_t *body = json_pack("{s:s, s:s}", "href", "/v1/second-factor-challenges", "operation",
		operation);
	json_t *mechanisms = json_array(), *option;
	size_t i;

	json_array_foreach((json_t *)options, i, option)
		json_array_append(mechanisms, json_object_get(option, "mechanism"));
	if (member)
		json_object_set_new(body, member, json_string(object->s));
	json_object_set_new(body, "mechanisms", mechanisms);
	rs_audit_denied(ctx, &event, RS_SECOND_FACTOR_REQUIRED);
	rs_fail(ctx, RS_SECOND_FACTOR_REQUIRED,
		"A second factor is asked for: pass a challenge of the operation %s and send its id as "
		"challenge_id.",
		operation);
	rs_err_ext(ctx, "second_factor", body);
	return RS_SECOND_FACTOR_REQUIRED;
}

static const char *member_of(const char *operation)
{
	static const struct {
		const char *operation, *member;
	} MEMBERS[] = {
		{"approve", "reissue_request_id"},
		{"revoke", "certificate_id"},
		{"enrol", "profile_id"},
	};

	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++)
		if (strcmp(MEMBERS[i].operation, operation) == 0)
			return MEMBERS[i].member;
	return NULL;
}

static const struct rs_id *object_of(const struct rs_challenge *c)
{
	return rs_id_set(&c->request_id)     ? &c->request_id
		: rs_id_set(&c->certificate_id) ? &c->certificate_id
		: rs_id_set(&c->profile_id)	? &c->profile_id
						: &c->user_id;
}

/* A challenge of another operation, object or state does not fit, and is not used up. */
static enum rs_code unfit(struct rs_ctx *ctx, const struct rs_challenge *c)
{
	struct rs_event event = rs_challenge_event(c, "challenge.refused");

	if (strcmp(c->status, "verified") != 0 ||
		rs_challenge_overdue(c, rs_clock_now_us(ctx->app->clock)))
		return rs_challenge_refuse(ctx, c);
	rs_audit_denied(ctx, &event, RS_CHALLENGE_WRONG_STATE);
	rs_fail(ctx, RS_CHALLENGE_WRONG_STATE,
		"This challenge was passed for something else. Make one for what you do now.");
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	rs_err_ext(ctx, "current_status", json_string(c->status));
	return RS_CHALLENGE_WRONG_STATE;
}

/* Whoever passed it uses it: the user, or a client that acts for the user. */
static bool passed_for_caller(const struct rs_ctx *ctx, const struct rs_challenge *c)
{
	const struct rs_actor *actor = &ctx->actor;

	for (int i = 0; i < actor->acts_as_count; i++)
		if (rs_id_eq(&actor->acts_as[i], &c->user_id))
			return true;
	return rs_id_eq(&actor->id, &c->user_id);
}

enum rs_code rs_challenge_demand(struct rs_ctx *ctx, const char *operation,
	const struct rs_id *object, const struct rs_id *id, const json_t *options)
{
	struct rs_challenge c;
	enum rs_code rc;

	if (!rs_id_set(id))
		return ask(ctx, operation, member_of(operation), object, options);
	rc = rs_challenge_read(ctx, RS_REACH_CALLER, id, &c);
	if (rc == RS_CHALLENGE_NOT_FOUND || (!rc && !passed_for_caller(ctx, &c)))
		return rs_challenge_strange(ctx, &c);
	if (rc)
		return rc;
	if (strcmp(c.status, "verified") == 0 && strcmp(c.operation, operation) == 0 &&
		rs_id_eq(object_of(&c), object) &&
		!rs_challenge_overdue(&c, rs_clock_now_us(ctx->app->clock)))
		return RS_OK;
	return unfit(ctx, &c);
}

json_t *rs_challenge_used(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_id *enterprise, const unsigned char *digest, const char *operation)
{
	const struct rs_event event = {
		.action = "challenge.consumed",
		.object_type = "challenge",
		.object = *id,
		.enterprise = *enterprise,
		.digest = digest,
		.from = "verified",
		.to = "consumed",
		.detail = operation,
	};

	return rs_audit_row(ctx, &event);
}

enum rs_code rs_challenge_redeem(struct rs_ctx *ctx, struct rs_tx *tx, const char *operation,
	const struct rs_id *object, const struct rs_id *id)
{
	struct rs_params p = rs_params(ctx);
	json_t *acts_as = rs_arena_json(ctx->arena, json_array());
	struct rs_event event = {
		.action = "challenge.consumed",
		.object_type = "challenge",
		.object = *id,
		.from = "verified",
		.to = "consumed",
		.detail = operation,
	};
	struct rs_rows *rows;
	enum rs_code rc;

	for (int i = 0; i < ctx->actor.acts_as_count; i++)
		json_array_append_new(acts_as, json_string(ctx->actor.acts_as[i].s));
	rs_p_id(&p, id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, operation);
	rs_p_id(&p, object);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_texts(&p, acts_as);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_redeem, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0)
		return rs_fail(ctx, RS_CHALLENGE_WRONG_STATE,
			"The challenge was used or ran out at this moment. Pass a new one.");
	if (!rs_id_parse(rs_row_text(rows, 0, "enterprise_id"), &event.enterprise))
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	return rs_audit(ctx, tx, &event);
}
