/* Accept and ?format=. */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whether one member of Accept ("text/html;q=0.5") names the type; q=0 does not. */
static bool range_allows(const char *range, size_t len, const char *type)
{
	size_t name = strcspn(range, ";, \t");
	const char *q;
	if (name > len)
		name = len;
	for (q = range; q + 2 < range + len; q++)
		if (strncasecmp(q, "q=", 2) == 0 && strtod(q + 2, NULL) <= 0)
			return false;
	if (name == 3 && strncmp(range, "*/*", 3) == 0)
		return true;
	if (name >= 2 && strncmp(range + name - 2, "/*", 2) == 0)
		return strncasecmp(range, type, name - 1) == 0;
	return strlen(type) == name && strncasecmp(range, type, name) == 0;
}

bool rs_accepts(const struct rs_call *call, const char *type)
{
	if (!call->accept || call->accept[0] == '\0')
		return true;
	for (const char *at = call->accept; *at;) {
		at += strspn(at, ", \t");
		size_t len = strcspn(at, ",");
		if (len && range_allows(at, len, type))
			return true;
		at += len;
	}
	return false;
}

enum rs_code rs_accept_check(struct rs_exchange *x)
{
	const struct rs_call *call = &x->call;
	if (call->route->flags & RS_ROUTE_FORMS || rs_accepts(call, "application/json") ||
		rs_accepts(call, "application/problem+json"))
		return RS_OK;
	return rs_fail(&x->ctx, RS_NOT_ACCEPTABLE, "The answer here is application/json.");
}

/* Whether Accept names one of the types, which are parted by spaces, other than by wildcards. */
static bool asks_for(const struct rs_call *call, const char *types)
{
	char type[100];
	for (const char *at = types; *at;) {
		size_t len = strcspn(at, " ");
		if (len < sizeof(type)) {
			memcpy(type, at, len);
			type[len] = '\0';
			if (rs_accepts(call, type))
				return true;
		}
		at += len + (at[len] == ' ');
	}
	return false;
}

enum rs_code rs_negotiate(struct rs_call *call, const struct rs_form *forms, int *index)
{
	const char *format = rs_query(call, "format");
	for (int i = 0; forms[i].format; i++) {
		*index = i;
		if (format ? strcmp(forms[i].format, format) == 0 : asks_for(call, forms[i].types))
			return RS_OK;
	}
	if (format)
		return rs_fail(call->ctx, RS_BAD_QUERY, "This value of format is not known here.");
	return rs_fail(call->ctx, RS_NOT_ACCEPTABLE,
		"None of the forms named by Accept exists here.");
}
