/*
 * Breakers: a connector that fails again and again is left alone for a while, so that what can be
 * sent another way is, and nothing waits for a time-out that is known to come. The same for all
 * replicas. Five failures in a row open it; open, it lets one try through every 30 s; a success
 * closes it.
 */
#ifndef RS_BREAKER_H
#define RS_BREAKER_H

#include "rs/store.h"

/* Whether the connector may be tried now; who may must tell how it went. For jobs. */
enum rs_code rs_breaker_ask(
	struct rs_ctx *ctx, const struct rs_id *connector, bool *allowed) RS_CHECK;
/* How a try went. A refusal of what was sent is not a failure of the connector. */
enum rs_code rs_breaker_tell(
	struct rs_ctx *ctx, const struct rs_id *connector, bool worked) RS_CHECK;

#endif
