/*
 * Records at _validation-persist: the parse vectors of the draft and of a CA that runs it, and what
 * the BR add. We are ca.example, the account is acct:42@ca.example, it is 2026-01-01.
 */
#include "rs/persist.h"

#include "rs/caa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW  INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define OURS "accounturi=acct:42@ca.example"

struct row {
	const char *id;
	const char *records[3];
	enum rs_persist_result narrow, wide; /* for the domain itself; for what is below it */
};

#define G   RS_PERSIST_GOOD
#define M   RS_PERSIST_MALFORMED
#define N   RS_PERSIST_NONE
#define P   RS_PERSIST_POLICY
#define X   RS_PERSIST_EXPIRED
#define ACC RS_PERSIST_ACCOUNT

static const struct row ROWS[] = {
	{"no record", {NULL}, N, N},
	{"plain", {"ca.example;" OURS}, G, P},
	{"upper case and dot", {"CA.EXAMPLE.;" OURS}, G, P},
	{"second name of ours", {"second-ca.example; " OURS}, G, P},
	{"two dots", {"ca.example..;" OURS}, N, N},
	{"another CA", {"other.example;" OURS}, N, N},
	{"no CA", {";" OURS}, N, N},
	{"empty", {""}, N, N},
	{"only the name", {"ca.example"}, M, M},
	{"white space",
		{"  ca.example  ;\taccounturi  =  acct:42@ca.example  ; policy = wildcard ;  "
		 "persistUntil = 4102444800  "},
		G, G},
	{"unknown tags", {"ca.example;" OURS ";bad tag=value;\nweird=\\x01337"}, G, P},
	{"unknown tag twice", {"ca.example;" OURS ";foo=bar;foo=baz"}, G, P},
	{"unknown tag empty", {"ca.example;" OURS ";foo="}, G, P},
	{"no equals", {"ca.example;" OURS ";invalidparam"}, M, M},
	{"empty tag", {"ca.example;" OURS ";=abc"}, M, M},
	{"blank tag", {"ca.example;" OURS "; =abc"}, M, M},
	{"empty account", {"ca.example;accounturi="}, M, M},
	{"no account", {"ca.example;policy=wildcard"}, M, M},
	{"space in a value", {"ca.example;" OURS ";policy=wild card"}, M, M},
	{"space in an unknown value", {"ca.example;" OURS ";foo=a b"}, M, M},
	{"octet beyond ASCII in a value", {"ca.example;" OURS ";foo=\xc3\xa4"}, M, M},
	{"DEL in a value", {"ca.example;" OURS ";foo=\x7f"}, M, M},
	{"trailing semicolon", {"ca.example;" OURS ";"}, M, M},
	{"trailing semicolon and space", {"ca.example;" OURS "; "}, M, M},
	{"empty parameter", {"ca.example;;" OURS}, M, M},
	{"account twice", {"ca.example;" OURS ";" OURS}, M, M},
	{"account twice, in another case",
		{"ca.example;ACCOUNTURI=acct:42@ca.example;accounturi=x"}, M, M},
	{"policy twice", {"ca.example;" OURS ";policy=wildcard;Policy=wildcard"}, M, M},
	{"until twice", {"ca.example;" OURS ";persistUntil=4102444800;persistuntil=4102444800"}, M,
		M},
	{"other account", {"ca.example;accounturi=acct:43@ca.example"}, ACC, ACC},
	{"account in another case", {"ca.example;accounturi=ACCT:42@ca.example"}, ACC, ACC},
	{"account longer", {"ca.example;accounturi=acct:42@ca.example.org"}, ACC, ACC},
	{"tag of the account in another case", {"ca.example;AccountURI=acct:42@ca.example"}, G, P},
	{"wildcard", {"ca.example;" OURS ";policy=wildcard"}, G, G},
	{"wildcard in any case", {"ca.example;" OURS ";pOlIcY=wIlDcArD"}, G, G},
	{"other policy", {"ca.example;" OURS ";policy=notwildcard"}, G, P},
	{"empty policy", {"ca.example;" OURS ";policy="}, G, P},
	{"until later", {"ca.example;" OURS ";persistUntil=1767225601"}, G, P},
	{"until now", {"ca.example;" OURS ";persistUntil=1767225600"}, G, P},
	{"until a second ago", {"ca.example;" OURS ";persistUntil=1767225599"}, X, X},
	{"until before 1970", {"ca.example;" OURS ";persistUntil=-1"}, X, X},
	{"until 0", {"ca.example;" OURS ";persistUntil=0"}, X, X},
	{"until for ever", {"ca.example;" OURS ";persistUntil=9223372036854775799"}, G, P},
	{"until beyond 64 bits", {"ca.example;" OURS ";persistUntil=99999999999999999999"}, M, M},
	{"until empty", {"ca.example;" OURS ";persistUntil="}, M, M},
	{"until a minus", {"ca.example;" OURS ";persistUntil=-"}, M, M},
	{"until a word", {"ca.example;" OURS ";persistUntil=not-a-unix-timestamp"}, M, M},
	{"until a fraction", {"ca.example;" OURS ";persistUntil=4102444800.5"}, M, M},
	{"until hexadecimal", {"ca.example;" OURS ";persistUntil=0x7fffffff"}, M, M},
	{"until with a plus", {"ca.example;" OURS ";persistUntil=+4102444800"}, M, M},
	/* several records: any one may do, a malformed or foreign one hides none */
	{"malformed and good", {"ca.example;" OURS ";accounturi=other", "ca.example;" OURS}, G, P},
	{"good and malformed", {"ca.example;" OURS, "ca.example;" OURS ";"}, G, P},
	{"other account and good", {"ca.example;accounturi=x", "ca.example;" OURS}, G, P},
	{"foreign malformed only", {"other.example;accounturi=x;accounturi=y"}, N, N},
	{"foreign malformed and good", {"other.example;;", "ca.example;" OURS}, G, P},
	{"narrow and wide", {"ca.example;" OURS, "ca.example;" OURS ";policy=wildcard"}, G, G},
	{"expired and malformed", {"ca.example;" OURS ";persistUntil=1", "ca.example"}, X, X},
	{"an SPF record", {"v=spf1 -all", "ca.example;" OURS}, G, P},
};

static json_t *issuers(struct rs_ctx *ctx)
{
	return rs_arena_json(ctx->arena, json_pack("[s, s]", "ca.example", "second-ca.example"));
}

/* TXT RDATA of one record, in character-strings of at most `step` octets. */
static struct rs_bytes txt(struct rs_ctx *ctx, const char *text, size_t step)
{
	size_t len = strlen(text);
	unsigned char *out = rs_arena_alloc(ctx->arena, 2 * len + 1);
	size_t n = 0;

	for (size_t at = 0; at < len || at == 0; at += step) {
		size_t part = len - at < step ? len - at : step;

		out[n++] = (unsigned char)part;
		memcpy(out + n, text + at, part);
		n += part;
	}
	return (struct rs_bytes){out, n};
}

static struct rs_persist judge(
	struct rs_ctx *ctx, const char *const *records, size_t step, bool wide)
{
	struct rs_persist_ask ask = {issuers(ctx), "acct:42@ca.example", wide, NOW * 1000000};
	struct rs_bytes rdata[3];
	struct rs_persist out;
	size_t count = 0;

	for (; count < 3 && records[count]; count++)
		rdata[count] = txt(ctx, records[count], step);
	rs_persist_judge(ctx, &ask, rdata, count, &out);
	return out;
}

static void test_table(void **state)
{
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		for (size_t step = 255; step > 0; step = step == 255 ? 7 : 0) {
			const struct row *row = &ROWS[i];
			struct rs_persist narrow = judge(*state, row->records, step, false);
			struct rs_persist wide = judge(*state, row->records, step, true);

			if (narrow.result != row->narrow || wide.result != row->wide)
				fail_msg("%s: %s; %s", row->id, narrow.detail, wide.detail);
			assert_int_equal(narrow.record == NULL, narrow.result == RS_PERSIST_NONE);
			assert_true(narrow.result == RS_PERSIST_GOOD || !narrow.wildcard);
		}
}

/* Of several good records the one that covers more counts, then the one that lasts longer. */
static void test_best(void **state)
{
	static const struct {
		const char *records[3];
		bool wildcard;
		int64_t until;
	} rows[] = {
		{{"ca.example;" OURS ";policy=wildcard;persistUntil=1800000000",
			 "ca.example;" OURS},
			true, INT64_C(1800000000000000)},
		{{"ca.example;" OURS ";persistUntil=1800000000",
			 "ca.example;" OURS ";persistUntil=1900000000"},
			false, INT64_C(1900000000000000)},
		{{"ca.example;" OURS ";persistUntil=1800000000", "ca.example;" OURS}, false, 0},
		{{"ca.example;" OURS, "ca.example;" OURS ";persistUntil=1800000000"}, false, 0},
		{{"ca.example;" OURS ";persistUntil=9223372036854775799"}, false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int turn = 0; turn < 2; turn++) {
			const char *records[3] = {
				rows[i].records[turn && rows[i].records[1] ? 1 : 0],
				rows[i].records[1] ? rows[i].records[turn ? 0 : 1] : NULL, NULL};
			struct rs_persist out = judge(*state, records, 255, false);

			assert_int_equal(out.result, RS_PERSIST_GOOD);
			assert_int_equal(out.wildcard, rows[i].wildcard);
			assert_int_equal(out.until, rows[i].until);
		}
}

/* RDATA that is no TXT record is passed over. */
static void test_malformed_rdata(void **state)
{
	struct rs_ctx *ctx = *state;
	struct rs_persist_ask ask = {issuers(ctx), "acct:42@ca.example", false, NOW * 1000000};
	struct rs_bytes rdata[] = {{(const unsigned char *)"", 0},
		{(const unsigned char *)"\xff"
					"ca.example",
			11},
		txt(ctx, "ca.example;" OURS, 255)};
	struct rs_persist out;

	rs_persist_judge(ctx, &ask, rdata, 2, &out);
	assert_int_equal(out.result, RS_PERSIST_NONE);
	rs_persist_judge(ctx, &ask, rdata, 3, &out);
	assert_int_equal(out.result, RS_PERSIST_GOOD);
	ask.account_uri = NULL;
	rs_persist_judge(ctx, &ask, rdata, 3, &out);
	assert_int_equal(out.result, RS_PERSIST_ACCOUNT);
}

/* What is to be published proves control, and is a well-formed issue-value. */
static void test_value(void **state)
{
	struct rs_ctx *ctx = *state;

	for (int wide = 0; wide < 2; wide++) {
		struct rs_persist_ask ask = {
			issuers(ctx), "acct:42@ca.example", wide, NOW * 1000000};
		const char *value = rs_persist_value(ctx, &ask);
		struct rs_bytes rdata = txt(ctx, value, 255);
		struct rs_caa_issue issue;
		struct rs_persist out;

		assert_true(rs_caa_issue_read(
			(struct rs_bytes){(const unsigned char *)value, strlen(value)}, &issue));
		rs_persist_judge(ctx, &ask, &rdata, 1, &out);
		assert_int_equal(out.result, RS_PERSIST_GOOD);
		assert_int_equal(out.wildcard, wide);
		ask.account_uri = "";
		assert_null(rs_persist_value(ctx, &ask));
		ask = (struct rs_persist_ask){rs_arena_json(ctx->arena, json_array()),
			"acct:42@ca.example", wide, NOW * 1000000};
		assert_null(rs_persist_value(ctx, &ask));
	}
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
		TEST(test_table),
		TEST(test_best),
		TEST(test_malformed_rdata),
		TEST(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
