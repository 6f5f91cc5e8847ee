/* Profiles: the field table, reading, and the use cases of configuration. */
#include "rs/profile.h"

#include "cache.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/permission.h"
#include "validate.h"

#include <string.h>

#define F(member, kind, ...) RS_FIELD(struct rs_profile, member, kind, __VA_ARGS__)
#define READONLY .flags = RS_F_READONLY

static const char *const NONE_OR_REQUIRED[] = {"none", "required", NULL};
static const char *const PURPOSES[] = {"document_signing", "tls_server", "tls_client", "email_protection",
	"code_signing", NULL};

const struct rs_profile_purpose rs_profile_purposes[] = {
	{"document_signing", "1.3.6.1.5.5.7.3.36 1.3.6.1.4.1.311.10.3.12"},
	{"tls_server", "1.3.6.1.5.5.7.3.1"},
	{"tls_client", "1.3.6.1.5.5.7.3.2"},
	{"email_protection", "1.3.6.1.5.5.7.3.4"},
	{"code_signing", "1.3.6.1.5.5.7.3.3"},
	{NULL, NULL},
};

const struct rs_field rs_profile_fields[] = {
	F(id, RS_T_ID, READONLY),
	F(enterprise_id, RS_T_ID, READONLY),
	F(revision, RS_T_INT, READONLY),
	F(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	F(category, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 40),
	F(purpose, RS_T_STRING, .flags = RS_F_REQUIRED, .values = PURPOSES),
	F(rule_set, RS_T_STRING, .flags = RS_F_REQUIRED, .values = rs_ruleset_names),
	F(issuer_id, RS_T_ID, .flags = RS_F_REQUIRED),
	F(active, RS_T_BOOL),
	F(key_sources, RS_T_ARRAY, .min = 1, .max = 2),
	F(key_policy, RS_T_ARRAY, .min = 1, .max = 7),
	F(editable_fields, RS_T_ARRAY, .max = 20),
	F(max_days, RS_T_INT, .flags = RS_F_REQUIRED, .min = 1, .max = 36500),
	F(eligible, RS_T_ARRAY, .min = 1, .max = 3),
	F(repeat, RS_T_BOOL),
	F(on_behalf, RS_T_BOOL),
	F(agreement_id, RS_T_ID, .flags = RS_F_NULL),
	F(vetting, RS_T_BOOL),
	F(dual_control, RS_T_BOOL),
	F(caa, RS_T_STRING, .values = NONE_OR_REQUIRED),
	F(control, RS_T_STRING, .values = NONE_OR_REQUIRED),
	F(control_methods, RS_T_ARRAY, .max = 7),
	F(reuse_days, RS_T_INT, .flags = RS_F_NULL, .min = 1, .max = 3650),
	F(second_factor, RS_T_OBJECT),
	F(previous_certificate, RS_T_OBJECT),
	F(draft_ttl_days, RS_T_INT, .min = 1, .max = 365),
	F(notes, RS_T_OBJECT),
	F(created_at, RS_T_TIME, READONLY),
	F(updated_at, RS_T_TIME, READONLY),
	RS_FIELD_END,
};

/* What stands in columns; the body holds the rest. */
static const struct rs_field HEAD_FIELDS[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(revision, RS_T_INT),
	F(created_at, RS_T_TIME),
	F(updated_at, RS_T_TIME),
	RS_FIELD_END,
};

/* --- reading --- */

static enum rs_code head_of(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	struct rs_profile *head)
{
	memset(head, 0, sizeof(*head));
	return rs_row_read(ctx, rows, row, HEAD_FIELDS, head);
}

/* A row with head and body, as a kept profile. */
static enum rs_code keep(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	const struct rs_profile **out)
{
	struct rs_profile head;
	const char *text = rs_row_text(rows, row, "body");
	json_t *body;
	enum rs_code rc = head_of(ctx, rows, row, &head);

	if (!rc)
		rc = rs_json_parse(ctx, text, strlen(text), &body);
	if (!rc)
		*out = rs_profiles_keep(ctx, ctx->app->profiles, &head, body);
	return rc;
}

enum rs_code rs_profile_get(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const struct rs_profile **out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_profile head;
	struct rs_rows *rows;
	enum rs_code rc;

	*out = NULL;
	rs_p_id(&p, id);
	if (revision == 0) {
		rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_profile_head, &p, &rows);
		if (!rc)
			rc = head_of(ctx, rows, 0, &head);
		if (rc)
			return rc;
		revision = head.revision;
	}
	*out = rs_profiles_find(ctx->app->profiles, id, revision);
	if (*out)
		return RS_OK;
	rs_p_int(&p, revision);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_profile_revision, &p, &rows);
	return rc ? rc : keep(ctx, rows, 0, out);
}

enum rs_code rs_profile_list(struct rs_ctx *ctx, const struct rs_profile_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "p.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_profile_list, .sorts = sorts, .id_column = "p.id"};
	struct rs_params p = rs_params(ctx);
	const struct rs_profile *profile;
	enum rs_code rc;

	rs_p_texts(&p, filter->category);
	rs_p_text(&p, filter->active);
	rs_p_id(&p, rs_enterprise_seen(ctx, &filter->enterprise_id));
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		rc = keep(ctx, list->rows, i, &profile);
		if (!rc)
			json_array_append_new(*items, rs_profile_json(ctx, profile));
	}
	return rc;
}

/* The fields as they are shown and kept; no reuse_days is null. */
static json_t *written(const struct rs_profile *profile)
{
	json_t *out = rs_json_write(rs_profile_fields, profile);

	if (profile->reuse_days == 0)
		json_object_set_new(out, "reuse_days", json_null());
	return out;
}

/* The members of an option that name connectors. */
static const char *const CONNECTORS[] = {"connector_id", "sms_connector_id", "email_connector_id", NULL};

/* Connectors are the administrators' business. */
static void hide_connectors(json_t *second_factor)
{
	const char *operation;
	json_t *options, *option;
	size_t i;

	json_object_foreach (second_factor, operation, options)
		json_array_foreach (options, i, option)
			for (const char *const *member = CONNECTORS; *member; member++)
				json_object_del(option, *member);
}

json_t *rs_profile_connectors(const struct rs_profile *profile)
{
	json_t *out = json_array(), *options, *option;
	const char *operation;
	size_t i;

	json_object_foreach (profile->second_factor, operation, options)
		json_array_foreach (options, i, option)
			for (const char *const *member = CONNECTORS; *member; member++) {
				json_t *id = json_object_get(option, *member);

				if (json_is_string(id) && !rs_profile_has(out, json_string_value(id)))
					json_array_append(out, id);
			}
	return out;
}

json_t *rs_profile_json(struct rs_ctx *ctx, const struct rs_profile *profile)
{
	json_t *out = written(profile), *factors = json_deep_copy(profile->second_factor);

	if (ctx->actor.role == RS_ROLE_SUBSCRIBER || ctx->actor.role == RS_ROLE_OFFICER)
		hide_connectors(factors);
	/* An operation that nobody wrote anything for asks for no factor. */
	for (const char *const *operation = rs_profile_operations; *operation; operation++)
		if (!json_object_get(factors, *operation))
			json_object_set_new(factors, *operation, json_array());
	json_object_set_new(out, "second_factor", factors);
	return out;
}

/* --- small questions --- */

bool rs_profile_has(const json_t *array, const char *value)
{
	size_t i;
	json_t *one;

	json_array_foreach (array, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), value) == 0)
			return true;
	return false;
}

bool rs_profile_editable(const struct rs_profile *profile, const char *field)
{
	return rs_profile_has(profile->editable_fields, field);
}

const json_t *rs_profile_factors(const struct rs_profile *profile, const char *operation)
{
	return json_object_get(profile->second_factor, operation);
}

const char *rs_profile_previous_action(const struct rs_profile *profile)
{
	return json_string_value(json_object_get(profile->previous_certificate, "action"));
}

int64_t rs_profile_previous_days(const struct rs_profile *profile)
{
	return json_integer_value(json_object_get(profile->previous_certificate, "days"));
}

/* --- configuration --- */

/* The members a body may have. */
static json_t *writable(const struct rs_profile *profile)
{
	json_t *out = written(profile);

	for (const struct rs_field *f = rs_profile_fields; f->name; f++)
		if (f->flags & RS_F_READONLY)
			json_object_del(out, f->name);
	return out;
}

static void audit_of(const struct rs_profile *profile, const char *action, struct rs_event *event)
{
	*event = (struct rs_event){
		.action = action,
		.object_type = "profile",
		.object = profile->id,
		.enterprise = profile->enterprise_id,
	};
}

/* One change under way. */
struct change {
	const struct rs_id *id; /* NULL: a new one */
	int64_t revision;       /* expected, -1 = any */
	json_t *given;          /* body or merge patch */
	struct rs_profile profile;
	json_t *before;
};

/* Keeps the connectors that it names from being deleted meanwhile. */
static enum rs_code hold_connectors(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_profile *profile)
{
	json_t *ids = rs_arena_json(ctx->arena, rs_profile_connectors(profile));
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	if (json_array_size(ids) == 0)
		return RS_OK;
	rs_p_texts(&p, ids);
	rc = rs_tx_run(ctx, tx, RS_Q_connector_hold, &p, &rows);
	if (!rc && (size_t)rs_rows_count(rows) != json_array_size(ids))
		rc = rs_fail(ctx, RS_CONFLICT, "A connector was removed at the same moment.");
	return rc;
}

static enum rs_code store_new(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_profile *profile = &change->profile;
	struct rs_params p = rs_params(ctx);
	struct rs_event event;
	enum rs_code rc = hold_connectors(ctx, tx, profile);

	if (rc)
		return rc;
	rs_p_id(&p, &profile->id);
	rs_p_id(&p, &profile->enterprise_id);
	rs_p_text(&p, profile->name);
	rs_p_text(&p, profile->category);
	rs_p_id(&p, &profile->issuer_id);
	rs_p_id(&p, &profile->agreement_id);
	rs_p_bool(&p, profile->active);
	rs_p_time(&p, profile->created_at);
	rs_p_json(&p, rs_arena_json(ctx->arena, writable(profile)));
	rs_p_id(&p, &ctx->actor.id);
	rc = rs_tx_run(ctx, tx, RS_Q_profile_create, &p, NULL);
	if (rc)
		return rc;
	audit_of(profile, "profile.created", &event);
	event.after = rs_arena_json(ctx->arena, writable(profile));
	rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "profile", &profile->id);
}

/* The body without enterprise_id, which only a new profile may name. */
static json_t *take_enterprise(struct rs_ctx *ctx, json_t *body, struct rs_profile *profile)
{
	static const struct rs_field fields[] = {F(enterprise_id, RS_T_ID), RS_FIELD_END};
	json_t *given = json_object_get(body, "enterprise_id");
	json_t *rest;

	if (!given)
		return body;
	rest = rs_arena_json(ctx->arena, json_copy(body));
	rs_json_read(ctx, rs_arena_json(ctx->arena, json_pack("{s:O}", "enterprise_id", given)), "",
		fields, profile, NULL);
	json_object_del(rest, "enterprise_id");
	return rest;
}

enum rs_code rs_profile_create(struct rs_ctx *ctx, json_t *body, const struct rs_profile **out)
{
	struct change change = {.given = body};
	enum rs_code rc;

	rs_profile_defaults(ctx, &change.profile);
	change.profile.enterprise_id = ctx->actor.enterprise;
	rs_json_read(ctx, take_enterprise(ctx, body, &change.profile), "", rs_profile_fields,
		&change.profile, NULL);
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_may_act(ctx, "profile.create", NULL, &change.profile.enterprise_id);
	if (!rc)
		rc = rs_profile_validate(ctx, &change.profile, NULL);
	if (rc)
		return rc;
	change.profile.created_at = change.profile.updated_at = rs_clock_now_us(ctx->app->clock);
	change.profile.id = rs_id_new(change.profile.created_at);
	change.profile.revision = 1;
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store_new, &change);
	return rc ? rc : rs_profile_get(ctx, &change.profile.id, 1, out);
}

static enum rs_code store_change(struct rs_ctx *ctx, struct rs_tx *tx,
	const struct rs_profile *profile, const json_t *before)
{
	struct rs_params p = rs_params(ctx);
	struct rs_event event;
	enum rs_code rc = hold_connectors(ctx, tx, profile);

	if (rc)
		return rc;
	rs_p_id(&p, &profile->id);
	rs_p_text(&p, profile->name);
	rs_p_text(&p, profile->category);
	rs_p_id(&p, &profile->issuer_id);
	rs_p_id(&p, &profile->agreement_id);
	rs_p_bool(&p, profile->active);
	rs_p_time(&p, profile->updated_at);
	rs_p_json(&p, rs_arena_json(ctx->arena, writable(profile)));
	rs_p_id(&p, &ctx->actor.id);
	rc = rs_tx_run(ctx, tx, RS_Q_profile_change, &p, NULL);
	if (rc)
		return rc;
	audit_of(profile, "profile.updated", &event);
	event.before = (json_t *)before;
	event.after = rs_arena_json(ctx->arena, writable(profile));
	return rs_audit(ctx, tx, &event);
}

/*
 * The current revision, which the caller may change; everything that needs further reads or leaves a
 * trace of a refusal is done before the transaction.
 */
static enum rs_code look(struct rs_ctx *ctx, const struct change *change, const char *permission,
	const struct rs_profile **out)
{
	enum rs_code rc = rs_profile_get(ctx, change->id, 0, out);

	if (!rc)
		rc = rs_may_act(ctx, permission, NULL, &(*out)->enterprise_id);
	if (!rc && change->revision >= 0 && change->revision != (*out)->revision)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The profile is in revision %lld now. Read it again.",
			(long long)(*out)->revision);
	return rc;
}

/* Keeps the row from others; RS_CONFLICT when it is no longer the one that was looked at. */
static enum rs_code lock(struct rs_ctx *ctx, struct rs_tx *tx, const struct change *change,
	int64_t revision)
{
	struct rs_params p = rs_params(ctx);
	struct rs_profile head;
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, change->id);
	rc = rs_tx_one(ctx, tx, RS_Q_profile_lock, &p, &rows);
	if (!rc)
		rc = head_of(ctx, rows, 0, &head);
	if (!rc && head.revision != revision)
		rc = rs_fail(ctx, change->revision >= 0 ? RS_PRECONDITION_FAILED : RS_CONFLICT,
			"The profile has changed meanwhile. Read it again.");
	return rc;
}

static enum rs_code patch(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	enum rs_code rc = lock(ctx, tx, change, change->profile.revision - 1);

	return rc ? rc : store_change(ctx, tx, &change->profile, change->before);
}

/* The whole profile that current becomes by the patch; all its faults. */
static enum rs_code merge(struct rs_ctx *ctx, struct change *change,
	const struct rs_profile *current)
{
	json_t *merged;
	enum rs_code rc;

	change->before = rs_arena_json(ctx->arena, writable(current));
	merged = rs_arena_json(ctx->arena, json_deep_copy(change->before));
	rs_json_merge(merged, change->given);
	rs_profile_defaults(ctx, &change->profile);
	rs_json_read(ctx, merged, "", rs_profile_fields, &change->profile, NULL);
	rc = rs_faults(ctx);
	change->profile.id = current->id;
	change->profile.enterprise_id = current->enterprise_id;
	change->profile.revision = current->revision;
	return rc ? rc : rs_profile_validate(ctx, &change->profile, current);
}

enum rs_code rs_profile_patch(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *given, const struct rs_profile **out)
{
	struct change change = {.id = id, .revision = revision, .given = given};
	enum rs_code rc = look(ctx, &change, "profile.edit", out);

	if (!rc)
		rc = merge(ctx, &change, *out);
	if (rc || json_equal(change.before, rs_arena_json(ctx->arena, writable(&change.profile))))
		return rc;
	change.profile.revision++;
	change.profile.updated_at = rs_clock_now_us(ctx->app->clock);
	rc = rs_tx_use(ctx, RS_REACH_CALLER, patch, &change);
	return rc ? rc : rs_profile_get(ctx, id, change.profile.revision, out);
}

static enum rs_code drop(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	struct rs_event event;
	enum rs_code rc = lock(ctx, tx, change, change->profile.revision);

	rs_p_id(&p, change->id);
	if (!rc)
		rc = rs_tx_one(ctx, tx, RS_Q_profile_used, &p, &rows);
	if (rc)
		return rc;
	if (rs_row_bool(rows, 0, "used"))
		return rs_fail(ctx, RS_IN_USE, "Certificates or requests name this profile. Switch it off "
			"with {\"active\": false} instead.");
	rc = rs_tx_run(ctx, tx, RS_Q_profile_delete, &p, NULL);
	if (rc)
		return rc;
	audit_of(&change->profile, "profile.deleted", &event);
	event.before = change->before;
	return rs_audit(ctx, tx, &event);
}

enum rs_code rs_profile_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct change change = {.id = id, .revision = revision};
	const struct rs_profile *current;
	enum rs_code rc = look(ctx, &change, "profile.delete", &current);

	if (rc)
		return rc;
	change.profile = *current;
	change.before = rs_arena_json(ctx->arena, writable(current));
	return rs_tx_use(ctx, RS_REACH_CALLER, drop, &change);
}
