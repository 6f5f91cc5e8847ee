#include "rs/slots.h"

#include "rs/id.h"

#include <pthread.h>
#include <stdlib.h>

/* Those who have places taken; few at a time, so a list does. */
struct holder {
	struct holder *next;
	struct rs_id whose;
	int taken;
};

struct rs_slots {
	pthread_mutex_t lock;
	struct holder *first;
	int each;
};

struct rs_slots *rs_slots_new(int each)
{
	struct rs_slots *slots = calloc(1, sizeof(*slots));

	if (!slots)
		abort();
	pthread_mutex_init(&slots->lock, NULL);
	slots->each = each;
	return slots;
}

void rs_slots_free(struct rs_slots *slots)
{
	if (!slots)
		return;
	pthread_mutex_destroy(&slots->lock);
	free(slots);
}

/* Where the holder stands, or where the list ends. */
static struct holder **find(struct rs_slots *slots, const struct rs_id *whose)
{
	struct holder **at = &slots->first;

	while (*at && !rs_id_eq(&(*at)->whose, whose))
		at = &(*at)->next;
	return at;
}

bool rs_slots_take(struct rs_slots *slots, const struct rs_id *whose)
{
	struct holder **at;
	bool got;

	pthread_mutex_lock(&slots->lock);
	at = find(slots, whose);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			abort();
		(*at)->whose = *whose;
	}
	got = (*at)->taken < slots->each;
	(*at)->taken += got;
	pthread_mutex_unlock(&slots->lock);
	return got;
}

void rs_slots_give(struct rs_slots *slots, const struct rs_id *whose)
{
	struct holder **at, *holder;

	pthread_mutex_lock(&slots->lock);
	at = find(slots, whose);
	holder = *at;
	if (holder && --holder->taken == 0) {
		*at = holder->next;
		free(holder);
	}
	pthread_mutex_unlock(&slots->lock);
}
