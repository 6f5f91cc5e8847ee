/*
 * The HTTP server: Ulfius on libmicrohttpd with a thread for each connection, behind the fences
 * that keep what those two do on their own away from clients (see server.c).
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include "rs/app.h"

#include <stdbool.h>

struct rs_server;

/* Where to listen and what is served there: everything, or the metrics alone. */
struct rs_endpoint {
	const char *address; /* IPv4 or IPv6 */
	int port;
	bool metrics;
};

/*
 * Listens and serves; NULL when it cannot, with why on the log. app must outlive the server.
 */
struct rs_server *rs_server_start(struct rs_app *app, const struct rs_endpoint *endpoint);
/*
 * Stops: takes no new connections, answers what is in flight (server.drain_s at most), then closes.
 */
void rs_server_stop(struct rs_server *server);

#endif
