/* Connectors: reading them, the use cases of configuration. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/limit.h"
#include "rs/permission.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEST_WINDOW_S 60
#define TEST_REST_MS  1000 /* of the deadline that is kept for the answer */

#define F(member, kind, ...) RS_FIELD(struct rs_connector, member, kind, __VA_ARGS__)
static const struct rs_field ROW[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(kind, RS_T_STRING),
	F(name, RS_T_STRING),
	F(display_name, RS_T_STRING),
	F(active, RS_T_BOOL),
	F(settings, RS_T_OBJECT),
	F(secrets, RS_T_OBJECT, .flags = RS_F_HIDDEN),
	F(revision, RS_T_INT),
	F(created_at, RS_T_TIME),
	F(updated_at, RS_T_TIME),
	RS_FIELD_END,
};

/* A body: what is given of a connector. */
struct input {
	struct rs_connector connector;
	json_t *settings;
};

#define IN(member, kind_, ...)                                                                     \
	RS_FIELD_AS(struct input, connector.member, #member, kind_, __VA_ARGS__)
#define CHANGEABLE(flags_)                                                                         \
	IN(name, RS_T_STRING, .flags = (flags_), .min = 1, .max = 200),                            \
		IN(display_name, RS_T_STRING, .flags = RS_F_NULL, .min = 1, .max = 200),           \
		IN(active, RS_T_BOOL),                                                             \
		RS_FIELD(struct input, settings, RS_T_OBJECT, .flags = (flags_))
static const struct rs_field CREATE_FIELDS[] = {
	IN(enterprise_id, RS_T_ID),
	IN(kind, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 40),
	CHANGEABLE(RS_F_REQUIRED),
	RS_FIELD_END,
};
static const struct rs_field EDIT_FIELDS[] = {
	CHANGEABLE(0),
	RS_FIELD_END,
};

/* --- reading --- */

static enum rs_code read_row(
	struct rs_ctx *ctx, const struct rs_rows *rows, int row, struct rs_connector *out)
{
	memset(out, 0, sizeof(*out));
	return rs_row_read(ctx, rows, row, ROW, out);
}

/* Jobs and callbacks have no enterprise of their own; the statements name it. */
static enum rs_reach reach_of(const struct rs_ctx *ctx)
{
	bool caller = ctx->actor.kind == RS_ACTOR_USER || ctx->actor.kind == RS_ACTOR_CLIENT;

	return caller ? RS_REACH_CALLER : RS_REACH_JOB;
}

enum rs_code rs_connector_get(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_id *id, const char *kind, struct rs_connector **out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = rs_new(ctx->arena, struct rs_connector);
	rs_p_id(&p, id);
	rc = rs_read(ctx, reach_of(ctx), RS_Q_connector_by_id, &p, &rows);
	if (!rc && rs_rows_count(rows) > 0)
		rc = read_row(ctx, rows, 0, *out);
	if (rc)
		return rc;
	if (!(*out)->active || (enterprise && !rs_id_eq(&(*out)->enterprise_id, enterprise)) ||
		strcmp((*out)->kind, kind) != 0)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"This is not available: its connector is switched off or gone.");
	return RS_OK;
}

enum rs_code rs_connector_public(struct rs_ctx *ctx, const struct rs_id *id, const char *kind,
	struct rs_connector **out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = rs_new(ctx->arena, struct rs_connector);
	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_JOB, RS_Q_connector_by_id, &p, &rows);
	if (!rc)
		rc = read_row(ctx, rows, 0, *out);
	if (!rc && strcmp((*out)->kind, kind) != 0)
		rc = rs_fail(ctx, RS_NOT_FOUND, "There is no such connector.");
	return rc;
}

enum rs_code rs_connector_find(struct rs_ctx *ctx, const struct rs_id *enterprise, const char *kind,
	struct rs_connector **out, size_t *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*count = 0;
	rs_p_id(&p, enterprise);
	rs_p_text(&p, kind);
	rc = rs_read(ctx, reach_of(ctx), RS_Q_connector_find, &p, &rows);
	if (rc)
		return rc;
	*out = rs_new_array(ctx->arena, struct rs_connector, rs_rows_count(rows));
	for (int i = 0; !rc && i < rs_rows_count(rows); i++)
		rc = read_row(ctx, rows, i, &(*out)[(*count)++]);
	return rc;
}

void rs_connector_prefer(struct rs_connector *list, size_t count, const struct rs_id *first)
{
	for (size_t i = 1; i < count; i++) {
		struct rs_connector chosen = list[i];

		if (!rs_id_eq(&list[i].id, first))
			continue;
		memmove(list + 1, list, i * sizeof(*list));
		list[0] = chosen;
	}
}

/* Reads one for somebody who must be allowed to `action` it. */
static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_connector *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_connector_by_id, &p, &rows);
	if (!rc)
		rc = read_row(ctx, rows, 0, out);
	return rc ? rc : rs_may_act(ctx, action, NULL, &out->enterprise_id);
}

enum rs_code rs_connector_read(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_connector **out)
{
	*out = rs_new(ctx->arena, struct rs_connector);
	return read_for(ctx, "connector.read", id, *out);
}

enum rs_code rs_connector_list(struct rs_ctx *ctx, const struct rs_connector_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "c.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_connector_list, .sorts = sorts, .id_column = "c.id"};
	struct rs_params p = rs_params(ctx);
	struct rs_connector connector;
	enum rs_code rc;

	rs_p_id(&p, rs_enterprise_seen(ctx, &filter->enterprise_id));
	rs_p_text(&p, filter->kind);
	rs_p_text(&p, filter->active);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		rc = read_row(ctx, list->rows, i, &connector);
		if (!rc)
			json_array_append_new(*items, rs_connector_json(ctx, &connector));
	}
	return rc;
}

/* The settings as they are shown: nulls for what is not set, secrets as the fact alone. */
static json_t *shown_settings(const struct rs_connector *connector)
{
	const struct rs_connector_kind *kind = rs_connector_kind(connector->kind);
	json_t *out = json_copy(connector->settings);

	if (!kind)
		return out;
	for (const struct rs_field *f = kind->fields; f->name; f++)
		if (!json_object_get(out, f->name))
			json_object_set_new(out, f->name, json_null());
	for (const struct rs_connector_secret_member *s = kind->secrets; s && s->name; s++) {
		json_t *kept = json_object_get(connector->secrets, s->name);

		json_object_set_new(out, s->name,
			kept ? json_pack("{s:b, s:O}", "set", 1, "updated_at",
				       json_object_get(kept, "updated_at"))
			     : json_null());
	}
	return out;
}

json_t *rs_connector_json(struct rs_ctx *ctx, const struct rs_connector *connector)
{
	json_t *out = rs_json_write(ROW, connector);

	(void)ctx;
	json_object_set_new(out, "settings", shown_settings(connector));
	return out;
}

/* --- changes --- */

/* One change under way. */
struct change {
	struct rs_connector connector;
	const struct rs_connector *before; /* NULL: a new one */
	int64_t expected;		   /* If-Match, -1 = any */
};

static struct rs_event event_of(const char *action, const struct rs_connector *connector)
{
	return (struct rs_event){
		.action = action,
		.object_type = "connector",
		.object = connector->id,
		.enterprise = connector->enterprise_id,
	};
}

/* What the trail keeps of a connector: as it is shown, without what never changes or always does.
 */
static json_t *trail_of(struct rs_ctx *ctx, const struct rs_connector *connector)
{
	json_t *out = rs_arena_json(ctx->arena, rs_connector_json(ctx, connector));

	json_object_del(out, "id");
	json_object_del(out, "enterprise_id");
	json_object_del(out, "revision");
	json_object_del(out, "created_at");
	json_object_del(out, "updated_at");
	return out;
}

static enum rs_code store_new(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_connector *c = &change->connector;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = event_of("connector.created", c);
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_id(&p, &c->enterprise_id);
	rs_p_text(&p, c->kind);
	rs_p_text(&p, c->name);
	rs_p_text(&p, c->display_name);
	rs_p_bool(&p, c->active);
	rs_p_json(&p, c->settings);
	rs_p_json(&p, c->secrets);
	rs_p_time(&p, c->created_at);
	rc = rs_tx_run(ctx, tx, RS_Q_connector_insert, &p, NULL);
	event.after = trail_of(ctx, c);
	if (!rc)
		rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "connector", &c->id);
}

/* The enterprise a new one goes into must be one that the caller may write to and that exists. */
static enum rs_code check_enterprise(struct rs_ctx *ctx, const struct rs_id *enterprise)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = rs_may_act(ctx, "connector.create", NULL, enterprise);

	rs_p_id(&p, enterprise);
	if (!rc)
		rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_enterprise_by_id, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rs_fault(ctx, RS_BAD_VALUE, "/enterprise_id", "There is no such enterprise.");
	return rc;
}

enum rs_code rs_connector_create(struct rs_ctx *ctx, json_t *body, struct rs_connector **out)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct change change = {0};
	struct input in = {.connector = {.id = rs_id_new(now),
				   .enterprise_id = ctx->actor.enterprise,
				   .active = true,
				   .revision = 1,
				   .created_at = now,
				   .updated_at = now}};
	enum rs_code rc;

	rs_json_read(ctx, body, "", CREATE_FIELDS, &in, NULL);
	rc = check_enterprise(ctx, &in.connector.enterprise_id);
	if (rc)
		return rc;
	if (in.connector.kind && !rs_connector_kind(in.connector.kind))
		rs_fault(ctx, RS_BAD_VALUE, "/kind", "There is no kind of connector of this name.");
	else if (in.connector.kind && in.settings)
		rc = rs_connector_apply(ctx, &in.connector, in.settings);
	if (!rc)
		rc = rs_faults(ctx);
	if (rc)
		return rc;
	change.connector = in.connector;
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store_new, &change);
	*out = rs_new(ctx->arena, struct rs_connector);
	**out = change.connector;
	return rc;
}

static enum rs_code changed_meanwhile(struct rs_ctx *ctx, int64_t expected)
{
	return rs_fail(ctx, expected >= 0 ? RS_PRECONDITION_FAILED : RS_CONFLICT,
		"Somebody else changed it at the same moment; read it again.");
}

/* The members of the trail that differ, in before and after. */
static void keep_differences(json_t *before, json_t *after)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(before, next, name, value)
	{
		if (!json_equal(value, json_object_get(after, name)))
			continue;
		json_object_del(after, name);
		json_object_del(before, name);
	}
}

static enum rs_code store_change(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_connector *c = &change->connector;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = event_of("connector.updated", c);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_int(&p, change->before->revision);
	rs_p_text(&p, c->name);
	rs_p_text(&p, c->display_name);
	rs_p_bool(&p, c->active);
	rs_p_json(&p, c->settings);
	rs_p_json(&p, c->secrets);
	rs_p_time(&p, c->updated_at);
	rs_p_json(&p, change->before->secrets);
	rc = rs_tx_run(ctx, tx, RS_Q_connector_update, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = changed_meanwhile(ctx, change->expected);
	if (rc)
		return rc;
	event.before = trail_of(ctx, change->before);
	event.after = trail_of(ctx, c);
	keep_differences(event.before, event.after);
	return rs_audit(ctx, tx, &event);
}

static enum rs_code expect(struct rs_ctx *ctx, int64_t expected, const struct rs_connector *c)
{
	if (expected < 0 || expected == c->revision)
		return RS_OK;
	return rs_fail(ctx, RS_PRECONDITION_FAILED,
		"It is at revision %lld, not %lld; read it again.", (long long)c->revision,
		(long long)expected);
}

static bool same(const struct rs_connector *a, const struct rs_connector *b)
{
	return strcmp(a->name, b->name) == 0 && a->active == b->active &&
	       strcmp(a->display_name ?: "", b->display_name ?: "") == 0 &&
	       json_equal(a->settings, b->settings) && json_equal(a->secrets, b->secrets);
}

enum rs_code rs_connector_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_connector **out)
{
	struct rs_connector *before = rs_new(ctx->arena, struct rs_connector);
	struct change change = {.before = before, .expected = revision};
	struct input in;
	enum rs_code rc = read_for(ctx, "connector.edit", id, before);

	if (!rc)
		rc = expect(ctx, revision, before);
	if (!rc && !rs_connector_kind(before->kind))
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"The kind of this connector is not known here.");
	if (rc)
		return rc;
	in = (struct input){.connector = *before};
	if (json_is_null(json_object_get(patch, "display_name")))
		in.connector.display_name = NULL;
	rs_json_read(ctx, patch, "", EDIT_FIELDS, &in, NULL);
	rc = rs_connector_apply(ctx, &in.connector, in.settings);
	if (!rc)
		rc = rs_faults(ctx);
	*out = before;
	if (rc || same(before, &in.connector))
		return rc;
	change.connector = in.connector;
	change.connector.revision++;
	change.connector.updated_at = rs_clock_now_us(ctx->app->clock);
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store_change, &change);
	*before = change.connector;
	return rc;
}

/* The row is locked before it is asked who names it: a profile that is about to holds it
 * (connector_hold). */
static enum rs_code drop(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	const struct rs_connector *c = &change->connector;
	struct rs_params p = rs_params(ctx), one = rs_params(ctx);
	struct rs_event event = event_of("connector.deleted", c);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->id);
	rs_p_int(&p, c->revision);
	rs_p_id(&one, &c->id);
	rc = rs_tx_run(ctx, tx, RS_Q_connector_lock, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = changed_meanwhile(ctx, change->expected);
	if (!rc)
		rc = rs_tx_one(ctx, tx, RS_Q_connector_used, &one, &rows);
	if (!rc && rs_row_bool(rows, 0, "used"))
		rc = rs_fail(ctx, RS_IN_USE,
			"A profile or an open request names this connector. "
			"Switch it off instead (active: false), or take it out of the profiles "
			"first.");
	if (!rc)
		rc = rs_tx_run(ctx, tx, RS_Q_connector_delete, &one, NULL);
	event.before = trail_of(ctx, c);
	return rc ? rc : rs_audit(ctx, tx, &event);
}

enum rs_code rs_connector_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct change change = {.expected = revision};
	enum rs_code rc = read_for(ctx, "connector.edit", id, &change.connector);

	if (!rc)
		rc = expect(ctx, revision, &change.connector);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, drop, &change);
}

/* --- trying one --- */

void rs_connector_step(
	struct rs_connector_report *report, bool ok, const char *name, const char *fmt, ...)
{
	char detail[300];
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(detail, sizeof(detail), fmt, args);
	va_end(args);
	if (!ok)
		report->ok = false;
	json_array_append_new(report->steps,
		json_pack("{s:s, s:b, s:s}", "name", name, "ok", ok, "detail", detail));
}

static enum rs_code store_test(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	return rs_audit(ctx, tx, arg);
}

/* Runs the kind's test() with a rest of the deadline left for the answer. */
static enum rs_code try(struct rs_ctx *ctx, const struct rs_connector *connector, const char *to,
	struct rs_connector_report *report)
{
	const struct rs_connector_kind *kind = rs_connector_kind(connector->kind);
	int64_t deadline_ms = ctx->deadline_ms;
	enum rs_code rc;
	void *settings;

	if (!kind)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED, "This service knows no such kind.");
	settings = rs_arena_alloc(ctx->arena, kind->size);
	rc = rs_connector_settings(ctx, connector, settings);
	if (rc)
		return rc;
	if (to && !kind->sends)
		rs_fault(ctx, RS_UNKNOWN_MEMBER, "/to", "A connector of this kind sends nothing.");
	rc = rs_faults(ctx);
	if (rc)
		return rc;
	if (deadline_ms)
		ctx->deadline_ms = deadline_ms - TEST_REST_MS;
	rc = kind->test(ctx, connector, settings, to, report);
	ctx->deadline_ms = deadline_ms;
	return rc;
}

enum rs_code rs_connector_test(
	struct rs_ctx *ctx, const struct rs_id *id, json_t *body, json_t **out)
{
	struct {
		const char *to;
	} in = {0};
	static const struct rs_field fields[] = {
		{.name = "to", .type = RS_T_STRING, .min = 1, .max = 254},
		RS_FIELD_END,
	};
	struct rs_limit limit = {"connector-test-user",
		ctx->app->config->limits_connector_tests_per_user, TEST_WINDOW_S};
	struct rs_connector_report report = {
		.ctx = ctx, .ok = true, .steps = rs_arena_json(ctx->arena, json_array())};
	struct rs_connector connector;
	enum rs_code rc = read_for(ctx, "connector.edit", id, &connector);

	if (rc)
		return rc;
	rs_json_read(ctx, body, "", fields, &in, NULL);
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_limit_hit(ctx, &limit, ctx->actor.id.s, strlen(ctx->actor.id.s));
	if (!rc)
		rc = try(ctx, &connector, in.to, &report);
	if (!rc)
		rc = rs_faults(ctx);
	if (rc)
		return rc;
	struct rs_event event = event_of("connector.tested", &connector);
	event.after = rs_arena_json(
		ctx->arena, json_pack("{s:b, s:O}", "ok", report.ok, "steps", report.steps));
	rc = rs_tx_use(ctx, RS_REACH_CALLER, store_test, &event);
	*out = rc ? NULL : json_deep_copy(event.after);
	return rc;
}
