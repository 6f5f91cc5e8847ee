/* Which external issuers' JWTs are taken, and for which enterprise. */
#include "internal.h"

#include "rs/httpc.h"
#include "rs/jose.h"

#include <string.h>

static const char *const KINDS[] = {"oidc", "entra", NULL};

const struct rs_field rs_jwt_issuer_fields[] = {
	RS_FIELD(struct rs_jwt_issuer, id, RS_T_ID),
	RS_FIELD(struct rs_jwt_issuer, enterprise_id, RS_T_ID),
	RS_FIELD(struct rs_jwt_issuer, kind, RS_T_STRING),
	RS_FIELD(struct rs_jwt_issuer, issuer, RS_T_STRING),
	RS_FIELD(struct rs_jwt_issuer, audience, RS_T_STRING),
	RS_FIELD(struct rs_jwt_issuer, algorithms, RS_T_ARRAY),
	RS_FIELD(struct rs_jwt_issuer, jwks, RS_T_OBJECT),
	RS_FIELD(struct rs_jwt_issuer, jwks_uri, RS_T_STRING),
	RS_FIELD(struct rs_jwt_issuer, scopes, RS_T_INT),
	RS_FIELD(struct rs_jwt_issuer, active, RS_T_BOOL),
	RS_FIELD(struct rs_jwt_issuer, revision, RS_T_INT),
	RS_FIELD(struct rs_jwt_issuer, created_at, RS_T_TIME),
	RS_FIELD(struct rs_jwt_issuer, updated_at, RS_T_TIME),
	RS_FIELD_END,
};

struct input {
	struct rs_jwt_issuer issuer;
	json_t *scopes; /* names; NULL: not given */
};

#define ISSUER_INPUT(member, ...)                                                                  \
	RS_FIELD_AS(struct input, issuer.member, #member, __VA_ARGS__)
/* What may be changed later; flags differ. */
#define CHANGEABLE(flags_)                                                                         \
	ISSUER_INPUT(audience, RS_T_STRING, .flags = (flags_), .min = 1, .max = 500),              \
		ISSUER_INPUT(algorithms, RS_T_ARRAY, .flags = (flags_), .min = 1, .max = 9),       \
		ISSUER_INPUT(jwks, RS_T_OBJECT, .flags = RS_F_NULL),                               \
		ISSUER_INPUT(jwks_uri, RS_T_STRING, .flags = RS_F_NULL, .min = 9, .max = 500),     \
		RS_FIELD(struct input, scopes, RS_T_ARRAY, .flags = (flags_), .max = 8),           \
		ISSUER_INPUT(active, RS_T_BOOL)

static const struct rs_field CREATE_FIELDS[] = {
	ISSUER_INPUT(enterprise_id, RS_T_ID, .flags = RS_F_REQUIRED),
	ISSUER_INPUT(kind, RS_T_STRING, .values = KINDS),
	ISSUER_INPUT(issuer, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 500),
	CHANGEABLE(RS_F_REQUIRED),
	RS_FIELD_END,
};

static const struct rs_field EDIT_FIELDS[] = {
	CHANGEABLE(0),
	RS_FIELD_END,
};

static void judge(struct rs_ctx *ctx, struct input *in)
{
	struct rs_jwt_issuer *issuer = &in->issuer;
	size_t i;
	json_t *name;
	json_array_foreach(issuer->algorithms, i, name)
	{
		if (!rs_jose_algorithm_known(json_string_value(name)))
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, "/algorithms", i),
				"One of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512.");
	}
	if (in->scopes)
		issuer->scopes = rs_scopes_read(ctx, in->scopes, "/scopes");
	if (!issuer->jwks == !issuer->jwks_uri)
		rs_fault(ctx, RS_BAD_VALUE, "/jwks", "Give either jwks or jwks_uri.");
	if (issuer->jwks)
		rs_jose_judge_keys(ctx, issuer->jwks, "/jwks");
	const char *why = issuer->jwks_uri ? rs_httpc_url_fault(ctx, issuer->jwks_uri) : NULL;
	if (why)
		rs_fault(ctx, RS_BAD_VALUE, "/jwks_uri", "%s", why);
}

static void params_common(struct rs_params *p, const struct rs_jwt_issuer *issuer)
{
	rs_p_text(p, issuer->audience);
	rs_p_json(p, issuer->algorithms);
	rs_p_json(p, issuer->jwks);
	rs_p_text(p, issuer->jwks_uri);
	rs_p_int(p, issuer->scopes);
	rs_p_bool(p, issuer->active);
	rs_p_time(p, rs_clock_now_us(p->ctx->app->clock));
}

static struct rs_event event_of(const char *action, const struct rs_jwt_issuer *issuer)
{
	struct rs_event event = {.action = action, .object_type = "jwt_issuer"};
	event.object = issuer->id;
	event.enterprise = issuer->enterprise_id;
	return event;
}

static enum rs_code read_for(
	struct rs_ctx *ctx, const char *action, const struct rs_id *id, struct rs_jwt_issuer *out)
{
	struct rs_rows *rows;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	enum rs_code rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_jwt_issuer_by_id, &p, &rows);
	if (rc == RS_OK)
		rc = rs_row_read(ctx, rows, 0, rs_jwt_issuer_fields, out);
	return rc == RS_OK ? rs_may_act(ctx, action, NULL, &out->enterprise_id) : rc;
}

enum rs_code rs_jwt_issuer_get(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_jwt_issuer *out)
{
	return read_for(ctx, "jwt_issuer.read", id, out);
}

enum rs_code rs_jwt_issuer_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *out)
{
	static const struct rs_sort SORTS[] = {
		{"created_at", "created_at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec SPEC = {RS_Q_jwt_issuer_list, SORTS, "id"};
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, enterprise);
	return rs_list(ctx, &SPEC, &p, page, out);
}

enum rs_code rs_jwt_issuer_create(struct rs_ctx *ctx, json_t *body, struct rs_jwt_issuer *out)
{
	struct input in = {.issuer = {.kind = "oidc", .active = true}};
	struct rs_jwt_issuer *issuer = &in.issuer;
	rs_json_read(ctx, body, "", CREATE_FIELDS, &in, NULL);
	judge(ctx, &in);
	enum rs_code rc = rs_change_enterprise(ctx, "jwt_issuer.create", &issuer->enterprise_id);
	if (rc == RS_OK)
		rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	issuer->id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, &issuer->id);
	rs_p_id(&p, &issuer->enterprise_id);
	rs_p_text(&p, issuer->kind);
	rs_p_text(&p, issuer->issuer);
	params_common(&p, issuer);
	struct rs_change change = {
		RS_Q_jwt_issuer_insert, &p, .fields = rs_jwt_issuer_fields, .out = out};
	change.event = event_of("jwt_issuer.created", issuer);
	change.event.after = rs_arena_json(ctx->arena, rs_json_write(rs_jwt_issuer_fields, issuer));
	return rs_change_run(ctx, &change);
}

enum rs_code rs_jwt_issuer_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_jwt_issuer *out)
{
	struct rs_jwt_issuer before = {0};
	enum rs_code rc = read_for(ctx, "jwt_issuer.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct input in = {.issuer = before};
	/* Keys that are given take the place of the other way to them. */
	if (json_is_object(json_object_get(patch, "jwks")))
		in.issuer.jwks_uri = NULL;
	if (json_is_string(json_object_get(patch, "jwks_uri")))
		in.issuer.jwks = NULL;
	rs_json_read(ctx, patch, "", EDIT_FIELDS, &in, NULL);
	judge(ctx, &in);
	rc = rs_faults(ctx);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_int(&p, before.revision);
	params_common(&p, &in.issuer);
	struct rs_change change = {
		RS_Q_jwt_issuer_update, &p, .fields = rs_jwt_issuer_fields, .out = out};
	change.event = event_of("jwt_issuer.updated", &before);
	if (!rs_change_diff(ctx, rs_jwt_issuer_fields, &before, &in.issuer, &change.event)) {
		*out = before;
		return RS_OK;
	}
	rs_change_lost(&change, revision);
	return rs_change_run(ctx, &change);
}

enum rs_code rs_jwt_issuer_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct rs_jwt_issuer before = {0};
	enum rs_code rc = read_for(ctx, "jwt_issuer.edit", id, &before);
	if (rc == RS_OK)
		rc = rs_change_expect(ctx, revision, before.revision);
	if (rc != RS_OK)
		return rc;
	struct rs_params p = rs_params(ctx);
	rs_p_id(&p, id);
	rs_p_int(&p, before.revision);
	struct rs_change change = {.query = RS_Q_jwt_issuer_delete, .params = &p};
	change.event = event_of("jwt_issuer.deleted", &before);
	change.event.before = rs_arena_json(ctx->arena, rs_json_write(rs_jwt_issuer_fields, &before));
	rs_change_lost(&change, revision);
	return rs_change_run(ctx, &change);
}
