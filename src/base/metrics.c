#include "rs/metrics.h"

#include "rs/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE (2 * RS_METRIC_SERIES_MAX)
#define BUCKETS_MAX 14

enum kind { COUNTER, GAUGE, HISTOGRAM, SIZES };

struct family {
	enum kind kind;
	const char *name;
	const char *labels;
	const char *help;
};

static const struct family FAMILIES[] = {
#define RS_METRIC(NAME, kind_, name_, labels_, help_) {kind_, name_, labels_, help_},
#include "rs/metrics.def"
#undef RS_METRIC
};

/* Upper bounds, in microseconds and in counts; the last bucket is +Inf. */
static const int64_t SECONDS_BOUNDS[] = {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 2500000, 5000000, 10000000};
static const int64_t SIZES_BOUNDS[] = {1, 2, 4, 8, 16, 32, 64, 128};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* One metric with one set of label values. */
struct series {
	enum rs_metric metric;
	char *value[3];
	_Atomic int64_t number; /* counter or gauge; observations of a histogram */
	_Atomic int64_t sum;
	_Atomic int64_t bucket[BUCKETS_MAX];
};

/* Series are only ever added, so that readers and counters need no lock. */
static _Atomic(struct series *) the_series[TABLE_SIZE];
static _Atomic int the_series_count;

static bool series_is(const struct series *s, enum rs_metric metric, const struct rs_labels *labels)
{
	if (s->metric != metric)
		return false;
	for (int i = 0; i < 3; i++) {
		const char *a = s->value[i], *b = labels->value[i];
		if (a != b && (!a || !b || strcmp(a, b) != 0))
			return false;
	}
	return true;
}

static size_t series_hash(enum rs_metric metric, const struct rs_labels *labels)
{
	uint64_t hash = 14695981039346656037ull ^ (uint64_t)metric;
	for (int i = 0; i < 3; i++) {
		hash = (hash ^ 0xff) * 1099511628211ull;
		for (const char *s = labels->value[i]; s && *s; s++)
			hash = (hash ^ (unsigned char)*s) * 1099511628211ull;
	}
	return (size_t)(hash % TABLE_SIZE);
}

static void series_free(struct series *s)
{
	for (int i = 0; i < 3; i++)
		free(s->value[i]);
	free(s);
}

static struct series *series_new(enum rs_metric metric, const struct rs_labels *labels)
{
	struct series *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->metric = metric;
	for (int i = 0; i < 3; i++)
		s->value[i] = labels->value[i] ? strdup(labels->value[i]) : NULL;
	return s;
}

/* Finds or makes the series; NULL when there are too many. */
static struct series *series_of(enum rs_metric metric, const struct rs_labels *labels)
{
	size_t at = series_hash(metric, labels);
	for (;; at = (at + 1) % TABLE_SIZE) {
		struct series *found = atomic_load_explicit(&the_series[at], memory_order_acquire);
		if (found && series_is(found, metric, labels))
			return found;
		if (found)
			continue;
		if (atomic_load(&the_series_count) >= RS_METRIC_SERIES_MAX)
			return NULL;
		struct series *made = series_new(metric, labels);
		if (!made)
			return NULL;
		if (atomic_compare_exchange_strong(&the_series[at], &found, made)) {
			atomic_fetch_add(&the_series_count, 1);
			return made;
		}
		series_free(made);
		if (series_is(found, metric, labels))
			return found;
	}
}

void rs_metric_add(enum rs_metric metric, struct rs_labels labels, int64_t n)
{
	struct series *s = series_of(metric, &labels);
	if (s)
		atomic_fetch_add_explicit(&s->number, n, memory_order_relaxed);
}

void rs_metric_set(enum rs_metric metric, struct rs_labels labels, int64_t value)
{
	struct series *s = series_of(metric, &labels);
	if (s)
		atomic_store_explicit(&s->number, value, memory_order_relaxed);
}

static size_t bounds_of(enum kind kind, const int64_t **bounds)
{
	*bounds = kind == SIZES ? SIZES_BOUNDS : SECONDS_BOUNDS;
	return kind == SIZES ? COUNT_OF(SIZES_BOUNDS) : COUNT_OF(SECONDS_BOUNDS);
}

void rs_metric_observe(enum rs_metric metric, struct rs_labels labels, int64_t value)
{
	const int64_t *bounds;
	size_t n = bounds_of(FAMILIES[metric].kind, &bounds), at = 0;
	struct series *s = series_of(metric, &labels);
	if (!s)
		return;
	while (at < n && value > bounds[at])
		at++;
	atomic_fetch_add_explicit(&s->bucket[at], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->number, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->sum, value, memory_order_relaxed);
}

/* --- the text --- */

static void write_value_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", f);
		else if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else
			fputc(*text, f);
	}
}

/* `{a="x",b="y"}` with le= at the end when given; nothing when there is no label. */
static void write_labels(FILE *f, const struct series *s, const char *le)
{
	const char *name = FAMILIES[s->metric].labels;
	bool any = false;
	for (int i = 0; i < 3 && *name; i++) {
		size_t len = strcspn(name, ",");
		fprintf(f, "%s%.*s=\"", any ? "," : "{", (int)len, name);
		write_value_escaped(f, s->value[i] ?: "");
		fputc('"', f);
		any = true;
		name += len + (name[len] == ',');
	}
	if (le) {
		fprintf(f, "%sle=\"%s\"", any ? "," : "{", le);
		any = true;
	}
	if (any)
		fputc('}', f);
}

static void write_number(char out[32], enum kind kind, int64_t value)
{
	if (kind == HISTOGRAM)
		snprintf(out, 32, "%lld.%06lld", (long long)(value / 1000000),
			(long long)(value % 1000000));
	else
		snprintf(out, 32, "%lld", (long long)value);
}

static void write_histogram(FILE *f, const struct series *s)
{
	const struct family *family = &FAMILIES[s->metric];
	const int64_t *bounds;
	size_t n = bounds_of(family->kind, &bounds);
	int64_t total = 0;
	char text[32];
	for (size_t i = 0; i <= n; i++) {
		total += atomic_load_explicit(&s->bucket[i], memory_order_relaxed);
		if (i < n)
			write_number(text, family->kind, bounds[i]);
		else
			snprintf(text, sizeof(text), "+Inf");
		fprintf(f, "%s_bucket", family->name);
		write_labels(f, s, text);
		fprintf(f, " %lld\n", (long long)total);
	}
	write_number(text, family->kind, atomic_load_explicit(&s->sum, memory_order_relaxed));
	fprintf(f, "%s_sum", family->name);
	write_labels(f, s, NULL);
	fprintf(f, " %s\n%s_count", text, family->name);
	write_labels(f, s, NULL);
	fprintf(f, " %lld\n", (long long)total);
}

static void write_series(FILE *f, const struct series *s)
{
	const struct family *family = &FAMILIES[s->metric];
	if (family->kind == HISTOGRAM || family->kind == SIZES) {
		write_histogram(f, s);
		return;
	}
	fputs(family->name, f);
	write_labels(f, s, NULL);
	fprintf(f, " %lld\n", (long long)atomic_load_explicit(&s->number, memory_order_relaxed));
}

char *rs_metrics_text(void)
{
	static const char *const KINDS[] = {"counter", "gauge", "histogram", "histogram"};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	for (int m = 0; m < RS_METRIC_COUNT; m++) {
		const struct family *family = &FAMILIES[m];
		if (family->labels[0] == '\0')
			rs_metric_add((enum rs_metric)m, (struct rs_labels){{0}}, 0);
		fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
			KINDS[family->kind]);
		for (size_t i = 0; i < TABLE_SIZE; i++) {
			const struct series *s = atomic_load(&the_series[i]);
			if (s && s->metric == (enum rs_metric)m)
				write_series(f, s);
		}
	}
	fclose(f);
	return text;
}
