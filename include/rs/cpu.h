/*
 * CPU slots: how many threads may do expensive arithmetic at once.
 *
 * There are twice as many as cores. A slot is held only around signature verification, key checks,
 * building, lint and Argon2, and nothing is waited for while one is held. Who gets none within a
 * second answers 503. What such work needs again and again (big-number contexts, digests, parsed
 * keys) hangs on the slot, of which there are few, and not on threads, of which there are many.
 *
 *	rs_auto_cpu slot = NULL;
 *	rc = rs_cpu_take(ctx, &slot);
 */
#ifndef RS_CPU_H
#define RS_CPU_H

#include "rs/ctx.h"

/* How long a taker waits at most. */
#define RS_CPU_WAIT_MS 1000
/* How many kinds of work objects a slot can hold. */
#define RS_CPU_WORK_MAX 4

struct rs_cpu;
struct rs_cpu_slot;

/* A set of slots; 0 = twice the cores. Never NULL. */
struct rs_cpu *rs_cpu_new(int slots);
/* Frees the slots and what hangs on them; none may be taken. NULL is fine. */
void rs_cpu_free(struct rs_cpu *cpu);

/*
 * Takes a slot, first come first served; RS_OVERLOADED after RS_CPU_WAIT_MS or at the deadline of
 * ctx. Without ctx->app->cpu (tests, commands) it gives a slot of the context's own.
 */
enum rs_code rs_cpu_take(struct rs_ctx *ctx, struct rs_cpu_slot **slot) RS_CHECK;
/* Gives it back and sets *slot to NULL; NULL inside is fine. */
void rs_cpu_give(struct rs_cpu_slot **slot);
#define rs_auto_cpu __attribute__((cleanup(rs_cpu_give))) struct rs_cpu_slot *

/*
 * The slot's work object number `kind` (0..RS_CPU_WORK_MAX-1, one a module): made by make() at the
 * first use, released by release() with the slots. NULL when make() gave NULL.
 */
void *rs_cpu_work(struct rs_cpu_slot *slot, int kind, void *(*make)(void),
	void (*release)(void *));

#endif
