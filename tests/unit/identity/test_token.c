/* Opaque tokens: form, checksum, and that random bytes stay apart. */
#include "identity/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *text_of(struct rs_secret *token)
{
	return (const char *)rs_secret_data(token);
}

/* Known answers: big-endian base62 and zlib's crc32, made with python3. */
static void test_known_tokens(void **state)
{
	(void)state;
	unsigned char random[32];
	memset(random, 0, sizeof(random));
	rs_auto_secret zero = rs_token_from(RS_TOKEN_ACCESS, random);
	assert_string_equal(text_of(zero), "rsd_00000000000000000000000000000000000000000004ePNhM");
	memset(random, 0xff, sizeof(random));
	rs_auto_secret full = rs_token_from(RS_TOKEN_ACCESS, random);
	assert_string_equal(text_of(full), "rsd_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp11Z8E3Y");
}

static void test_new_tokens_are_well_formed_and_differ(void **state)
{
	(void)state;
	rs_auto_secret a = rs_token_new(RS_TOKEN_ACCESS);
	rs_auto_secret b = rs_token_new(RS_TOKEN_ACCESS);
	assert_int_equal(strlen(text_of(a)), RS_TOKEN_LEN);
	assert_true(rs_token_well_formed(RS_TOKEN_ACCESS, text_of(a)));
	assert_false(rs_token_well_formed(RS_TOKEN_CLIENT, text_of(a)));
	assert_string_not_equal(text_of(a), text_of(b));
}

/* Any one character changed, and any two neighbours swapped, is seen by the checksum. */
static void test_typing_errors_are_seen(void **state)
{
	(void)state;
	static const char DIGITS[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	rs_auto_secret token = rs_token_new(RS_TOKEN_ACCESS);
	char text[RS_TOKEN_LEN + 1];
	for (int at = 4; at < RS_TOKEN_LEN; at++) {
		memcpy(text, text_of(token), sizeof(text));
		for (const char *digit = DIGITS; *digit; digit++) {
			text[at] = *digit;
			assert_int_equal(rs_token_well_formed(RS_TOKEN_ACCESS, text),
				*digit == text_of(token)[at]);
		}
	}
	for (int at = 4; at + 1 < RS_TOKEN_LEN; at++) {
		memcpy(text, text_of(token), sizeof(text));
		if (text[at] == text[at + 1])
			continue;
		char first = text[at];
		text[at] = text[at + 1];
		text[at + 1] = first;
		assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
	}
}

static void test_other_forms_are_refused(void **state)
{
	(void)state;
	rs_auto_secret token = rs_token_new(RS_TOKEN_ACCESS);
	char text[RS_TOKEN_LEN + 8];
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, ""));
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, "rsd_"));
	snprintf(text, sizeof(text), "%s0", text_of(token));
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
	snprintf(text, sizeof(text), "%.52s", text_of(token));
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
	snprintf(text, sizeof(text), " %s", text_of(token));
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
	memcpy(text, text_of(token), RS_TOKEN_LEN + 1);
	text[10] = '-';
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
	text[10] = '\xc3';
	assert_false(rs_token_well_formed(RS_TOKEN_ACCESS, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_tokens),
		cmocka_unit_test(test_new_tokens_are_well_formed_and_differ),
		cmocka_unit_test(test_typing_errors_are_seen),
		cmocka_unit_test(test_other_forms_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
