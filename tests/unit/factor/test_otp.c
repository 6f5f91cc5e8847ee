/* One-time codes: how they are spread, what is taken for one, what is stored of one, how destinations are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rs/factor.h"
#include "rs/id.h"
#include "rs/otp.h"

#define CODES 100000

/* O20: 100,000 codes: every digit at every place is as frequent as chance has it (chi-squared, 9 degrees of
 * freedom: 33.7 is passed once in 10,000), leading zeros come, and codes repeat no more than birthdays do. */
static void test_codes_are_uniform(void **state)
{
	static int places[6][10];
	static unsigned char seen[1000000];
	int repeats = 0, zeros = 0;

	(void)state;
	for (int i = 0; i < CODES; i++) {
		char code[RS_OTP_LEN];
		int value;

		rs_otp_make(6, code);
		assert_int_equal(strlen(code), 6);
		for (int k = 0; k < 6; k++) {
			assert_in_range(code[k], '0', '9');
			places[k][code[k] - '0']++;
		}
		zeros += code[0] == '0';
		value = atoi(code);
		repeats += seen[value] > 0;
		seen[value]++;
	}
	for (int k = 0; k < 6; k++) {
		double sum = 0, expected = CODES / 10.0;

		for (int d = 0; d < 10; d++)
			sum += (places[k][d] - expected) * (places[k][d] - expected) / expected;
		assert_true(sum < 33.7);
	}
	assert_true(zeros > 0);
	/* Expected: n - N (1 - (1 - 1/N)^n) = 4,837; a hundred either way is more than a standard deviation. */
	assert_in_range(repeats, 4400, 5300);
}

static void test_lengths(void **state)
{
	char code[RS_OTP_LEN];

	(void)state;
	for (int digits = 6; digits <= 8; digits++) {
		rs_otp_make(digits, code);
		assert_int_equal(strlen(code), digits);
	}
}

/* row 118: what a person may type for a code, and what is none. */
static void test_what_is_a_code(void **state)
{
	static const struct {
		const char *typed;
		int digits;
		const char *code; /* NULL: none */
	} ROWS[] = {
		{"123456", 6, "123456"},
		{" 123-456 ", 6, "123456"},
		{"000000", 6, "000000"},
		{"12345678", 8, "12345678"},
		{"12345", 6, NULL},
		{"1234567", 6, NULL},
		{"", 6, NULL},
		{"   ", 6, NULL},
		{"12345a", 6, NULL},
		{"+12345", 6, NULL},
		{"123456\n", 6, NULL},
		{"12\t3456", 6, NULL},
		{"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96", 6, NULL},
		{"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6", 6, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		char code[RS_OTP_LEN];
		bool is = rs_otp_clean(ROWS[i].typed, ROWS[i].digits, code);

		assert_int_equal(is, ROWS[i].code != NULL);
		if (is)
			assert_string_equal(code, ROWS[i].code);
	}
}

/* O18: the MAC depends on everything it is bound to, so that equal codes look different. */
static void test_a_mac_is_bound(void **state)
{
	struct rs_keyring *ring = rs_keyring_new_ephemeral();
	struct rs_keyring *other = rs_keyring_new_ephemeral();
	const char *kid = rs_keyring_active(ring);
	unsigned char salt[RS_OTP_SALT_LEN] = {1}, salt2[RS_OTP_SALT_LEN] = {2};
	const char *id = "01938a6e-2f00-7c3a-9a51-4be0d2a1c0e1";
	const struct {
		struct rs_otp_place place;
		const char *code;
	} OTHERS[] = {
		{{"01938a6e-2f00-7c3a-9a51-4be0d2a1c0e2", "email", salt}, "123456"},
		{{id, "sms", salt}, "123456"},
		{{id, "email", salt2}, "123456"},
		{{id, "email", salt}, "123457"},
	};
	struct rs_otp_place place = {id, "email", salt};
	unsigned char mac[RS_MAC_LEN], again[RS_MAC_LEN], another[RS_MAC_LEN];

	(void)state;
	assert_true(rs_otp_mac(ring, kid, &place, "123456", mac));
	assert_true(rs_otp_mac(ring, kid, &place, "123456", again));
	assert_memory_equal(mac, again, sizeof(mac));
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		assert_true(rs_otp_mac(ring, kid, &OTHERS[i].place, OTHERS[i].code, another));
		assert_memory_not_equal(mac, another, sizeof(mac));
	}
	assert_true(rs_otp_mac(other, rs_keyring_active(other), &place, "123456", another));
	assert_memory_not_equal(mac, another, sizeof(mac));
	assert_false(rs_otp_mac(ring, "unknown", &place, "123456", another));
	rs_keyring_free(ring);
	rs_keyring_free(other);
}

/* O27: a mask tells neither the length nor what stands between. */
static void test_masks(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	rs_ctx_init(&ctx, NULL);
	assert_string_equal(rs_mask_email(&ctx, "alice@example.test"),
		"a\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2" "e@e\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"
		"\xe2\x80\xa2\xe2\x80\xa2.test");
	assert_int_equal(strlen(rs_mask_email(&ctx, "al@e.test")),
		strlen(rs_mask_email(&ctx, "a.very.long.name@a.very.long.domain.example.test")));
	assert_int_equal(strlen(rs_mask_mobile(&ctx, "+4915112345678")),
		strlen(rs_mask_mobile(&ctx, "+441632960")));
	assert_null(strstr(rs_mask_mobile(&ctx, "+4915112345678"), "345"));
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_are_uniform),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_what_is_a_code),
		cmocka_unit_test(test_a_mac_is_bound),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
