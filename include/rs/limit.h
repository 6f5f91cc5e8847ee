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
 * How a limit stands after a hit of this request: what the headers RateLimit and RateLimit-Policy
 * tell. ctx->limits lists them, in the arena, the last one hit first.
 */
struct rs_limit_state {
	struct rs_limit_state *next;
	const char *bucket;
	int64_t limit, window_s;
	int64_t remaining;
	int64_t reset_s; /* until the window ends */
};

/*
 * Counts one hit of key and notes it in ctx->limits. RS_RATE_LIMITED with retry_after beyond the
 * limit, RS_UNAVAILABLE when it cannot be counted: what cannot be counted is not allowed.
 */
enum rs_code rs_limit_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const void *key, size_t len) RS_CHECK;
/* Forgets the hits of the key's current window: it was the right password. */
enum rs_code rs_limit_forgive(struct rs_ctx *ctx, const struct rs_limit *limit, const void *key,
	size_t len) RS_CHECK;
/* Takes one hit back, when what was limited did not happen after all: the peer was down. */
enum rs_code rs_limit_return(struct rs_ctx *ctx, const struct rs_limit *limit, const void *key,
	size_t len) RS_CHECK;
/* Job: drops windows that are over. */
enum rs_code rs_limit_cleanup(struct rs_ctx *ctx) RS_CHECK;

#endif
