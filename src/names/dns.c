/*
 * DNS names: IDNA2008 (RFC 5891), LDH syntax (RFC 1034, RFC 5890), reserved names, the public
 * suffix list.
 */
#include "part.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_OCTETS 253
#define LABEL_MAX_OCTETS 63

/* Top-level labels that no public certificate may end with: RFC 6761, 6762, 7686, 8375, 9476, the
 * names ICANN set aside, and arpa, where the reverse zones are. */
static const char *const RESERVED_TLDS[] = {"local", "localhost", "localdomain", "internal",
	"intranet", "private", "corp", "home", "lan", "mail", "workgroup", "domain", "host", "arpa",
	"onion", "test", "example", "invalid", "alt"};

static bool extra_tld(const struct rs_name_policy *policy, const char *tld)
{
	size_t i;
	json_t *value;

	json_array_foreach (policy->extra_tlds, i, value)
		if (json_is_string(value) && strcasecmp(json_string_value(value), tld) == 0)
			return true;
	return false;
}

/* Why the public may not rely on a name that ends with this label, or NULL. */
static const char *tld_fault(const struct rs_name_policy *policy, const char *tld)
{
	const psl_ctx_t *psl = psl_builtin();

	if (!rs_names_public(policy) || extra_tld(policy, tld))
		return NULL;
	for (size_t i = 0; i < sizeof(RESERVED_TLDS) / sizeof(RESERVED_TLDS[0]); i++)
		if (strcmp(RESERVED_TLDS[i], tld) == 0)
			return "it is an internal or reserved name, which no public certificate may hold";
	if (psl && !psl_is_public_suffix2(psl, tld, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
		return "its top-level domain does not exist";
	return NULL;
}

static const char *suffix_fault(const struct rs_name_policy *policy, const char *name,
	bool wildcard)
{
	const psl_ctx_t *psl = psl_builtin();

	if (!psl || !psl_is_public_suffix2(psl, name, PSL_TYPE_ICANN))
		return NULL;
	if (wildcard)
		return "a wildcard may not stand directly before a public suffix";
	return rs_names_public(policy) ? "it is a public suffix, which nobody owns" : NULL;
}

/* One label in lower-case ASCII. */
static const char *label_fault(const char *label, size_t len)
{
	if (len == 0)
		return "it has an empty label";
	if (len > LABEL_MAX_OCTETS)
		return "it has a label of more than 63 octets";
	if (label[0] == '-' || label[len - 1] == '-')
		return "a label begins or ends with a hyphen";
	for (size_t i = 0; i < len; i++) {
		if (label[i] == '*')
			return "a wildcard may only be the whole leftmost label";
		if (label[i] == '_')
			return "underscores may not stand in a certificate's names";
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", label[i]))
			return "it holds a character other than letters, digits and hyphens";
	}
	if (len >= 4 && label[2] == '-' && label[3] == '-' && strncmp(label, "xn", 2) != 0)
		return "a label has hyphens in its third and fourth place (R-LDH, RFC 5890)";
	return NULL;
}

/* name: lower-case ASCII. */
static const char *syntax_fault(const char *name)
{
	const char *label = name;
	const char *last = name;
	int labels = 0;
	bool digits = true;

	if (strlen(name) > NAME_MAX_OCTETS)
		return "it is longer than 253 octets";
	while (label) {
		const char *dot = strchr(label, '.');
		const char *why = label_fault(label, dot ? (size_t)(dot - label) : strlen(label));

		if (why)
			return why;
		labels++;
		last = label;
		label = dot ? dot + 1 : NULL;
	}
	for (const char *s = last; *s; s++)
		digits = digits && *s >= '0' && *s <= '9';
	if (digits)
		return "its top-level label is a number; an address has the type ip";
	return labels < 2 ? "it has one label only; a full domain name is needed" : NULL;
}

/* A-labels of a lower-cased name: strict IDNA2008, no mapping, round trip of given A-labels. */
static char *to_ascii(struct rs_ctx *ctx, const char *name, const char **why)
{
	uint8_t *ascii = NULL;
	char *out;
	int rc = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NO_TR46);

	if (rc == IDN2_NOT_NFC)
		*why = "it is not in Unicode's normal form NFC";
	else if (rc == IDN2_TOO_BIG_LABEL)
		*why = "it has a label of more than 63 octets";
	else if (rc == IDN2_TOO_BIG_DOMAIN)
		*why = "it is longer than 253 octets";
	else if (rc != IDN2_OK)
		*why = "it is no internationalised name by IDNA2008 (lower-case letters only)";
	if (rc != IDN2_OK)
		return NULL;
	out = rs_arena_strdup(ctx->arena, (const char *)ascii);
	idn2_free(ascii);
	for (char *s = out; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	return out;
}

/* "name" or "name." in lower-case ASCII letters, without the one trailing dot. */
static char *lowered(struct rs_ctx *ctx, const char *text)
{
	char *out = rs_arena_strdup(ctx->arena, text);
	size_t len = strlen(out);

	for (char *s = out; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	if (len > 0 && out[len - 1] == '.')
		out[len - 1] = '\0';
	return out;
}

char *rs_names_dns(struct rs_names_job *job, const char *text, bool wildcard, const char **why)
{
	char *name = lowered(job->ctx, text);
	bool starred = strncmp(name, "*.", 2) == 0;
	char *base = starred ? name + 2 : name;

	*why = NULL;
	if (*base == '\0' || strlen(base) > 4 * NAME_MAX_OCTETS)
		*why = *base ? "it is longer than 253 octets" : "it is empty";
	else if (starred && !wildcard)
		*why = "a wildcard may not stand here";
	/* What is ASCII is judged before libidn2 sees it: its reasons are the better ones. */
	if (!*why && rs_text_ascii(base))
		*why = syntax_fault(base);
	if (*why)
		return NULL;
	base = to_ascii(job->ctx, base, why);
	if (!base)
		return NULL;
	*why = syntax_fault(base);
	if (!*why)
		*why = tld_fault(job->policy, strrchr(base, '.') + 1);
	if (!*why)
		*why = suffix_fault(job->policy, base, starred);
	if (*why)
		return NULL;
	return starred ? rs_arena_printf(job->ctx->arena, "*.%s", base) : base;
}

/* RFC 3172: the infrastructure's own; TLS BR 4.2.2 forbids the reverse zones in certificates. */
static bool is_infrastructure(const char *name)
{
	const char *top = strrchr(name, '.');

	return strcmp(top ? top + 1 : name, "arpa") == 0;
}

static const struct rs_ruleset ANY_NAME = {.names = "free"};
const struct rs_name_policy rs_names_any = {.rules = &ANY_NAME};

const char *rs_names_asked(
	struct rs_ctx *ctx, const char *text, bool wildcard, const char *pointer)
{
	struct rs_names_job job = {.ctx = ctx, .policy = &rs_names_any};
	const char *why;
	char *name = rs_names_dns(&job, text, wildcard, &why);

	if (name && is_infrastructure(name))
		why = "names below arpa are the infrastructure's, and no certificate's";
	if (!why)
		return name;
	rs_fault(ctx, RS_BAD_NAME, pointer, "\"%s\" is no name to ask about: %s.", text, why);
	return NULL;
}

const char *rs_names_registrable(struct rs_ctx *ctx, const char *text, const char *pointer)
{
	struct rs_names_job job = {.ctx = ctx, .policy = &rs_names_any};
	const psl_ctx_t *psl = psl_builtin();
	const char *why;
	char *name = rs_names_dns(&job, text, false, &why);

	if (name && psl && psl_is_public_suffix2(psl, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
		why = "it is a public suffix, which nobody owns";
	else if (name && is_infrastructure(name))
		why = "names below arpa are the infrastructure's";
	if (!why)
		return name;
	rs_fault(ctx, RS_BAD_NAME, pointer, "\"%s\" is no domain of your own: %s.", text, why);
	return NULL;
}

const char *rs_names_dns_display(struct rs_ctx *ctx, const char *text)
{
	char *shown = NULL;
	const char *out = text;

	if (idn2_to_unicode_8z8z(text, &shown, 0) == IDN2_OK)
		out = rs_arena_strdup(ctx->arena, shown);
	idn2_free(shown);
	return out;
}

bool rs_names_is_fqdn(const char *text)
{
	if (!text)
		return false;
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	return syntax_fault(text) == NULL;
}
