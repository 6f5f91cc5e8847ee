/*
 * Tries that count as a domain counts wrong passwords: no window of the clock's, but a run, which is
 * over when no further try has come for as long. So no stretch of that length sees more than the limit.
 */
#ifndef FACTOR_TRIES_H
#define FACTOR_TRIES_H

#include "rs/limit.h"

/*
 * Counts one try of a user, durably, in a statement of its own. RS_RATE_LIMITED with retry_after beyond
 * the limit, which does not prolong the run; RS_UNAVAILABLE when it cannot be counted.
 */
enum rs_code rs_tries_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user) RS_CHECK;
/* Forgets the run: it was the right password. */
enum rs_code rs_tries_forgive(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user) RS_CHECK;
/* Takes one try back: nobody judged it. */
enum rs_code rs_tries_return(
	struct rs_ctx *ctx, const struct rs_limit *limit, const struct rs_id *user) RS_CHECK;

#endif
