/* What a subscriber is told to publish, and what is taken for it. */
#include "rs/dcv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdefghijABCDEFGHIJ-_0123456789a"

static struct rs_bytes bytes(const char *text)
{
	return (struct rs_bytes){(const unsigned char *)text, strlen(text)};
}

/* --- tokens --- */

static void test_token(void **state)
{
	struct rs_secret *one = rs_dcv_token_new();
	struct rs_secret *two = rs_dcv_token_new();
	const char *text = (const char *)rs_secret_data(one);

	(void)state;
	assert_int_equal(rs_secret_len(one), RS_DCV_TOKEN_LEN);
	assert_int_equal(
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
		RS_DCV_TOKEN_LEN);
	assert_false(rs_secret_equal(one, two));
	rs_secret_free(one);
	rs_secret_free(two);
}

/* All 256 bits arrive: over many tokens each digit of each place is seen, in the last one 16. */
static void test_token_bits(void **state)
{
	static bool seen[RS_DCV_TOKEN_LEN][128];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct rs_secret *token = rs_dcv_token_new();

		for (int place = 0; place < RS_DCV_TOKEN_LEN; place++)
			seen[place][rs_secret_data(token)[place]] = true;
		rs_secret_free(token);
	}
	for (int place = 0; place < RS_DCV_TOKEN_LEN; place++) {
		int count = 0;

		for (int c = 0; c < 128; c++)
			count += seen[place][c];
		assert_int_equal(count, place < RS_DCV_TOKEN_LEN - 1 ? 64 : 16);
	}
}

static void test_file_name(void **state)
{
	const char *name = rs_dcv_file_name(*state);

	assert_int_equal(strlen(name), 36);
	assert_int_equal(strspn(name, "0123456789abcdef"), 32);
	assert_string_equal(name + 32, ".txt");
	assert_string_not_equal(name, rs_dcv_file_name(*state));
}

/* --- names and addresses --- */

static void test_query_name(void **state)
{
	static const struct {
		const char *method, *type, *identifier, *want;
	} rows[] = {
		{"dns_txt", "dns", "example.com", "_validation.example.com"},
		{"dns_persist", "dns", "example.com", "_validation-persist.example.com"},
		{"email_txt", "dns", "example.com", "_validation-contactemail.example.com"},
		{"email_caa", "dns", "example.com", NULL},
		{"email_constructed", "dns", "example.com", NULL},
		{"http_file", "dns", "example.com", NULL},
		{"http_file", "ip", "192.0.2.1", NULL},
		{"mailbox", "email", "a@example.com", NULL},
		{"dns_persist", "ip", "192.0.2.17",
			"_ip-validation-persist.17.2.0.192.in-addr.arpa"},
		{"dns_persist", "ip", "2001:db8::1f",
			"_ip-validation-persist.f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8."
			"b.d.0."
			"1.0.0.2.ip6.arpa"},
		{"dns_persist", "ip", "no address", NULL},
	};
	char longest[254];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = rs_dcv_query_name(
			*state, rs_method_for(rows[i].method, rows[i].type), rows[i].identifier);

		if ((got == NULL) != (rows[i].want == NULL) ||
			(got && strcmp(got, rows[i].want) != 0))
			fail_msg("%s of %s: %s", rows[i].method, rows[i].identifier,
				got ? got : "none");
	}
	for (int i = 0; i < 253; i++)
		longest[i] = i % 50 == 49 ? '.' : 'a';
	longest[253] = '\0';
	assert_null(rs_dcv_query_name(*state, rs_method_named("dns_txt"), longest));
	assert_non_null(rs_dcv_query_name(*state, rs_method_named("dns_txt"), longest + 12));
	assert_null(rs_dcv_query_name(*state, rs_method_named("dns_txt"), longest + 11));
}

static void test_url(void **state)
{
	assert_string_equal(rs_dcv_url(*state, "www.example.com", "f.txt", 80),
		"http://www.example.com/.well-known/pki-validation/f.txt");
	assert_string_equal(rs_dcv_url(*state, "192.0.2.1", "f.txt", 8081),
		"http://192.0.2.1:8081/.well-known/pki-validation/f.txt");
	assert_string_equal(rs_dcv_url(*state, "2001:db8::1", "f.txt", 80),
		"http://[2001:db8::1]/.well-known/pki-validation/f.txt");
}

static void test_recipients(void **state)
{
	const struct rs_bytes contacts[] = {bytes("ssl@example.com"), bytes("a@b.c, d@e.f"),
		bytes("SSL team <ssl@example.com>"), bytes("ssl@EXAMPLE.com"),
		bytes("mailto:x@example.com"), bytes("")};
	struct rs_ctx *ctx = *state;
	json_t *constructed = rs_arena_json(
		ctx->arena, json_pack("[s, s, s, s, s]", "admin@example.com",
				    "administrator@example.com", "webmaster@example.com",
				    "hostmaster@example.com", "postmaster@example.com"));
	json_t *contact = rs_arena_json(ctx->arena, json_pack("[s]", "ssl@example.com"));
	json_t *mailbox = rs_arena_json(ctx->arena, json_pack("[s]", "a@example.com"));

	assert_true(
		json_equal(constructed, rs_dcv_recipients(ctx, rs_method_named("email_constructed"),
						"example.com", contacts, 6)));
	assert_true(json_equal(contact,
		rs_dcv_recipients(ctx, rs_method_named("email_caa"), "example.com", contacts, 6)));
	assert_true(json_equal(contact,
		rs_dcv_recipients(ctx, rs_method_named("email_txt"), "example.com", contacts, 6)));
	assert_true(json_equal(mailbox,
		rs_dcv_recipients(ctx, rs_method_named("mailbox"), "a@example.com", contacts, 6)));
	assert_int_equal(json_array_size(rs_dcv_recipients(
				 ctx, rs_method_named("dns_txt"), "example.com", contacts, 6)),
		0);
}

/* --- instructions --- */

static json_t *instructions(struct rs_ctx *ctx, const char *method, const char *type,
	const char *identifier, const char *recipient)
{
	struct rs_dcv_todo todo = {.method = rs_method_for(method, type),
		.identifier = identifier,
		.token = TOKEN,
		.file_name = "f.txt",
		.port = 80,
		.issuers = rs_arena_json(ctx->arena, json_pack("[s]", "ca.example")),
		.account_uri = "acct:42@ca.example",
		.recipient = recipient};

	return rs_arena_json(ctx->arena, rs_dcv_instructions(ctx, &todo));
}

static const char *part(json_t *from, const char *object, const char *member)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(from, object), member));

	return text ? text : "none";
}

static void test_instructions(void **state)
{
	static const struct {
		const char *method, *type, *identifier, *recipient;
		const char *zone_line, *url, *mail; /* NULL: that part is null */
	} rows[] = {
		{"dns_txt", "dns", "example.com", NULL,
			"_validation.example.com. 300 IN TXT \"" TOKEN "\"", NULL, NULL},
		{"dns_persist", "dns", "example.com", NULL,
			"_validation-persist.example.com. 300 IN TXT \"ca.example; "
			"accounturi=acct:42@ca.example; policy=wildcard\"",
			NULL, NULL},
		{"dns_persist", "ip", "192.0.2.1", NULL,
			"_ip-validation-persist.1.2.0.192.in-addr.arpa. 300 IN TXT \"ca.example; "
			"accounturi=acct:42@ca.example\"",
			NULL, NULL},
		{"http_file", "dns", "example.com", NULL, NULL,
			"http://example.com/.well-known/pki-validation/f.txt", NULL},
		{"email_constructed", "dns", "example.com", NULL, NULL, NULL, "admin@example.com"},
		{"email_constructed", "dns", "example.com", "webmaster@example.com", NULL, NULL,
			"webmaster@example.com"},
		{"email_caa", "dns", "example.com", NULL,
			"example.com. 300 IN CAA 0 contactemail \"hostmaster@example.com\"", NULL,
			""},
		{"email_txt", "dns", "example.com", "ssl@example.com",
			"_validation-contactemail.example.com. 300 IN TXT \"ssl@example.com\"",
			NULL, "ssl@example.com"},
		{"mailbox", "email", "a@example.com", "a@example.com", NULL, NULL, "a@example.com"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *out = instructions(*state, rows[i].method, rows[i].type, rows[i].identifier,
			rows[i].recipient);
		json_t *to = json_object_get(json_object_get(out, "mail"), "to");
		const char *first = json_string_value(json_array_get(to, 0));

		assert_int_equal(json_object_size(out), 4);
		assert_true(strlen(json_string_value(json_object_get(out, "text"))) > 20);
		assert_string_equal(part(out, "record", "zone_line"),
			rows[i].zone_line ? rows[i].zone_line : "none");
		assert_string_equal(part(out, "file", "url"), rows[i].url ? rows[i].url : "none");
		assert_string_equal(part(out, "file", "content"), rows[i].url ? TOKEN : "none");
		assert_int_equal(json_is_null(json_object_get(out, "mail")), rows[i].mail == NULL);
		if (rows[i].mail)
			assert_string_equal(first ? first : "", rows[i].mail);
		/* the token goes where it belongs, and the link of a mail to nobody else */
		if (rows[i].mail || strcmp(rows[i].method, "dns_persist") == 0) {
			char *text = json_dumps(out, 0);

			assert_null(strstr(text, TOKEN));
			free(text);
		}
	}
}

/* Before anybody was written to a method by mail says what to publish, afterwards who it was. */
static void test_mails_sent(void **state)
{
	struct rs_ctx *ctx = *state;
	struct rs_dcv_todo todo = {.method = rs_method_named("email_txt"), .identifier = "example.com"};
	json_t *before = rs_arena_json(ctx->arena, rs_dcv_instructions(ctx, &todo)), *after;

	assert_int_equal(json_array_size(json_object_get(json_object_get(before, "mail"), "to")), 0);
	assert_non_null(strstr(json_string_value(json_object_get(before, "text")), "Publish"));
	todo.sent_to = rs_arena_json(ctx->arena, json_pack("[s]", "owner@example.com"));
	after = rs_arena_json(ctx->arena, rs_dcv_instructions(ctx, &todo));
	assert_true(json_equal(json_object_get(json_object_get(after, "mail"), "to"), todo.sent_to));
	assert_non_null(strstr(json_string_value(json_object_get(after, "text")), "Confirm"));
}

/* A value over 255 octets is shown in strings of at most 255, which together are the value. */
static void test_long_value(void **state)
{
	struct rs_ctx *ctx = *state;
	char account[600];
	struct rs_dcv_todo todo = {.method = rs_method_named("dns_persist"),
		.identifier = "example.com",
		.issuers = rs_arena_json(ctx->arena, json_pack("[s]", "ca.example")),
		.account_uri = account};
	json_t *out;
	const char *line, *value;

	memset(account, 'x', sizeof(account) - 1);
	account[sizeof(account) - 1] = '\0';
	out = rs_arena_json(ctx->arena, rs_dcv_instructions(ctx, &todo));
	line = strchr(part(out, "record", "zone_line"), '"');
	value = part(out, "record", "value");
	while (*line == '"') {
		size_t len = strcspn(line + 1, "\"");

		assert_true(len <= 255);
		assert_memory_equal(line + 1, value, len);
		value += len;
		line += len + 2;
		line += *line == ' ';
	}
	assert_string_equal(value, "");
	assert_string_equal(line, "");
}

/* --- matching --- */

static void test_txt(void **state)
{
	static const char halves[] = "\x14"
				     "0123456789abcdefghij"
				     "\x17"
				     "ABCDEFGHIJ-_0123456789a";
	static const char whole[] = "\x2b" TOKEN;
	static const char with_dot[] = "\x2c" TOKEN ".";
	static const char quoted_[] = "\x2d\"" TOKEN "\"";
	static const char lower[] = "\x2b"
				    "0123456789abcdefghijabcdefghij-_0123456789a";
	static const char spf[] = "\x0bv=spf1 -all";
	static const char broken[] = "\x2c" TOKEN;
#define RDATA(t)                                                                                   \
	{                                                                                          \
		(const unsigned char *)(t), sizeof(t) - 1                                          \
	}
	static const struct {
		const char *id;
		struct rs_bytes rdata[3];
		size_t count;
		bool want;
	} rows[] = {
		{"whole", {RDATA(whole)}, 1, true},
		{"in two strings", {RDATA(halves)}, 1, true},
		{"among others", {RDATA(spf), RDATA(whole), RDATA(with_dot)}, 3, true},
		{"beside a malformed one", {RDATA(broken), RDATA(whole)}, 2, true},
		{"none", {RDATA(spf)}, 0, false},
		{"another", {RDATA(spf)}, 1, false},
		{"longer", {RDATA(with_dot)}, 1, false},
		{"shorter",
			{RDATA("\x05"
			       "01234")},
			1, false},
		{"quoted", {RDATA(quoted_)}, 1, false},
		{"in another case", {RDATA(lower)}, 1, false},
		{"malformed", {RDATA(broken)}, 1, false},
		{"empty", {RDATA("\0")}, 1, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rs_dcv_txt_matches(*state, rows[i].rdata, rows[i].count, TOKEN) != rows[i].want)
			fail_msg("%s", rows[i].id);
	/* no token matches nothing */
	assert_false(rs_dcv_txt_matches(*state, (const struct rs_bytes[]){RDATA("\0")}, 1, ""));
}

static void test_file(void **state)
{
	char padded[RS_DCV_FILE_MAX + 2];

	(void)state;
	assert_true(rs_dcv_file_matches(200, bytes(TOKEN), TOKEN));
	assert_true(rs_dcv_file_matches(299, bytes(TOKEN), TOKEN));
	assert_true(rs_dcv_file_matches(200, bytes(TOKEN "\n"), TOKEN));
	assert_true(rs_dcv_file_matches(200, bytes(TOKEN " \t\r\n\r\n"), TOKEN));
	assert_false(rs_dcv_file_matches(199, bytes(TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(300, bytes(TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(301, bytes(TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(404, bytes(TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes(" " TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes("\xef\xbb\xbf" TOKEN), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes(TOKEN "x"), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes("<html>" TOKEN "</html>"), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes(""), TOKEN));
	assert_false(rs_dcv_file_matches(200, bytes("\n"), ""));
	assert_false(rs_dcv_file_matches(
		200, (struct rs_bytes){(const unsigned char *)TOKEN "\0", sizeof(TOKEN)}, TOKEN));
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, TOKEN, strlen(TOKEN));
	padded[RS_DCV_FILE_MAX] = '\0';
	assert_true(rs_dcv_file_matches(200, bytes(padded), TOKEN));
	padded[RS_DCV_FILE_MAX] = ' ';
	padded[RS_DCV_FILE_MAX + 1] = '\0';
	assert_false(rs_dcv_file_matches(200, bytes(padded), TOKEN));
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
		TEST(test_token),
		TEST(test_token_bits),
		TEST(test_file_name),
		TEST(test_query_name),
		TEST(test_url),
		TEST(test_recipients),
		TEST(test_instructions),
		TEST(test_mails_sent),
		TEST(test_long_value),
		TEST(test_txt),
		TEST(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
