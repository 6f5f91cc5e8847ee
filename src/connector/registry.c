/* The kinds of connectors. */
#include "kinds.h"

#include <string.h>

const struct rs_connector_kind *const rs_connector_kinds[] = {
#define RS_CONNECTOR_KIND(name) &rs_connector_kind_##name,
#include "kinds.def"
#undef RS_CONNECTOR_KIND
	NULL,
};

const struct rs_connector_kind *rs_connector_kind(const char *name)
{
	for (const struct rs_connector_kind *const *kind = rs_connector_kinds; *kind; kind++)
		if (strcmp((*kind)->name, name) == 0)
			return *kind;
	return NULL;
}
