/* Places for calls outward: so many for each, and none taken from another. */
#include "rs/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static const struct rs_id A = {"01a21f9e-554c-7550-a665-32213fbc3901"};
static const struct rs_id B = {"01a21f9e-554c-7550-a665-32213fbc3902"};

static void each_has_places_of_its_own(void **state)
{
	struct rs_slots *slots = rs_slots_new(2);

	(void)state;
	assert_true(rs_slots_take(slots, &A));
	assert_true(rs_slots_take(slots, &A));
	assert_false(rs_slots_take(slots, &A));
	assert_true(rs_slots_take(slots, &B));
	rs_slots_give(slots, &A);
	assert_true(rs_slots_take(slots, &A));
	assert_false(rs_slots_take(slots, &A));
	rs_slots_give(slots, &A);
	rs_slots_give(slots, &A);
	rs_slots_give(slots, &B);
	/* The sanitizers tell whether something is left. */
	rs_slots_free(slots);
	rs_slots_free(NULL);
}

static struct {
	struct rs_slots *slots;
	atomic_int inside, most, got;
} race;

static void *taker(void *cls)
{
	(void)cls;
	for (int i = 0; i < 2000; i++) {
		int now, most;

		if (!rs_slots_take(race.slots, &A))
			continue;
		now = atomic_fetch_add(&race.inside, 1) + 1;
		most = atomic_load(&race.most);
		while (now > most && !atomic_compare_exchange_weak(&race.most, &most, now))
			;
		atomic_fetch_add(&race.got, 1);
		if (i % 100 == 0)
			usleep(100);
		atomic_fetch_sub(&race.inside, 1);
		rs_slots_give(race.slots, &A);
	}
	return NULL;
}

static void threads_never_hold_more(void **state)
{
	pthread_t threads[8];

	(void)state;
	race.slots = rs_slots_new(3);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, taker, NULL), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(race.most, 1, 3);
	assert_true(race.got > 0);
	assert_int_equal(race.inside, 0);
	rs_slots_free(race.slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_places_of_its_own),
		cmocka_unit_test(threads_never_hold_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
