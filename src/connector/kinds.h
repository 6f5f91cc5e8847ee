/* The rows of kinds.def: rs_connector_kind_smtp and so on. */
#ifndef RS_CONNECTOR_KINDS_H
#define RS_CONNECTOR_KINDS_H

#include "rs/connector.h"

#define RS_CONNECTOR_KIND(name) extern const struct rs_connector_kind rs_connector_kind_##name;
#include "kinds.def"
#undef RS_CONNECTOR_KIND

#endif
