/* Judging a profile as a whole, against rule set, issuer and agreement. */
#include "validate.h"

#include "rs/clock.h"
#include "rs/config.h"
#include "rs/dcv.h"
#include "rs/id.h"
#include "rs/key.h"
#include "rs/names.h"
#include "rs/ruleset.h"

#include <string.h>

#define DRAFT_TTL_DAYS 30
#define NOTE_MAX 1000

static const char *const KEY_SOURCES[] = {"csr", "server", NULL};
static const char *const ELIGIBLE[] = {"issued", "revoked", "expired", NULL};
static const char *const STEPS[] = {"key", "subject", "san", "validity", "domain_verification",
	"agreement", "message", "second_factor", "approval", NULL};
static const char *const ACTIONS[] = {"keep", "revoke_on_issue", "revoke_after_days", NULL};
const char *const rs_profile_operations[] = {"reissue", "approve", "revoke", "enrol", NULL};
static const char *const MECHANISMS[] = {
#define RS_MECHANISM(name) #name,
#include "rs/mechanisms.def"
#undef RS_MECHANISM
	NULL};

/*
 * Which kind of connector a mechanism takes, by member. The codes of the OTP mechanisms go out by any
 * active connector of the kind when none is named; the others are nothing without theirs.
 */
static const struct {
	const char *mechanism, *member, *kind;
	bool needed;
} CONNECTORS[] = {
	{"sms_otp", "connector_id", "sms", false},
	{"email_otp", "connector_id", "smtp", false},
	{"email_sms_otp", "sms_connector_id", "sms", false},
	{"email_sms_otp", "email_connector_id", "smtp", false},
	{"saml", "connector_id", "saml", true},
	{"active_directory", "connector_id", "active_directory", true},
	{"azure_ad", "connector_id", "azure_ad", true},
	{"oidc", "connector_id", "oidc", true},
};
static const char *const OTP_MODES[] = {"both_required", "same_code", "either", NULL};

/* One way to pass a second factor. */
struct factor {
	const char *mechanism;
	struct rs_id connector_id, sms_connector_id, email_connector_id;
	json_t *otp;
	bool ask_username;
};

struct otp {
	int64_t digits, lifetime_s, attempts, resends;
	const char *mode;
};

struct previous {
	const char *action;
	int64_t days;
};

#define FACTOR(member, kind, ...) RS_FIELD(struct factor, member, kind, __VA_ARGS__)
static const struct rs_field FACTOR_FIELDS[] = {
	FACTOR(mechanism, RS_T_STRING, .flags = RS_F_REQUIRED, .values = MECHANISMS),
	FACTOR(connector_id, RS_T_ID, .flags = RS_F_NULL),
	FACTOR(sms_connector_id, RS_T_ID, .flags = RS_F_NULL),
	FACTOR(email_connector_id, RS_T_ID, .flags = RS_F_NULL),
	FACTOR(otp, RS_T_OBJECT, .flags = RS_F_NULL),
	FACTOR(ask_username, RS_T_BOOL),
	RS_FIELD_END,
};

#define OTP(member, kind, ...) RS_FIELD(struct otp, member, kind, __VA_ARGS__)
static const struct rs_field OTP_FIELDS[] = {
	OTP(digits, RS_T_INT, .min = 6, .max = 8),
	OTP(lifetime_s, RS_T_INT, .min = 60, .max = 600),
	OTP(attempts, RS_T_INT, .min = 1, .max = 10),
	OTP(resends, RS_T_INT, .min = 0, .max = 3),
	OTP(mode, RS_T_STRING, .values = OTP_MODES),
	RS_FIELD_END,
};

static const struct rs_field PREVIOUS_FIELDS[] = {
	RS_FIELD(struct previous, action, RS_T_STRING, .flags = RS_F_REQUIRED, .values = ACTIONS),
	RS_FIELD(struct previous, days, RS_T_INT, .flags = RS_F_NULL, .min = 1, .max = 365),
	RS_FIELD_END,
};

void rs_profile_defaults(struct rs_ctx *ctx, struct rs_profile *out)
{
	*out = (struct rs_profile){
		.active = true,
		.key_sources = rs_arena_json(ctx->arena, json_pack("[s]", "csr")),
		.key_policy = rs_arena_json(ctx->arena, json_pack("[s, s, s, s, s]", "RSA:2048",
			"RSA:3072", "RSA:4096", "EC:P-256", "EC:P-384")),
		.editable_fields = rs_arena_json(ctx->arena, json_array()),
		.eligible = rs_arena_json(ctx->arena, json_pack("[s, s]", "issued", "revoked")),
		.repeat = true,
		.caa = "none",
		.control = "none",
		.control_methods = rs_arena_json(ctx->arena, json_array()),
		.second_factor = rs_arena_json(ctx->arena, json_object()),
		.previous_certificate = rs_arena_json(ctx->arena, json_pack("{s:s}", "action", "revoke_on_issue")),
		.draft_ttl_days = DRAFT_TTL_DAYS,
		.notes = rs_arena_json(ctx->arena, json_object()),
	};
}

static bool in_list(const char *const *list, const char *value)
{
	for (; *list; list++)
		if (strcmp(*list, value) == 0)
			return true;
	return false;
}

/* An array of distinct texts, each of which `fits`. */
static void check_words(struct rs_ctx *ctx, const json_t *array, const char *at,
	bool (*fits)(const char *word), const char *what)
{
	size_t i;
	json_t *value;

	json_array_foreach (array, i, value) {
		const char *word = json_string_value(value);
		const char *here = rs_pointer_index(ctx, at, i);

		if (!word)
			rs_fault(ctx, RS_WRONG_TYPE, here, "This is a text.");
		else if (!fits(word))
			rs_fault(ctx, RS_BAD_VALUE, here, "This is none of %s.", what);
		else
			for (size_t k = 0; k < i; k++)
				if (json_equal(json_array_get(array, k), value))
					rs_fault(ctx, RS_BAD_VALUE, here, "This stands here twice.");
	}
}

static bool is_key_source(const char *word)
{
	return in_list(KEY_SOURCES, word);
}

static bool is_key(const char *word)
{
	return rs_key_kind_from_name(word) != RS_KEY_NONE;
}

static bool is_editable(const char *word)
{
	if (strncmp(word, "subject.", 8) == 0)
		return rs_subject_member(word + 8) != NULL;
	return strcmp(word, "san") == 0 || strcmp(word, "validity") == 0;
}

static bool is_eligible(const char *word)
{
	return in_list(ELIGIBLE, word);
}

static bool is_method(const char *word)
{
	return rs_method_named(word) != NULL;
}

/* Each name once: a method has a row for each type of identifier. */
static const char *method_names(struct rs_ctx *ctx)
{
	const char *out = "";

	for (const struct rs_dcv_method *m = rs_methods; m->name; m++)
		if (rs_method_named(m->name) == m)
			out = rs_arena_printf(ctx->arena, "%s%s%s", out, *out ? ", " : "", m->name);
	return out;
}

static void check_lists(struct rs_ctx *ctx, const struct rs_profile *profile)
{
	check_words(ctx, profile->key_sources, "/key_sources", is_key_source, "csr, server");
	check_words(ctx, profile->key_policy, "/key_policy", is_key,
		"RSA:2048, RSA:3072, RSA:4096, EC:P-256, EC:P-384, EC:P-521, Ed25519");
	check_words(ctx, profile->editable_fields, "/editable_fields", is_editable,
		"subject.<member>, san, validity");
	check_words(ctx, profile->eligible, "/eligible", is_eligible, "issued, revoked, expired");
	check_words(ctx, profile->control_methods, "/control_methods", is_method,
		method_names(ctx));
	if (profile->category[0] < 'a' || profile->category[0] > 'z' ||
	    profile->category[strspn(profile->category, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		rs_fault(ctx, RS_BAD_VALUE, "/category",
			"A category is a word of lower-case letters, digits and underscores.");
}

/* Whether a connector stands in a profile already. */
static bool links(const struct rs_profile *profile, const struct rs_id *connector)
{
	json_t *ids = profile ? rs_profile_connectors(profile) : NULL;
	bool found = rs_profile_has(ids, connector->s);

	json_decref(ids);
	return found;
}

/*
 * The connector of one member must be of the profile's enterprise, of the kind and switched on; one that
 * was switched off since may stay.
 */
static enum rs_code check_connector(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current, const struct rs_id *id, const char *kind, const char *at)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_connector_by_id, &p, &rows);
	if (rc)
		return rc;
	if (rs_rows_count(rows) == 0 ||
		strcmp(rs_row_text(rows, 0, "enterprise_id"), profile->enterprise_id.s) != 0)
		rs_fault(ctx, RS_BAD_VALUE, at, "There is no connector of this id.");
	else if (strcmp(rs_row_text(rows, 0, "kind"), kind) != 0)
		rs_fault(ctx, RS_BAD_VALUE, at, "This is a connector of the kind %s; one of the kind %s "
			"is needed.", rs_row_text(rows, 0, "kind"), kind);
	else if (!rs_row_bool(rows, 0, "active") && !links(current, id))
		rs_fault(ctx, RS_BAD_VALUE, at, "This connector is switched off.");
	return RS_OK;
}

/* The connectors of one option, by the table. */
static enum rs_code check_connectors(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current, const struct factor *factor, const char *at)
{
	const struct {
		const char *name;
		const struct rs_id *id;
	} members[] = {{"connector_id", &factor->connector_id},
		{"sms_connector_id", &factor->sms_connector_id},
		{"email_connector_id", &factor->email_connector_id}};
	enum rs_code rc = RS_OK;

	for (size_t m = 0; !rc && m < sizeof(members) / sizeof(members[0]); m++) {
		const char *here = rs_pointer(ctx, at, members[m].name), *kind = NULL;
		bool given = rs_id_set(members[m].id), needed = false;

		for (size_t i = 0; i < sizeof(CONNECTORS) / sizeof(CONNECTORS[0]); i++)
			if (strcmp(CONNECTORS[i].mechanism, factor->mechanism) == 0 &&
				strcmp(CONNECTORS[i].member, members[m].name) == 0) {
				kind = CONNECTORS[i].kind;
				needed = CONNECTORS[i].needed;
			}
		if (given && !kind)
			rs_fault(ctx, RS_BAD_VALUE, here, "The mechanism %s takes no connector here.",
				factor->mechanism);
		else if (given)
			rc = check_connector(ctx, profile, current, members[m].id, kind, here);
		else if (needed)
			rs_fault(ctx, RS_REQUIRED, here, "The mechanism %s needs a connector.",
				factor->mechanism);
	}
	return rc;
}

static enum rs_code check_factor(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current, json_t *option, const char *at)
{
	struct factor factor = {0};
	struct otp otp = {0};

	if (!json_is_object(option)) {
		rs_fault(ctx, RS_WRONG_TYPE, at, "This is an object with the member mechanism.");
		return RS_OK;
	}
	rs_json_read(ctx, option, at, FACTOR_FIELDS, &factor, NULL);
	if (factor.otp)
		rs_json_read(ctx, factor.otp, rs_pointer(ctx, at, "otp"), OTP_FIELDS, &otp, NULL);
	if (factor.ask_username && factor.mechanism &&
		strcmp(factor.mechanism, "active_directory") != 0)
		rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, "ask_username"),
			"Only active_directory asks for a name.");
	return factor.mechanism ? check_connectors(ctx, profile, current, &factor, at) : RS_OK;
}

static enum rs_code check_second_factor(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current)
{
	const char *operation;
	json_t *options, *option;
	enum rs_code rc = RS_OK;
	size_t i;

	json_object_foreach (profile->second_factor, operation, options) {
		const char *at = rs_pointer(ctx, "/second_factor", operation);

		if (!in_list(rs_profile_operations, operation))
			rs_fault(ctx, RS_UNKNOWN_MEMBER, at,
				"The operations are reissue, approve, revoke and enrol.");
		else if (!json_is_array(options) || json_array_size(options) > 8)
			rs_fault(ctx, RS_WRONG_TYPE, at, "This is an array of at most 8 options.");
		else
			json_array_foreach (options, i, option)
				rc = rc ? rc : check_factor(ctx, profile, current, option,
						       rs_pointer_index(ctx, at, i));
	}
	return rc;
}

static void check_previous(struct rs_ctx *ctx, const struct rs_profile *profile)
{
	struct previous previous = {0};
	bool days;

	rs_json_read(ctx, profile->previous_certificate, "/previous_certificate", PREVIOUS_FIELDS,
		&previous, NULL);
	if (!previous.action)
		return;
	days = strcmp(previous.action, "revoke_after_days") == 0;
	if (days != (previous.days > 0))
		rs_fault(ctx, days ? RS_REQUIRED : RS_BAD_VALUE, "/previous_certificate/days",
			"days belongs to the action revoke_after_days, and to that alone.");
}

static void check_notes(struct rs_ctx *ctx, const struct rs_profile *profile)
{
	const char *step;
	json_t *note;

	json_object_foreach (profile->notes, step, note) {
		const char *at = rs_pointer(ctx, "/notes", step);

		if (!in_list(STEPS, step))
			rs_fault(ctx, RS_UNKNOWN_MEMBER, at, "Notes belong to the steps of a request.");
		else if (!json_is_string(note))
			rs_fault(ctx, RS_WRONG_TYPE, at, "A note is a text.");
		else if (rs_utf8_length(json_string_value(note)) > NOTE_MAX)
			rs_fault(ctx, RS_OUT_OF_RANGE, at, "A note has at most %d characters.", NOTE_MAX);
	}
}

/* What the rule set demands on top under a publicly trusted issuer. */
static void check_trusted_rules(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_ruleset *rules)
{
	const struct rs_config *config = ctx->app->config;
	bool names = strcmp(rules->caa, "issue") == 0 || strcmp(rules->caa, "issuemail") == 0;

	if (names && strcmp(profile->caa, "required") != 0)
		rs_fault(ctx, RS_BAD_VALUE, "/caa",
			"The rule set %s requires CAA checks under a publicly trusted issuer.", rules->name);
	if (names && strcmp(profile->control, "required") != 0)
		rs_fault(ctx, RS_BAD_VALUE, "/control", "The rule set %s requires domain control "
			"validation under a publicly trusted issuer.", rules->name);
	/* This service has no remote perspectives. */
	if (config && config->production && rules->perspectives > 0)
		rs_fault(ctx, RS_BAD_VALUE, "/rule_set", "The rule set %s demands %lld remote "
			"perspectives, and this installation has none. In production its profiles need an "
			"issuer that is not publicly trusted.", rules->name,
			(long long)rules->perspectives);
}

/*
 * What the rule set's row of today says; trusted: its issuer is publicly trusted. A limit that has
 * become lower since is no fault of a profile that only changes elsewhere: issuing applies it.
 */
static void check_rules(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current, const struct rs_ruleset *rules, bool trusted)
{
	bool same = current && strcmp(current->rule_set, profile->rule_set) == 0;

	if (rules->max_validity_days > 0 && profile->max_days > rules->max_validity_days &&
		!(same && current->max_days == profile->max_days))
		rs_fault(ctx, RS_VALIDITY_TOO_LONG, "/max_days", "The rule set %s allows %lld days today.",
			rules->name, (long long)rules->max_validity_days);
	if (rules->dcv_reuse_days > 0 && profile->reuse_days > rules->dcv_reuse_days &&
		!(same && current->reuse_days == profile->reuse_days))
		rs_fault(ctx, RS_OUT_OF_RANGE, "/reuse_days", "The rule set %s allows %lld days today.",
			rules->name, (long long)rules->dcv_reuse_days);
	if (!rules->server_keys && rs_profile_has(profile->key_sources, "server"))
		rs_fault(ctx, RS_BAD_VALUE, "/key_sources",
			"The rule set %s forbids keys made by the service.", rules->name);
	if (trusted)
		check_trusted_rules(ctx, profile, rules);
}

/* What the profile points at. *trusted: whether its issuer is publicly trusted. */
static enum rs_code check_links(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current, bool *trusted)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*trusted = false;
	rs_p_id(&p, &profile->issuer_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_issuer_by_id, &p, &rows);
	if (rc)
		return rc;
	/* One that was switched off since may stay; nothing is issued by it. */
	if (rs_rows_count(rows) == 0 ||
		(!rs_row_bool(rows, 0, "active") &&
			!(current && rs_id_eq(&current->issuer_id, &profile->issuer_id))))
		rs_fault(ctx, RS_BAD_VALUE, "/issuer_id",
			"There is no active issuer of this id; GET /v1/issuers lists them.");
	else
		*trusted = rs_row_bool(rows, 0, "publicly_trusted");
	if (!rs_id_set(&profile->agreement_id))
		return RS_OK;
	p = rs_params(ctx);
	rs_p_id(&p, &profile->agreement_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_agreement_head, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rs_fault(ctx, RS_BAD_VALUE, "/agreement_id", "There is no agreement of this id.");
	return rc;
}

enum rs_code rs_profile_validate(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current)
{
	const struct rs_ruleset *rules;
	bool trusted;
	enum rs_code rc = rs_ruleset_at(ctx, profile->rule_set, rs_clock_now_us(ctx->app->clock), &rules);

	if (!rc)
		rc = check_links(ctx, profile, current, &trusted);
	if (!rc)
		rc = check_second_factor(ctx, profile, current);
	if (rc)
		return rc;
	check_lists(ctx, profile);
	check_previous(ctx, profile);
	check_notes(ctx, profile);
	check_rules(ctx, profile, current, rules, trusted);
	if (profile->dual_control && !profile->vetting)
		rs_fault(ctx, RS_BAD_VALUE, "/dual_control",
			"Dual control needs vetting: set vetting to true as well.");
	return rs_faults(ctx);
}
