/* Making a challenge: bound, counted, stored, its messages and handles with it in one transaction. */
#include "internal.h"

#include "rs/idempotency.h"
#include "rs/jobs.h"
#include "rs/permission.h"

static const char *const OPERATIONS[] = {"reissue", "approve", "revoke", "enrol", "account", NULL};
static const char *const MECHANISMS[] = {
#define RS_MECHANISM(name) #name,
#include "rs/mechanisms.def"
#undef RS_MECHANISM
	NULL};

#define F(member, kind, ...) RS_FIELD(struct rs_challenge_input, member, kind, __VA_ARGS__)
static const struct rs_field BODY[] = {
	F(operation, RS_T_STRING, .values = OPERATIONS),
	F(reissue_request_id, RS_T_ID),
	F(certificate_id, RS_T_ID),
	F(profile_id, RS_T_ID),
	F(digest, RS_T_SHA256),
	F(mechanism, RS_T_STRING, .flags = RS_F_REQUIRED, .values = MECHANISMS),
	F(connector_id, RS_T_ID, .flags = RS_F_NULL),
	F(return_url, RS_T_STRING, .flags = RS_F_NULL, .min = 8, .max = 500),
	RS_FIELD_END,
};

/* One challenge in the making. */
struct making {
	struct rs_challenge_input in;
	struct rs_binding binding;
	struct rs_subject subject;
	const struct rs_factor *factor;
	struct rs_challenge *c;
	const char *handle; /* of a redirect */
};

/* --- the policy's option that the body chose --- */

static bool chosen(const json_t *option, const struct rs_challenge_input *in)
{
	const char *connector = json_string_value(json_object_get(option, "connector_id"));

	return strcmp(json_string_value(json_object_get(option, "mechanism")), in->mechanism) == 0 &&
		(!rs_id_set(&in->connector_id) ||
			(connector && strcmp(connector, in->connector_id.s) == 0));
}

static enum rs_code choose(struct rs_ctx *ctx, struct making *m)
{
	json_t *option;
	size_t i;

	json_array_foreach((json_t *)m->binding.options, i, option)
		if (!m->c->option && chosen(option, &m->in))
			m->c->option = rs_arena_json(ctx->arena, json_deep_copy(option));
	if (!m->c->option)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"%s is not among the second factors that may be used here.", m->in.mechanism);
	m->factor = rs_factor_find(m->in.mechanism);
	return RS_OK;
}

/* return_url is exactly one of the configured ones, and of redirects only. */
static enum rs_code judge_return(struct rs_ctx *ctx, const struct making *m)
{
	const char *url = m->in.return_url;

	if (url && m->factor->style != RS_FACTOR_REDIRECT)
		rs_fault(ctx, RS_BAD_VALUE, "/return_url", "%s sends no browser away.",
			m->factor->name);
	else if (url && !rs_profile_has(ctx->app->config->factor_return_urls, url))
		rs_fault(ctx, RS_BAD_VALUE, "/return_url",
			"This is none of the addresses that browsers may be sent back to.");
	return rs_faults(ctx);
}

/* --- the row --- */

static int64_t number_of(const json_t *option, const char *member, int64_t otherwise)
{
	const json_t *value = json_object_get(json_object_get(option, "otp"), member);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static const char *style_name(enum rs_factor_style style)
{
	static const char *const NAMES[] = {
		[RS_FACTOR_CODE] = "code",
		[RS_FACTOR_PASSWORD] = "password",
		[RS_FACTOR_REDIRECT] = "redirect",
	};

	return NAMES[style];
}

static void place(struct rs_challenge *c, const struct rs_binding *b)
{
	c->operation = b->operation;
	c->user_id = b->user;
	c->enterprise_id = b->enterprise;
	c->policy_revision = b->policy_revision;
	c->on_behalf = b->on_behalf;
	c->summary = b->summary;
	c->round = b->round;
	c->digest = b->digest;
	if (b->of_request)
		c->request_id = b->object;
	else if (strcmp(b->operation, "revoke") == 0)
		c->certificate_id = b->object;
	else if (strcmp(b->operation, "enrol") == 0)
		c->profile_id = b->object;
}

static int64_t lifetime_of(const struct rs_factor *factor, const json_t *option)
{
	int64_t usual = factor->style == RS_FACTOR_REDIRECT ? 600 : 300;

	return number_of(option, "lifetime_s", factor->lifetime_s ? factor->lifetime_s : usual);
}

static void fill(struct rs_ctx *ctx, struct making *m)
{
	struct rs_challenge *c = m->c;
	bool sends = m->factor->channels != 0;

	c->created_at = c->updated_at = rs_clock_now_us(ctx->app->clock);
	c->id = rs_id_new(c->created_at);
	place(c, &m->binding);
	c->mechanism = m->factor->name;
	c->style = style_name(m->factor->style);
	c->status = "pending";
	c->attempts_max = m->factor->style == RS_FACTOR_REDIRECT
		? 1
		: number_of(c->option, "attempts", m->factor->attempts ? m->factor->attempts : 5);
	c->resends_max = sends ? number_of(c->option, "resends", 3) : 0;
	c->digits = m->factor->style == RS_FACTOR_CODE
		? (sends ? number_of(c->option, "digits", 6) : 6)
		: 0;
	c->expires_at = c->created_at + lifetime_of(m->factor, c->option) * RS_SECOND_US;
	c->resend_after =
		sends ? c->created_at + rs_challenge_pause_s(m->factor, 0) * RS_SECOND_US : 0;
	c->token_id = ctx->actor.token;
	c->token_hash = (struct rs_bytes){ctx->actor.token_hash, sizeof(ctx->actor.token_hash)};
	c->actor_id = ctx->actor.id;
	c->return_url = m->in.return_url;
	c->revision = 1;
}

static enum rs_code insert(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &c->id);
	rs_p_id(&p, &c->enterprise_id);
	rs_p_text(&p, c->operation);
	rs_p_id(&p, &c->user_id);
	rs_p_id(&p, &c->request_id);
	rs_p_id(&p, &c->certificate_id);
	rs_p_id(&p, &c->profile_id);
	if (c->digest.data)
		rs_p_int(&p, c->round);
	else
		rs_p_null(&p);
	rs_p_bytes(&p, c->digest.data, c->digest.len);
	rs_p_text(&p, c->mechanism);
	rs_p_text(&p, c->style);
	rs_p_id(&p, &c->connector_id);
	rs_p_int(&p, c->connector_revision);
	rs_p_json(&p, c->option);
	rs_p_int(&p, c->policy_revision);
	rs_p_bool(&p, c->on_behalf);
	rs_p_text(&p, c->summary);
	rs_p_int(&p, c->digits);
	rs_p_int(&p, c->attempts_max);
	rs_p_int(&p, c->resends_max);
	rs_p_time(&p, c->resend_after);
	rs_p_id(&p, &c->token_id);
	rs_p_bytes(&p, c->token_hash.data, c->token_hash.len);
	rs_p_text(&p, ctx->actor.kind == RS_ACTOR_CLIENT ? "client" : "user");
	rs_p_id(&p, &c->actor_id);
	rs_p_text(&p, ctx->address);
	rs_p_text(&p, ctx->user_agent);
	rs_p_text(&p, c->return_url);
	rs_p_time(&p, c->created_at);
	rs_p_time(&p, c->expires_at);
	return rs_tx_run(ctx, tx, RS_Q_challenge_insert, &p, NULL);
}

/* --- the transaction --- */

/* Holds the user and the request as they were judged. */
static enum rs_code hold(struct rs_ctx *ctx, struct rs_tx *tx, const struct making *m)
{
	const struct rs_binding *b = &m->binding;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &b->user);
	rs_p_id(&p, b->of_request ? &b->object : NULL);
	rs_p_int(&p, b->round);
	rs_p_bytes(&p, b->digest.data, b->digest.len);
	rs_p_texts(&p, b->states);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_begin, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_CONFLICT,
			"Something changed at the same moment. Read it again and try anew.");
	return rc;
}

static enum rs_code supersede(struct rs_ctx *ctx, struct rs_tx *tx, const struct making *m)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_text(&p, m->c->operation);
	rs_p_id(&p, &m->binding.object);
	rs_p_id(&p, &m->c->user_id);
	rs_p_time(&p, m->c->created_at);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_supersede, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_event event = rs_challenge_event(m->c, "challenge.superseded");

		event.from = "pending";
		event.to = rs_row_text(rows, i, "status");
		event.detail = m->c->id.s;
		if (rs_id_parse(rs_row_text(rows, i, "id"), &event.object))
			rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

static enum rs_code on_record(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c)
{
	struct rs_event event = rs_challenge_event(c, "challenge.created");
	const struct rs_id *object = rs_id_set(&c->request_id) ? &c->request_id
		: rs_id_set(&c->certificate_id)		       ? &c->certificate_id
		: rs_id_set(&c->profile_id)		       ? &c->profile_id
							       : &c->user_id;

	event.to = "pending";
	event.after = rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s, s:s}", "operation", c->operation, "object_id", object->s,
			"user_id", c->user_id.s, "mechanism", c->mechanism));
	return rs_audit(ctx, tx, &event);
}

static enum rs_code store(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct making *m = arg;
	enum rs_code rc = hold(ctx, tx, m);

	if (!rc)
		rc = supersede(ctx, tx, m);
	if (!rc)
		rc = insert(ctx, tx, m->c);
	if (!rc && m->factor->channels)
		rc = rs_challenge_send(ctx, tx, m->c, m->factor, &m->subject);
	if (!rc && m->factor->style == RS_FACTOR_REDIRECT)
		rc = rs_handle_make(ctx, tx, m->c, "redirect", m->c->created_at + RS_HANDLE_US,
			&m->handle);
	if (!rc)
		rc = on_record(ctx, tx, m->c);
	return rc ? rc : rs_idem_effect(ctx, tx, "challenge", &m->c->id);
}

/* --- before it --- */

/* A refusal is on record: somebody tried to pass for something and could not. */
static enum rs_code refused(struct rs_ctx *ctx, const struct making *m, enum rs_code rc)
{
	struct rs_event event = {
		.action = "challenge.refused",
		.object_type = "user",
		.object = m->binding.user,
		.enterprise = m->binding.enterprise,
		.digest = m->binding.digest.data,
		.detail = m->in.mechanism,
	};

	if (rc && rc != RS_VALIDATION_FAILED && rc != RS_BAD_VALUE)
		rs_audit_denied(ctx, &event, rc);
	return rc;
}

static enum rs_code prepare(struct rs_ctx *ctx, struct making *m)
{
	const struct rs_binding *b = &m->binding;
	enum rs_code rc = rs_may_act_on_behalf(ctx, "challenge.create", &b->user,
		rs_challenge_home(ctx, &b->user, &b->enterprise), b->on_behalf);

	if (!rc)
		rc = choose(ctx, m);
	if (!rc)
		rc = rs_subject_load(ctx, &m->binding.user, &m->subject);
	/* The means are the user's, the connectors those of whose policy it is. */
	m->subject.enterprise_id = b->enterprise;
	if (!rc)
		rc = rs_factor_available(ctx, m->factor, &m->subject, m->c->option);
	if (!rc)
		rc = judge_return(ctx, m);
	if (!rc)
		rc = rs_challenge_not_locked(ctx, &m->binding.user);
	if (!rc)
		rc = rs_challenge_count(ctx, &m->binding.user);
	if (!rc)
		rc = rs_challenge_count_new(ctx, m->factor, &m->subject);
	if (rc)
		return rc;
	fill(ctx, m);
	rs_id_parse(json_string_value(json_object_get(m->c->option, "connector_id")),
		&m->c->connector_id);
	return rs_challenge_connect(ctx, m->factor, m->c);
}

enum rs_code rs_challenge_create(struct rs_ctx *ctx, json_t *body, struct rs_challenge *out,
	const char **redirect_url)
{
	struct making m = {.in.operation = "reissue", .c = out};
	struct rs_id id;
	enum rs_code rc;

	*out = (struct rs_challenge){0};
	*redirect_url = NULL;
	rs_json_read(ctx, body, "", BODY, &m.in, NULL);
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_challenge_bind(ctx, &m.in, &m.binding);
	if (rc)
		return rc;
	rc = refused(ctx, &m, prepare(ctx, &m));
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, store, &m);
	if (rc)
		return rc;
	if (m.handle)
		*redirect_url = rs_arena_printf(ctx->arena, "%s/v1/redirects/%s",
			ctx->app->config->server_public_url, m.handle);
	rs_jobs_wake(ctx->app->jobs);
	id = out->id;
	return rs_challenge_get(ctx, &id, out);
}
