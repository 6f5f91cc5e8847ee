/* Certificates: the field table, reading, listing, and what may be done with one. */
#include "rs/certificate.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/permission.h"
#include "rs/ruleset.h"

#include <string.h>

#define F(member, kind, ...) RS_FIELD(struct rs_certificate, member, kind, __VA_ARGS__)
#define HIDDEN .flags = RS_F_HIDDEN

const struct rs_field rs_certificate_fields[] = {
	F(id, RS_T_ID),
	F(serial, RS_T_HEX),
	F(status, RS_T_STRING),
	F(category, RS_T_STRING),
	F(subject, RS_T_OBJECT),
	F(san, RS_T_ARRAY),
	F(unsupported, RS_T_ARRAY),
	F(issuer, RS_T_STRING),
	F(issuer_id, RS_T_ID),
	F(not_before, RS_T_TIME),
	F(not_after, RS_T_TIME),
	F(key, RS_T_OBJECT),
	F(extensions, RS_T_OBJECT),
	F(fingerprint_sha256, RS_T_SHA256),
	F(spki_sha256, RS_T_SHA256, HIDDEN),
	F(profile_id, RS_T_ID),
	F(profile_revision, RS_T_INT, HIDDEN),
	F(enterprise_id, RS_T_ID),
	F(owner_id, RS_T_ID),
	F(lineage_id, RS_T_ID, HIDDEN),
	F(generation, RS_T_INT, HIDDEN),
	F(replaces_id, RS_T_ID, HIDDEN),
	F(replaced_by_id, RS_T_ID, HIDDEN),
	F(revoked_at, RS_T_TIME, HIDDEN),
	F(revocation_reason, RS_T_STRING, HIDDEN),
	F(invalidity_date, RS_T_TIME, HIDDEN),
	F(revocation_due_at, RS_T_TIME),
	F(source, RS_T_STRING),
	F(open_request_id, RS_T_ID),
	F(issued_by_request_id, RS_T_ID),
	F(revision, RS_T_INT),
	F(issued_at, RS_T_TIME),
	F(created_at, RS_T_TIME),
	RS_FIELD_END,
};

/* --- reading --- */

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

/* A row of certificate_view; the state is told as of now. */
static enum rs_code read_row(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	struct rs_certificate *out)
{
	enum rs_code rc;

	memset(out, 0, sizeof(*out));
	rc = rs_row_read(ctx, rows, row, rs_certificate_fields, out);
	/* not_after is inclusive: the whole last second counts. */
	if (!rc && is(out->status, "issued") &&
		out->not_after / 1000000 < rs_clock_now(ctx->app->clock))
		out->status = "expired";
	return rc;
}

void rs_certificate_ahead(struct rs_ctx *ctx, const struct rs_id *id)
{
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, id);
	rs_ahead_want(ctx, RS_Q_certificate_by_id, &p);
}

enum rs_code rs_certificate_get(struct rs_ctx *ctx, const struct rs_id *id,
	struct rs_certificate *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_certificate_by_id, &p, &rows);
	if (!rc)
		rc = read_row(ctx, rows, 0, out);
	return rc ? rc : rs_may_see(ctx, "certificate.read", &out->owner_id, &out->enterprise_id);
}

enum rs_code rs_certificate_load(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	bool lock, struct rs_certificate *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = RS_OK;

	rs_p_id(&p, id);
	if (lock)
		rc = rs_tx_one(ctx, tx, RS_Q_certificate_lock, &p, &rows);
	if (!rc)
		rc = rs_tx_one(ctx, tx, RS_Q_certificate_by_id, &p, &rows);
	return rc ? rc : read_row(ctx, rows, 0, out);
}

static void p_filters(struct rs_ctx *ctx, struct rs_params *p,
	const struct rs_certificate_filter *f)
{
	rs_p_clock(p, rs_clock_now_us(ctx->app->clock) / 1000000 * 1000000);
	rs_p_texts(p, f->status);
	rs_p_texts(p, f->profile_id);
	rs_p_texts(p, f->category);
	rs_p_text(p, f->q);
	rs_p_text(p, f->common_name);
	rs_p_texts(p, f->san);
	rs_p_bytes(p, f->serial.data, f->serial.len);
	rs_p_bytes(p, f->spki_sha256.data, f->spki_sha256.len);
	rs_p_bytes(p, f->fingerprint_sha256.data, f->fingerprint_sha256.len);
	rs_p_id(p, &f->lineage_id);
	rs_p_id(p, &f->owner_id);
	rs_p_time(p, f->expires_after);
	rs_p_time(p, f->expires_before);
	rs_p_time(p, f->issued_after);
	rs_p_time(p, f->issued_before);
	rs_p_id(p, rs_enterprise_seen(ctx, &f->enterprise_id));
	rs_p_texts(p, rs_owners_seen(ctx, "certificate.read"));
}

enum rs_code rs_certificate_list(struct rs_ctx *ctx, const struct rs_certificate_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"created_at", "c.created_at", "timestamptz"},
		{"not_after", "c.not_after", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_certificate_list, .sorts = sorts, .id_column = "c.id"};
	struct rs_params p = rs_params(ctx);
	struct rs_certificate certificate;
	json_t *item;
	enum rs_code rc;

	p_filters(ctx, &p, filter);
	rc = rs_list(ctx, &spec, &p, page, list);
	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		rc = read_row(ctx, list->rows, i, &certificate);
		if (!rc)
			rc = rs_certificate_json(ctx, &certificate, &item);
		if (!rc)
			json_array_append_new(*items, item);
	}
	return rc;
}

enum rs_code rs_certificate_events(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"at", "e.at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {
		.query = RS_Q_certificate_events, .sorts = sorts, .id_column = "e.id"};
	struct rs_page oldest_first = *page;
	struct rs_params p = rs_params(ctx);
	struct rs_certificate certificate;
	enum rs_code rc = rs_certificate_get(ctx, id, &certificate);

	*items = rs_arena_json(ctx->arena, json_array());
	if (rc)
		return rc;
	oldest_first.sort = "at";
	rs_p_id(&p, id);
	rc = rs_list(ctx, &spec, &p, &oldest_first, list);
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++)
		json_array_append_new(*items, rs_event_json(list->rows, i));
	return rc;
}

json_t *rs_event_json(const struct rs_rows *rows, int row)
{
	const char *actor = rs_row_text(rows, row, "actor_id");
	const char *name = rs_row_text(rows, row, "actor_name");
	char at[32];

	rs_time_format(rs_row_int(rows, row, "at"), at);
	return json_pack("{s:s, s:s, s:s, s:o, s:s?, s:s?, s:s?}", "id", rs_row_text(rows, row, "id"),
		"at", at, "action", rs_row_text(rows, row, "action"), "actor",
		actor ? json_pack("{s:s, s:s}", "id", actor, "name", name ? name : "") : json_null(),
		"from", rs_row_text(rows, row, "from_state"), "to", rs_row_text(rows, row, "to_state"),
		"detail", rs_row_text(rows, row, "detail"));
}

/* --- what may be done --- */

/* What the actions of one certificate are judged by. */
struct scene {
	const struct rs_certificate *certificate;
	const struct rs_profile *profile;
	const struct rs_ruleset *rules;
};

/* RS_OK, or why the state does not allow it, with a sentence. */
static enum rs_code may_reissue(const struct scene *s, const char **why)
{
	*why = NULL;
	if (is(s->certificate->status, "suspended")) {
		*why = "It is suspended. Release or revoke it first.";
		return RS_CERTIFICATE_SUSPENDED;
	}
	if (rs_id_set(&s->certificate->open_request_id)) {
		*why = "A reissue request for it is open.";
		return RS_REISSUE_ALREADY_OPEN;
	}
	if (!s->profile->active) {
		*why = "Its profile is switched off.";
		return RS_PROFILE_INACTIVE;
	}
	if (!rs_profile_has(s->profile->eligible,
		    is(s->certificate->status, "revoked") &&
				    s->certificate->not_after < s->certificate->read_at ?
			    "expired" :
			    s->certificate->status))
		*why = "Its profile does not reissue certificates in this state.";
	else if (!s->profile->repeat && rs_id_set(&s->certificate->replaced_by_id))
		*why = "It was replaced already, and its profile allows that once.";
	return *why ? RS_NOT_ELIGIBLE : RS_OK;
}

static enum rs_code may_download(const struct scene *s, const char **why)
{
	(void)s;
	*why = NULL;
	return RS_OK;
}

static enum rs_code may_revoke(const struct scene *s, const char **why)
{
	*why = is(s->certificate->status, "revoked") ? "It is revoked already." : NULL;
	return *why ? RS_ALREADY_REVOKED : RS_OK;
}

static enum rs_code may_suspend(const struct scene *s, const char **why)
{
	*why = s->rules->suspension ? NULL : "The rule set of its profile forbids suspension.";
	if (*why)
		return RS_SUSPENSION_FORBIDDEN;
	*why = is(s->certificate->status, "issued") ? NULL : "Only an issued one can be suspended.";
	return *why ? RS_WRONG_STATE : RS_OK;
}

static enum rs_code may_release(const struct scene *s, const char **why)
{
	*why = is(s->certificate->status, "suspended") ? NULL : "It is not suspended.";
	return *why ? RS_WRONG_STATE : RS_OK;
}

static const struct {
	const char *name;
	const char *permission;
	enum rs_code (*may)(const struct scene *s, const char **why);
} ACTIONS[] = {
	{"reissue", "reissue.create", may_reissue},
	{"download", "certificate.read", may_download},
	{"revoke", "certificate.revoke", may_revoke},
	{"suspend", "certificate.suspend", may_suspend},
	{"release", "certificate.release", may_release},
	{"change_owner", "certificate.change_owner", may_download},
};

static enum rs_code scene_of(struct rs_ctx *ctx, struct rs_certificate *certificate,
	struct scene *out)
{
	enum rs_code rc = rs_profile_get(ctx, &certificate->profile_id,
		certificate->profile_revision, &out->profile);

	out->certificate = certificate;
	certificate->read_at = rs_clock_now_us(ctx->app->clock);
	return rc ? rc : rs_ruleset_at(ctx, out->profile->rule_set, certificate->read_at, &out->rules);
}

enum rs_code rs_certificate_may(struct rs_ctx *ctx, struct rs_certificate *certificate,
	const char *action)
{
	struct scene scene;
	const char *why;
	enum rs_code rc = scene_of(ctx, certificate, &scene);

	for (size_t i = 0; !rc && i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
		if (strcmp(ACTIONS[i].name, action) != 0)
			continue;
		rc = ACTIONS[i].may(&scene, &why);
		if (rc) {
			rc = rs_fail(ctx, rc, "%s", why);
			rs_err_ext(ctx, "current_status", json_string(certificate->status));
		}
	}
	return rc;
}

enum rs_code rs_certificate_json(struct rs_ctx *ctx, struct rs_certificate *c, json_t **out)
{
	json_t *allowed = json_array(), *unavailable = json_array();
	struct scene scene;
	char at[32], invalid[32];
	enum rs_code rc = scene_of(ctx, c, &scene);

	*out = rs_json_write(rs_certificate_fields, c);
	for (size_t i = 0; !rc && i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
		const char *why;
		enum rs_code no;

		if (!rs_allowed(ctx, ACTIONS[i].permission, &c->owner_id, &c->enterprise_id, false))
			continue;
		no = ACTIONS[i].may(&scene, &why);
		if (no)
			json_array_append_new(unavailable, json_pack("{s:s, s:s, s:s}", "action",
				ACTIONS[i].name, "code", rs_code_slug(no), "detail", why));
		else
			json_array_append_new(allowed, json_string(ACTIONS[i].name));
	}
	json_object_set_new(*out, "allowed_actions", allowed);
	json_object_set_new(*out, "unavailable_actions", unavailable);
	json_object_set_new(*out, "lineage", json_pack("{s:s, s:I, s:s?, s:s?}", "id", c->lineage_id.s,
		"generation", (json_int_t)c->generation, "replaces_id",
		rs_id_set(&c->replaces_id) ? c->replaces_id.s : NULL, "replaced_by_id",
		rs_id_set(&c->replaced_by_id) ? c->replaced_by_id.s : NULL));
	rs_time_format(c->revoked_at, at);
	rs_time_format(c->invalidity_date, invalid);
	json_object_set_new(*out, "revocation", !c->revoked_at ? json_null() :
		json_pack("{s:s, s:s, s:s?}", "revoked_at", at, "reason", c->revocation_reason,
			"invalidity_date", c->invalidity_date ? invalid : NULL));
	json_object_set_new(*out, "key", json_deep_copy(c->key));
	json_object_set_new(json_object_get(*out, "key"), "spki_sha256",
		json_string(rs_sha256_text(ctx->arena, c->spki_sha256.data)));
	return rc;
}
