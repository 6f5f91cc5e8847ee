/* Which names are to be verified (rules N of the design), and which domain may speak for them. */
#include "names_test.h"

#define SMTP_UTF8 "1.3.6.1.5.5.7.8.9"

static void test_base_domain(void **state)
{
	static const char *const rows[][2] = {
		{"example.com", "example.com"},
		{"www.example.com", "example.com"},
		{"a.b.c.example.com", "example.com"},
		{"example.co.uk", "example.co.uk"},
		{"www.example.co.uk", "example.co.uk"},
		{"com", NULL},
		{"co.uk", NULL},
		{"user.github.io",
			"github.io"}, /* a suffix of the private section is a customer's domain */
		{"github.io", "github.io"},
		{"a.b.caatest", "b.caatest"}, /* an unknown top-level label is a suffix */
		{"caatest", NULL},
		{"www.ck", "www.ck"}, /* an exception of *.ck */
		{"a.b.ck", "a.b.ck"},
		{"b.ck", NULL},
		{"xn--bcher-kva.xn--p1ai", "xn--bcher-kva.xn--p1ai"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *base = rs_names_base_domain(rows[i][0]);

		if ((base == NULL) != (rows[i][1] == NULL) ||
			(base && strcmp(base, rows[i][1]) != 0))
			fail_msg("%s: %s", rows[i][0], base ? base : "none");
	}
}

static void test_authorizes(void **state)
{
	static const struct {
		const char *domain, *name;
		bool want;
	} rows[] = {
		{"www.example.com", "www.example.com", true},
		{"example.com", "a.www.example.com", true},
		{"www.example.com", "a.www.example.com", true},
		{"com", "example.com", false},
		{"co.uk", "example.co.uk", false},
		{"a.www.example.com", "www.example.com", false},
		{"other.com", "example.com", false},
		{"ample.com", "example.com", false},
		{"w.example.com", "www.example.com", false},
		{"", "example.com", false},
		{"com", "com", false},
		{"github.io", "user.github.io", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rs_names_authorizes(rows[i].domain, rows[i].name) != rows[i].want)
			fail_msg("%s for %s", rows[i].domain, rows[i].name);
}

static void test_mailbox(void **state)
{
	static const struct {
		struct rs_bytes text;
		const char *want;
	} rows[] = {
#define TEXT(t) {(const unsigned char *)(t), sizeof(t) - 1}
		{TEXT("ssl@example.com"), "ssl@example.com"},
		{TEXT("SSL@EXAMPLE.com"), "SSL@example.com"},
		{TEXT("a+b@example.com."), "a+b@example.com"},
		{TEXT("ssl@example.com "), NULL},
		{TEXT(" ssl@example.com"), NULL},
		{TEXT("mailto:ssl@example.com"), NULL},
		{TEXT("ssl@example.com, b@example.com"), NULL},
		{TEXT("ssl@example.com\0"), NULL},
		{TEXT("ssl@example.com\r\nBcc: b@example.com"), NULL},
		{TEXT("<ssl@example.com>"), NULL},
		{TEXT("ssl@[192.0.2.1]"), NULL},
		{TEXT("ssl@localhost"), NULL},
		{TEXT("\"a b\"@example.com"), NULL},
		{TEXT("example.com"), NULL},
		{TEXT("@example.com"), NULL},
		{TEXT("s\xc3\xa4l@example.com"), NULL},
		{TEXT("s\xe4l@example.com"), NULL},
		{TEXT("ssl@b\xc3\xbc"
		      "cher.example.com"),
			NULL},
		{TEXT(""), NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = rs_names_mailbox(*state, rows[i].text);

		if ((got == NULL) != (rows[i].want == NULL) ||
			(got && strcmp(got, rows[i].want) != 0))
			fail_msg("row %zu: %s", i, got ? got : "none");
	}
}

/* N5: a wildcard and its base are two; N2: addresses are listed, URIs are not. */
static void test_domains(void **state)
{
	struct rs_names out = judge(*state, &FREE, NULL,
		"[{\"type\":\"dns\",\"value\":\"*.example.com\"},{\"type\":\"uri\",\"value\":\"urn:"
		"a:b\"},"
		"{\"type\":\"upn\",\"value\":\"a@example.com\"},"
		"{\"type\":\"other_name\",\"oid\":\"1.2.3\",\"encoding\":\"utf8\",\"value\":\"a@b."
		"c\"},"
		"{\"type\":\"other_name\",\"oid\":\"" SMTP_UTF8 "\",\"encoding\":\"utf8\","
		"\"value\":\"J\xc3\xb6rg@B\xc3\xbc"
		"cher.example.com\"}]");
	json_t *domains;

	assert_int_equal(json_array_size(out.faults), 0);
	domains = rs_names_domains(*state, out.san);
	assert_int_equal(json_array_size(domains), 2);
	domains = json_array_get(domains, 1);
	assert_string_equal(json_string_value(json_object_get(domains, "kind")), "mail");
	assert_string_equal(json_string_value(json_object_get(domains, "name")),
		"J\xc3\xb6rg@xn--bcher-kva.example.com");
	assert_string_equal(json_string_value(json_object_get(domains, "pointer")), "/san/4");
}

/* N6: a mailbox hides behind no object identifier. */
static void test_utf8_mailbox(void **state)
{
	static const struct {
		const char *encoding, *value, *pointer; /* NULL: no fault */
	} rows[] = {
		{"utf8", "j\xc3\xb6rg@example.com", NULL},
		{"utf8", "joerg@example.com", NULL},
		{"utf8", "\xe7\x94\xa8\xe6\x88\xb7@example.com", NULL},
		{"utf8", "example.com", "/san/0/value"},
		{"utf8", "j\xc3\xb6rg@", "/san/0/value"},
		{"utf8", "@example.com", "/san/0/value"},
		{"utf8", "j\xc3\xb6 rg@example.com", "/san/0/value"},
		{"utf8", "j\xc3\xb6rg@a@example.com", "/san/0/value"},
		{"utf8", "j\xc3\xb6rg@localhost", "/san/0/value"},
		{"ia5", "joerg@example.com", "/san/0/encoding"},
		{"der", "DARqb2Vy", "/san/0/encoding"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_ctx *ctx = *state;
		struct rs_names out = judge(ctx, &FREE, NULL,
			rs_arena_printf(ctx->arena,
				"[{\"type\":\"other_name\",\"oid\":\"" SMTP_UTF8 "\","
				"\"encoding\":\"%s\",\"value\":\"%s\"}]",
				rows[i].encoding, rows[i].value));

		if (!rows[i].pointer && json_array_size(out.faults) > 0)
			fail_msg("%s: %s", rows[i].value, json_dumps(out.faults, 0));
		if (rows[i].pointer)
			assert_string_equal(only_fault(&out), rows[i].pointer);
	}
}

/* N1 and N6: what the subject says beside the SAN. */
static void test_unrepeated(void **state)
{
	static const char SAN[] = "[{\"type\":\"dns\",\"value\":\"www.example.com\"},"
				  "{\"type\":\"email\",\"value\":\"a@example.com\"}]";
	static const struct {
		const char *subject;
		const char *pointer, *kind, *name; /* NULL: nothing */
	} rows[] = {
		{"{\"common_name\":\"www.example.com\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"WWW.example.com.\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"other.example.com\"}", "/subject/common_name", "dns",
			"other.example.com"},
		{"{\"common_name\":\"Example.COM\"}", "/subject/common_name", "dns", "example.com"},
		{"{\"common_name\":\"*.example.com\"}", "/subject/common_name", "dns",
			"*.example.com"},
		{"{\"common_name\":\"b\xc3\xbc"
		 "cher.example.com\"}",
			"/subject/common_name", "dns", "xn--bcher-kva.example.com"},
		{"{\"common_name\":\"Jane Doe\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"Acme Inc.\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"server.corp\"}", NULL, NULL,
			NULL}, /* nobody's: no such top level */
		{"{\"common_name\":\"www.caatest\"}", "/subject/common_name", "dns", "www.caatest"},
		{"{\"common_name\":\"localhost\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"a@example.com\"}", NULL, NULL, NULL},
		{"{\"common_name\":\"b@example.com\"}", "/subject/common_name", "mail",
			"b@example.com"},
		{"{\"email_address\":\"a@EXAMPLE.com\"}", NULL, NULL, NULL},
		{"{\"email_address\":\"b@example.com\"}", "/subject/email_address", "mail",
			"b@example.com"},
		{"{\"email_address\":[\"a@example.com\",\"c@example.com\"]}",
			"/subject/email_address/1", "mail", "c@example.com"},
		{"{\"organization\":\"www.other.com\"}", NULL, NULL, NULL},
		{"{}", NULL, NULL, NULL},
	};
	struct rs_ctx *ctx = *state;
	struct rs_name_policy policy = {.rules = &FREE,
		.extra_tlds = rs_arena_json(ctx->arena, json_pack("[s]", "CAATEST"))};
	json_t *san = rs_arena_json(ctx->arena, json_loads(SAN, 0, NULL));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *subject = rs_arena_json(ctx->arena, json_loads(rows[i].subject, 0, NULL));
		json_t *out = rs_names_unrepeated(ctx, subject, san, &policy);
		json_t *want;

		if (json_array_size(out) != (rows[i].pointer ? 1 : 0))
			fail_msg("%s: %s", rows[i].subject, json_dumps(out, 0));
		if (!rows[i].pointer)
			continue;
		want = rs_arena_json(
			ctx->arena, json_pack("{s:s, s:s, s:s}", "pointer", rows[i].pointer, "kind",
					    rows[i].kind, "name", rows[i].name));
		if (!json_equal(json_array_get(out, 0), want))
			fail_msg("%s: %s", rows[i].subject, json_dumps(out, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_base_domain, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_authorizes, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_mailbox, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_domains, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_utf8_mailbox, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_unrepeated, ctx_setup, ctx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
