/*
 * The Ulfius adapter.
 *
 * Ulfius matches routes linearly, truncates bodies, parameters and addresses silently, replaces the
 * body of errors, and answers unknown methods with 404. So it sees one default endpoint, which
 * dispatches from our own table, and gives us raw address, connection and body; everything else is
 * read from libmicrohttpd itself. Its URI logger, its connection and its completion hooks are
 * wrapped: they keep a struct rs_connection for each open connection, on which the watchdog and the
 * count in flight rest.
 */
#include "server.h"

#include "http.h"

#include "rs/clock.h"
#include "rs/database.h"
#include "rs/idempotency.h"
#include "rs/log.h"
#include "rs/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <ulfius.h>
#include <unistd.h>

/* libunbound's parsers have frames of 64 KiB; what is not touched costs nothing. */
#define STACK_SIZE (1024u << 10)
#define CONNECTION_MEMORY (10u << 10)
#define LISTEN_BACKLOG 1024
#define DRAIN_POLL_NS 10000000L
#define DEADLINE_MS 10000
#define DEADLINE_LONG_MS 20000
#define DEADLINE_WAIT_MS 25000

/*
 * The connection whose request the thread is working on. A connection has a thread of its own, and
 * Ulfius hands its callback no way back to the connection.
 */
static _Thread_local struct rs_connection *this_connection;

/* --- one request --- */

static void take_deadline(struct rs_exchange *x)
{
	unsigned flags = x->call.route->flags;
	int ms = flags & RS_ROUTE_LONG ? DEADLINE_LONG_MS : DEADLINE_MS;
	x->ctx.deadline_ms = rs_clock_mono_ms() + ms;
}

/* Counts the request as in flight until its answer is made; false when there are too many. */
static bool admit(struct rs_exchange *x)
{
	struct rs_server *server = x->server;
	int64_t most = server->app->config->server_max_in_flight;
	if (atomic_fetch_add(&server->in_flight, 1) >= most) {
		atomic_fetch_sub(&server->in_flight, 1);
		rs_metric_add(RS_M_HTTP_REFUSED, RS_LABELS("overloaded"), 1);
		return false;
	}
	x->connection->in_flight = true;
	rs_metric_add(RS_M_HTTP_IN_FLIGHT, (struct rs_labels){{0}}, 1);
	return true;
}

/* The request is counted as waiting instead of in flight: the stop waits for both. */
void rs_wait_begin(struct rs_call *call)
{
	struct rs_exchange *x = rs_exchange_of(call);
	struct rs_server *server = x->server;
	atomic_fetch_add(&server->waiting, 1);
	atomic_fetch_sub(&server->in_flight, 1);
	x->ctx.deadline_ms += DEADLINE_WAIT_MS - DEADLINE_MS;
}

void rs_wait_end(struct rs_call *call)
{
	struct rs_server *server = rs_exchange_of(call)->server;
	atomic_fetch_add(&server->in_flight, 1);
	atomic_fetch_sub(&server->waiting, 1);
}

/* What has no entity tag has none that If-Match could name, RFC 9110 13.1.1. */
static enum rs_code check_untagged(struct rs_exchange *x)
{
	int64_t expected;
	if (!(x->call.route->flags & RS_ROUTE_UNTAGGED))
		return RS_OK;
	enum rs_code rc = rs_if_match(&x->call, &expected);
	if (rc != RS_OK || expected < 0)
		return rc;
	return rs_fail(&x->ctx, RS_PRECONDITION_FAILED, "This has no entity tag.");
}

/*
 * The answer is made. While the client takes it, it keeps nobody out: whoever reads slowly, or not at
 * all, would else take the places of those who work. The stop waits for it.
 */
static void made(struct rs_connection *c)
{
	atomic_fetch_add(&c->server->sending, 1);
	c->sending = true;
	if (!c->in_flight)
		return;
	c->in_flight = false;
	atomic_fetch_sub(&c->server->in_flight, 1);
	rs_metric_add(RS_M_HTTP_IN_FLIGHT, (struct rs_labels){{0}}, -1);
}

/* A handler that never asked whether the caller may must not go unseen; a replay has none. */
static enum rs_code run(struct rs_exchange *x)
{
	enum rs_code rc = rs_idempotent_run(x);
	bool replayed = x->ctx.idem && x->ctx.idem->state == RS_IDEM_REPLAY;
	if (rc == RS_OK && !(x->call.route->flags & RS_ROUTE_PUBLIC) && !x->ctx.permitted &&
		!replayed)
		rs_log(&x->ctx, RS_LOG_ERROR, "route.unjudged",
			rs_log_str(ROUTE, x->call.route->path));
	return rc;
}

/* The order of refusal: address, overload, caller and permission, query, body. */
static enum rs_code answer(struct rs_exchange *x, const struct _u_request *request)
{
	enum rs_code rc = rs_request_headers(x);
	if (rc == RS_OK)
		rc = rs_request_url(x, request->http_url);
	if (rc == RS_OK)
		rc = rs_route_match(x);
	if (rc != RS_OK)
		return rc;
	if (strcmp(x->method, "OPTIONS") == 0) {
		rs_answer_options(x);
		return RS_OK;
	}
	if (!(x->call.route->flags & RS_ROUTE_HEALTH) && !admit(x))
		return rs_fail(&x->ctx, RS_OVERLOADED, "Too many requests at once. Try again.");
	take_deadline(x);
	rc = rs_auth_check(x);
	if (rc == RS_OK)
		rc = rs_request_query(x);
	if (rc == RS_OK)
		rc = rs_request_body(x, request->binary_body, request->binary_body_length);
	if (rc == RS_OK)
		rc = rs_accept_check(x);
	if (rc == RS_OK)
		rc = check_untagged(x);
	if (rc == RS_OK && x->call.route->method != RS_GET)
		rc = rs_store_writable(&x->ctx);
	return rc == RS_OK ? run(x) : rc;
}

/* The one place where faults are logged, with the request they belong to. */
static void log_access(const struct rs_exchange *x, int64_t us)
{
	const struct rs_call *call = &x->call;
	const struct rs_err *err = &x->ctx.err;
	bool failed = call->status >= 400 && err->code != RS_OK;
	char source[160] = "";
	if (failed && err->file)
		snprintf(source, sizeof(source), "%s:%d", err->file, err->line);
	const char *object = call->path[0] && x->resource ? call->path[0] : NULL;
	struct rs_log_field fields[12];
	int n = 0;
	fields[n++] = rs_log_str(METHOD, call->route || x->resource ? x->method : "?");
	fields[n++] = rs_log_str(ROUTE, x->resource ? x->resource->path : "unknown");
	fields[n++] = rs_log_int(STATUS, call->status);
	fields[n++] = rs_log_int(DURATION_MS, us / 1000);
	fields[n++] = rs_log_int(BYTES, (int64_t)call->reply_len);
	fields[n++] = rs_log_str(ADDRESS, x->ctx.address);
	if (object && strlen(object) == RS_ID_LEN)
		fields[n++] = rs_log_str(OBJECT, object);
	if (failed) {
		fields[n++] = rs_log_str(CODE, rs_code_slug(err->code));
		fields[n++] = rs_log_str(SOURCE, source);
		if (err->cause[0])
			fields[n++] = rs_log_str(CAUSE, err->cause);
	}
	fields[n] = (struct rs_log_field){RS_LOG_FIELD_END, NULL, 0};
	rs_log_at(&x->ctx, call->status >= 500 ? RS_LOG_ERROR : RS_LOG_INFO, "request", __FILE__,
		__LINE__, fields);
}

static void count_request(const struct rs_exchange *x, int64_t us)
{
	char status[16];
	const char *route = x->resource ? x->resource->path : "unknown";
	bool known = x->call.route || strcmp(x->method, "OPTIONS") == 0;
	const char *method = known ? x->method : "other";
	snprintf(status, sizeof(status), "%d", x->call.status);
	rs_metric_add(RS_M_HTTP_REQUESTS, RS_LABELS(method, route, status), 1);
	rs_metric_observe(RS_M_HTTP_SECONDS, RS_LABELS(method, route), us);
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int on_request(const struct _u_request *request, struct _u_response *response, void *cls)
{
	struct rs_exchange x = {.server = cls, .connection = this_connection};
	if (!x.connection)
		return U_CALLBACK_ERROR;
	rs_connection_phase(x.connection, RS_PHASE_HANDLING);
	x.start_us = now_us();
	x.method = request->http_verb;
	x.version = request->http_protocol;
	rs_ctx_init(&x.ctx, x.server->app);
	x.call.ctx = &x.ctx;
	enum rs_code rc = answer(&x, request);
	if (rc != RS_OK)
		rs_answer_problem(&x, rc);
	rs_answer_common(&x);
	rs_answer_send(&x, response);
	int64_t us = now_us() - x.start_us;
	count_request(&x, us);
	log_access(&x, us);
	free(x.malloced);
	rs_stream_free(x.stream);
	rs_ctx_end(&x.ctx);
	made(x.connection);
	rs_connection_phase(x.connection, RS_PHASE_WRITING);
	return U_CALLBACK_COMPLETE;
}

/* --- libmicrohttpd's hooks --- */

/* The request line has come. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	this_connection = info ? info->socket_context : NULL;
	if (this_connection) {
		atomic_store(&this_connection->begun, true);
		rs_connection_phase(this_connection, RS_PHASE_READING);
	}
	return ulfius_uri_logger(cls, uri);
}

/* With fewer connections than this their stacks are not worth the call that gives them back. */
#define MANY_CONNECTIONS 128

/*
 * Gives back the pages of the thread's stack that the request has used: one of many connections that
 * are kept alive would hold them for as long as it idles. Every call interrupts the other cores, so a
 * few busy ones keep theirs.
 */
static void release_stack(const struct rs_server *server)
{
	if (atomic_load_explicit(&server->connections.count, memory_order_relaxed) < MANY_CONNECTIONS)
		return;
	static _Thread_local char *lowest;
	const uintptr_t page = 4096;
	char *here = __builtin_frame_address(0);
	if (!lowest) {
		pthread_attr_t attr;
		void *address = NULL;
		size_t size;
		if (pthread_getattr_np(pthread_self(), &attr) != 0)
			return;
		pthread_attr_getstack(&attr, &address, &size);
		pthread_attr_destroy(&attr);
		lowest = address;
	}
	uintptr_t from = ((uintptr_t)lowest + page - 1) & ~(page - 1);
	/* A page of distance: what the calls below this frame still use. */
	uintptr_t to = ((uintptr_t)here - page) & ~(page - 1);
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **con_cls,
	enum MHD_RequestTerminationCode how)
{
	struct rs_connection *c = this_connection;
	mhd_request_completed(cls, mhd, con_cls, how);
	if (!c)
		return;
	if (c->sending)
		atomic_fetch_sub(&c->server->sending, 1);
	c->sending = false;
	atomic_store(&c->begun, false);
	rs_connection_phase(c, RS_PHASE_READING);
	release_stack(c->server);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode how)
{
	struct rs_server *server = cls;
	if (how == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*socket_context)
			rs_connection_close(*socket_context);
		*socket_context = NULL;
		return;
	}
	int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	const struct sockaddr *address =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	*socket_context = rs_connection_open(server, fd, address, mhd);
}

/* --- start and stop --- */

static int listen_on(const char *address, int port)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&storage;
	bool v4 = inet_pton(AF_INET, address, &in->sin_addr) == 1;
	if (!v4 && inet_pton(AF_INET6, address, &in6->sin6_addr) != 1)
		return -1;
	if (v4) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
	}
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	socklen_t len = v4 ? sizeof(*in) : sizeof(*in6);
	if (bind(fd, (struct sockaddr *)&storage, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* A descriptor a connection and some for files, database and outbound calls. */
static void raise_descriptor_limit(int64_t connections)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connections + 512;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* As many connections as there are descriptors for. */
static unsigned connection_limit(int64_t configured)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > (rlim_t)configured + 64)
		return (unsigned)configured;
	return limit.rlim_cur > 128 ? (unsigned)limit.rlim_cur - 64 : 64;
}

static int start_daemon(struct rs_server *server)
{
	const struct rs_config *config = server->app->config;
	const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			       MHD_USE_POLL | MHD_USE_ITC;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, NULL},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
		{MHD_OPTION_CONNECTION_LIMIT,
			(intptr_t)connection_limit(config->server_max_connections), NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)config->server_idle_timeout_s, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	return ulfius_start_framework_with_mhd_options(server->instance, flags, options);
}

static bool make_instance(struct rs_server *server)
{
	server->instance = calloc(1, sizeof(*server->instance));
	if (!server->instance || ulfius_init_instance(server->instance,
					 (unsigned)server->at.port, NULL, NULL) != U_OK)
		return false;
	server->instance->check_utf8 = 0;
	server->instance->allowed_post_processor = U_POST_PROCESS_NONE;
	server->instance->max_post_body_size = RS_BODY_BIG_MAX + 1;
	return ulfius_set_default_endpoint(server->instance, on_request, server) == U_OK;
}

static void server_free(struct rs_server *server)
{
	if (server->instance) {
		ulfius_clean_instance(server->instance);
		free(server->instance);
	}
	rs_router_free(server->router);
	rs_connections_clear(&server->connections);
	free(server);
}

struct rs_server *rs_server_start(struct rs_app *app, const struct rs_endpoint *endpoint)
{
	const struct rs_config *config = app->config;
	struct rs_server *server = calloc(1, sizeof(*server));
	if (!server || !rs_connections_init(&server->connections))
		abort();
	server->app = app;
	server->at = *endpoint;
	server->at.address = NULL; /* the caller's */
	server->router = endpoint->metrics
				 ? rs_router_new(rs_metrics_routes, rs_metrics_route_count)
				 : rs_router_new(rs_routes, rs_route_count);
	/*
	 * Thousands of threads share few cores: many arenas keep freed memory. With too few of them
	 * threads wait for each other, since an answer is allocated by whoever asked for its group.
	 */
	mallopt(M_ARENA_MAX, 8);
	raise_descriptor_limit(config->server_max_connections);
	server->listen_fd = listen_on(endpoint->address, endpoint->port);
	if (server->listen_fd < 0) {
		rs_log(NULL, RS_LOG_ERROR, "server.listen", rs_log_str(CAUSE, strerror(errno)),
			rs_log_str(ADDRESS, endpoint->address),
			rs_log_int(PORT, endpoint->port));
		server_free(server);
		return NULL;
	}
	if (!make_instance(server) || start_daemon(server) != U_OK ||
		pthread_create(&server->watchdog, NULL, rs_watchdog_run, server) != 0) {
		rs_log(NULL, RS_LOG_ERROR, "server.start",
			rs_log_str(DETAIL, "the HTTP library would not start"));
		server_free(server);
		return NULL;
	}
	rs_log(NULL, RS_LOG_INFO, "server.started", rs_log_str(ADDRESS, endpoint->address),
		rs_log_int(PORT, endpoint->port), rs_log_str(VERSION, RS_VERSION));
	return server;
}

/* In the order in which a request passes through them, so that none is missed between two. */
static bool busy(struct rs_server *server)
{
	return atomic_load(&server->in_flight) > 0 || atomic_load(&server->waiting) > 0 ||
		atomic_load(&server->in_flight) > 0 || atomic_load(&server->sending) > 0;
}

void rs_server_stop(struct rs_server *server)
{
	const struct timespec pause = {.tv_nsec = DRAIN_POLL_NS};
	int64_t until = rs_clock_mono_ms() + server->app->config->server_drain_s * 1000;
	atomic_store(&server->draining, true);
	MHD_quiesce_daemon(server->instance->mhd_daemon);
	close(server->listen_fd);
	while (busy(server) && rs_clock_mono_ms() < until)
		nanosleep(&pause, NULL);
	ulfius_stop_framework(server->instance);
	atomic_store(&server->ending, true);
	pthread_join(server->watchdog, NULL);
	server_free(server);
}
