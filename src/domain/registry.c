/* The registry of domains: names an enterprise says are its own. */
#include "rs/domain.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/names.h"
#include "rs/permission.h"

#include <string.h>

#define F(member, kind, ...) RS_FIELD(struct rs_domain, member, kind, __VA_ARGS__)
const struct rs_field rs_domain_fields[] = {
	F(id, RS_T_ID, .flags = RS_F_READONLY),
	F(enterprise_id, RS_T_ID),
	F(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 253),
	F(include_subdomains, RS_T_BOOL),
	F(revision, RS_T_INT, .flags = RS_F_READONLY),
	F(created_at, RS_T_TIME, .flags = RS_F_READONLY),
	F(updated_at, RS_T_TIME, .flags = RS_F_READONLY),
	RS_FIELD_END,
};

/* Reads an entry for somebody who must be allowed to `action` it. */
static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_domain *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = (struct rs_domain){0};
	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_domain_by_id, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, rs_domain_fields, out);
	return rc ? rc : rs_may_act(ctx, action, NULL, &out->enterprise_id);
}

enum rs_code rs_domain_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_domain *out)
{
	return read_for(ctx, "domain.read", id, out);
}

enum rs_code rs_domain_list(struct rs_ctx *ctx, const struct rs_id *enterprise, const json_t *name,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "d.created_at", "timestamptz"},
		{"name", "d.name", "text"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_domain_list, .sorts = sorts, .id_column = "d.id"};
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, enterprise);
	rs_p_texts(&p, name);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		struct rs_domain domain = {0};

		rc = rs_row_read(ctx, list->rows, i, rs_domain_fields, &domain);
		if (!rc)
			json_array_append_new(*items, rs_json_write(rs_domain_fields, &domain));
	}
	return rc;
}

/* --- changes --- */

static enum rs_code audit(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_domain *domain, const char *action)
{
	struct rs_event event = {
		.action = action,
		.object_type = "domain",
		.object = domain->id,
		.enterprise = domain->enterprise_id,
		.after = rs_arena_json(ctx->arena,
			json_pack("{s:s, s:b}", "name", domain->name, "include_subdomains",
				domain->include_subdomains)),
	};

	return rs_audit(ctx, tx, &event);
}

static enum rs_code insert(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct rs_domain *domain = arg;
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &domain->id);
	rs_p_id(&p, &domain->enterprise_id);
	rs_p_text(&p, domain->name);
	rs_p_bool(&p, domain->include_subdomains);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_time(&p, domain->created_at);
	rc = rs_tx_run(ctx, tx, RS_Q_domain_insert, &p, NULL);
	if (!rc)
		rc = audit(ctx, tx, domain, "domain.created");
	return rc ? rc : rs_idem_effect(ctx, tx, "domain", &domain->id);
}

enum rs_code rs_domain_create(struct rs_ctx *ctx, json_t *body, struct rs_domain *out)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc;

	*out = (struct rs_domain){.id = rs_id_new(now), .enterprise_id = ctx->actor.enterprise,
		.include_subdomains = true, .revision = 1, .created_at = now, .updated_at = now};
	rs_json_read(ctx, body, "", rs_domain_fields, out, NULL);
	if (out->name)
		out->name = rs_names_registrable(ctx, out->name, "/name");
	rc = rs_faults(ctx);
	if (!rc)
		rc = rs_may_act(ctx, "domain.create", NULL, &out->enterprise_id);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, insert, out);
}

struct removal {
	struct rs_domain domain;
	int64_t revision;
};

static enum rs_code drop(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct removal *removal = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &removal->domain.id);
	rs_p_int(&p, removal->revision >= 0 ? removal->revision : removal->domain.revision);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_domain_delete, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The domain has changed since you read it. Read it again.");
	return rc ? rc : audit(ctx, tx, &removal->domain, "domain.deleted");
}

enum rs_code rs_domain_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct removal removal = {.revision = revision};
	enum rs_code rc = read_for(ctx, "domain.edit", id, &removal.domain);

	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, drop, &removal);
}

/* --- what requests ask --- */

/*
 * The domain of a name: itself, or what stands behind the @ of a mailbox; NULL for an address. A wildcard
 * is one below its base, as the names it stands for are.
 */
static const char *domain_of(struct rs_ctx *ctx, const json_t *name)
{
	const char *kind = json_string_value(json_object_get(name, "kind"));
	const char *text = json_string_value(json_object_get(name, "name"));
	const char *at;

	if (strcmp(kind, "dns") == 0)
		return json_is_true(json_object_get(name, "wildcard"))
			       ? rs_arena_printf(ctx->arena, "*.%s", text)
			       : text;
	at = strcmp(kind, "mail") == 0 ? strrchr(text, '@') : NULL;
	return at ? at + 1 : NULL;
}

enum rs_code rs_domain_uncovered(
	struct rs_ctx *ctx, const struct rs_id *enterprise, const json_t *san, json_t **out)
{
	json_t *names = rs_names_domains(ctx, san);
	json_t *asked = rs_arena_json(ctx->arena, json_array());
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;
	size_t i;
	json_t *name;

	*out = rs_arena_json(ctx->arena, json_array());
	json_array_foreach(names, i, name) {
		const char *domain = domain_of(ctx, name);

		json_array_append_new(asked, json_string(domain ? domain : ""));
	}
	rs_p_id(&p, enterprise);
	rs_p_texts(&p, asked);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_domain_uncovered, &p, &rows);
	for (int row = 0; !rc && row < rs_rows_count(rows); row++)
		json_array_append(
			*out, json_array_get(names, (size_t)rs_row_int(rows, row, "place") - 1));
	return rc;
}

enum rs_code rs_domain_covers(struct rs_ctx *ctx, const struct rs_id *enterprise, const json_t *san)
{
	json_t *outside, *name;
	enum rs_code rc = rs_domain_uncovered(ctx, enterprise, san, &outside);
	size_t i;

	if (rc)
		return rc;
	json_array_foreach(outside, i, name)
		rs_fault(ctx, RS_NAME_NOT_REGISTERED,
			json_string_value(json_object_get(name, "pointer")),
			"%s is outside the domains your enterprise has registered.",
			json_string_value(json_object_get(name, "name")));
	return rs_faults(ctx);
}
