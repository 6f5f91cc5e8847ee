/* The quorum of perspectives: the table of TLS BR 3.2.2.9 and what surrounds it. */
#include "rs/quorum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const RIRS[] = {"ARIN", "RIPE NCC", "APNIC", "LACNIC", "AFRINIC"};

struct row {
	const char *id;
	bool primary;
	const char *remote; /* a letter a perspective: y corroborates, n does not */
	int required;
	bool reached;
	const char *text;
};

static const struct row ROWS[] = {
	{"110", true, "yynyn", 5, false, "3/5"},
	{"none demanded, none there", true, "", 0, true, "0/0"},
	{"primary alone refuses", false, "", 0, false, "0/0"},
	{"primary refuses, all others permit", false, "yyyyy", 5, false, "5/5"},
	{"one of one", true, "y", 0, true, "1/1"},
	{"none of one", true, "n", 0, false, "0/1"},
	{"two", true, "yy", 2, true, "2/2"},
	{"one of two leaves one registry", true, "yn", 2, false, "1/2"},
	{"two of three", true, "yyn", 3, true, "2/3"},
	{"one of three", true, "ynn", 3, false, "1/3"},
	{"three of four", true, "nyyy", 4, true, "3/4"},
	{"two of four", true, "nyny", 4, false, "2/4"},
	{"all five", true, "yyyyy", 5, true, "5/5"},
	{"four of five", true, "yyyny", 5, true, "4/5"},
	{"four of six", true, "yyynyn", 5, true, "4/6"},
	{"three of six", true, "yynnyn", 5, false, "3/6"},
	{"eight of ten", true, "yyyyyyyynn", 5, true, "8/10"},
	{"seven of ten", true, "yyyyyyynnn", 5, false, "7/10"},
	{"none demanded but two there", true, "nn", 0, false, "0/2"},
	{"too few, though all agree", true, "yyyy", 5, false, "4/4"},
	{"none though five are demanded", true, "", 5, false, "0/0"},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		static const char ids[] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j";
		struct rs_perspective remote[16];
		size_t count = strlen(ROWS[i].remote);
		struct rs_quorum quorum;

		for (size_t j = 0; j < count; j++)
			remote[j] = (struct rs_perspective){
				ids + 2 * j, RIRS[j % 5], ROWS[i].remote[j] == 'y'};
		rs_quorum_judge(ROWS[i].primary, remote, count, ROWS[i].required, &quorum);
		if (quorum.reached != ROWS[i].reached || strcmp(quorum.text, ROWS[i].text) != 0)
			fail_msg("%s: %s, %s", ROWS[i].id, quorum.text,
				quorum.why ? quorum.why : "reached");
		assert_int_equal(quorum.why == NULL, quorum.reached);
	}
}

/* What disagrees does not stand for its registry; one registry is not enough. */
static void test_registries(void **state)
{
	struct rs_perspective remote[] = {{"a", "ARIN", true}, {"b", "ARIN", true},
		{"c", "ARIN", true}, {"d", "RIPE NCC", false}};
	struct rs_quorum quorum;

	(void)state;
	rs_quorum_judge(true, remote, 4, 4, &quorum);
	assert_false(quorum.reached);
	assert_int_equal(quorum.registries, 1);
	remote[2].rir = "APNIC";
	rs_quorum_judge(true, remote, 4, 4, &quorum);
	assert_true(quorum.reached);
	assert_int_equal(quorum.registries, 2);
}

/* One perspective that answers thrice is one, and doubtful when it contradicts itself. */
static void test_twice(void **state)
{
	struct rs_perspective remote[] = {{"a", "ARIN", true}, {"a", "ARIN", true},
		{"b", "RIPE NCC", true}, {"a", "ARIN", true}};
	struct rs_quorum quorum;

	(void)state;
	rs_quorum_judge(true, remote, 4, 3, &quorum);
	assert_int_equal(quorum.remote, 2);
	assert_false(quorum.reached);
	rs_quorum_judge(true, remote, 4, 2, &quorum);
	assert_true(quorum.reached);
	remote[1].corroborates = false;
	rs_quorum_judge(true, remote, 4, 2, &quorum);
	assert_string_equal(quorum.text, "1/2");
	assert_false(quorum.reached);
}

/* Never by numbers alone: more than a check may have is no quorum. */
static void test_too_many(void **state)
{
	struct rs_perspective remote[RS_PERSPECTIVES_MAX + 1];
	struct rs_quorum quorum;

	(void)state;
	for (size_t i = 0; i <= RS_PERSPECTIVES_MAX; i++)
		remote[i] = (struct rs_perspective){i % 2 ? "a" : "b", RIRS[i % 2], true};
	rs_quorum_judge(true, remote, RS_PERSPECTIVES_MAX + 1, 2, &quorum);
	assert_false(quorum.reached);
	rs_quorum_judge(true, remote, RS_PERSPECTIVES_MAX, 2, &quorum);
	assert_true(quorum.reached);
}

/* Another disagreement never helps, another agreement never hurts. */
static void test_monotone(void **state)
{
	static const char ids[] = "a\0b\0c\0d\0e\0f\0g";

	(void)state;
	for (unsigned bits = 0; bits < 128; bits++)
		for (int flip = 0; flip < 7; flip++) {
			struct rs_perspective remote[7];
			struct rs_quorum before, after;

			for (int i = 0; i < 7; i++)
				remote[i] = (struct rs_perspective){
					ids + 2 * i, RIRS[i % 3], bits >> i & 1};
			rs_quorum_judge(true, remote, 7, 5, &before);
			remote[flip].corroborates = true;
			rs_quorum_judge(true, remote, 7, 5, &after);
			assert_true(after.reached >= before.reached);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_registries),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_monotone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
