/*
 * What happens when the database misbehaves: F5, F6, F8, F11, F12, F17, F38, and the committer's own troubles.
 * Every wait has a bound, and everything works again afterwards.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct rs_id row_a, row_b;

/* Counts on a row of rate_counter: the statement of limit.c, with a key of ours. */
static enum rs_code hit(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *key)
{
	struct rs_params p = rs_params(ctx);

	rs_p_text(&p, "faults");
	rs_p_bytes(&p, key->s, RS_ID_LEN);
	rs_p_time(&p, INT64_C(1000000000000000));
	rs_p_time(&p, INT64_C(4000000000000000));
	if (tx)
		return rs_tx_run(ctx, tx, RS_Q_limit_hit, &p, NULL);
	return rs_read(ctx, RS_REACH_CALLER, RS_Q_limit_hit, &p, NULL);
}

static enum rs_code read_something(int within_ms)
{
	struct rs_params none;
	struct rs_ctx ctx;
	enum rs_code rc;

	user_ctx(&ctx, &ours);
	ctx.deadline_ms = rs_clock_mono_ms() + within_ms;
	none = rs_params(&ctx);
	rc = rs_read(&ctx, RS_REACH_CALLER, RS_Q_schema_state, &none, NULL);
	if (rc == RS_UNAVAILABLE)
		assert_true(ctx.err.retry_after > 0);
	rs_ctx_end(&ctx);
	return rc;
}

/* Milliseconds until reading works again, at most 8,000. */
static int64_t recovery_ms(void)
{
	int64_t start = rs_clock_mono_ms();

	while (rs_clock_mono_ms() - start < 8000 && read_something(500) != RS_OK)
		usleep(50000);
	return rs_clock_mono_ms() - start;
}

/* Pids of our backends; returns how many. */
static int backends(pid_t pids[64])
{
	PGconn *pg = PQconnectdb(getenv("RS_TEST_SUPER"));
	PGresult *rows = PQexec(
		pg, "SELECT pid FROM pg_stat_activity WHERE application_name = 'reissued'");
	int n = PQntuples(rows);

	for (int i = 0; i < n; i++)
		pids[i] = atoi(PQgetvalue(rows, i, 0));
	PQclear(rows);
	PQfinish(pg);
	return n;
}

/* --- F8 --- */

static void a_stopped_server_costs_no_more_than_the_deadline(void **state)
{
	pid_t pids[64];
	int64_t start;
	enum rs_code rc;
	int n;

	(void)state;
	assert_int_equal(read_something(5000), RS_OK);
	n = backends(pids);
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	start = rs_clock_mono_ms();
	rc = read_something(700);
	start = rs_clock_mono_ms() - start;
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGCONT);
	assert_int_equal(rc, RS_UNAVAILABLE);
	assert_in_range(start, 600, 1200);
	assert_true(recovery_ms() < 1000);
}

/* --- F17 --- */

static void an_exhausted_pool_answers_by_the_deadline(void **state)
{
	struct rs_store_config config = {
		.app = getenv("RS_TEST_APP"), .job = getenv("RS_TEST_JOB"), .app_connections = 2};
	struct rs_app small = {.clock = app.clock, .keyring = app.keyring};
	struct rs_store_stats stats;
	struct rs_ctx holder[2], third;
	struct rs_tx *tx[2];
	struct rs_params none;
	int64_t start;

	(void)state;
	assert_int_equal(rs_store_new(&config, &small.store), 0);
	for (int i = 0; i < 2; i++) {
		rs_ctx_init_system(&holder[i], &small, "test");
		holder[i].deadline_ms = rs_clock_mono_ms() + 5000;
		assert_int_equal(rs_tx_begin(&holder[i], RS_REACH_CALLER, &tx[i]), RS_OK);
	}
	rs_ctx_init_system(&third, &small, "test");
	none = rs_params(&third);
	start = rs_clock_mono_ms();
	third.deadline_ms = start + 300;
	assert_int_equal(
		rs_read(&third, RS_REACH_CALLER, RS_Q_schema_state, &none, NULL), RS_UNAVAILABLE);
	assert_in_range(rs_clock_mono_ms() - start, 290, 1000);
	rs_store_stats(small.store, &stats);
	assert_int_equal(stats.app_open, 2);
	rs_tx_end(&tx[0]);
	third.deadline_ms = rs_clock_mono_ms() + 300;
	assert_int_equal(rs_read(&third, RS_REACH_CALLER, RS_Q_schema_state, &none, NULL), RS_OK);
	rs_tx_end(&tx[1]);
	rs_ctx_end(&third);
	rs_ctx_end(&holder[0]);
	rs_ctx_end(&holder[1]);
	rs_store_free(small.store);
}

/* --- F11 --- */

static void a_foreign_lock_ends_with_503(void **state)
{
	PGconn *pg = PQconnectdb(getenv("RS_TEST_SUPER"));
	struct rs_ctx ctx;
	int64_t start;

	(void)state;
	user_ctx(&ctx, &ours);
	assert_int_equal(hit(&ctx, NULL, &row_a), RS_OK);
	PQclear(PQexec(pg, "BEGIN; SELECT * FROM rate_counter WHERE bucket = 'faults' FOR UPDATE"));
	start = rs_clock_mono_ms();
	assert_int_equal(hit(&ctx, NULL, &row_a), RS_UNAVAILABLE);
	assert_in_range(rs_clock_mono_ms() - start, 2500, 4500);
	assert_non_null(strstr(ctx.err.cause, "55P03"));
	assert_int_equal(hit(&ctx, NULL, &row_b), RS_OK); /* others are not held up */
	PQfinish(pg);
	rs_ctx_end(&ctx);
}

/* --- F12 --- */

struct pair {
	const struct rs_id *first, *second;
	pthread_barrier_t *meet;
	bool met;
	int runs;
	enum rs_code rc;
};

static enum rs_code hit_both(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct pair *pair = arg;
	enum rs_code rc = hit(ctx, tx, pair->first);

	pair->runs++;
	if (!pair->met)
		pthread_barrier_wait(pair->meet);
	pair->met = true;
	return rc == RS_OK ? hit(ctx, tx, pair->second) : rc;
}

static void *run_pair(void *arg)
{
	struct pair *pair = arg;
	struct rs_ctx ctx;

	user_ctx(&ctx, &ours);
	pair->rc = rs_tx_use(&ctx, RS_REACH_CALLER, hit_both, pair);
	rs_ctx_end(&ctx);
	return NULL;
}

static void a_deadlock_is_run_again(void **state)
{
	pthread_barrier_t meet;
	struct pair one = {.first = &row_a, .second = &row_b, .meet = &meet};
	struct pair two = {.first = &row_b, .second = &row_a, .meet = &meet};
	pthread_t thread;
	long before;

	(void)state;
	before = ask_as("SUPER", "SELECT sum(hits) FROM rate_counter WHERE bucket = 'faults'");
	pthread_barrier_init(&meet, NULL, 2);
	pthread_create(&thread, NULL, run_pair, &one);
	run_pair(&two);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	assert_int_equal(one.rc, RS_OK);
	assert_int_equal(two.rc, RS_OK);
	assert_int_equal(one.runs + two.runs, 3);
	assert_int_equal(
		ask_as("SUPER", "SELECT sum(hits) FROM rate_counter WHERE bucket = 'faults'"),
		before + 4);
}

/* --- the committer --- */

struct commit {
	struct rs_id id;
	char dedupe[40];
	enum rs_code rc;
	pthread_barrier_t *start;
};

static enum rs_code commit_job(struct commit *c)
{
	struct rs_params p;
	struct rs_ctx ctx;
	enum rs_code rc;

	user_ctx(&ctx, &ours);
	p = rs_params(&ctx);
	rs_p_id(&p, &c->id);
	rs_p_text(&p, "faults");
	rs_p_text(&p, c->dedupe);
	rs_p_null(&p);
	rs_p_null(&p);
	rs_p_time(&p, INT64_C(4000000000000000));
	rs_p_time(&p, INT64_C(1000000000000000));
	rc = rs_commit(&ctx, RS_Q_job_put, &p, NULL);
	rs_ctx_end(&ctx);
	return rc;
}

static void *commit_one(void *arg)
{
	struct commit *c = arg;

	if (c->start)
		pthread_barrier_wait(c->start);
	c->rc = commit_job(c);
	return NULL;
}

#define COMMITS 48

static void make_commits(struct commit *commits, int n, const char *what)
{
	for (int i = 0; i < n; i++) {
		commits[i].id = rs_id_new(rs_clock_now_us(app.clock));
		snprintf(commits[i].dedupe, sizeof commits[i].dedupe, "%s%d", what, i);
	}
}

static void a_failing_item_fails_alone(void **state)
{
	struct commit commits[COMMITS] = {0};
	pthread_t thread[COMMITS];
	struct rs_store_stats before, after;
	pthread_barrier_t start;

	(void)state;
	pthread_barrier_init(&start, NULL, COMMITS);
	make_commits(commits, COMMITS, "group");
	commits[7].rc = commit_job(&commits[7]);
	assert_int_equal(commits[7].rc, RS_OK);
	/* The same primary key under another dedupe key breaks job_pk. */
	strcpy(commits[7].dedupe, "twice");
	rs_store_stats(app.store, &before);
	for (int i = 0; i < COMMITS; i++) {
		commits[i].start = &start;
		pthread_create(&thread[i], NULL, commit_one, &commits[i]);
	}
	for (int i = 0; i < COMMITS; i++)
		pthread_join(thread[i], NULL);
	rs_store_stats(app.store, &after);
	pthread_barrier_destroy(&start);
	for (int i = 0; i < COMMITS; i++)
		assert_int_equal(commits[i].rc, i == 7 ? RS_ALREADY_EXISTS : RS_OK);
	assert_int_equal(after.commit_items - before.commit_items, COMMITS);
	assert_true(after.commit_batches - before.commit_batches < COMMITS); /* grouped */
	assert_int_equal(
		ask_as("SUPER", "SELECT count(*) FROM job WHERE dedupe_key LIKE 'group%'"), COMMITS);
}

static void wait_for_sync(int *pid)
{
	for (int i = 0; i < 100; i++) {
		*pid = (int)ask_as("SUPER", "SELECT coalesce(max(pid), 0) FROM pg_stat_activity "
					    "WHERE wait_event = 'SyncRep'");
		if (*pid)
			return;
		usleep(20000);
	}
	fail_msg("no commit waits");
}

/*
 * A standby that does not exist holds the commit after it is written and before it is acknowledged;
 * the backend is ended just there.
 */
static void an_unknown_outcome_is_cleared_up(void **state)
{
	struct commit commit = {0};
	pthread_t thread;
	char sql[100];
	int pid;

	(void)state;
	make_commits(&commit, 1, "unknown");
	must_sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	must_sql("SELECT pg_reload_conf()");
	usleep(200000);
	pthread_create(&thread, NULL, commit_one, &commit);
	wait_for_sync(&pid);
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", pid);
	must_sql(sql);
	must_sql("ALTER SYSTEM RESET synchronous_standby_names");
	must_sql("SELECT pg_reload_conf()");
	pthread_join(thread, NULL);
	assert_int_equal(commit.rc, RS_OK);
	assert_int_equal(
		ask_as("SUPER", "SELECT count(*) FROM job WHERE dedupe_key = 'unknown0'"), 1);
}

/* --- F6, F5 --- */

/* As a client does: again after each 503, for 5 s. */
static void commit_again(struct commit *commit)
{
	int64_t start = rs_clock_mono_ms();

	do {
		commit_one(commit);
		assert_true(commit->rc == RS_OK || commit->rc == RS_UNAVAILABLE);
	} while (commit->rc != RS_OK && rs_clock_mono_ms() - start < 5000);
	assert_int_equal(commit->rc, RS_OK);
}

/* The children of the killed server may still be on their way out. */
static void start_server(void)
{
	for (int i = 0; i < 20; i++) {
		if (system(getenv("RS_TEST_PG_UP")) == 0)
			return;
		usleep(250000);
	}
	fail_msg("PostgreSQL does not start again");
}

static void a_killed_backend_is_replaced(void **state)
{
	struct commit commit = {0};
	pid_t pids[64];

	(void)state;
	assert_true(backends(pids) > 0);
	kill(pids[0], SIGKILL); /* PostgreSQL restarts as a whole */
	assert_in_range(recovery_ms(), 0, 5000);
	make_commits(&commit, 1, "backend");
	commit_again(&commit);
}

static void a_killed_server_is_found_again(void **state)
{
	struct commit commit = {0};
	FILE *file = fopen(getenv("RS_TEST_PID_FILE"), "r");
	int64_t start;
	int pid = 0;

	(void)state;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	kill(pid, SIGKILL);
	usleep(300000);
	start = rs_clock_mono_ms();
	assert_int_equal(read_something(5000), RS_UNAVAILABLE);
	assert_int_equal(read_something(5000), RS_UNAVAILABLE);
	assert_true(rs_clock_mono_ms() - start < 4000); /* at once, not at the deadline */
	make_commits(&commit, 1, "server");
	commit_one(&commit);
	assert_int_equal(commit.rc, RS_UNAVAILABLE);
	start_server();
	assert_in_range(recovery_ms(), 0, 5000);
	commit_again(&commit);
}

/* --- F38, I46 --- */

/* What a second process with its own keyring or binary would find. */
static enum rs_code ready_elsewhere(struct rs_keyring *ring)
{
	struct rs_store_config config = {.app = getenv("RS_TEST_APP"), .job = getenv("RS_TEST_JOB")};
	struct rs_app other = {.clock = app.clock, .keyring = ring};
	struct rs_ctx ctx;
	enum rs_code rc;

	assert_int_equal(rs_store_new(&config, &other.store), 0);
	rs_ctx_init_system(&ctx, &other, "test");
	ctx.deadline_ms = rs_clock_mono_ms() + 3000;
	rc = rs_store_ready(&ctx);
	rs_ctx_end(&ctx);
	rs_store_free(other.store);
	return rc;
}

static void a_schema_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ready_elsewhere(app.keyring), RS_OK);
	must_sql("INSERT INTO schema_migration VALUES (9999, 'later', '', 9999)");
	assert_int_equal(ready_elsewhere(app.keyring), RS_UNAVAILABLE);
	must_sql("UPDATE schema_migration SET compatible_from = 1 WHERE version = 9999");
	assert_int_equal(ready_elsewhere(app.keyring), RS_OK);
	must_sql("DELETE FROM schema_migration WHERE version = 9999");
	must_sql("ALTER TABLE schema_migration RENAME TO gone");
	assert_int_equal(ready_elsewhere(app.keyring), RS_UNAVAILABLE);
	must_sql("ALTER TABLE gone RENAME TO schema_migration");
}

static void another_keyring_is_refused(void **state)
{
	struct rs_keyring *other = rs_keyring_new_ephemeral();

	(void)state;
	assert_int_equal(ready_elsewhere(app.keyring), RS_OK);
	assert_int_equal(ready_elsewhere(other), RS_VALIDATION_FAILED);
	rs_keyring_free(other);
}

static int start(void **state)
{
	if (harness_start(state) != 0)
		return -1;
	row_a = rs_id_new(1);
	row_b = rs_id_new(2);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_server_costs_no_more_than_the_deadline),
		cmocka_unit_test(an_exhausted_pool_answers_by_the_deadline),
		cmocka_unit_test(a_foreign_lock_ends_with_503),
		cmocka_unit_test(a_deadlock_is_run_again),
		cmocka_unit_test(a_failing_item_fails_alone),
		cmocka_unit_test(an_unknown_outcome_is_cleared_up),
		cmocka_unit_test(a_schema_that_does_not_fit_is_refused),
		cmocka_unit_test(another_keyring_is_refused),
		cmocka_unit_test(a_killed_backend_is_replaced),
		cmocka_unit_test(a_killed_server_is_found_again),
	};

	return cmocka_run_group_tests(tests, start, harness_stop);
}
