/*
 * The grammar of issue-values (RFC 8659 4.2), against the vectors of the design and against a
 * regular expression of the ABNF over every short text.
 */
#include "rs/caa.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LABEL	  "[A-Za-z0-9](-*[A-Za-z0-9])*"
#define WSP	  "[ \t]*"
#define PARAMETER LABEL WSP "=" WSP "[!-:<-~]*"
#define ABNF                                                                                       \
	"^" WSP "(" LABEL "(\\." LABEL ")*" WSP ")?"                                               \
	"(;" WSP "(" PARAMETER "(" WSP ";" WSP PARAMETER ")*" WSP ")?)?$"

static struct rs_bytes bytes(const char *text)
{
	return (struct rs_bytes){(const unsigned char *)text, strlen(text)};
}

struct row {
	const char *value;
	bool good;
	const char *issuer; /* of good ones; NULL: nobody */
};

static const struct row ROWS[] = {
	{"", true, NULL},
	{";", true, NULL},
	{" ; ", true, NULL},
	{"\t", true, NULL},
	{"; policy=ev", true, NULL},
	{"ca.example", true, "ca.example"},
	{" ca.example\t", true, "ca.example"},
	{"CA.Example", true, "CA.Example"},
	{"ca.example;", true, "ca.example"},
	{"ca.example ; ", true, "ca.example"},
	{"ca.example; policy=", true, "ca.example"},
	{"ca.example; a==b", true, "ca.example"},
	{"ca.example; a--b=1", true, "ca.example"},
	{"ca.example; a-b=1", true, "ca.example"}, /* erratum 5934; E12: others refuse the hyphen */
	{"ca.example; a=1 ; b=2", true, "ca.example"},
	{"ca.example;a=;b=", true, "ca.example"},
	{"ca.example ; a = b ", true, "ca.example"},
	{"a--b.c", true, "a--b.c"},
	{"localhost", true, "localhost"},
	{"1", true, "1"},
	{"ca.example; v=!\"#$%&'()*+,-./:<=>?@[\\]^_`{|}~", true, "ca.example"},
	{"ca.example; a=b;", false, NULL},
	{"ca.example; a=b ; ", false, NULL},
	{";;", false, NULL},
	{"ca.example;;", false, NULL},
	{"ca.example; ; a=b", false, NULL},
	{"ca.example; a", false, NULL},
	{"ca.example; =b", false, NULL},
	{"ca.example; a_b=1", false, NULL},
	{"ca.example; -a=1", false, NULL},
	{"ca.example; a-=1", false, NULL},
	{"ca.example; a=b c", false, NULL},
	{"ca.example; a=b c=d", false, NULL},
	{"ca.example a=b", false, NULL},
	{"ca.example other.example", false, NULL},
	{"ca.example.", false, NULL},
	{".ca.example", false, NULL},
	{"ca..example", false, NULL},
	{"ca_x.example", false, NULL},
	{"-ca.example", false, NULL},
	{"ca-.example", false, NULL},
	{"*.ca.example", false, NULL},
	{"ca.example,other", false, NULL},
	{"https://ca.example", false, NULL},
	{"\"ca.example\"", false, NULL},
	{"%%%%%", false, NULL},
	{"<script>", false, NULL},
	{"ca.example\n", false, NULL},
	{"\nca.example", false, NULL},
	{"ca.example\r", false, NULL},
	{"ca.example; a=\x7f", false, NULL},
	{"ca.example; a=\xe4", false, NULL},
	{"c\xc3\xa4.example", false, NULL},
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct row *row = &ROWS[i];
		struct rs_caa_issue issue;

		if (rs_caa_issue_read(bytes(row->value), &issue) != row->good)
			fail_msg("\"%s\" is %s", row->value, row->good ? "refused" : "taken");
		if (!row->good)
			continue;
		assert_int_equal(issue.issuer.len, row->issuer ? strlen(row->issuer) : 0);
		if (row->issuer)
			assert_memory_equal(issue.issuer.data, row->issuer, issue.issuer.len);
	}
}

/* NUL ends no value and stands nowhere in one. */
static void test_nul(void **state)
{
	static const struct rs_bytes values[] = {
		{(const unsigned char *)"ca.example\0", 11},
		{(const unsigned char *)"ca.example\0.other.example", 25},
		{(const unsigned char *)"ca.example; a=b\0", 16},
		{(const unsigned char *)"\0", 1},
	};
	struct rs_caa_issue issue;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_false(rs_caa_issue_read(values[i], &issue));
}

static void test_parameters(void **state)
{
	struct rs_caa_issue issue;

	(void)state;
	assert_true(rs_caa_issue_read(
		bytes("ca.example; AccountUri = acct:1@x ; validationmethods=a,b; accounturi=;x=y"),
		&issue));
	assert_int_equal(issue.accounts, 2);
	assert_int_equal(issue.account.len, 0);
	assert_int_equal(issue.method_lists, 1);
	assert_int_equal(issue.methods.len, 3);
	assert_memory_equal(issue.methods.data, "a,b", 3);
	assert_true(rs_caa_issue_read(bytes("; accounturis=x; xaccounturi=y"), &issue));
	assert_int_equal(issue.accounts, 0);
}

/* Every text up to a length over the characters that matter is judged as the ABNF judges it. */
static void test_against_abnf(void **state)
{
	static const char alphabet[] = "a1-.;= \t_";
	size_t letters = strlen(alphabet);
	size_t good = 0;
	regex_t abnf;

	(void)state;
	assert_int_equal(regcomp(&abnf, ABNF, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t len = 0; len <= 6; len++) {
		size_t count = 1;

		for (size_t i = 0; i < len; i++)
			count *= letters;
		for (size_t n = 0; n < count; n++) {
			char text[8] = {0};
			size_t rest = n;
			struct rs_caa_issue issue;
			bool want;

			for (size_t i = 0; i < len; i++, rest /= letters)
				text[i] = alphabet[rest % letters];
			want = regexec(&abnf, text, 0, NULL, 0) == 0;
			if (rs_caa_issue_read(bytes(text), &issue) != want)
				fail_msg("\"%s\" is %s", text, want ? "refused" : "taken");
			good += want;
		}
	}
	assert_true(good > 1000);
	/* and every vector above */
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if ((regexec(&abnf, ROWS[i].value, 0, NULL, 0) == 0) != ROWS[i].good)
			fail_msg("the expression errs at \"%s\"", ROWS[i].value);
	regfree(&abnf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_against_abnf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
