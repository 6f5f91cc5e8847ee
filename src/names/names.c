/* Normalising as a whole: what subject and SAN must agree on, and what others ask about names. */
#include "part.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(json_t *list, enum rs_code code, const char *pointer, const char *text)
{
	if (json_array_size(list) < RS_FAULTS_MAX)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "pointer", pointer, "code",
			rs_code_slug(code), "detail", text));
}

void rs_names_fault(struct rs_names_job *job, enum rs_code code, const char *pointer,
	const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	note(job->out->faults, code, pointer, text);
}

void rs_names_warn(struct rs_names_job *job, const char *pointer, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	note(job->out->warnings, RS_BAD_NAME, pointer, text);
}

void rs_names_refuse(struct rs_ctx *ctx, const struct rs_names *names)
{
	size_t i;
	json_t *fault;

	json_array_foreach (names->faults, i, fault)
		rs_fault(ctx, rs_code_from_slug(json_string_value(json_object_get(fault, "code"))),
			json_string_value(json_object_get(fault, "pointer")), "%s",
			json_string_value(json_object_get(fault, "detail")));
}

const char *rs_names_common_name(const json_t *subject)
{
	json_t *value = json_object_get(subject, "common_name");

	return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
}

static const char *member(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

/* Where the SAN holds a name of this type and value, -1 when nowhere. */
static int find(const json_t *san, const char *type, const char *value)
{
	size_t i;
	json_t *entry;

	json_array_foreach (san, i, entry)
		if (strcmp(member(entry, "type"), type) == 0 &&
		    strcmp(member(entry, "value"), value) == 0)
			return (int)i;
	return -1;
}

static bool holds_type(const json_t *san, const char *type)
{
	size_t i;
	json_t *entry;

	json_array_foreach (san, i, entry)
		if (strcmp(member(entry, "type"), type) == 0)
			return true;
	return false;
}

/* The common name as it stands in the SAN (a dns name, an address, a mailbox), or NULL. */
static const char *repeated(struct rs_names_job *job, const char *cn)
{
	static const struct {
		const char *type;
		char *(*judge)(struct rs_names_job *job, const char *text, const char **why);
	} forms[] = {{"ip", rs_names_ip}, {"email", rs_names_email}};
	const char *why;
	const char *normal = rs_names_dns(job, cn, true, &why);

	if (normal && find(job->out->san, "dns", normal) >= 0)
		return normal;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		normal = forms[i].judge(job, cn, &why);
		if (normal && find(job->out->san, forms[i].type, normal) >= 0)
			return normal;
	}
	return NULL;
}

/* BR 7.1.2.7.12 and SBR 7.1.4.2.1: at least one name, or mailbox. */
static void judge_enough(struct rs_names_job *job, const char *at)
{
	const char *names = job->policy->rules->names;
	bool tls = strcmp(names, "tls") == 0 && json_array_size(job->out->san) == 0;
	bool mailbox = strcmp(names, "mailbox") == 0 && !holds_type(job->out->san, "email");

	if (tls || mailbox)
		rs_names_fault(job, RS_BAD_NAME, rs_arena_printf(job->ctx->arena, "%s/san", at),
			"The rule set %s wants at least one %s name", job->policy->rules->name,
			tls ? "dns or ip" : "email");
}

/* BR 7.1.4.3: a common name repeats a SAN. */
static void judge_tls(struct rs_names_job *job, const char *cn, const char *at)
{
	if (cn && !repeated(job, cn))
		rs_names_fault(job, RS_BAD_NAME,
			rs_arena_printf(job->ctx->arena, "%s/subject/common_name", at),
			"The common name must be one of the names in san");
}

/* SBR 7.1.4.2.1: every mailbox of the subject is among those of the SAN. */
static void judge_mailbox(struct rs_names_job *job, const char *cn, const char *at)
{
	json_t *given = json_object_get(job->out->subject, "email_address");
	const char *where = rs_arena_printf(job->ctx->arena, "%s/subject/email_address", at);
	size_t count = json_is_array(given) ? json_array_size(given) : given ? 1 : 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_is_array(given) ? json_array_get(given, i) : given);

		if (text && find(job->out->san, "email", text) < 0)
			rs_names_fault(job, RS_BAD_NAME, where,
				"The mailbox must be one of the email names in san");
	}
	if (cn && strchr(cn, '@') && !repeated(job, cn))
		rs_names_fault(job, RS_BAD_NAME,
			rs_arena_printf(job->ctx->arena, "%s/subject/common_name", at),
			"A mailbox as common name must be one of the email names in san");
}

/* What holds between the two halves. */
static void judge_together(struct rs_names_job *job, const char *at)
{
	const char *cn = rs_names_common_name(job->out->subject);
	const char *same = cn ? repeated(job, cn) : NULL;

	if (json_object_size(job->out->subject) == 0 && json_array_size(job->out->san) == 0)
		rs_names_fault(job, RS_BAD_NAME, rs_arena_printf(job->ctx->arena, "%s/subject", at),
			"A certificate needs a subject or a name in san");
	if (strcmp(job->policy->rules->names, "tls") == 0)
		judge_tls(job, cn, at);
	else if (strcmp(job->policy->rules->names, "mailbox") == 0)
		judge_mailbox(job, cn, at);
	/* Shown as it will be issued: a common name that repeats a SAN is written like it. */
	if (same && json_is_string(json_object_get(job->out->subject, "common_name")))
		json_object_set_new(job->out->subject, "common_name", json_string(same));
}

void rs_names_normalise(struct rs_ctx *ctx, const json_t *subject, const json_t *san,
	const struct rs_name_policy *policy, const char *at, struct rs_names *out)
{
	struct rs_names_job job = {.ctx = ctx, .policy = policy, .out = out};

	out->subject = rs_arena_json(ctx->arena, json_object());
	out->san = rs_arena_json(ctx->arena, json_array());
	out->faults = rs_arena_json(ctx->arena, json_array());
	out->warnings = rs_arena_json(ctx->arena, json_array());
	rs_names_subject(&job, subject, rs_arena_printf(ctx->arena, "%s/subject", at));
	size_t faults = json_array_size(out->faults);
	rs_names_san(&job, san, rs_arena_printf(ctx->arena, "%s/san", at));
	bool san_well = json_array_size(out->faults) == faults;
	bool all_well = json_array_size(out->faults) == 0;
	/* Only names that are well formed can be counted, and held against each other. */
	if (san_well)
		judge_enough(&job, at);
	if (all_well)
		judge_together(&job, at);
}

json_t *rs_names_follow_common_name(struct rs_ctx *ctx, const json_t *old_subject,
	const json_t *new_subject, json_t *san)
{
	const char *before = rs_names_common_name(old_subject);
	const char *after = rs_names_common_name(new_subject);
	char *lower = rs_arena_strdup(ctx->arena, after);
	int place = before ? find(san, "dns", before) : -1;
	size_t len = lower ? strlen(lower) : 0;
	json_t *out;

	if (place < 0 || !lower || strcmp(before, after) == 0)
		return san;
	for (char *s = lower; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	if (len > 0 && lower[len - 1] == '.')
		lower[len - 1] = '\0';
	/* An internationalised name is judged by rs_names_normalise(); here its dots must do. */
	if (rs_text_ascii(lower) ? !rs_names_is_fqdn(lower) :
				   (!strchr(lower, '.') || strpbrk(lower, " @/")))
		return san;
	out = rs_arena_json(ctx->arena, json_copy(san));
	json_array_set_new(out, (size_t)place,
		json_pack("{s:s, s:s}", "type", "dns", "value", lower));
	return out;
}

static int by_type_and_value(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a;
	const json_t *two = *(json_t *const *)b;
	int order = strcmp(member(one, "type"), member(two, "type"));

	if (order == 0)
		order = strcmp(member(one, "value"), member(two, "value"));
	return order ? order : strcmp(member(one, "oid"), member(two, "oid"));
}

json_t *rs_names_sorted_san(struct rs_ctx *ctx, const json_t *san)
{
	size_t count = json_array_size(san);
	json_t **entries = rs_new_array(ctx->arena, json_t *, count);
	json_t *out = rs_arena_json(ctx->arena, json_array());

	for (size_t i = 0; i < count; i++)
		entries[i] = json_array_get(san, i);
	qsort(entries, count, sizeof(*entries), by_type_and_value);
	for (size_t i = 0; i < count; i++)
		json_array_append(out, entries[i]);
	return out;
}

json_t *rs_names_sought(struct rs_ctx *ctx, const char *text)
{
	struct rs_names_job job = {.ctx = ctx, .policy = &rs_names_any};
	json_t *out = rs_arena_json(ctx->arena, json_pack("[s]", text));
	const char *why;
	const char *forms[] = {rs_names_dns(&job, text, true, &why), rs_names_ip(&job, text, &why),
		rs_names_email(&job, text, &why)};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i] && strcmp(forms[i], text) != 0)
			json_array_append_new(out, json_string(forms[i]));
	return out;
}

const char *rs_names_search_text(struct rs_ctx *ctx, const json_t *subject, const json_t *san)
{
	const char *cn = rs_names_common_name(subject);
	const char *out = cn ? rs_arena_strdup(ctx->arena, cn) : "";
	size_t i;
	json_t *entry;

	json_array_foreach (san, i, entry)
		out = rs_arena_printf(ctx->arena, "%s\n%s", out, member(entry, "value"));
	return out;
}
