/* Mailboxes (RFC 5321, RFC 9598), URIs (RFC 3986), user principal names, object identifiers. */
#include "part.h"

#include <string.h>

#define LOCAL_PART_MAX 64
#define MAILBOX_MAX 254
#define URI_MAX 2048
#define UPN_MAX 256

/* A dot-atom of RFC 5322: no quoted strings, no comments; `utf8`: or one of RFC 6532. */
static const char *local_part_fault(const char *local, size_t len, bool utf8)
{
	if (len == 0)
		return "it has nothing before the @";
	if (len > LOCAL_PART_MAX)
		return "it has more than 64 octets before the @";
	if (local[0] == '.' || local[len - 1] == '.')
		return "what stands before the @ begins or ends with a dot";
	for (size_t i = 0; i < len; i++) {
		if (local[i] == '.' && local[i + 1] == '.')
			return "it has two dots in a row before the @";
		if (utf8 && (unsigned char)local[i] >= 0x80)
			continue;
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    ".!#$%&'*+/=?^_`{|}~-", local[i]))
			return "it holds a character before the @ that mailboxes here may not have";
	}
	return NULL;
}

static char *mailbox(struct rs_names_job *job, const char *text, bool utf8, const char **why)
{
	const char *at = strrchr(text, '@');
	char *domain;
	char *out;

	*why = at ? local_part_fault(text, (size_t)(at - text), utf8) : "it has no @";
	if (*why)
		return NULL;
	domain = rs_names_dns(job, at + 1, false, why);
	if (!domain)
		return NULL;
	out = rs_arena_printf(job->ctx->arena, "%.*s@%s", (int)(at - text), text, domain);
	if (strlen(out) > MAILBOX_MAX) {
		*why = "it is longer than 254 octets";
		return NULL;
	}
	return out;
}

char *rs_names_email(struct rs_names_job *job, const char *text, const char **why)
{
	return mailbox(job, text, false, why);
}

char *rs_names_utf8_mailbox(struct rs_names_job *job, const char *text, const char **why)
{
	return mailbox(job, text, true, why);
}

char *rs_names_upn(struct rs_names_job *job, const char *text, const char **why)
{
	const char *at = strchr(text, '@');

	*why = NULL;
	if (strlen(text) > UPN_MAX)
		*why = "it is longer than 256 octets";
	else if (!at || at == text || at[1] == '\0' || strchr(at + 1, '@'))
		*why = "a user principal name has the form user@domain";
	else if (strpbrk(text, " \"\\/[]:;|=,+*?<>"))
		*why = "it holds a character that user principal names may not have";
	return *why ? NULL : rs_arena_strdup(job->ctx->arena, text);
}

/* scheme ":" and the characters of RFC 3986 with whole percent triplets. */
static const char *uri_fault(const char *text)
{
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	if (strlen(text) > URI_MAX)
		return "it is longer than 2048 octets";
	if (scheme == 0 || text[scheme] != ':' || text[scheme + 1] == '\0' ||
	    strchr("0123456789+-.", text[0]))
		return "it is no absolute URI (scheme:rest)";
	for (const char *s = text; *s; s++) {
		if (*s == '%' && (!s[1] || strspn(s + 1, "0123456789abcdefABCDEF") < 2))
			return "a % in it is not followed by two hexadecimal digits";
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "-._~:/?#[]@!$&'()*+,;=%", *s))
			return "it holds a character that URIs must percent-encode";
	}
	if (strncmp(text + scheme, "://", 3) == 0 && strchr("/?#", text[scheme + 3]))
		return "it has no host after //";
	return NULL;
}

char *rs_names_uri(struct rs_names_job *job, const char *text, const char **why)
{
	char *out;

	*why = uri_fault(text);
	if (*why)
		return NULL;
	out = rs_arena_strdup(job->ctx->arena, text);
	for (char *s = out; *s != ':'; s++) /* the scheme is case-insensitive */
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	return out;
}

/* One arc of an OID in decimal without leading zeros, below 10^9; -1 when it is none. */
static int oid_arc(const char *s, size_t len)
{
	int value = 0;

	if (len == 0 || len > 9 || (len > 1 && s[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (s[i] - '0');
	return value;
}

bool rs_names_oid(const char *text)
{
	int arcs = 0;
	int first = 0;

	if (strlen(text) > 128)
		return false;
	for (const char *s = text;;) {
		size_t len = strspn(s, "0123456789");
		int value = oid_arc(s, len);

		if (arcs == 0)
			first = value;
		if (value < 0 || (arcs == 0 && value > 2) || (arcs == 1 && first < 2 && value > 39))
			return false;
		arcs++;
		if (s[len] == '\0')
			return arcs >= 3;
		if (s[len] != '.')
			return false;
		s += len + 1;
	}
}
