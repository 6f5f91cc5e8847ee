/* The linter: every rule has a certificate that breaks it (I9), and our own certificates break
 * none. */
#include "issuer_test.h"

#define CASES RS_SOURCE_DIR "/tests/unit/issuer/certificates/"

static struct test_ca ca;

static int setup(void **state)
{
	(void)state;
	test_ca_make(&ca, "EC:P-256");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_ca_end(&ca);
	return 0;
}

static struct rs_bytes read_case(const char *name)
{
	static unsigned char data[8192];
	char path[300];
	snprintf(path, sizeof(path), CASES "%s", name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(data, 1, sizeof(data), file);
	fclose(file);
	return (struct rs_bytes){data, len};
}

static bool found(const json_t *findings, const char *rule)
{
	size_t i;
	json_t *row;
	json_array_foreach((json_t *)findings, i,
		row) if (strcmp(json_string_value(json_object_get(row, "rule")), rule) ==
			 0) return true;
	return false;
}

/* Rules about the issuer are broken by linting a stranger's certificate under ours. */
static const char *const ISSUER_RULES[] = {"issuer-same", "aki-issuer", "validity-issuer"};

static size_t rule_index(const char *rule)
{
	for (size_t i = 0; i < rs_lint_rule_count(); i++)
		if (strcmp(rs_lint_rule_at(i).id, rule) == 0)
			return i;
	fail_msg("no rule %s", rule);
	return 0;
}

/* The rules that something has broken; the last test asks whether that was all of them. */
static bool covered[200];

static void each_rule_finds_its_defect(void **state)
{
	char line[200], *save;
	(void)state;
	FILE *table = fopen(CASES "expected.tsv", "r");
	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		const char *name = strtok_r(line, "\t", &save), *rule = strtok_r(NULL, "\n", &save);
		json_t *findings;
		struct rs_bytes der = read_case(name);
		assert_int_equal(rs_lint_certificate(&ca.ctx, NULL, der, &findings), RS_OK);
		char *text = json_dumps(findings, 0);
		if (strcmp(rule, "-") == 0) {
			if (json_array_size(findings))
				fail_msg("%s should be clean: %s", name, text);
		} else {
			covered[rule_index(rule)] = true;
			if (!found(findings, rule))
				fail_msg("%s does not break %s: %s", name, rule, text);
		}
		free(text);
	}
	fclose(table);
	json_t *findings;
	assert_int_equal(
		rs_lint_certificate(&ca.ctx, ca.issuer, read_case("00-good.der"), &findings),
		RS_OK);
	for (size_t i = 0; i < sizeof(ISSUER_RULES) / sizeof(ISSUER_RULES[0]); i++) {
		assert_true(found(findings, ISSUER_RULES[i]));
		covered[rule_index(ISSUER_RULES[i])] = true;
	}
	struct rs_issuer other = *ca.issuer;
	other.signature_algorithm = (struct rs_bytes){(const unsigned char *)"x", 1};
	other.signature_max = 8;
	assert_int_equal(
		rs_lint_certificate(&ca.ctx, &other, read_case("00-good.der"), &findings), RS_OK);
	assert_true(found(findings, "algorithm-issuer"));
	assert_true(found(findings, "signature-length"));
	covered[rule_index("algorithm-issuer")] = covered[rule_index("signature-length")] = true;
}

static void no_rule_is_left_unbroken(void **state)
{
	(void)state;
	for (size_t i = 0; i < rs_lint_rule_count(); i++)
		if (!covered[i])
			fail_msg("nothing breaks %s", rs_lint_rule_at(i).id);
}

static void names_in_rules_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < rs_lint_rule_count(); i++)
		assert_int_equal(rule_index(rs_lint_rule_at(i).id), i);
	assert_true(rs_lint_rule_count() >= 50);
}

/* What cannot be built or must not be signed never reaches a signature. */
static void refuses_before_signing(void **state)
{
	struct rs_bytes tbs;
	(void)state;
	struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
	struct rs_tbs_spec spec = test_spec(&ca, csr);
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_OK);
	char longer[70];
	memset(longer, 'a', 65);
	longer[65] = '\0';
	spec.subject = rs_arena_json(ca.ctx.arena, json_pack("{s:s}", "common_name", longer));
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_LINT_FAILED);
	assert_non_null(strstr(ca.ctx.err.detail, "subject-lengths"));
	assert_int_equal(json_array_size(json_object_get(ca.ctx.err.ext, "findings")), 1);
	/* the service's own address may be an https one */
	spec = test_spec(&ca, csr);
	spec.ca_url = "https://ca.example.net/pki/demo/ca.crt";
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_OK);
	spec = test_spec(&ca, csr);
	spec.eku = "";
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_LINT_FAILED);
	spec = test_spec(&ca, csr);
	memset(spec.serial, 0, sizeof(spec.serial));
	spec.serial[RS_SERIAL_LEN - 1] = 1;
	assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
	assert_int_equal(rs_lint_tbs(&ca.ctx, ca.issuer, NULL, tbs), RS_LINT_FAILED);
}

/* What only a rule set forbids is told under that rule set, by the name of its rule. */
static void holds_to_the_rule_set(void **state)
{
	static const struct rs_ruleset tls = {.name = "tls-br", .names = "tls", .max_validity_days = 10};
	static const struct rs_ruleset mail = {
		.name = "smime-br", .names = "mailbox", .max_validity_days = 825};
	static const struct rs_ruleset own = {.name = "private", .names = "free"};
	static const struct {
		const struct rs_ruleset *rules;
		const char *common_name, *type, *value;
		int64_t seconds; /* both ends included */
		const char *broken; /* NULL: all is well */
	} rows[] = {
		{&tls, "www.example.com", "dns", "www.example.com", 10 * 86400, NULL},
		{&tls, "www.example.com", "dns", "www.example.com", 10 * 86400 + 1, "rule-set-validity"},
		{&own, "www.example.com", "dns", "www.example.com", 10 * 86400 + 1, NULL},
		{NULL, "www.example.com", "dns", "www.example.com", 10 * 86400 + 1, NULL},
		{&tls, "other.example.com", "dns", "www.example.com", 86400, "tls-common-name"},
		{&own, "other.example.com", "dns", "www.example.com", 86400, NULL},
		{&tls, "192.0.2.1", "ip", "192.0.2.1", 86400, NULL},
		{&tls, "192.0.2.2", "ip", "192.0.2.1", 86400, "tls-common-name"},
		{&tls, "db.internal", "dns", "db.internal", 86400, "tls-internal-name"},
		{&own, "db.internal", "dns", "db.internal", 86400, NULL},
		{&mail, "Jane", "dns", "www.example.com", 86400, "mail-mailbox"},
		{&mail, "Jane", "email", "jane@example.com", 86400, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_csr *csr = test_parsed_csr(&ca, "EC:P-256");
		struct rs_tbs_spec spec = test_spec(&ca, csr);
		struct rs_bytes tbs;
		enum rs_code rc;

		rs_err_reset(&ca.ctx.err);
		spec.subject = rs_arena_json(
			ca.ctx.arena, json_pack("{s:s}", "common_name", rows[i].common_name));
		spec.san = rs_arena_json(ca.ctx.arena,
			json_pack("[{s:s, s:s}]", "type", rows[i].type, "value", rows[i].value));
		spec.not_after = spec.not_before + rows[i].seconds - 1;
		assert_int_equal(rs_tbs_build(&ca.ctx, &spec, &tbs), RS_OK);
		rc = rs_lint_tbs(&ca.ctx, ca.issuer, rows[i].rules, tbs);
		if (rc != (rows[i].broken ? RS_LINT_FAILED : RS_OK) ||
			(rc && !strstr(ca.ctx.err.detail, rows[i].broken)))
			fail_msg("row %zu: %s", i, rc ? ca.ctx.err.detail : "nothing found");
		if (rows[i].broken)
			covered[rule_index(rows[i].broken)] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_its_defect),
		cmocka_unit_test(holds_to_the_rule_set),
		cmocka_unit_test(no_rule_is_left_unbroken),
		cmocka_unit_test(names_in_rules_are_unique),
		cmocka_unit_test(refuses_before_signing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
