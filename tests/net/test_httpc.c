/* Calls over HTTP to servers that misbehave: time and memory are ours, whatever they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peak.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/fetch.h"
#include "rs/httpc.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 1500
#define SPARE_MS   1000
#ifdef __SANITIZE_ADDRESS__
#define SPARE_KIB (64 << 10) /* what was freed is kept for a while */
#else
#define SPARE_KIB (8 << 10)
#endif
#define SLOW_NAME "slow.example.test"
#define SLOW_MS	  8000

static struct rs_app app;
static struct rs_ctx ctx;

/* The resolver of this program: one name takes long, as when no name server answers. */
int getaddrinfo(
	const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*system_one)(
		const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && strcmp(name, SLOW_NAME) == 0) {
		usleep(SLOW_MS * 1000);
		return EAI_AGAIN;
	}
	if (!system_one)
		*(void **)&system_one = dlsym(RTLD_NEXT, "getaddrinfo");
	return system_one(name, service, hints, out);
}

static int start(void **state)
{
	static char *const settings[] = {(char *)"REISSUED_NET_ALLOW_ADDRESSES=[\"127.0.0.0/8\"]",
		(char *)"REISSUED_DCV_ALLOW_ADDRESSES=[\"127.0.0.0/8\"]",
		(char *)"REISSUED_NET_ALLOW_HTTP=true", NULL};
	json_t *faults = NULL;

	(void)state;
	app.config = rs_config_load(NULL, 0, settings, &faults);
	if (!app.config)
		json_dumpf(faults, stderr, 0);
	json_decref(faults);
	rs_ctx_init(&ctx, &app);
	return app.config ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	return 0;
}

/* --- servers --- */

/* What a server says: a beginning, then the same again and again, with a pause between. */
struct script {
	const char *name;
	const char *first, *again;
	int pause_ms;	  /* 0: as fast as it is taken */
	bool octets;	  /* of `again`, one at a time */
	bool in_time;	  /* whether the call may take until its time-out */
	const char *must; /* answer: NULL = none may come; else the body */
};

struct server {
	const struct script *script;
	int listener, port, calls;
	pthread_t thread;
};

static bool say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static void serve(const struct script *script, int fd)
{
	static const char END[] = "\r\n\r\n";
	char heard[4096];
	size_t len = 0, at = 0;
	ssize_t n;

	while (!memmem(heard, len, END, 4) &&
		(n = recv(fd, heard + len, sizeof(heard) - len, 0)) > 0)
		len += (size_t)n;
	if (!say(fd, script->first, strlen(script->first)) || !script->again)
		return;
	while (!*script->again && recv(fd, heard, sizeof(heard), 0) > 0)
		;
	while (*script->again) {
		bool said = script->octets ? say(fd, script->again + at, 1)
					   : say(fd, script->again, strlen(script->again));

		if (!said)
			return;
		at = (at + 1) % strlen(script->again);
		if (script->pause_ms)
			usleep((useconds_t)script->pause_ms * 1000);
	}
}

static void *run(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		server->calls++;
		serve(server->script, fd);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server, const struct script *script)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);

	*server = (struct server){
		.script = script, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_int_equal(bind(server->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server->listener, 4), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&at, &len), 0);
	server->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

/* --- what a call may cost --- */

struct cost {
	int64_t ms;
	long kib;
};

static enum rs_code call(const char *url, struct rs_httpc_answer *answer, struct cost *cost)
{
	const struct rs_httpc_request request = {.url = url,
		.body = "text=123456",
		.body_len = 11,
		.answer_max = 64 << 10,
		.timeout_ms = TIMEOUT_MS,
		.down = RS_PROVIDER_UNAVAILABLE};
	long before = forget_peak();
	int64_t begun = rs_clock_mono_ms();
	enum rs_code rc = rs_httpc_send(&ctx, &request, answer);

	cost->ms = rs_clock_mono_ms() - begun;
	cost->kib = peak_kib() - before;
	rs_err_reset(&ctx.err);
	return rc;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define K16	"aaaaaaaaaaaaaaaa"
#define K256	K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16 K16
#define K4096	K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256 K256

static const struct script SCRIPTS[] = {
	{"nothing", "", "", 0, false, true, NULL},
	{"a status line by octets", "", "HTTP/1.1 200 OK and on and on", 100, true, true, NULL},
	{"headers by octets", OK_HEAD, "X-A: b\r\n", 100, true, true, NULL},
	{"a body by octets", OK_HEAD "Content-Length: 1000\r\n\r\n", "x", 100, true, true, NULL},
	{"chunks by octets", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 100, true,
		true, NULL},
	{"headers without end", OK_HEAD, "X-A: " K4096 "\r\n", 0, false, true, NULL},
	{"small headers without end", OK_HEAD, "A:\r\n", 0, false, true, NULL},
	{"a header without end", OK_HEAD "X-A: ", K4096, 0, false, true, NULL},
	{"a status line without end", "HTTP/1.1 200 ", K4096, 0, false, true, NULL},
	{"patience without end", "", "HTTP/1.1 100 Continue\r\n\r\n", 0, false, true, NULL},
	{"hints without end", "", "HTTP/1.1 103 Early Hints\r\nLink: " K4096 "\r\n\r\n", 0, false,
		true, NULL},
	{"a body without end", OK_HEAD "\r\n", K4096, 0, false, true, NULL},
	{"chunks without end", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 0, false,
		true, NULL},
	{"a chunk's extension without end", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n1;", K4096,
		0, false, true, NULL},
	{"trailers without end", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n",
		"X-A: " K4096 "\r\n", 0, false, true, NULL},
	{"a chunk of 2^63", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", K4096,
		0, false, true, NULL},
	{"a length of 2^63", OK_HEAD "Content-Length: 9223372036854775807\r\n\r\n", K4096, 0, false,
		true, NULL},
	{"a negative length", OK_HEAD "Content-Length: -1\r\n\r\n", K4096, 0, false, true, NULL},
	{"HTTP/0.9", "sent\n", NULL, 0, false, false, NULL},
	{"an answer to nothing asked", "220 mail.example.test ESMTP\r\n", NULL, 0, false, false,
		NULL},
	{"cookies without end", OK_HEAD, "Set-Cookie: a=" K4096 "\r\n", 0, false, true, NULL},
	{"an answer", OK_HEAD "Content-Length: 4\r\n\r\nsent", NULL, 0, false, false, "sent"},
};

/* A gateway or provider that never comes to an end costs the time-out and little memory. */
static void without_end(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++) {
		const struct script *script = &SCRIPTS[i];
		struct rs_httpc_answer answer;
		struct server server;
		struct cost cost;
		enum rs_code rc;

		server_start(&server, script);
		rc = call(rs_arena_printf(ctx.arena, "http://127.0.0.1:%d/", server.port), &answer,
			&cost);
		server_stop(&server);
		print_message("    %-34s %5d ms %7ld KiB  %s\n", script->name, (int)cost.ms,
			cost.kib, rc ? answer.why : "answered");
		failed += cost.ms > TIMEOUT_MS + SPARE_MS || cost.kib > SPARE_KIB ||
			  (rc == RS_OK) != (script->must != NULL);
		if (script->must && rc == RS_OK)
			assert_memory_equal(answer.body.data, script->must, answer.body.len);
		assert_int_equal(server.calls, 1);
	}
	assert_int_equal(failed, 0);
}

/* A name that nobody can tell an address of costs the time-out, not what the resolver takes. */
static void a_name_that_is_not_found_in_time(void **state)
{
	struct rs_httpc_answer answer;
	struct cost cost;

	(void)state;
	assert_int_equal(call("http://" SLOW_NAME "/", &answer, &cost), RS_PROVIDER_UNAVAILABLE);
	assert_in_range(cost.ms, 0, TIMEOUT_MS + SPARE_MS);
}

/* The same of a page that proves control of a domain: whoever has the domain has the server. */
static void pages_without_end(void **state)
{
	struct rs_config *config = (struct rs_config *)(uintptr_t)app.config;

	(void)state;
	for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++) {
		const struct script *script = &SCRIPTS[i];
		struct rs_fetched page;
		struct server server;
		struct cost cost;
		long before = forget_peak();
		int64_t begun = rs_clock_mono_ms();

		server_start(&server, script);
		config->dcv_http_port = server.port;
		rs_fetch(&ctx, rs_arena_printf(ctx.arena, "http://127.0.0.1:%d/", server.port),
			TIMEOUT_MS, &page);
		server_stop(&server);
		cost = (struct cost){rs_clock_mono_ms() - begun, peak_kib() - before};
		print_message("    %-34s %5d ms %7ld KiB  %s\n", script->name, (int)cost.ms,
			cost.kib, page.fault ? page.fault : "fetched");
		assert_in_range(cost.ms, 0, TIMEOUT_MS + SPARE_MS);
		assert_true(cost.kib < SPARE_KIB);
		assert_true(page.body.len <= RS_FETCH_BODY_MAX + 1);
		assert_int_equal(server.calls, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_end),
		cmocka_unit_test(pages_without_end),
		cmocka_unit_test(a_name_that_is_not_found_in_time),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
