/* Users, and what a user may do to itself. */
#include "internal.h"

#include "rs/app.h"
#include "rs/config.h"

#include <string.h>

#define HOUR_US INT64_C(3600000000)

static const char *const STATUSES[] = {"active", "suspended", "blocked", "restricted", NULL};
static const char *const REACHES[] = {"enterprise", "platform", NULL};

const struct rs_field rs_user_fields[] = {
	RS_FIELD(struct rs_user, id, RS_T_ID),
	RS_FIELD(struct rs_user, enterprise_id, RS_T_ID),
	RS_FIELD(struct rs_user, email, RS_T_STRING),
	RS_FIELD(struct rs_user, name, RS_T_STRING),
	RS_FIELD(struct rs_user, language, RS_T_STRING),
	RS_FIELD(struct rs_user, status, RS_T_STRING),
	RS_FIELD(struct rs_user, role, RS_T_STRING),
	RS_FIELD(struct rs_user, reach, RS_T_STRING),
	RS_FIELD(struct rs_user, revision, RS_T_INT),
	RS_FIELD(struct rs_user, created_at, RS_T_TIME),
	RS_FIELD(struct rs_user, updated_at, RS_T_TIME),
	RS_FIELD_END,
};

struct input {
	struct rs_user user;
	const char *password;
	bool no_password; /* null was given: no more sign-in by password */
};

#define USER_INPUT(member, ...) RS_FIELD_AS(struct input, user.member, #member, __VA_ARGS__)
#define PASSWORD_INPUT(...)                                                                        \
	RS_FIELD(struct input, password, RS_T_STRING, .min = RS_PASSWORD_MIN,                      \
		.max = RS_PASSWORD_MAX, __VA_ARGS__)

static const struct rs_field CREATE_FIELDS[] = {
	USER_INPUT(enterprise_id, RS_T_ID),
	USER_INPUT(email, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 3, .max = 254),
	USER_INPUT(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	USER_INPUT(language, RS_T_STRING, .min = 2, .max = 35),
	USER_INPUT(status, RS_T_STRING, .values = STATUSES),
	USER_INPUT(role, RS_T_STRING, .flags = RS_F_REQUIRED, .values = rs_role_names),
	USER_INPUT(reach, RS_T_STRING, .values = REACHES),
	PASSWORD_INPUT(.flags = 0),
	RS_FIELD_END,
};

static const struct rs_field EDIT_FIELDS[] = {
	USER_INPUT(email, RS_T_STRING, .min = 3, .max = 254),
	USER_INPUT(name, RS_T_STRING, .min = 1, .max = 200),
	USER_INPUT(language, RS_T_STRING, .min = 2, .max = 35),
	USER_INPUT(status, RS_T_STRING, .values = STATUSES),
	USER_INPUT(role, RS_T_STRING, .values = rs_role_names),
	USER_INPUT(reach, RS_T_STRING, .values = REACHES),
	PASSWORD_INPUT(.flags = RS_F_NULL),
	RS_FIELD_END,
};

static const struct rs_field ME_FIELDS[] = {
	USER_INPUT(name, RS_T_STRING, .min = 1, .max = 200),
	USER_INPUT(language, RS_T_STRING, .min = 2, .max = 35),
	RS_FIELD_END,
};

/* --- judging what was given --- */

/* Dot-separated labels of letters, digits and inner hyphens; at least two of them. */
static bool domain_good(const char *domain)
{
	static const char LABEL[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	int labels = 0;
	for (const char *at = domain;; at++) {
		size_t len = strspn(at, LABEL);
		if (len < 1 || len > 63 || at[0] == '-' || at[len - 1] == '-')
			return false;
		labels++;
		at += len;
		if (*at == '\0')
			return labels >= 2;
		if (*at != '.')
			return false;
	}
}

const char *rs_email_normal(struct rs_ctx *ctx, const char *email)
{
	static const char LOCAL[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.";
	if (strlen(email) > 254)
		return NULL;
	char *out = rs_arena_strdup(ctx->arena, email);
	for (char *c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	size_t local = strspn(out, LOCAL);
	if (local < 1 || local > 64 || out[local] != '@' || out[0] == '.' ||
		out[local - 1] == '.' || strstr(out, "..") || !domain_good(out + local + 1))
		return NULL;
	return out;
}

static void judge(struct rs_ctx *ctx, struct input *in)
{
	struct rs_user *user = &in->user;
	if (user->email) {
		const char *normal = rs_email_normal(ctx, user->email);
		if (normal)
			user->email = normal;
		else
			rs_fault(ctx, RS_BAD_VALUE, "/email", "Not an e-mail address.");
	}
	if (user->language) {
		user->language = rs_language_normal(ctx, user->language);
		if (!user->language)
			rs_fault(ctx, RS_BAD_VALUE, "/language", "Not a language tag such as en or pt-BR.");
	}
	if (user->reach && !strcmp(user->reach, "platform") && user->role &&
		strcmp(user->role, "admin") != 0 && strcmp(user->role, "auditor") != 0)
		rs_fault(ctx, RS_BAD_VALUE, "/reach",
			"Only admins and auditors may have the reach platform.");
}

enum rs_code rs_user_judge_reach(struct rs_ctx *ctx, const char *before, const char *after)
{
	bool platform = ctx->actor.platform || ctx->actor.kind == RS_ACTOR_SYSTEM;
	if (platform || (strcmp(before, "platform") != 0 && strcmp(after, "platform") != 0))
		return RS_OK;
	struct rs_event event = {.action = "access.denied", .object_type = "user"};
	event.detail = "reach platform";
	rs_audit_denied(ctx, &event, RS_FORBIDDEN);
	return rs_fail(ctx, RS_FORBIDDEN, "Only platform administrators handle the reach platform.");
}

/* What an admin does to others only: nobody locks themselves out or lifts themselves up. */
static enum rs_code not_oneself(struct rs_ctx *ctx, const struct rs_id *id, const char *text)
{
	if (ctx->actor.kind != RS_ACTOR_USER || !rs_id_eq(id, &ctx->actor.id))
		return RS_OK;
	struct rs_event event = {.action = "access.denied", .object_type = "user", .object = *id};
	rs_audit_denied(ctx, &event, RS_FORBIDDEN);
	return rs_fail(ctx, RS_FORBIDDEN, "%s", text);
}

static enum rs_code hash(struct rs_ctx *ctx, const struct input *in, const char **phc)
{
	*phc = NULL;
	return in->password ? rs_password_hash(ctx, in->password, phc) : RS_OK;
}

/* --- reading --- */

static enum rs_code read_by(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *p,
	struct rs_user *out)
{
	struct rs_rows *rows;
	enum rs_code rc = rs_read_one(ctx, RS_REACH_CALLER, query, p, &rows);
	return rc == RS_OK ? rs_row_read(ctx, rows, 0, rs_user_fields, out) : rc;
}

static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_user *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	enum rs_code rc = read_by(ctx, RS_Q_user_by_id, &p, out);
	return rc == RS_OK ? rs_may_act(ctx, action, NULL, &out->enterprise_id) : rc;
}

enum rs_code rs_user_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_user *out)
{
	return read_for(ctx, "user.read", id, out);
}

enum rs_code rs_user_find(struct rs_ctx *ctx, const char *email, struct rs_user *out)
{
	struct rs_params p = rs_params(ctx);
	rs_p_text(&p, rs_email_normal(ctx, email));
	return read_by(ctx, RS_Q_user_by_email, &p, out);
}

enum rs_code rs_user_list(struct rs_ctx *ctx, const struct rs_user_filter *filter,
	const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{"email", "email", "text"},
		{"name", "name", "text"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_user_list, SORTS, "id"};
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, filter->enterprise_id);
	rs_p_texts(&p, filter->statuses);
	rs_p_text(&p, filter->role);
	rs_p_text(&p, filter->email ? rs_email_normal(ctx, filter->email) ?: "" : NULL);
	return rs_list(ctx, &SPEC, &p, page, out);
}

/* --- changing --- */

enum rs_code rs_user_create(struct rs_ctx *ctx, json_t *body, struct rs_user *out)
{
	struct input in = {.user = {.language = "en", .status = "active", .reach = "enterprise"}};
	const char *phc;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	rs_json_read(ctx, body, "", CREATE_FIELDS, &in, NULL);
	judge(ctx, &in);
	enum rs_code rc = rs_change_enterprise(ctx, "user.create", &in.user.enterprise_id);
	if (rc == RS_OK)
		rc = rs_user_judge_reach(ctx, "", in.user.reach);
	if (rc == RS_OK)
		rc = rs_faults(ctx);
	if (rc == RS_OK)
		rc = hash(ctx, &in, &phc);
	if (rc != RS_OK)
		return rc;
	in.user.id = rs_id_new(now);
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &in.user.id);
	rs_p_id(&p, &in.user.enterprise_id);
	rs_p_text(&p, in.user.email);
	rs_p_text(&p, in.user.name);
	rs_p_text(&p, in.user.language);
	rs_p_text(&p, in.user.status);
	rs_p_text(&p, in.user.role);
	rs_p_text(&p, in.user.reach);
	rs_p_text(&p, phc);
	rs_p_time(&p, now);
	struct rs_change change = {RS_Q_user_insert, &p, .fields = rs_user_fields, .out = out};
	change.event = (struct rs_event){.action = "user.created", .object_type = "user"};
	change.event.object = in.user.id;
	change.event.enterprise = in.user.enterprise_id;
	change.event.after = rs_arena_json(ctx->arena, rs_json_write(rs_user_fields, &in.user));
	return rs_change_run(ctx, &change);
}

/* Stores a judged user; its tokens end when it may no longer sign in or its password is new. */
static enum rs_code store(struct rs_ctx *ctx, const struct rs_user *before, struct input *in,
	int64_t expected, struct rs_user *out)
{
	const struct rs_user *after = &in->user;
	const char *phc;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc = hash(ctx, in, &phc);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &before->id);
	rs_p_int(&p, before->revision);
	rs_p_text(&p, after->email);
	rs_p_text(&p, after->name);
	rs_p_text(&p, after->language);
	rs_p_text(&p, after->status);
	rs_p_text(&p, after->role);
	rs_p_text(&p, after->reach);
	rs_p_text(&p, phc);
	rs_p_time(&p, now);
	rs_p_bool(&p, in->no_password);
	rs_p_time(&p, now + ctx->app->config->factor_settle_hours * HOUR_US);
	struct rs_params tokens = rs_params(ctx);
	rs_p_id(&tokens, &before->id);
	rs_p_null(&tokens);
	rs_p_null(&tokens);
	rs_p_time(&tokens, now);
	bool out_now = phc || in->no_password || strcmp(after->status, "blocked") == 0 ||
		       strcmp(after->status, "restricted") == 0;
	struct rs_change change = {RS_Q_user_update, &p, .fields = rs_user_fields, .out = out};
	change.then = out_now ? &tokens : NULL;
	if (strcmp(before->status, "blocked") != 0 && strcmp(after->status, "blocked") == 0)
		change.ends = "user blocked";
	change.event = (struct rs_event){.action = "user.updated", .object_type = "user"};
	change.event.object = before->id;
	change.event.enterprise = before->enterprise_id;
	change.event.from = before->status;
	change.event.to = after->status;
	change.event.detail = phc ? "new password" : in->no_password ? "no password" : NULL;
	if (!rs_change_diff(ctx, rs_user_fields, before, after, &change.event) && !phc &&
		!in->no_password) {
		*out = *before;
		return RS_OK;
	}
	if (strcmp(before->email, after->email) != 0) {
		change.ends = change.ends ? change.ends : "address changed";
		change.told = before->email;
		change.notice = "The e-mail address of your account was changed by an administrator. "
				"Mails no longer come here.";
	}
	rs_change_lost(&change, expected);
	return rs_change_run(ctx, &change);
}

enum rs_code rs_user_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_user *out)
{
	struct rs_user before = {0};
	enum rs_code rc = read_for(ctx, "user.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_user_judge_reach(ctx, before.reach, before.reach);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct input in = {.user = before};
	rs_json_read(ctx, patch, "", EDIT_FIELDS, &in, NULL);
	in.no_password = json_is_null(json_object_get(patch, "password"));
	judge(ctx, &in);
	rc = rs_user_judge_reach(ctx, before.reach, in.user.reach);
	if (rc == RS_OK && (strcmp(before.role, in.user.role) != 0 ||
				   strcmp(before.reach, in.user.reach) != 0 ||
				   strcmp(before.status, in.user.status) != 0))
		rc = not_oneself(ctx, id, "Nobody changes their own role, reach or status.");
	if (rc == RS_OK)
		rc = rs_faults(ctx);
	return rc == RS_OK ? store(ctx, &before, &in, revision, out) : rc;
}

enum rs_code rs_user_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct rs_user before = {0};
	enum rs_code rc = read_for(ctx, "user.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_user_judge_reach(ctx, before.reach, before.reach);
	if (rc == RS_OK)
		rc = not_oneself(ctx, id, "Nobody removes themselves.");
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_int(&p, before.revision);
	struct rs_change change = {.query = RS_Q_user_delete, .params = &p, .none = RS_IN_USE};
	change.none_text = "The user owns, made or approved something and stays on record; block it.";
	change.event = (struct rs_event){.action = "user.deleted", .object_type = "user"};
	change.event.object = *id;
	change.event.enterprise = before.enterprise_id;
	change.event.before = rs_arena_json(ctx->arena, rs_json_write(rs_user_fields, &before));
	return rs_change_run(ctx, &change);
}

/* --- oneself --- */

static enum rs_code only_users(struct rs_ctx *ctx)
{
	if (ctx->actor.kind == RS_ACTOR_USER)
		return RS_OK;
	return rs_fail(ctx, RS_FORBIDDEN, "A client has no account of its own; sign in as a user.");
}

enum rs_code rs_me_get(struct rs_ctx *ctx, struct rs_user *out)
{
	struct rs_params p = rs_params(ctx);
	enum rs_code rc = only_users(ctx);
	if (rc != RS_OK)
		return rc;
	rs_p_id(&p, &ctx->actor.id);
	return read_by(ctx, RS_Q_user_by_id, &p, out);
}

enum rs_code rs_me_edit(struct rs_ctx *ctx, json_t *patch, int64_t revision, struct rs_user *out)
{
	struct rs_user before = {0};
	enum rs_code rc = rs_me_get(ctx, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct input in = {.user = before};
	rs_json_read(ctx, patch, "", ME_FIELDS, &in, NULL);
	judge(ctx, &in);
	rc = rs_faults(ctx);
	return rc == RS_OK ? store(ctx, &before, &in, revision, out) : rc;
}
