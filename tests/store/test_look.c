/*
 * Looks: reads that go out together stay each its own: its tenant's rows (I11), its error, its deadline.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define THREADS 24
#define ROUNDS	60

struct looker {
	pthread_t thread;
	const struct rs_id *enterprise, *wanted;
	const char *broken; /* instead of wanted: no id at all */
	int within_ms;
	int rounds;
	/* how often it ended so, and how long the longest took */
	int found, hidden, failed, away;
	int64_t longest_ms;
};

static void one(struct looker *l)
{
	int64_t start = rs_clock_mono_ms();
	struct rs_rows *rows = NULL;
	struct rs_params p;
	struct rs_ctx ctx;
	enum rs_code rc;

	user_ctx(&ctx, l->enterprise);
	ctx.deadline_ms = start + l->within_ms;
	p = rs_params(&ctx);
	if (l->broken)
		rs_p_text(&p, l->broken);
	else
		rs_p_id(&p, l->wanted);
	rc = rs_look_one(&ctx, RS_REACH_CALLER, RS_Q_enterprise_by_id, &p, &rows);
	l->found += rc == RS_OK && strcmp(rs_row_text(rows, 0, "id"), l->wanted->s) == 0;
	l->hidden += rc == RS_NOT_FOUND;
	l->failed += rc == RS_INTERNAL;
	l->away += rc == RS_UNAVAILABLE;
	rs_ctx_end(&ctx);
	start = rs_clock_mono_ms() - start;
	if (start > l->longest_ms)
		l->longest_ms = start;
}

static void *look(void *arg)
{
	struct looker *l = arg;

	for (int i = 0; i < l->rounds; i++)
		one(l);
	return NULL;
}

static void start_all(struct looker *all, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(pthread_create(&all[i].thread, NULL, look, &all[i]), 0);
}

static void join_all(struct looker *all, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(all[i].thread, NULL);
}

/* Of three threads one asks for its own, one for the other enterprise's, one for nonsense. */
static void looks_together_stay_apart(void **state)
{
	struct looker all[THREADS] = {{0}};

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		const struct rs_id *own = i % 2 ? &ours : &theirs, *other = i % 2 ? &theirs : &ours;

		all[i].enterprise = own;
		all[i].wanted = i % 3 == 1 ? other : own;
		all[i].broken = i % 3 == 2 ? "nonsense" : NULL;
		all[i].within_ms = 10000;
		all[i].rounds = ROUNDS;
	}
	start_all(all, THREADS);
	join_all(all, THREADS);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(all[i].found, i % 3 == 0 ? ROUNDS : 0);
		assert_int_equal(all[i].hidden, i % 3 == 1 ? ROUNDS : 0);
		assert_int_equal(all[i].failed, i % 3 == 2 ? ROUNDS : 0);
	}
}

/* Looks for the same row, and for the same absent one, are one item of a group: each gets its rows. */
static void who_asks_the_same_shares_the_answer(void **state)
{
	struct looker all[THREADS] = {{0}};

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		all[i].enterprise = &ours;
		all[i].wanted = i % 4 == 3 ? &theirs : &ours;
		all[i].within_ms = 10000;
		all[i].rounds = ROUNDS;
	}
	start_all(all, THREADS);
	join_all(all, THREADS);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(all[i].found, i % 4 == 3 ? 0 : ROUNDS);
		assert_int_equal(all[i].hidden, i % 4 == 3 ? ROUNDS : 0);
	}
}

static int stop_backends(pid_t pids[64])
{
	PGconn *pg = PQconnectdb(getenv("RS_TEST_SUPER"));
	PGresult *rows = PQexec(
		pg, "SELECT pid FROM pg_stat_activity WHERE application_name = 'reissued'");
	int n = PQntuples(rows);

	for (int i = 0; i < n; i++) {
		pids[i] = atoi(PQgetvalue(rows, i, 0));
		kill(pids[i], SIGSTOP);
	}
	PQclear(rows);
	PQfinish(pg);
	return n;
}

/* Who has time is not late because somebody in the group has none (F8). */
static void each_keeps_its_own_deadline(void **state)
{
	struct looker all[12] = {{0}};
	pid_t pids[64];
	int n;

	(void)state;
	for (int i = 0; i < 12; i++) {
		all[i].enterprise = all[i].wanted = &ours;
		all[i].within_ms = i % 2 ? 8000 : 500;
		all[i].rounds = 1;
	}
	one(&(struct looker){.enterprise = &ours, .wanted = &ours, .within_ms = 5000});
	n = stop_backends(pids);
	assert_true(n > 0);
	start_all(all, 12);
	usleep(1500000);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGCONT);
	join_all(all, 12);
	for (int i = 0; i < 12; i++) {
		if (i % 2) {
			assert_int_equal(all[i].found, 1);
		} else {
			assert_int_equal(all[i].away, 1);
			assert_in_range(all[i].longest_ms, 400, 1200);
		}
	}
}

/* A look for an enterprise by id; its name, in the context's arena, or NULL. */
static const char *name_of(struct rs_ctx *ctx, const char *id)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows = NULL;

	rs_p_text(&p, id);
	if (rs_look_one(ctx, RS_REACH_CALLER, RS_Q_enterprise_by_id, &p, &rows) != RS_OK)
		return NULL;
	return rs_row_text(rows, 0, "name");
}

/*
 * A caller that was `ours` when it was last seen wants that enterprise; `first` is looked up to
 * find out who it is, and it turns out to belong to `now`. Whatever the look ahead read is older
 * than the rename.
 */
static void begin_ahead(struct rs_ctx *ctx, const char *first, const struct rs_id *now)
{
	static const unsigned char caller[32] = {1, 2, 3};
	static const struct rs_id nobody = {""};
	struct rs_params p;

	must_sql("UPDATE enterprise SET name = 'ours' WHERE name = 'renamed'");
	user_ctx(ctx, &ours);
	p = rs_params(ctx);
	rs_p_id(&p, &ours);
	rs_ahead_want(ctx, RS_Q_enterprise_by_id, &p);
	rs_ahead_learn(ctx, caller);
	ctx->actor.enterprise = nobody;
	rs_ahead_guess(ctx, caller);
	assert_null(name_of(ctx, first));
	ctx->actor.enterprise = *now;
	must_sql("UPDATE enterprise SET name = 'renamed' WHERE name = 'ours'");
}

static void what_is_read_ahead_is_used_once_and_fresh(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	begin_ahead(&ctx, theirs.s, &ours);
	assert_string_equal(name_of(&ctx, ours.s), "ours");
	assert_string_equal(name_of(&ctx, ours.s), "renamed");
	rs_ctx_end(&ctx);

	begin_ahead(&ctx, theirs.s, &ours);
	usleep(200000);
	assert_string_equal(name_of(&ctx, ours.s), "renamed");
	rs_ctx_end(&ctx);

	/* A question that fails takes nothing with it. */
	begin_ahead(&ctx, "nonsense", &ours);
	assert_int_equal(ctx.err.code, RS_INTERNAL);
	rs_err_reset(&ctx.err);
	assert_string_equal(name_of(&ctx, ours.s), "renamed");
	rs_ctx_end(&ctx);
}

/* The memory of reaches is a guess: who belongs elsewhere by now sees nothing by it (I11). */
static void what_is_read_ahead_is_for_its_reach_alone(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	begin_ahead(&ctx, theirs.s, &theirs);
	assert_null(name_of(&ctx, ours.s));
	assert_int_equal(ctx.err.code, RS_NOT_FOUND);
	rs_err_reset(&ctx.err);
	assert_string_equal(name_of(&ctx, theirs.s), "theirs");
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_together_stay_apart),
		cmocka_unit_test(who_asks_the_same_shares_the_answer),
		cmocka_unit_test(each_keeps_its_own_deadline),
		cmocka_unit_test(what_is_read_ahead_is_used_once_and_fresh),
		cmocka_unit_test(what_is_read_ahead_is_for_its_reach_alone),
	};

	return cmocka_run_group_tests(tests, harness_start, harness_stop);
}
