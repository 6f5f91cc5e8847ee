/* Subject, SAN, validity and agreement as a caller sends them. */
#include "impl.h"

#include "rs/config.h"
#include "rs/names.h"

static void locked(struct rs_ctx *ctx, const char *pointer)
{
	rs_fault(ctx, RS_FIELD_LOCKED, pointer,
		"The profile does not let this change; leave it out, or send the value it has.");
}

/* A merge patch of the subject; members that change must be editable. */
static void take_subject(struct rs_ctx *ctx, struct rs_case *c, json_t *patch)
{
	json_t *merged = rs_arena_json(ctx->arena, json_deep_copy(c->request.subject));
	const char *member;
	json_t *value;

	json_object_foreach(patch, member, value) {
		const char *field = rs_arena_printf(ctx->arena, "subject.%s", member);
		const json_t *old = json_object_get(merged, member);
		bool same = old ? json_equal(old, value) : json_is_null(value);

		/* One that is none is told by its name, not as one that is locked. */
		if (!same && rs_subject_member(member) && !rs_profile_editable(c->by.profile, field))
			locked(ctx, rs_pointer(ctx, "/subject", member));
	}
	rs_json_merge(merged, patch);
	c->request.subject = merged;
}

static void take_san(struct rs_ctx *ctx, struct rs_case *c, json_t *san)
{
	if (!json_equal(san, c->request.san) && !rs_profile_editable(c->by.profile, "san"))
		locked(ctx, "/san");
	c->request.san = san;
}

/* What stands in the way is a fault only where the caller has written; elsewhere it is inherited
 * and shows as a blocker. */
static bool wrote(const struct rs_reissue_input *input, bool san_follows, const char *pointer)
{
	const char *member = strncmp(pointer, "/subject/", 9) == 0 ? pointer + 9 : NULL;
	size_t len;
	const char *name;
	json_t *value;

	if (strncmp(pointer, "/san", 4) == 0)
		return input->san || san_follows;
	if (!member || !input->subject)
		return input->subject != NULL;
	len = strcspn(member, "/");
	json_object_foreach(input->subject, name, value)
		if (strlen(name) == len && strncmp(name, member, len) == 0)
			return true;
	return false;
}

static void take_names(
	struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input)
{
	const struct rs_config *config = ctx->app->config;
	const struct rs_name_policy policy = {
		.rules = c->by.rules,
		.extra_tlds = config ? config->names_extra_tlds : NULL,
	};
	json_t *old_subject = c->request.subject, *old_san = c->request.san;
	bool follows = false;
	struct rs_names names;
	json_t *fault;
	size_t i;

	if (input->subject)
		take_subject(ctx, c, input->subject);
	if (input->san) {
		take_san(ctx, c, input->san);
	} else if (input->subject) {
		c->request.san = rs_names_follow_common_name(
			ctx, old_subject, c->request.subject, old_san);
		follows = c->request.san != old_san;
	}
	rs_names_normalise(ctx, c->request.subject, c->request.san, &policy, "", &names);
	c->request.subject = names.subject;
	c->request.san = names.san;
	json_array_foreach(names.faults, i, fault) {
		const char *pointer = json_string_value(json_object_get(fault, "pointer"));

		if (wrote(input, follows, pointer))
			rs_fault(ctx,
				rs_code_from_slug(json_string_value(json_object_get(fault, "code"))),
				pointer, "%s", json_string_value(json_object_get(fault, "detail")));
	}
}

/* What could not be carried over is settled once the caller has written that part. */
static void settle_inherited(
	struct rs_ctx *ctx, struct rs_reissue *r, const struct rs_reissue_input *input)
{
	json_t *left = rs_arena_json(ctx->arena, json_array());
	json_t *fault;
	size_t i;

	json_array_foreach(r->inherited_faults, i, fault) {
		const char *pointer = json_string_value(json_object_get(fault, "pointer"));
		bool san = strcmp(pointer, "/san") == 0;

		if (san ? !input->san : !input->subject)
			json_array_append(left, fault);
	}
	r->inherited_faults = left;
}

/* --- validity --- */

static const char *const MODES[] = {"full", "remaining", "days", "not_after", NULL};

static const struct rs_field VALIDITY_FIELDS[] = {
	RS_FIELD(struct rs_validity, mode, RS_T_STRING, .flags = RS_F_REQUIRED, .values = MODES),
	RS_FIELD(struct rs_validity, days, RS_T_INT, .min = 1, .max = 36500),
	RS_FIELD(struct rs_validity, not_after, RS_T_TIME),
	RS_FIELD_END,
};

json_t *rs_reissue_validity_json(struct rs_ctx *ctx, const struct rs_validity *v)
{
	char until[32];

	if (v->not_after)
		rs_time_format(v->not_after, until);
	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:o, s:s?}", "mode", v->mode, "days",
			v->days ? json_integer(v->days) : json_null(), "not_after",
			v->not_after ? until : NULL));
}

/* remaining for a certificate that is still issued, full for one that is revoked or over. */
json_t *rs_reissue_default_validity(struct rs_ctx *ctx, const struct rs_reissue *r, int64_t now)
{
	bool live = strcmp(r->certificate_status, "issued") == 0 && r->certificate_not_after > now;

	return rs_reissue_validity_json(
		ctx, &(struct rs_validity){.mode = live ? "remaining" : "full"});
}

static void check_window(struct rs_ctx *ctx, const struct rs_case *c, const struct rs_validity *v)
{
	struct rs_limits limits = rs_policy_limits(&c->request, &c->by);
	struct rs_window window;
	char latest[32];
	enum rs_code rc = rs_issue_window(v, &limits, c->by.now, &window);
	const char *pointer = v->days ? "/validity/days"
		: v->not_after	      ? "/validity/not_after"
				      : "/validity";

	rs_time_format(window.max_not_after, latest);
	if (rc == RS_VALIDITY_TOO_LONG)
		rs_fault(ctx, rc, pointer, "The certificate may end on %s at the latest.", latest);
	else if (rc == RS_VALIDITY_PAST)
		rs_fault(ctx, rc, pointer, "The certificate would have ended already.");
}

/* A merge patch of the validity (RFC 7396); who names a mode says all that belongs to it. */
static json_t *merged_validity(struct rs_ctx *ctx, const struct rs_reissue *r, json_t *sent)
{
	json_t *out = rs_arena_json(ctx->arena, json_object());

	if (!json_object_get(sent, "mode"))
		rs_json_merge(out, r->validity);
	rs_json_merge(out, sent);
	return out;
}

static void take_validity(struct rs_ctx *ctx, struct rs_case *c, json_t *sent)
{
	struct rs_validity v = {0};
	size_t before = json_array_size(ctx->err.faults);
	uint64_t given = 0;
	json_t *validity;

	if (!sent || json_is_null(sent)) {
		validity = rs_reissue_default_validity(ctx, &c->request, c->by.now);
	} else {
		rs_json_read(ctx, merged_validity(ctx, &c->request, sent), "/validity",
			VALIDITY_FIELDS, &v, &given);
		if (!v.mode)
			return;
		if ((strcmp(v.mode, "days") == 0) != (given >> 1 & 1))
			rs_fault(ctx, RS_BAD_VALUE, "/validity/days",
				"\"days\" belongs to the mode \"days\", and only to that.");
		if ((strcmp(v.mode, "not_after") == 0) != (given >> 2 & 1))
			rs_fault(ctx, RS_BAD_VALUE, "/validity/not_after",
				"\"not_after\" belongs to the mode \"not_after\", and only to that.");
		if (json_array_size(ctx->err.faults) > before)
			return;
		validity = rs_reissue_validity_json(ctx, &v);
		check_window(ctx, c, &v);
	}
	if (!json_equal(validity, c->request.validity) &&
		!rs_profile_editable(c->by.profile, "validity"))
		locked(ctx, "/validity");
	c->request.validity = validity;
}

void rs_reissue_take_content(
	struct rs_ctx *ctx, struct rs_case *c, const struct rs_reissue_input *input)
{
	rs_faults_note(ctx, input->faults);
	if (input->reason)
		c->request.reason = input->reason;
	if (input->message_given)
		c->request.message = input->message && *input->message ? input->message : NULL;
	if (input->subject || input->san) {
		take_names(ctx, c, input);
		settle_inherited(ctx, &c->request, input);
	}
	if (input->validity_given)
		take_validity(ctx, c, input->validity);
	if (input->key)
		rs_fault(ctx, RS_FIELD_LOCKED, "/key",
			"Keys made by the service are not offered here; send a CSR.");
}

/* --- agreement --- */

struct acceptance {
	struct rs_id agreement_id;
	int64_t version;
	const char *language;
	struct rs_bytes sha256;
	bool accepted;
};

static const struct rs_field ACCEPTANCE_FIELDS[] = {
	RS_FIELD(struct acceptance, agreement_id, RS_T_ID, .flags = RS_F_REQUIRED),
	RS_FIELD(struct acceptance, version, RS_T_INT, .flags = RS_F_REQUIRED, .min = 1,
		.max = 1000000),
	RS_FIELD(struct acceptance, language, RS_T_STRING, .flags = RS_F_REQUIRED, .max = 35),
	RS_FIELD(struct acceptance, sha256, RS_T_SHA256, .flags = RS_F_REQUIRED),
	RS_FIELD(struct acceptance, accepted, RS_T_BOOL, .flags = RS_F_REQUIRED),
	RS_FIELD_END,
};

static enum rs_code outdated(struct rs_ctx *ctx, const struct rs_reissue *r)
{
	rs_fail(ctx, RS_AGREEMENT_OUTDATED,
		"The agreement to accept is version %lld. Read it and accept that one.",
		(long long)r->wanted_version);
	rs_err_ext(ctx, "current_status", json_string(r->status));
	rs_err_ext(ctx, "agreement",
		json_pack("{s:s, s:I, s:s?, s:s?}", "agreement_id", r->wanted_agreement_id.s,
			"version", (json_int_t)r->wanted_version, "language", r->wanted_language,
			"sha256",
			r->wanted_sha256.data
				? rs_sha256_text(ctx->arena, r->wanted_sha256.data)
				: NULL));
	return RS_AGREEMENT_OUTDATED;
}

/* The text accepted must be the very text of the current version in that language. */
static enum rs_code same_text(struct rs_ctx *ctx, const struct rs_reissue *r, const struct acceptance *a,
	const char *at)
{
	struct rs_agreement text;
	enum rs_code rc;

	if (!rs_id_eq(&a->agreement_id, &r->wanted_agreement_id) || a->version != r->wanted_version)
		return outdated(ctx, r);
	rc = rs_agreement_get(ctx, &a->agreement_id, a->version, a->language, NULL, &text);
	if (rc == RS_NOT_FOUND || (!rc && strcmp(text.language, a->language) != 0))
		return rs_refuse(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, "language"),
			"There is no text of the agreement in \"%s\".",
			a->language);
	if (rc)
		return rc;
	return memcmp(text.sha256.data, a->sha256.data, 32) == 0 ? RS_OK : outdated(ctx, r);
}

enum rs_code rs_reissue_take_agreement(
	struct rs_ctx *ctx, struct rs_case *c, json_t *agreement, const char *at)
{
	struct rs_reissue *r = &c->request;
	struct acceptance a = {0};
	enum rs_code rc;

	rs_json_read(ctx, agreement, at, ACCEPTANCE_FIELDS, &a, NULL);
	if (!ctx->err.faults && !a.accepted)
		rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, "accepted"), "Only true accepts.");
	rc = rs_faults(ctx);
	if (rc)
		return rc;
	if (rs_language_normal(ctx, a.language))
		a.language = rs_language_normal(ctx, a.language);
	if (!rs_id_set(&r->wanted_agreement_id))
		return rs_refuse(ctx, RS_BAD_VALUE, at, "The profile asks for no agreement.");
	rc = same_text(ctx, r, &a, at);
	if (rc)
		return rc;
	r->agreement_id = a.agreement_id;
	r->agreement_version = a.version;
	r->agreement_language = a.language;
	r->agreement_sha256 = a.sha256;
	r->agreement_accepted_at = c->by.now;
	r->accepted_by = ctx->actor.id;
	r->accepted_name = ctx->actor.name;
	return RS_OK;
}
