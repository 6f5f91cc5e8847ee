#include "rs/dial.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESSES_MAX 8
#define LOOKUP_STACK  (256u << 10)

/* One question to the system's resolver; whoever lets go of it last frees it. */
struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int holders;
	bool done;
	char host[256], port[8];
	int result; /* EAI_* */
	struct addrinfo *list;
};

static void let_go(struct lookup *l)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --l->holders == 0;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	if (l->list)
		freeaddrinfo(l->list);
	pthread_cond_destroy(&l->ended);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void *look_up(void *cls)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct lookup *l = cls;
	struct addrinfo *list = NULL;
	int result = getaddrinfo(l->host, l->port, &hints, &list);

	pthread_mutex_lock(&l->lock);
	l->result = result;
	l->list = list;
	l->done = true;
	pthread_cond_signal(&l->ended);
	pthread_mutex_unlock(&l->lock);
	let_go(l);
	return NULL;
}

static struct lookup *lookup_start(const char *host, int port)
{
	struct lookup *l = calloc(1, sizeof(*l));
	pthread_condattr_t clock;
	pthread_attr_t attr;
	pthread_t thread;
	int failed;

	if (!l)
		abort();
	snprintf(l->host, sizeof(l->host), "%s", host);
	snprintf(l->port, sizeof(l->port), "%d", port);
	l->holders = 2;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ended, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, LOOKUP_STACK);
	failed = pthread_create(&thread, &attr, look_up, l);
	pthread_attr_destroy(&attr);
	if (failed) {
		l->result = EAI_AGAIN;
		l->done = true;
		l->holders = 1;
	}
	return l;
}

/* Whether the answer is there before until_ms; when not, the thread goes on without us. */
static bool lookup_wait(struct lookup *l, int64_t until_ms)
{
	const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
	bool done;

	pthread_mutex_lock(&l->lock);
	while (!l->done)
		if (pthread_cond_timedwait(&l->ended, &l->lock, &until) == ETIMEDOUT)
			break;
	done = l->done;
	pthread_mutex_unlock(&l->lock);
	return done;
}

/* Connects to one address; -1 with errno. */
static int connect_to(const struct addrinfo *a, int64_t until_ms)
{
	int64_t left;
	socklen_t len = sizeof(int);
	int on = 1, error = 0,
	    fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return -1;
	/* Requests are small and wait for their answers. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
		error = errno;
	while (!error) {
		left = until_ms - rs_clock_mono_ms();
		switch (poll(&wait, 1, left > 0 ? (int)left : 0)) {
		case 0:
			error = ETIMEDOUT;
			continue;
		case 1:
			if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
				return fd;
			continue;
		default:
			error = errno == EINTR ? 0 : errno;
		}
	}
	close(fd);
	errno = error;
	return -1;
}

/* The addresses that may be connected to. */
static int allowed(struct rs_ctx *ctx, const struct addrinfo *list, enum rs_address_use use,
	const struct addrinfo *out[ADDRESSES_MAX])
{
	int count = 0;

	for (const struct addrinfo *a = list; a && count < ADDRESSES_MAX; a = a->ai_next)
		if (rs_address_allowed(a->ai_addr, use, ctx->app->config->net_allow_addresses))
			out[count++] = a;
	return count;
}

static int connect_first(struct rs_ctx *ctx, const struct addrinfo *list, enum rs_address_use use,
	int64_t until_ms, const char **why)
{
	const struct addrinfo *addresses[ADDRESSES_MAX];
	int count = allowed(ctx, list, use, addresses);

	*why = "The address must not be connected to.";
	for (int i = 0; i < count; i++) {
		int64_t left = until_ms - rs_clock_mono_ms();
		int fd = connect_to(addresses[i], rs_clock_mono_ms() + left / (count - i));

		if (fd >= 0)
			return fd;
		*why = rs_arena_printf(ctx->arena, "No connection: %s.", strerrordesc_np(errno));
	}
	return -1;
}

int rs_dial(struct rs_ctx *ctx, const char *host, int port, enum rs_address_use use, int timeout_ms,
	const char **why)
{
	int left = rs_ctx_left_ms(ctx), fd = -1;
	int64_t until = rs_clock_mono_ms() + (left < timeout_ms ? left : timeout_ms);
	struct lookup *l = lookup_start(host, port);

	if (!lookup_wait(l, until))
		*why = "The name could not be looked up in time.";
	else if (l->result != 0)
		*why = rs_arena_printf(
			ctx->arena, "The name cannot be looked up: %s.", gai_strerror(l->result));
	else
		fd = connect_first(ctx, l->list, use, until, why);
	let_go(l);
	return fd;
}
