/* Times as they are written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rs/clock.h"

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* 0: refused */
	} times[] = {
		{"2026-11-23T10:00:00Z", INT64_C(1795428000000000)},
		{"2026-11-23t12:00:00.5+02:00", INT64_C(1795428000500000)},
		{"2026-11-23 10:00:00+00", INT64_C(1795428000000000)},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
		{"2023-02-29T00:00:00Z", 0},
		{"2026-11-23", 0},
		{"2026-11-23T24:00:00Z", 0},
		{"2026-11-23T10:00:00", 0},
		{"2026-11-23T10:00:00Zx", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t us = 0;

		assert_int_equal(rs_time_parse(times[i].text, &us), times[i].us != 0);
		assert_int_equal(us, times[i].us);
	}
}

/* What PostgreSQL and we cannot write again is no time: it once ended the process. */
static void years_have_four_digits_in_utc_too(void **state)
{
	static const char *const good[] = {
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59+23:59"};
	static const char *const bad[] = {"0000-01-01T00:00:00Z", "0000-12-31T23:59:59Z",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(rs_time_parse(good[i], &us));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(rs_time_parse(bad[i], &us));
}

/* 0 stands for "no time": the epoch itself must not be mistaken for that. */
static void the_epoch_is_a_time(void **state)
{
	int64_t us = 0;

	(void)state;
	assert_true(rs_time_parse("1970-01-01T00:00:00Z", &us));
	assert_int_equal(us, 1);
}

/* Our own calendar is that of the C library, from the year 1 to the year 9999. */
static void the_calendar_is_the_library_s(void **state)
{
	const int64_t first = -INT64_C(62135596800), last = INT64_C(253402300799);

	(void)state;
	for (int64_t s = first; s <= last; s += 86400 * 11 + 12345) {
		time_t t = (time_t)s;
		char text[32], theirs[40];
		struct tm tm;
		int part[6];

		gmtime_r(&t, &tm);
		snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		rs_time_format(s * 1000000, text);
		assert_string_equal(text, theirs);
		rs_time_civil(s, part);
		assert_true(rs_time_seconds(part) == s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(years_have_four_digits_in_utc_too),
		cmocka_unit_test(the_epoch_is_a_time),
		cmocka_unit_test(the_calendar_is_the_library_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
