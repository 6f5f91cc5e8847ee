"""7.3: hostile input leaves no trace: neither in the database nor in memory, descriptors or threads."""
import time

import pytest

from support.calls import World
from support.hostile import CASES, Place
from support.state import changed, footprint, stored

ROUNDS = 6
ROWS = sorted({row for case in CASES for row in case.rows})


def quiet(pid, threads):
    """Waits until the threads of ended connections are gone; the footprint then."""
    until = time.monotonic() + 15
    while (now := footprint(pid))[2] > threads and time.monotonic() < until:
        time.sleep(0.1)
    return now


@pytest.mark.rows(*ROWS)
def test_hostile_input_leaves_no_trace(own):
    """All of it, over and over: every table, the memory, the descriptors and the threads stay; each takes < 1 s."""
    journey = own.journey()
    place, (pid,) = Place(World(own, journey)), own.pids()
    idle = footprint(pid)[2]
    best = dict.fromkeys(map(str, CASES), 9.0)

    def round_of_all():
        callers = own.journey().callers
        for case in CASES:
            begun = time.monotonic()
            answer = case.send(callers, place)
            best[str(case)] = min(best[str(case)], time.monotonic() - begun)
            assert answer.status in case.status, f"{case}: {answer.status}: {answer.text[:300]}"
        for caller in callers.values():
            caller.session.close()

    round_of_all()  # what is made once: caches, prepared statements, stacks that are kept
    round_of_all()
    memory, files, threads = quiet(pid, idle)
    before = stored(own)
    for _ in range(ROUNDS):
        round_of_all()
    after = quiet(pid, threads)
    assert not changed(before, stored(own))
    assert after[0] <= 1.1 * memory and after[1:] <= (files, threads), ((memory, files, threads), after)
    slow = {name: seconds for name, seconds in best.items() if seconds >= 1}
    assert not slow
