#include "der.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX   32
#define CONSTRUCTED 0x20u

/* --- reading --- */

/* Length octets in their shortest form, at most four of them. */
static bool take_length(struct rs_der *d, size_t *len)
{
	if (d->p == d->end)
		return false;
	unsigned first = *d->p++;
	if (first < 0x80) {
		*len = first;
		return true;
	}
	size_t octets = first & 0x7f;
	if (octets == 0 || octets > 4 || (size_t)(d->end - d->p) < octets || *d->p == 0)
		return false;
	size_t value = 0;
	for (size_t i = 0; i < octets; i++)
		value = value << 8 | *d->p++;
	*len = value;
	return value >= 0x80;
}

bool rs_der_any(struct rs_der *d, unsigned *tag, struct rs_bytes *content, struct rs_bytes *whole)
{
	const unsigned char *start = d->p;
	struct rs_der at = *d;
	size_t len;

	if (at.p == at.end || *at.p == 0 || (*at.p & 0x1f) == 0x1f)
		return false;
	unsigned found = *at.p++;
	if (!take_length(&at, &len) || len > (size_t)(at.end - at.p))
		return false;
	if (tag)
		*tag = found;
	if (content)
		*content = (struct rs_bytes){at.p, len};
	d->p = at.p + len;
	if (whole)
		*whole = (struct rs_bytes){start, (size_t)(d->p - start)};
	return true;
}

bool rs_der_get(struct rs_der *d, unsigned tag, struct rs_bytes *content)
{
	return rs_der_next(d) == tag && rs_der_any(d, NULL, content, NULL);
}

bool rs_der_enter(struct rs_der *d, unsigned tag, struct rs_der *inside)
{
	struct rs_bytes content;
	if (!rs_der_get(d, tag, &content))
		return false;
	*inside = rs_der_of(content);
	return true;
}

bool rs_der_whole(struct rs_der *d, unsigned tag, struct rs_bytes *whole)
{
	return rs_der_next(d) == tag && rs_der_any(d, NULL, NULL, whole);
}

bool rs_der_bits(struct rs_der *d, struct rs_bytes *octets)
{
	struct rs_bytes content;
	if (!rs_der_get(d, RS_DER_BIT_STRING, &content) || content.len < 1 || content.data[0] != 0)
		return false;
	*octets = (struct rs_bytes){content.data + 1, content.len - 1};
	return true;
}

/* Two's complement in its shortest form. */
static bool shortest_integer(struct rs_bytes c)
{
	if (c.len == 0)
		return false;
	return c.len == 1 || !((c.data[0] == 0x00 && c.data[1] < 0x80) ||
				     (c.data[0] == 0xff && c.data[1] >= 0x80));
}

bool rs_der_unsigned(struct rs_der *d, struct rs_bytes *octets)
{
	struct rs_bytes c;
	if (!rs_der_get(d, RS_DER_INTEGER, &c) || !shortest_integer(c) || c.data[0] >= 0x80)
		return false;
	if (c.len > 1 && c.data[0] == 0)
		c = (struct rs_bytes){c.data + 1, c.len - 1};
	*octets = c;
	return true;
}

bool rs_der_small(struct rs_der *d, long *value)
{
	struct rs_bytes c;
	if (!rs_der_unsigned(d, &c) || c.len > 4 || (c.len == 4 && c.data[0] >= 0x80))
		return false;
	*value = 0;
	for (size_t i = 0; i < c.len; i++)
		*value = *value << 8 | c.data[i];
	return true;
}

bool rs_der_boolean(struct rs_der *d, bool *value)
{
	struct rs_bytes c;
	if (!rs_der_get(d, RS_DER_BOOLEAN, &c) || c.len != 1 ||
		(c.data[0] != 0x00 && c.data[0] != 0xff))
		return false;
	*value = c.data[0] != 0;
	return true;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static bool take_digits(const unsigned char **p, unsigned count, unsigned *value)
{
	*value = 0;
	for (unsigned i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*value = *value * 10 + (**p - '0');
	}
	return true;
}

enum time_part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, TIME_PARTS };

static bool parts_are_a_time(const unsigned part[TIME_PARTS])
{
	return part[MONTH] >= 1 && part[MONTH] <= 12 && part[DAY] >= 1 &&
	       part[DAY] <= month_days(part[YEAR], part[MONTH]) && part[HOUR] <= 23 &&
	       part[MINUTE] <= 59 && part[SECOND] <= 59;
}

bool rs_der_time(struct rs_der *d, int64_t *seconds, bool *generalized)
{
	unsigned tag, part[TIME_PARTS];
	struct rs_bytes c;

	if (!rs_der_any(d, &tag, &c, NULL))
		return false;
	bool wide = tag == RS_DER_GENERALIZED_TIME;
	size_t len = wide ? 15 : 13;
	if ((!wide && tag != RS_DER_UTC_TIME) || c.len != len || c.data[len - 1] != 'Z')
		return false;
	const unsigned char *p = c.data;
	for (int i = 0; i < TIME_PARTS; i++)
		if (!take_digits(&p, i == YEAR && wide ? 4 : 2, &part[i]))
			return false;
	if (!wide)
		part[YEAR] += part[YEAR] < 50 ? 2000 : 1900;
	if (!parts_are_a_time(part))
		return false;
	*seconds = days_of(part[YEAR], part[MONTH], part[DAY]) * 86400 + part[HOUR] * 3600 +
		   part[MINUTE] * 60 + part[SECOND];
	if (generalized)
		*generalized = wide;
	return true;
}

/* X.690, 11.2: at most 7 unused bits, and they are zero. */
static bool strict_bit_string(struct rs_bytes c)
{
	if (c.len < 1 || c.data[0] > 7)
		return false;
	if (c.data[0] == 0)
		return true;
	return c.len > 1 && !(c.data[c.len - 1] & ((1u << c.data[0]) - 1));
}

static bool strict_primitive(unsigned tag, struct rs_bytes c)
{
	char text[512];
	switch (tag) {
	case RS_DER_BOOLEAN:
		return c.len == 1 && (c.data[0] == 0x00 || c.data[0] == 0xff);
	case RS_DER_INTEGER:
	case RS_DER_ENUMERATED:
		return shortest_integer(c);
	case RS_DER_NULL:
		return c.len == 0;
	case RS_DER_BIT_STRING:
		return strict_bit_string(c);
	case RS_DER_OID:
		return rs_der_oid_text(c, text, sizeof(text));
	case RS_DER_SEQUENCE & ~CONSTRUCTED:
	case RS_DER_SET & ~CONSTRUCTED:
		return false;
	default:
		return true;
	}
}

static bool sorted(struct rs_bytes a, struct rs_bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order < 0 || (order == 0 && a.len <= b.len);
}

static bool strict_at(struct rs_bytes bytes, unsigned depth, bool set)
{
	struct rs_der d = rs_der_of(bytes);
	struct rs_bytes last = {0}, content, whole;
	unsigned tag;

	if (depth > DEPTH_MAX)
		return false;
	while (!rs_der_done(&d)) {
		if (!rs_der_any(&d, &tag, &content, &whole))
			return false;
		if (set && last.data && !sorted(last, whole))
			return false;
		last = whole;
		bool ok;
		if (!(tag & CONSTRUCTED))
			ok = strict_primitive(tag, content);
		else if (tag < 0x40 && tag != RS_DER_SEQUENCE && tag != RS_DER_SET)
			ok = false; /* strings in pieces are BER */
		else
			ok = strict_at(content, depth + 1, tag == RS_DER_SET);
		if (!ok)
			return false;
	}
	return true;
}

bool rs_der_strict(struct rs_bytes bytes)
{
	return strict_at(bytes, 0, false);
}

/*
 * Appends the number in decimal and a dot; false when there is no room. Every OID of every CSR comes
 * through here, so it is not snprintf().
 */
static bool put_arc(char *text, size_t size, size_t *used, uint64_t arc)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + arc % 10);
	while (arc /= 10);
	if (size - *used <= n)
		return false;
	while (n)
		text[(*used)++] = digits[--n];
	text[(*used)++] = '.';
	return true;
}

bool rs_der_oid_text(struct rs_bytes oid, char *text, size_t size)
{
	size_t used = 0;
	uint64_t arc = 0;
	bool first = true, fresh = true;

	if (oid.len == 0 || oid.data[oid.len - 1] & 0x80)
		return false;
	for (size_t i = 0; i < oid.len; i++) {
		if ((fresh && oid.data[i] == 0x80) || arc > UINT64_MAX >> 7)
			return false;
		arc = arc << 7 | (oid.data[i] & 0x7f);
		fresh = !(oid.data[i] & 0x80);
		if (!fresh)
			continue;
		if (first) {
			unsigned root = arc >= 80 ? 2 : (unsigned)(arc / 40);
			if (!put_arc(text, size, &used, root))
				return false;
			arc -= root * 40;
		}
		if (!put_arc(text, size, &used, arc))
			return false;
		first = false;
		arc = 0;
	}
	text[used - 1] = '\0';
	return true;
}

/* --- writing --- */

struct rs_der_out rs_der_out(struct rs_arena *arena, size_t size)
{
	return (struct rs_der_out){
		.arena = arena, .buf = rs_arena_alloc(arena, size), .size = size};
}

struct rs_bytes rs_der_written(const struct rs_der_out *w)
{
	return (struct rs_bytes){w->buf + w->size - w->len, w->len};
}

void rs_der_put(struct rs_der_out *w, const void *data, size_t len)
{
	if (w->size - w->len < len) {
		size_t size = w->size * 2 + len;
		unsigned char *buf = rs_arena_alloc(w->arena, size);
		memcpy(buf + size - w->len, w->buf + w->size - w->len, w->len);
		w->buf = buf;
		w->size = size;
	}
	w->len += len;
	if (len)
		memcpy(w->buf + w->size - w->len, data, len);
}

void rs_der_wrap(struct rs_der_out *w, unsigned tag, size_t mark)
{
	unsigned char head[6];
	size_t at = sizeof(head), len = w->len - mark;

	if (len < 0x80) {
		head[--at] = (unsigned char)len;
	} else {
		unsigned char octets = 0;
		for (; len; len >>= 8, octets++)
			head[--at] = (unsigned char)len;
		head[--at] = 0x80 | octets;
	}
	head[--at] = (unsigned char)tag;
	rs_der_put(w, head + at, sizeof(head) - at);
}

void rs_der_put_element(struct rs_der_out *w, unsigned tag, const void *data, size_t len)
{
	size_t mark = w->len;
	rs_der_put(w, data, len);
	rs_der_wrap(w, tag, mark);
}

void rs_der_put_unsigned(struct rs_der_out *w, const unsigned char *octets, size_t len)
{
	size_t mark = w->len;
	while (len > 1 && *octets == 0) {
		octets++;
		len--;
	}
	rs_der_put(w, octets, len);
	if (len == 0 || *octets >= 0x80)
		rs_der_put(w, "", 1);
	rs_der_wrap(w, RS_DER_INTEGER, mark);
}

/* One arc, base 128, most significant first. */
static size_t arc_octets(uint64_t arc, unsigned char *out)
{
	unsigned char digits[10];
	size_t n = 0;
	do {
		digits[n++] = arc & 0x7f;
		arc >>= 7;
	} while (arc);
	for (size_t i = 0; i < n; i++)
		out[i] = digits[n - 1 - i] | (i + 1 < n ? 0x80 : 0);
	return n;
}

/* One decimal number without leading zeros; *text is moved behind it. */
static bool take_arc(const char **text, uint64_t *arc)
{
	const char *start = *text;
	char *end;
	if (*start < '0' || *start > '9' || (*start == '0' && start[1] >= '0' && start[1] <= '9'))
		return false;
	*arc = strtoull(start, &end, 10);
	*text = end;
	return *arc < INT64_MAX;
}

bool rs_der_put_oid(struct rs_der_out *w, const char *dotted)
{
	unsigned char octets[256];
	size_t len = 0;
	uint64_t root, arc;

	if (!take_arc(&dotted, &root) || *dotted++ != '.' || !take_arc(&dotted, &arc) || root > 2 ||
		(root < 2 && arc > 39))
		return false;
	len += arc_octets(root * 40 + arc, octets);
	while (*dotted == '.' && len + 10 <= sizeof(octets)) {
		dotted++;
		if (!take_arc(&dotted, &arc))
			return false;
		len += arc_octets(arc, octets + len);
	}
	if (*dotted != '\0')
		return false;
	rs_der_put_element(w, RS_DER_OID, octets, len);
	return true;
}

bool rs_der_put_time(struct rs_der_out *w, int64_t seconds)
{
	struct tm tm;
	time_t t = (time_t)seconds;
	char text[32];

	if (!gmtime_r(&t, &tm) || tm.tm_year < 50 || tm.tm_year > 8099)
		return false;
	bool wide = tm.tm_year >= 150;
	size_t len = strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm), skip = wide ? 0 : 2;
	rs_der_put_element(
		w, wide ? RS_DER_GENERALIZED_TIME : RS_DER_UTC_TIME, text + skip, len - skip);
	return true;
}
