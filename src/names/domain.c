/* Which names are to be verified, and which domain may speak for them. */
#include "part.h"

#include <libpsl.h>
#include <string.h>
#include <strings.h>

/* For judging the form alone. */
static const struct rs_ruleset FREE = {.name = "private", .names = "free"};

static const char *member(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

/* Whether CAA and control speak of a SAN, and as what; NULL when they do not. */
static const char *kind_of(const json_t *entry)
{
	static const char *const kinds[][2] = {{"dns", "dns"}, {"email", "mail"}, {"ip", "ip"}};
	const char *type = member(entry, "type");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i][0]) == 0)
			return kinds[i][1];
	return strcmp(type, "other_name") == 0 &&
			       strcmp(member(entry, "oid"), RS_OID_SMTP_UTF8_MAILBOX) == 0
		       ? "mail"
		       : NULL;
}

json_t *rs_names_domains(struct rs_ctx *ctx, const json_t *san)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());
	size_t i;
	json_t *entry;

	json_array_foreach(san, i, entry)
	{
		const char *value = member(entry, "value");
		bool wildcard = strncmp(value, "*.", 2) == 0;
		const char *kind = kind_of(entry);

		if (kind)
			json_array_append_new(
				out, json_pack("{s:s, s:s, s:b, s:o}", "kind", kind, "name",
					     wildcard ? value + 2 : value, "wildcard", wildcard,
					     "pointer", json_sprintf("/san/%zu", i)));
	}
	return out;
}

bool rs_names_top_exists(const char *name, const json_t *extra_tlds)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *top = strrchr(name, '.');
	size_t i;
	json_t *extra;

	if (!top || top[1] == '\0')
		return false;
	top++;
	json_array_foreach(extra_tlds, i, extra)
	{
		if (json_is_string(extra) && strcasecmp(json_string_value(extra), top) == 0)
			return true;
	}
	return psl && psl_is_public_suffix2(psl, top, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

static bool in_san(const json_t *san, const char *kind, const char *value)
{
	size_t i;
	json_t *entry;

	json_array_foreach(san, i, entry)
	{
		const char *is = kind_of(entry);

		if (is && strcmp(is, kind) == 0 && strcmp(member(entry, "value"), value) == 0)
			return true;
	}
	return false;
}

/* Adds what one text of the subject says, unless the SAN says it too. */
static void note(struct rs_names_job *job, json_t *out, const json_t *san, const char *text,
	const char *pointer, bool dns)
{
	const char *why;
	const char *name = rs_names_utf8_mailbox(job, text, &why);
	const char *kind = "mail";

	if (!name && dns) {
		name = rs_names_dns(job, text, true, &why);
		kind = "dns";
		if (name && !rs_names_top_exists(name, job->policy->extra_tlds))
			name = NULL;
	}
	if (name && !in_san(san, kind, name))
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "pointer", pointer, "kind",
						   kind, "name", name));
}

json_t *rs_names_unrepeated(struct rs_ctx *ctx, const json_t *subject, const json_t *san,
	const struct rs_name_policy *policy)
{
	static const struct {
		const char *member, *pointer;
		bool dns;
	} places[] = {{"common_name", "/subject/common_name", true},
		{"email_address", "/subject/email_address", false}};
	struct rs_name_policy form = {.rules = &FREE, .extra_tlds = policy->extra_tlds};
	struct rs_names_job job = {.ctx = ctx, .policy = &form};
	json_t *out = rs_arena_json(ctx->arena, json_array());

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const json_t *given = json_object_get(subject, places[i].member);
		const char *text = json_string_value(given);

		if (text)
			note(&job, out, san, text, places[i].pointer, places[i].dns);
		for (size_t j = 0; j < json_array_size(given); j++) {
			text = json_string_value(json_array_get(given, j));
			if (text)
				note(&job, out, san, text,
					rs_pointer_index(ctx, places[i].pointer, j), places[i].dns);
		}
	}
	return out;
}

const char *rs_names_base_domain(const char *name)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *base = NULL;

	while (psl && !psl_is_public_suffix2(psl, name, PSL_TYPE_ICANN)) {
		const char *dot = strchr(name, '.');

		base = name;
		if (!dot)
			break;
		name = dot + 1;
	}
	return base;
}

bool rs_names_authorizes(const char *domain, const char *name)
{
	const char *base = rs_names_base_domain(name);
	size_t len = strlen(name);
	size_t above = strlen(domain);

	if (!base || above > len || above < strlen(base) || strcmp(name + len - above, domain) != 0)
		return false;
	return above == len || name[len - above - 1] == '.';
}

const char *rs_names_mailbox(struct rs_ctx *ctx, struct rs_bytes text)
{
	static const struct rs_name_policy policy = {.rules = &FREE};
	struct rs_names_job job = {.ctx = ctx, .policy = &policy};
	const char *copy = rs_arena_memdup(ctx->arena, text.data, text.len);
	const char *why;

	if (strlen(copy) != text.len || !rs_text_ascii(copy))
		return NULL;
	return rs_names_email(&job, copy, &why);
}
