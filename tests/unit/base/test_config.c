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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
