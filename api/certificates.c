/* /v1/certificates */
#include "common.h"
#include "handlers.h"
#include "route.h"

#include "rs/certificate.h"
#include "rs/id.h"
#include "rs/permission.h"

#include <string.h>

static const char *const STATES[] = {"issued", "suspended", "revoked", "expired", NULL};

static const struct rs_csv_column COLUMNS[] = {
	{"id", "id"},
	{"status", "status"},
	{"common_name", "subject.common_name"},
	{"serial", "serial"},
	{"category", "category"},
	{"issuer", "issuer"},
	{"not_before", "not_before"},
	{"not_after", "not_after"},
	{"algorithm", "key.algorithm"},
	{"fingerprint_sha256", "fingerprint_sha256"},
	{"owner_id", "owner_id"},
	{"profile_id", "profile_id"},
	{"lineage_id", "lineage.id"},
	{"revoked_at", "revocation.revoked_at"},
	{"revocation_reason", "revocation.reason"},
	{NULL, NULL},
};

/* --- lists --- */

/* A hex parameter as bytes; digits = bytes of a digest, 0 = any length (a serial's zeros go). */
static enum rs_code query_bytes(struct rs_call *call, const char *name, size_t digest,
	struct rs_bytes *out)
{
	const char *hex = NULL;
	unsigned char *data = rs_arena_alloc(call->ctx->arena, 64);
	size_t skip = 0;
	int len;
	enum rs_code rc = rs_query_hex(call, name, 64, &hex);

	if (rc || !hex)
		return rc;
	len = rs_unhex(hex, data, 64);
	if (len <= 0 || (digest && (size_t)len != digest))
		return rs_fail(call->ctx, RS_BAD_QUERY, "%s is not acceptable.", name);
	while (!digest && skip + 1 < (size_t)len && data[skip] == 0)
		skip++;
	*out = (struct rs_bytes){data + skip, (size_t)len - skip};
	return RS_OK;
}

static enum rs_code check_ids(struct rs_call *call, const char *name, json_t *ids)
{
	size_t i;
	json_t *one;

	json_array_foreach (ids, i, one)
		if (!rs_id_valid(json_string_value(one)))
			return rs_fail(call->ctx, RS_BAD_QUERY, "%s is an id.", name);
	return RS_OK;
}

static enum rs_code read_times(struct rs_call *call, struct rs_certificate_filter *f)
{
	const struct {
		const char *name;
		int64_t *out;
	} times[] = {
		{"expires_after", &f->expires_after},
		{"expires_before", &f->expires_before},
		{"issued_after", &f->issued_after},
		{"issued_before", &f->issued_before},
	};
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < sizeof(times) / sizeof(times[0]); i++)
		rc = rs_query_time(call, times[i].name, times[i].out);
	return rc;
}

static enum rs_code read_filter(struct rs_call *call, struct rs_certificate_filter *f)
{
	enum rs_code rc = rs_query_words(call, "status", STATES, &f->status);

	f->profile_id = rs_query_all(call, "profile_id");
	f->category = rs_query_all(call, "category");
	if (!rc)
		rc = check_ids(call, "profile_id", f->profile_id);
	if (!rc)
		rc = rs_query_text(call, "q", 3, 200, &f->q);
	if (!rc)
		rc = rs_query_text(call, "common_name", 1, 200, &f->common_name);
	if (!rc)
		rc = rs_query_name(call, "san", 1000, &f->san);
	if (!rc)
		rc = query_bytes(call, "serial", 0, &f->serial);
	if (!rc)
		rc = query_bytes(call, "spki_sha256", 32, &f->spki_sha256);
	if (!rc)
		rc = query_bytes(call, "fingerprint_sha256", 32, &f->fingerprint_sha256);
	if (!rc)
		rc = rs_query_id(call, "lineage_id", &f->lineage_id);
	if (!rc)
		rc = rs_query_id(call, "owner_id", &f->owner_id);
	if (!rc)
		rc = rs_query_id(call, "enterprise_id", &f->enterprise_id);
	return rc ? rc : read_times(call, f);
}

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_certificate_filter filter = {0};
	enum rs_code rc = read_filter(call, &filter);

	if (!rc)
		rc = rs_certificate_list(call->ctx, &filter, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_certificates_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code lineage_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_certificate_filter filter = {0};
	struct rs_certificate certificate;
	struct rs_page oldest_first = *page;
	struct rs_id id = rs_path_id(call, 0);
	enum rs_code rc = rs_certificate_get(call->ctx, &id, &certificate);

	oldest_first.sort = "created_at";
	filter.lineage_id = certificate.lineage_id;
	if (!rc)
		rc = rs_certificate_list(call->ctx, &filter, &oldest_first, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_certificates_lineage(struct rs_call *call)
{
	return rs_reply_pages(call, lineage_page, COLUMNS);
}

static enum rs_code events_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_id id = rs_path_id(call, 0);
	enum rs_code rc = rs_certificate_events(call->ctx, &id, page, list, items);

	return rs_page_items(rc, items);
}

enum rs_code rs_certificates_events(struct rs_call *call)
{
	static const struct rs_csv_column columns[] = {
		{"id", "id"}, {"at", "at"}, {"action", "action"}, {"actor", "actor.name"},
		{"from", "from"}, {"to", "to"}, {"detail", "detail"}, {NULL, NULL}};

	return rs_reply_pages(call, events_page, columns);
}

/* --- one --- */

static enum rs_code reply(struct rs_call *call, int status, struct rs_certificate *certificate)
{
	json_t *json = NULL;
	enum rs_code rc = rs_certificate_json(call->ctx, certificate, &json);

	if (rc) {
		json_decref(json);
		return rc;
	}
	return rs_reply_resource(call, status, json, certificate->revision);
}

static enum rs_code reply_one(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_certificate certificate;
	enum rs_code rc = rs_certificate_get(call->ctx, id, &certificate);

	return rc ? rc : reply(call, status, &certificate);
}

enum rs_code rs_certificates_render(struct rs_call *call, int status, const struct rs_id *id)
{
	if (status == 201)
		rs_reply_location(call, "/v1/certificates/%s", id->s);
	return reply_one(call, status, id);
}

enum rs_code rs_certificates_reply_form(struct rs_call *call, struct rs_certificate *certificate)
{
	static const struct rs_form forms[] = {
		{"json", "application/json"},
		{"chain", "application/pem-certificate-chain"},
		{NULL, "application/x-pem-file"},
		{"der", "application/pkix-cert"},
		{"p7b", "application/pkcs7-mime"},
		{"pem", "application/x-pem-file"},
		{NULL, NULL},
	};
	static const enum rs_certificate_form meant[] = {
		RS_FORM_JSON, RS_FORM_CHAIN, RS_FORM_CHAIN, RS_FORM_DER, RS_FORM_P7B, RS_FORM_PEM};
	struct rs_bytes bytes;
	int form;
	enum rs_code rc = rs_negotiate(call, forms, &form);

	if (rc)
		return rc;
	if (meant[form] == RS_FORM_JSON)
		return reply(call, 200, certificate);
	rc = rs_certificate_bytes(call->ctx, &certificate->id, meant[form], &bytes);
	return rc ? rc : rs_reply_file(call, forms[form].type, bytes.data, bytes.len);
}

enum rs_code rs_certificates_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_certificate certificate;
	enum rs_code rc = rs_certificate_get(call->ctx, &id, &certificate);

	return rc ? rc : rs_certificates_reply_form(call, &certificate);
}

enum rs_code rs_certificates_chain(struct rs_call *call)
{
	static const struct rs_form forms[] = {
		{"chain", "application/pem-certificate-chain"},
		{"pem", "application/x-pem-file"},
		{"p7b", "application/pkcs7-mime"},
		{NULL, NULL},
	};
	struct rs_id id = rs_path_id(call, 0);
	struct rs_certificate certificate;
	struct rs_bytes bytes;
	int form;
	enum rs_code rc = rs_certificate_get(call->ctx, &id, &certificate);

	if (!rc)
		rc = rs_negotiate(call, forms, &form);
	if (!rc)
		rc = rs_certificate_chain(call->ctx, &id, form == 2, &bytes);
	return rc ? rc : rs_reply_file(call, forms[form].type, bytes.data, bytes.len);
}

/* --- changes --- */

enum rs_code rs_certificates_import(struct rs_call *call)
{
	struct rs_id id;
	enum rs_code rc = rs_certificate_import(call->ctx, call->json, &id);

	return rc ? rc : rs_certificates_render(call, 201, &id);
}

struct body {
	struct rs_id owner_id, challenge_id;
	const char *reason;
	int64_t invalidity_date;
};

static const char *const REASONS[] = {"unspecified", "keyCompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "privilegeWithdrawn", NULL};

static const struct rs_field OWNER_FIELDS[] = {
	RS_FIELD(struct body, owner_id, RS_T_ID, .flags = RS_F_REQUIRED),
	RS_FIELD_END,
};
static const struct rs_field REVOKE_FIELDS[] = {
	RS_FIELD(struct body, reason, RS_T_STRING, .flags = RS_F_REQUIRED, .values = REASONS),
	RS_FIELD(struct body, invalidity_date, RS_T_TIME),
	RS_FIELD(struct body, challenge_id, RS_T_ID),
	RS_FIELD_END,
};

/* What is judged before the body is: 404, 403, 412, and only then 422. */
static enum rs_code begin(struct rs_call *call, const char *permission, struct rs_id *id,
	int64_t *revision)
{
	struct rs_certificate certificate;
	enum rs_code rc;

	*id = rs_path_id(call, 0);
	rc = rs_certificate_get(call->ctx, id, &certificate);
	if (!rc)
		rc = rs_may_act(call->ctx, permission, &certificate.owner_id,
			&certificate.enterprise_id);
	if (!rc)
		rc = rs_if_match_now(call, certificate.revision);
	return rc ? rc : rs_if_match(call, revision);
}

/* An action without members in its body. */
static enum rs_code plain(struct rs_call *call, const char *permission,
	enum rs_code (*act)(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision))
{
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, permission, &id, &revision);

	if (!rc)
		rc = rs_no_members(call);
	if (!rc)
		rc = act(call->ctx, &id, revision);
	return rc ? rc : reply_one(call, 200, &id);
}

enum rs_code rs_certificates_update(struct rs_call *call)
{
	struct body body = {0};
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, "certificate.change_owner", &id, &revision);

	if (rc)
		return rc;
	rs_json_read(call->ctx, call->json, "", OWNER_FIELDS, &body, NULL);
	rc = rs_faults(call->ctx);
	if (!rc)
		rc = rs_certificate_change_owner(call->ctx, &id, revision, &body.owner_id);
	return rc ? rc : reply_one(call, 200, &id);
}

enum rs_code rs_certificates_revoke(struct rs_call *call)
{
	struct body body = {0};
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, "certificate.revoke", &id, &revision);

	if (rc)
		return rc;
	rs_json_read(call->ctx, call->json, "", REVOKE_FIELDS, &body, NULL);
	rc = rs_faults(call->ctx);
	if (!rc)
		rc = rs_certificate_revoke(call->ctx, &id, revision, body.reason,
			body.invalidity_date, &body.challenge_id);
	return rc ? rc : reply_one(call, 200, &id);
}

enum rs_code rs_certificates_suspend(struct rs_call *call)
{
	return plain(call, "certificate.suspend", rs_certificate_suspend);
}

enum rs_code rs_certificates_release(struct rs_call *call)
{
	return plain(call, "certificate.release", rs_certificate_release);
}

enum rs_code rs_stats_show(struct rs_call *call)
{
	struct rs_id enterprise = {0};
	json_t *json = NULL;
	enum rs_code rc = rs_query_id(call, "enterprise_id", &enterprise);

	if (!rc)
		rc = rs_certificate_stats(call->ctx, &enterprise, &json);
	return rc ? rc : rs_reply_json(call, 200, json);
}
