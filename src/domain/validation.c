/* Control validations: making, reading, ending. */
#include "rs/validation.h"

#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/jobs.h"
#include "rs/keyring.h"
#include "rs/mail.h"
#include "rs/names.h"
#include "rs/permission.h"
#include "rs/persist.h"

#include <arpa/inet.h>
#include <string.h>

#define SECOND INT64_C(1000000)

#define F(member, kind, ...) RS_FIELD(struct rs_validation, member, kind, __VA_ARGS__)
const struct rs_field rs_validation_row[] = {
	F(id, RS_T_ID),
	F(enterprise_id, RS_T_ID),
	F(identifier_type, RS_T_STRING),
	F(identifier, RS_T_STRING),
	F(method, RS_T_STRING),
	F(status, RS_T_STRING),
	F(recipient, RS_T_STRING),
	F(file_name, RS_T_STRING),
	F(rules, RS_T_STRING),
	F(token_kid, RS_T_STRING),
	F(token_sealed, RS_T_BYTES),
	F(token_sha256, RS_T_BYTES),
	F(requested_by, RS_T_ID),
	F(attempt_count, RS_T_INT),
	F(wrong_tokens, RS_T_INT),
	F(code, RS_T_STRING),
	F(detail, RS_T_STRING),
	F(attempts, RS_T_ARRAY),
	F(mails, RS_T_ARRAY),
	F(revision, RS_T_INT),
	F(created_at, RS_T_TIME),
	F(updated_at, RS_T_TIME),
	F(expires_at, RS_T_TIME),
	F(next_attempt_at, RS_T_TIME),
	F(validated_at, RS_T_TIME),
	F(valid_until, RS_T_TIME),
	F(wide, RS_T_BOOL),
	F(ceiling, RS_T_TIME),
	RS_FIELD_END,
};

/* --- reading --- */

enum rs_code rs_validation_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = (struct rs_validation){0};
	rs_p_id(&p, id);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_validation_by_id, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, rs_validation_row, out);
	return rc ? rc : rs_may_see(ctx, "validation.read", &out->requested_by, &out->enterprise_id);
}

struct rs_seal_place rs_validation_place(const struct rs_validation *v)
{
	return (struct rs_seal_place){"domain_validation", "token", v->id.s, v->enterprise_id.s};
}

/* The token in the arena's reach only where it is to be shown; *out NULL when there is none. */
static enum rs_code token_of(struct rs_ctx *ctx, const struct rs_validation *v, struct rs_secret **out)
{
	struct rs_seal_place place = rs_validation_place(v);

	*out = NULL;
	if (!v->token_sealed.data)
		return RS_OK;
	return rs_keyring_open(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, v->token_kid,
		v->token_sealed, out);
}

/* The mailboxes that were written to, each once. */
static json_t *sent_to(struct rs_ctx *ctx, const struct rs_validation *v)
{
	json_t *out = rs_arena_json(ctx->arena, json_array()), *mail;
	size_t i;

	json_array_foreach(v->mails, i, mail)
	{
		json_t *to = json_object_get(mail, "to");
		size_t at = 0;

		while (at < json_array_size(out) && !json_equal(json_array_get(out, at), to))
			at++;
		if (at == json_array_size(out))
			json_array_append(out, to);
	}
	return out;
}

static enum rs_code instructions(struct rs_ctx *ctx, const struct rs_validation *v, json_t **out)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);
	bool acting = rs_allowed(ctx, "validation.edit", &v->requested_by, &v->enterprise_id, false);
	rs_auto_secret token = NULL;
	enum rs_code rc = acting && !method->mail ? token_of(ctx, v, &token) : RS_OK;
	struct rs_dcv_todo todo = {
		.method = method,
		.identifier = v->identifier,
		.file_name = v->file_name,
		.port = (int)ctx->app->config->dcv_http_port,
		.issuers = ctx->app->config->caa_issuer_domains,
		.account_uri = rs_account_uri(ctx, &v->enterprise_id),
		.recipient = v->recipient,
		.sent_to = sent_to(ctx, v),
	};

	if (rc)
		return rc;
	todo.token = token ? (const char *)rs_secret_data(token) : NULL;
	*out = strcmp(v->status, "pending") == 0 ? rs_dcv_instructions(ctx, &todo) : json_null();
	return RS_OK;
}

enum rs_code rs_validation_json(
	struct rs_ctx *ctx, const struct rs_validation *v, json_t **out)
{
	json_t *todo = NULL;
	enum rs_code rc = instructions(ctx, v, &todo);

	if (rc)
		return rc;
	*out = json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:o, s:o, s:I, s:O, s:O, s:o, s:o, s:o, "
			 "s:o, s:s, s:I, s:o, s:o}",
		"id", v->id.s, "enterprise_id", v->enterprise_id.s, "identifier", "type",
		v->identifier_type, "value", v->identifier, "method", v->method, "status", v->status,
		"rules", v->rules, "instructions", todo, "next_attempt_at",
		rs_json_time(v->next_attempt_at), "attempt_count", (json_int_t)v->attempt_count,
		"attempts", v->attempts ? v->attempts : rs_arena_json(ctx->arena, json_array()),
		"mails", v->mails ? v->mails : rs_arena_json(ctx->arena, json_array()),
		"expires_at", rs_json_time(strcmp(v->status, "pending") == 0 ? v->expires_at : 0),
		"validated_at", rs_json_time(v->validated_at), "valid_until", rs_json_time(v->valid_until),
		"reason", v->code ? json_pack("{s:s, s:s?}", "code", v->code, "detail", v->detail)
				  : json_null(),
		"requested_by", v->requested_by.s, "revision", (json_int_t)v->revision, "created_at",
		rs_json_time(v->created_at), "updated_at", rs_json_time(v->updated_at));
	return RS_OK;
}

enum rs_code rs_validation_list(struct rs_ctx *ctx, const struct rs_validation_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "v.created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_validation_list, .sorts = sorts, .id_column = "v.id"};
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_texts(&p, filter->value);
	rs_p_texts(&p, filter->status);
	rs_p_text(&p, filter->method);
	rs_p_id(&p, &filter->enterprise_id);
	rs_p_texts(&p, rs_owners_seen(ctx, "validation.read"));
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		struct rs_validation v = {0};
		json_t *json = NULL;

		rc = rs_row_read(ctx, list->rows, i, rs_validation_row, &v);
		if (!rc)
			rc = rs_validation_json(ctx, &v, &json);
		if (!rc)
			json_array_append_new(*items, json);
	}
	return rc;
}

/* --- making --- */

struct body {
	json_t *identifier;
	const char *method, *to;
	const char *type, *value; /* of identifier */
};

static const char *const TYPES[] = {"dns", "email", "ip", NULL};
static const char *const METHODS[] = {"dns_txt", "dns_persist", "http_file", "email_constructed",
	"email_caa", "email_txt", "mailbox", NULL};

static const struct rs_field BODY[] = {
	RS_FIELD(struct body, identifier, RS_T_OBJECT, .flags = RS_F_REQUIRED),
	RS_FIELD(struct body, method, RS_T_STRING, .flags = RS_F_REQUIRED, .values = METHODS),
	RS_FIELD(struct body, to, RS_T_STRING, .min = 3, .max = 254),
	RS_FIELD_END,
};
static const struct rs_field IDENTIFIER[] = {
	RS_FIELD(struct body, type, RS_T_STRING, .flags = RS_F_REQUIRED, .values = TYPES),
	RS_FIELD(struct body, value, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 320),
	RS_FIELD_END,
};

/* An address as inet_ntop writes it, no IPv4 one in IPv6 clothes; NULL after a fault. */
static const char *address_of(struct rs_ctx *ctx, const char *text)
{
	struct in6_addr octets;
	char out[INET6_ADDRSTRLEN];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, &octets) == 1 &&
		!(family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&octets)) &&
		inet_ntop(family, &octets, out, sizeof(out)))
		return rs_arena_strdup(ctx->arena, out);
	rs_fault(ctx, RS_BAD_NAME, "/identifier/value", "\"%s\" is no IP address.", text);
	return NULL;
}

static const char *mailbox_of(struct rs_ctx *ctx, const char *text, const char *at)
{
	const char *out = rs_names_mailbox(
		ctx, (struct rs_bytes){(const unsigned char *)text, strlen(text)});

	if (!out)
		rs_fault(ctx, RS_BAD_NAME, at, "\"%s\" is no mailbox.", text);
	return out;
}

static const char *normal_form(struct rs_ctx *ctx, const struct body *body)
{
	if (strcmp(body->type, "dns") == 0)
		return rs_names_registrable(ctx, body->value, "/identifier/value");
	return strcmp(body->type, "ip") == 0 ? address_of(ctx, body->value)
					     : mailbox_of(ctx, body->value, "/identifier/value");
}

static enum rs_code read_body(struct rs_ctx *ctx, json_t *json, struct rs_validation *out,
	const struct rs_dcv_method **method)
{
	struct body body = {0};

	rs_json_read(ctx, json, "", BODY, &body, NULL);
	if (body.identifier)
		rs_json_read(ctx, body.identifier, "/identifier", IDENTIFIER, &body, NULL);
	*method = body.method && body.type ? rs_method_for(body.method, body.type) : NULL;
	if (body.method && body.type && !*method)
		rs_fault(ctx, RS_BAD_VALUE, "/method", "%s does not prove control of an identifier of the "
			"type %s.", body.method, body.type);
	if (body.type && body.value)
		out->identifier = normal_form(ctx, &body);
	if (body.to && *method && !(*method)->mail)
		rs_fault(ctx, RS_BAD_VALUE, "/to", "Only the methods by mail send something.");
	else if (body.to)
		out->recipient = mailbox_of(ctx, body.to, "/to");
	out->identifier_type = body.type;
	out->method = body.method;
	return rs_faults(ctx);
}

static enum rs_code insert(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct rs_validation *v = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {
		.action = "domain_validation.created",
		.object_type = "domain_validation",
		.object = v->id,
		.enterprise = v->enterprise_id,
		.to = "pending",
		.after = rs_arena_json(ctx->arena,
			json_pack("{s:s, s:s}", "identifier", v->identifier, "method", v->method)),
	};
	enum rs_code rc;

	rs_p_id(&p, &v->id);
	rs_p_id(&p, &v->enterprise_id);
	rs_p_text(&p, v->identifier_type);
	rs_p_text(&p, v->identifier);
	rs_p_text(&p, v->method);
	rs_p_bytes(&p, v->token_sha256.data, v->token_sha256.len);
	rs_p_bytes(&p, v->token_sealed.data, v->token_sealed.len);
	rs_p_text(&p, v->token_kid);
	rs_p_text(&p, v->file_name);
	rs_p_text(&p, v->rules);
	rs_p_id(&p, &v->requested_by);
	rs_p_time(&p, v->created_at);
	rs_p_time(&p, v->expires_at);
	rs_p_text(&p, v->recipient);
	rc = rs_tx_run(ctx, tx, RS_Q_validation_insert, &p, NULL);
	if (!rc)
		rc = rs_audit(ctx, tx, &event);
	return rc ? rc : rs_idem_effect(ctx, tx, "domain_validation", &v->id);
}

/* A token of its own: sealed for who must publish it, its hash for ever. */
static void give_token(struct rs_ctx *ctx, struct rs_validation *v)
{
	rs_auto_secret token = rs_dcv_token_new();
	struct rs_seal_place place = rs_validation_place(v);
	unsigned char *hash = rs_arena_alloc(ctx->arena, 32);

	rs_sha256(rs_secret_data(token), rs_secret_len(token), hash);
	v->token_sha256 = (struct rs_bytes){hash, 32};
	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, rs_secret_data(token),
		rs_secret_len(token), &v->token_sealed);
	v->token_kid = rs_keyring_active(ctx->keyring);
}

struct making {
	struct rs_validation *validation;
	struct rs_letters letters;
};

static enum rs_code insert_with_mails(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct making *making = arg;
	enum rs_code rc = insert(ctx, tx, making->validation);

	return rc ? rc : rs_letters_put(ctx, tx, making->validation, &making->letters);
}

/* Whom to ask is found out first, since no lookup is made inside a transaction. */
static enum rs_code create_by_mail(struct rs_ctx *ctx, struct rs_validation *v)
{
	struct making making = {.validation = v};
	struct rs_id id = v->id;
	enum rs_code rc = rs_mail_ready(ctx, &v->enterprise_id);

	if (!rc)
		rc = rs_letters_find(ctx, v, &making.letters);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, insert_with_mails, &making);
	if (rc)
		return rc;
	rs_jobs_wake(ctx->app->jobs);
	return rs_validation_get(ctx, &id, v);
}

enum rs_code rs_validation_create(struct rs_ctx *ctx, json_t *body, struct rs_validation *out)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	const struct rs_dcv_method *method = NULL;
	enum rs_code rc;

	*out = (struct rs_validation){.id = rs_id_new(now), .enterprise_id = ctx->actor.enterprise,
		.status = "pending", .requested_by = ctx->actor.id, .revision = 1,
		.created_at = now, .updated_at = now};
	rc = read_body(ctx, body, out, &method);
	if (!rc)
		rc = rs_may_act(ctx, "validation.create", NULL, &out->enterprise_id);
	if (rc)
		return rc;
	if (!method)
		return rs_fail(ctx, RS_BAD_VALUE, "There is no such method.");
	out->rules = method->rules;
	out->expires_at = now + method->pending_s * SECOND;
	if (method->mail)
		return create_by_mail(ctx, out);
	if (method->token)
		give_token(ctx, out);
	if (strcmp(out->method, "http_file") == 0)
		out->file_name = rs_dcv_file_name(ctx);
	return rs_tx_use(ctx, RS_REACH_CALLER, insert, out);
}

/* --- ending --- */

struct ending {
	struct rs_validation *validation;
	int64_t revision;
};

static enum rs_code cancel(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct ending *ending = arg;
	struct rs_validation *v = ending->validation;
	struct rs_params p = rs_params(ctx);
	struct rs_event event = {
		.action = "domain_validation.cancelled",
		.object_type = "domain_validation",
		.object = v->id,
		.enterprise = v->enterprise_id,
		.from = v->status,
		.to = "cancelled",
	};
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &v->id);
	rs_p_int(&p, v->revision);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_validation_cancel, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, ending->revision >= 0 ? RS_PRECONDITION_FAILED : RS_CONFLICT,
			"The validation changed at the same moment. Read it again.");
	if (!rc)
		rc = rs_mail_drop(ctx, tx, &v->id);
	return rc ? rc : rs_audit(ctx, tx, &event);
}

enum rs_code rs_validation_get_for_edit(struct rs_ctx *ctx, const struct rs_id *id,
	int64_t revision, struct rs_validation *out)
{
	enum rs_code rc = rs_validation_get(ctx, id, out);

	if (!rc)
		rc = rs_may_act(ctx, "validation.edit", &out->requested_by, &out->enterprise_id);
	if (!rc && revision >= 0 && revision != out->revision)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The validation is at revision %lld by now. Read it again.",
			(long long)out->revision);
	return rc;
}

enum rs_code rs_validation_cancel(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *faults, struct rs_validation *out)
{
	struct ending ending = {out, revision};
	enum rs_code rc = rs_validation_get_for_edit(ctx, id, revision, out);

	if (rc)
		return rc;
	/* One that has expired may still count under a profile of its own mind. */
	if (strcmp(out->status, "invalid") == 0 || strcmp(out->status, "cancelled") == 0) {
		rs_fail(ctx, RS_WRONG_STATE, "The validation has ended already.");
		rs_err_ext(ctx, "current_status", json_string(out->status));
		return RS_WRONG_STATE;
	}
	rc = rs_faults_with(ctx, faults, RS_OK);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, cancel, &ending);
	return rc ? rc : rs_validation_get(ctx, id, out);
}

enum rs_code rs_validation_expire(struct rs_ctx *ctx, int *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_validation_expire, &p, &rows);
	*count = rc ? 0 : rs_rows_count(rows);
	return rc;
}

/* --- what a request needs --- */

/* Every identifier that may cover one of the names: the names, their parents, the mailboxes. */
static json_t *identifiers_of(struct rs_ctx *ctx, const json_t *names)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name) {
		const char *text = json_string_value(json_object_get(name, "name"));
		const char *kind = json_string_value(json_object_get(name, "kind"));

		json_array_append_new(out, json_string(text));
		if (strcmp(kind, "mail") == 0 && (text = strrchr(text, '@')) != NULL)
			json_array_append_new(out, json_string(++text));
		while (text && strcmp(kind, "ip") != 0 && (text = strchr(text, '.')) != NULL)
			json_array_append_new(out, json_string(++text));
	}
	return out;
}

enum rs_code rs_validation_covering(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const json_t *names, struct rs_validation **out, size_t *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*out = NULL;
	*count = 0;
	rs_p_id(&p, enterprise);
	rs_p_texts(&p, identifiers_of(ctx, names));
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_validation_covering, &p, &rows);
	if (rc)
		return rc;
	*out = rs_new_array(ctx->arena, struct rs_validation, (size_t)rs_rows_count(rows) + 1);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		(*out)[i] = (struct rs_validation){0};
		rc = rs_row_read(ctx, rows, i, rs_validation_row, &(*out)[(*count)++]);
	}
	return rc;
}

bool rs_validation_covers(const struct rs_validation *v, const json_t *name)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);

	return method && rs_dcv_covers(method, v->identifier, v->wide, name);
}

int64_t rs_validation_until(struct rs_ctx *ctx, const struct rs_validation *v,
	const struct rs_ruleset *rules, const struct rs_profile *profile)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);

	return rs_dcv_until(method, rules, profile->reuse_days, ctx->app->config->names_reuse_days,
		v->validated_at, v->ceiling);
}
