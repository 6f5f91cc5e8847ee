/* Records at _validation-persist: parsing and judging. */
#include "rs/persist.h"

#include "rs/caa.h"
#include "rs/dnsmsg.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* One record. A malformed one still knows whom it names. */
struct record {
	bool ours;
	bool good;
	struct rs_bytes account;
	bool wildcard;
	bool has_until;
	int64_t until; /* seconds */
};

static bool wsp(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static struct rs_bytes trimmed(const unsigned char *begin, const unsigned char *end)
{
	while (begin < end && wsp(*begin))
		begin++;
	while (end > begin && wsp(end[-1]))
		end--;
	return (struct rs_bytes){begin, (size_t)(end - begin)};
}

static bool equal_nocase(struct rs_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) &&
	       strncasecmp((const char *)bytes.data, text, bytes.len) == 0;
}

static const unsigned char *find(const unsigned char *begin, const unsigned char *end, int c)
{
	const unsigned char *at = memchr(begin, c, (size_t)(end - begin));

	return at ? at : end;
}

static bool names_us(const struct rs_persist_ask *ask, struct rs_bytes issuer)
{
	size_t i;
	json_t *ours;

	if (issuer.len > 0 && issuer.data[issuer.len - 1] == '.')
		issuer.len--;
	json_array_foreach(ask->issuers, i, ours)
	{
		if (equal_nocase(issuer, json_string_value(ours)))
			return true;
	}
	return false;
}

/* *(%x21-3A / %x3C-7E) */
static bool value_good(struct rs_bytes value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] <= ' ' || value.data[i] > '~')
			return false;
	return true;
}

/* Seconds in decimal, a minus allowed: what lies before 1970 has passed like yesterday. */
static bool read_seconds(struct rs_bytes value, int64_t *out)
{
	bool minus = value.len > 0 && value.data[0] == '-';
	int64_t n = 0;

	if (value.len == (minus ? 1 : 0))
		return false;
	for (size_t i = minus; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (value.data[i] - '0');
	}
	*out = minus ? -n : n;
	return true;
}

enum { SEEN_ACCOUNT = 1, SEEN_POLICY = 2, SEEN_UNTIL = 4 };

/* Whether this is the first of its kind. */
static bool first(unsigned *seen, unsigned kind)
{
	bool out = !(*seen & kind);

	*seen |= kind;
	return out;
}

static bool read_parameter(struct rs_bytes text, unsigned *seen, struct record *out)
{
	const unsigned char *end = text.data + text.len;
	const unsigned char *equals = find(text.data, end, '=');
	struct rs_bytes tag = trimmed(text.data, equals);
	struct rs_bytes value;

	if (equals == end || tag.len == 0)
		return false;
	value = trimmed(equals + 1, end);
	if (!value_good(value))
		return false;
	if (equal_nocase(tag, "accounturi")) {
		out->account = value;
		return first(seen, SEEN_ACCOUNT) && value.len > 0;
	}
	if (equal_nocase(tag, "policy")) {
		out->wildcard = equal_nocase(value, "wildcard");
		return first(seen, SEEN_POLICY);
	}
	if (equal_nocase(tag, "persistUntil")) {
		out->has_until = true;
		return first(seen, SEEN_UNTIL) && read_seconds(value, &out->until);
	}
	return true;
}

static void read_record(const struct rs_persist_ask *ask, struct rs_bytes text, struct record *out)
{
	const unsigned char *end = text.data + text.len;
	const unsigned char *at = find(text.data, end, ';');
	unsigned seen = 0;

	*out = (struct record){.ours = names_us(ask, trimmed(text.data, at))};
	while (at < end) {
		const unsigned char *next = find(at + 1, end, ';');

		if (!read_parameter(trimmed(at + 1, next), &seen, out))
			return;
		at = next;
	}
	out->good = seen & SEEN_ACCOUNT;
}

static enum rs_persist_result judge(const struct rs_persist_ask *ask, const struct record *record)
{
	const char *account = ask->account_uri;

	if (!record->ours)
		return RS_PERSIST_NONE;
	if (!record->good)
		return RS_PERSIST_MALFORMED;
	if (!account || record->account.len != strlen(account) ||
		memcmp(record->account.data, account, record->account.len) != 0)
		return RS_PERSIST_ACCOUNT;
	if (record->has_until && record->until < ask->now / 1000000)
		return RS_PERSIST_EXPIRED;
	return ask->wide && !record->wildcard ? RS_PERSIST_POLICY : RS_PERSIST_GOOD;
}

/* Microseconds of seconds, without overflow; what is that far away is without end. */
static int64_t until_us(const struct record *record)
{
	return record->has_until && record->until < INT64_MAX / 1000000 ? record->until * 1000000
									: 0;
}

/* Of two good records the one that covers more, then the one that lasts longer. */
static bool better(const struct record *record, const struct rs_persist *than)
{
	int64_t until = until_us(record);

	if (record->wildcard != than->wildcard)
		return record->wildcard;
	return than->until != 0 && (until == 0 || until > than->until);
}

void rs_persist_judge(struct rs_ctx *ctx, const struct rs_persist_ask *ask,
	const struct rs_bytes *rdata, size_t count, struct rs_persist *out)
{
	static const char *const details[] = {
		[RS_PERSIST_NONE] = "No record names us as its CA.",
		[RS_PERSIST_MALFORMED] =
			"The record that names us is malformed or names no account.",
		[RS_PERSIST_ACCOUNT] = "The record that names us is for another account.",
		[RS_PERSIST_EXPIRED] = "persistUntil of the record has passed.",
		[RS_PERSIST_POLICY] = "The record lacks policy=wildcard; this name needs it.",
		[RS_PERSIST_GOOD] = "The record names us and this account.",
	};

	*out = (struct rs_persist){RS_PERSIST_NONE, .record = NULL};
	for (size_t i = 0; i < count; i++) {
		struct rs_bytes text;
		struct record record;
		enum rs_persist_result result;

		if (!rs_dnsmsg_txt(ctx, rdata[i], &text))
			continue;
		read_record(ask, text, &record);
		result = judge(ask, &record);
		if (result < out->result || result == RS_PERSIST_NONE ||
			(result == out->result && !better(&record, out)))
			continue;
		*out = (struct rs_persist){.result = result,
			.wildcard = record.wildcard,
			.until = until_us(&record),
			.record = rs_dns_text(ctx, text, RS_CAA_SHOWN_MAX)};
	}
	if (out->result != RS_PERSIST_GOOD) {
		out->wildcard = false;
		out->until = 0;
	}
	out->detail = details[out->result];
}

const char *rs_persist_value(struct rs_ctx *ctx, const struct rs_persist_ask *ask)
{
	const char *issuer = json_string_value(json_array_get(ask->issuers, 0));

	if (!issuer || !ask->account_uri || !*ask->account_uri)
		return NULL;
	return rs_arena_printf(ctx->arena, "%s; accounturi=%s%s", issuer, ask->account_uri,
		ask->wide ? "; policy=wildcard" : "");
}
