/* Signing in with a password. */
#include "internal.h"

#include "rs/config.h"
#include "rs/metrics.h"

#include <string.h>

struct login_input {
	const char *email;
	const char *password;
};

static const struct rs_field LOGIN_FIELDS[] = {
	RS_FIELD(struct login_input, email, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = 254),
	RS_FIELD(struct login_input, password, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = RS_PASSWORD_TRY_MAX),
	RS_FIELD_END,
};

/* A row of login_by_email. */
struct login {
	struct rs_id user_id;
	struct rs_id enterprise_id;
	const char *enterprise_status;
	const char *status;
	const char *role;
	const char *reach;
	const char *name;
	const char *password_hash;
};

static const struct rs_field ROW_FIELDS[] = {
	RS_FIELD(struct login, user_id, RS_T_ID),
	RS_FIELD(struct login, enterprise_id, RS_T_ID),
	RS_FIELD(struct login, enterprise_status, RS_T_STRING),
	RS_FIELD(struct login, status, RS_T_STRING),
	RS_FIELD(struct login, role, RS_T_STRING),
	RS_FIELD(struct login, reach, RS_T_STRING),
	RS_FIELD(struct login, name, RS_T_STRING),
	RS_FIELD(struct login, password_hash, RS_T_STRING),
	RS_FIELD_END,
};

static enum rs_code row_find(struct rs_ctx *ctx, const char *email, struct login *row)
{
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_text(&p, email);
	enum rs_code rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_login_by_email, &p, &rows);
	if (rc != RS_OK || rs_rows_count(rows) == 0)
		return rc;
	return rs_row_read(ctx, rows, 0, ROW_FIELDS, row);
}

static bool may_enter(const struct login *row)
{
	return rs_id_set(&row->user_id) && !strcmp(row->enterprise_status, "active") &&
		(!strcmp(row->status, "active") || !strcmp(row->status, "suspended"));
}

/* The event names the user when there is one, and never what was typed. */
static enum rs_code login_failed(struct rs_ctx *ctx, const struct login *row)
{
	struct rs_event event = {.action = "session.denied", .object_type = "user"};
	event.object = row->user_id;
	event.enterprise = row->enterprise_id;
	rs_audit_denied(ctx, &event, RS_LOGIN_FAILED);
	return rs_fail(ctx, RS_LOGIN_FAILED,
		"E-mail or password is wrong, or the account may not sign in.");
}

static void become(struct rs_ctx *ctx, const struct login *row)
{
	ctx->actor = (struct rs_actor){
		.kind = RS_ACTOR_USER,
		.id = row->user_id,
		.enterprise = row->enterprise_id,
		.role = rs_role_parse(row->role),
		.platform = !strcmp(row->reach, "platform"),
		.session = true,
		.suspended = !strcmp(row->status, "suspended"),
		.name = row->name,
	};
	ctx->actor.scopes = rs_scopes_of_role(ctx->actor.role);
}

static enum rs_code session_make(struct rs_ctx *ctx, struct rs_token *out, struct rs_secret **secret)
{
	const struct rs_config *config = ctx->app->config;
	int64_t idle = config ? config->sessions_idle_s : RS_SESSION_IDLE_S;
	int64_t most = config ? config->sessions_max_s : RS_SESSION_MAX_S;
	struct rs_grant grant = {.kind = "session", .name = "", .idle_s = idle};
	grant.enterprise = &ctx->actor.enterprise;
	grant.user = &ctx->actor.id;
	grant.scopes = ctx->actor.scopes;
	grant.expires_at = rs_clock_now_us(ctx->app->clock) + most * RS_SECOND_US;
	grant.action = "session.created";
	return rs_grant_run(ctx, &grant, out, secret);
}

static enum rs_code sign_in(struct rs_ctx *ctx, json_t *body, struct rs_token *out,
	struct rs_user *user, struct rs_secret **secret)
{
	struct login_input in = {0};
	struct login row = {0};
	bool right;
	rs_json_read(ctx, body, "", LOGIN_FIELDS, &in, NULL);
	enum rs_code rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	/* What is no address belongs to nobody, and is refused like that, in the same time. */
	const char *account = rs_email_normal(ctx, in.email) ?: "";
	rc = rs_throttle_try(ctx, account);
	if (rc == RS_OK)
		rc = row_find(ctx, account, &row);
	if (rc == RS_OK)
		rc = rs_password_verify(ctx, in.password, row.password_hash, &right);
	if (rc != RS_OK)
		return rc;
	if (!right || !may_enter(&row))
		return login_failed(ctx, &row);
	rs_throttle_good(ctx, account);
	become(ctx, &row);
	rc = session_make(ctx, out, secret);
	if (rc == RS_OK)
		rc = rs_me_get(ctx, user);
	if (rc != RS_OK)
		rs_secret_drop(secret);
	return rc;
}

enum rs_code rs_session_create(struct rs_ctx *ctx, json_t *body, struct rs_token *out,
	struct rs_user *user, struct rs_secret **secret)
{
	enum rs_code rc = sign_in(ctx, body, out, user, secret);
	rs_metric_add(RS_M_LOGINS, RS_LABELS(rc == RS_OK ? "done" : rs_code_slug(rc)), 1);
	return rc;
}

/* --- changing it --- */

struct password_input {
	const char *current_password;
	const char *new_password;
};

static const struct rs_field PASSWORD_FIELDS[] = {
	RS_FIELD(struct password_input, current_password, RS_T_STRING, .flags = RS_F_REQUIRED,
		.min = 1, .max = RS_PASSWORD_TRY_MAX),
	RS_FIELD(struct password_input, new_password, RS_T_STRING, .flags = RS_F_REQUIRED,
		.min = RS_PASSWORD_MIN, .max = RS_PASSWORD_MAX),
	RS_FIELD_END,
};

static enum rs_code current_check(struct rs_ctx *ctx, const char *password)
{
	struct rs_rows *rows;
	bool right;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &ctx->actor.id);
	enum rs_code rc = rs_throttle_try(ctx, ctx->actor.id.s);
	if (rc == RS_OK)
		rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_user_password, &p, &rows);
	if (rc == RS_OK)
		rc = rs_password_verify(
			ctx, password, rs_row_text(rows, 0, "password_hash"), &right);
	if (rc != RS_OK)
		return rc;
	if (right) {
		rs_throttle_good(ctx, ctx->actor.id.s);
		return RS_OK;
	}
	struct rs_event event = {.action = "session.denied", .object_type = "user"};
	event.object = ctx->actor.id;
	rs_audit_denied(ctx, &event, RS_CREDENTIALS_INVALID);
	return rs_refuse(ctx, RS_CREDENTIALS_INVALID, "/current_password", "The current password is wrong.");
}

enum rs_code rs_me_password(struct rs_ctx *ctx, json_t *body, int64_t revision)
{
	struct password_input in = {0};
	struct rs_user user = {0};
	const char *phc;
	enum rs_code rc = rs_me_get(ctx, &user);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, user.revision);
	if (rc != RS_OK)
		return rc;
	rs_json_read(ctx, body, "", PASSWORD_FIELDS, &in, NULL);
	rc = rs_faults(ctx);
	if (rc == RS_OK)
		rc = current_check(ctx, in.current_password);
	if (rc == RS_OK)
		rc = rs_password_hash(ctx, in.new_password, &phc);
	if (rc != RS_OK)
		return rc;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &user.id);
	rs_p_text(&p, phc);
	rs_p_time(&p, now);
	struct rs_params others = rs_params(ctx);
	rs_p_id(&others, &user.id);
	rs_p_id(&others, &ctx->actor.token);
	rs_p_text(&others, "session");
	rs_p_time(&others, now);
	struct rs_change change = {RS_Q_user_set_password, &p, .then = &others};
	change.event = (struct rs_event){.action = "user.password_set", .object_type = "user"};
	change.event.object = user.id;
	change.made = "password";
	return rs_change_run(ctx, &change);
}
