/* /v1/reissue-requests */
#include "common.h"
#include "handlers.h"
#include "route.h"

#include "rs/csr.h"
#include "rs/id.h"
#include "rs/identity.h"
#include "rs/permission.h"
#include "rs/policy.h"
#include "rs/reissue.h"

#include <stdlib.h>
#include <string.h>

#define RS_STATE(name, wire, open) wire,
static const char *const STATES[] = {RS_STATES(RS_STATE) NULL};
#undef RS_STATE

static const char *const REASONS[] = {"key_lost", "information_changed", "key_strength_changed",
	"key_compromised", "other", NULL};

static const struct rs_csv_column COLUMNS[] = {
	{"id", "id"},
	{"number", "number"},
	{"status", "status"},
	{"common_name", "subject.common_name"},
	{"reason", "reason"},
	{"category", "category"},
	{"certificate_id", "certificate_id"},
	{"new_certificate_id", "new_certificate_id"},
	{"owner", "owner.name"},
	{"requested_by", "requested_by.name"},
	{"created_at", "created_at"},
	{"submitted_at", "submitted_at"},
	{"issued_at", "issued_at"},
	{NULL, NULL},
};

/* --- bodies --- */

#define F(member, kind, ...) RS_FIELD(struct rs_reissue_input, member, kind, __VA_ARGS__)

#define CONTENT                                                                                    \
	F(csr, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 131072), F(key, RS_T_OBJECT),    \
		F(subject, RS_T_OBJECT), F(san, RS_T_ARRAY, .max = RS_SAN_MAX),                    \
		F(validity, RS_T_OBJECT),                                                          \
		F(message, RS_T_STRING, .flags = RS_F_LINES, .max = 1000),                         \
		F(agreement, RS_T_OBJECT)

static const struct rs_field CREATE[] = {
	F(certificate_id, RS_T_ID, .flags = RS_F_REQUIRED),
	F(reason, RS_T_STRING, .flags = RS_F_REQUIRED, .values = REASONS),
	CONTENT,
	RS_FIELD_END,
};

static const struct rs_field CREATE_HERE[] = {
	F(reason, RS_T_STRING, .flags = RS_F_REQUIRED, .values = REASONS),
	CONTENT,
	RS_FIELD_END,
};

static const struct rs_field UPDATE[] = {
	F(message, RS_T_STRING, .flags = RS_F_LINES | RS_F_NULL, .max = 1000),
	F(validity, RS_T_OBJECT, .flags = RS_F_NULL),
	F(subject, RS_T_OBJECT),
	F(san, RS_T_ARRAY, .max = RS_SAN_MAX),
	F(key, RS_T_OBJECT),
	F(reason, RS_T_STRING, .values = REASONS),
	F(previous_certificate, RS_T_OBJECT),
	RS_FIELD_END,
};

static const struct rs_field SUBMIT[] = {
	F(message, RS_T_STRING, .flags = RS_F_LINES | RS_F_NULL, .max = 1000),
	F(agreement, RS_T_OBJECT),
	F(digest, RS_T_SHA256),
	RS_FIELD_END,
};

static const struct rs_field APPROVE[] = {
	F(digest, RS_T_SHA256, .flags = RS_F_REQUIRED),
	F(remarks, RS_T_STRING, .flags = RS_F_LINES, .max = 1000),
	F(challenge_id, RS_T_ID),
	RS_FIELD_END,
};

static const struct rs_field DECLINE[] = {
	F(remarks, RS_T_STRING, .flags = RS_F_LINES | RS_F_REQUIRED, .min = 1, .max = 1000),
	RS_FIELD_END,
};

static const struct rs_field REMARKS[] = {
	F(remarks, RS_T_STRING, .flags = RS_F_LINES, .max = 1000),
	RS_FIELD_END,
};

static const struct rs_field CSR[] = {
	F(csr, RS_T_STRING, .flags = RS_F_PEM | RS_F_REQUIRED, .min = 1, .max = 131072),
	RS_FIELD_END,
};

static const struct rs_field NOTHING[] = {RS_FIELD_END};

static enum rs_code read_body(struct rs_call *call, const struct rs_field *fields,
	struct rs_reissue_input *in, uint64_t *present)
{
	if (call->json)
		rs_json_read(call->ctx, call->json, "", fields, in, present);
	return rs_faults(call->ctx);
}

/* The same for what is judged once more, by its content: that one tells the faults of both. */
static void read_content(struct rs_call *call, const struct rs_field *fields, struct rs_reissue_input *in,
	uint64_t *present)
{
	rs_json_read(call->ctx, call->json, "", fields, in, present);
	in->faults = rs_faults_take(call->ctx);
}

/* --- answers --- */

/* A time of the member without its hours, minutes and seconds. */
static void settle(json_t *object, const char *member)
{
	const char *time = json_string_value(json_object_get(object, member));

	if (time)
		json_object_set_new(object, member, json_stringn(time, strcspn(time, "T")));
}

/*
 * What the ETag stands for: the representation, of which the times that move on with the clock count
 * by their day. Else no tag would ever be seen twice, and nobody could wait for a change.
 */
static json_t *settled(struct rs_call *call, json_t *json)
{
	static const struct {
		const char *object, *member;
	} estimates[] = {
		{"validity", "effective_not_after"},
		{"validity", "max_not_after"},
		{"previous_certificate", "due_at"},
	};
	json_t *out = rs_arena_json(call->ctx->arena, json_copy(json));

	for (size_t i = 0; i < sizeof(estimates) / sizeof(estimates[0]); i++) {
		json_t *copy = json_copy(json_object_get(out, estimates[i].object));

		settle(copy, estimates[i].member);
		json_object_set_new(out, estimates[i].object, copy);
	}
	return out;
}

static enum rs_code reply(struct rs_call *call, int status, struct rs_reissue *request)
{
	json_t *json;
	enum rs_code rc = rs_reissue_json(call->ctx, request, &json);

	if (rc)
		return rc;
	if (!rs_state_open(request->state))
		return rs_reply_resource(call, status, json, request->revision);
	return rs_reply_estimate(call, status, json, settled(call, json), request->revision);
}

enum rs_code rs_reissue_requests_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_reissue request;
	enum rs_code rc = rs_reissue_get(call->ctx, id, &request);

	if (rc)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/reissue-requests/%s", id->s);
	return reply(call, status, &request);
}

/* What is judged before the body is: 404, 403, 409, 412, and only then 422. */
static enum rs_code begin(
	struct rs_call *call, enum rs_action action, struct rs_id *id, int64_t *revision)
{
	enum rs_code rc = rs_if_match(call, revision);

	*id = rs_path_id(call, 0);
	return rc ? rc : rs_policy_begin(call->ctx, id, action, *revision);
}

/* --- making and reading --- */

static enum rs_code create(struct rs_call *call, struct rs_reissue_input *in)
{
	struct rs_reissue request;
	enum rs_code rc;

	in->message_given = in->message != NULL;
	in->validity_given = in->validity != NULL;
	rc = rs_reissue_create(call->ctx, in, &request);
	if (rc)
		return rc;
	rs_reply_location(call, "/v1/reissue-requests/%s", request.id.s);
	return reply(call, 201, &request);
}

enum rs_code rs_reissue_requests_create(struct rs_call *call)
{
	struct rs_reissue_input in = {0};

	read_content(call, CREATE, &in, NULL);
	if (rs_id_set(&in.certificate_id))
		return create(call, &in);
	return rs_faults_with(call->ctx, in.faults, RS_OK);
}

enum rs_code rs_certificates_reissue(struct rs_call *call)
{
	struct rs_reissue_input in = {0};
	struct rs_certificate certificate;
	struct rs_id id = rs_path_id(call, 0);
	enum rs_code rc = rs_certificate_get(call->ctx, &id, &certificate);

	if (!rc)
		rc = rs_may_act(call->ctx, "reissue.create", &certificate.owner_id,
			&certificate.enterprise_id);
	if (!rc)
		rc = rs_if_match_now(call, certificate.revision);
	if (rc)
		return rc;
	read_content(call, CREATE_HERE, &in, NULL);
	in.certificate_id = id;
	return create(call, &in);
}

static enum rs_code show(struct rs_call *call, const struct rs_id *id, int64_t *revision)
{
	struct rs_reissue request;
	enum rs_code rc = rs_reissue_get(call->ctx, id, &request);

	*revision = request.revision;
	return rc ? rc : reply(call, 200, &request);
}

/* Who has what there is may wait for the next change of it. */
enum rs_code rs_reissue_requests_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	int64_t seconds = 0, revision;
	bool changed = false;
	enum rs_code rc = rs_query_int(call, "wait", 1, 20, &seconds);

	if (!rc)
		rc = show(call, &id, &revision);
	if (rc || !seconds || call->status != 304)
		return rc;
	rs_wait_begin(call);
	rc = rs_reissue_wait(call->ctx, &id, revision, (int)seconds, &changed);
	rs_wait_end(call);
	if (rc || !changed)
		return rc;
	rs_reply_anew(call);
	return show(call, &id, &revision);
}

static enum rs_code read_times(struct rs_call *call, struct rs_reissue_filter *f)
{
	const struct {
		const char *name;
		int64_t *out;
	} times[] = {
		{"created_after", &f->created_after},
		{"created_before", &f->created_before},
		{"submitted_after", &f->submitted_after},
		{"submitted_before", &f->submitted_before},
		{"issued_after", &f->issued_after},
		{"issued_before", &f->issued_before},
		{"updated_after", &f->updated_after},
		{"updated_before", &f->updated_before},
	};
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < sizeof(times) / sizeof(times[0]); i++)
		rc = rs_query_time(call, times[i].name, times[i].out);
	return rc;
}

static enum rs_code read_ids(struct rs_call *call, struct rs_reissue_filter *f)
{
	const struct {
		const char *name;
		struct rs_id *out;
	} ids[] = {
		{"certificate_id", &f->certificate_id},
		{"requested_by", &f->requested_by},
		{"owner_id", &f->owner_id},
		{"enterprise_id", &f->enterprise_id},
	};
	enum rs_code rc = RS_OK;
	json_t *one;
	size_t n;

	for (size_t i = 0; !rc && i < sizeof(ids) / sizeof(ids[0]); i++)
		rc = rs_query_id(call, ids[i].name, ids[i].out);
	f->profile_id = rs_query_all(call, "profile_id");
	json_array_foreach(f->profile_id, n, one)
		if (!rc && !rs_id_valid(json_string_value(one)))
			rc = rs_fail(call->ctx, RS_BAD_QUERY, "profile_id is an id.");
	return rc;
}

static enum rs_code read_texts(struct rs_call *call, struct rs_reissue_filter *f)
{
	const char *hex = NULL;
	unsigned char *serial = rs_arena_alloc(call->ctx->arena, 32);
	int len, skip = 0;
	enum rs_code rc = rs_query_text(call, "number", 1, 40, &f->number);

	if (!rc)
		rc = rs_query_text(call, "q", 3, 200, &f->q);
	if (!rc)
		rc = rs_query_text(call, "common_name", 1, 200, &f->common_name);
	if (!rc)
		rc = rs_query_name(call, "san", 1000, &f->san);
	if (!rc)
		rc = rs_query_hex(call, "serial", 32, &hex);
	if (rc || !hex)
		return rc;
	len = rs_unhex(hex, serial, 32);
	if (len <= 0)
		return rs_fail(call->ctx, RS_BAD_QUERY, "serial is not acceptable.");
	while (skip + 1 < len && serial[skip] == 0)
		skip++;
	f->serial = (struct rs_bytes){serial + skip, (size_t)(len - skip)};
	return RS_OK;
}

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_reissue_filter f = {0};
	enum rs_code rc = rs_query_words(call, "status", STATES, &f.status);

	if (!rc)
		rc = rs_query_words(call, "reason", REASONS, &f.reason);
	if (!rc)
		rc = rs_query_words(call, "include", rs_reissue_parts, &f.include);
	f.category = rs_query_all(call, "category");
	if (!rc)
		rc = read_ids(call, &f);
	if (!rc)
		rc = read_texts(call, &f);
	if (!rc)
		rc = read_times(call, &f);
	if (!rc)
		rc = rs_reissue_list(call->ctx, &f, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_reissue_requests_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code events_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_id id = rs_path_id(call, 0);
	return rs_page_items(rs_reissue_events(call->ctx, &id, page, list, items), items);
}

enum rs_code rs_reissue_requests_events(struct rs_call *call)
{
	static const struct rs_csv_column columns[] = {
		{"id", "id"}, {"at", "at"}, {"action", "action"}, {"actor", "actor.name"},
		{"from", "from"}, {"to", "to"}, {"detail", "detail"}, {NULL, NULL}};

	return rs_reply_pages(call, events_page, columns);
}

enum rs_code rs_reissue_requests_certificate(struct rs_call *call)
{
	struct rs_reissue request;
	struct rs_certificate certificate;
	struct rs_id id = rs_path_id(call, 0);
	enum rs_code rc = rs_reissue_get(call->ctx, &id, &request);

	if (!rc && !rs_id_set(&request.new_certificate_id))
		rc = rs_fail(call->ctx, RS_NOT_FOUND, "No certificate has been issued yet.");
	if (!rc)
		rc = rs_certificate_get(call->ctx, &request.new_certificate_id, &certificate);
	return rc ? rc : rs_certificates_reply_form(call, &certificate);
}

/* --- content --- */

/* PATCH is an edit, but for the day that an officer moves. */
static enum rs_code begin_update(struct rs_call *call, struct rs_id *id, int64_t *revision)
{
	struct rs_reissue request;
	enum rs_code rc;

	if (!json_object_get(call->json, "previous_certificate"))
		return begin(call, RS_ACTION_EDIT, id, revision);
	*id = rs_path_id(call, 0);
	rc = rs_reissue_get(call->ctx, id, &request);
	if (!rc)
		rc = rs_may_act(
			call->ctx, "reissue.postpone", &request.owner_id, &request.enterprise_id);
	return rc ? rc : rs_if_match(call, revision);
}

enum rs_code rs_reissue_requests_update(struct rs_call *call)
{
	struct rs_reissue_input in = {0};
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	uint64_t present = 0;
	enum rs_code rc = begin_update(call, &id, &revision);

	if (rc)
		return rc;
	read_content(call, UPDATE, &in, &present);
	in.message_given = present & 1;
	in.validity_given = present >> 1 & 1;
	rc = rs_reissue_edit(call->ctx, &id, revision, &in, &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_put_csr(struct rs_call *call)
{
	struct rs_reissue_input in = {0};
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	const void *csr = call->body;
	size_t len = call->body_len;
	enum rs_code rc = begin(call, RS_ACTION_UPLOAD_CSR, &id, &revision);

	if (!rc && call->content_type && strcmp(call->content_type, "application/json") == 0) {
		rc = rs_json_parse(call->ctx, call->body, call->body_len, &call->json);
		if (!rc)
			rc = read_body(call, CSR, &in, NULL);
		csr = in.csr;
		len = in.csr ? strlen(in.csr) : 0;
	}
	if (!rc)
		rc = rs_reissue_put_csr(call->ctx, &id, revision, csr, len, &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_csr(struct rs_call *call)
{
	static const struct rs_form forms[] = {
		{"pem", "application/x-pem-file"},
		{"der", "application/pkcs10"},
		{NULL, NULL},
	};
	struct rs_id id = rs_path_id(call, 0);
	struct rs_bytes der;
	const char *pem;
	int form;
	enum rs_code rc = rs_reissue_csr(call->ctx, &id, &der);

	if (!rc)
		rc = rs_negotiate(call, forms, &form);
	if (rc)
		return rc;
	if (form == 1)
		return rs_reply_file(call, forms[1].type, der.data, der.len);
	pem = rs_csr_pem(call->ctx, der);
	return rs_reply_file(call, forms[0].type, pem, strlen(pem));
}

enum rs_code rs_reissue_requests_accept(struct rs_call *call)
{
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, RS_ACTION_ACCEPT, &id, &revision);

	if (!rc)
		rc = rs_reissue_accept(call->ctx, &id, revision, call->json, "", &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_verify(struct rs_call *call)
{
	bool later = call->prefer && strstr(call->prefer, "respond-async");
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, RS_ACTION_VERIFY, &id, &revision);

	if (!rc)
		rc = rs_no_members(call);
	if (!rc)
		rc = rs_throttle_verify(call->ctx);
	if (!rc)
		rc = rs_reissue_verify(call->ctx, &id, revision, later, &request);
	return rc ? rc : reply(call, later ? 202 : 200, &request);
}

/* --- the way to the certificate --- */

enum rs_code rs_reissue_requests_preflight(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	json_t *json;
	enum rs_code rc = rs_reissue_preflight(call->ctx, &id, &json);

	return rc ? rc : rs_reply_json(call, 200, json);
}

enum rs_code rs_reissue_requests_submit(struct rs_call *call)
{
	struct rs_reissue_input in = {0};
	struct rs_reissue request;
	uint64_t present = 0;
	int64_t revision;
	struct rs_id id = rs_path_id(call, 0);
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc && call->json) {
		rs_json_read(call->ctx, call->json, "", SUBMIT, &in, &present);
		if (call->ctx->err.faults)
			rc = begin(call, RS_ACTION_SUBMIT, &id, &revision);
		if (!rc)
			rc = rs_faults(call->ctx);
	}
	in.message_given = present & 1;
	if (!rc)
		rc = rs_reissue_submit(call->ctx, &id, revision, &in, &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_approve(struct rs_call *call)
{
	struct rs_reissue_input in = {0};
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, RS_ACTION_APPROVE, &id, &revision);

	if (!rc)
		rc = read_body(call, APPROVE, &in, NULL);
	if (!rc)
		rc = rs_reissue_approve(call->ctx, &id, revision, &in, &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_retry(struct rs_call *call)
{
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	struct rs_reissue_input none;
	enum rs_code rc = begin(call, RS_ACTION_RETRY, &id, &revision);

	if (!rc)
		rc = read_body(call, NOTHING, &none, NULL);
	if (!rc)
		rc = rs_reissue_retry(call->ctx, &id, revision, &request);
	return rc ? rc : reply(call, 200, &request);
}

static enum rs_code event(struct rs_call *call, enum rs_rr_event what, enum rs_action action,
	const struct rs_field *fields)
{
	struct rs_reissue_input in = {0};
	struct rs_reissue request;
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, action, &id, &revision);

	if (!rc)
		rc = read_body(call, fields, &in, NULL);
	if (!rc)
		rc = rs_reissue_event(call->ctx, &id, revision, what, in.remarks, &request);
	return rc ? rc : reply(call, 200, &request);
}

enum rs_code rs_reissue_requests_open(struct rs_call *call)
{
	return event(call, RS_EV_OPEN, RS_ACTION_OPEN, NOTHING);
}

enum rs_code rs_reissue_requests_release(struct rs_call *call)
{
	return event(call, RS_EV_RELEASE, RS_ACTION_RELEASE, NOTHING);
}

enum rs_code rs_reissue_requests_decline(struct rs_call *call)
{
	return event(call, RS_EV_DECLINE, RS_ACTION_DECLINE, DECLINE);
}

enum rs_code rs_reissue_requests_reopen(struct rs_call *call)
{
	return event(call, RS_EV_REOPEN, RS_ACTION_REOPEN, NOTHING);
}

enum rs_code rs_reissue_requests_cancel(struct rs_call *call)
{
	return event(call, RS_EV_CANCEL, RS_ACTION_CANCEL, REMARKS);
}

enum rs_code rs_reissue_requests_delete(struct rs_call *call)
{
	struct rs_id id;
	int64_t revision;
	enum rs_code rc = begin(call, RS_ACTION_DELETE, &id, &revision);

	if (!rc)
		rc = rs_reissue_delete(call->ctx, &id, revision);
	return rc ? rc : rs_reply_empty(call);
}
