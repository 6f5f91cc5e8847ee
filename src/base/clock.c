#include "rs/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define US_PER_S 1000000
/* The years that RFC 3339 can write, without 0, which PostgreSQL does not know. */
#define FIRST_S	 (-INT64_C(62135596800))
#define LAST_S	 INT64_C(253402300799)

struct rs_clock {
	const volatile int64_t *offset; /* seconds; NULL without a test offset */
};

/* The file stays mapped, so that `./dev clock` moves every process at once. */
static const volatile int64_t *map_offset(const char *path)
{
	struct stat info;
	void *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0 || info.st_size < (off_t)sizeof(int64_t)) {
		close(fd);
		errno = EINVAL;
		return NULL;
	}
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

int rs_clock_new(const char *offset_file, struct rs_clock **out)
{
	struct rs_clock *clock = calloc(1, sizeof(*clock));

	*out = NULL;
	if (!clock)
		return -1;
	if (offset_file) {
		clock->offset = map_offset(offset_file);
		if (!clock->offset) {
			free(clock);
			return -1;
		}
	}
	*out = clock;
	return 0;
}

void rs_clock_free(struct rs_clock *clock)
{
	if (!clock)
		return;
	if (clock->offset)
		munmap((void *)(uintptr_t)clock->offset, sizeof(int64_t));
	free(clock);
}

int64_t rs_clock_system_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t rs_clock_now_us(const struct rs_clock *clock)
{
	return rs_clock_system_us() + (clock->offset ? *clock->offset * US_PER_S : 0);
}

int64_t rs_clock_now(const struct rs_clock *clock)
{
	return rs_clock_now_us(clock) / US_PER_S;
}

int64_t rs_clock_mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Days since 1970-01-01 of a date of the Gregorian calendar, and back, in eras of 400 years that
 * begin in March. The C library's functions take a lock that all threads share.
 */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t rs_time_seconds(const int part[6])
{
	return days_of(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
}

void rs_time_civil(int64_t seconds, int part[6])
{
	int64_t days = seconds / 86400 - (seconds % 86400 < 0), rest = seconds - days * 86400;
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day = z - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	part[2] = (int)(of_year - (153 * month + 2) / 5 + 1);
	part[1] = (int)(month < 10 ? month + 3 : month - 9);
	part[0] = (int)(year + era * 400 + (part[1] <= 2));
	part[3] = (int)(rest / 3600);
	part[4] = (int)(rest / 60 % 60);
	part[5] = (int)(rest % 60);
}

static char *two(char *at, int number, char behind)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
	at[2] = behind;
	return at + 3;
}

void rs_time_format(int64_t us, char buf[32])
{
	int64_t s = us / US_PER_S - (us % US_PER_S < 0);
	int part[6];
	char *at = buf;

	rs_time_civil(s, part);
	if (part[0] < 0 || part[0] > 9999) {
		snprintf(buf, 32, "%d-%02d-%02dT%02d:%02d:%02dZ", part[0], part[1], part[2],
			part[3], part[4], part[5]);
		return;
	}
	at = two(at, part[0] / 100, '0') - 1;
	at = two(at, part[0] % 100, '-');
	at = two(at, part[1], '-');
	at = two(at, part[2], 'T');
	at = two(at, part[3], ':');
	at = two(at, part[4], ':');
	*two(at, part[5], 'Z') = '\0';
}

/* Two digits at *p, moved past; -1 when there are none. */
static int two_digits(const char **p)
{
	const char *s = *p;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	*p += 2;
	return (s[0] - '0') * 10 + (s[1] - '0');
}

static bool expect(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* ".123456" as microseconds, digits beyond the sixth dropped; false without a digit. */
static bool read_fraction(const char **p, int64_t *us)
{
	int64_t scale = 100000;
	const char *s = *p;

	*us = 0;
	if (*s != '.')
		return true;
	for (s++; *s >= '0' && *s <= '9'; s++) {
		*us += (*s - '0') * scale;
		scale /= 10;
	}
	if (s == *p + 1)
		return false;
	*p = s;
	return true;
}

/* "Z", "+00", "+02:00" or "-0530" in seconds; PostgreSQL writes the short forms. */
static bool read_offset(const char **p, int64_t *seconds)
{
	int sign, hours, minutes = 0;

	*seconds = 0;
	if (expect(p, 'Z') || expect(p, 'z'))
		return true;
	if (**p != '+' && **p != '-')
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	hours = two_digits(p);
	if (hours < 0 || hours > 23)
		return false;
	if (**p) {
		(void)expect(p, ':');
		minutes = two_digits(p);
		if (minutes < 0 || minutes > 59)
			return false;
	}
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool read_date(const char **p, struct tm *tm)
{
	static const int DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int century = two_digits(p), year = century < 0 ? -1 : two_digits(p);

	if (year < 0 || !expect(p, '-'))
		return false;
	year += century * 100;
	tm->tm_year = year - 1900;
	tm->tm_mon = two_digits(p) - 1;
	if (tm->tm_mon < 0 || tm->tm_mon > 11 || !expect(p, '-'))
		return false;
	tm->tm_mday = two_digits(p);
	if (tm->tm_mday < 1 || tm->tm_mday > DAYS[tm->tm_mon])
		return false;
	return !(tm->tm_mon == 1 && tm->tm_mday == 29 &&
		(year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)));
}

static bool read_clock(const char **p, struct tm *tm)
{
	tm->tm_hour = two_digits(p);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || !expect(p, ':'))
		return false;
	tm->tm_min = two_digits(p);
	if (tm->tm_min < 0 || tm->tm_min > 59 || !expect(p, ':'))
		return false;
	tm->tm_sec = two_digits(p);
	return tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

bool rs_time_parse(const char *text, int64_t *us)
{
	struct tm tm;
	const char *p = text;
	int64_t fraction, offset;

	memset(&tm, 0, sizeof(tm));
	if (!read_date(&p, &tm))
		return false;
	if (!expect(&p, 'T') && !expect(&p, 't') && !expect(&p, ' '))
		return false;
	if (!read_clock(&p, &tm) || !read_fraction(&p, &fraction) || !read_offset(&p, &offset) || *p)
		return false;
	int64_t seconds = rs_time_seconds((int[]){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
				  tm.tm_hour, tm.tm_min, tm.tm_sec}) -
			  offset;
	if (seconds < FIRST_S || seconds > LAST_S)
		return false;
	*us = seconds * US_PER_S + fraction;
	if (*us == 0)
		*us = 1;
	return true;
}
