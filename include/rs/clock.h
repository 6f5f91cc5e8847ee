/*
 * Time. Business time is rs_clock_now(): seconds since the epoch, UTC, plus the test offset when
 * the configuration names clock.offset_file (an int64 of seconds, mapped by every process; refused
 * in production). It is passed to SQL as a parameter; SQL never asks for now() itself. Deadlines
 * use the monotonic clock, which the offset does not touch.
 */
#ifndef RS_CLOCK_H
#define RS_CLOCK_H

#include "rs/err.h"

#include <stdint.h>

struct rs_clock;

/*
 * offset_file: path of the mapped offset or NULL. On failure *out is NULL and errno tells why; a
 * file shorter than 8 bytes is EINVAL.
 */
int rs_clock_new(const char *offset_file, struct rs_clock **out) RS_CHECK;
void rs_clock_free(struct rs_clock *clock);

/* Microseconds since the epoch, UTC, with the test offset. */
int64_t rs_clock_now_us(const struct rs_clock *clock);
/* The same in whole seconds. */
int64_t rs_clock_now(const struct rs_clock *clock);
/* The plain system clock without the offset, microseconds: for the skew check only. */
int64_t rs_clock_system_us(void);
/* CLOCK_MONOTONIC in milliseconds. */
int64_t rs_clock_mono_ms(void);

/*
 * Seconds since 1970 as year, month (from 1), day, hour, minute, second in UTC, and back; a month
 * has the days it is given, so that the 31st of April is the 1st of May.
 */
void rs_time_civil(int64_t seconds, int part[6]);
int64_t rs_time_seconds(const int part[6]);
/* "2026-11-23T10:00:00Z" of microseconds (fraction dropped); buf needs 32 bytes. */
void rs_time_format(int64_t us, char buf[32]);
/*
 * Reads RFC 3339 with Z or an offset, fraction allowed; microseconds. false when malformed or, as
 * UTC, outside the years 1 to 9999. 0 stands for no time at all, so 1970-01-01T00:00:00Z is read as
 * one microsecond later.
 */
bool rs_time_parse(const char *text, int64_t *us);

#endif
