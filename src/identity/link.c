/* External identities, linked to users by admins. */
#include "internal.h"

#include "rs/app.h"
#include "rs/config.h"

#define HOUR_US INT64_C(3600000000)

static const char *const KINDS[] = {"oidc", "entra", "saml", "ad", NULL};

const struct rs_field rs_identity_fields[] = {
	RS_FIELD(struct rs_identity, id, RS_T_ID, .flags = RS_F_READONLY),
	RS_FIELD(struct rs_identity, user_id, RS_T_ID, .flags = RS_F_READONLY),
	RS_FIELD(struct rs_identity, kind, RS_T_STRING, .flags = RS_F_REQUIRED, .values = KINDS),
	RS_FIELD(struct rs_identity, issuer, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = 500),
	RS_FIELD(struct rs_identity, subject, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = 500),
	RS_FIELD(struct rs_identity, created_at, RS_T_TIME, .flags = RS_F_READONLY),
	RS_FIELD_END,
};

/* The user whose identities are changed. Whoever could link one to it could sign in as it. */
static enum rs_code user_for(struct rs_ctx *ctx, const struct rs_id *id, struct rs_user *user)
{
	enum rs_code rc = rs_user_get(ctx, id, user);
	if (rc == RS_OK)
		rc = rs_may_act(ctx, "user.edit", NULL, &user->enterprise_id);
	return rc == RS_OK ? rs_user_judge_reach(ctx, user->reach, user->reach) : rc;
}

enum rs_code rs_identity_link(struct rs_ctx *ctx, const struct rs_id *user_id, json_t *body,
	struct rs_identity *out)
{
	struct rs_user user = {0};
	struct rs_identity in = {.user_id = *user_id};
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc = user_for(ctx, user_id, &user);
	if (rc != RS_OK)
		return rc;
	rs_json_read(ctx, body, "", rs_identity_fields, &in, NULL);
	rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	in.id = rs_id_new(now);
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &in.id);
	rs_p_id(&p, &user.enterprise_id);
	rs_p_id(&p, user_id);
	rs_p_text(&p, in.kind);
	rs_p_text(&p, in.issuer);
	rs_p_text(&p, in.subject);
	rs_p_time(&p, now);
	rs_p_time(&p, now + ctx->app->config->factor_settle_hours * HOUR_US);
	struct rs_change change = {RS_Q_identity_insert, &p, .fields = rs_identity_fields, .out = out};
	change.event = (struct rs_event){.action = "identity.linked", .object_type = "user"};
	change.event.object = *user_id;
	change.event.enterprise = user.enterprise_id;
	change.event.after = rs_arena_json(ctx->arena, rs_json_write(rs_identity_fields, &in));
	change.told = user.email;
	change.notice = "An identity at an identity provider was linked to your account by an "
			"administrator. It can confirm what you ask for.";
	change.made = "identity";
	change.made_id = &in.id;
	return rs_change_run(ctx, &change);
}

enum rs_code rs_identity_get(struct rs_ctx *ctx, const struct rs_id *user_id,
	const struct rs_id *identity, struct rs_identity *out)
{
	struct rs_user user = {0};
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	enum rs_code rc = rs_user_get(ctx, user_id, &user);
	if (rc != RS_OK)
		return rc;
	rs_p_id(&p, identity);
	rs_p_id(&p, user_id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_identity_by_id, &p, &rows);
	return rc == RS_OK ? rs_row_read(ctx, rows, 0, rs_identity_fields, out) : rc;
}

enum rs_code rs_identity_list(struct rs_ctx *ctx, const struct rs_id *user_id,
	const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_identity_list, SORTS, "id"};
	struct rs_user user = {0};
	enum rs_code rc = rs_user_get(ctx, user_id, &user);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, user_id);
	return rs_list(ctx, &SPEC, &p, page, out);
}

enum rs_code rs_identity_unlink(
	struct rs_ctx *ctx, const struct rs_id *user_id, const struct rs_id *identity)
{
	struct rs_user user = {0};
	struct rs_identity gone;
	enum rs_code rc = user_for(ctx, user_id, &user);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, identity);
	rs_p_id(&p, user_id);
	struct rs_change change = {RS_Q_identity_delete, &p, .fields = rs_identity_fields, .out = &gone};
	change.unlinks = true;
	change.event = (struct rs_event){.action = "identity.unlinked", .object_type = "user"};
	change.event.object = *user_id;
	change.event.enterprise = user.enterprise_id;
	change.event.detail = identity->s;
	change.told = user.email;
	change.notice = "An identity at an identity provider was taken off your account by an "
			"administrator.";
	return rs_change_run(ctx, &change);
}
