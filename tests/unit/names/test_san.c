/* The SAN: rows 96, 101 and 104, the other types, and what binds it to the subject. */
#include "names_test.h"

#include <stdio.h>

struct row {
	const char *type, *given;
	const char *tls, *smime, *free; /* the normal form under each rule set; NULL = refused */
};

static const struct row ROWS[] = {
	{"ip", "8.8.8.8", "8.8.8.8", NULL, "8.8.8.8"},
	{"ip", "2606:4700:4700:0:0:0:0:1111", "2606:4700:4700::1111", NULL, "2606:4700:4700::1111"},
	{"ip", "2606:4700::ABCD", "2606:4700::abcd", NULL, "2606:4700::abcd"},
	/* 101 */
	{"ip", "10.0.0.1", NULL, NULL, "10.0.0.1"},
	{"ip", "172.31.255.255", NULL, NULL, "172.31.255.255"},
	{"ip", "172.32.0.1", "172.32.0.1", NULL, "172.32.0.1"},
	{"ip", "192.168.1.1", NULL, NULL, "192.168.1.1"},
	{"ip", "127.0.0.1", NULL, NULL, "127.0.0.1"},
	{"ip", "169.254.1.1", NULL, NULL, "169.254.1.1"},
	{"ip", "224.0.0.1", NULL, NULL, "224.0.0.1"},
	{"ip", "255.255.255.255", NULL, NULL, "255.255.255.255"},
	{"ip", "100.64.0.1", NULL, NULL, "100.64.0.1"},
	{"ip", "192.0.2.1", NULL, NULL, "192.0.2.1"},
	{"ip", "::1", NULL, NULL, "::1"},
	{"ip", "fe80::1", NULL, NULL, "fe80::1"},
	{"ip", "fc00::1", NULL, NULL, "fc00::1"},
	{"ip", "ff02::1", NULL, NULL, "ff02::1"},
	{"ip", "2001:db8::1", NULL, NULL, "2001:db8::1"},
	{"ip", "::ffff:8.8.8.8", NULL, NULL, NULL},
	{"ip", "fe80::1%eth0", NULL, NULL, NULL},
	{"ip", "010.1.1.1", NULL, NULL, NULL},
	{"ip", "0x7f000001", NULL, NULL, NULL},
	{"ip", "0x7f.0.0.1", NULL, NULL, NULL},
	{"ip", "134744072", NULL, NULL, NULL},
	{"ip", "8.8.8", NULL, NULL, NULL},
	{"ip", "8.8.8.8/24", NULL, NULL, NULL},
	{"ip", "8.8.8.256", NULL, NULL, NULL},
	{"ip", "www.example.com", NULL, NULL, NULL},
	/* mailboxes */
	{"email", "Jane.Doe@Example.COM", NULL, "Jane.Doe@example.com", "Jane.Doe@example.com"},
	{"email", "jane@b\xc3\xbc" "cher.com", NULL, "jane@xn--bcher-kva.com", "jane@xn--bcher-kva.com"},
	{"email", "jane+tag@example.com", NULL, "jane+tag@example.com", "jane+tag@example.com"},
	{"email", "jane@host.internal", NULL, NULL, "jane@host.internal"},
	{"email", "jane", NULL, NULL, NULL},
	{"email", "@example.com", NULL, NULL, NULL},
	{"email", "jane@", NULL, NULL, NULL},
	{"email", ".jane@example.com", NULL, NULL, NULL},
	{"email", "ja..ne@example.com", NULL, NULL, NULL},
	{"email", "\"ja ne\"@example.com", NULL, NULL, NULL},
	{"email", "j\xc3\xa4ne@example.com", NULL, NULL, NULL},
	{"email", "jane@*.example.com", NULL, NULL, NULL},
	{"email", "jane@[192.0.2.1]", NULL, NULL, NULL},
	{"email", "jane@example.com\r\nBcc: x@y.de", NULL, NULL, NULL}, /* 46 */
	/* 104 */
	{"uri", "HTTPS://example.com/a?b#c", NULL, NULL, "https://example.com/a?b#c"},
	{"uri", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", NULL, NULL,
		"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
	{"uri", "example.com/path", NULL, NULL, NULL},
	{"uri", "https:///path", NULL, NULL, NULL},
	{"uri", "https://example.com/a b", NULL, NULL, NULL},
	{"uri", "https://example.com/%zz", NULL, NULL, NULL},
	{"uri", "https://example.com/\xc3\xa4", NULL, NULL, NULL},
	{"upn", "jane@corp.local", NULL, NULL, "jane@corp.local"},
	{"upn", "jane", NULL, NULL, NULL},
	{"upn", "a@b@c", NULL, NULL, NULL},
	{"upn", "a b@c", NULL, NULL, NULL},
	{"directory_name", "CN=a", NULL, NULL, NULL},
	{"registered_id", "1.2.3", NULL, NULL, NULL},
};

static void check(struct rs_ctx *ctx, const struct row *row, const struct rs_ruleset *rules,
	const char *want)
{
	struct rs_name_policy policy = {.rules = rules};
	struct rs_names out;

	rs_names_normalise(ctx, NULL, san_of(ctx, row->type, row->given), &policy, "", &out);
	if (!want) {
		if (json_array_size(out.faults) == 0)
			fail_msg("%s takes %s %s", rules->name, row->type, row->given);
		return;
	}
	if (json_array_size(out.faults) != 0)
		fail_msg("%s, %s %s: %s", rules->name, row->type, row->given, json_dumps(out.faults, 0));
	assert_string_equal(json_string_value(json_object_get(json_array_get(out.san, 0), "value")),
		want);
}

static void test_table(void **state)
{
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		check(*state, &ROWS[i], &TLS, ROWS[i].tls);
		check(*state, &ROWS[i], &SMIME, ROWS[i].smime);
		check(*state, &ROWS[i], &FREE, ROWS[i].free);
	}
}

static void test_counts(void **state)
{
	struct rs_ctx *ctx = *state;
	struct rs_name_policy policy = {.rules = &TLS};
	struct rs_names out;
	json_t *san = rs_arena_json(ctx->arena, json_array());
	char name[64];

	out = judge(ctx, &TLS, NULL, "[]"); /* 96: no SAN at all */
	assert_int_not_equal(json_array_size(out.faults), 0);
	out = judge(ctx, &TLS, "{\"country\":\"XYZ\"}", "[]"); /* told beside what is wrong elsewhere */
	assert_int_equal(json_array_size(out.faults), 2);
	for (int i = 0; i < RS_SAN_MAX; i++) {
		snprintf(name, sizeof(name), "h%d.example.com", i);
		json_array_append_new(san, json_pack("{s:s, s:s}", "type", "dns", "value", name));
	}
	rs_names_normalise(ctx, NULL, san, &policy, "", &out);
	assert_int_equal(json_array_size(out.faults), 0);
	json_array_append_new(san, json_pack("{s:s, s:s}", "type", "dns", "value", "x.example.com"));
	rs_names_normalise(ctx, NULL, san, &policy, "", &out);
	assert_string_equal(only_fault(&out), "/san");
}

static void test_duplicates_collapse(void **state)
{
	struct rs_names out = judge(*state, &TLS, NULL,
		"[{\"type\":\"dns\",\"value\":\"b.example.com\"},{\"type\":\"dns\",\"value\":\"A.example.com\"},"
		"{\"type\":\"dns\",\"value\":\"a.example.com.\"},{\"type\":\"dns\",\"value\":\"B.EXAMPLE.COM\"}]");

	assert_int_equal(json_array_size(out.faults), 0);
	assert_int_equal(json_array_size(out.san), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(out.san, 0), "value")),
		"b.example.com");
}

static void test_shapes(void **state)
{
	static const struct {
		const char *san, *pointer;
	} rows[] = {
		{"{}", "/san"},
		{"[\"a.example.com\"]", "/san/0"},
		{"[{\"type\":\"dns\"}]", "/san/0"},
		{"[{\"type\":\"dns\",\"value\":7}]", "/san/0/value"},
		{"[{\"type\":\"dns\",\"value\":\"a.example.com\",\"oid\":\"1.2.3\"}]", "/san/0/oid"},
		{"[{\"type\":\"other_name\",\"value\":\"a\"}]", "/san/0"},
		{"[{\"type\":\"other_name\",\"value\":\"a\",\"oid\":\"1.2.3\",\"encoding\":\"x\"}]",
			"/san/0/encoding"},
		{"[{\"type\":\"other_name\",\"value\":\"a\",\"oid\":\"3.2.3\",\"encoding\":\"utf8\"}]",
			"/san/0/oid"},
		{"[{\"type\":\"other_name\",\"value\":\"a\",\"oid\":\"1.40.3\",\"encoding\":\"utf8\"}]",
			"/san/0/oid"},
		{"[{\"type\":\"other_name\",\"value\":\"a\",\"oid\":\"1.2.03\",\"encoding\":\"utf8\"}]",
			"/san/0/oid"},
		{"[{\"type\":\"other_name\",\"value\":\"\",\"oid\":\"1.2.3\",\"encoding\":\"utf8\"}]",
			"/san/0/value"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_names out = judge(*state, &FREE, "{\"common_name\":\"a\"}", rows[i].san);

		assert_string_equal(only_fault(&out), rows[i].pointer);
	}
	assert_int_equal(json_array_size(judge(*state, &FREE, NULL,
		"[{\"type\":\"other_name\",\"value\":\"a\",\"oid\":\"1.3.6.1.5.2.2\",\"encoding\":\"utf8\"}]")
		.faults), 0);
}

/* tls-br: the common name repeats a SAN, and is written like it. */
static void test_common_name_repeats_a_san(void **state)
{
	static const char SAN[] = "[{\"type\":\"dns\",\"value\":\"www.example.com\"},"
				  "{\"type\":\"ip\",\"value\":\"8.8.8.8\"}]";
	struct rs_names out = judge(*state, &TLS, "{\"common_name\":\"WWW.example.com.\"}", SAN);

	assert_int_equal(json_array_size(out.faults), 0);
	assert_string_equal(rs_names_common_name(out.subject), "www.example.com");
	out = judge(*state, &TLS, "{\"common_name\":\"8.8.8.8\"}", SAN);
	assert_int_equal(json_array_size(out.faults), 0);
	out = judge(*state, &TLS, "{\"common_name\":\"other.example.com\"}", SAN);
	assert_string_equal(only_fault(&out), "/subject/common_name");
	out = judge(*state, &FREE, "{\"common_name\":\"Jane Doe\"}", SAN);
	assert_int_equal(json_array_size(out.faults), 0);
	assert_string_equal(rs_names_common_name(out.subject), "Jane Doe");
}

/* smime-br: at least one mailbox, and those of the subject among them. */
static void test_mailboxes(void **state)
{
	static const char SAN[] = "[{\"type\":\"email\",\"value\":\"jane@example.com\"}]";
	struct rs_names out = judge(*state, &SMIME,
		"{\"common_name\":\"Jane\",\"email_address\":\"jane@EXAMPLE.com\"}", SAN);

	assert_int_equal(json_array_size(out.faults), 0);
	out = judge(*state, &SMIME, "{\"email_address\":\"john@example.com\"}", SAN);
	assert_string_equal(only_fault(&out), "/subject/email_address");
	out = judge(*state, &SMIME, "{\"common_name\":\"john@example.com\"}", SAN);
	assert_string_equal(only_fault(&out), "/subject/common_name");
	out = judge(*state, &SMIME, "{\"common_name\":\"Jane\"}", NULL);
	assert_string_equal(only_fault(&out), "/san");
}

static json_t *follow(struct rs_ctx *ctx, const char *before, const char *after)
{
	json_t *old_subject = rs_arena_json(ctx->arena, json_pack("{s:s}", "common_name", before));
	json_t *new_subject = rs_arena_json(ctx->arena, json_pack("{s:s}", "common_name", after));
	json_t *san = rs_arena_json(ctx->arena, json_pack("[{s:s, s:s}, {s:s, s:s}]",
		"type", "dns", "value", "a.example.com", "type", "dns", "value", "b.example.com"));

	return rs_names_follow_common_name(ctx, old_subject, new_subject, san);
}

static void test_follow_common_name(void **state)
{
	json_t *san = follow(*state, "b.example.com", "C.example.com.");

	assert_string_equal(json_string_value(json_object_get(json_array_get(san, 1), "value")),
		"c.example.com");
	assert_int_equal(json_array_size(san), 2);
	/* a common name that is no FQDN never enters the SAN */
	san = follow(*state, "b.example.com", "Jane Doe");
	assert_string_equal(json_string_value(json_object_get(json_array_get(san, 1), "value")),
		"b.example.com");
	/* nor one whose old value was not in it */
	san = follow(*state, "z.example.com", "c.example.com");
	assert_string_equal(json_string_value(json_object_get(json_array_get(san, 1), "value")),
		"b.example.com");
}

static void test_domains_and_order(void **state)
{
	struct rs_ctx *ctx = *state;
	struct rs_names out = judge(ctx, &FREE, NULL,
		"[{\"type\":\"ip\",\"value\":\"8.8.8.8\"},{\"type\":\"dns\",\"value\":\"*.example.com\"},"
		"{\"type\":\"dns\",\"value\":\"example.com\"},{\"type\":\"uri\",\"value\":\"urn:a:b\"},"
		"{\"type\":\"email\",\"value\":\"a@example.com\"}]");
	json_t *domains = rs_names_domains(ctx, out.san);
	json_t *sorted = rs_names_sorted_san(ctx, out.san);
	json_t *want = json_pack("{s:s, s:s, s:b, s:s}", "kind", "dns", "name", "example.com", "wildcard",
		1, "pointer", "/san/1");

	assert_int_equal(json_array_size(domains), 4);
	assert_true(json_equal(json_array_get(domains, 1), want));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(sorted, 0), "value")), "*.example.com");
	assert_string_equal(json_string_value(json_object_get(json_array_get(sorted, 4), "type")), "uri");
	json_decref(want);
	assert_string_equal(rs_names_search_text(ctx, NULL, out.san),
		"\n8.8.8.8\n*.example.com\nexample.com\nurn:a:b\na@example.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_table, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_counts, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_duplicates_collapse, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_shapes, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_common_name_repeats_a_san, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_mailboxes, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_follow_common_name, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_domains_and_order, ctx_setup, ctx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
