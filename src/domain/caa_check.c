/* CAA checks as a resource: asked for by hand, read, listed. They never satisfy a request. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/names.h"
#include "rs/permission.h"

#include <string.h>

struct check {
	struct rs_id id, enterprise_id, request_id, checked_by;
	const char *kind, *name, *result, *code, *detail, *found_at, *dnssec, *perspective;
	bool wildcard;
	json_t *basis, *records, *iodef, *queries;
	int64_t checked_at, valid_until;
};

#define F(member, kind, ...) RS_FIELD(struct check, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(request_id, RS_T_ID),
	F(name, RS_T_STRING),
	F(kind, RS_T_STRING),
	F(wildcard, RS_T_BOOL),
	F(result, RS_T_STRING),
	F(code, RS_T_STRING),
	F(detail, RS_T_STRING),
	F(found_at, RS_T_STRING),
	F(records, RS_T_ARRAY),
	F(iodef, RS_T_ARRAY),
	F(dnssec, RS_T_STRING),
	F(queries, RS_T_ARRAY),
	F(basis, RS_T_OBJECT),
	F(perspective, RS_T_STRING),
	F(checked_by, RS_T_ID),
	F(checked_at, RS_T_TIME),
	F(valid_until, RS_T_TIME),
	RS_FIELD_END,
};

/* --- reading --- */

static enum rs_code row_of(struct rs_ctx *ctx, const struct rs_rows *rows, int row, struct check *out)
{
	enum rs_code rc = rs_row_read(ctx, rows, row, FIELDS, out);

	if (!rc)
		out->iodef = rs_caa_iodef(ctx, out->records);
	return rc;
}

enum rs_code rs_caa_check_get(struct rs_ctx *ctx, const struct rs_id *id, json_t **out)
{
	struct rs_params p = rs_params(ctx);
	struct check check = {0};
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_caa_check_by_id, &p, &rows);
	if (!rc)
		rc = row_of(ctx, rows, 0, &check);
	if (!rc)
		rc = rs_may_see(ctx, "caa_check.read", &check.checked_by, &check.enterprise_id);
	if (!rc)
		*out = rs_json_write(FIELDS, &check);
	return rc;
}

enum rs_code rs_caa_check_list(struct rs_ctx *ctx, const json_t *name, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"checked_at", "c.checked_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_caa_check_list, .sorts = sorts, .id_column = "c.id"};
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_texts(&p, name);
	rs_p_texts(&p, rs_owners_seen(ctx, "caa_check.read"));
	rs_p_null(&p);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		struct check check = {0};

		rc = row_of(ctx, list->rows, i, &check);
		if (!rc)
			json_array_append_new(*items, rs_json_write(FIELDS, &check));
	}
	return rc;
}

/* --- asking --- */

struct body {
	const char *name, *kind, *account_uri, *method;
	bool wildcard;
};

static const char *const KINDS[] = {"dns", "mail", NULL};
static const char *const METHODS[] = {"dns_txt", "dns_persist", "http_file", "email_constructed",
	"email_caa", "email_txt", NULL};

#define B(member, kind, ...) RS_FIELD(struct body, member, kind, __VA_ARGS__)
static const struct rs_field BODY[] = {
	B(name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 320),
	B(kind, RS_T_STRING, .values = KINDS),
	B(wildcard, RS_T_BOOL),
	B(account_uri, RS_T_STRING, .min = 1, .max = 255),
	B(method, RS_T_STRING, .values = METHODS),
	RS_FIELD_END,
};

/* The domain of a mailbox, or of a domain that is asked as one's; NULL after a fault. */
static const char *mail_domain(struct rs_ctx *ctx, const struct body *body)
{
	const char *at = strrchr(body->name, '@');
	const struct rs_bytes whole = {(const unsigned char *)body->name, strlen(body->name)};
	bool ascii = true;

	for (const char *s = body->name; *s; s++)
		ascii = ascii && (unsigned char)*s < 128;
	if (body->wildcard)
		rs_fault(ctx, RS_BAD_VALUE, "/wildcard", "A mailbox has no wildcard.");
	if (at == body->name || (at && ascii && !rs_names_mailbox(ctx, whole))) {
		rs_fault(ctx, RS_BAD_NAME, "/name", "\"%s\" is no mailbox.", body->name);
		return NULL;
	}
	return rs_names_asked(ctx, at ? at + 1 : body->name, false, "/name");
}

/* The name in normal form, as a row of rs_names_domains(); NULL after a fault. */
static json_t *domain_of(struct rs_ctx *ctx, const struct body *body)
{
	bool mail = strcmp(body->kind, "mail") == 0;
	bool starred = strncmp(body->name, "*.", 2) == 0;
	const char *text = body->name;

	if (!mail && body->wildcard && !starred)
		text = rs_arena_printf(ctx->arena, "*.%s", text);
	text = mail ? mail_domain(ctx, body) : rs_names_asked(ctx, text, true, "/name");
	if (!text)
		return NULL;
	starred = strncmp(text, "*.", 2) == 0;
	if (mail)
		text = rs_arena_printf(ctx->arena, "x@%s", text);
	return rs_arena_json(ctx->arena, json_pack("{s:s, s:s, s:b, s:s}", "kind", body->kind,
		"name", starred ? text + 2 : text, "wildcard", starred, "pointer", "/name"));
}

static enum rs_code read_body(struct rs_ctx *ctx, json_t *json, struct rs_caa_ask *ask)
{
	struct body body = {.kind = "dns"};
	const struct rs_dcv_method *method;
	json_t *domain;

	rs_json_read(ctx, json, "", BODY, &body, NULL);
	domain = body.name && body.kind ? domain_of(ctx, &body) : NULL;
	if (domain && !rs_caa_ask_of(domain, ask))
		rs_fault(ctx, RS_BAD_NAME, "/name", "CAA does not speak of this name.");
	ask->issuers = ctx->app->config->caa_issuer_domains;
	ask->account_uri = body.account_uri ? body.account_uri
					    : rs_account_uri(ctx, &ctx->actor.enterprise);
	method = body.method ? rs_method_named(body.method) : NULL;
	if (method)
		ask->methods = method->caa_labels;
	return rs_faults(ctx);
}

struct saving {
	struct rs_id id;
	json_t *rows;
};

static enum rs_code save(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct saving *saving = arg;
	struct rs_event event = {
		.action = "caa_check.created",
		.object_type = "caa_check",
		.object = saving->id,
		.enterprise = ctx->actor.enterprise,
	};
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &ctx->actor.enterprise);
	rs_p_null(&p);
	rs_p_id(&p, &ctx->actor.id);
	rs_p_json(&p, saving->rows);
	rc = rs_tx_run(ctx, tx, RS_Q_caa_check_insert, &p, NULL);
	if (!rc)
		rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "caa_check", &saving->id);
}

enum rs_code rs_caa_check_create(struct rs_ctx *ctx, json_t *body, struct rs_id *id)
{
	struct saving saving = {.id = rs_id_new(rs_clock_now_us(ctx->app->clock))};
	struct rs_caa_outcome outcome = {0};
	enum rs_code rc = read_body(ctx, body, &outcome.ask);

	if (!rc)
		rc = rs_may_act(ctx, "caa_check.create", NULL, &ctx->actor.enterprise);
	if (!rc)
		rc = rs_caa_look(ctx, &outcome, 1, rs_dns_deadline(ctx));
	if (rc)
		return rc;
	saving.rows = rs_arena_json(ctx->arena, json_pack("[o]", rs_caa_row(&outcome, &saving.id,
		ctx->app->config->caa_recheck_seconds)));
	*id = saving.id;
	return rs_tx_use(ctx, RS_REACH_CALLER, save, &saving);
}
