/* Secrets: kept apart, compared in constant time, overwritten. */
#include "rs/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_a_copy_holds_the_bytes_and_ends_with_a_nul(void **state)
{
	(void)state;
	rs_auto_secret secret = rs_secret_copy("abc\0d", 5);
	assert_int_equal(rs_secret_len(secret), 5);
	assert_memory_equal(rs_secret_data(secret), "abc\0d", 6);
}

/* row 127: compared by CRYPTO_memcmp(), whose time does not tell where the difference lies */
static void test_equal_means_every_byte(void **state)
{
	(void)state;
	rs_auto_secret a = rs_secret_copy("password", 8);
	rs_auto_secret same = rs_secret_copy("password", 8);
	rs_auto_secret last = rs_secret_copy("passworD", 8);
	rs_auto_secret longer = rs_secret_copy("password1", 9);
	rs_auto_secret empty = rs_secret_new(0);
	assert_true(rs_secret_equal(a, same));
	assert_false(rs_secret_equal(a, last));
	assert_false(rs_secret_equal(a, longer));
	assert_false(rs_secret_equal(a, empty));
	assert_true(rs_secret_equal(empty, empty));
}

static void test_cleanse_overwrites(void **state)
{
	(void)state;
	char text[] = "hunter2";
	rs_cleanse(text, sizeof(text));
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(text[i], 0);
	rs_cleanse(NULL, 0);
}

static void test_drop_forgets_the_pointer(void **state)
{
	(void)state;
	struct rs_secret *secret = rs_secret_new(3);
	rs_secret_drop(&secret);
	assert_null(secret);
	rs_secret_drop(&secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_holds_the_bytes_and_ends_with_a_nul),
		cmocka_unit_test(test_equal_means_every_byte),
		cmocka_unit_test(test_cleanse_overwrites),
		cmocka_unit_test(test_drop_forgets_the_pointer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
