/*
 * Background jobs: rows, taken by whichever replica comes first.
 *
 * Two kinds. A scheduled one comes round by the clock: one row a kind says when next, and a lease
 * says who runs it now. A queued one is put by rs_job_put() inside the transaction of what calls for
 * it (the outbox): it runs after that commits, at least once, one try at a time, again after a
 * growing pause when it fails, and is set aside as dead after attempts_max tries. A dedupe key keeps
 * the same work from standing in the queue twice.
 *
 * What waits for somebody else's server (a relay, a gateway, name servers) runs in a lane of its own
 * with more threads, so that a server that hangs holds up neither the other lane nor, while a thread
 * of its lane is free, what goes elsewhere. Jobs of one enterprise get no more than RS_JOBS_SHARE of
 * those threads: its servers hold up its own jobs and nobody else's. In each lane one thread looks
 * for work and hands that on to a free one before it runs what it found.
 *
 * Leases are kept by the database's clock, due times by business time. A job that dies with its
 * process is taken again when its lease is over, so handlers must bear being run twice.
 */
#ifndef RS_JOBS_H
#define RS_JOBS_H

#include "rs/store.h"

#define RS_JOB_KINDS_MAX   32
#define RS_JOB_DEDUPE_MAX  200
#define RS_JOBS_THREADS	   2
#define RS_JOBS_OUTWARD_THREADS 8
#define RS_JOBS_SHARE		6

/* One run, as the handler sees it. */
struct rs_job {
	struct rs_id id;         /* "" of a scheduled one */
	const char *kind;
	const char *dedupe_key;  /* or NULL */
	struct rs_id enterprise; /* whose, or "" */
	json_t *payload;         /* borrowed; an empty object of a scheduled one */
	int64_t attempts;        /* this one included */
};

struct rs_job_kind {
	const char *name;  /* "draft.expire" */
	int interval_s;    /* > 0: scheduled, this often; 0: queued */
	int lease_s;       /* longest run; the context's deadline */
	int attempts_max;  /* queued: dead after so many failures */
	/* ctx acts as the system, reach platform. Anything but RS_OK is a failure. */
	enum rs_code (*run)(struct rs_ctx *ctx, const struct rs_job *job);
	bool outward;      /* waits for somebody else's server */
};

struct rs_jobs;

/*
 * Starts the runners for the kinds (an array that ends with name NULL and lives as long as they
 * do). 0, or an errno.
 */
int rs_jobs_start(struct rs_app *app, const struct rs_job_kind *kinds, struct rs_jobs **out)
	RS_CHECK;
/* Lets the runs of this moment end and stops. NULL is fine. */
void rs_jobs_stop(struct rs_jobs *jobs);
/* Something is due now: do not wait for the next look (twice a second). Any thread. */
void rs_jobs_wake(struct rs_jobs *jobs);

/*
 * Queues a run at business time run_at_us (0 = now) inside tx. payload is an object, borrowed.
 * With a dedupe key (at most RS_JOB_DEDUPE_MAX bytes) that is queued already nothing is added.
 */
enum rs_code rs_job_put(struct rs_ctx *ctx, struct rs_tx *tx, const char *kind,
	const char *dedupe_key, const struct rs_id *enterprise, int64_t run_at_us,
	const json_t *payload) RS_CHECK;

/*
 * Takes back, inside tx, what was queued under that key; a run of it that has begun goes on, but is its
 * last one.
 */
enum rs_code rs_job_withdraw(struct rs_ctx *ctx, struct rs_tx *tx, const char *kind,
	const char *dedupe_key) RS_CHECK;
/*
 * By the handler, instead of failing: the job runs again at business time run_at_us, with that payload
 * (borrowed) and its tries anew. Nothing when it was taken back meanwhile.
 */
enum rs_code rs_job_again(struct rs_ctx *ctx, const struct rs_job *job, int64_t run_at_us,
	const json_t *payload) RS_CHECK;

/*
 * Runs everything that is due, once, in the caller's thread: commands and tests. *ran gets the
 * count of runs.
 */
enum rs_code rs_jobs_run_due(struct rs_ctx *ctx, const struct rs_job_kind *kinds, int *ran)
	RS_CHECK;

#endif
