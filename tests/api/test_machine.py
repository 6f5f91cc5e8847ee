"""I12: every state with every action, and a long walk: what the transition table allows happens, all else is 409."""
import random

import pytest

from support.states import ACTIONS, MOVES, STATES, Maker, judge

ELSEWHERE = {"issuing", "failed", "expired"}  # tests/faults/test_states.py: only an instance of its own gets there


@pytest.fixture(scope="module")
def maker(journey):
    return Maker(journey)


@pytest.mark.invariant(12)
@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("state", sorted(set(STATES) - ELSEWHERE))
def test_what_the_table_does_not_allow_is_409(maker, callers, state, name):
    """In each state each action does what the table says, or is refused with the state, changing nothing."""
    request = getattr(maker, state)()
    assert request["status"] == state
    judge(callers, request, name)


@pytest.mark.invariant(12)
def test_a_long_walk(maker, callers):
    """Two hundred actions at random: the request is never in a state that the table does not lead to."""
    chance, seen = random.Random(12), set()
    request, steps = maker.draft("dual"), 0
    while steps < 200:
        name = chance.choice([name for name in ACTIONS if name not in ("cancel", "delete") or steps % 10 == 9])
        actor = chance.choice(["officer", "officer2"]) if ACTIONS[name].actor == "officer" else "subscriber"
        own = callers[actor].get(f"/v1/reissue-requests/{request['id']}").expect(200)
        if name == "approve" and own["status"] == "pending_dual_control" and "approve" not in own["allowed_actions"]:
            continue  # the same officer again is answered as the first time: test_vetting.py
        if name == "submit" and own["blockers"]:
            callers["subscriber"].put(f"/v1/reissue-requests/{request['id']}/agreement", ACTIONS["accept_agreement"].body(own))
        steps += 1
        seen.add(own["status"])
        after = judge({**callers, "officer": callers[actor]}, own.json, name)
        request = after.json if after.status == 200 and after["status"] not in ("issued", "cancelled") else maker.draft("dual")
    assert {"draft", "pending", "in_review", "pending_dual_control", "declined"} <= seen


def test_the_table_has_no_dead_end(callers):
    """From every open state an end is reached, and every state is reached from draft."""
    reached, border = set(), {"draft"}
    while border:
        reached |= border
        border = {to for (_, begin), ends in MOVES.items() if begin in border for to in ends} - reached
    assert reached == set(STATES)
    ended = {state for state in STATES if not any(begin == state for _, begin in MOVES)}
    assert ended == {"issued", "cancelled", "expired"}
