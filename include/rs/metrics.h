/*
 * Metrics: counters, gauges and histograms of a process, in the text format of Prometheus.
 *
 * metrics.def is the closed list. Like the log they belong to the process, not to a request, so no
 * handle is passed around. Label values must come from closed lists (a route template, a slug, a
 * configured issuer); a series beyond RS_METRIC_SERIES_MAX is not made.
 */
#ifndef RS_METRICS_H
#define RS_METRICS_H

#include <stdint.h>

#define RS_METRIC_SERIES_MAX 4096

enum rs_metric {
#define RS_METRIC(NAME, kind, name, labels, help) RS_M_##NAME,
#include "rs/metrics.def"
#undef RS_METRIC
	RS_METRIC_COUNT
};

/* Label values in the order of the table; NULL for those it does not have. */
struct rs_labels {
	const char *value[3];
};

#define RS_LABELS(...) ((struct rs_labels){{__VA_ARGS__}})

/* Adds to a counter or a gauge. */
void rs_metric_add(enum rs_metric metric, struct rs_labels labels, int64_t n);
/* Sets a gauge. */
void rs_metric_set(enum rs_metric metric, struct rs_labels labels, int64_t value);
/* Notes one value of a histogram: microseconds (HISTOGRAM) or a count (SIZES). */
void rs_metric_observe(enum rs_metric metric, struct rs_labels labels, int64_t value);
/* Without labels. */
#define rs_metric_inc(metric) rs_metric_add((metric), (struct rs_labels){{0}}, 1)

/* All of them as Prometheus text, malloc'ed, NUL-terminated. */
char *rs_metrics_text(void);

#endif
