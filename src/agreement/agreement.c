/* Agreements: reading a text, and the use cases of configuration. */
#include "rs/agreement.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/permission.h"

#include <string.h>

#define TEXTS_MAX 50
#define TEXT_MAX 50000

#define F(member, kind, ...) RS_FIELD(struct rs_agreement, member, kind, __VA_ARGS__)

const struct rs_field rs_agreement_fields[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(name, RS_T_STRING),
	F(version, RS_T_INT),
	F(language, RS_T_STRING),
	F(languages, RS_T_ARRAY),
	F(text, RS_T_STRING),
	F(format, RS_T_STRING),
	F(sha256, RS_T_SHA256),
	F(reacceptance, RS_T_BOOL),
	F(published_at, RS_T_TIME),
	F(revision, RS_T_INT),
	F(least_version, RS_T_INT, .flags = RS_F_HIDDEN),
	RS_FIELD_END,
};

enum rs_code rs_agreement_get(struct rs_ctx *ctx, const struct rs_id *id, int64_t version,
	const char *language, const struct rs_id *reader, struct rs_agreement *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	memset(out, 0, sizeof(*out));
	rs_p_id(&p, id);
	if (version > 0)
		rs_p_int(&p, version);
	else
		rs_p_null(&p);
	rs_p_text(&p, language);
	rs_p_id(&p, reader);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_agreement_text, &p, &rows);
	return rc ? rc : rs_row_read(ctx, rows, 0, rs_agreement_fields, out);
}

enum rs_code rs_agreement_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "a.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_agreement_list, .sorts = sorts, .id_column = "a.id"};
	struct rs_params p = rs_params(ctx);
	struct rs_agreement agreement;
	enum rs_code rc;

	rs_p_id(&p, enterprise);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		memset(&agreement, 0, sizeof(agreement));
		rc = rs_row_read(ctx, list->rows, i, rs_agreement_fields, &agreement);
		if (!rc)
			json_array_append_new(*items, rs_json_write(rs_agreement_fields, &agreement));
	}
	return rc;
}

/* --- bodies --- */

struct text {
	const char *language;
	const char *text;
};

static const struct rs_field TEXT_FIELDS[] = {
	RS_FIELD(struct text, language, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 2, .max = 35),
	RS_FIELD(struct text, text, RS_T_STRING, .flags = RS_F_REQUIRED | RS_F_LINES, .min = 1,
		.max = TEXT_MAX),
	RS_FIELD_END,
};

/* A new agreement, or a new version of one. */
struct body {
	struct rs_id enterprise_id;
	const char *name;
	const char *format;
	bool reacceptance;
	json_t *texts;
};

static const char *const FORMATS[] = {"text", "markdown", NULL};

#define B(member, kind, ...) RS_FIELD(struct body, member, kind, __VA_ARGS__)
static const struct rs_field CREATE_FIELDS[] = {
	B(enterprise_id, RS_T_ID),
	B(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 200),
	B(format, RS_T_STRING, .values = FORMATS),
	B(texts, RS_T_ARRAY, .flags = RS_F_REQUIRED, .min = 1, .max = TEXTS_MAX),
	RS_FIELD_END,
};
static const struct rs_field PUBLISH_FIELDS[] = {
	B(format, RS_T_STRING, .values = FORMATS),
	B(reacceptance, RS_T_BOOL),
	B(texts, RS_T_ARRAY, .flags = RS_F_REQUIRED, .min = 1, .max = TEXTS_MAX),
	RS_FIELD_END,
};

static bool language_before(const json_t *texts, size_t end, const char *language)
{
	for (size_t i = 0; i < end; i++) {
		const char *other = json_string_value(
			json_object_get(json_array_get(texts, i), "language"));

		if (other && strcmp(other, language) == 0)
			return true;
	}
	return false;
}

/* What is stored is the body's own: a tag that is well is put there in lower case. */
static void check_texts(struct rs_ctx *ctx, json_t *texts)
{
	size_t i;
	json_t *one;

	json_array_foreach (texts, i, one) {
		struct text text = {0};
		const char *at = rs_pointer_index(ctx, "/texts", i);

		if (!json_is_object(one)) {
			rs_fault(ctx, RS_WRONG_TYPE, at, "A text is {\"language\", \"text\"}.");
			continue;
		}
		rs_json_read(ctx, one, at, TEXT_FIELDS, &text, NULL);
		if (!text.language)
			continue;
		at = rs_pointer(ctx, at, "language");
		text.language = rs_language_normal(ctx, text.language);
		if (!text.language)
			rs_fault(ctx, RS_BAD_VALUE, at, "A language is a tag like en or de-ch.");
		else if (language_before(texts, i, text.language))
			rs_fault(ctx, RS_BAD_VALUE, at, "There is another text in this language.");
		else
			json_object_set_new(one, "language", json_string(text.language));
	}
}

static enum rs_code read_body(struct rs_ctx *ctx, json_t *json, const struct rs_field *fields,
	struct body *body)
{
	*body = (struct body){.enterprise_id = ctx->actor.enterprise, .format = "text"};
	rs_json_read(ctx, json, "", fields, body, NULL);
	check_texts(ctx, body->texts);
	return rs_faults(ctx);
}

/* --- use cases --- */

struct change {
	struct rs_id id;
	int64_t revision; /* expected, -1 = any */
	struct body body;
};

static enum rs_code audit(struct rs_ctx *ctx, struct rs_tx *tx, const struct change *change,
	const char *action, json_t *after)
{
	struct rs_event event = {
		.action = action,
		.object_type = "agreement",
		.object = change->id,
		.enterprise = change->body.enterprise_id,
		.after = rs_arena_json(ctx->arena, after),
	};

	enum rs_code rc = rs_audit(ctx, tx, &event);

	return rc ? rc : rs_idem_effect(ctx, tx, "agreement", &change->id);
}

static enum rs_code create(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &change->id);
	rs_p_id(&p, &change->body.enterprise_id);
	rs_p_text(&p, change->body.name);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, change->body.format);
	rs_p_json(&p, change->body.texts);
	rc = rs_tx_run(ctx, tx, RS_Q_agreement_create, &p, NULL);
	return rc ? rc : audit(ctx, tx, change, "agreement.created",
		json_pack("{s:s, s:i}", "name", change->body.name, "version", 1));
}

enum rs_code rs_agreement_create(struct rs_ctx *ctx, json_t *json, struct rs_agreement *out)
{
	struct change change = {.id = rs_id_new(rs_clock_now_us(ctx->app->clock))};
	enum rs_code rc = read_body(ctx, json, CREATE_FIELDS, &change.body);

	if (!rc)
		rc = rs_may_act(ctx, "agreement.create", NULL, &change.body.enterprise_id);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, create, &change);
	return rc ? rc : rs_agreement_get(ctx, &change.id, 0, NULL, NULL, out);
}

/* Locks the agreement; *version gets its newest one. */
static enum rs_code lock(struct rs_ctx *ctx, struct rs_tx *tx, struct change *change,
	int64_t *version)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &change->id);
	rc = rs_tx_one(ctx, tx, RS_Q_agreement_lock, &p, &rows);
	if (rc)
		return rc;
	*version = rs_row_int(rows, 0, "version");
	if (!rs_id_parse(rs_row_text(rows, 0, "enterprise_id"), &change->body.enterprise_id))
		return rs_fail(ctx, RS_INTERNAL, "The agreement cannot be read.");
	if (change->revision >= 0 && change->revision != rs_row_int(rows, 0, "revision"))
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The agreement has changed since you read it. Read it again.");
	return rc;
}

static enum rs_code publish(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_params p = rs_params(ctx);
	int64_t version;
	enum rs_code rc = lock(ctx, tx, change, &version);

	if (rc)
		return rc;
	rs_p_id(&p, &change->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, change->body.format);
	rs_p_bool(&p, change->body.reacceptance);
	rs_p_json(&p, change->body.texts);
	rc = rs_tx_run(ctx, tx, RS_Q_agreement_publish, &p, NULL);
	return rc ? rc : audit(ctx, tx, change, "agreement.published",
		json_pack("{s:I, s:b}", "version", (json_int_t)version + 1, "reacceptance",
			change->body.reacceptance));
}

enum rs_code rs_agreement_publish(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *json, struct rs_agreement *out)
{
	struct change change = {.id = *id, .revision = revision};
	enum rs_code rc = rs_agreement_get(ctx, id, 0, NULL, NULL, out);

	if (!rc)
		rc = rs_may_act(ctx, "agreement.edit", NULL, &out->enterprise_id);
	if (!rc && revision >= 0 && revision != out->revision)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The agreement has changed since you read it. Read it again.");
	if (!rc)
		rc = read_body(ctx, json, PUBLISH_FIELDS, &change.body);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, publish, &change);
	return rc ? rc : rs_agreement_get(ctx, id, 0, NULL, NULL, out);
}

static enum rs_code drop(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct change *change = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	int64_t version;
	enum rs_code rc = lock(ctx, tx, change, &version);

	rs_p_id(&p, &change->id);
	if (!rc)
		rc = rs_tx_one(ctx, tx, RS_Q_agreement_used, &p, &rows);
	if (rc)
		return rc;
	if (rs_row_bool(rows, 0, "used"))
		return rs_fail(ctx, RS_IN_USE, "A profile or a request names this agreement. Take it out "
			"of the profiles first; what was accepted stays.");
	rc = rs_tx_run(ctx, tx, RS_Q_agreement_delete, &p, NULL);
	return rc ? rc : audit(ctx, tx, change, "agreement.deleted",
		json_pack("{s:I}", "version", (json_int_t)version));
}

enum rs_code rs_agreement_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct change change = {.id = *id, .revision = revision};
	struct rs_agreement agreement;
	enum rs_code rc = rs_agreement_get(ctx, id, 0, NULL, NULL, &agreement);

	if (!rc)
		rc = rs_may_act(ctx, "agreement.delete", NULL, &agreement.enterprise_id);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, drop, &change);
}
