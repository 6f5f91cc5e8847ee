#include "rs/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RING_SIZE (1u << 20)
#define LINE_MAX_BYTES 4096
#define VALUE_MAX_BYTES 1024
/* The writer naps so long after it woke, to write many lines at once. */
#define NAP_NS 20000000L
#define FLUSH_S 2

/* The log is one a process, like the stderr it writes to: it is needed before an app exists. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t writer;
	char *ring;
	size_t head; /* bytes ever put in */
	size_t tail; /* bytes ever taken out */
	int fd;
	bool running;
	bool urgent; /* an error waits: no nap */
	bool stop;
	_Atomic int level;
	_Atomic int64_t dropped;
	int64_t told; /* of dropped, what a line has told */
} the_log = {.mutex = PTHREAD_MUTEX_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
	.fd = STDERR_FILENO,
	.level = RS_LOG_INFO};

static const char *const FIELD_NAMES[] = {
	NULL,
#define RS_LOG_FIELD(name, text) text,
	RS_LOG_FIELDS(RS_LOG_FIELD)
#undef RS_LOG_FIELD
};

static const char *const LEVEL_NAMES[] = {"debug", "info", "warn", "error"};

/* --- one line --- */

struct line {
	char *at;
	char *end;
	bool full;
};

static void put(struct line *l, const char *text, size_t len)
{
	if ((size_t)(l->end - l->at) < len) {
		l->full = true;
		return;
	}
	memcpy(l->at, text, len);
	l->at += len;
}

static void put_text(struct line *l, const char *text)
{
	put(l, text, strlen(text));
}

/* Length of the UTF-8 sequence at s, 0 when it is none (RFC 3629). */
static size_t utf8_sequence(const unsigned char *s)
{
	/* lead bytes, length, and the least and greatest second byte */
	static const unsigned char FORMS[][5] = {{0x00, 0x7f, 1, 0, 0xff}, {0xc2, 0xdf, 2, 0x80, 0xbf},
		{0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f},
		{0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
		{0xf4, 0xf4, 4, 0x80, 0x8f}};
	for (size_t f = 0; f < sizeof(FORMS) / sizeof(FORMS[0]); f++) {
		const unsigned char *form = FORMS[f];
		if (s[0] < form[0] || s[0] > form[1])
			continue;
		if (form[2] > 1 && (s[1] < form[3] || s[1] > form[4]))
			return 0;
		for (size_t i = 2; i < form[2]; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		return form[2];
	}
	return 0;
}

/* One character of a JSON string; *s moves on. */
static void put_character(struct line *l, const unsigned char **s)
{
	const unsigned char c = **s;
	char escape[8];
	size_t len = utf8_sequence(*s);
	if (len == 0) {
		put_text(l, "\\ufffd");
		*s += 1;
		return;
	}
	if (c == '"' || c == '\\') {
		snprintf(escape, sizeof(escape), "\\%c", c);
		put_text(l, escape);
	} else if (c < 0x20 || c == 0x7f) {
		snprintf(escape, sizeof(escape), "\\u%04x", c);
		put_text(l, escape);
	} else {
		put(l, (const char *)*s, len);
	}
	*s += len;
}

static void put_string(struct line *l, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	put_text(l, "\"");
	while (*s && (const char *)s - text < VALUE_MAX_BYTES)
		put_character(l, &s);
	put_text(l, *s ? "...\"" : "\"");
}

/* A member; what does not fit is left out whole, so that the line stays JSON. */
static void put_member(struct line *l, const char *name, const char *text, int64_t number)
{
	struct line before = *l;
	char digits[24];
	put_text(l, l->at[-1] == '{' ? "\"" : ",\"");
	put_text(l, name);
	put_text(l, "\":");
	if (text) {
		put_string(l, text);
	} else {
		snprintf(digits, sizeof(digits), "%lld", (long long)number);
		put_text(l, digits);
	}
	if (l->full)
		*l = before;
}

static void put_time(struct line *l)
{
	struct timespec now;
	struct tm tm;
	char text[40];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03ldZ", now.tv_nsec / 1000000);
	put_member(l, "time", text, 0);
}

static void put_actor(struct line *l, const struct rs_ctx *ctx)
{
	if (!ctx)
		return;
	if (ctx->request_id[0])
		put_member(l, "request_id", ctx->request_id, 0);
	if (ctx->actor.id.s[0])
		put_member(l, "actor", ctx->actor.id.s, 0);
	if (ctx->actor.enterprise.s[0])
		put_member(l, "enterprise", ctx->actor.enterprise.s, 0);
}

size_t rs_log_format(char *out, size_t size, const struct rs_ctx *ctx, enum rs_log_level level,
	const char *event, const char *file, int line, const struct rs_log_field *fields)
{
	struct line l = {.at = out, .end = out + size - 2};
	char where[160];
	put_text(&l, "{");
	put_time(&l);
	put_member(&l, "level", LEVEL_NAMES[level], 0);
	put_member(&l, "event", event, 0);
	put_actor(&l, ctx);
	snprintf(where, sizeof(where), "%s:%d", file, line);
	put_member(&l, "at", where, 0);
	for (; fields->name != RS_LOG_FIELD_END; fields++)
		put_member(&l, FIELD_NAMES[fields->name], fields->text, fields->number);
	*l.at++ = '}';
	*l.at++ = '\n';
	return (size_t)(l.at - out);
}

/* --- the ring --- */

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static bool ring_put(const char *line, size_t len)
{
	if (RING_SIZE - (the_log.head - the_log.tail) < len)
		return false;
	size_t at = the_log.head % RING_SIZE;
	size_t first = len < RING_SIZE - at ? len : RING_SIZE - at;
	memcpy(the_log.ring + at, line, first);
	memcpy(the_log.ring, line + first, len - first);
	the_log.head += len;
	return true;
}

/* Says how many lines were lost, once there is room again. The lock is held. */
static void tell_dropped(void)
{
	int64_t dropped = atomic_load(&the_log.dropped);
	char line[512];
	if (dropped == the_log.told)
		return;
	const struct rs_log_field fields[] = {
		rs_log_int(COUNT, dropped - the_log.told), {RS_LOG_FIELD_END, NULL, 0}};
	size_t len = rs_log_format(line, sizeof(line), NULL, RS_LOG_WARN, "log.dropped", __FILE__,
		__LINE__, fields);
	if (ring_put(line, len))
		the_log.told = dropped;
}

static void *writer_run(void *unused)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	(void)unused;
	pthread_setname_np(pthread_self(), "log");
	pthread_mutex_lock(&the_log.mutex);
	for (;;) {
		while (the_log.head == the_log.tail && !the_log.stop)
			pthread_cond_wait(&the_log.wake, &the_log.mutex);
		if (the_log.head == the_log.tail)
			break;
		if (!the_log.urgent && !the_log.stop) {
			pthread_mutex_unlock(&the_log.mutex);
			nanosleep(&nap, NULL);
			pthread_mutex_lock(&the_log.mutex);
		}
		the_log.urgent = false;
		size_t at = the_log.tail % RING_SIZE;
		size_t len = the_log.head - the_log.tail;
		if (len > RING_SIZE - at)
			len = RING_SIZE - at;
		pthread_mutex_unlock(&the_log.mutex);
		/* Producers never touch what lies between tail and head. */
		write_all(the_log.fd, the_log.ring + at, len);
		pthread_mutex_lock(&the_log.mutex);
		the_log.tail += len;
		tell_dropped();
	}
	pthread_mutex_unlock(&the_log.mutex);
	return NULL;
}

void rs_log_at(const struct rs_ctx *ctx, enum rs_log_level level, const char *event,
	const char *file, int line, const struct rs_log_field *fields)
{
	char text[LINE_MAX_BYTES];
	if ((int)level < atomic_load_explicit(&the_log.level, memory_order_relaxed))
		return;
	size_t len = rs_log_format(text, sizeof(text), ctx, level, event, file, line, fields);
	pthread_mutex_lock(&the_log.mutex);
	if (!the_log.running) {
		write_all(the_log.fd, text, len);
	} else if (!ring_put(text, len)) {
		atomic_fetch_add(&the_log.dropped, 1);
	} else {
		bool was_empty = the_log.head - the_log.tail == len;
		if (level >= RS_LOG_ERROR)
			the_log.urgent = true;
		if (was_empty)
			pthread_cond_signal(&the_log.wake);
	}
	pthread_mutex_unlock(&the_log.mutex);
}

enum rs_log_level rs_log_level_of(const char *text)
{
	for (int i = 0; i <= RS_LOG_ERROR; i++)
		if (strcmp(text, LEVEL_NAMES[i]) == 0)
			return (enum rs_log_level)i;
	return RS_LOG_INFO;
}

void rs_log_set_level(enum rs_log_level level)
{
	atomic_store(&the_log.level, (int)level);
}

int64_t rs_log_dropped(void)
{
	return atomic_load(&the_log.dropped);
}

bool rs_log_start(int fd)
{
	pthread_mutex_lock(&the_log.mutex);
	the_log.ring = malloc(RING_SIZE);
	the_log.head = the_log.tail = 0;
	the_log.stop = the_log.urgent = false;
	the_log.fd = fd;
	the_log.running =
		the_log.ring && pthread_create(&the_log.writer, NULL, writer_run, NULL) == 0;
	bool ok = the_log.running;
	if (!ok) {
		free(the_log.ring);
		the_log.ring = NULL;
	}
	pthread_mutex_unlock(&the_log.mutex);
	return ok;
}

void rs_log_stop(void)
{
	struct timespec until;
	pthread_mutex_lock(&the_log.mutex);
	bool running = the_log.running;
	the_log.stop = true;
	pthread_cond_signal(&the_log.wake);
	pthread_mutex_unlock(&the_log.mutex);
	if (!running)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FLUSH_S;
	if (pthread_timedjoin_np(the_log.writer, NULL, &until) != 0) {
		/* The sink is blocked and the process must end: it hangs in write(), outside the
		 * lock, and that is where a cancellation reaches it. */
		pthread_cancel(the_log.writer);
		pthread_join(the_log.writer, NULL);
	}
	pthread_mutex_lock(&the_log.mutex);
	the_log.running = false;
	free(the_log.ring);
	the_log.ring = NULL;
	pthread_mutex_unlock(&the_log.mutex);
}
