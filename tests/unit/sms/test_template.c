/* What becomes of a value in each place of a template, and which texts are no templates. */
#include "rs/sms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct rs_sms_values VALUES = {
	.to = "+4915112345678", .text = "a&b=\"\xc3\xb6\"\n{{to}} c", .id = "m-1", .sender = NULL};

static const struct {
	const char *template;
	enum rs_sms_place place;
	const char *want;
} ROWS[] = {
	{"https://h/?to={{to}}&t={{text}}", RS_SMS_URL,
		"https://h/?to=%2B4915112345678&t=a%26b%3D%22%C3%B6%22%0A%7B%7Bto%7D%7D%20c"},
	{"{{to}} {{id}}", RS_SMS_FORM, "%2B4915112345678%20m-1"},
	{"x={{text}}", RS_SMS_PLAIN, "x=a&b=\"\xc3\xb6\"\n{{to}} c"},
	{"v {{text}}", RS_SMS_HEADER, "v a&b=\"\xc3\xb6\" {{to}} c"},
	{"{{sender}}|", RS_SMS_PLAIN, "|"},
	{"{{other}} {{to", RS_SMS_PLAIN, "{{other}} {{to"},
	{"", RS_SMS_PLAIN, ""},
	{"{{{to}}}", RS_SMS_PLAIN, "{{{to}}}"},
};

static void values_are_escaped_for_where_they_stand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		rs_auto_secret got = rs_sms_render(ROWS[i].template, &VALUES, ROWS[i].place);

		assert_string_equal((const char *)rs_secret_data(got), ROWS[i].want);
		assert_int_equal(rs_secret_len(got), strlen(ROWS[i].want));
	}
}

static void long_texts_grow(void **state)
{
	char text[5001];
	struct rs_sms_values values = {.to = "", .text = text, .id = "", .sender = ""};

	(void)state;
	memset(text, '/', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rs_auto_secret got = rs_sms_render("{{text}}{{text}}", &values, RS_SMS_URL);
	assert_int_equal(rs_secret_len(got), 30000);
}

static void what_is_no_template_is_told(void **state)
{
	(void)state;
	assert_null(rs_sms_template_fault("{{to}}{{text}}{{id}}{{sender}} {to} }}"));
	assert_non_null(rs_sms_template_fault("{{phone}}"));
	assert_non_null(rs_sms_template_fault("{{to"));
	assert_non_null(rs_sms_template_fault("{{ to }}"));
	assert_null(rs_sms_url_fault("https://h/{{to}}?t={{text}}"));
	assert_non_null(rs_sms_url_fault("https://{{to}}/"));
	assert_non_null(rs_sms_url_fault("https://h{{to}}"));
	assert_non_null(rs_sms_url_fault("{{to}}://h/"));
	assert_non_null(rs_sms_url_fault("https://h/#{{to}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_for_where_they_stand),
		cmocka_unit_test(long_texts_grow),
		cmocka_unit_test(what_is_no_template_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
