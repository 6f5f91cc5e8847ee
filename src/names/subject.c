/* The subject: the table of its members, and the first half of normalising. */
#include "part.h"

#include <string.h>

/* How many values a member may have, over all. */
#define VALUES_MAX 10

const struct rs_subject_member rs_subject_members[] = {
	{"domain_component", "0.9.2342.19200300.100.1.25", 63, RS_STRING_IA5, true},
	{"country", "2.5.4.6", 2, RS_STRING_PRINTABLE, false},
	{"state", "2.5.4.8", 128, RS_STRING_UTF8, false},
	{"locality", "2.5.4.7", 128, RS_STRING_UTF8, false},
	{"postal_code", "2.5.4.17", 40, RS_STRING_UTF8, false},
	{"street", "2.5.4.9", 128, RS_STRING_UTF8, true},
	{"organization", "2.5.4.10", 64, RS_STRING_UTF8, false},
	{"organization_identifier", "2.5.4.97", 256, RS_STRING_UTF8, false},
	{"organizational_unit", "2.5.4.11", 64, RS_STRING_UTF8, true},
	{"business_category", "2.5.4.15", 128, RS_STRING_UTF8, false},
	{"serial_number", "2.5.4.5", 64, RS_STRING_PRINTABLE, false},
	{"title", "2.5.4.12", 64, RS_STRING_UTF8, false},
	{"surname", "2.5.4.4", 64, RS_STRING_UTF8, false},
	{"given_name", "2.5.4.42", 64, RS_STRING_UTF8, false},
	{"common_name", "2.5.4.3", 64, RS_STRING_UTF8, false},
	{"email_address", "1.2.840.113549.1.9.1", 255, RS_STRING_IA5, true},
	{NULL, NULL, 0, RS_STRING_UTF8, false},
};

const struct rs_subject_member *rs_subject_member(const char *name)
{
	for (const struct rs_subject_member *m = rs_subject_members; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* X.680's PrintableString. */
static bool printable(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 " '()+,-./:=?")] == '\0';
}

/* Outer spaces gone; the country in capitals. */
static char *trimmed(struct rs_ctx *ctx, const struct rs_subject_member *member, const char *text)
{
	char *out;
	size_t len;

	text += strspn(text, " ");
	len = strlen(text);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	out = rs_arena_memdup(ctx->arena, text, len);
	if (strcmp(member->name, "country") == 0)
		for (char *s = out; *s; s++)
			if (*s >= 'a' && *s <= 'z')
				*s = (char)(*s - 32);
	return out;
}

/* What is wrong with a text as a value of the member, or NULL. */
static const char *form_fault(const struct rs_subject_member *member, const char *text)
{
	const char *why = rs_text_fault(text);

	if (text[0] == '\0')
		return "it is empty";
	if (why)
		return why;
	if (member->kind == RS_STRING_PRINTABLE && !printable(text))
		return "only letters, digits, spaces and '()+,-./:=? may stand in it";
	if (member->kind == RS_STRING_IA5 && !rs_text_ascii(text))
		return "only ASCII characters may stand in it";
	if (strcmp(member->name, "country") == 0 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return "it is the two letters of ISO 3166";
	return NULL;
}

/* One value in normal form, or NULL with the fault noted. */
static char *value_of(struct rs_names_job *job, const struct rs_subject_member *member,
	const json_t *given, const char *at)
{
	const char *why;
	char *text;
	size_t length;

	if (!json_is_string(given)) {
		rs_names_fault(job, RS_WRONG_TYPE, at, "%s is a text", member->name);
		return NULL;
	}
	text = trimmed(job->ctx, member, json_string_value(given));
	length = rs_utf8_length(text);
	why = form_fault(member, text);
	if (!why && strcmp(member->name, "email_address") == 0)
		text = rs_names_email(job, text, &why);
	if (why) {
		rs_names_fault(job, RS_BAD_NAME, at, "%s is not acceptable: %s", member->name, why);
		return NULL;
	}
	if (length > (size_t)member->max) {
		rs_names_fault(job, RS_OUT_OF_RANGE, at, "%s has at most %d characters (%zu given)",
			member->name, member->max, length);
		return NULL;
	}
	why = rs_text_confusable(text);
	if (why)
		rs_names_warn(job, at, "%s may be taken for another name: %s", member->name, why);
	return text;
}

/* An array of texts; one text in an array becomes the text itself. */
static void values_of(struct rs_names_job *job, const struct rs_subject_member *member,
	const json_t *given, const char *at)
{
	json_t *values = rs_arena_json(job->ctx->arena, json_array());
	size_t count = json_array_size(given);
	size_t i;
	json_t *value;

	if (count == 0 || count > (member->many ? VALUES_MAX : 1)) {
		rs_names_fault(job, RS_OUT_OF_RANGE, at, "%s has %s", member->name,
			count == 0 ? "no value; leave it out instead" :
			member->many ? "at most 10 values" : "one value only");
		json_object_set(job->out->subject, member->name, (json_t *)given);
		return;
	}
	json_array_foreach (given, i, value) {
		char *text = value_of(job, member, value, rs_pointer_index(job->ctx, at, i));

		json_array_append_new(values, text ? json_string(text) : json_incref(value));
	}
	json_object_set(job->out->subject, member->name,
		json_array_size(values) == 1 ? json_array_get(values, 0) : values);
}

static void member_of(struct rs_names_job *job, const struct rs_subject_member *member,
	json_t *given, const char *at)
{
	char *text;

	if (json_is_array(given)) {
		values_of(job, member, given, at);
		return;
	}
	text = value_of(job, member, given, at);
	if (text)
		json_object_set_new(job->out->subject, member->name, json_string(text));
	else
		json_object_set(job->out->subject, member->name, given);
}

void rs_names_subject(struct rs_names_job *job, const json_t *subject, const char *at)
{
	const char *name;
	json_t *given;

	if (subject && !json_is_object(subject)) {
		rs_names_fault(job, RS_WRONG_TYPE, at, "subject is an object of names");
		return;
	}
	json_object_foreach ((json_t *)subject, name, given)
		if (!rs_subject_member(name))
			rs_names_fault(job, RS_UNKNOWN_MEMBER, rs_pointer(job->ctx, at, name),
				"A subject has no such member");
	for (const struct rs_subject_member *m = rs_subject_members; m->name; m++) {
		given = json_object_get(subject, m->name);
		if (given && !json_is_null(given))
			member_of(job, m, given, rs_pointer(job->ctx, at, m->name));
	}
}
