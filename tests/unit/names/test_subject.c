/* The subject: rows 92 and 93, upper bounds, encodings. */
#include "names_test.h"

#include <stdio.h>

/* A subject of one member, judged under the private rules. */
static struct rs_names member(struct rs_ctx *ctx, const char *name, const char *value)
{
	struct rs_name_policy policy = {.rules = &FREE};
	struct rs_names out;
	json_t *subject = rs_arena_json(ctx->arena, json_pack("{s:s}", name, value));

	rs_names_normalise(ctx, subject, NULL, &policy, "", &out);
	return out;
}

/* Every member takes its upper bound and refuses one more. */
static void test_upper_bounds(void **state)
{
	struct rs_ctx *ctx = *state;
	char text[300], pointer[64];

	for (const struct rs_subject_member *m = rs_subject_members; m->name; m++) {
		struct rs_names out;

		if (strcmp(m->name, "email_address") == 0 || strcmp(m->name, "country") == 0)
			continue; /* their form is narrower than their bound */
		memset(text, 'x', (size_t)m->max);
		text[m->max] = '\0';
		out = member(ctx, m->name, text);
		if (json_array_size(out.faults) != 0)
			fail_msg("%s refuses %d characters", m->name, m->max);
		strcat(text, "x");
		out = member(ctx, m->name, text);
		snprintf(pointer, sizeof(pointer), "/subject/%s", m->name);
		assert_string_equal(only_fault(&out), pointer);
	}
}

/* The bound counts characters, not octets. */
static void test_bound_counts_code_points(void **state)
{
	char text[64 * 2 + 1];
	struct rs_names out;

	for (int i = 0; i < 64; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	text[128] = '\0';
	out = member(*state, "common_name", text);
	assert_int_equal(json_array_size(out.faults), 0);
}

static void test_hostile_values(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{"common_name", ""},                       /* 93 */
		{"common_name", "   "},                    /* 93 */
		{"common_name", "a\nb"},                   /* 44 */
		{"common_name", "a\x1b[31mb"},             /* 44 */
		{"common_name", "a\xc2\x85" "b"},          /* a C1 control */
		{"common_name", "a\xe2\x80\xae" "b"},      /* 44: U+202E */
		{"common_name", "a\xe2\x81\xa6" "b"},      /* an isolate */
		{"common_name", "a\xe2\x80\x8d" "b"},      /* zero width joiner */
		{"common_name", "a\xef\xbb\xbf" "b"},      /* byte order mark */
		{"common_name", "a\xee\x80\x80" "b"},      /* private use */
		{"common_name", "a\xef\xbf\xbf" "b"},      /* U+FFFF */
		{"common_name", "a\xf3\xa0\x80\xa1" "b"},  /* a tag character */
		{"country", "GBR"},
		{"country", "G"},
		{"country", "G1"},
		{"country", "\xc3\x84" "E"},
		{"serial_number", "a_b"},
		{"serial_number", "caf\xc3\xa9"},
		{"email_address", "nobody"},
		{"email_address", "a@b_c.example.com"},
		{"domain_component", "caf\xc3\xa9"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_names out = member(*state, rows[i].name, rows[i].value);

		if (json_array_size(out.faults) != 1)
			fail_msg("row %zu (%s) taken", i, rows[i].name);
	}
}

/* 92: NUL cannot even be said: the JSON parser refuses it. */
static void test_nul(void **state)
{
	static const char body[] = "{\"common_name\":\"good.example\\u0000.evil\"}";
	json_t *value;

	assert_int_equal(rs_json_parse(*state, body, strlen(body), &value), RS_BAD_JSON);
}

static void test_shapes(void **state)
{
	struct rs_ctx *ctx = *state;
	struct rs_names out;

	out = judge(ctx, &FREE, "{\"common_name\":[\"a\",\"b\"]}", NULL); /* 93 */
	assert_string_equal(only_fault(&out), "/subject/common_name");
	out = judge(ctx, &FREE, "{\"common_name\":7}", NULL);
	assert_string_equal(only_fault(&out), "/subject/common_name");
	out = judge(ctx, &FREE, "{\"common_name\":\"a\",\"nick_name\":\"b\"}", NULL);
	assert_string_equal(only_fault(&out), "/subject/nick_name");
	out = judge(ctx, &FREE, "{\"common_name\":\"a\",\"organizational_unit\":[\"b\",7]}", NULL);
	assert_string_equal(only_fault(&out), "/subject/organizational_unit/1");
	out = judge(ctx, &FREE, "{\"common_name\":\"a\",\"organizational_unit\":[]}", NULL);
	assert_string_equal(only_fault(&out), "/subject/organizational_unit");
	out = judge(ctx, &FREE, "[]", NULL);
	assert_int_not_equal(json_array_size(out.faults), 0);
	out = judge(ctx, &FREE, NULL, NULL);
	assert_string_equal(only_fault(&out), "/subject");
}

static void test_normal_form(void **state)
{
	struct rs_names out = judge(*state, &FREE,
		"{\"common_name\":\"  Jane Doe \",\"country\":\"gb\",\"organization\":[\"Example\"],"
		"\"organizational_unit\":[\"a\",\"b\"],\"email_address\":\"Jane@EXAMPLE.com\"}",
		NULL);
	json_t *want = json_loads("{\"country\":\"GB\",\"organization\":\"Example\","
				  "\"organizational_unit\":[\"a\",\"b\"],\"common_name\":\"Jane Doe\","
				  "\"email_address\":\"Jane@example.com\"}", 0, NULL);

	assert_int_equal(json_array_size(out.faults), 0);
	assert_true(json_equal(out.subject, want));
	json_decref(want);
}

/* All faults at once, each with its pointer. */
static void test_all_faults(void **state)
{
	struct rs_names out = judge(*state, &TLS,
		"{\"common_name\":\"\",\"country\":\"XYZ\",\"nick\":\"n\"}",
		"[{\"type\":\"dns\",\"value\":\"a_b.example.com\"},{\"type\":\"email\",\"value\":\"a@b.de\"},"
		"{\"type\":\"dns\",\"value\":\"ok.example.com\"},{\"type\":\"ip\",\"value\":\"010.1.1.1\"}]");

	assert_int_equal(json_array_size(out.faults), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_upper_bounds, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_bound_counts_code_points, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_values, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_nul, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_shapes, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_normal_form, ctx_setup, ctx_teardown),
		cmocka_unit_test_setup_teardown(test_all_faults, ctx_setup, ctx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
