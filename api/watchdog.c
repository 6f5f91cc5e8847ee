#include "http.h"

#include "rs/clock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>

#define LOOK_EVERY_NS 250000000L
/* An answer that is not taken for so long is given up. */
#define WRITE_DEADLINE_MS 120000

/* How long before libmicrohttpd's own timeout, which ends a connection without a word. */
#define BEFORE_IDLE_MS 750

/* Milliseconds since the last byte came; 0 when unknown. */
static int64_t silent_ms(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return info.tcpi_last_data_recv;
}

/*
 * Whether a request takes too long to arrive: all in all, which libmicrohttpd does not watch since
 * its timeout starts again with every byte, or silent in the middle, where it would just close.
 */
static bool too_slow(struct rs_connection *c, int64_t age, const struct rs_config *config)
{
	int64_t idle = config->server_idle_timeout_s * 1000 - BEFORE_IDLE_MS;
	if (age > config->server_read_deadline_s * 1000)
		return true;
	return atomic_load(&c->begun) && age > idle && silent_ms(c->fd) > idle;
}

static void look_at(struct rs_connection *c, int64_t now, const struct rs_config *config)
{
	int64_t age = now - atomic_load_explicit(&c->since_ms, memory_order_relaxed);
	switch (atomic_load_explicit(&c->phase, memory_order_acquire)) {
	case RS_PHASE_READING:
		if (too_slow(c, age, config)) {
			rs_connection_refuse(c->fd, RS_REQUEST_TIMEOUT, 0);
			rs_connection_phase(c, RS_PHASE_HANDLING); /* once is enough */
		}
		break;
	case RS_PHASE_WRITING:
		if (age > WRITE_DEADLINE_MS)
			shutdown(c->fd, SHUT_RDWR);
		break;
	default:
		break;
	}
}

void *rs_watchdog_run(void *arg)
{
	struct rs_server *server = arg;
	const struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
	pthread_setname_np(pthread_self(), "watchdog");
	while (!atomic_load(&server->ending)) {
		int64_t now = rs_clock_mono_ms();
		pthread_mutex_lock(&server->connections.mutex);
		for (struct rs_connection *c = server->connections.first; c; c = c->next)
			look_at(c, now, server->app->config);
		pthread_mutex_unlock(&server->connections.mutex);
		nanosleep(&pause, NULL);
	}
	return NULL;
}
