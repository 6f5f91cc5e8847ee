/* The executable that reads SAML may crash, hang or talk nonsense: the call answers in time. */
#include "rs/app.h"
#include "rs/config.h"
#include "rs/saml.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/rs-saml-XXXXXX";

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Asks a shell script in the executable's place, within a second; what it answered is in *answer.
 */
static enum rs_code ask(
	struct rs_ctx *ctx, const char *script, struct rs_secret *key, json_t **answer)
{
	struct rs_config config = {0};
	struct rs_app app = {.config = &config};
	char path[64];
	snprintf(path, sizeof(path), "%s/program", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
	close(fd);
	config.saml_program = path;
	ctx->app = &app;
	ctx->deadline_ms = now_ms() + 1000;
	json_t *order = json_pack("{s:s}", "command", "metadata");
	enum rs_code rc = rs_saml_ask(ctx, order, key, answer);
	json_decref(order);
	return rc;
}

static void a_script(const char *script, enum rs_code wanted)
{
	struct rs_ctx ctx;
	json_t *answer;
	int64_t begun = now_ms();
	rs_ctx_init_system(&ctx, NULL, "test");
	assert_int_equal(ask(&ctx, script, NULL, &answer), wanted);
	assert_true(now_ms() - begun < 5000);
	rs_ctx_end(&ctx);
}

static void test_a_verdict(void **state)
{
	(void)state;
	a_script("cat >/dev/null; echo '{\"ok\":false}'", RS_OK);
}

static void test_no_verdict(void **state)
{
	(void)state;
	a_script("cat >/dev/null; echo '{}'", RS_IDP_UNAVAILABLE);
	a_script("cat >/dev/null; echo 'ok'", RS_IDP_UNAVAILABLE);
	a_script("cat >/dev/null", RS_IDP_UNAVAILABLE);
	a_script("cat >/dev/null; echo '{\"ok\":true}'; exit 3", RS_IDP_UNAVAILABLE);
}

static void test_a_crash(void **state)
{
	(void)state;
	a_script("echo '{\"ok\":true}'; kill -SEGV $$", RS_IDP_UNAVAILABLE);
	a_script("exit 1", RS_IDP_UNAVAILABLE);
}

static void test_one_that_hangs(void **state)
{
	(void)state;
	a_script("echo '{\"ok\":true}'; exec sleep 30", RS_IDP_UNAVAILABLE);
}

static void test_one_that_never_stops_talking(void **state)
{
	(void)state;
	a_script("exec cat /dev/zero", RS_IDP_UNAVAILABLE);
}

static void test_none_at_all(void **state)
{
	struct rs_config config = {.saml_program = "/nonexistent/reissued-saml"};
	struct rs_app app = {.config = &config};
	struct rs_ctx ctx;
	json_t *answer, *order = json_object();
	(void)state;
	rs_ctx_init_system(&ctx, &app, "test");
	assert_int_equal(rs_saml_ask(&ctx, order, NULL, &answer), RS_IDP_UNAVAILABLE);
	json_decref(order);
	rs_ctx_end(&ctx);
}

/* The key stands behind the order, after a NUL; nothing of ours is inherited. */
static void test_what_it_is_given(void **state)
{
	static const char SCRIPT[] =
		"set -- $(tr '\\0' ' '); [ -e /proc/$$/fd/200 ]; n=$?\n"
		"printf '{\"ok\":true,\"order\":%s,\"key\":\"%s\",\"closed\":%d,\"home\":\"%s\"}' "
		"\"$1\" \"$2\" $n \"$HOME$RS_SECRET_OF_OURS\"";
	struct rs_secret *key = rs_secret_copy("the-key", 7);
	struct rs_ctx ctx;
	json_t *answer;
	(void)state;
	setenv("RS_SECRET_OF_OURS", "x", 1);
	int ours = dup2(STDERR_FILENO, 200); /* not close-on-exec */
	rs_ctx_init_system(&ctx, NULL, "test");
	assert_int_equal(ask(&ctx, SCRIPT, key, &answer), RS_OK);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answer, "order"), "command")),
		"metadata");
	assert_string_equal(json_string_value(json_object_get(answer, "key")), "the-key");
	assert_string_equal(json_string_value(json_object_get(answer, "home")), "");
	assert_int_equal(json_integer_value(json_object_get(answer, "closed")), 1);
	rs_secret_free(key);
	rs_ctx_end(&ctx);
	close(ours);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];
	(void)state;
	snprintf(path, sizeof(path), "%s/program", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(test_a_verdict),
		cmocka_unit_test(test_no_verdict),
		cmocka_unit_test(test_a_crash),
		cmocka_unit_test(test_one_that_hangs),
		cmocka_unit_test(test_one_that_never_stops_talking),
		cmocka_unit_test(test_none_at_all),
		cmocka_unit_test(test_what_it_is_given),
	};
	return cmocka_run_group_tests(TESTS, make_folder, remove_folder);
}
