/* Reading DNS messages: RFC 1035 4, with RFC 2181, 2308, 6672 and 6891 where they matter. */
#include "rs/dnsmsg.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_LEN  12
#define CLASS_IN    1
#define WIRE_MAX    255
#define RR_LEN_MIN  11 /* root, type, class, TTL, length */
#define POINTER	    0xc0
#define TTL_INVALID 0x80000000u

/* A name on the wire, in lower case, its root octet included. */
struct wire_name {
	unsigned char data[WIRE_MAX];
	size_t len;
};

struct record {
	struct wire_name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, len; /* of the RDATA in the message */
};

struct reader {
	struct rs_ctx *ctx;
	struct rs_bytes msg;
	size_t at;
	struct wire_name asked;
	unsigned type;
	struct record *answer;
	size_t answer_count;
	struct wire_name chain[RS_DNS_CHAIN_MAX + 1];
	struct rs_dnsmsg *out;
};

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static bool refuse(struct reader *r, const char *why)
{
	r->out->why = why;
	return false;
}

static bool name_eq(const struct wire_name *a, const struct wire_name *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Where in name the labels of a proper or improper ancestor begin; -1 when it is none. */
static int ancestor_at(const struct wire_name *name, const struct wire_name *ancestor)
{
	size_t at = 0;

	while (name->len - at > ancestor->len)
		at += 1 + (size_t)name->data[at];
	return name->len - at == ancestor->len &&
			       memcmp(name->data + at, ancestor->data, ancestor->len) == 0
		       ? (int)at
		       : -1;
}

static bool label_add(struct wire_name *name, const unsigned char *label, size_t len)
{
	if (name->len + 1 + len + 1 > WIRE_MAX) /* the root octet comes on top */
		return false;
	name->data[name->len++] = (unsigned char)len;
	for (size_t i = 0; i < len; i++)
		name->data[name->len++] = lower(label[i]);
	return true;
}

/*
 * The name at *at, which moves behind it. A pointer leads before the run of labels it ends, so
 * that every step goes backwards and the walk has an end.
 */
static bool name_read(struct rs_bytes msg, size_t *at, struct wire_name *out)
{
	size_t pos = *at, begin = *at;
	bool jumped = false;

	out->len = 0;
	while (pos < msg.len && msg.data[pos] != 0) {
		unsigned char c = msg.data[pos];

		if (c < 64) {
			if (pos + 1 + c > msg.len || !label_add(out, msg.data + pos + 1, c))
				return false;
			pos += 1 + (size_t)c;
			continue;
		}
		if ((c & POINTER) != POINTER || pos + 2 > msg.len)
			return false;
		if (!jumped)
			*at = pos + 2;
		jumped = true;
		pos = (size_t)(c & ~POINTER) << 8 | msg.data[pos + 1];
		if (pos >= begin)
			return false;
		begin = pos;
	}
	if (pos >= msg.len)
		return false;
	if (!jumped)
		*at = pos + 1;
	out->data[out->len++] = 0;
	return true;
}

static bool name_from_text(const char *text, struct wire_name *out)
{
	out->len = 0;
	if (!rs_dns_name_valid(text))
		return false;
	while (*text) {
		size_t len = strcspn(text, ".");

		if (!label_add(out, (const unsigned char *)text, len))
			return false;
		text += len + (text[len] == '.');
	}
	out->data[out->len++] = 0;
	return true;
}

/* As text without the last dot; dots and odd octets within labels are escaped. */
static const char *name_text(struct rs_ctx *ctx, const struct wire_name *name)
{
	char text[4 * WIRE_MAX + 1];
	size_t n = 0;

	for (size_t at = 0; name->data[at]; at += 1 + (size_t)name->data[at]) {
		for (size_t i = 1; i <= name->data[at]; i++) {
			unsigned char c = name->data[at + i];
			bool plain = c > ' ' && c < 127 && c != '.' && c != '\\';

			n += (size_t)snprintf(
				text + n, sizeof(text) - n, plain ? "%c" : "\\%03u", c);
		}
		text[n++] = '.';
	}
	if (n > 0)
		n--;
	text[n] = '\0';
	return rs_arena_strdup(ctx->arena, text);
}

static unsigned get16(const unsigned char *data)
{
	return (unsigned)data[0] << 8 | data[1];
}

static bool record_read(struct reader *r, struct record *out)
{
	const unsigned char *fixed;

	if (!name_read(r->msg, &r->at, &out->owner) || r->msg.len - r->at < 10)
		return false;
	fixed = r->msg.data + r->at;
	out->type = get16(fixed);
	out->class = get16(fixed + 2);
	out->ttl = (uint32_t)get16(fixed + 4) << 16 | get16(fixed + 6);
	out->len = get16(fixed + 8);
	out->at = r->at + 10;
	if (r->msg.len - out->at < out->len)
		return false;
	r->at = out->at + out->len;
	return true;
}

static bool read_question(struct reader *r)
{
	const unsigned char *head = r->msg.data;
	struct wire_name name;

	if (r->msg.len < HEADER_LEN || r->msg.len > UINT16_MAX)
		return refuse(r, "the message is too short or too long");
	if (!(head[2] & 0x80) || (head[2] & 0x78))
		return refuse(r, "the message is no answer to a query");
	if (head[2] & 0x02)
		return refuse(r, "the answer is truncated");
	r->out->rcode = head[3] & 0x0f;
	r->at = HEADER_LEN;
	if (get16(head + 4) != 1 || !name_read(r->msg, &r->at, &name) || r->msg.len - r->at < 4)
		return refuse(r, "the answer has no question");
	if (!name_eq(&name, &r->asked) || get16(r->msg.data + r->at) != r->type ||
		get16(r->msg.data + r->at + 2) != CLASS_IN)
		return refuse(r, "the answer is to another question");
	r->at += 4;
	return true;
}

static bool read_answer(struct reader *r)
{
	size_t count = get16(r->msg.data + 6);

	/* As many as there is room for, whatever the header says. */
	if (count > r->msg.len / RR_LEN_MIN)
		return refuse(r, "the answer section is cut off");
	r->answer = rs_new_array(r->ctx->arena, struct record, count);
	for (; r->answer_count < count; r->answer_count++)
		if (!record_read(r, &r->answer[r->answer_count]))
			return refuse(r, "a record of the answer section is malformed");
	return true;
}

/* The target of an alias; false when its RDATA is not exactly a name. */
static bool target(const struct reader *r, const struct record *record, struct wire_name *out)
{
	size_t at = record->at;

	return name_read(r->msg, &at, out) && at == record->at + record->len;
}

static void note_ttl(struct reader *r, uint32_t ttl)
{
	if (ttl & TTL_INVALID) /* RFC 2181 8 */
		ttl = 0;
	if (ttl < r->out->ttl)
		r->out->ttl = ttl;
}

/* The asked records at a name: counted, and kept when `keep` has room for them. */
static size_t records_at(struct reader *r, const struct wire_name *name, struct rs_bytes *keep)
{
	size_t count = 0;

	for (size_t i = 0; i < r->answer_count; i++) {
		const struct record *record = &r->answer[i];

		if (record->class != CLASS_IN || record->type != r->type ||
			!name_eq(&record->owner, name))
			continue;
		if (keep) {
			keep[count] = (struct rs_bytes){r->msg.data + record->at, record->len};
			note_ttl(r, record->ttl);
		}
		count++;
	}
	return count;
}

/* What a DNAME at an ancestor makes of a name: RFC 6672 2.2. */
static bool substitute(struct reader *r, const struct wire_name *name, size_t prefix,
	const struct wire_name *to, struct wire_name *out)
{
	if (prefix + to->len > WIRE_MAX)
		return refuse(r, "an alias makes a name that is too long");
	memcpy(out->data, name->data, prefix);
	memcpy(out->data + prefix, to->data, to->len);
	out->len = prefix + to->len;
	return true;
}

/* One record of the answer as a step from name: false when the message must be refused. */
static bool alias_step(struct reader *r, const struct record *record, const struct wire_name *name,
	bool *found, struct wire_name *next)
{
	struct wire_name to, made;
	int below = ancestor_at(name, &record->owner);

	if (record->class != CLASS_IN || below < 0 ||
		!(record->type == RS_RR_CNAME ? below == 0
					      : record->type == RS_RR_DNAME && below > 0))
		return true;
	if (!target(r, record, &to))
		return refuse(r, "an alias is malformed");
	if (!substitute(r, name, (size_t)below, &to, &made))
		return false;
	/* The CNAME beside a DNAME says the same; anything else is a contradiction. */
	if (*found && !name_eq(next, &made))
		return refuse(r, "a name has two different aliases");
	*found = true;
	*next = made;
	note_ttl(r, record->ttl);
	return true;
}

static bool follow(struct reader *r)
{
	struct wire_name *chain = r->chain;
	size_t len = 1;

	chain[0] = r->asked;
	for (;;) {
		size_t count = records_at(r, &chain[len - 1], NULL);
		struct wire_name next;
		bool alias = false;

		for (size_t i = 0; i < r->answer_count; i++)
			if (!alias_step(r, &r->answer[i], &chain[len - 1], &alias, &next))
				return false;
		if (alias && count > 0)
			return refuse(r, "a name has an alias and other records");
		if (!alias)
			break;
		if (len > RS_DNS_CHAIN_MAX)
			return refuse(r, "too many aliases");
		for (size_t i = 0; i < len; i++)
			if (name_eq(&chain[i], &next))
				return refuse(r, "the aliases go in a circle");
		chain[len++] = next;
	}
	r->out->chain_len = len;
	return true;
}

/* The rest must be well formed; the SOA (RFC 2308 2) and the extended rcode (RFC 6891) count. */
static bool read_rest(struct reader *r)
{
	size_t authority = get16(r->msg.data + 8);
	size_t rest = authority + get16(r->msg.data + 10);
	const struct wire_name *canonical = &r->chain[r->out->chain_len - 1];
	struct record record;

	for (size_t i = 0; i < rest; i++) {
		if (!record_read(r, &record))
			return refuse(r, "a record behind the answer section is malformed");
		if (i < authority && record.class == CLASS_IN && record.type == RS_RR_SOA &&
			ancestor_at(canonical, &record.owner) >= 0)
			r->out->soa = true;
		if (i >= authority && record.type == RS_RR_OPT)
			r->out->rcode |= (int)(record.ttl >> 24) << 4;
	}
	return r->at == r->msg.len || refuse(r, "bytes are left over");
}

bool rs_dnsmsg_read(struct rs_ctx *ctx, struct rs_bytes packet, const char *name,
	enum rs_rr_type type, struct rs_dnsmsg *out)
{
	struct reader r = {.ctx = ctx, .msg = packet, .type = (unsigned)type, .out = out};
	const struct wire_name *canonical;
	const char **chain;
	struct rs_bytes *rdata;
	bool good;

	*out = (struct rs_dnsmsg){.ttl = UINT32_MAX};
	good = name_from_text(name, &r.asked) || refuse(&r, "the name cannot be asked for");
	good = good && read_question(&r) && read_answer(&r) && follow(&r) && read_rest(&r);
	if (!good) {
		*out = (struct rs_dnsmsg){.why = out->why};
		return false;
	}
	canonical = &r.chain[out->chain_len - 1];
	chain = rs_new_array(ctx->arena, const char *, out->chain_len);
	for (size_t i = 0; i < out->chain_len; i++)
		chain[i] = name_text(ctx, &r.chain[i]);
	out->chain = chain;
	out->canonical = chain[out->chain_len - 1];
	out->count = records_at(&r, canonical, NULL);
	rdata = rs_new_array(ctx->arena, struct rs_bytes, out->count);
	records_at(&r, canonical, rdata);
	out->rdata = rdata;
	if (out->ttl == UINT32_MAX)
		out->ttl = 0;
	return true;
}

bool rs_dnsmsg_txt(struct rs_ctx *ctx, struct rs_bytes rdata, struct rs_bytes *out)
{
	unsigned char *joined = rs_arena_alloc(ctx->arena, rdata.len);
	size_t n = 0;

	for (size_t at = 0; at < rdata.len;) {
		size_t len = rdata.data[at];

		if (len > rdata.len - at - 1)
			return false;
		memcpy(joined + n, rdata.data + at + 1, len);
		n += len;
		at += 1 + len;
	}
	*out = (struct rs_bytes){joined, n};
	return rdata.len > 0;
}

static bool label_valid(const char *label, size_t len)
{
	if (len == 0 || len > RS_DNS_LABEL_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = (char)lower((unsigned char)label[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool rs_dns_name_valid(const char *name)
{
	size_t all = strlen(name);

	if (all > 0 && name[all - 1] == '.')
		all--;
	if (all == 0 || all > RS_DNS_TEXT_MAX)
		return false;
	for (size_t at = 0; at <= all;) {
		size_t len = strcspn(name + at, ".");

		if (!label_valid(name + at, len))
			return false;
		at += len + 1;
	}
	return true;
}

bool rs_dns_name_under(const char *name, const char *ancestor)
{
	size_t len = strlen(name);
	size_t above = strlen(ancestor);

	if (above == 0 || len < above || strcasecmp(name + len - above, ancestor) != 0)
		return false;
	return len == above || name[len - above - 1] == '.';
}

const char *rs_dns_text(struct rs_ctx *ctx, struct rs_bytes bytes, size_t max)
{
	size_t shown = bytes.len < max ? bytes.len : max;
	char *out = rs_arena_alloc(ctx->arena, 4 * shown + sizeof("…"));
	char *s = out;

	for (size_t i = 0; i < shown; i++) {
		unsigned char c = bytes.data[i];

		if (c < ' ' || c > '~')
			s += snprintf(s, 5, "\\%03u", c);
		else if (c == '\\')
			s += snprintf(s, 3, "\\\\");
		else
			*s++ = (char)c;
	}
	if (shown < bytes.len)
		memcpy(s, "…", sizeof("…"));
	return out;
}
