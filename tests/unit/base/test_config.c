#include "rs/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Writes a file that is removed by the caller. */
static const char *file_of(const char *text, char path[32])
{
	snprintf(path, 32, "/tmp/rs-config-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static struct rs_config *load(const char *text, char *const *env, json_t **faults)
{
	char path[32];
	const char *files[] = {file_of(text, path)};
	struct rs_config *config = rs_config_load(files, 1, env, faults);
	unlink(path);
	return config;
}

/* The fault of a key, or NULL. */
static const char *fault_of(json_t *faults, const char *key)
{
	size_t i;
	json_t *fault;
	json_array_foreach(faults, i, fault)
		if (strcmp(json_string_value(json_object_get(fault, "key")), key) == 0)
			return json_string_value(json_object_get(fault, "code"));
	return NULL;
}

static void defaults(void **state)
{
	json_t *faults;
	(void)state;
	struct rs_config *config = rs_config_load(NULL, 0, NULL, &faults);
	assert_non_null(config);
	assert_int_equal(config->server_port, 8080);
	assert_string_equal(config->server_listen, "127.0.0.1");
	assert_int_equal(config->server_max_in_flight, 256);
	assert_int_equal(json_array_size(config->server_trusted_proxies), 0);
	assert_false(config->production);
	rs_config_free(config);
}

static void all_faults_at_once(void **state)
{
	json_t *faults;
	(void)state;
	assert_null(load("server: {port: 70000, prot: 1, listen: nowhere}\n"
			 "database: {pool_size: many}\n"
			 "nothing: {}\n"
			 "issuers: [{id: 'A b', certificate_file: c}]\n",
		NULL, &faults));
	assert_string_equal(fault_of(faults, "server.port"), "out-of-range");
	assert_string_equal(fault_of(faults, "server.prot"), "unknown-member");
	assert_string_equal(fault_of(faults, "server.listen"), "bad-value");
	assert_string_equal(fault_of(faults, "database.pool_size"), "wrong-type");
	assert_string_equal(fault_of(faults, "nothing"), "unknown-member");
	assert_string_equal(fault_of(faults, "issuers.0.id"), "bad-value");
	assert_string_equal(fault_of(faults, "issuers.0.key_file"), "required");
	json_decref(faults);
}

static void files_merge_and_environment_wins(void **state)
{
	char one[32], two[32];
	char *env[] = {(char *)"REISSUED_SERVER_PORT=9001",
		(char *)"REISSUED_SERVER_CORS_ORIGINS=https://a.example,https://b.example",
		(char *)"OTHER=1", NULL};
	json_t *faults;
	(void)state;
	const char *files[] = {file_of("server: {port: 9000, drain_s: 5}\n", one),
		file_of("server: {drain_s: 7}\nlog: {level: debug}\n", two)};
	struct rs_config *config = rs_config_load(files, 2, env, &faults);
	unlink(one);
	unlink(two);
	assert_non_null(config);
	assert_int_equal(config->server_port, 9001);
	assert_int_equal(config->server_drain_s, 7);
	assert_string_equal(config->log_level, "debug");
	assert_int_equal(json_array_size(config->server_cors_origins), 2);
	rs_config_free(config);
}

static void unknown_variable_is_a_fault(void **state)
{
	char *env[] = {(char *)"REISSUED_SERVER_PROT=1", NULL};
	json_t *faults;
	(void)state;
	assert_null(rs_config_load(NULL, 0, env, &faults));
	assert_non_null(fault_of(faults, "REISSUED_SERVER_PROT"));
	json_decref(faults);
}

static void production_refuses_test_keys(void **state)
{
	json_t *faults;
	(void)state;
	assert_null(load("environment: production\n"
			 "server: {public_url: 'http://a.example'}\n"
			 "clock: {offset_file: /tmp/x}\n"
			 "dcv: {http_port: 5002}\n",
		NULL, &faults));
	assert_non_null(fault_of(faults, "clock.offset_file"));
	assert_non_null(fault_of(faults, "dcv.http_port"));
	assert_non_null(fault_of(faults, "server.public_url"));
	json_decref(faults);
}

static void printing_masks_passwords(void **state)
{
	json_t *faults;
	(void)state;
	struct rs_config *config = load("database:\n"
					"  url: postgresql://app:CANARY@db/x\n"
					"  job_url: host=db password=CANARY user=job\n"
					"  owner_url: \"host=db password='CAN ARY' user=o\"\n",
		NULL, &faults);
	assert_non_null(config);
	json_t *printed = rs_config_print(config);
	char *text = json_dumps(printed, 0);
	assert_null(strstr(text, "CAN"));
	assert_non_null(strstr(text, "postgresql://app:***@db/x"));
	assert_non_null(strstr(text, "user=job"));
	free(text);
	json_decref(printed);
	rs_config_free(config);
}

static void broken_yaml_names_the_line(void **state)
{
	json_t *faults;
	(void)state;
	assert_null(load("server:\n  port: 1\n  port: 2\n", NULL, &faults));
	char *text = json_dumps(faults, 0);
	assert_non_null(strstr(text, "line 3"));
	free(text);
	json_decref(faults);
}

static void serving_needs_more(void **state)
{
	json_t *faults;
	(void)state;
	struct rs_config *config = rs_config_load(NULL, 0, NULL, &faults);
	assert_false(rs_config_complete(config, &faults));
	assert_non_null(fault_of(faults, "database.url"));
	assert_non_null(fault_of(faults, "keyring.file"));
	json_decref(faults);
	rs_config_free(config);
}

/* --- reading again --- */

static struct rs_config *reload(const struct rs_config *running, const char *text,
	char *const *env, struct rs_config_changes *changes)
{
	char path[32];
	const char *files[] = {file_of(text, path)};
	struct rs_config *config = rs_config_reload(running, files, 1, env, changes);
	unlink(path);
	return config;
}

static bool names(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	return false;
}

#define COMPLETE                                                                                   \
	"database: {url: a, job_url: b}\nkeyring: {file: k}\nsigner: {journal_file: j}\n"

/* Live keys are as the file says, the others as they were, and named; what is used together fits. */
static void reading_again_takes_what_is_live(void **state)
{
	static char *const env[] = {"REISSUED_SESSIONS_IDLE_S=600", NULL};
	struct rs_config_changes changes;
	json_t *faults;
	(void)state;
	struct rs_config *old = load(COMPLETE "server: {port: 1000}\n"
					      "dcv: {allow_addresses: [127.0.0.0/8]}\n",
		env, &faults);
	assert_non_null(old);
	struct rs_config *now = reload(old,
		COMPLETE "server: {port: 2000, drain_s: 7}\nlimits: {wrong_answers: 5}\n"
			 "net: {deny_addresses: [10.1.2.3]}\ndcv: {allow_addresses: [10.0.0.0/8]}\n",
		env, &changes);
	assert_non_null(now);
	assert_int_equal(now->server_port, 1000);
	assert_int_equal(now->server_drain_s, 7);
	assert_int_equal(now->limits_wrong_answers, 5);
	assert_int_equal(now->sessions_idle_s, 600);
	assert_int_equal(json_array_size(now->dcv_allow_addresses), 2);
	assert_string_equal(
		json_string_value(json_array_get(now->dcv_allow_addresses, 0)), "127.0.0.0/8");
	assert_string_equal(
		json_string_value(json_array_get(now->dcv_allow_addresses, 1)), "!10.1.2.3");
	assert_int_equal(json_array_size(changes.pending), 2);
	assert_true(names(changes.pending, "server.port"));
	assert_true(names(changes.pending, "dcv.allow_addresses"));
	assert_int_equal(json_array_size(changes.made), 3);
	assert_true(names(changes.made, "server.drain_s"));
	assert_true(names(changes.made, "limits.wrong_answers"));
	assert_true(names(changes.made, "net.deny_addresses"));
	rs_config_changes_end(&changes);
	rs_config_free(old); /* nothing of it is shared */
	assert_string_equal(now->database_url, "a");
	rs_config_free(now);
}

/* A wrong file, one that lacks something, and one that does not fit what stays: nothing comes of it. */
static void reading_again_refuses(void **state)
{
	static const struct {
		const char *text, *key;
	} CASES[] = {
		{COMPLETE "server: {port: 99999}\n", "server.port"},
		{COMPLETE "limits: {no_such: 1}\n", "limits.no_such"},
		{"database: {url: a}\nkeyring: {file: k}\nsigner: {journal_file: j}\n",
			"database.job_url"},
		{COMPLETE "sessions: {idle_s: 900, max_s: 800}\n", "sessions.idle_s"},
		{COMPLETE "server: {max_in_flight: 90, max_connections: 100}\n",
			"server.max_in_flight"},
	};
	json_t *faults;
	(void)state;
	struct rs_config *old =
		load(COMPLETE "server: {max_in_flight: 40, max_connections: 50}\n", NULL, &faults);
	assert_non_null(old);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct rs_config_changes changes;
		assert_null(reload(old, CASES[i].text, NULL, &changes));
		assert_non_null(fault_of(changes.faults, CASES[i].key));
		rs_config_changes_end(&changes);
	}
	rs_config_free(old);
}

/* What production refuses is nothing that a running production takes over. */
static void no_test_key_is_live(void **state)
{
	char *text = rs_config_reference(), *rest = text;
	int live = 0;
	(void)state;
	for (char *line; (line = strsep(&rest, "\n")); live += strstr(line, "(live)") != NULL)
		assert_false(strstr(line, "(live)") && strstr(line, "(test)"));
	assert_true(live > 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_faults_at_once),
		cmocka_unit_test(files_merge_and_environment_wins),
		cmocka_unit_test(unknown_variable_is_a_fault),
		cmocka_unit_test(production_refuses_test_keys),
		cmocka_unit_test(printing_masks_passwords),
		cmocka_unit_test(broken_yaml_names_the_line),
		cmocka_unit_test(serving_needs_more),
		cmocka_unit_test(reading_again_takes_what_is_live),
		cmocka_unit_test(reading_again_refuses),
		cmocka_unit_test(no_test_key_is_live),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
