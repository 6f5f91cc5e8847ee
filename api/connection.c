#include "http.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/metrics.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE 1024

struct rs_address_count {
	struct rs_address_count *next;
	struct rs_address address;
	int count;
};

/* --- addresses --- */

static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void rs_address_of(const struct sockaddr *address, struct rs_address *out)
{
	memset(out, 0, sizeof(*out));
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
		memcpy(out->bytes, &in6->sin6_addr, 16);
	} else if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
		memcpy(out->bytes, MAPPED, 12);
		memcpy(out->bytes + 12, &in->sin_addr, 4);
	}
}

/* Who is counted together: an IPv4 address, or the /64 of an IPv6 one, since that is what one gets. */
static struct rs_address group_of(const struct rs_address *address)
{
	struct rs_address group = *address;
	if (memcmp(address->bytes, MAPPED, 12) != 0)
		memset(group.bytes + 8, 0, 8);
	return group;
}

void rs_address_text(const struct rs_address *address, char out[46])
{
	bool v4 = memcmp(address->bytes, MAPPED, 12) == 0;
	const void *bytes = v4 ? address->bytes + 12 : address->bytes;
	if (!inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, 46))
		out[0] = '\0';
}

bool rs_address_parse(const char *text, struct rs_address *out)
{
	memcpy(out->bytes, MAPPED, 12);
	if (inet_pton(AF_INET, text, out->bytes + 12) == 1)
		return true;
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static bool address_in_network(const struct rs_address *address, const char *network)
{
	char text[64];
	struct rs_address base;
	size_t len = strcspn(network, "/");
	if (len >= sizeof(text))
		return false;
	memcpy(text, network, len);
	text[len] = '\0';
	if (!rs_address_parse(text, &base))
		return false;
	int bits = 128;
	if (network[len] == '/')
		bits = (int)strtol(network + len + 1, NULL, 10) + (strchr(text, ':') ? 0 : 96);
	int bytes = bits / 8, rest = bits % 8;
	if (memcmp(address->bytes, base.bytes, (size_t)bytes) != 0)
		return false;
	unsigned mask = 0xff00u >> rest & 0xff;
	return rest == 0 || ((address->bytes[bytes] ^ base.bytes[bytes]) & mask) == 0;
}

bool rs_address_in(const struct rs_address *address, const json_t *networks)
{
	size_t i;
	json_t *network;
	json_array_foreach((json_t *)networks, i, network)
		if (address_in_network(address, json_string_value(network)))
			return true;
	return false;
}

/* --- the list --- */

bool rs_connections_init(struct rs_connections *all)
{
	pthread_mutex_init(&all->mutex, NULL);
	all->table = calloc(TABLE_SIZE, sizeof(struct rs_address_count *));
	return all->table != NULL;
}

void rs_connections_clear(struct rs_connections *all)
{
	for (size_t i = 0; all->table && i < TABLE_SIZE; i++) {
		while (all->table[i]) {
			struct rs_address_count *entry = all->table[i];
			all->table[i] = entry->next;
			free(entry);
		}
	}
	free(all->table);
	pthread_mutex_destroy(&all->mutex);
}

static struct rs_address_count **count_of(struct rs_connections *all,
	const struct rs_address *group)
{
	unsigned hash = 2166136261u;
	for (int i = 0; i < 16; i++)
		hash = (hash ^ group->bytes[i]) * 16777619u;
	struct rs_address_count **at = &all->table[hash % TABLE_SIZE];
	while (*at && memcmp(&(*at)->address, group, sizeof(*group)) != 0)
		at = &(*at)->next;
	return at;
}

/* Counts one more connection of an address; false when it has too many. The lock is held. */
static bool count_up(struct rs_connections *all, const struct rs_address *address, int64_t most)
{
	struct rs_address group = group_of(address);
	struct rs_address_count **at = count_of(all, &group);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return false;
		(*at)->address = group;
	}
	if ((*at)->count >= most)
		return false;
	(*at)->count++;
	return true;
}

static void count_down(struct rs_connections *all, const struct rs_address *address)
{
	struct rs_address group = group_of(address);
	struct rs_address_count **at = count_of(all, &group), *entry = *at;
	if (!entry || --entry->count > 0)
		return;
	*at = entry->next;
	free(entry);
}

void rs_connection_refuse(int fd, enum rs_code code, int retry_after)
{
	char body[500], head[1200];
	const char *slug = rs_code_slug(code), *title = rs_code_title(code);
	struct rs_id id = rs_id_new(rs_clock_system_us());
	int status = rs_code_status(code);
	int len = snprintf(body, sizeof(body),
		"{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s.\","
		"\"instance\":\"/\",\"code\":\"%s\",\"request_id\":\"%s\"}",
		slug, title, status, title, slug, id.s);
	int n = snprintf(head, sizeof(head),
		"HTTP/1.1 %d Refused\r\nContent-Type: application/problem+json\r\n"
		"Content-Length: %d\r\nConnection: close\r\nCache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
		"X-Request-Id: %s\r\n",
		status, len, id.s);
	if (retry_after)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "Retry-After: %d\r\n", retry_after);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n%s", body);
	/* Best effort: a peer that does not read gets nothing. */
	ssize_t sent = send(fd, head, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent;
	shutdown(fd, SHUT_RDWR);
	rs_metric_add(RS_M_HTTP_REFUSED, RS_LABELS(slug), 1);
}

struct rs_connection *rs_connection_open(struct rs_server *server, int fd,
	const struct sockaddr *address, struct MHD_Connection *mhd)
{
	struct rs_connections *all = &server->connections;
	const struct rs_config *config = server->app->config;
	struct rs_connection *c = calloc(1, sizeof(*c));
	if (!c) {
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	c->server = server;
	c->mhd = mhd;
	c->fd = fd;
	rs_address_of(address, &c->peer);
	rs_connection_phase(c, RS_PHASE_READING);
	bool trusted = rs_address_in(&c->peer, config->server_trusted_proxies);
	pthread_mutex_lock(&all->mutex);
	c->counted = !trusted && count_up(all, &c->peer, config->server_per_address_connections);
	c->next = all->first;
	if (c->next)
		c->next->prev = c;
	all->first = c;
	all->count++;
	pthread_mutex_unlock(&all->mutex);
	rs_metric_add(RS_M_HTTP_CONNECTIONS, (struct rs_labels){{0}}, 1);
	if (!c->counted && !trusted)
		rs_connection_refuse(fd, RS_OVERLOADED, 10);
	return c;
}

void rs_connection_close(struct rs_connection *c)
{
	struct rs_connections *all = &c->server->connections;
	pthread_mutex_lock(&all->mutex);
	if (c->counted)
		count_down(all, &c->peer);
	if (c->prev)
		c->prev->next = c->next;
	else
		all->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	all->count--;
	pthread_mutex_unlock(&all->mutex);
	rs_metric_add(RS_M_HTTP_CONNECTIONS, (struct rs_labels){{0}}, -1);
	free(c);
}

void rs_connection_phase(struct rs_connection *c, enum rs_phase phase)
{
	atomic_store_explicit(&c->since_ms, rs_clock_mono_ms(), memory_order_relaxed);
	atomic_store_explicit(&c->phase, (int)phase, memory_order_release);
}
