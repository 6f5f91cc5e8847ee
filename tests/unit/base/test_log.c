#include "rs/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct rs_log_field END = {RS_LOG_FIELD_END, NULL, 0};

static json_t *line_of(const char *event, const char *text, size_t size)
{
	char *line = malloc(size);
	const struct rs_log_field fields[] = {
		rs_log_str(DETAIL, text), rs_log_int(COUNT, -7), END};
	size_t len = rs_log_format(line, size, NULL, RS_LOG_WARN, event, "a.c", 1, fields);
	assert_true(len <= size);
	assert_int_equal(line[len - 1], '\n');
	assert_null(memchr(line, '\n', len - 1));
	json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(value);
	free(line);
	return value;
}

/* Whatever a client sends, a line stays one line of JSON with the same text in it. */
static void escapes(void **state)
{
	static const char *const TEXTS[] = {"plain", "\"}\n{\"level\":\"audit\"", "tab\t\\ \x01\x7f",
		"\xc3\xa9\xf0\x9f\x98\x80", ""};
	(void)state;
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		json_t *line = line_of("test", TEXTS[i], 4096);
		assert_string_equal(json_string_value(json_object_get(line, "detail")), TEXTS[i]);
		assert_int_equal(json_integer_value(json_object_get(line, "count")), -7);
		assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
		json_decref(line);
	}
}

static void replaces_invalid_utf8(void **state)
{
	static const char *const TEXTS[] = {
		"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"};
	(void)state;
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		json_t *line = line_of("test", TEXTS[i], 4096);
		const char *text = json_string_value(json_object_get(line, "detail"));
		assert_memory_equal(text, "\xef\xbf\xbd", 3);
		json_decref(line);
	}
}

static void cuts_long_values(void **state)
{
	char text[5000];
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json_t *line = line_of("test", text, 4096);
	assert_true(json_string_length(json_object_get(line, "detail")) < 1100);
	json_decref(line);
	line = line_of("test", text, 300);
	assert_null(json_object_get(line, "detail"));
	assert_non_null(json_object_get(line, "count"));
	json_decref(line);
}

/* F47: nobody reads the sink, and logging goes on without blocking; what is lost is counted. */
static void never_blocks(void **state)
{
	int fds[2];
	char detail[900];
	(void)state;
	assert_int_equal(pipe(fds), 0);
	memset(detail, 'y', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	assert_true(rs_log_start(fds[1]));
	alarm(20);
	for (int i = 0; i < 4000; i++)
		rs_log(NULL, RS_LOG_INFO, "flood", rs_log_str(DETAIL, detail));
	assert_true(rs_log_dropped() > 0);
	rs_log_stop();
	alarm(0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(replaces_invalid_utf8),
		cmocka_unit_test(cuts_long_values),
		cmocka_unit_test(never_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
