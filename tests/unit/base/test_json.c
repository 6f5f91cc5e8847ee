/* The field-table reader and writer, canonical JSON, merge patch. */
#include "rs/clock.h"
#include "rs/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct thing {
	const char *name;
	int64_t days;
	bool active;
	struct rs_id id;
	int64_t at;
	json_t *extra;
	struct rs_bytes digest;
};

static const struct rs_field THING[] = {
	RS_FIELD(struct thing, name, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 5),
	RS_FIELD(struct thing, days, RS_T_INT, .min = 1, .max = 10),
	RS_FIELD(struct thing, active, RS_T_BOOL),
	RS_FIELD(struct thing, id, RS_T_ID, .flags = RS_F_NULL),
	RS_FIELD(struct thing, at, RS_T_TIME),
	RS_FIELD(struct thing, extra, RS_T_OBJECT),
	RS_FIELD(struct thing, digest, RS_T_SHA256, .flags = RS_F_OMIT),
	RS_FIELD_END,
};

static int setup(void **state)
{
	static struct rs_ctx ctx;

	rs_ctx_init(&ctx, NULL);
	*state = &ctx;
	return 0;
}

static int teardown(void **state)
{
	rs_ctx_end(*state);
	return 0;
}

static enum rs_code read_text(struct rs_ctx *ctx, const char *text, struct thing *out)
{
	enum rs_code rc;
	json_t *value;

	memset(out, 0, sizeof(*out));
	rc = rs_json_parse(ctx, text, strlen(text), &value);
	if (rc)
		return rc;
	rs_json_read(ctx, value, "", THING, out, NULL);
	return rs_faults(ctx);
}

static void test_parse_is_strict(void **state)
{
	static const char *const BAD[] = {"", "{", "{\"a\":1,\"a\":2}", "{} {}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "{\"a\":1e400}", "{\"a\":9223372036854775808}"};
	json_t *value;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_int_equal(rs_json_parse(*state, BAD[i], strlen(BAD[i]), &value), RS_BAD_JSON);
}

static void test_depth_is_limited(void **state)
{
	char deep[2 * (RS_JSON_DEPTH_MAX + 1) + 1];
	json_t *value;

	memset(deep, '[', RS_JSON_DEPTH_MAX + 1);
	memset(deep + RS_JSON_DEPTH_MAX + 1, ']', RS_JSON_DEPTH_MAX + 1);
	assert_int_equal(rs_json_parse(*state, deep, sizeof(deep) - 1, &value), RS_BAD_JSON);
	assert_int_equal(rs_json_parse(*state, deep + 1, sizeof(deep) - 3, &value), RS_OK);
	assert_int_equal(rs_json_parse(*state, "\"[[[[\\\"[[\"", 10, &value), RS_OK);
}

static void test_reads_every_type(void **state)
{
	struct thing thing;

	assert_int_equal(read_text(*state,
				 "{\"name\":\"\xc3\xa4" "bc\",\"days\":10,\"active\":true,"
				 "\"id\":\"019364a5-0000-7000-8000-000000000001\","
				 "\"at\":\"2026-11-23T10:00:00Z\",\"extra\":{\"a\":1}}",
				 &thing),
		RS_OK);
	assert_string_equal(thing.name, "\xc3\xa4" "bc");
	assert_int_equal(thing.days, 10);
	assert_true(thing.active);
	assert_string_equal(thing.id.s, "019364a5-0000-7000-8000-000000000001");
	assert_int_equal(thing.at, INT64_C(1795428000) * 1000000);
	assert_int_equal(json_object_size(thing.extra), 1);
}

static void test_collects_all_faults(void **state)
{
	struct rs_ctx *ctx = *state;
	struct thing thing;

	assert_int_equal(read_text(ctx,
				 "{\"nam/e\":1,\"days\":11,\"active\":\"x\",\"id\":\"1\","
				 "\"at\":\"never\",\"extra\":[]}",
				 &thing),
		RS_VALIDATION_FAILED);
	assert_int_equal(json_array_size(ctx->err.faults), 7);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(ctx->err.faults, 0), "pointer")),
		"/nam~1e");
}

static void test_one_code_speaks_for_equal_faults(void **state)
{
	struct thing thing;

	assert_int_equal(read_text(*state, "{\"name\":\"a\",\"x\":1,\"y\":2}", &thing),
		RS_UNKNOWN_MEMBER);
}

static void test_strings_hold_no_unseen_characters(void **state)
{
	static const char *const BAD[] = {"a\\u001bb", "a\\u202eb", "a\\u200bb", "a\\nb", "a\\u0085b"};
	char text[64];
	struct thing thing;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"%s\"}", BAD[i]);
		assert_int_equal(read_text(*state, text, &thing), RS_BAD_VALUE);
		rs_err_reset(&((struct rs_ctx *)*state)->err);
	}
}

static void test_writes_null_and_omits(void **state)
{
	struct thing thing = {.name = "a", .days = 3};
	json_t *value = rs_json_write(THING, &thing);

	assert_string_equal(rs_json_canonical(*state, value, NULL),
		"{\"active\":false,\"at\":null,\"days\":3,\"extra\":null,\"id\":null,\"name\":\"a\"}");
	json_decref(value);
}

/* The text of a value is that of jansson, byte for byte. */
static void test_text_is_as_the_library_writes_it(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"true",
		"-1.25e-7",
		"9223372036854775807",
		"-9223372036854775808",
		"0",
		"{\"z\":[1,{\"a\":false,\"\":null},[]]}",
		"{\"b\":\"\\u0000\\u0001\\u001f\\b\\t\\n\\f\\r\"}",
		"[\"\\\"quoted\\\" \\\\ / \\u007f\", \"gr\\u00fc\\u00df \\ud83d\\ude00\", \"\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *value = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		char *theirs = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		size_t len;
		char *ours = rs_json_text(value, &len);

		assert_non_null(value);
		assert_string_equal(ours, theirs);
		assert_int_equal(len, strlen(theirs));
		free(ours);
		free(theirs);
		json_decref(value);
	}
}

static void test_canonical_escapes(void **state)
{
	json_t *value = json_pack("{s:s, s:i}", "b", "\x1f\n/\"\\\xe2\x82\xac", "a", 1);

	assert_string_equal(rs_json_canonical(*state, value, NULL),
		"{\"a\":1,\"b\":\"\\u001f\\n/\\\"\\\\\xe2\x82\xac\"}");
	json_decref(value);
}

static void test_merge_patch(void **state)
{
	/* RFC 7396, section 3 */
	json_t *target = json_loads("{\"a\":\"b\",\"c\":{\"d\":\"e\",\"f\":\"g\"}}", 0, NULL);
	json_t *patch = json_loads("{\"a\":\"z\",\"c\":{\"f\":null}}", 0, NULL);

	rs_json_merge(target, patch);
	assert_string_equal(rs_json_canonical(*state, target, NULL),
		"{\"a\":\"z\",\"c\":{\"d\":\"e\"}}");
	json_decref(target);
	json_decref(patch);
}

static void test_times(void **state)
{
	static const char *const GOOD[] = {"2026-11-23T10:00:00Z", "2026-11-23T12:00:00+02:00",
		"2026-11-23 10:00:00+00", "2026-11-23T10:00:00.000Z", "2026-11-23T04:30:00-0530"};
	static const char *const BAD[] = {"2026-02-29T00:00:00Z", "2026-11-23", "2026-11-23T10:00:00",
		"2026-13-01T00:00:00Z", "2026-11-23T25:00:00Z", "2026-11-23T10:00:00.Z", ""};
	char buf[32];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		assert_true(rs_time_parse(GOOD[i], &us));
		rs_time_format(us, buf);
		assert_string_equal(buf, "2026-11-23T10:00:00Z");
	}
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(rs_time_parse(BAD[i], &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse_is_strict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth_is_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reads_every_type, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collects_all_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_one_code_speaks_for_equal_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_strings_hold_no_unseen_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writes_null_and_omits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_canonical_escapes, setup, teardown),
		cmocka_unit_test(test_text_is_as_the_library_writes_it),
		cmocka_unit_test_setup_teardown(test_merge_patch, setup, teardown),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
