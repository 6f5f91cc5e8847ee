/*
 * caa_loop: the least a CAA check could cost here: libunbound's asynchronous calls and nothing else.
 *
 *	caa_loop CONFIG NAMES THREADS SECONDS
 *
 * CONFIG is the fragment that tests/peers/dns writes (trust anchors, stub zones), NAMES a file of
 * names, one a line. Each thread takes the next name, from the beginning again when they end, makes a
 * context, asks CAA of the name and of every name above it at once, waits for all answers and throws
 * the context away. A fresh context is no choice of ours: a check must rest on what the DNS says now
 * (resolver.h), and a kept one answers from its cache. Validation is the same, the options are those
 * of the service; no retry, no second reading of the messages, no verdict, no HTTP, no database.
 * Prints {"done", "failed", "seconds", "rate"}.
 */
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unbound.h>

#define NAMES_MAX   100000
#define THREADS_MAX 64
#define TYPE_CAA    257
#define CLASS_IN    1

static struct {
	json_t *dns;
	char *name[NAMES_MAX];
	size_t count;
	double until;
	atomic_size_t next, done, failed;
	pthread_mutex_t making; /* ub_ctx_create() has state of the process */
} run = {.making = PTHREAD_MUTEX_INITIALIZER};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "caa_loop: %s\n", what);
	exit(1);
}

static void must(int rc, const char *what)
{
	if (rc)
		die(what);
}

static struct ub_ctx *context_new(void)
{
	static const char *const OPTIONS[][2] = {{"outbound-msg-retry:", "5"},
		{"edns-buffer-size:", "1232"}, {"aggressive-nsec:", "no"},
		{"qname-minimisation:", "no"}, {"trust-anchor-signaling:", "no"},
		{"outgoing-range:", "64"}, {"do-not-query-localhost:", "no"}};
	struct ub_ctx *ub;
	json_t *item, *server;
	size_t i, n;

	pthread_mutex_lock(&run.making);
	ub = ub_ctx_create();
	pthread_mutex_unlock(&run.making);
	if (!ub)
		die("no context");
	for (i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++)
		must(ub_ctx_set_option(ub, OPTIONS[i][0], OPTIONS[i][1]), OPTIONS[i][0]);
	must(ub_ctx_debugout(ub, NULL), "debugout");
	must(ub_ctx_async(ub, 1), "async");
	json_array_foreach(json_object_get(run.dns, "stub_zones"), i, item)
		json_array_foreach(json_object_get(item, "servers"), n, server)
			must(ub_ctx_set_stub(ub, json_string_value(json_object_get(item, "zone")),
				     json_string_value(server), 0),
				"stub");
	json_array_foreach(json_object_get(run.dns, "trust_anchors"), i, item)
		must(ub_ctx_add_ta(ub, json_string_value(item)), "anchor");
	return ub;
}

/* What is still to come of one check, and whether all of it is well. */
struct check {
	int open;
	bool bad;
};

static void on_result(void *cls, int err, struct ub_result *result)
{
	struct check *check = cls;

	check->open--;
	check->bad = check->bad || err || !result || result->bogus || !result->secure;
	ub_resolve_free(result);
}

static bool check_name(const char *name)
{
	struct ub_ctx *ub = context_new();
	struct check check = {0};

	for (const char *at = name; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
		check.open++;
		must(ub_resolve_async(ub, at, TYPE_CAA, CLASS_IN, &check, on_result, NULL),
			"resolve");
	}
	while (check.open > 0) {
		struct pollfd fd = {.fd = ub_fd(ub), .events = POLLIN};

		if (poll(&fd, 1, 5000) <= 0 || ub_process(ub) != 0)
			die("no answer");
	}
	ub_ctx_delete(ub);
	return !check.bad;
}

static void *work(void *arg)
{
	(void)arg;
	while (now() < run.until) {
		const char *name = run.name[atomic_fetch_add(&run.next, 1) % run.count];

		if (check_name(name))
			atomic_fetch_add(&run.done, 1);
		else
			atomic_fetch_add(&run.failed, 1);
	}
	return NULL;
}

static void read_names(const char *path)
{
	char line[300];
	FILE *file = fopen(path, "re");

	if (!file)
		die(path);
	while (run.count < NAMES_MAX && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		run.name[run.count++] = strdup(line);
	}
	fclose(file);
	if (run.count == 0)
		die("no names");
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	json_t *config = argc == 5 ? json_load_file(argv[1], 0, NULL) : NULL;
	int threads = argc == 5 ? atoi(argv[3]) : 0;
	double begun;

	if (!config || threads < 1 || threads > THREADS_MAX)
		die("caa_loop CONFIG NAMES THREADS SECONDS");
	run.dns = json_object_get(config, "dns");
	read_names(argv[2]);
	begun = now();
	run.until = begun + atof(argv[4]);
	for (int i = 0; i < threads; i++)
		must(pthread_create(&thread[i], NULL, work, NULL), "thread");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("{\"done\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"rate\": %.2f}\n",
		atomic_load(&run.done), atomic_load(&run.failed), now() - begun,
		(double)atomic_load(&run.done) / (now() - begun));
	json_decref(config);
	return 0;
}
