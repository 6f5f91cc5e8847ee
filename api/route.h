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
#include "rs/list.h"

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
	bool secret;               /* like RS_ROUTE_SECRET, for this answer */
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
	RS_ROUTE_FORMS = 1 << 6,    /* the handler looks at Accept itself: rs_negotiate() */
	RS_ROUTE_CREATES = 1 << 7,  /* POST that answers 201 */
	RS_ROUTE_CURRENT = 1 << 8,  /* {id} may be the word "current": the handler looks */
	RS_ROUTE_UNTAGGED = 1 << 9, /* has no entity tag: an If-Match that names one is 412 */
	/* What its first {id} names is what it reads first. */
	RS_ROUTE_OF_CERTIFICATE = 1 << 10,
	RS_ROUTE_OF_REQUEST = 1 << 11,
	RS_ROUTE_ANY_QUERY = 1 << 12, /* parameters are not ours to know: as sent, repeats too */
	RS_ROUTE_ONCE = 1 << 13,      /* a GET that uses something up: there is no HEAD of it */
};

/* A row of the route table. */
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
/* Forgets the answer made so far. */
void rs_reply_anew(struct rs_call *call);
/*
 * Around a wait that does nothing (?wait=): until rs_wait_end() the request is not counted as in
 * flight, so that those who wait keep nobody out, and its deadline is the one of waits.
 */
void rs_wait_begin(struct rs_call *call);
void rs_wait_end(struct rs_call *call);
/* 204. */
enum rs_code rs_reply_empty(struct rs_call *call);
/* Adds a header to the answer; the value is encoded or refused when it holds CR, LF or NUL. */
void rs_reply_header(struct rs_call *call, const char *name, const char *value);
/*
 * Answers with a single resource: sets ETag "<revision>.<hash>", answers 304 when If-None-Match
 * matches on GET.
 */
enum rs_code rs_reply_resource(struct rs_call *call, int status, json_t *value, int64_t revision);
/* The same for a resource with times that move on with the clock: the hash is that of `settled`. */
enum rs_code rs_reply_estimate(struct rs_call *call, int status, json_t *value,
	const json_t *settled, int64_t revision);
/* Answers 200 with the bytes of a file that never change, and an ETag; 304 alike. */
enum rs_code rs_reply_file(struct rs_call *call, const char *type, const void *data, size_t len);
/*
 * What If-Match demands: *revision is the expected revision, -1 when there is no If-Match or it is
 * "*". RS_BAD_HEADER for weak or malformed ones. The domain call compares inside its transaction
 * and answers RS_PRECONDITION_FAILED.
 */
enum rs_code rs_if_match(struct rs_call *call, int64_t *revision) RS_CHECK;
/* The same where the handler has read the resource: RS_PRECONDITION_FAILED at another revision. */
enum rs_code rs_if_match_now(struct rs_call *call, int64_t current) RS_CHECK;
/* The first value of a query parameter, or NULL. */
const char *rs_query(const struct rs_call *call, const char *name);
/* All values of a repeatable one as a JSON array in the arena, or NULL. */
json_t *rs_query_all(struct rs_call *call, const char *name);
/* --- typed query parameters: RS_BAD_QUERY names the parameter; absent ones leave *out as it is --- */
enum rs_code rs_query_int(struct rs_call *call, const char *name, int64_t min, int64_t max,
	int64_t *out) RS_CHECK;
enum rs_code rs_query_bool(struct rs_call *call, const char *name, bool *out) RS_CHECK;
enum rs_code rs_query_id(struct rs_call *call, const char *name, struct rs_id *out) RS_CHECK;
/* RFC 3339; microseconds. */
enum rs_code rs_query_time(struct rs_call *call, const char *name, int64_t *out) RS_CHECK;
/* A text of min to max characters. */
enum rs_code rs_query_text(struct rs_call *call, const char *name, size_t min, size_t max,
	const char **out) RS_CHECK;
/* The name of something, in any spelling: *out is what rs_names_sought() makes of it. */
enum rs_code rs_query_name(struct rs_call *call, const char *name, size_t max, json_t **out) RS_CHECK;
/* Each value must be one of a closed, NULL-terminated list; *out is as rs_query_all() gives it. */
enum rs_code rs_query_words(struct rs_call *call, const char *name, const char *const *words,
	json_t **out) RS_CHECK;
/* Hex in either case, with colons or "sha256:" before it, as lower-case hex in the arena. */
enum rs_code rs_query_hex(struct rs_call *call, const char *name, size_t max_bytes,
	const char **out) RS_CHECK;

/* --- lists --- */
/* limit, cursor, sort and count, which the route's query list must name. RS_BAD_QUERY. */
enum rs_code rs_query_page(struct rs_call *call, struct rs_page *page) RS_CHECK;
/*
 * Answers {"items", "next_cursor", "total"?} with Link to the next page; takes the reference of
 * items.
 */
enum rs_code rs_reply_list(struct rs_call *call, const struct rs_list *list, json_t *items);

/* One column of a CSV export: its title and the dotted path of the value in an item. */
struct rs_csv_column {
	const char *title; /* NULL ends the table */
	const char *path;
};

/*
 * A list that knows both forms (flag RS_ROUTE_FORMS): page() gives one page of items (a new
 * reference) with its list; as JSON it is answered, as text/csv it is called again and again, each
 * time with an arena of its own, and streamed. page() must keep nothing between its calls, and hands
 * nothing over when it fails.
 */
enum rs_code rs_reply_pages(struct rs_call *call,
	enum rs_code (*page)(struct rs_call *call, const struct rs_page *page, struct rs_list *list,
		json_t **items),
	const struct rs_csv_column *columns);

/* The end of a page(): the arena's items become the caller's own, or there are none. */
static inline enum rs_code rs_page_items(enum rs_code rc, json_t **items)
{
	*items = rc ? NULL : json_incref(*items);
	return rc;
}

/* --- forms of an answer --- */
struct rs_form {
	const char *format; /* value of ?format= that asks for it, or NULL */
	const char *type;   /* its media type; NULL ends the table */
};

/*
 * Which form is asked for: ?format= (when the route knows it) before Accept. Of what Accept takes,
 * the form of the greatest weight, then what it names first; the first row without either or with a
 * wildcard. RS_NOT_ACCEPTABLE, RS_BAD_QUERY.
 */
enum rs_code rs_negotiate(struct rs_call *call, const struct rs_form *forms, int *index) RS_CHECK;
/* Whether Accept allows the media type; an absent Accept allows all. */
bool rs_accepts(const struct rs_call *call, const char *type);

/* Location: {public_url}<path>, the path built by printf. */
void rs_reply_location(struct rs_call *call, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The path parameter as an id; the server has checked its form. */
struct rs_id rs_path_id(const struct rs_call *call, int index);

#endif
