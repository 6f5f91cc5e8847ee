/* DNS names: rows 98 to 100 and 102 of the hostile input list. */
#include "names_test.h"

struct row {
	const char *given;
	const char *normal; /* NULL = refused */
};

static char long_label[70], long_name[300];

static const struct row ROWS[] = {
	{"www.example.com", "www.example.com"},
	{"WWW.Example.COM", "www.example.com"},
	{"www.example.com.", "www.example.com"},
	{"b\xc3\xbc" "cher.example.com", "xn--bcher-kva.example.com"},
	{"xn--bcher-kva.example.com", "xn--bcher-kva.example.com"},
	{"XN--BCHER-KVA.example.com", "xn--bcher-kva.example.com"},
	{"*.example.com", "*.example.com"},
	{"*.github.io", "*.github.io"}, /* a private suffix: the registry's own rules say nothing */
	/* 98 */
	{long_label, NULL},
	{long_name, NULL},
	{"a..example.com", NULL},
	{".example.com", NULL},
	{"-a.example.com", NULL},
	{"a-.example.com", NULL},
	{"a_b.example.com", NULL},
	{"a b.example.com", NULL},
	{" example.com", NULL},
	{"example.com..", NULL},
	{".", NULL},
	{"", NULL},
	{"host.123", NULL},
	{"192.168.0.1", NULL},
	{"::1", NULL},
	{"single", NULL},
	{"a/b.example.com", NULL},
	{"a@example.com", NULL},
	{"example.com:443", NULL},
	/* 99 */
	{"*", NULL},
	{"*.com", NULL},
	{"*.co.uk", NULL},
	{"a.*.example.com", NULL},
	{"f*.example.com", NULL},
	{"*f.example.com", NULL},
	{"*.*.example.com", NULL},
	{"**.example.com", NULL},
	{"xn--*.example.com", NULL},
	{"*example.com", NULL},
	{"*.", NULL},
	/* 100 */
	{"host.local", NULL},
	{"host.internal", NULL},
	{"host.corp", NULL},
	{"localhost", NULL},
	{"host.localhost", NULL},
	{"1.0.0.127.in-addr.arpa", NULL},
	{"abcdef.onion", NULL},
	{"host.test", NULL},
	{"host.example", NULL},
	{"host.nosuchtopleveldomain", NULL},
	{"co.uk", NULL},
	/* 102 */
	{"xn--a.example.com", NULL},
	{"xn--.example.com", NULL},
	{"xn--0000h.example.com", NULL},
	{"ab--c.example.com", NULL},
	{"bu\xcc\x88" "cher.example.com", NULL},        /* not NFC */
	{"B\xc3\x9c" "CHER.example.com", NULL},         /* capitals are no U-label */
	{"\xf0\x9f\x98\x80.example.com", NULL},         /* emoji */
	{"a\xe2\x80\x8b.example.com", NULL},            /* zero width space */
	{"a\xe2\x80\xae.example.com", NULL},            /* right-to-left override */
	{"a\xc2\xad.example.com", NULL},                /* soft hyphen */
	{"\xe3\x80\x82" "example.com", NULL},           /* ideographic full stop */
};

static void test_table(void **state)
{
	memset(long_label, 'a', 64);
	strcpy(long_label + 64, ".com");
	for (int i = 0; i < 25; i++)
		memcpy(long_name + i * 10, "aaaaaaaaa.", 10);
	strcpy(long_name + 250, "de.com");
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct rs_ctx *ctx = *state;
		struct rs_name_policy policy = {.rules = &TLS};
		struct rs_names out;

		rs_names_normalise(ctx, NULL, san_of(ctx, "dns", ROWS[i].given), &policy, "", &out);
		if (!ROWS[i].normal) {
			if (json_array_size(out.faults) == 0)
				fail_msg("taken: %s", ROWS[i].given);
			assert_string_equal(only_fault(&out), "/san/0/value");
			continue;
		}
		if (json_array_size(out.faults) != 0)
			fail_msg("%s: %s", ROWS[i].given, json_dumps(out.faults, 0));
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(out.san, 0), "value")),
			ROWS[i].normal);
	}
}

/* 255 octets with the dots, 253 without: the longest name there is. */
static void test_longest(void **state)
{
	char name[260];
	struct rs_names out;

	for (int i = 0; i < 3; i++) {
		memset(name + i * 64, 'a' + i, 63);
		name[i * 64 + 63] = '.';
	}
	memset(name + 192, 'd', 57);
	strcpy(name + 249, ".com");
	assert_int_equal(strlen(name), 253);
	rs_names_normalise(*state, NULL, san_of(*state, "dns", name),
		&(struct rs_name_policy){.rules = &TLS}, "", &out);
	assert_int_equal(json_array_size(out.faults), 0);
}

static void test_private_rules_allow_internal_names(void **state)
{
	static const char *const names[] = {"host.local", "host.internal", "a.b.test", "*.corp.local"};
	static const char *const never[] = {"localhost", "*.local", "*.co.uk", "a_b.local"};
	struct rs_names out;

	for (size_t i = 0; i < 4; i++) {
		rs_names_normalise(*state, NULL, san_of(*state, "dns", names[i]),
			&(struct rs_name_policy){.rules = &FREE}, "", &out);
		if (json_array_size(out.faults) != 0)
			fail_msg("%s: %s", names[i], json_dumps(out.faults, 0));
		rs_names_normalise(*state, NULL, san_of(*state, "dns", never[i]),
			&(struct rs_name_policy){.rules = &FREE}, "", &out);
		if (json_array_size(out.faults) != 1)
			fail_msg("taken: %s", never[i]);
	}
}

static void test_extra_tlds(void **state)
{
	struct rs_ctx *ctx = *state;
	json_t *extra = rs_arena_json(ctx->arena, json_pack("[s]", "test"));
	struct rs_name_policy policy = {.rules = &TLS, .extra_tlds = extra};
	struct rs_names out;

	rs_names_normalise(ctx, NULL, san_of(ctx, "dns", "www.demo.test"), &policy, "", &out);
	assert_int_equal(json_array_size(out.faults), 0);
	rs_names_normalise(ctx, NULL, san_of(ctx, "dns", "www.demo.example"), &policy, "", &out);
	assert_int_equal(json_array_size(out.faults), 1);
	rs_names_normalise(ctx, NULL, san_of(ctx, "dns", "*.test"), &policy, "", &out);
	assert_int_equal(json_array_size(out.faults), 1);
}

/* 102: what looks like another name is flagged for whoever approves, not refused. */
static void test_homographs_are_flagged(void **state)
{
	static const struct {
		const char *name;
		size_t warnings;
	} rows[] = {
		{"\xd1\x80" "aypal.com", 1},                     /* Cyrillic er, Latin rest */
		{"\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com", 1}, /* apple in Cyrillic */
		{"xn--80ak6aa92e.com", 1},                       /* the same as an A-label */
		{"b\xc3\xbc" "cher.com", 0},
		{"\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.com", 0}, /* a Russian word */
		{"paypal.com", 0},
	};
	struct rs_names out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rs_names_normalise(*state, NULL, san_of(*state, "dns", rows[i].name),
			&(struct rs_name_policy){.rules = &TLS}, "", &out);
		if (json_array_size(out.faults) != 0)
			fail_msg("%s: %s", rows[i].name, json_dumps(out.faults, 0));
		if (json_array_size(out.warnings) != rows[i].warnings)
			fail_msg("%s: %zu warnings", rows[i].name, json_array_size(out.warnings));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_table, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_longest, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_private_rules_allow_internal_names, ctx_setup,
			ctx_teardown),
		cmocka_unit_test_setup_teardown(test_extra_tlds, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_homographs_are_flagged, ctx_setup, ctx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
