/*
 * Exact counters shared by all replicas: logins, 401s, verifications and the like. One row a
 * bucket, key and window, counted by one statement in a transaction of its own before whatever is
 * limited happens, so neither parallel guesses nor a crash win a try. Keys are kept as SHA-256 only.
 */
#ifndef RS_LIMIT_H
#define RS_LIMIT_H

#include "rs/store.h"

struct rs_limit {
	const char *bucket; /* "login-account": a constant */
	int64_t limit;      /* hits allowed in one window */
	int64_t window_s;
};

/*
 * Counts one hit of key. RS_RATE_LIMITED with retry_after beyond the limit, RS_UNAVAILABLE when it
 * cannot be counted: what cannot be counted is not allowed. told: the answer shows where the caller
 * stands (ctx->limited).
 */
enum rs_code rs_limit_hit(struct rs_ctx *ctx, const struct rs_limit *limit, const void *key,
	size_t len, bool told) RS_CHECK;
/* Forgets the hits of the key's current window: it was the right password. */
enum rs_code rs_limit_forgive(struct rs_ctx *ctx, const struct rs_limit *limit, const void *key,
	size_t len) RS_CHECK;
/* Job: drops windows that are over. */
enum rs_code rs_limit_cleanup(struct rs_ctx *ctx) RS_CHECK;

#endif
