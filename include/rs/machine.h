/*
 * The life of a reissue request: one transition table.
 *
 * A request is in one state. Something happens to it (an event); which state follows depends on
 * what is known about the request (facts). src/reissue/machine.c holds the table; nothing else in
 * the service decides what may follow what. From it come the allowed actions of an answer, the 409
 * of an event that does not fit, the diagram in the README (`reissued machine --mermaid`) and the
 * exhaustive test of all states with all events. SQL repeats only the names of the states, in CHECK
 * constraints that a test compares with this list.
 */
#ifndef RS_MACHINE_H
#define RS_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* RS_STATE(NAME, "name", open): an open request counts for one-per-certificate. */
#define RS_STATES(RS_STATE)                                                                        \
	RS_STATE(DRAFT, "draft", true)                                                             \
	RS_STATE(AUTHENTICATING, "authenticating", true)                                           \
	RS_STATE(PENDING, "pending", true)                                                         \
	RS_STATE(IN_REVIEW, "in_review", true)                                                     \
	RS_STATE(PENDING_DUAL_CONTROL, "pending_dual_control", true)                               \
	RS_STATE(DECLINED, "declined", true)                                                       \
	RS_STATE(ISSUING, "issuing", true)                                                         \
	RS_STATE(FAILED, "failed", true)                                                           \
	RS_STATE(ISSUED, "issued", false)                                                          \
	RS_STATE(CANCELLED, "cancelled", false)                                                    \
	RS_STATE(EXPIRED, "expired", false)

/* RS_MEVENT(NAME, "name"): what can happen to a request. */
#define RS_MEVENTS(RS_MEVENT)                                                                      \
	RS_MEVENT(EDIT, "edit") /* content or key changes */                                       \
	RS_MEVENT(SUBMIT, "submit")                                                                \
	RS_MEVENT(FACTOR_PASSED, "factor_passed")                                                  \
	RS_MEVENT(OPEN, "open")                                                                    \
	RS_MEVENT(RELEASE, "release")                                                              \
	RS_MEVENT(APPROVE, "approve")                                                              \
	RS_MEVENT(DECLINE, "decline")                                                              \
	RS_MEVENT(REOPEN, "reopen")                                                                \
	RS_MEVENT(DONE, "done")     /* the certificate is stored */                                \
	RS_MEVENT(CANNOT, "cannot") /* issuing ended without one */                                \
	RS_MEVENT(RETRY, "retry")                                                                  \
	RS_MEVENT(CANCEL, "cancel")                                                                \
	RS_MEVENT(EXPIRE, "expire") /* idle past expires_at */

/* RS_GUARD(NAME, "what the diagram says"): the facts a row may ask for. */
#define RS_GUARDS(RS_GUARD)                                                                        \
	RS_GUARD(ALWAYS, "")                                                                       \
	RS_GUARD(FACTOR, "a factor is required")                                                   \
	RS_GUARD(VETTING, "vetting is required")                                                   \
	RS_GUARD(SECOND, "a second officer is required")                                           \
	RS_GUARD(BLOCKED, "a blocker stands")                                                      \
	RS_GUARD(NO_INTENT, "no intent lives")

#define RS_STATE(name, wire, open) RS_RR_##name,
enum rs_rr_state { RS_STATES(RS_STATE) RS_RR_STATES };
#undef RS_STATE

#define RS_MEVENT(name, wire) RS_EV_##name,
enum rs_rr_event { RS_MEVENTS(RS_MEVENT) RS_RR_EVENTS };
#undef RS_MEVENT

#define RS_GUARD(name, text) RS_GUARD_##name,
enum rs_rr_guard { RS_GUARDS(RS_GUARD) RS_RR_GUARDS };
#undef RS_GUARD

/* One row: in `from`, `event` leads to `to` when the guard holds; of several the first wins. */
struct rs_transition {
	enum rs_rr_state from;
	enum rs_rr_event event;
	enum rs_rr_guard guard;
	enum rs_rr_state to;
	const char *action; /* the audit event it writes */
};

/* What the guards look at. */
struct rs_rr_facts {
	bool factor;  /* this round still needs a second factor */
	bool vetting; /* the profile demands an officer's approval */
	bool second;  /* one more approval is needed after this one */
	bool blocked; /* a blocker stands */
	bool intent;  /* an issuance of this round is intended */
};

/* The table; *count gets its rows. */
const struct rs_transition *rs_machine_table(size_t *count);

/* The row that applies, or NULL: the event does not fit the state (409 wrong-state). */
const struct rs_transition *rs_machine_next(
	enum rs_rr_state from, enum rs_rr_event event, const struct rs_rr_facts *facts);
/* Whether any row fits, whatever the facts: this is what allowed_actions shows. */
bool rs_machine_allows(enum rs_rr_state from, enum rs_rr_event event);

const char *rs_state_name(enum rs_rr_state state);
const char *rs_event_name(enum rs_rr_event event);
/* RS_RR_STATES when there is no such state. */
enum rs_rr_state rs_state_from(const char *name);
/* Whether the state counts for one open request per certificate. */
bool rs_state_open(enum rs_rr_state state);

/* The diagram as a mermaid stateDiagram-v2; malloc()ed, the caller frees it. */
char *rs_machine_mermaid(void);
/* The table as a JSON array; the caller owns it. */
json_t *rs_machine_json(void);

#endif
