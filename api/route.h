/*
 * Routes: how a resource's file meets the server.
 *
 * routes.c holds ONE table of struct rs_route in the order of openapi.yaml. server.c matches a
 * request against it, authenticates, checks the permission of the row, reads and limits the body,
 * claims the Idempotency-Key, and calls the handler with a struct rs_call. The handler parses
 * (field table), makes one domain call and renders (field table); it returns a code, and server.c
 * turns anything but RS_OK into problem+json. 405 with Allow, HEAD, OPTIONS and CORS come from the
 * table.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "rs/ctx.h"
#include "rs/json.h"

enum rs_method { RS_GET, RS_POST, RS_PUT, RS_PATCH, RS_DELETE };

#define RS_PATH_PARAMS_MAX 3
#define RS_QUERY_PARAMS_MAX 64

struct rs_query_param {
	const char *name; /* decoded, arena */
	const char *value;
};

/* One request as a handler sees it, and the answer it makes. */
struct rs_call {
	struct rs_ctx *ctx;
	const struct rs_route *route;
	const char *path[RS_PATH_PARAMS_MAX]; /* path parameters in order, decoded and checked */
	const struct rs_query_param *query;
	int query_count;
	const unsigned char *body; /* raw */
	size_t body_len;
	json_t *json;              /* the parsed body on RS_BODY_JSON routes, borrowed */
	const char *content_type;  /* lower case without parameters, or NULL */
	const char *accept;        /* raw Accept header or NULL */
	const char *if_match;      /* raw, or NULL */
	const char *if_none_match;
	const char *prefer;
	const char *authorization; /* raw: only /oauth2/token reads it */

	/* the answer */
	int status;                /* set by rs_reply_*() */
	const char *reply_type;
	const void *reply;         /* arena */
	size_t reply_len;
};

enum rs_body { RS_BODY_NONE, RS_BODY_JSON, RS_BODY_MERGE_PATCH, RS_BODY_FORM, RS_BODY_RAW };

enum rs_route_flag {
	RS_ROUTE_PUBLIC = 1 << 0,   /* no token needed */
	RS_ROUTE_HEALTH = 1 << 1,   /* bypasses every limit */
	RS_ROUTE_SECRET = 1 << 2,   /* the answer holds a secret: idempotency keeps only the fact */
	RS_ROUTE_NO_IDEM = 1 << 3,  /* ignores Idempotency-Key (/oauth2/token) */
	RS_ROUTE_BIG = 1 << 4,      /* body up to 256 KiB instead of 64 KiB */
	RS_ROUTE_LONG = 1 << 5,     /* may issue or verify: deadline 20 s instead of 10 s */
	RS_ROUTE_WAIT = 1 << 6,     /* ?wait=: deadline 25 s */
};

struct rs_route {
	enum rs_method method;
	const char *path;     /* "/v1/certificates/{id}" */
	const char *action;   /* row of the permission table: permission.h; NULL when public */
	enum rs_body body;
	unsigned flags;
	enum rs_code (*handler)(struct rs_call *call);
	const char *const *query; /* NULL-terminated list of the parameters it knows, or NULL */
	unsigned repeatable;      /* bit i: query[i] may repeat */
};

/* Answers with a JSON value (takes the reference). */
enum rs_code rs_reply_json(struct rs_call *call, int status, json_t *value);
/* Answers with bytes that live in the arena or for ever. */
enum rs_code rs_reply_bytes(struct rs_call *call, int status, const char *type, const void *data,
	size_t len);
/* 204. */
enum rs_code rs_reply_empty(struct rs_call *call);
/* Adds a header to the answer; the value is encoded or refused when it holds CR, LF or NUL. */
void rs_reply_header(struct rs_call *call, const char *name, const char *value);
/*
 * Answers with a single resource: sets ETag "<revision>.<hash>", answers 304 when If-None-Match
 * matches on GET.
 */
enum rs_code rs_reply_resource(struct rs_call *call, int status, json_t *value, int64_t revision);
/*
 * What If-Match demands: *revision is the expected revision, -1 when there is no If-Match or it is
 * "*". RS_BAD_HEADER for weak or malformed ones. The domain call compares inside its transaction
 * and answers RS_PRECONDITION_FAILED.
 */
enum rs_code rs_if_match(struct rs_call *call, int64_t *revision) RS_CHECK;
/* The first value of a query parameter, or NULL. */
const char *rs_query(const struct rs_call *call, const char *name);
/* All values of a repeatable one as a JSON array in the arena, or NULL. */
json_t *rs_query_all(struct rs_call *call, const char *name);
/* The path parameter as an id; the server has checked its form. */
struct rs_id rs_path_id(const struct rs_call *call, int index);

#endif
