/* The transition table of reissue requests, and what follows from it. */
#include "rs/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(from_, event_, guard_, to_, action_)                                                   \
	{                                                                                          \
		RS_RR_##from_, RS_EV_##event_, RS_GUARD_##guard_, RS_RR_##to_,                     \
			"reissue_request." action_                                                 \
	}

/* Rows of one state and event stand together, the most special guard first. */
static const struct rs_transition TABLE[] = {
	ROW(DRAFT, EDIT, ALWAYS, DRAFT, "edited"),
	ROW(DECLINED, EDIT, NO_INTENT, DRAFT, "edited"),

	ROW(DRAFT, SUBMIT, FACTOR, AUTHENTICATING, "submitted"),
	ROW(DRAFT, SUBMIT, VETTING, PENDING, "submitted"),
	ROW(DRAFT, SUBMIT, ALWAYS, ISSUING, "submitted"),
	ROW(DECLINED, SUBMIT, FACTOR, AUTHENTICATING, "submitted"),
	ROW(DECLINED, SUBMIT, VETTING, PENDING, "submitted"),
	ROW(DECLINED, SUBMIT, ALWAYS, ISSUING, "submitted"),

	ROW(AUTHENTICATING, FACTOR_PASSED, VETTING, PENDING, "authenticated"),
	ROW(AUTHENTICATING, FACTOR_PASSED, BLOCKED, FAILED, "authenticated"),
	ROW(AUTHENTICATING, FACTOR_PASSED, ALWAYS, ISSUING, "authenticated"),

	ROW(PENDING, OPEN, ALWAYS, IN_REVIEW, "opened"),
	ROW(IN_REVIEW, RELEASE, ALWAYS, PENDING, "released"),
	ROW(PENDING, APPROVE, SECOND, PENDING_DUAL_CONTROL, "approved"),
	ROW(PENDING, APPROVE, ALWAYS, ISSUING, "approved"),
	ROW(IN_REVIEW, APPROVE, SECOND, PENDING_DUAL_CONTROL, "approved"),
	ROW(IN_REVIEW, APPROVE, ALWAYS, ISSUING, "approved"),
	/* The first officer was blocked since: that approval does not count, this one is the first. */
	ROW(PENDING_DUAL_CONTROL, APPROVE, SECOND, PENDING_DUAL_CONTROL, "approved"),
	ROW(PENDING_DUAL_CONTROL, APPROVE, ALWAYS, ISSUING, "approved"),
	ROW(PENDING, DECLINE, ALWAYS, DECLINED, "declined"),
	ROW(IN_REVIEW, DECLINE, ALWAYS, DECLINED, "declined"),
	ROW(PENDING_DUAL_CONTROL, DECLINE, ALWAYS, DECLINED, "declined"),

	ROW(AUTHENTICATING, REOPEN, NO_INTENT, DRAFT, "reopened"),
	ROW(PENDING, REOPEN, NO_INTENT, DRAFT, "reopened"),
	ROW(IN_REVIEW, REOPEN, NO_INTENT, DRAFT, "reopened"),
	ROW(PENDING_DUAL_CONTROL, REOPEN, NO_INTENT, DRAFT, "reopened"),
	ROW(DECLINED, REOPEN, NO_INTENT, DRAFT, "reopened"),
	ROW(FAILED, REOPEN, NO_INTENT, DRAFT, "reopened"),

	ROW(ISSUING, DONE, ALWAYS, ISSUED, "issued"),
	ROW(ISSUING, CANNOT, ALWAYS, FAILED, "failed"),
	ROW(FAILED, RETRY, BLOCKED, FAILED, "retried"),
	ROW(FAILED, RETRY, ALWAYS, ISSUING, "retried"),

	ROW(DRAFT, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(AUTHENTICATING, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(PENDING, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(IN_REVIEW, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(PENDING_DUAL_CONTROL, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(DECLINED, CANCEL, ALWAYS, CANCELLED, "cancelled"),
	ROW(FAILED, CANCEL, ALWAYS, CANCELLED, "cancelled"),

	ROW(DRAFT, EXPIRE, ALWAYS, EXPIRED, "expired"),
	ROW(AUTHENTICATING, EXPIRE, ALWAYS, EXPIRED, "expired"),
	ROW(DECLINED, EXPIRE, ALWAYS, EXPIRED, "expired"),
	ROW(FAILED, EXPIRE, ALWAYS, EXPIRED, "expired"),
};

#define ROWS (sizeof(TABLE) / sizeof(TABLE[0]))

#define RS_STATE(name, wire, open) wire,
static const char *const STATE_NAMES[] = {RS_STATES(RS_STATE)};
#undef RS_STATE
#define RS_STATE(name, wire, open) open,
static const bool STATE_OPEN[] = {RS_STATES(RS_STATE)};
#undef RS_STATE
#define RS_MEVENT(name, wire) wire,
static const char *const EVENT_NAMES[] = {RS_MEVENTS(RS_MEVENT)};
#undef RS_MEVENT
#define RS_GUARD(name, text) text,
static const char *const GUARD_TEXTS[] = {RS_GUARDS(RS_GUARD)};
#undef RS_GUARD

const struct rs_transition *rs_machine_table(size_t *count)
{
	*count = ROWS;
	return TABLE;
}

static bool guard_holds(enum rs_rr_guard guard, const struct rs_rr_facts *facts)
{
	switch (guard) {
	case RS_GUARD_ALWAYS:
		return true;
	case RS_GUARD_FACTOR:
		return facts->factor;
	case RS_GUARD_VETTING:
		return facts->vetting;
	case RS_GUARD_SECOND:
		return facts->second;
	case RS_GUARD_BLOCKED:
		return facts->blocked;
	case RS_GUARD_NO_INTENT:
		return !facts->intent;
	case RS_RR_GUARDS:
		break;
	}
	return false;
}

const struct rs_transition *rs_machine_next(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct rs_transition *row = &TABLE[i];

		if (row->from == from && row->event == event && guard_holds(row->guard, facts))
			return row;
	}
	return NULL;
}

bool rs_machine_allows(enum rs_rr_state from, enum rs_rr_event event)
{
	for (size_t i = 0; i < ROWS; i++)
		if (TABLE[i].from == from && TABLE[i].event == event)
			return true;
	return false;
}

const char *rs_state_name(enum rs_rr_state state)
{
	return STATE_NAMES[state];
}

const char *rs_event_name(enum rs_rr_event event)
{
	return EVENT_NAMES[event];
}

enum rs_rr_state rs_state_from(const char *name)
{
	unsigned i = 0;

	while (i < RS_RR_STATES && strcmp(STATE_NAMES[i], name) != 0)
		i++;
	return (enum rs_rr_state)i;
}

bool rs_state_open(enum rs_rr_state state)
{
	return STATE_OPEN[state];
}

char *rs_machine_mermaid(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fputs("stateDiagram-v2\n\t[*] --> draft: create\n", out);
	for (size_t i = 0; i < ROWS; i++) {
		const char *guard = GUARD_TEXTS[TABLE[i].guard];

		fprintf(out, "\t%s --> %s: %s", STATE_NAMES[TABLE[i].from],
			STATE_NAMES[TABLE[i].to], EVENT_NAMES[TABLE[i].event]);
		if (*guard)
			fprintf(out, " [%s]", guard);
		fputc('\n', out);
	}
	for (unsigned i = 0; i < RS_RR_STATES; i++)
		if (!STATE_OPEN[i])
			fprintf(out, "\t%s --> [*]\n", STATE_NAMES[i]);
	if (fclose(out) != 0)
		abort();
	return text;
}

json_t *rs_machine_json(void)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ROWS; i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "from", STATE_NAMES[TABLE[i].from],
				"event", EVENT_NAMES[TABLE[i].event], "guard",
				GUARD_TEXTS[TABLE[i].guard], "to", STATE_NAMES[TABLE[i].to],
				"audit_action", TABLE[i].action));
	return rows;
}
