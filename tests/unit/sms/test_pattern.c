/* The pattern for numbers: people's are taken, those that eat memory or time are not. */
#include "rs/sms.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Patterns that people write are taken; those that eat memory or time are refused unseen. */
static void a_pattern_is_small(void **state)
{
	static const char *const GOOD[] = {"^\\+(49|43)[16]", "^\\+49(15[0-9]{8,9}|16[0-9]{7,8})$",
		"(([0-9]{3}){2}){2}", "[[:digit:]]{7,15}", "[]{9}(]{1,255}", "[^])]+[{1,255}]",
		"x{5,}", "a\\{255\\}\\(", "1)", "^\\+1([2-9][0-9]{2}){2}[0-9]{4}$",
		"((((a+)+)+)+)?"};
	static const char *const BAD[] = {"(((1{1,50}){1,50}){1,50}){1,50}",
		"((x{1,100}){1,100}){1,100}", "(x{1,255}){1,255}", "1{255}{255}{255}",
		"([)]1{50}){50}{50}", "([]{1}(]1{99}){99}", "([[:alpha:]{]1{99}){99}",
		"((((((((((((((1+)+)+)+)+)+)+)+)+)+)+)+)+)+)", "(\\(1{99}){99}", "(1)\\1",
		"((.*)*\\2)*", "x{,255}{,255}", "x{255,}{255,}", "(x{0,99}|y){99}",
		"1{99999999999}", "((((((((((((((((((((((1))))))))))))))))))))))", "(", "[",
		"[[:", "x{2", "*", "\\"};

	(void)state;
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
		if (rs_sms_pattern_fault(GOOD[i]))
			fail_msg("%s is refused", GOOD[i]);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (!rs_sms_pattern_fault(BAD[i]))
			fail_msg("%s is taken", BAD[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
