/*
 * Looks: reads by a key that go out together. Most requests begin with two or three of them, and
 * what each costs is the round trip more than the row. So few threads at a time (one for
 * CORES_PER_LOOK cores, twice as many in a crowd) ask the database, and whoever does takes along
 * what has come to wait meanwhile; there is no timer and no thread of its own.
 *
 * A group is one implicit transaction: whose rows may be seen and the statements, of which one
 * serves all looks for the same kind of thing (set.c). Looks change nothing, so when a group fails
 * each of them simply runs again alone: only the failing one gets an error, and only a look whose
 * own deadline has come is late.
 */
#include "internal.h"

#include "rs/clock.h"

#include <unistd.h>

#define GROUP_MAX      32
#define CORES_PER_LOOK 2
/* So many waiting are worth a group of their own beside the ones that are being asked. */
#define CROWD	       7

enum look_state {
	LOOK_WAITS,
	LOOK_LEADS, /* its thread asks next */
	LOOK_TAKEN, /* it is in a group that is being asked */
	LOOK_DONE,
	LOOK_ALONE, /* the group failed */
};

/*
 * On the stack of the thread that waits for it. A semaphore each, posted outside the lock: who
 * wakes must not run into the lock of who woke it.
 */
struct rs_look {
	struct rs_look *next;
	sem_t told; /* the state is one its thread goes on with */
	enum look_state state;
	int64_t deadline;
	struct rs_one one;
	struct rs_one *ahead; /* what goes with it, or NULL */
};

void rs_looks_init(struct rs_looks *looks)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	pthread_mutex_init(&looks->lock, NULL);
	looks->last = &looks->first;
	looks->max = cores > CORES_PER_LOOK ? (int)cores / CORES_PER_LOOK : 1;
}

void rs_looks_clear(struct rs_looks *looks)
{
	pthread_mutex_destroy(&looks->lock);
}

/* --- under the lock --- */

static void enqueue(struct rs_looks *looks, struct rs_look *look)
{
	look->next = NULL;
	*looks->last = look;
	looks->last = &look->next;
	looks->waiting++;
}

static struct rs_look *dequeue(struct rs_looks *looks)
{
	struct rs_look *look = looks->first;

	looks->first = look->next;
	looks->waiting--;
	if (!looks->first)
		looks->last = &looks->first;
	return look;
}

static void leave(struct rs_looks *looks, const struct rs_look *look)
{
	struct rs_look **at = &looks->first;

	while (*at != look)
		at = &(*at)->next;
	*at = look->next;
	looks->waiting--;
	if (!*at)
		looks->last = at;
}

/* Who leads no more hands on to the one who has waited longest; NULL when nobody waits. */
static struct rs_look *hand_on(struct rs_looks *looks)
{
	struct rs_look *next = NULL;

	if (looks->first) {
		next = dequeue(looks);
		next->state = LOOK_LEADS;
	} else {
		looks->leading--;
	}
	return next;
}

/* --- waiting --- */

/* False when the deadline came before its turn. */
static bool await(struct rs_looks *looks, struct rs_look *look)
{
	bool late;

	if (rs_sem_until(&look->told, look->deadline))
		return true;
	pthread_mutex_lock(&looks->lock);
	late = look->state == LOOK_WAITS;
	if (late)
		leave(looks, look);
	pthread_mutex_unlock(&looks->lock);
	/* Whoever asks for it is through by the deadline of each in the group. */
	while (!late && sem_wait(&look->told) != 0)
		;
	return !late;
}

/* Whether the caller may ask at once; if not it is queued. */
static bool may_lead(struct rs_looks *looks, struct rs_look *look)
{
	bool leads;

	pthread_mutex_lock(&looks->lock);
	leads = looks->leading < looks->max ||
		(looks->leading < 2 * looks->max && looks->waiting >= CROWD);
	if (leads) {
		looks->leading++;
		look->state = LOOK_LEADS;
	} else {
		enqueue(looks, look);
	}
	pthread_mutex_unlock(&looks->lock);
	return leads;
}

static int take_along(struct rs_looks *looks, struct rs_look *group[GROUP_MAX])
{
	int n = 1;

	pthread_mutex_lock(&looks->lock);
	while (looks->first && n < GROUP_MAX) {
		group[n] = dequeue(looks);
		group[n++]->state = LOOK_TAKEN;
	}
	pthread_mutex_unlock(&looks->lock);
	return n;
}

/* The next one asks, the group has its answers. */
static void pass_on(struct rs_looks *looks, struct rs_look **group, int n, enum look_state state)
{
	struct rs_look *next;

	pthread_mutex_lock(&looks->lock);
	for (int i = 0; i < n; i++)
		group[i]->state = state;
	next = hand_on(looks);
	pthread_mutex_unlock(&looks->lock);
	if (next)
		sem_post(&next->told);
	for (int i = 1; i < n; i++)
		sem_post(&group[i]->told);
}

/* --- the one who asks --- */

/* One round trip for all of the group, within the deadline of each. */
static enum rs_code ask(struct rs_ctx *ctx, struct rs_conn *conn, struct rs_look **group, int n)
{
	struct rs_one *ones[2 * GROUP_MAX];
	int64_t own = ctx->deadline_ms;
	enum rs_code rc;
	int count = 0;

	ctx->deadline_ms = group[0]->deadline;
	for (int i = 0; i < n; i++) {
		if (group[i]->deadline < ctx->deadline_ms)
			ctx->deadline_ms = group[i]->deadline;
		ones[count++] = &group[i]->one;
		if (group[i]->ahead)
			ones[count++] = group[i]->ahead;
	}
	rc = rs_group_run(ctx, conn, ones, count, false);
	ctx->deadline_ms = own;
	return rc;
}

/* group[0] is the caller's. */
static enum rs_code lead(struct rs_ctx *ctx, enum rs_reach reach, struct rs_looks *looks,
	struct rs_look *group[GROUP_MAX])
{
	struct rs_conn *conn;
	int n = 1;
	enum rs_code rc = rs_conn_take(ctx, reach, &conn);
	bool asked = rc == RS_OK, alone;

	if (asked) {
		n = take_along(looks, group);
		rc = ask(ctx, conn, group, n);
		rs_conn_give(conn);
	}
	/* Alone, it has failed as it would have failed without a group. */
	alone = asked && rc != RS_OK && (n > 1 || group[0]->ahead);
	pass_on(looks, group, n, alone ? LOOK_ALONE : LOOK_DONE);
	return rc;
}

enum rs_code rs_look(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	struct rs_looks *looks =
		&ctx->app->store->pool[reach == RS_REACH_JOB ? RS_POOL_JOB : RS_POOL_APP].looks;
	struct rs_look look = {.state = LOOK_WAITS, .deadline = rs_wire_deadline(ctx)};
	struct rs_look *group[GROUP_MAX] = {&look};
	enum rs_code rc = RS_OK;

	*rows = rs_ahead_take(ctx, reach, query, params);
	if (*rows)
		return RS_OK;
	look.ahead = reach == RS_REACH_CALLER ? rs_ahead_go(ctx) : NULL;
	look.one = (struct rs_one){.slot = RS_SLOT_QUERIES + (int)query,
		.params = params,
		.reach = rs_reach_of(ctx, reach)};
	sem_init(&look.told, 0, 0);
	if (!may_lead(looks, &look) && !await(looks, &look))
		rc = rs_store_away(ctx, "no turn to read before the deadline");
	else if (look.state == LOOK_LEADS)
		rc = lead(ctx, reach, looks, group);
	sem_destroy(&look.told);
	if (look.state == LOOK_ALONE) {
		rs_err_reset(&ctx->err);
		return rs_read(ctx, reach, query, params, rows);
	}
	if (rc == RS_OK && look.ahead)
		rs_ahead_keep(ctx);
	if (rc == RS_OK)
		*rows = rs_rows_keep(ctx, look.one.slot, look.one.got);
	return rc;
}

enum rs_code rs_look_one(struct rs_ctx *ctx, enum rs_reach reach, enum rs_query query,
	const struct rs_params *params, struct rs_rows **rows)
{
	enum rs_code rc = rs_look(ctx, reach, query, params, rows);

	return rc == RS_OK ? rs_one_row(ctx, *rows) : rc;
}
