#include "saml.h"

#include <libxml/parser.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)

enum rs_saml_reason rs_saml_parse(const char *text, size_t len, xmlDoc **doc)
{
	enum rs_saml_reason reason = rs_saml_scan(text, len);
	*doc = NULL;
	if (reason != RS_SAML_OK)
		return reason;
	/* No network, no huge documents, entities stay what they are: the scan let none through. */
	*doc = xmlReadMemory(text, (int)len, NULL, "UTF-8",
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!*doc)
		return RS_SAML_XML;
	if (!xmlDocGetRootElement(*doc) || (*doc)->intSubset || (*doc)->extSubset) {
		xmlFreeDoc(*doc);
		*doc = NULL;
		return RS_SAML_DOCTYPE;
	}
	return RS_SAML_OK;
}

bool rs_saml_is(const xmlNode *node, const char *ns, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
	       strcmp((const char *)node->ns->href, ns) == 0 &&
	       strcmp((const char *)node->name, name) == 0;
}

xmlNode *rs_saml_next(const xmlNode *node, const char *ns, const char *name)
{
	xmlNode *next = node->next;
	while (next && !rs_saml_is(next, ns, name))
		next = next->next;
	return next;
}

xmlNode *rs_saml_child(const xmlNode *parent, const char *ns, const char *name)
{
	xmlNode *first = parent ? parent->children : NULL;
	return !first || rs_saml_is(first, ns, name) ? first : rs_saml_next(first, ns, name);
}

int rs_saml_count(const xmlNode *parent, const char *ns, const char *name)
{
	int count = 0;
	for (xmlNode *n = rs_saml_child(parent, ns, name); n; n = rs_saml_next(n, ns, name))
		count++;
	return count;
}

xmlNode *rs_saml_walk(const xmlNode *top, xmlNode *node)
{
	do {
		if (node->children && node->type == XML_ELEMENT_NODE) {
			node = node->children;
		} else {
			while (node != top && !node->next)
				node = node->parent;
			if (node == top)
				return NULL;
			node = node->next;
		}
	} while (node->type != XML_ELEMENT_NODE);
	return node;
}

char *rs_saml_attribute(const xmlNode *node, const char *name)
{
	return node ? (char *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

char *rs_saml_text(const xmlNode *node)
{
	return node ? (char *)xmlNodeGetContent(node) : NULL;
}

static bool same_and_free(char *text, const char *value)
{
	bool same = text && value && strcmp(text, value) == 0;
	xmlFree(text);
	return same;
}

bool rs_saml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
	return same_and_free(rs_saml_attribute(node, name), value);
}

bool rs_saml_text_is(const xmlNode *node, const char *value)
{
	return same_and_free(rs_saml_text(node), value);
}

/* The digits after the point, as microseconds; false when it is no fraction. */
static bool read_fraction(const char *text, int64_t *us)
{
	int64_t unit = SECOND_US / 10;
	size_t digits = strspn(text, "0123456789");
	*us = 0;
	if (digits == 0 || digits > 9)
		return false;
	for (size_t i = 0; i < digits; i++, unit /= 10)
		*us += (text[i] - '0') * unit;
	return strcmp(text + digits, "Z") == 0;
}

static int number(const char *text, int digits)
{
	int value = 0;
	while (digits-- > 0)
		value = value * 10 + (*text++ - '0');
	return value;
}

bool rs_saml_time(const char *text, int64_t *us)
{
	static const char FORM[] = "0000-00-00T00:00:00";
	int64_t fraction = 0;
	for (size_t i = 0; FORM[i]; i++) {
		if (FORM[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != FORM[i])
			return false;
	}
	const struct tm tm = {
		.tm_year = number(text, 4) - 1900,
		.tm_mon = number(text + 5, 2) - 1,
		.tm_mday = number(text + 8, 2),
		.tm_hour = number(text + 11, 2),
		.tm_min = number(text + 14, 2),
		.tm_sec = number(text + 17, 2),
	};
	struct tm back = tm;
	time_t seconds = timegm(&back);
	/* What the library had to mend (a 31st of June) is not a time. */
	if (back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon || back.tm_hour != tm.tm_hour ||
		back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return false;
	text += sizeof(FORM) - 1;
	if (*text == '.') {
		if (!read_fraction(text + 1, &fraction))
			return false;
	} else if (strcmp(text, "Z") != 0) {
		return false;
	}
	*us = (int64_t)seconds * SECOND_US + fraction;
	return true;
}

bool rs_saml_time_attribute(const xmlNode *node, const char *name, bool *present, int64_t *us)
{
	char *text = rs_saml_attribute(node, name);
	bool good = !text || rs_saml_time(text, us);
	*present = text != NULL;
	xmlFree(text);
	return good;
}
