#include "rs/cpu.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct rs_cpu_slot {
	struct rs_cpu *cpu; /* NULL: a slot of its own, freed when given back */
	struct rs_cpu_slot *next; /* free list */
	void *work[RS_CPU_WORK_MAX];
	void (*release[RS_CPU_WORK_MAX])(void *);
};

/* One thread that waits; it lives on that thread's stack. */
struct waiter {
	pthread_cond_t cond;
	struct rs_cpu_slot *slot; /* what it was handed */
	struct waiter *next;
};

struct rs_cpu {
	pthread_mutex_t mutex;
	struct rs_cpu_slot *free;
	struct waiter *first;
	struct waiter **last;
	int count;
	struct rs_cpu_slot slots[];
};

struct rs_cpu *rs_cpu_new(int slots)
{
	if (slots <= 0)
		slots = 2 * (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (slots <= 0)
		slots = 2;
	struct rs_cpu *cpu = calloc(1, sizeof(*cpu) + (size_t)slots * sizeof(cpu->slots[0]));
	if (!cpu)
		abort();
	pthread_mutex_init(&cpu->mutex, NULL);
	cpu->last = &cpu->first;
	cpu->count = slots;
	for (int i = 0; i < slots; i++) {
		cpu->slots[i].cpu = cpu;
		cpu->slots[i].next = cpu->free;
		cpu->free = &cpu->slots[i];
	}
	return cpu;
}

static void slot_clear(struct rs_cpu_slot *slot)
{
	for (int i = 0; i < RS_CPU_WORK_MAX; i++)
		if (slot->work[i] && slot->release[i])
			slot->release[i](slot->work[i]);
}

void rs_cpu_free(struct rs_cpu *cpu)
{
	if (!cpu)
		return;
	for (int i = 0; i < cpu->count; i++)
		slot_clear(&cpu->slots[i]);
	pthread_mutex_destroy(&cpu->mutex);
	free(cpu);
}

static void waiter_remove(struct rs_cpu *cpu, struct waiter *w)
{
	struct waiter **at = &cpu->first;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (cpu->last == &w->next)
		cpu->last = at;
}

/* Waits in line for a slot; the lock is held. NULL when the time is over. */
static struct rs_cpu_slot *wait_in_line(struct rs_cpu *cpu, int ms)
{
	struct waiter w = {.slot = NULL};
	struct timespec until;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w.cond, &attr);
	pthread_condattr_destroy(&attr);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	*cpu->last = &w;
	cpu->last = &w.next;
	while (!w.slot && pthread_cond_timedwait(&w.cond, &cpu->mutex, &until) == 0)
		;
	if (!w.slot)
		waiter_remove(cpu, &w);
	pthread_cond_destroy(&w.cond);
	return w.slot;
}

enum rs_code rs_cpu_take(struct rs_ctx *ctx, struct rs_cpu_slot **slot)
{
	struct rs_cpu *cpu = ctx->app ? ctx->app->cpu : NULL;
	if (!cpu) {
		*slot = calloc(1, sizeof(**slot));
		if (!*slot)
			abort();
		return RS_OK;
	}
	pthread_mutex_lock(&cpu->mutex);
	struct rs_cpu_slot *got = cpu->free;
	int64_t start = 0;
	if (got) {
		cpu->free = got->next;
	} else {
		int left = rs_ctx_left_ms(ctx);
		start = rs_clock_mono_ms();
		got = wait_in_line(cpu, left < RS_CPU_WAIT_MS ? left : RS_CPU_WAIT_MS);
	}
	pthread_mutex_unlock(&cpu->mutex);
	if (start)
		rs_metric_observe(RS_M_CPU_WAIT, (struct rs_labels){{0}},
			(rs_clock_mono_ms() - start) * 1000);
	if (!got)
		return rs_fail(ctx, RS_OVERLOADED,
			"All processors are busy. Try again in a few seconds.");
	*slot = got;
	return RS_OK;
}

void rs_cpu_give(struct rs_cpu_slot **slot)
{
	struct rs_cpu_slot *given = *slot;
	*slot = NULL;
	if (!given)
		return;
	struct rs_cpu *cpu = given->cpu;
	if (!cpu) {
		slot_clear(given);
		free(given);
		return;
	}
	pthread_mutex_lock(&cpu->mutex);
	struct waiter *w = cpu->first;
	if (w) {
		waiter_remove(cpu, w);
		w->slot = given;
		pthread_cond_signal(&w->cond);
	} else {
		given->next = cpu->free;
		cpu->free = given;
	}
	pthread_mutex_unlock(&cpu->mutex);
}

void *rs_cpu_work(struct rs_cpu_slot *slot, int kind, void *(*make)(void), void (*release)(void *))
{
	if (!slot->work[kind]) {
		slot->work[kind] = make();
		slot->release[kind] = release;
	}
	return slot->work[kind];
}
