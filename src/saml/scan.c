#include "saml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct scan {
	const unsigned char *at, *end;
	int depth, elements, attributes;
};

static bool starts(const struct scan *s, const char *word)
{
	size_t len = strlen(word);
	return (size_t)(s->end - s->at) >= len && memcmp(s->at, word, len) == 0;
}

/* Moves behind the next occurrence of word. */
static bool skip_past(struct scan *s, const char *word)
{
	size_t len = strlen(word);
	const unsigned char *found = memmem(s->at, (size_t)(s->end - s->at), word, len);
	if (!found)
		return false;
	s->at = found + len;
	return true;
}

/* An entity of XML itself, or a character by its number. */
static enum rs_saml_reason scan_reference(struct scan *s)
{
	static const char *const KNOWN[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", NULL};
	for (int i = 0; KNOWN[i]; i++) {
		if (starts(s, KNOWN[i])) {
			s->at += strlen(KNOWN[i]);
			return RS_SAML_OK;
		}
	}
	if (!starts(s, "&#"))
		return RS_SAML_ENTITY;
	s->at += 2;
	return RS_SAML_OK;
}

/*
 * The declaration may name an encoding only when it is ours: in another one the bytes that follow
 * would mean something else to the parser than to us.
 */
static enum rs_saml_reason scan_declaration(struct scan *s)
{
	const unsigned char *begin = s->at;
	if (!skip_past(s, "?>"))
		return RS_SAML_XML;
	const unsigned char *name = memmem(begin, (size_t)(s->at - begin), "encoding", 8);
	if (!name)
		return RS_SAML_OK;
	name += 8;
	while (name < s->at && (*name == ' ' || *name == '=' || *name == '"' || *name == '\''))
		name++;
	if (s->at - name < 6 || strncasecmp((const char *)name, "utf-8", 5) != 0 ||
		(name[5] != '"' && name[5] != '\''))
		return RS_SAML_ENCODING;
	return RS_SAML_OK;
}

/* A quoted value; '<' may not stand in it, references are looked at. */
static enum rs_saml_reason scan_value(struct scan *s)
{
	unsigned char quote = *s->at++;
	while (s->at < s->end && *s->at != quote) {
		if (*s->at == '<')
			return RS_SAML_XML;
		if (*s->at == '&') {
			enum rs_saml_reason reason = scan_reference(s);
			if (reason != RS_SAML_OK)
				return reason;
			continue;
		}
		s->at++;
	}
	if (s->at == s->end)
		return RS_SAML_XML;
	s->at++;
	return RS_SAML_OK;
}

/* A start tag or an empty element, from behind its '<'. */
static enum rs_saml_reason scan_tag(struct scan *s)
{
	int attributes = 0;
	if (++s->elements > RS_SAML_ELEMENTS_MAX || ++s->depth > RS_SAML_DEPTH_MAX)
		return RS_SAML_SIZE;
	while (s->at < s->end && *s->at != '>') {
		if (*s->at == '<')
			return RS_SAML_XML;
		if (*s->at != '"' && *s->at != '\'') {
			s->at++;
			continue;
		}
		if (++attributes > RS_SAML_ATTRIBUTES_MAX ||
			++s->attributes > RS_SAML_ALL_ATTRIBUTES_MAX)
			return RS_SAML_SIZE;
		enum rs_saml_reason reason = scan_value(s);
		if (reason != RS_SAML_OK)
			return reason;
	}
	if (s->at == s->end)
		return RS_SAML_XML;
	if (s->at[-1] == '/')
		s->depth--;
	s->at++;
	return RS_SAML_OK;
}

/* What begins with '<'. */
static enum rs_saml_reason scan_markup(struct scan *s)
{
	if (starts(s, "<!--")) {
		s->at += 4;
		return skip_past(s, "-->") ? RS_SAML_OK : RS_SAML_XML;
	}
	if (starts(s, "<![CDATA[")) {
		s->at += 9;
		return skip_past(s, "]]>") ? RS_SAML_OK : RS_SAML_XML;
	}
	if (starts(s, "<!") || starts(s, "<?"))
		return RS_SAML_DOCTYPE;
	if (starts(s, "</")) {
		s->depth--;
		return skip_past(s, ">") ? RS_SAML_OK : RS_SAML_XML;
	}
	s->at++;
	return scan_tag(s);
}

enum rs_saml_reason rs_saml_scan(const char *text, size_t len)
{
	struct scan s = {(const unsigned char *)text, (const unsigned char *)text + len, 0, 0, 0};
	enum rs_saml_reason reason = RS_SAML_OK;
	if (len > RS_SAML_DOCUMENT_MAX)
		return RS_SAML_TOO_LARGE;
	if (memchr(text, '\0', len))
		return RS_SAML_ENCODING;
	if (starts(&s, "\xEF\xBB\xBF"))
		s.at += 3;
	/* The first characters tell the parser the encoding; ours begins with '<' or blank. */
	if (s.at < s.end && !strchr("< \t\r\n", *s.at))
		return *s.at < 0x80 ? RS_SAML_XML : RS_SAML_ENCODING;
	if (starts(&s, "<?xml ") || starts(&s, "<?xml\t") || starts(&s, "<?xml\n"))
		reason = scan_declaration(&s);
	while (reason == RS_SAML_OK && s.at < s.end) {
		if (*s.at == '<')
			reason = scan_markup(&s);
		else if (*s.at == '&')
			reason = scan_reference(&s);
		else
			s.at++;
	}
	return reason;
}

static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

char *rs_saml_base64(const char *text, size_t *len)
{
	char *out = malloc(strlen(text) / 4 * 3 + 4);
	unsigned bits = 0;
	int count = 0, pad = 0;
	size_t n = 0;
	if (!out)
		return NULL;
	for (const char *c = text; *c; c++) {
		if (strchr(" \t\r\n", *c))
			continue;
		int value = base64_value((unsigned char)*c);
		if (*c == '=' ? ++pad > 2 : pad > 0 || value < 0)
			break;
		bits = bits << 6 | (unsigned)(*c == '=' ? 0 : value);
		if (++count % 4 == 0) {
			out[n++] = (char)(bits >> 16 & 0xff);
			out[n++] = (char)(bits >> 8 & 0xff);
			out[n++] = (char)(bits & 0xff);
		}
		if (c[1] == '\0' && count % 4 == 0 && count > 0) {
			*len = n - (size_t)pad;
			out[*len] = '\0';
			return out;
		}
	}
	free(out);
	return NULL;
}
