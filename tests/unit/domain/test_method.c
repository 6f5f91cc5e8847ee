/* The table of the methods, which names a proof covers, and until when. */
#include "rs/clock.h"
#include "rs/dcv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY RS_DAY_US

static int64_t at(const char *text)
{
	int64_t us = 0;

	assert_true(rs_time_parse(text, &us));
	return us;
}

/* Rows of the table for the facts of the design. */
static const struct rs_ruleset TLS_2026 = {
	.name = "tls-br", .dcv_reuse_days = 200, .persist_reuse_days = 10};
static const struct rs_ruleset TLS_2029 = {
	.name = "tls-br", .dcv_reuse_days = 10, .persist_reuse_days = 10};
static const struct rs_ruleset SMIME = {
	.name = "smime-br", .dcv_reuse_days = 398, .mailbox_reuse_days = 30};
static const struct rs_ruleset PRIVATE = {.name = "private"};

static void test_rows(void **state)
{
	int count = 0;

	(void)state;
	for (const struct rs_dcv_method *m = rs_methods; m->name; m++, count++) {
		assert_ptr_equal(rs_method_for(m->name, m->type), m);
		assert_true(strcmp(m->type, "dns") == 0 || !m->caa_labels[0]);
		assert_true(strcmp(m->type, "dns") == 0 || (!m->subdomains && !m->wildcard));
		/* S/MIME BR 3.2.2.2: a mailbox's token lives a day; TLS BR: none over 30 */
		assert_true(m->pending_s <= (m->mail ? 1 : 7) * 86400);
	}
	assert_int_equal(count, 9);
	assert_string_equal(rs_method_named("http_file")->type, "dns");
	assert_string_equal(rs_method_named("dns_txt")->caa_labels[0], "ca-tbr-7");
	assert_null(rs_method_named("dns-01"));
	assert_null(rs_method_for("dns_txt", "ip"));
	assert_null(rs_method_for("mailbox", "dns"));
}

/* --- coverage --- */

struct covers_row {
	const char *method, *type, *identifier;
	bool wide;
	const char *kind, *name;
	bool wildcard, want;
};

static const struct covers_row COVERS[] = {
	{"dns_txt", "dns", "example.com", true, "dns", "example.com", false, true},
	{"dns_txt", "dns", "example.com", true, "dns", "example.com", true, true},
	{"dns_txt", "dns", "example.com", true, "dns", "a.b.example.com", false, true},
	{"dns_txt", "dns", "example.com", true, "dns", "a.example.com", true, true},
	{"dns_txt", "dns", "www.example.com", true, "dns", "example.com", false, false},
	{"dns_txt", "dns", "www.example.com", true, "dns", "example.com", true, false},
	{"dns_txt", "dns", "example.com", true, "dns", "badexample.com", false, false},
	{"dns_txt", "dns", "example.com", true, "dns", "example.com.org", false, false},
	/* a public suffix speaks for nobody below it */
	{"dns_txt", "dns", "com", true, "dns", "example.com", false, false},
	{"dns_txt", "dns", "co.uk", true, "dns", "example.co.uk", false, false},
	{"email_constructed", "dns", "example.com", true, "dns", "a.example.com", false, true},
	{"email_constructed", "dns", "example.com", true, "dns", "example.com", true, true},
	{"email_caa", "dns", "example.com", true, "dns", "a.example.com", false, true},
	{"email_txt", "dns", "example.com", true, "dns", "a.example.com", true, true},
	/* a file proves one name only */
	{"http_file", "dns", "example.com", true, "dns", "example.com", false, true},
	{"http_file", "dns", "example.com", true, "dns", "example.com", true, false},
	{"http_file", "dns", "example.com", true, "dns", "www.example.com", false, false},
	/* the record decides how wide it is */
	{"dns_persist", "dns", "example.com", false, "dns", "example.com", false, true},
	{"dns_persist", "dns", "example.com", false, "dns", "example.com", true, false},
	{"dns_persist", "dns", "example.com", false, "dns", "a.example.com", false, false},
	{"dns_persist", "dns", "example.com", true, "dns", "example.com", true, true},
	{"dns_persist", "dns", "example.com", true, "dns", "a.example.com", false, true},
	/* mailboxes: by their domain, or each by itself */
	{"dns_txt", "dns", "example.com", true, "mail", "a@example.com", false, true},
	{"dns_txt", "dns", "example.com", true, "mail", "a@b.example.com", false, true},
	{"dns_txt", "dns", "b.example.com", true, "mail", "a@example.com", false, false},
	{"mailbox", "email", "a@example.com", true, "mail", "a@example.com", false, true},
	{"mailbox", "email", "a@example.com", true, "mail", "A@example.com", false, false},
	{"mailbox", "email", "a@example.com", true, "mail", "b@example.com", false, false},
	{"mailbox", "email", "a@example.com", true, "dns", "example.com", false, false},
	/* addresses: exactly, by methods for addresses */
	{"http_file", "ip", "192.0.2.1", true, "ip", "192.0.2.1", false, true},
	{"http_file", "ip", "192.0.2.1", true, "ip", "192.0.2.2", false, false},
	{"http_file", "ip", "192.0.2.1", true, "dns", "192.0.2.1", false, false},
	{"http_file", "dns", "192.0.2.1", true, "ip", "192.0.2.1", false, false},
	{"dns_persist", "ip", "2001:db8::1", false, "ip", "2001:db8::1", false, true},
	{"mailbox", "email", "192.0.2.1", true, "ip", "192.0.2.1", false, false},
};

static void test_covers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(COVERS) / sizeof(COVERS[0]); i++) {
		const struct covers_row *row = &COVERS[i];
		const struct rs_dcv_method *method = rs_method_for(row->method, row->type);
		json_t *name = json_pack("{s:s, s:s, s:b}", "kind", row->kind, "name", row->name,
			"wildcard", row->wildcard);

		assert_non_null(method);
		if (rs_dcv_covers(method, row->identifier, row->wide, name) != row->want)
			fail_msg("%s of %s, %s%s", row->method, row->identifier,
				row->wildcard ? "*." : "", row->name);
		json_decref(name);
	}
}

/* --- time --- */

static void test_until(void **state)
{
	static const struct {
		const char *method, *type;
		const struct rs_ruleset *rules;
		int64_t profile, otherwise;
		int64_t want; /* days */
	} rows[] = {
		{"dns_txt", "dns", &TLS_2026, 0, 0, 200},
		{"dns_txt", "dns", &TLS_2026, 0, 30, 30},
		{"dns_txt", "dns", &TLS_2026, 90, 30, 90}, /* the profile replaces the default */
		{"dns_txt", "dns", &TLS_2026, 365, 0, 200},
		{"dns_txt", "dns", &TLS_2026, 1, 0, 1},
		{"dns_txt", "dns", &TLS_2029, 90, 30, 10},
		{"http_file", "dns", &TLS_2029, 0, 30, 10},
		{"dns_persist", "dns", &TLS_2026, 0, 30, 10},
		{"dns_persist", "dns", &TLS_2026, 5, 30, 5},
		{"dns_persist", "ip", &TLS_2026, 0, 30, 10},
		{"dns_persist", "dns", &PRIVATE, 0, 30, 10}, /* the method's own */
		{"dns_persist", "dns", &SMIME, 0, 30, 10},
		{"mailbox", "email", &SMIME, 0, 0, 30},
		{"mailbox", "email", &SMIME, 7, 0, 7},
		{"mailbox", "email", &PRIVATE, 0, 0, 30},
		{"dns_txt", "dns", &SMIME, 0, 30, 398}, /* the default is for tls-br */
		{"dns_txt", "dns", &PRIVATE, 0, 30, 398},
		{"dns_txt", "dns", &PRIVATE, 700, 30, 398},
		{"dns_txt", "dns", &PRIVATE, 60, 30, 60},
		{"email_txt", "dns", &TLS_2026, 0, 30, 30},
	};
	int64_t begin = at("2026-11-23T10:00:00Z");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t until = rs_dcv_until(rs_method_for(rows[i].method, rows[i].type),
			rows[i].rules, rows[i].profile, rows[i].otherwise, begin, 0);

		if (until != begin + rows[i].want * DAY)
			fail_msg("%s, %s: %lld days", rows[i].method, rows[i].rules->name,
				(long long)((until - begin) / DAY));
	}
}

/* The evidence may end before the rules do, never after. */
static void test_ceiling(void **state)
{
	const struct rs_dcv_method *method = rs_method_named("dns_persist");
	int64_t begin = at("2026-11-23T10:00:00Z");
	int64_t hour = INT64_C(3600) * 1000000;

	(void)state;
	assert_int_equal(rs_dcv_persist_ceiling(begin, 3600, 0), begin + hour);
	assert_int_equal(rs_dcv_persist_ceiling(begin, 3600, begin + hour / 2), begin + hour / 2);
	assert_int_equal(rs_dcv_persist_ceiling(begin, 3600, begin + 2 * hour), begin + hour);
	assert_int_equal(rs_dcv_persist_ceiling(begin, 0, 0), begin);
	assert_int_equal(rs_dcv_until(method, &TLS_2026, 0, 30, begin, begin + hour), begin + hour);
	assert_int_equal(rs_dcv_until(method, &TLS_2026, 0, 30, begin, begin), begin);
	assert_int_equal(
		rs_dcv_until(method, &TLS_2026, 0, 30, begin, begin + 20 * DAY), begin + 10 * DAY);
	assert_int_equal(rs_dcv_until(method, &TLS_2026, 0, 30, begin,
				 rs_dcv_persist_ceiling(begin, UINT32_MAX, 0)),
		begin + 10 * DAY);
}

/* The Forum's e-mail methods end on 2028-03-15, for its rule sets. */
static void test_ends(void **state)
{
	static const char *const ending[] = {"email_constructed", "email_caa", "email_txt"};
	int64_t end = at("2028-03-15T00:00:00Z");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct rs_dcv_method *method = rs_method_named(ending[i]);

		assert_true(rs_dcv_method_open(method, &TLS_2026, end - 1));
		assert_false(rs_dcv_method_open(method, &TLS_2026, end));
		assert_true(rs_dcv_method_open(method, &PRIVATE, end));
		assert_int_equal(rs_dcv_until(method, &TLS_2026, 0, 0, end - DAY, 0), end);
		assert_int_equal(
			rs_dcv_until(method, &PRIVATE, 0, 0, end - DAY, 0), end + 397 * DAY);
	}
	assert_true(rs_dcv_method_open(rs_method_named("dns_txt"), &TLS_2026, end));
	assert_true(rs_dcv_method_open(rs_method_named("mailbox"), &SMIME, end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
