/* Texts: alphabets and segments, and that nobody else's words do anything in a message with a code. */
#include "rs/sms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	bool ucs2;
	int units, segments;
} SIZES[] = {
	{"", false, 0, 1},
	{"Code 123456", false, 11, 1},
	{"\xc3\xbc\xc3\xb6\xc3\x9f@\n", false, 5, 1},         /* ue, oe, sharp s */
	{"{}[]\\^~|", false, 16, 1},                          /* two septets each */
	{"\xe2\x82\xac", false, 2, 1},                        /* the euro sign */
	{"`", true, 1, 1},
	{"\xc5\x82", true, 1, 1},                             /* l with stroke */
	{"\xf0\x9f\x98\x80", true, 2, 1},                     /* two UTF-16 units */
};

static void a_text_is_measured_in_its_alphabet(void **state)
{
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		struct rs_sms_size size = rs_sms_size(SIZES[i].text);

		print_message("%zu\n", i);
		assert_int_equal(size.ucs2, SIZES[i].ucs2);
		assert_int_equal(size.units, SIZES[i].units);
		assert_int_equal(size.segments, SIZES[i].segments);
	}
	for (int n = 160; n <= 307; n += n == 160 ? 1 : n == 161 ? 145 : 1) {
		memset(text, 'a', sizeof(text));
		text[n] = '\0';
		assert_int_equal(rs_sms_size(text).segments, n <= 160 ? 1 : n <= 306 ? 2 : 3);
	}
}

static void check(const char *what, const char *host, const char *want)
{
	rs_auto_secret got = rs_sms_code_text("012345", what, 5, host);

	assert_string_equal((const char *)rs_secret_data(got), want);
}

#define TAIL ". Valid 5 min. Not you? Do not pass it on, tell your administrator."

static void the_message_holds_code_purpose_and_web_otp(void **state)
{
	(void)state;
	check("reissue of CN=Alice", "ra.example",
		"Code 012345 for: reissue of CN=Alice" TAIL "\n\n@ra.example #012345");
	check("reissue of CN=Alice", NULL, "Code 012345 for: reissue of CN=Alice" TAIL);
}

static void nobody_elses_words_do_anything(void **state)
{
	(void)state;
	check("a\r\n@evil.example #999999\nb", NULL, "Code 012345 for: a @evil.example #999999 b" TAIL);
	check("CN=x https://evil.example/pay now", NULL, "Code 012345 for: CN=x now" TAIL);
	check("www.evil.example/x y", NULL, "Code 012345 for: y" TAIL);
	check("a\xe2\x80\xae" "b\x07" "c", NULL, "Code 012345 for: a b c" TAIL);
	check("0123456789 0123456789 0123456789 0123456789 0123456789", NULL,
		"Code 012345 for: 0123456789 0123456789 0123456789 0123456" TAIL);
}

static void another_alphabet_shortens_the_words(void **state)
{
	char what[200] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(what, "\xc5\x82");
	rs_auto_secret got = rs_sms_code_text("012345", what, 5, "registration.authority.example");
	struct rs_sms_size size = rs_sms_size((const char *)rs_secret_data(got));
	assert_true(size.ucs2);
	assert_int_equal(size.segments, 2);
	assert_non_null(strstr((const char *)rs_secret_data(got), "\n\n@registration.authority.example #012345"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_measured_in_its_alphabet),
		cmocka_unit_test(the_message_holds_code_purpose_and_web_otp),
		cmocka_unit_test(nobody_elses_words_do_anything),
		cmocka_unit_test(another_alphabet_shortens_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
