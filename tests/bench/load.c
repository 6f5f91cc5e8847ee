/*
 * load: a bounded HTTP/1.1 load generator for the benches.
 *
 *	load --port N --clients C --file CHAINS [--seconds S] [--token T]
 *
 * Each line of CHAINS is one piece of work: one or more requests separated by TAB, each
 * "METHOD PATH [BODY]". In the later ones {id} stands for the "id" of the first answer. C threads,
 * one keep-alive connection each, take the lines in order, each line once, until the file or the
 * seconds are over; with --loop the file begins again. Prints one JSON object: done, failed,
 * seconds, rate (lines a second), p50_ms and p99_ms of a line's last request.
 *
 * Blocking sockets and threads, not an event loop: the load must be simple enough to be trusted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 256
#define BUFFER (512u << 10)

struct work {
	int port, clients;
	double seconds;
	const char *token;
	bool loop;
	char **lines;
	size_t count;
	atomic_size_t next;
	atomic_bool stop;
};

struct client {
	struct work *work;
	pthread_t thread;
	int fd;
	char *buffer;
	size_t done, failed, samples, room;
	double *latency;
	char first_failure[512];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int dial(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static bool send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		data += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* Reads one answer with Content-Length; its status, or -1; *body is inside client->buffer. */
static int read_answer(struct client *client, char **body)
{
	size_t have = 0, head, length;
	char *end, *field;

	for (;;) {
		ssize_t got = recv(client->fd, client->buffer + have, BUFFER - 1 - have, 0);

		if (got <= 0)
			return -1;
		have += (size_t)got;
		client->buffer[have] = '\0';
		end = strstr(client->buffer, "\r\n\r\n");
		if (end)
			break;
	}
	head = (size_t)(end - client->buffer) + 4;
	field = strcasestr(client->buffer, "\r\ncontent-length:");
	length = field ? strtoul(field + 17, NULL, 10) : 0;
	while (have < head + length) {
		ssize_t got = recv(client->fd, client->buffer + have, BUFFER - 1 - have, 0);

		if (got <= 0)
			return -1;
		have += (size_t)got;
	}
	client->buffer[have] = '\0';
	*body = client->buffer + head;
	return atoi(client->buffer + 9);
}

/* "METHOD PATH [BODY]" with {id} replaced, sent; the status of the answer. */
static int one_request(struct client *client, const char *text, size_t len, const char *id,
	char **answer)
{
	static const char HEAD[] = "%.*s %.*s%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				   "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
				   "Content-Length: %zu\r\n\r\n";
	const char *space = memchr(text, ' ', len), *path, *path_end, *body, *hole;
	char head[2048];
	size_t body_len;
	int head_len;

	if (!space)
		return -1;
	path = space + 1;
	path_end = memchr(path, ' ', len - (size_t)(path - text));
	body = path_end ? path_end + 1 : text + len;
	if (!path_end)
		path_end = text + len;
	body_len = (size_t)(text + len - body);
	hole = memmem(path, (size_t)(path_end - path), "{id}", 4);
	if (!hole)
		hole = path_end;
	head_len = snprintf(head, sizeof(head), HEAD, (int)(space - text), text, (int)(hole - path),
		path, hole < path_end ? id : "", "", client->work->token, body_len);
	if (hole < path_end) {
		char rest[512];

		snprintf(rest, sizeof(rest), "%.*s", (int)(path_end - hole - 4), hole + 4);
		head_len = snprintf(head, sizeof(head), HEAD, (int)(space - text), text,
			(int)(hole - path), path, id, rest, client->work->token, body_len);
	}
	if (!send_all(client->fd, head, (size_t)head_len) || !send_all(client->fd, body, body_len))
		return -1;
	return read_answer(client, answer);
}

static void note_latency(struct client *client, double seconds)
{
	if (client->samples == client->room) {
		client->room = client->room ? client->room * 2 : 4096;
		client->latency = realloc(client->latency, client->room * sizeof(double));
		if (!client->latency)
			die("memory");
	}
	client->latency[client->samples++] = seconds;
}

static void one_line(struct client *client, const char *line)
{
	char id[64] = "", *answer = NULL, *found;
	double begun = 0;
	int status = -1;

	while (*line) {
		size_t len = strcspn(line, "\t");

		begun = now();
		status = one_request(client, line, len, id, &answer);
		if (status < 200 || status > 299)
			break;
		if (!*id && (found = strstr(answer, "\"id\":")) != NULL) {
			found += strspn(found + 5, " \"") + 5;
			snprintf(id, sizeof(id), "%.36s", found);
		}
		line += len + (line[len] == '\t');
	}
	if (status >= 200 && status <= 299) {
		client->done++;
		note_latency(client, now() - begun);
		return;
	}
	if (!client->failed++)
		snprintf(client->first_failure, sizeof(client->first_failure), "%d %.400s", status,
			status < 0 ? "no answer" : answer);
	if (status < 0) {
		close(client->fd);
		client->fd = dial(client->work->port);
	}
}

static void *run(void *arg)
{
	struct client *client = arg;
	struct work *work = client->work;

	while (!atomic_load(&work->stop)) {
		size_t i = atomic_fetch_add(&work->next, 1);

		if (i >= work->count && !work->loop)
			break;
		one_line(client, work->lines[i % work->count]);
	}
	close(client->fd);
	return NULL;
}

static void read_lines(struct work *work, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, size = 0;
	ssize_t len;

	if (!file)
		die(path);
	while ((len = getline(&line, &size, file)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (work->count == room) {
			room = room ? room * 2 : 1024;
			work->lines = realloc(work->lines, room * sizeof(char *));
		}
		work->lines[work->count++] = strdup(line);
	}
	free(line);
	fclose(file);
	if (!work->count)
		die("no line in the file");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(const struct work *work, struct client *clients, double seconds)
{
	size_t done = 0, failed = 0, samples = 0;
	const char *failure = NULL;
	double *all;

	for (int i = 0; i < work->clients; i++) {
		done += clients[i].done;
		failed += clients[i].failed;
		if (clients[i].failed && !failure)
			failure = clients[i].first_failure;
	}
	all = malloc((done + 1) * sizeof(double));
	for (int i = 0; i < work->clients; i++)
		for (size_t n = 0; n < clients[i].samples; n++)
			all[samples++] = clients[i].latency[n];
	qsort(all, samples, sizeof(double), compare);
	printf("{\"done\": %zu, \"failed\": %zu, \"seconds\": %.4f, \"rate\": %.2f, \"p50_ms\": %.3f, "
	       "\"p99_ms\": %.3f}\n",
		done, failed, seconds, (double)done / seconds,
		samples ? all[samples / 2] * 1e3 : 0.0, samples ? all[samples * 99 / 100] * 1e3 : 0.0);
	if (failure)
		fprintf(stderr, "load: first failure: %s\n", failure);
	free(all);
}

static void options(struct work *work, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--loop") == 0) {
			work->loop = true;
			continue;
		}
		i++;
		if (strcmp(argv[i - 1], "--port") == 0)
			work->port = atoi(value);
		else if (strcmp(argv[i - 1], "--clients") == 0)
			work->clients = atoi(value);
		else if (strcmp(argv[i - 1], "--seconds") == 0)
			work->seconds = atof(value);
		else if (strcmp(argv[i - 1], "--token") == 0)
			work->token = value;
		else if (strcmp(argv[i - 1], "--file") == 0)
			read_lines(work, value);
		else
			die(argv[i - 1]);
	}
	if (!work->port || !work->count || work->clients < 1 || work->clients > CLIENTS_MAX)
		die("--port, --file and --clients (1 to 256) are needed");
}

int main(int argc, char **argv)
{
	struct work work = {.clients = 16, .seconds = 30, .token = "none"};
	static struct client clients[CLIENTS_MAX];
	double begun;

	options(&work, argc, argv);
	for (int i = 0; i < work.clients; i++) {
		clients[i] = (struct client){.work = &work, .buffer = malloc(BUFFER), .fd = dial(work.port)};
		if (!clients[i].buffer)
			die("memory");
	}
	begun = now();
	for (int i = 0; i < work.clients; i++)
		if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0)
			die("thread");
	while (now() - begun < work.seconds && (work.loop || atomic_load(&work.next) < work.count))
		usleep(2000);
	if (now() - begun >= work.seconds)
		atomic_store(&work.stop, true);
	for (int i = 0; i < work.clients; i++)
		pthread_join(clients[i].thread, NULL);
	report(&work, clients, now() - begun);
	return 0;
}
