/* The table of the methods, and what a proof by one of them is worth. */
#include "rs/clock.h"
#include "rs/dcv.h"
#include "rs/names.h"

#include <string.h>

#define DAY	 86400
#define WEEK	 (7 * DAY)
#define BELOW	 1
#define WILDCARD 2
#define PERSON	 4
#define TOKEN	 8

const struct rs_dcv_method rs_methods[] = {
#define RS_METHOD(name_, type_, caa_, alias_, rules_, reuse_, pending_, ends_, label_, flags_)     \
	{                                                                                          \
		.name = (name_),                                                                   \
		.type = (type_),                                                                   \
		.caa_labels = {(caa_), (alias_)},                                                  \
		.rules = (rules_),                                                                 \
		.reuse_days = (reuse_),                                                            \
		.pending_s = (pending_),                                                           \
		.ends_at = (ends_),                                                                \
		.label = (label_),                                                                 \
		.subdomains = ((flags_)&BELOW) != 0,                                               \
		.wildcard = ((flags_)&WILDCARD) != 0,                                              \
		.mail = ((flags_)&PERSON) != 0,                                                    \
		.token = ((flags_)&TOKEN) != 0,                                                    \
	},
#include "method.def"
#undef RS_METHOD
	{.name = NULL},
};

const struct rs_dcv_method *rs_method_named(const char *name)
{
	for (const struct rs_dcv_method *m = rs_methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

const struct rs_dcv_method *rs_method_for(const char *name, const char *type)
{
	for (const struct rs_dcv_method *m = rs_methods; m->name; m++)
		if (strcmp(m->name, name) == 0 && strcmp(m->type, type) == 0)
			return m;
	return NULL;
}

const char *rs_dcv_rules_version(const char *rules)
{
	return strncmp(rules, "S/MIME", 6) == 0 ? RS_SMIME_BR_VERSION : RS_TLS_BR_VERSION;
}

/* A domain's proof for a domain name, or for the domain of a mailbox (S/MIME BR 3.2.2.1). */
static bool covers_domain(const struct rs_dcv_method *method, const char *identifier, bool wide,
	const char *name, bool wildcard)
{
	if (wildcard && !(method->wildcard && wide))
		return false;
	if (strcmp(name, identifier) == 0)
		return true;
	return method->subdomains && wide && rs_names_authorizes(identifier, name);
}

bool rs_dcv_covers(
	const struct rs_dcv_method *method, const char *identifier, bool wide, const json_t *name)
{
	const char *kind = json_string_value(json_object_get(name, "kind"));
	const char *value = json_string_value(json_object_get(name, "name"));
	bool wildcard = json_is_true(json_object_get(name, "wildcard"));
	bool mail = kind && strcmp(kind, "mail") == 0;
	const char *at = mail && value ? strrchr(value, '@') : NULL;

	if (!kind || !value || (mail && !at))
		return false;
	if (strcmp(method->type, "dns") == 0)
		return strcmp(kind, "ip") != 0 &&
		       covers_domain(method, identifier, wide, mail ? at + 1 : value, wildcard);
	return strcmp(method->type, mail ? "email" : kind) == 0 && strcmp(value, identifier) == 0;
}

/* 0 = no limit. */
static int64_t least(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t rule_set_days(const struct rs_dcv_method *method, const struct rs_ruleset *rules)
{
	int64_t days = 0;

	if (strcmp(method->name, "dns_persist") == 0)
		days = rules->persist_reuse_days;
	else if (strcmp(method->type, "email") == 0)
		days = rules->mailbox_reuse_days;
	return days ? days : rules->dcv_reuse_days;
}

/* The end of a method in microseconds; 0 = open, or the rule set is not one of the Forum's. */
static int64_t end_of(const struct rs_dcv_method *method, const struct rs_ruleset *rules)
{
	char text[32];
	int64_t us;

	if (!method->ends_at || strcmp(rules->name, "private") == 0)
		return 0;
	memcpy(text, method->ends_at, 10);
	memcpy(text + 10, "T00:00:00Z", sizeof("T00:00:00Z"));
	return rs_time_parse(text, &us) ? us : 1;
}

int64_t rs_dcv_until(const struct rs_dcv_method *method, const struct rs_ruleset *rules,
	int64_t profile_days, int64_t default_days, int64_t validated_at, int64_t ceiling)
{
	int64_t days = least(method->reuse_days, rule_set_days(method, rules));
	int64_t until;

	if (profile_days == 0 && strcmp(rules->name, "tls-br") == 0)
		profile_days = default_days;
	days = least(least(days, profile_days), RS_DCV_REUSE_DAYS_MAX);
	until = validated_at + days * RS_DAY_US;
	return least(least(until, ceiling), end_of(method, rules));
}

int64_t rs_dcv_persist_ceiling(int64_t validated_at, uint32_t ttl, int64_t persist_until)
{
	return least(validated_at + ttl * INT64_C(1000000), persist_until);
}

bool rs_dcv_method_open(const struct rs_dcv_method *method, const struct rs_ruleset *rules, int64_t now)
{
	int64_t end = end_of(method, rules);

	return end == 0 || now < end;
}
