/* Parameters as libpq sends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/internal.h"

static void values_become_text(void **state)
{
	json_t *strings = json_pack("[s, s, s]", "plain", "with \"quote\" and \\", "{a,b}");
	json_t *object = json_pack("{s:i}", "n", 1);
	static const char *const expected[] = {"text", NULL, "-9223372036854775808", "t", "f", NULL,
		"2026-11-23T10:00:00.000001Z", NULL, "1969-12-31T23:59:59.999999Z",
		"{\"plain\",\"with \\\"quote\\\" and \\\\\",\"{a,b}\"}", NULL, "{\"n\":1}", NULL};
	struct rs_params p;
	struct rs_ctx ctx;

	(void)state;
	rs_ctx_init(&ctx, NULL);
	p = rs_params(&ctx);
	rs_p_text(&p, "text");
	rs_p_text(&p, NULL);
	rs_p_int(&p, INT64_MIN);
	rs_p_bool(&p, true);
	rs_p_bool(&p, false);
	rs_p_id(&p, &(struct rs_id){""});
	rs_p_time(&p, INT64_C(1795428000000001));
	rs_p_time(&p, 0);
	rs_p_time(&p, -1);
	rs_p_texts(&p, strings);
	rs_p_texts(&p, NULL);
	rs_p_json(&p, object);
	rs_p_json(&p, NULL);
	assert_int_equal(p.count, sizeof expected / sizeof *expected);
	for (int i = 0; i < p.count; i++) {
		assert_int_equal(p.format[i], 0);
		if (expected[i])
			assert_string_equal(p.value[i], expected[i]);
		else
			assert_null(p.value[i]);
	}
	rs_ctx_end(&ctx);
	json_decref(strings);
	json_decref(object);
}

static void bytes_stay_bytes(void **state)
{
	unsigned char data[] = {0, 1, 0xff};
	struct rs_params p;
	struct rs_ctx ctx;

	(void)state;
	rs_ctx_init(&ctx, NULL);
	p = rs_params(&ctx);
	rs_p_bytes(&p, data, sizeof data);
	memset(data, 7, sizeof data); /* copied: the caller's may change */
	assert_int_equal(p.format[0], 1);
	assert_int_equal(p.length[0], 3);
	assert_memory_equal(p.value[0], "\0\1\xff", 3);
	rs_ctx_end(&ctx);
}

static void the_same_is_the_same_in_every_value(void **state)
{
	struct rs_params p[5];
	struct rs_ctx ctx;

	(void)state;
	rs_ctx_init(&ctx, NULL);
	for (int i = 0; i < 5; i++) {
		p[i] = rs_params(&ctx);
		rs_p_text(&p[i], i == 1 ? "other" : "text");
		if (i == 2)
			rs_p_null(&p[i]);
		else
			rs_p_bytes(&p[i], i == 3 ? "a\0c" : "a\0b", i == 4 ? 2 : 3);
	}
	assert_true(rs_params_same(&p[0], &p[0]));
	for (int i = 1; i < 5; i++)
		assert_false(rs_params_same(&p[0], &p[i]));
	assert_true(rs_params_same(&p[2], &p[2]));
	p[1].count = 0;
	assert_false(rs_params_same(&p[0], &p[1]));
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_text),
		cmocka_unit_test(bytes_stay_bytes),
		cmocka_unit_test(the_same_is_the_same_in_every_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
