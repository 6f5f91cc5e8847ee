/* The mail client against real servers, good ones and failing ones (tests/peers/mail). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peak.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/smtp.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rs_app app;
static struct rs_ctx ctx;
static json_t *peer;
static char ca[8192];

static const char TEXT[] = "Subject: a test\r\n\r\n.a line that begins with a dot\r\n";

static const char *in_dir(const char *file)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", getenv("RS_TEST_MAIL"), file);
	return path;
}

static int start(void **state)
{
	FILE *file;
	json_t *faults = NULL;
	static char *const allow[] = {
		(char *)"REISSUED_NET_ALLOW_ADDRESSES=[\"127.0.0.0/8\"]", NULL};

	(void)state;
	app.config = rs_config_load(NULL, 0, allow, &faults);
	if (!app.config)
		json_dumpf(faults, stderr, 0);
	json_decref(faults);
	peer = json_load_file(in_dir("mail.json"), 0, NULL);
	file = fopen(in_dir("ca.pem"), "r");
	if (!app.config || !peer || !file || fread(ca, 1, sizeof(ca) - 1, file) == 0)
		return -1;
	fclose(file);
	rs_ctx_init(&ctx, &app);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	json_decref(peer);
	return 0;
}

static struct rs_smtp_server server_of(const char *listener)
{
	return (struct rs_smtp_server){
		.host = "127.0.0.1",
		.port = (int)json_integer_value(
			json_object_get(json_object_get(peer, "ports"), listener)),
		.tls = strcmp(listener, "implicit") == 0 ? RS_SMTP_IMPLICIT : RS_SMTP_STARTTLS,
		.ca_pem = ca,
		.timeout_ms = 5000,
	};
}

static struct rs_smtp_result send_to(const struct rs_smtp_server *server, const char *to)
{
	struct rs_smtp_message message = {.from = "ra@example.test",
		.to = to,
		.data = {(const unsigned char *)TEXT, sizeof(TEXT) - 1}};
	struct rs_smtp_result result;

	rs_smtp_send(&ctx, server, &message, &result);
	return result;
}

static void assert_verdict(
	const struct rs_smtp_result *result, enum rs_smtp_verdict verdict, int reply)
{
	if (result->verdict != verdict || result->reply != reply)
		fail_msg("verdict %d, reply %d at %s: %s (%s)", (int)result->verdict, result->reply,
			result->stage, result->detail, result->line);
}

/* How often `text` stands in what a listener of the peer has seen. */
static int seen_by(const char *listener, const char *text)
{
	FILE *file = fopen(in_dir("wire.jsonl"), "r");
	char line[65536];
	int count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		json_t *seen = json_loads(line, 0, NULL);

		if (strcmp(json_string_value(json_object_get(seen, "listener")), listener) == 0 &&
			strstr(json_string_value(json_object_get(seen, "data")), text))
			count++;
		json_decref(seen);
	}
	fclose(file);
	return count;
}

/* What is kept as evidence is there after a mail was taken over either way of TLS. */
static void taken(void **state)
{
	static const char *const listeners[] = {"starttls", "implicit"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rs_smtp_server server = server_of(listeners[i]);
		struct rs_smtp_result result = send_to(&server, "taken@example.test");

		assert_verdict(&result, RS_SMTP_TAKEN, 250);
		assert_string_equal(result.line, "250 kept");
		assert_string_equal(result.stage, "done");
		assert_non_null(result.tls_version);
		assert_int_equal(strncmp(result.tls_version, "TLS1.", 5), 0);
		assert_non_null(result.peer_sha256);
		assert_int_equal(strlen(result.peer_sha256), 7 + 64);
		assert_int_equal(seen_by(listeners[i], "RCPT TO:<taken@example.test>"), 1);
		assert_int_equal(seen_by(listeners[i], "\n..a line"), 1);
	}
}

/* The server's words decide: later, never, or for whoever set it up. */
static void replies(void **state)
{
	static const struct {
		const char *to;
		enum rs_smtp_verdict verdict;
		int reply;
		const char *stage;
	} rows[] = {
		{"code450@example.test", RS_SMTP_TEMPORARY, 450, "recipient"},
		{"code421@example.test", RS_SMTP_TEMPORARY, 421, "recipient"},
		{"code550@example.test", RS_SMTP_FINAL, 550, "recipient"},
		{"data451@example.test", RS_SMTP_TEMPORARY, 451, "data"},
		{"data554@example.test", RS_SMTP_FINAL, 554, "data"},
	};
	struct rs_smtp_server server = server_of("starttls");
	struct rs_smtp_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		result = send_to(&server, rows[i].to);
		assert_verdict(&result, rows[i].verdict, rows[i].reply);
		assert_string_equal(result.stage, rows[i].stage);
	}
	result = send_to(&server, "once450@example.test");
	assert_verdict(&result, RS_SMTP_TEMPORARY, 450);
	result = send_to(&server, "once450@example.test");
	assert_verdict(&result, RS_SMTP_TAKEN, 250);
}

/* A server that stays silent costs the time-out, not more. */
static void silence(void **state)
{
	struct rs_smtp_server server = server_of("starttls");

	(void)state;
	server.timeout_ms = 1000;
	for (int i = 0; i < 2; i++) {
		int64_t from = rs_clock_mono_ms();
		struct rs_smtp_result result =
			send_to(&server, i == 0 ? "hang@example.test" : "mute@example.test");

		assert_int_equal(result.verdict, RS_SMTP_TEMPORARY);
		assert_in_range(rs_clock_mono_ms() - from, 900, 3000);
	}
}

/* Without good TLS nothing is said that matters: no password, no recipient, no mail. */
static void no_good_tls(void **state)
{
	static const char *const listeners[] = {"plain", "wrong_ca", "expired", "wrong_host"};
	rs_auto_secret password = rs_secret_copy("s3cret-pass", 11);

	(void)state;
	for (size_t i = 0; i < sizeof(listeners) / sizeof(listeners[0]); i++) {
		struct rs_smtp_server server = server_of(listeners[i]);
		struct rs_smtp_result result;

		server.username = "reissued";
		server.password = password;
		result = send_to(&server, "victim@example.test");
		assert_int_equal(result.verdict, RS_SMTP_CONFIGURATION);
		rs_smtp_probe(&ctx, &server, &result);
		assert_int_equal(result.verdict, RS_SMTP_CONFIGURATION);
		assert_int_equal(seen_by(listeners[i], "AUTH"), 0);
		assert_int_equal(seen_by(listeners[i], "MAIL"), 0);
		assert_int_equal(seen_by(listeners[i], "RCPT"), 0);
		assert_true(seen_by(listeners[i], "EHLO") > 0);
	}
}

/* The anchors given stand in place of the system's: a connector without any does not know our CA.
 */
static void anchors(void **state)
{
	struct rs_smtp_server server = server_of("starttls");
	struct rs_smtp_result result;

	(void)state;
	server.ca_pem = NULL;
	result = send_to(&server, "nobody@example.test");
	assert_int_equal(result.verdict, RS_SMTP_CONFIGURATION);
	server.ca_pem = "no certificate at all\n";
	result = send_to(&server, "nobody@example.test");
	assert_int_equal(result.verdict, RS_SMTP_CONFIGURATION);
}

/* A refused sign-in is for whoever set it up, and nothing is sent. */
static void sign_in(void **state)
{
	rs_auto_secret wrong = rs_secret_copy("wrong", 5);
	rs_auto_secret right = NULL;
	const char *text = json_string_value(json_object_get(peer, "password"));
	struct rs_smtp_server server = server_of("auth");
	struct rs_smtp_result result;

	(void)state;
	right = rs_secret_copy(text, strlen(text));
	server.username = "reissued";
	server.password = wrong;
	result = send_to(&server, "nobody@example.test");
	assert_verdict(&result, RS_SMTP_CONFIGURATION, 535);
	assert_string_equal(result.stage, "auth");
	assert_int_equal(seen_by("auth", "nobody@example.test"), 0);
	server.password = right;
	result = send_to(&server, "somebody@example.test");
	assert_verdict(&result, RS_SMTP_TAKEN, 250);
	rs_smtp_probe(&ctx, &server, &result);
	assert_int_equal(result.verdict, RS_SMTP_TAKEN);
	server.username = NULL;
	result = send_to(&server, "nobody@example.test");
	assert_int_equal(result.verdict, RS_SMTP_CONFIGURATION);
}

/* A probe asks, says nothing on our own output, and leaves no mail. */
static void probe(void **state)
{
	struct rs_smtp_server server = server_of("implicit");
	struct rs_smtp_result result;

	(void)state;
	rs_smtp_probe(&ctx, &server, &result);
	assert_int_equal(result.verdict, RS_SMTP_TAKEN);
	assert_non_null(result.peer_sha256);
	assert_true(seen_by("implicit", "NOOP") > 0);
	server.port = 1;
	rs_smtp_probe(&ctx, &server, &result);
	assert_verdict(&result, RS_SMTP_TEMPORARY, 0);
}

/* What is no address, host, port or time-out never reaches a server (O37). */
static void refused_before(void **state)
{
	static const char *const bad[] = {"a@x>\r\nRCPT TO:<evil@y", "a@x>\nRCPT TO:<evil@y", "",
		"a", "@x.test", "a@", "a b@x.test", "a@x.test ", "a..b@x.test", ".a@x.test",
		"a.@x.test", "a@-x.test", "a@x..test", "a@x_y.test", "<a@x.test>",
		"a@x.test,b@y.test", "\"a b\"@x.test", "a@[127.0.0.1]", "\xc3\xa4@x.test",
		"a@\xc3\xa4.test"};
	struct rs_smtp_server server = server_of("starttls");
	struct rs_smtp_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(rs_smtp_address(bad[i]));
		result = send_to(&server, bad[i]);
		assert_verdict(&result, RS_SMTP_FINAL, 0);
	}
	assert_int_equal(seen_by("starttls", "evil"), 0);
	assert_true(rs_smtp_address("o'brien+tag=1@mail.example.test"));
	server.timeout_ms = 0;
	result = send_to(&server, "taken@example.test");
	assert_verdict(&result, RS_SMTP_CONFIGURATION, 0);
	server = server_of("starttls");
	server.host = "127.0.0.1:25/x";
	result = send_to(&server, "taken@example.test");
	assert_verdict(&result, RS_SMTP_CONFIGURATION, 0);
	server.host = "169.254.169.254";
	result = send_to(&server, "taken@example.test");
	assert_verdict(&result, RS_SMTP_CONFIGURATION, 0);
}

/* --- servers that never come to an end --- */

/* What a server says before TLS: one text a command, then the last one again and again. */
struct talk {
	const char *name, *said[4];
	int pause_ms; /* between octets of the last one; 0: as fast as it is taken */
	int most_ms;
};

static bool utter(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void go_on(int fd, const char *text, int pause_ms)
{
	char many[6000];
	size_t len = 0;

	while (len + strlen(text) < sizeof(many)) {
		memcpy(many + len, text, strlen(text));
		len += strlen(text);
	}
	for (size_t i = 0;; i = (i + 1) % len) {
		if (send(fd, pause_ms ? many + i : many, pause_ms ? 1 : len, MSG_NOSIGNAL) <= 0)
			return;
		usleep((useconds_t)pause_ms * 1000);
	}
}

struct talker {
	const struct talk *talk;
	int listener;
};

static void *talker(void *arg)
{
	const struct talker *t = arg;
	int fd = accept(t->listener, NULL, NULL);
	char command[1000];
	size_t i = 0;

	while (fd >= 0 && i < 3 && t->talk->said[i + 1] && utter(fd, t->talk->said[i]) &&
		recv(fd, command, sizeof(command), 0) > 0)
		i++;
	if (fd >= 0)
		go_on(fd, t->talk->said[i], t->talk->pause_ms);
	close(fd);
	return NULL;
}

/* It took no longer, and no more memory, than whoever waits for it can bear. */
static struct rs_smtp_result bounded(
	const char *name, const struct rs_smtp_server *server, const char *to, int most_ms)
{
	long before = forget_peak(), kib;
	int64_t begun = rs_clock_mono_ms(), ms;
	struct rs_smtp_result result = send_to(server, to);

	ms = rs_clock_mono_ms() - begun;
	kib = peak_kib() - before;
	print_message("    %-34s %5d ms %6ld KiB  %s\n", name, (int)ms, kib, result.detail);
	assert_int_equal(result.verdict, RS_SMTP_TEMPORARY);
	assert_in_range(ms, 0, most_ms);
	assert_true(kib < 8 << 10);
	return result;
}

#define HELLO	"220 mail.example.test ESMTP\r\n"
#define OFFERED "250-mail.example.test\r\n250 STARTTLS\r\n"

/* Before TLS: many words end the conversation, slow ones the time-out. */
static void words_without_end(void **state)
{
	static const struct talk talks[] = {
		{"a greeting by lines", {"220-\r\n"}, 0, 2000},
		{"a greeting in one line", {"220 " OFFERED "250 aaaaaaaaaaaaaaaaaaaa"}, 0, 2000},
		{"one line", {"220 aaaaaaaaaaaaaaaa"}, 0, 2000},
		{"no reply at all", {"hello hello hello\r\n"}, 0, 2000},
		{"a greeting by octets", {"220-mail.example.test\r\n"}, 100, 2000},
		{"an EHLO by lines", {HELLO, "250-and more\r\n"}, 0, 2000},
		{"an EHLO by octets", {HELLO, "250-and more\r\n"}, 100, 2000},
		{"a STARTTLS by lines", {HELLO, OFFERED, "220-go ahead\r\n"}, 0, 2000},
		{"a STARTTLS by octets", {HELLO, OFFERED, "220-go ahead\r\n"}, 100, 2000},
		{"a handshake by octets",
			{HELLO, OFFERED, "220 go\r\n", "\x16\x03\x03\x3f\x01\x02"}, 100, 2000},
	};
	struct rs_smtp_server server = server_of("starttls");

	(void)state;
	server.timeout_ms = 1000;
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		struct sockaddr_in at = {
			.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
		socklen_t len = sizeof(at);
		struct talker t = {&talks[i], socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
		pthread_t thread;

		assert_int_equal(bind(t.listener, (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(listen(t.listener, 1), 0);
		assert_int_equal(getsockname(t.listener, (struct sockaddr *)&at, &len), 0);
		assert_int_equal(pthread_create(&thread, NULL, talker, &t), 0);
		server.port = ntohs(at.sin_port);
		bounded(talks[i].name, &server, "nobody@example.test", talks[i].most_ms);
		pthread_join(thread, NULL);
		close(t.listener);
	}
}

/* Within TLS it is the same, also where the message has gone already. */
static void answers_without_end(void **state)
{
	static const char *const to[] = {"driprcpt@example.test", "floodrcpt@example.test",
		"dripdata@example.test", "flooddata@example.test"};
	static const char *const listeners[] = {"starttls", "implicit"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rs_smtp_server server = server_of(listeners[i]);

		server.timeout_ms = 1000;
		for (size_t k = 0; k < sizeof(to) / sizeof(to[0]); k++)
			bounded(to[k], &server, to[k], 2000);
	}
}

#define SLOW_NAME "slow.example.test"

/* The resolver of this program: one name takes long, as when no name server answers. */
int getaddrinfo(
	const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*system_one)(
		const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && strcmp(name, SLOW_NAME) == 0) {
		sleep(6);
		return EAI_AGAIN;
	}
	if (!system_one)
		*(void **)&system_one = dlsym(RTLD_NEXT, "getaddrinfo");
	return system_one(name, service, hints, out);
}

/* A name that is not found in time costs the time-out, not what the resolver takes. */
static void a_name_without_end(void **state)
{
	struct rs_smtp_server server = server_of("starttls");

	(void)state;
	server.host = SLOW_NAME;
	server.timeout_ms = 1000;
	bounded("a name", &server, "nobody@example.test", 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(replies),
		cmocka_unit_test(silence),
		cmocka_unit_test(no_good_tls),
		cmocka_unit_test(anchors),
		cmocka_unit_test(sign_in),
		cmocka_unit_test(probe),
		cmocka_unit_test(refused_before),
		cmocka_unit_test(words_without_end),
		cmocka_unit_test(answers_without_end),
		cmocka_unit_test(a_name_without_end),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
