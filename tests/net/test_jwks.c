/* Key sets that many ask for at once: the issuer is asked once, and nobody is sent away for that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/jose.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASKERS	  8
#define THINKS_MS 400

static struct rs_app app;
static struct rs_clock *clock_;
static char uri[100];
static int listener;
static pthread_t thread;
static atomic_int asked; /* how often the issuer was */
static atomic_bool down;

/* An issuer that takes its time; each answer is a new document. */
static void *issuer(void *arg)
{
	char heard[4096], said[300], body[100];
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (recv(fd, heard, sizeof(heard), 0) > 0) {
			snprintf(body, sizeof(body), "{\"keys\":[],\"answer\":%d}", ++asked);
			usleep(THINKS_MS * 1000);
			snprintf(said, sizeof(said),
				"HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
				down ? "503 Away" : "200 OK", strlen(body), body);
			send(fd, said, strlen(said), MSG_NOSIGNAL);
		}
		close(fd);
	}
	return NULL;
}

static int start(void **state)
{
	static char *const settings[] = {(char *)"REISSUED_NET_ALLOW_ADDRESSES=[\"127.0.0.0/8\"]",
		(char *)"REISSUED_NET_ALLOW_HTTP=true", NULL};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	json_t *faults = NULL;

	(void)state;
	app.config = rs_config_load(NULL, 0, settings, &faults);
	json_decref(faults);
	if (!app.config || rs_clock_new(NULL, &clock_) != 0)
		return -1;
	app.clock = clock_;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 64) != 0 ||
		getsockname(listener, (struct sockaddr *)&at, &len) != 0)
		return -1;
	snprintf(uri, sizeof(uri), "http://127.0.0.1:%d/keys", ntohs(at.sin_port));
	return pthread_create(&thread, NULL, issuer, NULL);
}

static int stop(void **state)
{
	(void)state;
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	rs_clock_free(clock_);
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	return 0;
}

static int fresh_cache(void **state)
{
	(void)state;
	app.jwks = rs_jwks_cache_new();
	asked = 0;
	down = false;
	return 0;
}

static int free_cache(void **state)
{
	(void)state;
	rs_jwks_cache_free(app.jwks);
	return 0;
}

/* One that wants the keys. */
struct asker {
	enum rs_jwks_how how;
	int patience_ms; /* 0: as long as it takes */
	pthread_t thread;
	enum rs_code rc;
	int answer; /* which of the issuer's documents */
	int64_t ms;
};

static void *ask(void *arg)
{
	const struct rs_jwks_source source = {.uri = uri, .ttl_s = 3600};
	struct asker *asker = arg;
	struct rs_jwks got = {0};
	struct rs_ctx ctx;
	int64_t begun = rs_clock_mono_ms();

	rs_ctx_init(&ctx, &app);
	if (asker->patience_ms)
		ctx.deadline_ms = begun + asker->patience_ms;
	asker->rc = rs_jwks_get(&ctx, &source, asker->how, &got);
	asker->answer = (int)json_integer_value(json_object_get(got.document, "answer"));
	asker->ms = rs_clock_mono_ms() - begun;
	rs_ctx_end(&ctx);
	return NULL;
}

static void all_at_once(struct asker *askers, enum rs_jwks_how how)
{
	for (int i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){.how = how};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (int i = 0; i < ASKERS; i++)
		pthread_join(askers[i].thread, NULL);
}

/* Whoever comes while the first answer is on its way waits for it. */
static void the_first_answer_is_everybodys(void **state)
{
	struct asker askers[ASKERS];

	(void)state;
	all_at_once(askers, RS_JWKS_KEPT);
	for (int i = 0; i < ASKERS; i++) {
		assert_int_equal(askers[i].rc, RS_OK);
		assert_int_equal(askers[i].answer, 1);
	}
	assert_int_equal(asked, 1);
}

/* After a change of keys all who meet the new one are judged by the new set. */
static void a_change_of_keys_is_everybodys(void **state)
{
	struct asker askers[ASKERS], one = {.how = RS_JWKS_KEPT};

	(void)state;
	ask(&one);
	assert_int_equal(one.answer, 1);
	all_at_once(askers, RS_JWKS_FRESH);
	for (int i = 0; i < ASKERS; i++) {
		assert_int_equal(askers[i].rc, RS_OK);
		assert_int_equal(askers[i].answer, 2);
	}
	assert_int_equal(asked, 2);
	/* Who is content with what is kept did not wait. */
	ask(&one);
	assert_in_range(one.ms, 0, THINKS_MS / 2);
}

/* An issuer that is down is asked once for all of them, and all are told. */
static void an_issuer_that_is_down_is_asked_once(void **state)
{
	struct asker askers[ASKERS];

	(void)state;
	down = true;
	all_at_once(askers, RS_JWKS_KEPT);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(askers[i].rc, RS_IDP_UNAVAILABLE);
	assert_int_equal(asked, 1);
}

/* A crowd, which needs no token of ours to come, does not hold all of the service's threads meanwhile. */
static void a_crowd_does_not_wait(void **state)
{
	struct asker askers[3 * RS_JWKS_WAITING_MAX];
	const int count = sizeof(askers) / sizeof(askers[0]);
	int waited = 0, refused = 0;

	(void)state;
	for (int i = 0; i < count; i++) {
		askers[i] = (struct asker){.how = RS_JWKS_KEPT};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (int i = 0; i < count; i++) {
		pthread_join(askers[i].thread, NULL);
		waited += askers[i].ms >= THINKS_MS / 2;
		refused += askers[i].rc == RS_IDP_UNAVAILABLE;
	}
	/* One asks; whoever came after the answer has it without waiting. */
	assert_in_range(waited, 1, RS_JWKS_WAITING_MAX + 1);
	assert_true(refused > 0);
	assert_int_equal(asked, 1);
}

/* Nobody waits beyond the own deadline. */
static void nobody_waits_too_long(void **state)
{
	struct asker first = {.how = RS_JWKS_KEPT},
		     hasty = {.how = RS_JWKS_KEPT, .patience_ms = THINKS_MS / 4};

	(void)state;
	assert_int_equal(pthread_create(&first.thread, NULL, ask, &first), 0);
	while (asked == 0)
		usleep(1000);
	ask(&hasty);
	assert_int_equal(hasty.rc, RS_IDP_UNAVAILABLE);
	assert_in_range(hasty.ms, 0, THINKS_MS * 3 / 4);
	pthread_join(first.thread, NULL);
	assert_int_equal(first.rc, RS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_first_answer_is_everybodys, fresh_cache, free_cache),
		cmocka_unit_test_setup_teardown(
			a_change_of_keys_is_everybodys, fresh_cache, free_cache),
		cmocka_unit_test_setup_teardown(
			an_issuer_that_is_down_is_asked_once, fresh_cache, free_cache),
		cmocka_unit_test_setup_teardown(a_crowd_does_not_wait, fresh_cache, free_cache),
		cmocka_unit_test_setup_teardown(nobody_waits_too_long, fresh_cache, free_cache),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
