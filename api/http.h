/*
 * Inside api/: what the files of the HTTP layer share. Handlers see only route.h.
 *
 * The way of a request: server.c gets it from Ulfius on the connection's own thread and makes a
 * struct rs_exchange; request.c reads its address and headers; router.c finds the row of the route
 * table; auth.c says who is calling and whether the row allows it; request.c reads the body; the
 * handler answers; answer.c turns code and answer into status, headers and bytes. connection.c
 * keeps one entry an open connection, from which watchdog.c enforces the total deadlines.
 */
#ifndef API_HTTP_H
#define API_HTTP_H

#include "rs/app.h"
#include "rs/config.h"
#include "rs/jobs.h"
#include "route.h"
#include "server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define RS_URL_MAX 8000           /* bytes of path and query */
#define RS_BODY_MAX (64u << 10)
#define RS_BODY_BIG_MAX (256u << 10)
#define RS_OUT_HEADERS_MAX 32
#define RS_SEGMENTS_MAX 10        /* of a path */

struct _u_request;
struct _u_response;

/* --- connection.c --- */

enum rs_phase { RS_PHASE_READING, RS_PHASE_HANDLING, RS_PHASE_WRITING };

/* An address in the form that compares: IPv4 as ::ffff:a.b.c.d. */
struct rs_address {
	unsigned char bytes[16];
};

/* One open connection. The list's mutex guards the links and the life of fd. */
struct rs_connection {
	struct rs_connection *next;
	struct rs_connection *prev;
	struct rs_server *server;
	struct MHD_Connection *mhd;
	int fd;
	struct rs_address peer;
	bool counted;              /* in the count of its address */
	bool in_flight;            /* the current request is counted as in flight */
	bool sending;              /* its answer is counted as being sent */
	atomic_bool begun;         /* a request line has come, its answer has not been made */
	_Atomic int phase;         /* enum rs_phase */
	_Atomic int64_t since_ms;  /* when the phase began, CLOCK_MONOTONIC */
};

struct rs_address_count;

/* All open connections and how many an address has. */
struct rs_connections {
	pthread_mutex_t mutex;
	struct rs_connection *first;
	_Atomic int count; /* written under the mutex */
	struct rs_address_count **table;
};

bool rs_connections_init(struct rs_connections *all);
void rs_connections_clear(struct rs_connections *all);
/* Notes a new connection; over the limit of its address it is answered 503 and shut down. */
struct rs_connection *rs_connection_open(struct rs_server *server, int fd,
	const struct sockaddr *address, struct MHD_Connection *mhd);
void rs_connection_close(struct rs_connection *connection);
void rs_connection_phase(struct rs_connection *connection, enum rs_phase phase);
/* Sends a canned answer as far as it fits and shuts the connection down. */
void rs_connection_refuse(int fd, enum rs_code code, int retry_after);
void rs_address_of(const struct sockaddr *address, struct rs_address *out);
void rs_address_text(const struct rs_address *address, char out[46]);
bool rs_address_parse(const char *text, struct rs_address *out);
/* Whether the address lies in one of the configured networks ("10.0.0.0/8"). */
bool rs_address_in(const struct rs_address *address, const json_t *networks);

/* --- server.c --- */

struct rs_server {
	struct rs_app *app;
	struct _u_instance *instance;
	struct rs_endpoint at;
	struct rs_router *router;
	struct rs_connections connections;
	_Atomic int in_flight;
	_Atomic int sending; /* answers made and not yet taken by their clients */
	_Atomic int waiting; /* requests that wait for a change: rs_wait_begin() */
	atomic_bool draining;
	atomic_bool ending; /* tells the watchdog to end */
	pthread_t watchdog;
	int listen_fd;
};

/* --- watchdog.c --- */
void *rs_watchdog_run(void *server);

/* --- request.c --- */

/* The headers we look at; NULL = not sent. The values live as long as the request. */
struct rs_headers {
	const char *host;
	const char *content_length;
	const char *transfer_encoding;
	const char *content_type;
	const char *content_encoding;
	const char *authorization;
	const char *accept;
	const char *if_match;
	const char *if_none_match;
	const char *idempotency_key;
	const char *prefer;
	const char *request_id;
	const char *traceparent;
	const char *origin;
	const char *request_method; /* Access-Control-Request-Method */
	const char *forwarded_for;
	const char *user_agent;
};

struct rs_header_out {
	const char *name;
	const char *value;
};

/* One request and its answer on the way through the layer. */
struct rs_exchange {
	struct rs_call call; /* what the handler sees; first, so that a call leads back here */
	struct rs_ctx ctx;
	struct rs_server *server;
	struct rs_connection *connection;
	struct rs_headers in;
	const char *method;  /* as it was sent */
	const char *version; /* "HTTP/1.1" */
	const char *raw_path;
	char *raw_query; /* NULL without '?' */
	const char *segment[RS_SEGMENTS_MAX]; /* of the path, raw */
	int segment_count;
	const struct rs_router_node *resource; /* the path's entry; NULL = unknown path */
	char *malloced; /* answer bytes on the heap instead of the arena; owned */
	struct rs_stream *stream; /* streamed answer; owned until it is handed on */
	struct rs_header_out out[RS_OUT_HEADERS_MAX];
	int out_count;
	bool close; /* end the connection after the answer */
	int64_t start_us;
};

static inline struct rs_exchange *rs_exchange_of(struct rs_call *call)
{
	return (struct rs_exchange *)call;
}

/* Reads headers; RS_BAD_HEADER or RS_BAD_REQUEST. */
enum rs_code rs_request_headers(struct rs_exchange *x) RS_CHECK;
/* Splits the raw address; RS_BAD_REQUEST, RS_URI_TOO_LONG. */
enum rs_code rs_request_url(struct rs_exchange *x, const char *url) RS_CHECK;
/* Decodes and checks the query string against the route's list; RS_BAD_QUERY. */
enum rs_code rs_request_query(struct rs_exchange *x) RS_CHECK;
/* Limits, types and parses the body; RS_TOO_LARGE, RS_UNSUPPORTED_MEDIA_TYPE, RS_BAD_JSON. */
enum rs_code rs_request_body(struct rs_exchange *x, const void *body, size_t len) RS_CHECK;
/* Decodes %XX (and '+' when form) of len bytes into the arena; NULL when malformed, when it holds
 * NUL or is not UTF-8. */
char *rs_url_decode(struct rs_arena *arena, const char *text, size_t len, bool form);

/* --- router.c --- */

/* One path of the table with its methods. */
struct rs_router_node {
	const char *path; /* template */
	const char *segment[RS_SEGMENTS_MAX];
	int segment_count;
	const struct rs_route *method[RS_DELETE + 1];
};

struct rs_router;
struct rs_router *rs_router_new(const struct rs_route *routes, int count);
void rs_router_free(struct rs_router *router);
/* The entry of a path, literal segments before parameters; NULL = unknown. */
const struct rs_router_node *rs_router_find(const struct rs_router *router,
	const char *const *segments, int count);
/* "GET, HEAD, POST, OPTIONS" of an entry. */
const char *rs_router_allow(struct rs_arena *arena, const struct rs_router_node *node);
/* Finds the route of an exchange and its path parameters; RS_NOT_FOUND, RS_METHOD_NOT_ALLOWED. */
enum rs_code rs_route_match(struct rs_exchange *x) RS_CHECK;

/* --- auth.c --- */
/* Who is calling, and may they use this route at all? */
enum rs_code rs_auth_check(struct rs_exchange *x) RS_CHECK;

/* --- answer.c --- */
/* Whether If-None-Match holds the tag, by the weak comparison of RFC 9110 8.8.3.2, or is "*". */
bool rs_etag_listed(const char *list, const char *etag);
/* Makes the answer out of a code: problem+json for anything but RS_OK. */
void rs_answer_problem(struct rs_exchange *x, enum rs_code code);
/* The problem document alone. */
json_t *rs_problem_json(const struct rs_exchange *x, enum rs_code code);
/* Seconds after which whoever got this code may try again; 0: that would not help. */
int rs_retry_after(const struct rs_ctx *ctx, enum rs_code code);
/* Headers that every answer has, and CORS. */
void rs_answer_common(struct rs_exchange *x);
/* The answer to OPTIONS. */
void rs_answer_options(struct rs_exchange *x);
/* Hands the answer over to Ulfius. */
void rs_answer_send(struct rs_exchange *x, struct _u_response *response);

/* Hands a stream over to Ulfius instead of bytes. */
void rs_stream_send(struct rs_exchange *x, struct _u_response *response);
void rs_stream_free(struct rs_stream *stream);

/* --- idempotency.c --- */
/*
 * Runs the handler under the request's Idempotency-Key: claims, replays, stores. Without a key, or
 * on a route that ignores it, it is the handler alone.
 */
enum rs_code rs_idempotent_run(struct rs_exchange *x) RS_CHECK;

/* --- negotiate.c --- */
/* Refuses what asks for another form than JSON on a route that knows no other. */
enum rs_code rs_accept_check(struct rs_exchange *x) RS_CHECK;

/* --- openapi.c --- */
bool rs_openapi_init(void);

/* --- the background jobs: job_kinds.c --- */

extern const struct rs_job_kind rs_job_kinds[];

/* --- the table: routes.c --- */
extern const struct rs_route rs_routes[];
extern const int rs_route_count;
/* What metrics.listen serves. */
extern const struct rs_route rs_metrics_routes[];
extern const int rs_metrics_route_count;

#endif
