/* Runners: take what is due, run it, say how it went. */
#include "rs/jobs.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/database.h"
#include "rs/id.h"
#include "rs/log.h"
#include "rs/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND	       INT64_C(1000000)
#define LOOK_MS	       500
#define PAUSE_MAX_S    3600
#define ERROR_BYTES    500
/* What taking a job and saying how it went may take, beside the job itself. */
#define TAKE_MS	       5000
#define COUNT_EVERY_MS 15000

/* The threads for one sort of kinds. */
struct lane {
	struct rs_jobs *jobs;
	bool outward;
	pthread_cond_t free; /* nobody looks for work: whoever is free may */
	bool looking;
	/* of the one that looks */
	bool added;	    /* the rows of the scheduled kinds are made */
	int64_t watched_ms; /* when the store was last found to fit; 0 = it was not */
	struct rs_id running[RS_JOBS_OUTWARD_THREADS]; /* whose jobs run, "" = none or nobody's */
	pthread_t thread[RS_JOBS_OUTWARD_THREADS];
	int threads;
};

struct rs_jobs {
	struct rs_app *app;
	const struct rs_job_kind *kinds;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	unsigned woken; /* counts wakes: one that comes during a look is not lost */
	bool stopping;
	int64_t counted_ms; /* when the queue was last counted */
	struct lane lane[2];
};

/* A run that was taken, with the context it was taken in. */
struct taken {
	struct rs_ctx ctx;
	const struct rs_job_kind *kind;
	struct rs_job job;
	const char *lease; /* scheduled */
};

static const struct rs_field JOB[] = {
	RS_FIELD(struct rs_job, id, RS_T_ID),
	RS_FIELD(struct rs_job, kind, RS_T_STRING),
	RS_FIELD(struct rs_job, dedupe_key, RS_T_STRING),
	RS_FIELD(struct rs_job, enterprise, RS_T_ID),
	RS_FIELD(struct rs_job, payload, RS_T_OBJECT),
	RS_FIELD(struct rs_job, attempts, RS_T_INT),
	RS_FIELD_END,
};

/* --- taking --- */

static const struct rs_job_kind *kind_named(const struct rs_job_kind *kinds, const char *name)
{
	for (; kinds->name; kinds++)
		if (strcmp(kinds->name, name) == 0)
			return kinds;
	abort(); /* the statement was given our names only */
}

/* Names, time, leases by name, of schedules the intervals too: what the taking statements ask for.
 */
static struct rs_params take_params(
	struct rs_ctx *ctx, const struct rs_job_kind *kinds, bool outward, bool scheduled)
{
	struct rs_params p = rs_params(ctx);
	json_t *names = json_array(), *leases = json_object(), *intervals = json_object();

	for (; kinds->name; kinds++) {
		if ((kinds->interval_s > 0) != scheduled || kinds->outward != outward)
			continue;
		json_array_append_new(names, json_string(kinds->name));
		json_object_set_new(leases, kinds->name, json_integer(kinds->lease_s));
		json_object_set_new(intervals, kinds->name, json_integer(kinds->interval_s));
	}
	rs_p_texts(&p, names);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_json(&p, leases);
	if (scheduled)
		rs_p_json(&p, intervals);
	json_decref(names);
	json_decref(leases);
	json_decref(intervals);
	return p;
}

static enum rs_code take_scheduled(struct rs_ctx *ctx, const struct rs_job_kind *kinds,
	bool outward, struct taken *out, bool *found)
{
	struct rs_params p = take_params(ctx, kinds, outward, true);
	struct rs_rows *rows;
	enum rs_code rc = rs_read(ctx, RS_REACH_JOB, RS_Q_job_schedule_take, &p, &rows);

	*found = rc == RS_OK && rs_rows_count(rows) > 0;
	if (!*found)
		return rc;
	out->kind = kind_named(kinds, rs_row_text(rows, 0, "kind"));
	out->lease = rs_row_text(rows, 0, "lease");
	out->job.kind = out->kind->name;
	out->job.payload = rs_arena_json(ctx->arena, json_object());
	return RS_OK;
}

/* The enterprises whose jobs hold as many threads as one may have. */
static json_t *full_share(struct rs_ctx *ctx, struct lane *lane)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());

	pthread_mutex_lock(&lane->jobs->lock);
	for (int i = 0; i < RS_JOBS_OUTWARD_THREADS; i++) {
		int count = 0;

		for (int k = i; rs_id_set(&lane->running[i]) && k < RS_JOBS_OUTWARD_THREADS; k++)
			count += rs_id_eq(&lane->running[i], &lane->running[k]);
		if (count == RS_JOBS_SHARE)
			json_array_append_new(out, json_string(lane->running[i].s));
	}
	pthread_mutex_unlock(&lane->jobs->lock);
	return out;
}

/* lane is NULL for a caller's own thread. */
static enum rs_code take_queued(struct rs_ctx *ctx, const struct rs_job_kind *kinds, bool outward,
	struct lane *lane, struct taken *out, bool *found)
{
	struct rs_params p = take_params(ctx, kinds, outward, false);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_texts(&p, lane ? full_share(ctx, lane) : NULL);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_job_take, &p, &rows);

	*found = rc == RS_OK && rs_rows_count(rows) > 0;
	if (!*found)
		return rc;
	rc = rs_row_read(ctx, rows, 0, JOB, &out->job);
	if (rc == RS_OK)
		out->kind = kind_named(kinds, out->job.kind);
	return rc;
}

/* --- ending --- */

static enum rs_code end_scheduled(struct rs_ctx *ctx, const struct taken *taken)
{
	struct rs_params p = rs_params(ctx);
	int64_t now = rs_clock_now_us(ctx->app->clock);

	rs_p_text(&p, taken->kind->name);
	rs_p_time(&p, now + taken->kind->interval_s * SECOND);
	rs_p_text(&p, taken->lease);
	return rs_read(ctx, RS_REACH_JOB, RS_Q_job_schedule_done, &p, NULL);
}

/* 2, 4, 8 ... seconds, at most an hour, and up to a quarter more. */
static int64_t pause_us(int64_t attempts)
{
	int64_t pause = attempts < 12 ? (INT64_C(1) << attempts) : PAUSE_MAX_S;
	unsigned char noise;

	if (pause > PAUSE_MAX_S)
		pause = PAUSE_MAX_S;
	rs_random(&noise, 1);
	return pause * SECOND + pause * SECOND * noise / 1024;
}

static enum rs_code end_queued(
	struct rs_ctx *ctx, const struct taken *taken, enum rs_code how, const char *error)
{
	struct rs_params p = rs_params(ctx);
	bool dead = taken->job.attempts >= taken->kind->attempts_max;

	rs_p_id(&p, &taken->job.id);
	rs_p_int(&p, taken->job.attempts);
	if (how == RS_OK)
		return rs_read(ctx, RS_REACH_JOB, RS_Q_job_done, &p, NULL);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock) + pause_us(taken->job.attempts));
	rs_p_text(&p, error);
	rs_p_text(&p, dead ? "dead" : "queued");
	if (dead)
		rs_log(ctx, RS_LOG_ERROR, "job.dead", rs_log_str(JOB, taken->kind->name),
			rs_log_str(OBJECT, taken->job.id.s), rs_log_str(DETAIL, error));
	return rs_read(ctx, RS_REACH_JOB, RS_Q_job_failed, &p, NULL);
}

/* --- running --- */

/* The handler's own context: what it takes ends with it. Gives its code and error text. */
static enum rs_code run_handler(struct rs_ctx *ctx, const struct taken *taken, const char **error)
{
	struct rs_ctx own;
	char text[ERROR_BYTES + 1];
	enum rs_code rc;

	rs_ctx_init_system(&own, ctx->app, taken->kind->name);
	own.deadline_ms = rs_clock_mono_ms() + taken->kind->lease_s * INT64_C(1000);
	rc = taken->kind->run(&own, &taken->job);
	rs_err_print(text, sizeof(text), "%s: %s", rs_code_slug(rc), own.err.detail);
	*error = rs_arena_strdup(ctx->arena, text);
	if (rc != RS_OK)
		rs_log(&own, RS_LOG_WARN, "job.failed", rs_log_str(JOB, taken->kind->name),
			rs_log_str(CODE, rs_code_slug(rc)), rs_log_str(DETAIL, own.err.detail),
			rs_log_str(CAUSE, own.err.cause));
	rs_metric_add(
		RS_M_JOBS_RUN, RS_LABELS(taken->kind->name, rc == RS_OK ? "done" : "failed"), 1);
	rs_ctx_end(&own);
	return rc;
}

/* Takes one; what was found is to be given to run_taken(). */
static enum rs_code take(struct rs_app *app, const struct rs_job_kind *kinds, bool outward,
	struct lane *lane, struct taken *taken, bool *found)
{
	struct rs_ctx *ctx = &taken->ctx;
	enum rs_code rc;

	*taken = (struct taken){0};
	rs_ctx_init_system(ctx, app, "jobs");
	ctx->deadline_ms = rs_clock_mono_ms() + TAKE_MS;
	rc = take_scheduled(ctx, kinds, outward, taken, found);
	if (rc == RS_OK && !*found)
		rc = take_queued(ctx, kinds, outward, lane, taken, found);
	if (rc != RS_OK)
		rs_log(ctx, RS_LOG_WARN, "jobs.unavailable", rs_log_str(CAUSE, ctx->err.cause));
	*found = *found && rc == RS_OK;
	if (!*found)
		rs_ctx_end(ctx);
	return rc;
}

static enum rs_code run_taken(struct taken *taken)
{
	struct rs_ctx *ctx = &taken->ctx;
	const char *error;
	enum rs_code how = run_handler(ctx, taken, &error), rc;

	ctx->deadline_ms = rs_clock_mono_ms() + TAKE_MS;
	rc = taken->lease ? end_scheduled(ctx, taken) : end_queued(ctx, taken, how, error);
	if (rc != RS_OK)
		rs_log(ctx, RS_LOG_WARN, "jobs.unavailable", rs_log_str(CAUSE, ctx->err.cause));
	rs_ctx_end(ctx);
	return rc;
}

static enum rs_code add_schedules(struct rs_ctx *ctx, const struct rs_job_kind *kinds, bool outward)
{
	struct rs_params all = take_params(ctx, kinds, outward, true);

	all.count = 2; /* names and time */
	return rs_read(ctx, RS_REACH_JOB, RS_Q_job_schedule_add, &all, NULL);
}

/* The rows of scheduled kinds are made once the database is there. */
static bool schedules_added(const struct lane *lane)
{
	struct rs_ctx ctx;
	enum rs_code rc;

	rs_ctx_init_system(&ctx, lane->jobs->app, "jobs");
	ctx.deadline_ms = rs_clock_mono_ms() + TAKE_MS;
	rc = add_schedules(&ctx, lane->jobs->kinds, lane->outward);
	rs_ctx_end(&ctx);
	return rc == RS_OK;
}

/* Waits for a wake, the next look or the end; false at the end. */
static bool wait_for_work(struct rs_jobs *jobs, unsigned *seen)
{
	struct timespec until;
	int64_t at = rs_clock_mono_ms() + LOOK_MS;
	bool go_on;

	until.tv_sec = at / 1000;
	until.tv_nsec = (at % 1000) * 1000000;
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopping && jobs->woken == *seen)
		if (pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until) != 0)
			break;
	*seen = jobs->woken;
	go_on = !jobs->stopping;
	pthread_mutex_unlock(&jobs->lock);
	return go_on;
}

/* Whether it is time to count the queue, and for whom. */
static bool counts_now(struct rs_jobs *jobs)
{
	int64_t now = rs_clock_mono_ms();
	bool yes;

	pthread_mutex_lock(&jobs->lock);
	yes = !jobs->counted_ms || now - jobs->counted_ms >= COUNT_EVERY_MS;
	if (yes)
		jobs->counted_ms = now;
	pthread_mutex_unlock(&jobs->lock);
	return yes;
}

/* What waits and what was given up is the same for all replicas; each shows it. */
static void count_queue(struct rs_app *app)
{
	struct rs_ctx ctx;
	struct rs_rows *rows;

	rs_ctx_init_system(&ctx, app, "jobs");
	ctx.deadline_ms = rs_clock_mono_ms() + TAKE_MS;
	struct rs_params none = rs_params(&ctx);
	if (rs_read(&ctx, RS_REACH_JOB, RS_Q_job_counts, &none, &rows) == RS_OK) {
		rs_metric_set(RS_M_OUTBOX_BACKLOG, (struct rs_labels){{0}},
			rs_row_int(rows, 0, "queued"));
		rs_metric_set(
			RS_M_OUTBOX_DEAD, (struct rs_labels){{0}}, rs_row_int(rows, 0, "dead"));
	}
	rs_ctx_end(&ctx);
}

/* Nothing runs while the database is away or its schema is not for us. */
static bool store_fits(struct rs_app *app)
{
	struct rs_ctx ctx;
	enum rs_code rc;

	rs_ctx_init_system(&ctx, app, "jobs");
	ctx.deadline_ms = rs_clock_mono_ms() + TAKE_MS;
	rc = rs_store_watch(&ctx);
	rs_ctx_end(&ctx);
	return rc == RS_OK || rc == RS_CLOCK;
}

/* Asked once for many runs: no oftener than work is looked for. */
static bool may_take(struct lane *lane)
{
	int64_t now = rs_clock_mono_ms();

	if (!lane->watched_ms || now - lane->watched_ms >= LOOK_MS)
		lane->watched_ms = store_fits(lane->jobs->app) ? now : 0;
	if (lane->watched_ms && !lane->added)
		lane->added = schedules_added(lane);
	return lane->watched_ms && lane->added;
}

/* Looks until there is something to run, or the end. */
static bool look(struct lane *lane, struct taken *taken)
{
	struct rs_jobs *jobs = lane->jobs;
	unsigned seen = 0;
	bool found;

	do {
		if (may_take(lane) &&
			take(jobs->app, jobs->kinds, lane->outward, lane, taken, &found) == RS_OK &&
			found)
			return true;
		if (!lane->outward && lane->watched_ms && counts_now(jobs))
			count_queue(jobs->app);
	} while (wait_for_work(jobs, &seen));
	return false;
}

/* Waits until nobody of the lane looks; false at the end. */
static bool begin_to_look(struct lane *lane)
{
	struct rs_jobs *jobs = lane->jobs;
	bool go_on;

	pthread_mutex_lock(&jobs->lock);
	while (lane->looking && !jobs->stopping)
		pthread_cond_wait(&lane->free, &jobs->lock);
	go_on = !jobs->stopping;
	lane->looking = lane->looking || go_on;
	pthread_mutex_unlock(&jobs->lock);
	return go_on;
}

static void let_another_look(struct lane *lane)
{
	pthread_mutex_lock(&lane->jobs->lock);
	lane->looking = false;
	pthread_cond_signal(&lane->free);
	pthread_mutex_unlock(&lane->jobs->lock);
}

/* Whose job a thread runs from now on; the place is given back by leave(). NULL: it is nobody's. */
static struct rs_id *enter(struct lane *lane, const struct rs_id *enterprise)
{
	struct rs_id *place = lane->running;

	if (!rs_id_set(enterprise))
		return NULL;
	pthread_mutex_lock(&lane->jobs->lock);
	while (rs_id_set(place)) /* there are as many as threads */
		place++;
	*place = *enterprise;
	pthread_mutex_unlock(&lane->jobs->lock);
	return place;
}

static void leave(struct lane *lane, struct rs_id *place)
{
	if (!place)
		return;
	pthread_mutex_lock(&lane->jobs->lock);
	*place = (struct rs_id){0};
	pthread_mutex_unlock(&lane->jobs->lock);
}

static void *runner(void *arg)
{
	struct lane *lane = arg;

	pthread_setname_np(pthread_self(), "jobs");
	while (begin_to_look(lane)) {
		struct taken taken;
		struct rs_id *place = NULL;
		enum rs_code rc = RS_OK;
		bool found = look(lane, &taken);

		if (found)
			place = enter(lane, &taken.job.enterprise);
		let_another_look(lane);
		if (found)
			rc = run_taken(&taken);
		leave(lane, place);
		/* Whoever cannot tell how it went has logged it; the lease ends by itself. */
		if (rc != RS_OK)
			continue;
	}
	return NULL;
}

enum rs_code rs_jobs_run_due(struct rs_ctx *ctx, const struct rs_job_kind *kinds, int *ran)
{
	enum rs_code rc = RS_OK;

	*ran = 0;
	for (int outward = 0; rc == RS_OK && outward < 2; outward++) {
		struct taken taken;
		bool found = true;

		rc = add_schedules(ctx, kinds, outward);
		while (rc == RS_OK && found) {
			rc = take(ctx->app, kinds, outward, NULL, &taken, &found);
			if (rc == RS_OK && found) {
				rc = run_taken(&taken);
				++*ran;
			}
		}
	}
	return rc ? rs_fail(ctx, rc, "The jobs could not be run.") : RS_OK;
}

/* --- start, stop, put --- */

static int start_lane(struct rs_jobs *jobs, bool outward)
{
	struct lane *lane = &jobs->lane[outward];
	int wanted = outward ? RS_JOBS_OUTWARD_THREADS : RS_JOBS_THREADS, rc = 0;

	lane->jobs = jobs;
	lane->outward = outward;
	pthread_cond_init(&lane->free, NULL);
	while (rc == 0 && lane->threads < wanted) {
		rc = pthread_create(&lane->thread[lane->threads], NULL, runner, lane);
		if (rc == 0)
			lane->threads++;
	}
	return rc;
}

int rs_jobs_start(struct rs_app *app, const struct rs_job_kind *kinds, struct rs_jobs **out)
{
	struct rs_jobs *jobs = calloc(1, sizeof *jobs);
	pthread_condattr_t attr;
	int inward, outward;

	if (!jobs)
		abort();
	jobs->app = app;
	jobs->kinds = kinds;
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->wake, &attr);
	pthread_condattr_destroy(&attr);
	inward = start_lane(jobs, false);
	outward = start_lane(jobs, true);
	*out = jobs;
	if (inward || outward) {
		rs_jobs_stop(jobs);
		*out = NULL;
	}
	return inward ? inward : outward;
}

void rs_jobs_stop(struct rs_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = true;
	pthread_cond_broadcast(&jobs->wake);
	for (int i = 0; i < 2; i++)
		pthread_cond_broadcast(&jobs->lane[i].free);
	pthread_mutex_unlock(&jobs->lock);
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < jobs->lane[i].threads; n++)
			pthread_join(jobs->lane[i].thread[n], NULL);
		pthread_cond_destroy(&jobs->lane[i].free);
	}
	pthread_cond_destroy(&jobs->wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

void rs_jobs_wake(struct rs_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->woken++;
	pthread_cond_broadcast(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
}

enum rs_code rs_job_put(struct rs_ctx *ctx, struct rs_tx *tx, const char *kind,
	const char *dedupe_key, const struct rs_id *enterprise, int64_t run_at_us,
	const json_t *payload)
{
	struct rs_params p = rs_params(ctx);
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_id id = rs_id_new(now);

	if (dedupe_key && strlen(dedupe_key) > RS_JOB_DEDUPE_MAX)
		abort();
	rs_p_id(&p, &id);
	rs_p_text(&p, kind);
	rs_p_text(&p, dedupe_key);
	rs_p_id(&p, enterprise);
	rs_p_json(&p, payload);
	rs_p_time(&p, run_at_us ? run_at_us : now);
	rs_p_time(&p, now);
	return rs_tx_run(ctx, tx, RS_Q_job_put, &p, NULL);
}

enum rs_code rs_job_withdraw(
	struct rs_ctx *ctx, struct rs_tx *tx, const char *kind, const char *dedupe_key)
{
	struct rs_params p = rs_params(ctx);

	rs_p_text(&p, kind);
	rs_p_text(&p, dedupe_key);
	return rs_tx_run(ctx, tx, RS_Q_job_withdraw, &p, NULL);
}

enum rs_code rs_job_again(
	struct rs_ctx *ctx, const struct rs_job *job, int64_t run_at_us, const json_t *payload)
{
	/* So that the end of this run does not take the row away. */
	struct rs_id id = rs_id_new(rs_clock_now_us(ctx->app->clock));
	struct rs_params p = rs_params(ctx);

	rs_p_id(&p, &job->id);
	rs_p_int(&p, job->attempts);
	rs_p_id(&p, &id);
	rs_p_time(&p, run_at_us);
	rs_p_json(&p, payload);
	return rs_read(ctx, RS_REACH_JOB, RS_Q_job_again, &p, NULL);
}
