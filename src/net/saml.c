/* Starts reissued-saml, gives it one order and takes its answer. */
#include "rs/saml.h"

#include "rs/app.h"
#include "rs/config.h"
#include "rs/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (1u << 20)
#define PROGRAM	   "reissued-saml"

/* One run: the child at the other end of a socket, until a moment. */
struct run {
	pid_t pid;
	int fd;
	int64_t until_ms; /* CLOCK_MONOTONIC */
	char *answer;	  /* arena, ANSWER_MAX bytes */
	size_t len;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As configured; else beside the service, as it was built, or where it is installed. */
static const char *find_program(struct rs_ctx *ctx)
{
	static const char *const PLACES[] = {PROGRAM, "../libexec/reissued/" PROGRAM};
	const char *configured = ctx->app->config->saml_program;
	char self[4096];
	if (*configured)
		return configured;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		const char *path = rs_arena_printf(ctx->arena, "%s%s", self, PLACES[i]);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* Nothing of ours goes along: no environment, no descriptor but the socket, no signal mask. */
static int spawn(const char *program, int fd, pid_t *pid)
{
	char *const arguments[] = {(char *)(uintptr_t)PROGRAM, NULL};
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int failed = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* Waits until the socket can do something; false at the end of the time. */
static bool ready(const struct run *run, short events)
{
	struct pollfd p = {.fd = run->fd, .events = events};
	int n;
	do {
		int64_t left = run->until_ms - monotonic_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool send_all(struct run *run, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		if (!ready(run, POLLOUT))
			return false;
		ssize_t n = send(run->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool receive_all(struct run *run)
{
	for (;;) {
		if (run->len == ANSWER_MAX || !ready(run, POLLIN))
			return false;
		ssize_t n =
			recv(run->fd, run->answer + run->len, ANSWER_MAX - run->len, MSG_DONTWAIT);
		if (n == 0)
			return true;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0)
			run->len += (size_t)n;
	}
}

/* Order, then a NUL and the key: the key is in no text that JSON makes. */
static bool talk(struct run *run, const char *order, struct rs_secret *key)
{
	bool sent = send_all(run, order, strlen(order)) && send_all(run, "", 1);
	if (sent && key)
		sent = send_all(run, rs_secret_data(key), rs_secret_len(key));
	if (sent)
		shutdown(run->fd, SHUT_WR);
	/* One that stops reading has said why, perhaps. */
	return receive_all(run);
}

/* Whether it ended by itself and well; one that did not end is killed. */
static bool ended_well(struct run *run, bool talked)
{
	int status = 0;
	pid_t pid;
	if (!talked)
		kill(run->pid, SIGKILL);
	do
		pid = waitpid(run->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	return talked && pid == run->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum rs_code fail(struct rs_ctx *ctx, const char *cause)
{
	enum rs_code rc = rs_fail(ctx, RS_IDP_UNAVAILABLE,
		"The identity provider's messages cannot be read now. Try again later.");
	rs_err_cause(ctx, PROGRAM ": %s", cause);
	return rc;
}

static enum rs_code run_program(
	struct rs_ctx *ctx, struct run *run, const char *order, struct rs_secret *key)
{
	const char *program = find_program(ctx);
	int pair[2];
	if (!program)
		return fail(ctx, "there is no such executable");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fail(ctx, strerror(errno));
	int failed = spawn(program, pair[1], &run->pid);
	close(pair[1]);
	run->fd = pair[0];
	bool good = failed == 0 && ended_well(run, talk(run, order, key));
	close(pair[0]);
	if (failed)
		return fail(ctx, strerror(failed));
	return good ? RS_OK : fail(ctx, "it crashed, took too long or said too much");
}

enum rs_code rs_saml_ask(
	struct rs_ctx *ctx, const json_t *order, struct rs_secret *key, json_t **answer)
{
	rs_auto_cpu slot = NULL;
	struct run run = {.answer = rs_arena_alloc(ctx->arena, ANSWER_MAX)};
	int left = rs_ctx_left_ms(ctx);
	char *text = json_dumps(order, JSON_COMPACT);
	*answer = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);
	if (rc == RS_OK) {
		run.until_ms =
			monotonic_ms() + (left < RS_SAML_TIMEOUT_MS ? left : RS_SAML_TIMEOUT_MS);
		rc = run_program(ctx, &run, text ? text : "", key);
	}
	free(text);
	if (rc != RS_OK)
		return rc;
	rc = rs_json_parse(ctx, run.answer, run.len, answer);
	if (rc != RS_OK || !json_is_boolean(json_object_get(*answer, "ok")))
		return fail(ctx, "its answer is no verdict");
	return RS_OK;
}
