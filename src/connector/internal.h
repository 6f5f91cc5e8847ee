/* What the generic files of src/connector/ share. */
#ifndef RS_CONNECTOR_INTERNAL_H
#define RS_CONNECTOR_INTERNAL_H

#include "rs/connector.h"

/*
 * Merges what was given (an object, or NULL) into the connector's settings and secrets, judges the
 * whole by its kind and leaves it there in its stored form. Faults are noted under "/settings".
 */
enum rs_code rs_connector_apply(
	struct rs_ctx *ctx, struct rs_connector *connector, json_t *given) RS_CHECK;

#endif
