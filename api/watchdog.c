#include "http.h"

#include "rs/clock.h"

#include <time.h>

#define LOOK_EVERY_NS 250000000L
/* An answer that is not taken for so long is given up. */
#define WRITE_DEADLINE_MS 120000

/* What libmicrohttpd has no deadline for: its timeout starts again with every byte. */
static void look_at(struct rs_connection *c, int64_t now, int64_t read_deadline_ms)
{
	int64_t age = now - atomic_load_explicit(&c->since_ms, memory_order_relaxed);
	switch (atomic_load_explicit(&c->phase, memory_order_acquire)) {
	case RS_PHASE_READING:
		if (age > read_deadline_ms) {
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
	int64_t read_ms = server->app->config->server_read_deadline_s * 1000;
	while (!atomic_load(&server->ending)) {
		int64_t now = rs_clock_mono_ms();
		pthread_mutex_lock(&server->connections.mutex);
		for (struct rs_connection *c = server->connections.first; c; c = c->next)
			look_at(c, now, read_ms);
		pthread_mutex_unlock(&server->connections.mutex);
		nanosleep(&pause, NULL);
	}
	return NULL;
}
