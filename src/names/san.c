/* The subjectAltName: the table of its types, and the second half of normalising. */
#include "part.h"

#include <string.h>

#define OTHER_VALUE_MAX 1024

static char *dns_or_wildcard(struct rs_names_job *job, const char *text, const char **why)
{
	return rs_names_dns(job, text, true, why);
}

static char *as_given(struct rs_names_job *job, const char *text, const char **why)
{
	*why = *text == '\0' || strlen(text) > OTHER_VALUE_MAX ? "it has 1 to 1024 octets" : NULL;
	return *why ? NULL : rs_arena_strdup(job->ctx->arena, text);
}

/* One SAN type: where it may stand, and who judges it. */
struct san_type {
	const char *name;
	const char *rule_sets; /* the words of rs_ruleset.names that allow it */
	char *(*judge)(struct rs_names_job *job, const char *text, const char **why);
};

static const struct san_type TYPES[] = {
	{"dns", "tls free", dns_or_wildcard},
	{"ip", "tls free", rs_names_ip},
	{"email", "mailbox free", rs_names_email},
	{"uri", "free", rs_names_uri},
	{"upn", "mailbox free", rs_names_upn},
	{"other_name", "mailbox free", as_given},
	{NULL, NULL, NULL},
};

static const char *const ENCODINGS[] = {"utf8", "ia5", "printable", "der", NULL};

static const struct san_type *type_of(const char *name)
{
	for (const struct san_type *t = TYPES; t->name; t++)
		if (name && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

/* Members of an entry: type and value; other_name has oid and encoding too. */
static bool members_fit(struct rs_names_job *job, const json_t *entry, bool other, const char *at)
{
	const char *name;
	json_t *given;
	size_t known = 0;

	json_object_foreach ((json_t *)entry, name, given) {
		bool mine = strcmp(name, "type") == 0 || strcmp(name, "value") == 0 ||
			(other && (strcmp(name, "oid") == 0 || strcmp(name, "encoding") == 0));

		if (!mine)
			rs_names_fault(job, RS_UNKNOWN_MEMBER, rs_pointer(job->ctx, at, name),
				"A name of this type has no such member");
		else if (!json_is_string(given))
			rs_names_fault(job, RS_WRONG_TYPE, rs_pointer(job->ctx, at, name),
				"%s is a text", name);
		else
			known++;
	}
	if (known == json_object_size(entry) && known < (other ? 4u : 2u))
		rs_names_fault(job, RS_REQUIRED, at, other ?
			"An other_name has type, oid, value and encoding" :
			"A name has type and value");
	return known == json_object_size(entry) && known == (other ? 4u : 2u);
}

static bool is_utf8_mailbox(const json_t *entry)
{
	const char *oid = json_string_value(json_object_get(entry, "oid"));

	return oid && strcmp(oid, RS_OID_SMTP_UTF8_MAILBOX) == 0;
}

static bool other_name_fits(struct rs_names_job *job, const json_t *entry, const char *at)
{
	const char *encoding = json_string_value(json_object_get(entry, "encoding"));
	bool known = false;

	for (int i = 0; ENCODINGS[i]; i++)
		known = known || strcmp(ENCODINGS[i], encoding) == 0;
	if (!known)
		rs_names_fault(job, RS_BAD_VALUE, rs_pointer(job->ctx, at, "encoding"),
			"The encoding is one of utf8, ia5, printable, der (base64)");
	else if (is_utf8_mailbox(entry) && strcmp(encoding, "utf8") != 0) {
		rs_names_fault(job, RS_BAD_VALUE, rs_pointer(job->ctx, at, "encoding"),
			"A SmtpUTF8Mailbox has the encoding utf8");
		return false;
	}
	if (!rs_names_oid(json_string_value(json_object_get(entry, "oid")))) {
		rs_names_fault(job, RS_BAD_VALUE, rs_pointer(job->ctx, at, "oid"),
			"This is no dotted object identifier");
		return false;
	}
	return known;
}

/* The entry in normal form (a new reference), or NULL with its faults noted. */
static json_t *entry_of(struct rs_names_job *job, json_t *entry, const char *at)
{
	const char *name = json_string_value(json_object_get(entry, "type"));
	const struct san_type *type = type_of(name);
	const char *why = NULL;
	const char *text;
	char *value;
	json_t *out;

	if (!json_is_object(entry) || !type) {
		rs_names_fault(job, name ? RS_BAD_VALUE : RS_WRONG_TYPE,
			name ? rs_pointer(job->ctx, at, "type") : at,
			"A name is {\"type\", \"value\"}, the type one of dns, ip, email, uri, upn, other_name");
		return NULL;
	}
	if (!strstr(type->rule_sets, job->policy->rules->names)) {
		rs_names_fault(job, RS_BAD_NAME, rs_pointer(job->ctx, at, "type"),
			"The rule set %s allows no names of type %s", job->policy->rules->name, name);
		return NULL;
	}
	if (!members_fit(job, entry, type->judge == as_given, at) ||
	    (type->judge == as_given && !other_name_fits(job, entry, at)))
		return NULL;
	at = rs_pointer(job->ctx, at, "value");
	text = json_string_value(json_object_get(entry, "value"));
	value = NULL;
	why = rs_text_fault(text);
	if (!why)
		value = (is_utf8_mailbox(entry) ? rs_names_utf8_mailbox : type->judge)(job, text, &why);
	if (!value) {
		rs_names_fault(job, RS_BAD_NAME, at, "The %s name is not acceptable: %s", name, why);
		return NULL;
	}
	why = rs_text_confusable(rs_names_dns_display(job->ctx, value));
	if (why)
		rs_names_warn(job, at, "The name may be taken for another one: %s", why);
	out = json_copy(entry);
	json_object_set_new(out, "value", json_string(value));
	return out;
}

static bool already_there(const json_t *san, const json_t *entry)
{
	size_t i;
	json_t *one;

	json_array_foreach (san, i, one)
		if (json_equal(one, entry))
			return true;
	return false;
}

void rs_names_san(struct rs_names_job *job, const json_t *san, const char *at)
{
	size_t i;
	json_t *entry;

	if (san && !json_is_array(san)) {
		rs_names_fault(job, RS_WRONG_TYPE, at, "san is an array of names");
		return;
	}
	if (json_array_size(san) > RS_SAN_MAX) {
		rs_names_fault(job, RS_OUT_OF_RANGE, at, "A certificate holds at most %d names (%zu given)",
			RS_SAN_MAX, json_array_size(san));
		return;
	}
	json_array_foreach (san, i, entry) {
		json_t *normal = entry_of(job, entry, rs_pointer_index(job->ctx, at, i));

		if (!normal)
			json_array_append(job->out->san, entry);
		else if (already_there(job->out->san, normal))
			json_decref(normal);
		else
			json_array_append_new(job->out->san, normal);
	}
}
