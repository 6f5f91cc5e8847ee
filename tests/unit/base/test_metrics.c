#include "rs/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rs/err.h"

static void counters_and_labels(void **state)
{
	(void)state;
	rs_metric_add(RS_M_HTTP_REQUESTS, RS_LABELS("GET", "/a\"b\\c\n", "200"), 2);
	rs_metric_add(RS_M_HTTP_REQUESTS, RS_LABELS("GET", "/a\"b\\c\n", "200"), 1);
	char *text = rs_metrics_text();
	assert_non_null(strstr(text, "reissued_http_requests_total{method=\"GET\","
				     "route=\"/a\\\"b\\\\c\\n\",status=\"200\"} 3\n"));
	free(text);
}

static void histograms_are_cumulative(void **state)
{
	(void)state;
	rs_metric_observe(RS_M_COMMIT_BATCH, (struct rs_labels){{0}}, 1);
	rs_metric_observe(RS_M_COMMIT_BATCH, (struct rs_labels){{0}}, 3);
	rs_metric_observe(RS_M_COMMIT_BATCH, (struct rs_labels){{0}}, 1000);
	char *text = rs_metrics_text();
	assert_non_null(strstr(text, "reissued_commit_batch_items_bucket{le=\"1\"} 1\n"));
	assert_non_null(strstr(text, "reissued_commit_batch_items_bucket{le=\"4\"} 2\n"));
	assert_non_null(strstr(text, "reissued_commit_batch_items_bucket{le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(text, "reissued_commit_batch_items_sum 1004\n"));
	assert_non_null(strstr(text, "reissued_commit_batch_items_count 3\n"));
	free(text);
}

static void series_are_bounded(void **state)
{
	char route[32];
	(void)state;
	for (int i = 0; i < RS_METRIC_SERIES_MAX + 100; i++) {
		snprintf(route, sizeof(route), "/%d", i);
		rs_metric_add(RS_M_HTTP_REFUSED, RS_LABELS(route), 1);
	}
	char *text = rs_metrics_text();
	int lines = 0;
	for (const char *at = text; (at = strstr(at, "reissued_http_refused_total{")); at++)
		lines++;
	assert_true(lines > 1000 && lines <= RS_METRIC_SERIES_MAX);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_and_labels),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(series_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
