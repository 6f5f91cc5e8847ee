/* All states with all events and all facts against the sentences of the specification (I12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rs/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The reference, written a second time and differently: for each event the states it fits and a
 * function of the facts, as the sentences of the specification put them.
 */
#define S(name) (1u << RS_RR_##name)
#define NONE RS_RR_STATES

static enum rs_rr_state after_round(const struct rs_rr_facts *facts)
{
	if (facts->vetting)
		return RS_RR_PENDING;
	return RS_RR_ISSUING;
}

static enum rs_rr_state reference_vetting(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts)
{
	unsigned in = 1u << from;

	switch (event) {
	case RS_EV_OPEN:
		return from == RS_RR_PENDING ? RS_RR_IN_REVIEW : NONE;
	case RS_EV_RELEASE:
		return from == RS_RR_IN_REVIEW ? RS_RR_PENDING : NONE;
	case RS_EV_APPROVE:
		if (!(in & (S(PENDING) | S(IN_REVIEW) | S(PENDING_DUAL_CONTROL))))
			return NONE;
		return facts->second ? RS_RR_PENDING_DUAL_CONTROL : RS_RR_ISSUING;
	case RS_EV_DECLINE:
		return in & (S(PENDING) | S(IN_REVIEW) | S(PENDING_DUAL_CONTROL)) ? RS_RR_DECLINED
										  : NONE;
	default:
		return NONE;
	}
}

#define REOPENED                                                                                   \
	(S(AUTHENTICATING) | S(PENDING) | S(IN_REVIEW) | S(PENDING_DUAL_CONTROL) | S(DECLINED) |   \
		S(FAILED))

/* What becomes of an issuance, and the ends. */
static enum rs_rr_state reference_end(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts)
{
	unsigned in = 1u << from;

	switch (event) {
	case RS_EV_DONE:
		return from == RS_RR_ISSUING ? RS_RR_ISSUED : NONE;
	case RS_EV_CANNOT:
		return from == RS_RR_ISSUING ? RS_RR_FAILED : NONE;
	case RS_EV_CANCEL:
		return in & (REOPENED | S(DRAFT)) ? RS_RR_CANCELLED : NONE;
	case RS_EV_EXPIRE:
		return in & (S(DRAFT) | S(AUTHENTICATING) | S(DECLINED) | S(FAILED)) ? RS_RR_EXPIRED
										     : NONE;
	default:
		return reference_vetting(from, event, facts);
	}
}

/* Back to a draft, and another try. */
static enum rs_rr_state reference_again(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts)
{
	switch (event) {
	case RS_EV_REOPEN:
		return (1u << from) & REOPENED && !facts->intent ? RS_RR_DRAFT : NONE;
	case RS_EV_RETRY:
		if (from != RS_RR_FAILED)
			return NONE;
		return facts->blocked ? RS_RR_FAILED : RS_RR_ISSUING;
	default:
		return reference_end(from, event, facts);
	}
}

static enum rs_rr_state reference(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts)
{
	unsigned in = 1u << from;

	switch (event) {
	case RS_EV_EDIT:
		if (from == RS_RR_DRAFT)
			return RS_RR_DRAFT;
		return from == RS_RR_DECLINED && !facts->intent ? RS_RR_DRAFT : NONE;
	case RS_EV_SUBMIT:
		if (!(in & (S(DRAFT) | S(DECLINED))))
			return NONE;
		return facts->factor ? RS_RR_AUTHENTICATING : after_round(facts);
	case RS_EV_FACTOR_PASSED:
		if (from != RS_RR_AUTHENTICATING)
			return NONE;
		if (!facts->vetting && facts->blocked)
			return RS_RR_FAILED;
		return after_round(facts);
	default:
		return reference_again(from, event, facts);
	}
}

static struct rs_rr_facts facts_of(unsigned bits)
{
	return (struct rs_rr_facts){
		.factor = bits & 1,
		.vetting = bits & 2,
		.second = bits & 4,
		.blocked = bits & 8,
		.intent = bits & 16,
	};
}

static void every_state_with_every_event(void **state)
{
	(void)state;
	for (unsigned from = 0; from < RS_RR_STATES; from++)
		for (unsigned event = 0; event < RS_RR_EVENTS; event++) {
			bool any = false;

			for (unsigned bits = 0; bits < 32; bits++) {
				struct rs_rr_facts facts = facts_of(bits);
				const struct rs_transition *row = rs_machine_next(from, event, &facts);
				enum rs_rr_state want = reference(from, event, &facts);

				if ((row ? row->to : NONE) != want)
					fail_msg("%s + %s with facts %u", rs_state_name(from),
						rs_event_name(event), bits);
				any = any || row;
			}
			assert_int_equal(any, rs_machine_allows(from, event));
		}
}

static void ended_states_stay(void **state)
{
	(void)state;
	for (unsigned from = 0; from < RS_RR_STATES; from++)
		for (unsigned event = 0; event < RS_RR_EVENTS; event++)
			if (!rs_state_open(from))
				assert_false(rs_machine_allows(from, event));
}

/* A million steps: the walk never leaves the table and reaches every state. */
static void random_walk(void **state)
{
	unsigned seed = 20261124, seen = 0;
	enum rs_rr_state now = RS_RR_DRAFT;

	(void)state;
	for (int step = 0; step < 1000000; step++) {
		enum rs_rr_event event = (unsigned)rand_r(&seed) % RS_RR_EVENTS;
		struct rs_rr_facts facts = facts_of((unsigned)rand_r(&seed) % 32);
		const struct rs_transition *row = rs_machine_next(now, event, &facts);
		enum rs_rr_state want = reference(now, event, &facts);

		assert_int_equal(row ? row->to : NONE, want);
		if (row)
			now = row->to;
		seen |= 1u << now;
		if (!rs_state_open(now))
			now = RS_RR_DRAFT;
	}
	assert_int_equal(seen, (1u << RS_RR_STATES) - 1);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RS_RR_STATES; i++)
		assert_int_equal(rs_state_from(rs_state_name(i)), i);
	assert_int_equal(rs_state_from("nonsense"), RS_RR_STATES);
}

static void diagram_has_every_row(void **state)
{
	size_t rows;
	char *text = rs_machine_mermaid();
	json_t *json = rs_machine_json();

	(void)state;
	rs_machine_table(&rows);
	assert_int_equal(json_array_size(json), rows);
	for (size_t i = 0; i < rows; i++) {
		json_t *row = json_array_get(json, i);
		char line[200];

		snprintf(line, sizeof(line), "\t%s --> %s: %s",
			json_string_value(json_object_get(row, "from")),
			json_string_value(json_object_get(row, "to")),
			json_string_value(json_object_get(row, "event")));
		assert_non_null(strstr(text, line));
	}
	free(text);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(ended_states_stay),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(diagram_has_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
