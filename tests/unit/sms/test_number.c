/* Numbers: the form, the ranges that cost, what a connector allows. */
#include "rs/sms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *number;
	bool form, plain;
} ROWS[] = {
	{"+4915112345678", true, true},
	{"+12025550123", true, true},
	{"+447700900123", true, true},
	{"4915112345678", false, false},
	{"+0123456789", false, false},
	{"+49 151 123", false, false},
	{"+123456", false, false},
	{"+1234567890123456", false, false},
	{"+49151123456\n", false, false},
	{"+\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7", false, false},
	{"", false, false},
	{"+88216123456", true, false},
	{"+8835100123456", true, false},
	{"+979112345678", true, false},
	{"+870771234567", true, false},
	{"+491371234567", true, false},
	{"+19005550123", true, false},
	{"+449098790000", true, false},
};

static void a_number_has_a_form_and_a_price(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		print_message("%s\n", ROWS[i].number);
		assert_int_equal(rs_sms_number(ROWS[i].number), ROWS[i].form);
		assert_int_equal(rs_sms_number_plain(ROWS[i].number), ROWS[i].plain);
	}
}

static void a_connector_narrows_it(void **state)
{
	struct rs_sms_settings settings = {.allowed_countries = json_pack("[s, s]", "+49", "+43"),
		.number_pattern = "^\\+(49|43)[16]"};

	(void)state;
	assert_true(rs_sms_number_allowed(&settings, "+4915112345678"));
	assert_true(rs_sms_number_allowed(&settings, "+436601234567"));
	assert_false(rs_sms_number_allowed(&settings, "+49301234567"));
	assert_false(rs_sms_number_allowed(&settings, "+12025550123"));
	assert_false(rs_sms_number_allowed(&settings, "+491371234567"));
	settings.number_pattern = "(";
	assert_false(rs_sms_number_allowed(&settings, "+4915112345678"));
	settings.number_pattern = "((1{1,99}){1,99}){1,99}";
	assert_false(rs_sms_number_allowed(&settings, "+4915112345678"));
	json_decref(settings.allowed_countries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_has_a_form_and_a_price),
		cmocka_unit_test(a_connector_narrows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
