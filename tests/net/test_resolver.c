/* The validating resolver against real zones and a server that misbehaves (tests/peers/dns). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rs/app.h"
#include "rs/caa.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/resolver.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 8000
/* Stopping a thread and a machine that is busy with other things. */
#define GRACE_MS    1000

static struct rs_app app;
static struct rs_ctx ctx;

static const char *in_dir(const char *file)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", getenv("RS_TEST_DNS"), file);
	return path;
}

/* The peer's own configuration, with overrides of the environment. */
static struct rs_config *config_of(char *const *env)
{
	const char *file = in_dir("dns.yaml");
	json_t *faults = NULL;
	struct rs_config *config = rs_config_load(&file, 1, env, &faults);

	if (!config)
		json_dumpf(faults, stderr, 0);
	json_decref(faults);
	assert_non_null(config);
	return config;
}

static int start(void **state)
{
	(void)state;
	app.config = config_of(NULL);
	rs_ctx_init(&ctx, &app);
	return rs_resolver_start(&ctx, app.config, &app.resolver) == RS_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	rs_resolver_stop(app.resolver);
	rs_ctx_end(&ctx);
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	return 0;
}

static struct rs_dns_answer ask(const char *name, enum rs_rr_type type)
{
	struct rs_dns_question question = {.name = name, .type = type};
	struct rs_dns_answer answer;

	assert_int_equal(rs_resolver_lookup(&ctx, &question, 1, DEADLINE_MS, &answer), RS_OK);
	assert_true(answer.ms <= DEADLINE_MS + GRACE_MS);
	return answer;
}

static void assert_state(
	const char *name, const struct rs_dns_answer *answer, enum rs_dns_state state)
{
	if (answer->state != state)
		fail_msg("%s: %s (%s, rcode %d, %s), not %s", name,
			rs_dns_state_name(answer->state), rs_dns_reason_name(answer->reason),
			answer->rcode, answer->why ? answer->why : "", rs_dns_state_name(state));
}

/* What the CAA module makes of an answer. */
static struct rs_caa_lookup caa_of(const char *name, const struct rs_dns_answer *answer)
{
	static const enum rs_caa_seen SEEN[] = {
		[RS_DNS_FAILED] = RS_CAA_SEEN_FAILED,
		[RS_DNS_BOGUS] = RS_CAA_SEEN_BOGUS,
		[RS_DNS_INSECURE] = RS_CAA_SEEN_INSECURE,
		[RS_DNS_SECURE] = RS_CAA_SEEN_SECURE,
	};
	struct rs_caa_lookup lookup;

	rs_caa_lookup_read(&ctx, name, SEEN[answer->state], answer->packet, &lookup);
	return lookup;
}

/* How many queries for a name's CAA reached the wire: tests/peers/dns counts. */
static int queries(const char *name, const char *type)
{
	char line[300], expected[300];
	int count = 0;
	FILE *log = fopen(in_dir("responder.log"), "re");

	snprintf(expected, sizeof(expected), "%s %s ", name, type);
	assert_non_null(log);
	while (fgets(line, sizeof(line), log))
		count += strncmp(line, expected, strlen(expected)) == 0;
	fclose(log);
	return count;
}

/* --- answers --- */

/* A name, what its lookup must give, and how many CAA records. */
static const struct {
	const char *name;
	enum rs_dns_state state;
	enum rs_dns_reason reason;
	bool nxdomain;
	size_t records;
} CASES[] = {
	{"secure-ok.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"SECURE-OK.caatest.", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"none.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 0},
	{"_validation.none.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"nothing.gonetld", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"gonetld", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"tldcaa", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"leaf.secure-nsec3.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"secure-nsec3.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 0},
	{"gone.secure-nsec3.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"good.broken.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"broken.caatest", RS_DNS_BOGUS, RS_DNS_REASON_BOGUS, false, 0},
	{"bogus.caatest", RS_DNS_BOGUS, RS_DNS_REASON_BOGUS, false, 0},
	{"expired.caatest", RS_DNS_BOGUS, RS_DNS_REASON_BOGUS, false, 0},
	{"missing.caatest", RS_DNS_BOGUS, RS_DNS_REASON_BOGUS, false, 0},
	{"insecure.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, false, 1},
	{"sub.insecure.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, false, 0},
	{"gone.insecure.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, true, 0},
	{"unkalg.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, false, 1},
	{"big.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1001},
	{"v6.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"cname2-deny.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"cname-none.deny.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 0},
	{"cname-gone.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"x.dn.deny.caatest", RS_DNS_SECURE, RS_DNS_REASON_NONE, false, 1},
	{"servfail-i.caatest", RS_DNS_FAILED, RS_DNS_REASON_SERVFAIL, false, 0},
	{"refused-i.caatest", RS_DNS_FAILED, RS_DNS_REASON_SERVFAIL, false, 0},
	{"notimp-i.caatest", RS_DNS_FAILED, RS_DNS_REASON_SERVFAIL, false, 0},
	{"formerr-i.caatest", RS_DNS_FAILED, RS_DNS_REASON_SERVFAIL, false, 0},
	{"nosoa.caatest", RS_DNS_FAILED, RS_DNS_REASON_NO_SOA, false, 0},
	{"tc-tcp.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, false, 1},
	/* libunbound has zones of its own. */
	{"www.invalid", RS_DNS_FAILED, RS_DNS_REASON_LOCAL, false, 0},
	{"1.0.0.127.in-addr.arpa", RS_DNS_FAILED, RS_DNS_REASON_LOCAL, false, 0},
	{"localhost", RS_DNS_FAILED, RS_DNS_REASON_LOCAL, false, 0},
	/* One that was taken away is asked for. */
	{"www.test", RS_DNS_SECURE, RS_DNS_REASON_NONE, true, 0},
	{"slow.caatest", RS_DNS_INSECURE, RS_DNS_REASON_NONE, false, 1},
};
#define CASE_COUNT (sizeof(CASES) / sizeof(CASES[0]))

/* One batch, so that the bound of outbound questions is met as well. */
static void test_cases(void **state)
{
	struct rs_dns_question question[CASE_COUNT];
	struct rs_dns_answer answer[CASE_COUNT];

	(void)state;
	for (size_t i = 0; i < CASE_COUNT; i++)
		question[i] = (struct rs_dns_question){CASES[i].name, RS_RR_CAA};
	assert_int_equal(
		rs_resolver_lookup(&ctx, question, CASE_COUNT, DEADLINE_MS, answer), RS_OK);
	for (size_t i = 0; i < CASE_COUNT; i++) {
		const struct rs_dns_answer *got = &answer[i];
		bool good = got->state >= RS_DNS_INSECURE;
		struct rs_caa_lookup lookup = caa_of(CASES[i].name, got);

		assert_state(CASES[i].name, got, CASES[i].state);
		if (got->reason != CASES[i].reason || got->nxdomain != CASES[i].nxdomain ||
			got->count != CASES[i].records || got->havedata != (got->count > 0))
			fail_msg("%s: reason %s, nxdomain %d, %zu records", CASES[i].name,
				rs_dns_reason_name(got->reason), got->nxdomain, got->count);
		assert_int_equal(got->why == NULL, good);
		assert_true(got->ms <= DEADLINE_MS + GRACE_MS);
		/* The raw message alone gives the CAA module the same. */
		assert_int_equal(lookup.count, got->count);
		if (good && got->count == 0 && !lookup.soa)
			fail_msg("%s: no SOA in the message", CASES[i].name);
	}
}

static void test_bogus_is_final(void **state)
{
	struct rs_dns_answer answer = ask("bogus.caatest", RS_RR_CAA);

	(void)state;
	assert_state("bogus", &answer, RS_DNS_BOGUS);
	assert_int_equal(answer.attempts, 1);
	assert_null(answer.rdata);
	assert_true(answer.packet.len > 0);
	assert_non_null(strstr(answer.why, "bogus.caatest"));
}

static void test_aliases(void **state)
{
	struct rs_dns_answer answer = ask("cname2-deny.caatest", RS_RR_CAA);

	(void)state;
	assert_string_equal(answer.canonical, "deny.caatest");
	assert_int_equal(answer.chain_len, 3);
	assert_string_equal(answer.chain[1], "cname-deny.caatest");
	answer = ask("cname-loop.caatest", RS_RR_CAA);
	assert_state("cname-loop", &answer, RS_DNS_FAILED);
	answer = ask("loop1.caatest", RS_RR_CAA);
	assert_state("loop1", &answer, RS_DNS_FAILED);
}

static void test_other_types(void **state)
{
	struct rs_dns_answer answer = ask("txt.caatest", RS_RR_TXT);
	struct rs_bytes text;

	(void)state;
	assert_state("txt", &answer, RS_DNS_SECURE);
	assert_int_equal(answer.count, 1);
	assert_true(answer.ttl > 0 && answer.ttl <= 300);
	assert_true(rs_dnsmsg_txt(&ctx, answer.rdata[0], &text));
	assert_int_equal(text.len, strlen("two strings"));
	assert_memory_equal(text.data, "two strings", text.len);
	answer = ask("web.caatest", RS_RR_A);
	assert_int_equal(answer.count, 1);
	assert_memory_equal(answer.rdata[0].data, "\x7f\0\0\1", 4);
}

static void test_malformed_rdata(void **state)
{
	static const char *const NAMES[] = {
		"taglen0.wire.caatest", "overlong.wire.caatest", "onebyte.wire.caatest"};

	(void)state;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		struct rs_dns_answer answer = ask(NAMES[i], RS_RR_CAA);
		int flags;
		struct rs_bytes tag, value;

		assert_state(NAMES[i], &answer, RS_DNS_INSECURE);
		assert_int_equal(answer.count, 1);
		assert_false(rs_caa_rdata(answer.rdata[0], &flags, &tag, &value));
	}
}

static void test_lame_is_no_answer(void **state)
{
	struct rs_dns_answer answer = ask("x.lame.caatest", RS_RR_CAA);

	(void)state;
	assert_state("lame", &answer, RS_DNS_FAILED);
}

/* --- the retry --- */

static void test_flaky(void **state)
{
	struct rs_dns_answer answer = ask("one.flaky-i.caatest", RS_RR_CAA);

	(void)state;
	assert_state("flaky", &answer, RS_DNS_INSECURE);
	assert_int_equal(answer.count, 1);
	assert_true(queries("one.flaky-i.caatest", "257") >= 3);
}

static void test_retry_reaches_the_wire(void **state)
{
	struct rs_dns_answer answer = ask("retry.servfail-i.caatest", RS_RR_CAA);
	int first;

	(void)state;
	assert_state("servfail", &answer, RS_DNS_FAILED);
	assert_int_equal(answer.attempts, 2);
	first = queries("retry.servfail-i.caatest", "257");
	assert_true(first >= 2);
	/* The next call asks again, no failure is remembered. */
	ask("retry.servfail-i.caatest", RS_RR_CAA);
	assert_true(queries("retry.servfail-i.caatest", "257") >= 2 * first);
}

/* --- time --- */

static void test_silence_ends_in_time(void **state)
{
	static const char *const NAMES[] = {
		"timeout-i.caatest", "blackhole-s.caatest", "tc-only.caatest"};
	struct rs_dns_question question[4];
	struct rs_dns_answer answer[4];
	int64_t from = rs_clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < 3; i++)
		question[i] = (struct rs_dns_question){NAMES[i], RS_RR_CAA};
	question[3] = (struct rs_dns_question){"ok.caatest", RS_RR_CAA};
	assert_int_equal(rs_resolver_lookup(&ctx, question, 4, DEADLINE_MS, answer), RS_OK);
	assert_true(rs_clock_mono_ms() - from <= DEADLINE_MS + GRACE_MS);
	for (size_t i = 0; i < 3; i++) {
		assert_state(NAMES[i], &answer[i], RS_DNS_FAILED);
		assert_int_equal(answer[i].attempts, 2);
	}
	assert_int_equal(answer[0].reason, RS_DNS_REASON_TIMEOUT);
	/* One silent server does not make others fail. */
	assert_state("ok", &answer[3], RS_DNS_SECURE);
	assert_true(answer[3].ms < RS_RESOLVER_FIRST_MS);
}

static void test_short_deadlines(void **state)
{
	struct rs_dns_question question = {.name = "timeout-i.caatest", .type = RS_RR_CAA};
	struct rs_dns_answer answer;
	int64_t from = rs_clock_mono_ms();

	(void)state;
	assert_int_equal(rs_resolver_lookup(&ctx, &question, 1, 400, &answer), RS_OK);
	assert_true(rs_clock_mono_ms() - from <= 400 + GRACE_MS);
	assert_int_equal(answer.reason, RS_DNS_REASON_TIMEOUT);
	assert_int_equal(answer.attempts, 2);
	ctx.deadline_ms = rs_clock_mono_ms() + 300;
	from = rs_clock_mono_ms();
	assert_int_equal(rs_resolver_lookup(&ctx, &question, 1, DEADLINE_MS, &answer), RS_OK);
	assert_true(rs_clock_mono_ms() - from <= 300 + GRACE_MS);
	ctx.deadline_ms = 0;
}

static void *hog(void *cls)
{
	struct rs_dns_question question[RS_RESOLVER_OUTBOUND_MAX];
	struct rs_dns_answer answer[RS_RESOLVER_OUTBOUND_MAX];
	struct rs_ctx own;
	char name[RS_RESOLVER_OUTBOUND_MAX][64];

	(void)cls;
	rs_ctx_init(&own, &app);
	for (int i = 0; i < RS_RESOLVER_OUTBOUND_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "n%d.timeout-i.caatest", i);
		question[i] = (struct rs_dns_question){name[i], RS_RR_CAA};
	}
	assert_int_equal(
		rs_resolver_lookup(&own, question, RS_RESOLVER_OUTBOUND_MAX, 6000, answer), RS_OK);
	rs_ctx_end(&own);
	return NULL;
}

static void test_overload(void **state)
{
	struct rs_dns_question question = {.name = "ok.caatest", .type = RS_RR_CAA};
	struct rs_dns_answer answer;
	struct timespec moment = {.tv_nsec = 200000000};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, hog, NULL), 0);
	nanosleep(&moment, NULL);
	assert_int_equal(rs_resolver_lookup(&ctx, &question, 1, 300, &answer), RS_OVERLOADED);
	pthread_join(thread, NULL);
	/* Every slot came back. */
	assert_int_equal(rs_resolver_lookup(&ctx, &question, 1, DEADLINE_MS, &answer), RS_OK);
	assert_state("ok", &answer, RS_DNS_SECURE);
}

/* --- names --- */

static void test_names_that_are_not_asked(void **state)
{
	static const char *const NAMES[] = {"", ".", "a..caatest",
		"b\303\274cher.caatest",
		"a b.caatest", "*.ok.caatest", "-.a\\.b"};
	struct rs_dns_question question = {.type = RS_RR_CAA};
	struct rs_dns_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		question.name = NAMES[i];
		assert_int_equal(
			rs_resolver_lookup(&ctx, &question, 1, DEADLINE_MS, &answer), RS_BAD_NAME);
	}
}

/* --- trust anchors --- */

/* Starts a resolver with overrides; what its start says, with the text in ctx.err. */
static enum rs_code start_with(char *const *env)
{
	struct rs_config *config = config_of(env);
	struct rs_resolver *other = NULL;
	enum rs_code rc = rs_resolver_start(&ctx, config, &other);

	rs_resolver_stop(other);
	rs_config_free(config);
	return rc;
}

static void test_no_anchor_no_start(void **state)
{
	char *const none[] = {
		"REISSUED_DNS_TRUST_ANCHOR_FILE=", "REISSUED_DNS_TRUST_ANCHORS=[]", NULL};
	char *const missing[] = {"REISSUED_DNS_TRUST_ANCHOR_FILE=/nonexistent", NULL};
	/* A key that is none of the zone's. */
	char *const wrong[] = {
		"REISSUED_DNS_TRUST_ANCHORS=[\"caatest. IN DS 1 13 2 "
		"0000000000000000000000000000000000000000000000000000000000000000\"]",
		NULL};
	char *const garbage[] = {
		"REISSUED_DNS_TRUST_ANCHORS=[\"caatest. IN DNSKEY 257 3 13 ???\"]", NULL};

	char *const nonsense[] = {"REISSUED_DNS_STUB_ZONES=[{\"zone\": \"caatest.\", "
				  "\"servers\": [\"nowhere@x\"]}]",
		NULL};

	(void)state;
	assert_int_equal(start_with(none), RS_UNAVAILABLE);
	assert_int_equal(start_with(missing), RS_UNAVAILABLE);
	assert_non_null(strstr(ctx.err.detail, "/nonexistent"));
	assert_int_equal(start_with(wrong), RS_UNAVAILABLE);
	assert_non_null(strstr(ctx.err.detail, "caatest."));
	assert_int_equal(start_with(garbage), RS_UNAVAILABLE);
	assert_int_equal(start_with(nonsense), RS_UNAVAILABLE);
	rs_err_reset(&ctx.err);
}

/* libunbound calls all insecure that no anchor stands above; we do not believe it. */
static void test_no_anchor_above(void **state)
{
	struct rs_dns_question question[] = {
		{"tldcaa", RS_RR_CAA}, {"insecure.caatest", RS_RR_CAA}, {"ok.caatest", RS_RR_CAA}};
	struct rs_dns_answer answer[3];
	char anchors[1000];
	char *const env[] = {"REISSUED_DNS_TRUST_ANCHOR_FILE=", anchors, NULL};
	struct rs_app other = {0};
	struct rs_ctx own;

	(void)state;
	snprintf(anchors, sizeof(anchors), "REISSUED_DNS_TRUST_ANCHORS=[\"%s\"]",
		json_string_value(json_array_get(app.config->dns_trust_anchors, 0)));
	other.config = config_of(env);
	rs_ctx_init(&own, &other);
	assert_int_equal(rs_resolver_start(&own, other.config, &other.resolver), RS_OK);
	assert_int_equal(rs_resolver_lookup(&own, question, 3, DEADLINE_MS, answer), RS_OK);
	assert_state("tldcaa", &answer[0], RS_DNS_FAILED);
	assert_int_equal(answer[0].reason, RS_DNS_REASON_NO_ANCHOR);
	assert_int_equal(answer[0].count, 0);
	assert_state("insecure", &answer[1], RS_DNS_INSECURE);
	assert_state("ok", &answer[2], RS_DNS_SECURE);
	rs_resolver_stop(other.resolver);
	rs_ctx_end(&own);
	rs_config_free((struct rs_config *)(uintptr_t)other.config);
}

/* An anchor whose zone does not answer: it starts, and is not ready. */
static void test_unreachable_anchor(void **state)
{
	char *const env[] = {"REISSUED_DNS_TRUST_ANCHORS=[\"timeout-i.caatest. IN DS 1 13 2 "
			     "0000000000000000000000000000000000000000000000000000000000000000\"]",
		NULL};
	struct rs_config *config = config_of(env);
	struct rs_app other = {.config = config};
	struct rs_ctx own;
	bool expected = false;

	(void)state;
	rs_ctx_init(&own, &other);
	assert_int_equal(rs_resolver_start(&own, config, &other.resolver), RS_OK);
	assert_int_equal(rs_resolver_ready(&own, &expected), RS_UNAVAILABLE);
	assert_true(expected);
	assert_non_null(strstr(own.err.detail, "timeout-i.caatest."));
	rs_resolver_stop(other.resolver);
	rs_ctx_end(&own);
	rs_config_free(config);
}

struct probe {
	struct rs_app *app;
	enum rs_code rc;
	int64_t ms;
};

static void *probe_run(void *cls)
{
	struct probe *probe = cls;
	struct rs_ctx own;
	bool expected;
	int64_t from = rs_clock_mono_ms();

	rs_ctx_init(&own, probe->app);
	own.deadline_ms = from + 2000;
	probe->rc = rs_resolver_ready(&own, &expected);
	probe->ms = rs_clock_mono_ms() - from;
	rs_ctx_end(&own);
	return NULL;
}

/* Many probes at once share one test, so that all are answered by their deadline. */
static void test_probes_share_a_test(void **state)
{
	char *const env[] = {"REISSUED_DNS_TRUST_ANCHORS=[\"timeout-i.caatest. IN DS 1 13 2 "
			     "0000000000000000000000000000000000000000000000000000000000000000\"]",
		NULL};
	struct rs_app other = {.config = config_of(env)};
	struct probe probe[8];
	pthread_t thread[8];
	struct timespec moment = {.tv_sec = 1, .tv_nsec = 200000000};

	(void)state;
	assert_int_equal(rs_resolver_start(&ctx, other.config, &other.resolver), RS_OK);
	nanosleep(&moment, NULL);
	for (int i = 0; i < 8; i++) {
		probe[i] = (struct probe){.app = &other};
		assert_int_equal(pthread_create(&thread[i], NULL, probe_run, &probe[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(probe[i].rc, RS_UNAVAILABLE);
		assert_true(probe[i].ms <= 2000 + GRACE_MS);
	}
	rs_resolver_stop(other.resolver);
	rs_config_free((struct rs_config *)(uintptr_t)other.config);
}

static void test_ready(void **state)
{
	bool expected = false;

	(void)state;
	assert_int_equal(rs_resolver_ready(&ctx, &expected), RS_OK);
	assert_true(expected);
}

/* A developer's machine without zones of its own: nothing is demanded of the network. */
static void test_nothing_configured(void **state)
{
	json_t *faults = NULL;
	struct rs_config *config = rs_config_load(NULL, 0, NULL, &faults);
	struct rs_app other = {.config = config};
	struct rs_ctx own;
	bool expected = true;
	int64_t from = rs_clock_mono_ms();

	(void)state;
	assert_non_null(config);
	rs_ctx_init(&own, &other);
	if (config->production)
		fail_msg("the default environment is production");
	assert_int_equal(rs_resolver_start(&own, config, &other.resolver), RS_OK);
	assert_int_equal(rs_resolver_ready(&own, &expected), RS_OK);
	assert_false(expected);
	assert_true(rs_clock_mono_ms() - from < GRACE_MS);
	rs_resolver_stop(other.resolver);
	rs_ctx_end(&own);
	rs_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bogus_is_final),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_other_types),
		cmocka_unit_test(test_malformed_rdata),
		cmocka_unit_test(test_lame_is_no_answer),
		cmocka_unit_test(test_flaky),
		cmocka_unit_test(test_retry_reaches_the_wire),
		cmocka_unit_test(test_silence_ends_in_time),
		cmocka_unit_test(test_short_deadlines),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_names_that_are_not_asked),
		cmocka_unit_test(test_no_anchor_no_start),
		cmocka_unit_test(test_no_anchor_above),
		cmocka_unit_test(test_unreachable_anchor),
		cmocka_unit_test(test_probes_share_a_test),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_nothing_configured),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
