/*
 * Calls outward over HTTP, with the fences every such call needs: https only (http where
 * net.allow_http says so), no redirects, no proxy from the environment, one deadline for all, a
 * bounded answer, and the address that is really connected to is judged, not the name: private,
 * loopback and link-local ones are refused unless net.allow_addresses lists them.
 */
#ifndef RS_HTTPC_H
#define RS_HTTPC_H

#include "rs/json.h"

/* Most bytes of an answer. */
#define RS_HTTPC_BODY_MAX (256u << 10)

struct rs_httpc_request {
	const char *url;
	const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
	const char *body;	    /* sent with POST; NULL: GET */
	size_t body_len;
	size_t answer_max; /* bytes, 1..RS_HTTPC_BODY_MAX */
	int timeout_ms;	   /* for all of it; never beyond the deadline of ctx */
	enum rs_code down; /* the code of a call without an answer */
	const char *ca_pem;  /* the only trust anchors; NULL = the system's */
	bool connect_only;   /* connect, TLS included, and send nothing: status stays 0 */
};

struct rs_httpc_answer {
	int status;	      /* 100..599, redirects included: they are not followed */
	const char *type;     /* Content-Type as it came, or ""; arena */
	struct rs_bytes body; /* arena */
	const char *why;      /* of a call without an answer: a sentence for administrators; static */
};

/*
 * One call. RS_OK whenever a whole answer within answer_max came, whatever its status; otherwise
 * request->down, with the cause for the log.
 */
enum rs_code rs_httpc_send(struct rs_ctx *ctx, const struct rs_httpc_request *request,
	struct rs_httpc_answer *answer) RS_CHECK;

/*
 * GET; *body lives in ctx's arena. Only a 200 is RS_OK; anything else is RS_IDP_UNAVAILABLE with
 * the cause for the log. At most timeout_ms, and never beyond the deadline of ctx.
 */
enum rs_code rs_httpc_get(
	struct rs_ctx *ctx, const char *url, int timeout_ms, struct rs_bytes *body) RS_CHECK;

/*
 * Whether a URL that somebody gives may be called later: NULL, or the sentence that says why not
 * (static). Its scheme must be ours, it names a host and carries no user, and an address that
 * stands in it literally is judged as at the connection; names are judged when they are resolved.
 */
const char *rs_httpc_url_fault(struct rs_ctx *ctx, const char *url);

#endif
