/* Issuing CAs as the database knows them. */
#include "rs/pki.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/x509.h"

#include <string.h>

/* --- recording --- */

static enum rs_code record(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_issuer *issuer = arg;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_id id = rs_id_new(now);
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {.action = "issuer.recorded", .object_type = "issuer",
		.detail = issuer->slug};
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &id);
	rs_p_text(&p, issuer->slug);
	rs_p_text(&p, issuer->name);
	rs_p_bytes(&p, issuer->certificate.data, issuer->certificate.len);
	rs_p_text(&p, issuer->chain_pem);
	rs_p_time(&p, issuer->not_after * 1000000);
	rs_p_bool(&p, issuer->publicly_trusted);
	rs_p_time(&p, now);
	rc = rs_tx_run(ctx, tx, RS_Q_issuer_record, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc; /* it stands there as it is */
	if (!rs_id_parse(rs_row_text(rows, 0, "id"), &event.object))
		return rs_fail(ctx, RS_INTERNAL, "The issuer cannot be read.");
	return rs_audit(ctx, tx, &event);
}

enum rs_code rs_pki_record_issuers(struct rs_ctx *ctx)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < rs_issuers_count(ctx->app->issuers); i++)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, record,
			(void *)rs_issuers_at(ctx->app->issuers, i));
	return rc;
}

/* --- answers --- */

struct row {
	struct rs_id id;
	const char *slug, *name;
	struct rs_bytes certificate_der;
	bool publicly_trusted, active;
	int64_t revision, created_at, updated_at;
};

#define F(member, kind, ...) RS_FIELD(struct row, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(id, RS_T_ID),
	F(slug, RS_T_STRING),
	F(name, RS_T_STRING),
	F(certificate_der, RS_T_BYTES, .flags = RS_F_HIDDEN),
	F(publicly_trusted, RS_T_BOOL),
	F(active, RS_T_BOOL),
	F(revision, RS_T_INT),
	F(created_at, RS_T_TIME),
	F(updated_at, RS_T_TIME),
	RS_FIELD_END,
};

static enum rs_code row_json(struct rs_ctx *ctx, const struct rs_rows *rows, int i, json_t **out,
	int64_t *revision)
{
	struct row row = {0};
	struct rs_x509 *x;
	char from[32], until[32];
	enum rs_code rc = rs_row_read(ctx, rows, i, FIELDS, &row);

	if (!rc)
		rc = rs_x509_parse(ctx, row.certificate_der, &x);
	if (rc)
		return rc;
	rs_time_format(x->not_before * 1000000, from);
	rs_time_format(x->not_after * 1000000, until);
	*out = rs_json_write(FIELDS, &row);
	*revision = row.revision;
	json_object_set_new(*out, "subject", json_string(x->subject_text));
	json_object_set_new(*out, "key", rs_key_json(ctx, &x->key));
	json_object_set_new(*out, "not_before", json_string(from));
	json_object_set_new(*out, "not_after", json_string(until));
	json_object_set_new(*out, "fingerprint_sha256",
		json_string(rs_sha256_text(ctx->arena, x->fingerprint_sha256)));
	return RS_OK;
}

enum rs_code rs_pki_issuers(struct rs_ctx *ctx, const struct rs_page *page, struct rs_list *list,
	json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "i.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_issuer_list, .sorts = sorts, .id_column = "i.id"};
	struct rs_params none = rs_params(ctx);
	int64_t revision;
	json_t *item;
	enum rs_code rc = rs_list(ctx, &spec, &none, page, list);

	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		rc = row_json(ctx, list->rows, i, &item, &revision);
		if (!rc)
			json_array_append_new(*items, item);
	}
	return rc;
}

enum rs_code rs_pki_issuer(struct rs_ctx *ctx, const struct rs_id *id, json_t **out,
	int64_t *revision)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_issuer_get, &p, &rows);
	return rc ? rc : row_json(ctx, rows, 0, out, revision);
}

struct activation {
	const struct rs_id *id;
	int64_t revision;
	bool active;
};

static enum rs_code activate(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct activation *a = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {.action = "issuer.updated", .object_type = "issuer",
		.object = *a->id, .to = a->active ? "active" : "inactive"};
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, a->id);
	rs_p_bool(&p, a->active);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	if (a->revision >= 0)
		rs_p_int(&p, a->revision);
	else
		rs_p_null(&p);
	rc = rs_tx_run(ctx, tx, RS_Q_issuer_set_active, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The issuer has changed since you read it. Read it again.");
	return rc ? rc : rs_audit(ctx, tx, &event);
}

enum rs_code rs_pki_issuer_activate(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	bool active)
{
	struct activation activation = {id, revision, active};
	int64_t current;
	json_t *known = NULL;
	enum rs_code rc = rs_pki_issuer(ctx, id, &known, &current);

	if (known)
		rs_arena_json(ctx->arena, known);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, activate, &activation);
}

enum rs_code rs_pki_ca(struct rs_ctx *ctx, const char *slug, bool pem, struct rs_bytes *out)
{
	struct row row = {0};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	const char *text;
	enum rs_code rc;

	rs_p_text(&p, slug);
	rc = rs_read_one(ctx, RS_REACH_JOB, RS_Q_issuer_by_slug, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, FIELDS, &row);
	if (rc)
		return rc;
	text = rs_row_text(rows, 0, "chain_pem");
	*out = pem ? (struct rs_bytes){(const unsigned char *)text, strlen(text)} :
		     row.certificate_der;
	return RS_OK;
}
