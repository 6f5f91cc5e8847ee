/*
 * Waiting for a change. However many clients wait, and for however many requests, the process asks
 * the database once in a while for all of them: whoever finds that it is time asks, the others
 * sleep until told. A change is seen by its revision, so a replica need not be told by another.
 */
#include "impl.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define ASK_EVERY_MS 250

struct waiter {
	struct waiter *next;
	const struct rs_id *id;
	int64_t known;
	bool changed;
};

struct rs_waits {
	pthread_mutex_t lock;
	pthread_cond_t told;
	struct waiter *first;
	int64_t asked_ms; /* when the database was last asked */
	bool asking;
	bool ended;
};

struct rs_waits *rs_waits_new(void)
{
	struct rs_waits *waits = calloc(1, sizeof(*waits));
	pthread_condattr_t attr;

	if (!waits)
		abort();
	pthread_mutex_init(&waits->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&waits->told, &attr);
	pthread_condattr_destroy(&attr);
	return waits;
}

void rs_waits_end(struct rs_waits *waits)
{
	pthread_mutex_lock(&waits->lock);
	waits->ended = true;
	pthread_cond_broadcast(&waits->told);
	pthread_mutex_unlock(&waits->lock);
}

void rs_waits_free(struct rs_waits *waits)
{
	if (!waits)
		return;
	pthread_cond_destroy(&waits->told);
	pthread_mutex_destroy(&waits->lock);
	free(waits);
}

/* The ids that are waited for, as an array. The lock is held. */
static json_t *ids_of(struct rs_ctx *ctx, const struct rs_waits *waits)
{
	json_t *ids = rs_arena_json(ctx->arena, json_array());

	for (const struct waiter *w = waits->first; w; w = w->next)
		json_array_append_new(ids, json_string(w->id->s));
	return ids;
}

/* Marks whoever knows an older revision than this, or one that is gone. The lock is held. */
static void mark(struct rs_waits *waits, const char *id, int64_t revision)
{
	for (struct waiter *w = waits->first; w; w = w->next)
		if (strcmp(w->id->s, id) == 0 && (w->known < revision || revision < 0))
			w->changed = true;
}

/* Asks for all that is waited for. The lock is held, but not while the database answers. */
static enum rs_code ask(struct rs_ctx *ctx, struct rs_waits *waits)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_texts(&p, ids_of(ctx, waits));
	waits->asking = true;
	pthread_mutex_unlock(&waits->lock);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_reissue_revisions, &p, &rows);
	pthread_mutex_lock(&waits->lock);
	waits->asking = false;
	waits->asked_ms = rs_clock_mono_ms();
	for (int i = 0; !rc && i < rs_rows_count(rows); i++)
		mark(waits, rs_row_text(rows, i, "id"), rs_row_int(rows, i, "revision"));
	pthread_cond_broadcast(&waits->told);
	return rc;
}

/* The lock is held. */
static void sleep_until(struct rs_waits *waits, int64_t ms)
{
	const struct timespec until = {
		.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};

	pthread_cond_timedwait(&waits->told, &waits->lock, &until);
}

enum rs_code rs_reissue_wait(
	struct rs_ctx *ctx, const struct rs_id *id, int64_t known, int seconds, bool *changed)
{
	struct rs_waits *waits = ctx->app->waits;
	struct waiter me = {.id = id, .known = known};
	int64_t now = rs_clock_mono_ms(), until = now + (int64_t)seconds * 1000;
	struct waiter **at;
	enum rs_code rc = RS_OK;

	pthread_mutex_lock(&waits->lock);
	me.next = waits->first;
	waits->first = &me;
	while (!rc && !me.changed && !waits->ended && now < until) {
		int64_t next = waits->asked_ms + ASK_EVERY_MS;

		if (!waits->asking && now >= next)
			rc = ask(ctx, waits);
		else
			sleep_until(waits, !waits->asking && next < until ? next : until);
		now = rs_clock_mono_ms();
	}
	for (at = &waits->first; *at != &me; at = &(*at)->next)
		;
	*at = me.next;
	pthread_mutex_unlock(&waits->lock);
	*changed = me.changed;
	return rc;
}
