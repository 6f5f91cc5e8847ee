/* The mechanisms, and what is asked of all of them alike. */
#include "rs/factor.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/connector.h"
#include "rs/id.h"
#include "rs/keyring.h"

#include <string.h>

static const struct rs_factor *const FACTORS[] = {
#define RS_MECHANISM(name) &rs_factor_##name,
#include "rs/mechanisms.def"
#undef RS_MECHANISM
};

const struct rs_factor *const *rs_factors(size_t *count)
{
	*count = sizeof(FACTORS) / sizeof(FACTORS[0]);
	return FACTORS;
}

const struct rs_factor *rs_factor_find(const char *name)
{
	for (size_t i = 0; i < sizeof(FACTORS) / sizeof(FACTORS[0]); i++)
		if (strcmp(FACTORS[i]->name, name) == 0)
			return FACTORS[i];
	return NULL;
}

const char *const *rs_factor_inputs(const struct rs_factor *factor, const json_t *option)
{
	return factor->inputs_of ? factor->inputs_of(option) : factor->inputs;
}

const char *const rs_factor_no_inputs[] = {NULL};

enum rs_code rs_factor_for_everybody(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	(void)ctx;
	(void)subject;
	(void)option;
	return RS_OK;
}

enum rs_code rs_verdict_of_callback(
	struct rs_ctx *ctx, enum rs_code rc, struct rs_verdict *verdict)
{
	verdict->code = rc;
	switch (rc) {
	case RS_OK:
		verdict->result = RS_VERDICT_PASSED;
		verdict->detail = NULL;
		break;
	case RS_ASSERTION_INVALID:
	case RS_IDENTITY_MISMATCH:
	case RS_AUTH_NOT_FRESH:
	case RS_AUTH_CONTEXT_INSUFFICIENT:
	case RS_REPLAY_DETECTED:
	case RS_METHOD_NOT_CONFIGURED:
	case RS_DESTINATION_TOO_NEW:
		verdict->result = RS_VERDICT_REFUSED;
		break;
	case RS_IDP_UNAVAILABLE:
	case RS_OVERLOADED:
		verdict->result = RS_VERDICT_UNAVAILABLE;
		break;
	default: /* ours: the database, a key; the challenge is spent all the same */
		verdict->result = RS_VERDICT_REFUSED;
		return rc;
	}
	rs_err_reset(&ctx->err);
	return RS_OK;
}

enum rs_code rs_factor_settled(struct rs_ctx *ctx, int64_t usable_from)
{
	char from[32];

	if (usable_from <= rs_clock_now_us(ctx->app->clock))
		return RS_OK;
	rs_time_format(usable_from, from);
	return rs_fail(ctx, RS_DESTINATION_TOO_NEW,
		"This means was changed a short time ago and counts from %s on.", from);
}

/* The same, and what people know it by: the connector's name, where there is one they would know. */
static enum rs_code judge_option(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_subject *subject, const json_t *option, const char **label)
{
	struct rs_connector *connector;
	struct rs_id id = {""};
	enum rs_code rc = RS_OK;

	if (!factor)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"This second factor is not available here.");
	/* Whoever sends codes may choose among several, and looks itself. */
	if (factor->connector && !factor->channels) {
		rs_id_parse(json_string_value(json_object_get(option, "connector_id")), &id);
		rc = rs_connector_get(
			ctx, &subject->enterprise_id, &id, factor->connector, &connector);
		if (!rc && connector->display_name)
			*label = connector->display_name;
	}
	return rc ? rc : factor->available(ctx, subject, option);
}

enum rs_code rs_factor_available(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_subject *subject, const json_t *option)
{
	const char *label;

	return judge_option(ctx, factor, subject, option, &label);
}

/* --- as a request shows them --- */

static json_t *option_json(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *option, enum rs_code why)
{
	const char *mechanism = json_string_value(json_object_get(option, "mechanism"));
	const struct rs_factor *factor = rs_factor_find(mechanism);
	const char *label = factor ? factor->title : mechanism;

	if (subject) {
		struct rs_err kept = ctx->err;

		/* What hinders an option is no error of the request that shows it. */
		ctx->err = (struct rs_err){0};
		why = judge_option(ctx, factor, subject, option, &label);
		rs_err_reset(&ctx->err);
		ctx->err = kept;
	}
	return json_pack("{s:s, s:s?, s:s, s:b, s:s?}", "mechanism", mechanism, "connector_id",
		json_string_value(json_object_get(option, "connector_id")), "display_name",
		label, "available", why == RS_OK, "unavailable_code",
		why ? rs_code_slug(why) : NULL);
}

json_t *rs_factor_options(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *options, enum rs_code why)
{
	json_t *out = json_array(), *option;
	size_t i;

	json_array_foreach((json_t *)options, i, option)
		json_array_append_new(out, option_json(ctx, subject, option, why));
	return out;
}

/* What a means may lack, or be: whatever else goes wrong tells nothing about the account. */
static bool cannot_be_asked(enum rs_code rc)
{
	return rc == RS_METHOD_NOT_CONFIGURED || rc == RS_DESTINATION_MISSING ||
		rc == RS_DESTINATION_UNVERIFIED || rc == RS_DESTINATION_NOT_ALLOWED ||
		rc == RS_DESTINATION_TOO_NEW;
}

enum rs_code rs_factor_account_options(
	struct rs_ctx *ctx, const struct rs_subject *subject, json_t **out, bool *guarded)
{
	*out = rs_arena_json(ctx->arena, json_array());
	*guarded = subject->totp || subject->mobile;
	for (size_t i = 0; i < sizeof(FACTORS) / sizeof(FACTORS[0]); i++) {
		json_t *option;
		enum rs_code rc;

		/* Redirects and passwords prove an account elsewhere, which only a policy can name. */
		if (FACTORS[i]->style != RS_FACTOR_CODE)
			continue;
		option = rs_arena_json(
			ctx->arena, json_pack("{s:s}", "mechanism", FACTORS[i]->name));
		rc = FACTORS[i]->available(ctx, subject, option);
		if (rc && !cannot_be_asked(rc))
			return rc;
		if (!rc)
			json_array_append(*out, option);
		*guarded = *guarded || !rc || rc == RS_DESTINATION_TOO_NEW;
		rs_err_reset(&ctx->err);
	}
	return RS_OK;
}

/* --- who has to pass --- */

struct row {
	struct rs_subject subject;
	struct rs_bytes mobile_sealed;
	const char *mobile_kid;
};

#define S(member, kind) RS_FIELD_AS(struct row, subject.member, #member, kind)
static const struct rs_field SUBJECT_ROW[] = {
	S(user_id, RS_T_ID),
	S(enterprise_id, RS_T_ID),
	S(name, RS_T_STRING),
	S(email, RS_T_STRING),
	S(language, RS_T_STRING),
	S(status, RS_T_STRING),
	S(email_usable_from, RS_T_TIME),
	S(mobile_usable_from, RS_T_TIME),
	S(mobile_pending, RS_T_BOOL),
	S(totp, RS_T_BOOL),
	S(totp_usable_from, RS_T_TIME),
	RS_FIELD(struct row, mobile_sealed, RS_T_BYTES),
	RS_FIELD(struct row, mobile_kid, RS_T_STRING),
	RS_FIELD_END,
};

enum rs_code rs_subject_load(struct rs_ctx *ctx, const struct rs_id *user, struct rs_subject *out)
{
	struct rs_params p = rs_params(ctx);
	struct row row = {0};
	struct rs_rows *rows;
	rs_auto_secret mobile = NULL;
	enum rs_code rc;

	rs_p_id(&p, user);
	rc = rs_read_one(ctx, RS_REACH_CALLER, RS_Q_subject_by_user, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, SUBJECT_ROW, &row);
	if (!rc && row.mobile_sealed.data) {
		struct rs_seal_place place = {
			"user_means", "mobile", row.subject.user_id.s, row.subject.enterprise_id.s};

		rc = rs_keyring_open(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, row.mobile_kid,
			row.mobile_sealed, &mobile);
		if (!rc)
			row.subject.mobile = rs_arena_strdup(
				ctx->arena, (const char *)rs_secret_data(mobile));
	}
	*out = row.subject;
	return rc;
}

json_t *rs_subject_means(struct rs_ctx *ctx, const struct rs_subject *s)
{
	const struct {
		const char *kind, *masked;
		int64_t usable_from;
		bool has;
	} MEANS[] = {
		{"email", rs_mask_email(ctx, s->email), s->email_usable_from, true},
		{"mobile", s->mobile ? rs_mask_mobile(ctx, s->mobile) : NULL, s->mobile_usable_from,
			s->mobile != NULL},
		{"totp", NULL, s->totp_usable_from, s->totp},
	};
	json_t *out = json_array();

	for (size_t i = 0; i < sizeof(MEANS) / sizeof(MEANS[0]); i++) {
		char from[32];

		if (!MEANS[i].has)
			continue;
		rs_time_format(MEANS[i].usable_from, from);
		json_array_append_new(out, json_pack("{s:s, s:s?, s:s?}", "kind", MEANS[i].kind,
						 "masked", MEANS[i].masked, "usable_from",
						 MEANS[i].usable_from ? from : NULL));
	}
	return out;
}

/* --- linked identities --- */

struct linked {
	const char *issuer, *subject;
	int64_t usable_from;
};

static const struct rs_field LINKED_ROW[] = {
	RS_FIELD(struct linked, issuer, RS_T_STRING),
	RS_FIELD(struct linked, subject, RS_T_STRING),
	RS_FIELD(struct linked, usable_from, RS_T_TIME),
	RS_FIELD_END,
};

static enum rs_code identities(struct rs_ctx *ctx, const struct rs_id *user, const char *kind,
	struct linked **out, int *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, user);
	rs_p_text(&p, kind);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_identity_of_user, &p, &rows);
	*count = rc ? 0 : rs_rows_count(rows);
	*out = rs_new_array(ctx->arena, struct linked, (size_t)*count + 1);
	for (int i = 0; !rc && i < *count; i++) {
		(*out)[i] = (struct linked){0};
		rc = rs_row_read(ctx, rows, i, LINKED_ROW, &(*out)[i]);
	}
	return rc;
}

enum rs_code rs_factor_identities(
	struct rs_ctx *ctx, const struct rs_id *user, const char *kind, json_t **out)
{
	struct linked *linked;
	int count;
	enum rs_code rc = identities(ctx, user, kind, &linked, &count);

	*out = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < count; i++)
		json_array_append_new(*out, json_pack("{s:s, s:s}", "issuer", linked[i].issuer,
						     "subject", linked[i].subject));
	return rc;
}

enum rs_code rs_factor_linked(struct rs_ctx *ctx, const struct rs_challenge *c, const char *kind,
	const char *issuer, const char *subject, bool *linked)
{
	struct linked *all;
	int count;
	enum rs_code rc = identities(ctx, &c->user_id, kind, &all, &count);

	*linked = false;
	for (int i = 0; !rc && !*linked && i < count; i++)
		if (strcmp(all[i].issuer, issuer) == 0 && strcmp(all[i].subject, subject) == 0) {
			*linked = true;
			rc = rs_factor_settled(ctx, all[i].usable_from);
		}
	return rc;
}
