/* Accept (RFC 9110 12.5.1) and ?format=. */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How Accept takes a media type. */
struct taken {
	int quality;  /* thousandths, 0 = not at all */
	int exact;    /* how closely the range names it: 1 is for all types, 3 for this one */
	size_t place; /* of the range: what stands first is liked best */
};

/* The weight of one member of Accept, in thousandths; 1000 without one. */
static int quality_of(const char *range, size_t len)
{
	for (const char *at = range; (at = memchr(at, ';', (size_t)(range + len - at))) != NULL;) {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) != 0)
			continue;
		double q = strtod(at + 2, NULL);
		return q >= 1 ? 1000 : q > 0 ? (int)(q * 1000 + 0.5) : 0;
	}
	return 1000;
}

/* How closely a member of Accept names the type; 0 when it does not. */
static int exactness_of(const char *range, size_t len, const char *type)
{
	size_t name = strcspn(range, ";, \t");
	if (name > len)
		name = len;
	if (name == 3 && strncmp(range, "*/*", 3) == 0)
		return 1;
	if (name > 2 && strncmp(range + name - 2, "/*", 2) == 0)
		return strncasecmp(range, type, name - 1) == 0 ? 2 : 0;
	return strlen(type) == name && strncasecmp(range, type, name) == 0 ? 3 : 0;
}

/* What the closest range says. */
static struct taken taken_by(const char *accept, const char *type)
{
	struct taken found = {0, 0, 0};
	if (!accept || accept[0] == '\0')
		return (struct taken){1000, 1, 0};
	for (const char *at = accept; *at;) {
		at += strspn(at, ", \t");
		size_t len = strcspn(at, ",");
		int exact = len ? exactness_of(at, len, type) : 0;
		if (exact > found.exact)
			found = (struct taken){quality_of(at, len), exact, (size_t)(at - accept)};
		at += len;
	}
	return found;
}

bool rs_accepts(const struct rs_call *call, const char *type)
{
	return taken_by(call->accept, type).quality > 0;
}

enum rs_code rs_accept_check(struct rs_exchange *x)
{
	const struct rs_call *call = &x->call;
	if (call->route->flags & RS_ROUTE_FORMS || rs_accepts(call, "application/json") ||
		rs_accepts(call, "application/problem+json"))
		return RS_OK;
	return rs_fail(&x->ctx, RS_NOT_ACCEPTABLE, "The answer here is application/json.");
}

static enum rs_code by_name(
	struct rs_call *call, const struct rs_form *forms, const char *format, int *index)
{
	for (int i = 0; forms[i].type; i++) {
		if (!forms[i].format || strcmp(forms[i].format, format) != 0)
			continue;
		*index = i;
		return RS_OK;
	}
	return rs_fail(call->ctx, RS_BAD_QUERY, "This value of format is not known here.");
}

enum rs_code rs_negotiate(struct rs_call *call, const struct rs_form *forms, int *index)
{
	const char *format = rs_query(call, "format"), *types = "";
	struct taken best = {0, 0, 0};
	if (format)
		return by_name(call, forms, format, index);
	for (int i = 0; forms[i].type; i++) {
		struct taken found = taken_by(call->accept, forms[i].type);
		types = rs_arena_printf(
			call->ctx->arena, "%s%s%s", types, i ? ", " : "", forms[i].type);
		if (found.quality < best.quality || found.quality == 0 ||
			(found.quality == best.quality && found.place >= best.place))
			continue;
		best = found;
		*index = i;
	}
	if (best.quality)
		return RS_OK;
	return rs_fail(call->ctx, RS_NOT_ACCEPTABLE, "What there is here: %s.", types);
}
