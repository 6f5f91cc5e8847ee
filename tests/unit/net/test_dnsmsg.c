/* DNS messages built octet by octet: what is an answer to our question, and what is none. */
#include "rs/dnsmsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- building --- */

struct message {
	unsigned char data[4096];
	size_t len;
};

static void put(struct message *m, const void *data, size_t len)
{
	assert_true(m->len + len <= sizeof(m->data));
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

static void put16(struct message *m, unsigned value)
{
	const unsigned char octets[] = {(unsigned char)(value >> 8), (unsigned char)value};

	put(m, octets, 2);
}

/* "a.b" in full; "@12" a pointer; "a.@12" both. */
static void put_name(struct message *m, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		unsigned char octet = (unsigned char)len;
		unsigned at;

		if (*name == '@' && sscanf(name + 1, "%u", &at) == 1) {
			put16(m, 0xc000 | at);
			return;
		}
		put(m, &octet, 1);
		put(m, name, len);
		name += len + (name[len] == '.');
	}
	put(m, "", 1);
}

/* flags: 0x8180 is a plain answer. */
static struct message head(unsigned flags, unsigned answers, unsigned authority,
	unsigned additional, const char *name, unsigned type)
{
	struct message m = {.len = 0};

	put16(&m, 0x1234);
	put16(&m, flags);
	put16(&m, 1);
	put16(&m, answers);
	put16(&m, authority);
	put16(&m, additional);
	put_name(&m, name);
	put16(&m, type);
	put16(&m, 1);
	return m;
}

static void rr(struct message *m, const char *owner, unsigned type, unsigned ttl, const void *rdata,
	size_t len)
{
	put_name(m, owner);
	put16(m, type);
	put16(m, type == RS_RR_OPT ? 1232 : 1);
	put16(m, ttl >> 16);
	put16(m, ttl & 0xffff);
	put16(m, (unsigned)len);
	put(m, rdata, len);
}

static void rr_name(
	struct message *m, const char *owner, unsigned type, unsigned ttl, const char *target)
{
	struct message name = {.len = 0};

	put_name(&name, target);
	rr(m, owner, type, ttl, name.data, name.len);
}

static void rr_caa(struct message *m, const char *owner, const char *value)
{
	struct message rdata = {.len = 0};

	put(&rdata, "\0\5issue", 7);
	put(&rdata, value, strlen(value));
	rr(m, owner, RS_RR_CAA, 300, rdata.data, rdata.len);
}

static void rr_soa(struct message *m, const char *owner)
{
	struct message rdata = {.len = 0};

	put_name(&rdata, "ns.example");
	put_name(&rdata, "hostmaster.example");
	put(&rdata, "\0\0\0\1\0\0\16\20\0\0\2\130\0\1\121\200\0\0\1\54", 20);
	rr(m, owner, RS_RR_SOA, 300, rdata.data, rdata.len);
}

static struct rs_bytes packet(const struct message *m)
{
	return (struct rs_bytes){m->data, m->len};
}

static struct rs_dnsmsg read_caa(struct rs_ctx *ctx, const struct message *m, const char *name)
{
	struct rs_dnsmsg out;

	if (!rs_dnsmsg_read(ctx, packet(m), name, RS_RR_CAA, &out))
		fail_msg("refused: %s", out.why);
	return out;
}

static void refused(struct rs_ctx *ctx, const struct message *m, const char *name, const char *why)
{
	struct rs_dnsmsg out;

	if (rs_dnsmsg_read(ctx, packet(m), name, RS_RR_CAA, &out))
		fail_msg("taken, but %s", why);
	assert_null(out.rdata);
	assert_null(out.canonical);
	if (strcmp(out.why, why) != 0)
		fail_msg("refused since %s, not since %s", out.why, why);
}

/* --- answers --- */

static void test_records(void **state)
{
	struct message m = head(0x8180, 2, 0, 0, "www.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_caa(&m, "@12", "ca.example");
	rr(&m, "WWW.Example", RS_RR_CAA, 60, "\x80\5issue;", 8);
	out = read_caa(*state, &m, "WwW.eXample.");
	assert_int_equal(out.rcode, 0);
	assert_int_equal(out.count, 2);
	assert_int_equal(out.chain_len, 1);
	assert_string_equal(out.canonical, "www.example");
	assert_int_equal(out.ttl, 60);
	assert_false(out.soa);
	assert_int_equal(out.rdata[0].len, 17);
	assert_memory_equal(out.rdata[0].data, "\0\5issueca.example", 17);
	assert_memory_equal(out.rdata[1].data, "\x80\5issue;", 8);
}

/* Of another name, type or class: not ours. */
static void test_strangers(void **state)
{
	struct message m = head(0x8180, 4, 0, 0, "www.example", RS_RR_CAA);
	size_t class;
	struct rs_dnsmsg out;

	rr_caa(&m, "example", "a.example");
	rr_caa(&m, "x.@12", "a.example");
	rr(&m, "@12", RS_RR_TXT, 300, "\1a", 2);
	class = m.len + 2 + 2;
	rr_caa(&m, "@12", "a.example");
	m.data[class + 1] = 3; /* CHAOS */
	out = read_caa(*state, &m, "www.example");
	assert_int_equal(out.count, 0);
	assert_int_equal(out.ttl, 0);
}

static void test_negative(void **state)
{
	static const struct {
		const char *name, *soa;
		bool good;
	} rows[] = {
		{"www.example", NULL, false},
		{"www.example", "www.example", true},
		{"www.example", "EXAMPLE", true},
		{"www.example", "", true}, /* the root's */
		{"www.example", "ww.example", false},
		{"www.example", "a.www.example", false},
		{"www.example", "w.example", false},
		{"www.example", "other", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
			struct message m = head(
				0x8180 | rcode, 0, rows[i].soa ? 1 : 0, 0, rows[i].name, RS_RR_CAA);
			struct rs_dnsmsg out;

			if (rows[i].soa)
				rr_soa(&m, rows[i].soa);
			out = read_caa(*state, &m, rows[i].name);
			assert_int_equal(out.rcode, rcode);
			assert_int_equal(out.count, 0);
			if (out.soa != rows[i].good)
				fail_msg("SOA of \"%s\"", rows[i].soa);
		}
}

/* A SOA counts in the authority section only; a lame server's referral has NS there. */
static void test_referral(void **state)
{
	struct message m = head(0x8100, 0, 1, 1, "www.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_name(&m, "example", RS_RR_NS, 300, "ns.example");
	rr_soa(&m, "example");
	out = read_caa(*state, &m, "www.example");
	assert_false(out.soa);
}

static void test_rcodes(void **state)
{
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		struct message m = head(0x8180 | rcode, 0, 0, 0, "www.example", RS_RR_CAA);

		assert_int_equal(read_caa(*state, &m, "www.example").rcode, rcode);
	}
}

/* RFC 6891: the upper bits stand in the OPT record; 16 is BADVERS, not NOERROR. */
static void test_extended_rcode(void **state)
{
	struct message m = head(0x8180, 0, 0, 1, "www.example", RS_RR_CAA);

	rr(&m, "", RS_RR_OPT, 0x01000000, "", 0);
	assert_int_equal(read_caa(*state, &m, "www.example").rcode, 16);
}

static void test_ttl(void **state)
{
	struct message m = head(0x8180, 2, 0, 0, "a.example", RS_RR_CAA);

	rr_name(&m, "a.example", RS_RR_CNAME, 30, "b.example");
	rr_caa(&m, "b.example", "ca.example");
	assert_int_equal(read_caa(*state, &m, "a.example").ttl, 30);
	m = head(0x8180, 1, 0, 0, "a.example", RS_RR_CAA);
	rr(&m, "a.example", RS_RR_CAA, 0x80000001, "\0\5issue", 7); /* RFC 2181 8: as 0 */
	assert_int_equal(read_caa(*state, &m, "a.example").ttl, 0);
}

/* --- aliases --- */

static void test_chain(void **state)
{
	struct message m = head(0x8180, 3, 1, 0, "a.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_caa(&m, "C.other", "ca.example"); /* whatever the order */
	rr_name(&m, "b.example", RS_RR_CNAME, 300, "c.OTHER");
	rr_name(&m, "A.example", RS_RR_CNAME, 300, "b.example");
	rr_soa(&m, "other");
	out = read_caa(*state, &m, "a.example");
	assert_int_equal(out.count, 1);
	assert_int_equal(out.chain_len, 3);
	assert_string_equal(out.chain[0], "a.example");
	assert_string_equal(out.chain[1], "b.example");
	assert_string_equal(out.canonical, "c.other");
	assert_true(out.soa);
}

/* A negative answer at the end of a chain is the end's zone's to give. */
static void test_chain_negative(void **state)
{
	struct message m = head(0x8183, 1, 1, 0, "a.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_name(&m, "a.example", RS_RR_CNAME, 300, "gone.other");
	rr_soa(&m, "example");
	out = read_caa(*state, &m, "a.example");
	assert_int_equal(out.rcode, 3);
	assert_string_equal(out.canonical, "gone.other");
	assert_false(out.soa);
}

static void test_dname(void **state)
{
	struct message m = head(0x8180, 3, 0, 0, "x.dn.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_name(&m, "dn.example", RS_RR_DNAME, 300, "target.example");
	rr_name(&m, "x.dn.example", RS_RR_CNAME, 300, "x.target.example");
	rr_caa(&m, "x.target.example", "ca.example");
	out = read_caa(*state, &m, "x.dn.example");
	assert_int_equal(out.count, 1);
	assert_string_equal(out.canonical, "x.target.example");
	/* the CNAME beside it is a courtesy (RFC 6672 3.1) */
	m = head(0x8180, 2, 0, 0, "x.y.dn.example", RS_RR_CAA);
	rr_caa(&m, "x.y.t", "ca.example");
	rr_name(&m, "dn.example", RS_RR_DNAME, 300, "t");
	out = read_caa(*state, &m, "x.y.dn.example");
	assert_string_equal(out.canonical, "x.y.t");
	assert_int_equal(out.count, 1);
	/* its owner itself is not redirected */
	m = head(0x8180, 1, 0, 0, "dn.example", RS_RR_CAA);
	rr_name(&m, "dn.example", RS_RR_DNAME, 300, "t");
	assert_string_equal(read_caa(*state, &m, "dn.example").canonical, "dn.example");
	m = head(0x8180, 2, 0, 0, "x.dn.example", RS_RR_CAA);
	rr_name(&m, "dn.example", RS_RR_DNAME, 300, "target.example");
	rr_name(&m, "x.dn.example", RS_RR_CNAME, 300, "elsewhere.example");
	refused(*state, &m, "x.dn.example", "a name has two different aliases");
}

static void test_dname_too_long(void **state)
{
	static char name[200], to[200];
	struct message m;

	for (int i = 0; i < 180; i++)
		name[i] = to[i] = i % 60 == 59 ? '.' : 'a';
	strcpy(name + 180, "dn");
	strcpy(to + 180, "to");
	m = head(0x8180, 1, 0, 0, name, RS_RR_CAA);
	rr_name(&m, "dn", RS_RR_DNAME, 300, to);
	refused(*state, &m, name, "an alias makes a name that is too long");
}

static void test_bad_chains(void **state)
{
	struct message m = head(0x8180, 1, 0, 0, "a.example", RS_RR_CAA);

	rr_name(&m, "a.example", RS_RR_CNAME, 300, "A.example");
	refused(*state, &m, "a.example", "the aliases go in a circle");

	m = head(0x8180, 3, 0, 0, "a.example", RS_RR_CAA);
	rr_name(&m, "a.example", RS_RR_CNAME, 300, "b.example");
	rr_name(&m, "b.example", RS_RR_CNAME, 300, "c.example");
	rr_name(&m, "c.example", RS_RR_CNAME, 300, "b.example");
	refused(*state, &m, "a.example", "the aliases go in a circle");

	m = head(0x8180, 2, 0, 0, "a.example", RS_RR_CAA);
	rr_name(&m, "a.example", RS_RR_CNAME, 300, "b.example");
	rr_name(&m, "a.example", RS_RR_CNAME, 300, "c.example");
	refused(*state, &m, "a.example", "a name has two different aliases");

	m = head(0x8180, 2, 0, 0, "a.example", RS_RR_CAA);
	rr_name(&m, "a.example", RS_RR_CNAME, 300, "b.example");
	rr_caa(&m, "a.example", "ca.example");
	refused(*state, &m, "a.example", "a name has an alias and other records");

	m = head(0x8180, 1, 0, 0, "a.example", RS_RR_CAA);
	rr(&m, "a.example", RS_RR_CNAME, 300, "\1b\0x", 4); /* an octet behind the name */
	refused(*state, &m, "a.example", "an alias is malformed");

	m = head(0x8180, 1, 0, 0, "a.example", RS_RR_CAA);
	rr(&m, "a.example", RS_RR_CNAME, 300, "\1b", 2); /* the name runs over the end */
	refused(*state, &m, "a.example", "an alias is malformed");
}

/* The same alias twice is one. */
static void test_alias_twice(void **state)
{
	struct message m = head(0x8180, 3, 0, 0, "a.example", RS_RR_CAA);

	rr_name(&m, "a.example", RS_RR_CNAME, 300, "b.example");
	rr_name(&m, "a.example", RS_RR_CNAME, 300, "B.example");
	rr_caa(&m, "b.example", "ca.example");
	assert_int_equal(read_caa(*state, &m, "a.example").count, 1);
}

static void test_longest_chain(void **state)
{
	for (unsigned steps = RS_DNS_CHAIN_MAX; steps <= RS_DNS_CHAIN_MAX + 1; steps++) {
		struct message m = head(0x8180, steps, 0, 0, "a0.example", RS_RR_CAA);

		for (unsigned i = 0; i < steps; i++) {
			char owner[32], to[32];

			snprintf(owner, sizeof(owner), "a%u.example", i);
			snprintf(to, sizeof(to), "a%u.example", i + 1);
			rr_name(&m, owner, RS_RR_CNAME, 300, to);
		}
		if (steps == RS_DNS_CHAIN_MAX)
			assert_int_equal(read_caa(*state, &m, "a0.example").chain_len, steps + 1);
		else
			refused(*state, &m, "a0.example", "too many aliases");
	}
}

/* --- what is no answer --- */

static void test_header(void **state)
{
	struct message m = head(0x0180, 0, 0, 0, "www.example", RS_RR_CAA);

	refused(*state, &m, "www.example", "the message is no answer to a query");
	m = head(0xa980, 0, 0, 0, "www.example", RS_RR_CAA); /* an opcode of UPDATE */
	refused(*state, &m, "www.example", "the message is no answer to a query");
	m = head(0x8380, 0, 0, 0, "www.example", RS_RR_CAA);
	refused(*state, &m, "www.example", "the answer is truncated");
	m.len = 11;
	refused(*state, &m, "www.example", "the message is too short or too long");
	m.len = 0;
	refused(*state, &m, "www.example", "the message is too short or too long");
}

static void test_question(void **state)
{
	struct message m = head(0x8180, 0, 0, 0, "www.example", RS_RR_CAA);

	refused(*state, &m, "ww.example", "the answer is to another question");
	refused(*state, &m, "example", "the answer is to another question");
	refused(*state, &m, "a b", "the name cannot be asked for");
	m = head(0x8180, 0, 0, 0, "www.example", RS_RR_TXT);
	refused(*state, &m, "www.example", "the answer is to another question");
	m = head(0x8180, 0, 0, 0, "www.example", RS_RR_CAA);
	m.data[m.len - 1] = 3; /* CHAOS */
	refused(*state, &m, "www.example", "the answer is to another question");
	m = head(0x8180, 0, 0, 0, "www.example", RS_RR_CAA);
	m.data[5] = 0;
	refused(*state, &m, "www.example", "the answer has no question");
	m.data[5] = 2;
	refused(*state, &m, "www.example", "the answer has no question");
}

static void test_counts(void **state)
{
	struct message m = head(0x8180, 2, 0, 0, "www.example", RS_RR_CAA);

	rr_caa(&m, "@12", "ca.example");
	refused(*state, &m, "www.example", "a record of the answer section is malformed");
	m.data[6] = 0xff;
	refused(*state, &m, "www.example", "the answer section is cut off");
	m.data[6] = m.data[7] = 0;
	refused(*state, &m, "www.example", "bytes are left over");
	m.data[9] = 1;
	assert_int_equal(
		read_caa(*state, &m, "www.example").count, 0); /* not in the answer section */
	m.data[9] = 2;
	refused(*state, &m, "www.example", "a record behind the answer section is malformed");
}

/* Names that go forward, to themselves, in two steps in a circle, or beyond 255 octets. */
static void test_bad_names(void **state)
{
	static const char bad[] = "a record of the answer section is malformed";
	static const unsigned labels[] = {0x40, 0x80, 0xbf}; /* kinds nobody uses */
	struct message m = head(0x8180, 1, 0, 0, "www.example", RS_RR_CAA);
	struct message long_name = {.len = 0};
	size_t at = m.len;
	char pointer[16];

	snprintf(pointer, sizeof(pointer), "@%zu", at); /* itself */
	rr_caa(&m, pointer, "ca.example");
	refused(*state, &m, "www.example", bad);

	m.len = at;
	snprintf(pointer, sizeof(pointer), "@%zu", at + 12); /* forward */
	rr_caa(&m, pointer, "ca.example");
	refused(*state, &m, "www.example", bad);

	m.len = at;
	snprintf(pointer, sizeof(pointer), "a.@%zu", at); /* a label, then back to it */
	rr_caa(&m, pointer, "ca.example");
	refused(*state, &m, "www.example", bad);

	m.len = at;
	rr_caa(&m, "@4095", "ca.example"); /* outside */
	refused(*state, &m, "www.example", bad);

	for (size_t i = 0; i < 3; i++) {
		m.len = at;
		rr_caa(&m, "a", "ca.example");
		m.data[at] = (unsigned char)labels[i];
		refused(*state, &m, "www.example", bad);
	}
	/* 255 octets with the root are a name, 256 are none */
	for (size_t last = 1; last <= 2; last++) {
		long_name.len = 0;
		for (int i = 0; i < 126; i++)
			put(&long_name, "\1a", 2);
		put(&long_name, last == 1 ? "\1b" : "\2bb", last + 1);
		m.len = at;
		put(&m, long_name.data, long_name.len);
		put(&m, "", 1);
		put(&m, "\1\1\0\1\0\0\0\0\0\0", 10);
		if (last == 1)
			assert_int_equal(read_caa(*state, &m, "www.example").count, 0);
		else
			refused(*state, &m, "www.example", bad);
	}
}

/* No beginning of a good message is a good message. */
static void test_prefixes(void **state)
{
	struct message m = head(0x8180, 2, 1, 1, "a.example", RS_RR_CAA);
	struct rs_dnsmsg out;

	rr_name(&m, "@12", RS_RR_CNAME, 300, "b.example");
	rr_caa(&m, "b.example", "ca.example");
	rr_soa(&m, "example");
	rr(&m, "", RS_RR_OPT, 0, "", 0);
	assert_true(rs_dnsmsg_read(*state, packet(&m), "a.example", RS_RR_CAA, &out));
	for (size_t len = 0; len < m.len; len++)
		assert_false(rs_dnsmsg_read(
			*state, (struct rs_bytes){m.data, len}, "a.example", RS_RR_CAA, &out));
}

/* --- texts --- */

static void test_odd_names(void **state)
{
	struct message m = head(0x8180, 1, 0, 0, "a.example", RS_RR_CAA);

	rr(&m, "@12", RS_RR_CNAME, 300, "\4.\\\0\xe4\1b\0", 8);
	assert_string_equal(read_caa(*state, &m, "a.example").canonical, "\\046\\092\\000\\228.b");
}

static void test_txt(void **state)
{
	static const struct {
		struct rs_bytes rdata;
		const char *want; /* NULL: refused */
	} rows[] = {
		{{(const unsigned char *)"\3abc", 4}, "abc"},
		{{(const unsigned char *)"\3abc\2de", 7}, "abcde"},
		{{(const unsigned char *)"\0", 1}, ""},
		{{(const unsigned char *)"\1a\0\1b", 5}, "ab"},
		{{(const unsigned char *)"", 0}, NULL},
		{{(const unsigned char *)"\4abc", 4}, NULL},
		{{(const unsigned char *)"\3abc\1", 5}, NULL},
		{{(const unsigned char *)"\xff", 1}, NULL},
	};
	struct rs_bytes out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = rs_dnsmsg_txt(*state, rows[i].rdata, &out);

		if (good != (rows[i].want != NULL))
			fail_msg("row %zu", i);
		if (good) {
			assert_int_equal(out.len, strlen(rows[i].want));
			assert_memory_equal(out.data, rows[i].want, out.len);
		}
	}
}

static void test_name_under(void **state)
{
	(void)state;
	assert_true(rs_dns_name_under("a.example.com", "example.com"));
	assert_true(rs_dns_name_under("example.com", "example.com"));
	assert_true(rs_dns_name_under("A.EXAMPLE.com", "example.COM"));
	assert_false(rs_dns_name_under("aexample.com", "example.com"));
	assert_false(rs_dns_name_under("com", "example.com"));
	assert_false(rs_dns_name_under("example.com.org", "example.com"));
	assert_false(rs_dns_name_under("example.com", ""));
}

static void test_text(void **state)
{
	static const struct rs_bytes odd = {(const unsigned char *)"a\"\\\t\xff~", 6};

	assert_string_equal(rs_dns_text(*state, odd, 100), "a\"\\\\\\009\\255~");
	assert_string_equal(rs_dns_text(*state, odd, 1), "a…");
	assert_string_equal(rs_dns_text(*state, odd, 6), "a\"\\\\\\009\\255~");
	assert_string_equal(rs_dns_text(*state, (struct rs_bytes){NULL, 0}, 6), "");
}

static int setup(void **state)
{
	static struct rs_ctx ctx;

	rs_ctx_init(&ctx, NULL);
	*state = &ctx;
	return 0;
}

static int teardown(void **state)
{
	rs_ctx_end(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_records),
		TEST(test_strangers),
		TEST(test_negative),
		TEST(test_referral),
		TEST(test_rcodes),
		TEST(test_extended_rcode),
		TEST(test_ttl),
		TEST(test_chain),
		TEST(test_chain_negative),
		TEST(test_dname),
		TEST(test_dname_too_long),
		TEST(test_bad_chains),
		TEST(test_alias_twice),
		TEST(test_longest_chain),
		TEST(test_header),
		TEST(test_question),
		TEST(test_counts),
		TEST(test_bad_names),
		TEST(test_prefixes),
		TEST(test_odd_names),
		TEST(test_txt),
		TEST(test_name_under),
		TEST(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
