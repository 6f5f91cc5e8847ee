"""7.3: hostile input leaves no trace: neither in the database nor in memory, descriptors or threads."""
import time

import pytest

from support.calls import World
from support.hostile import CASES, Place
from support.state import changed, footprint, stored

ROUNDS = 6
ROWS = sorted({row for case in CASES for row in case.rows})


# Connections to the database of one process, opened when first wanted at once, and kept: requests, jobs, committer.
POOLED = 6 + 2 + 1


def pooled(own):
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reissued'")
        return cursor.fetchone()[0]


def quiet(own, pid, most):
    """Waits until what ended connections held is gone; (memory, descriptors beside the pool's, threads) then."""
    until = time.monotonic() + 15
    while True:
        memory, files, threads = footprint(pid)
        connections = pooled(own)
        assert connections <= POOLED
        if (files - connections <= most[0] and threads <= most[1]) or time.monotonic() > until:
            return memory, files - connections, threads
        time.sleep(0.1)


@pytest.mark.rows(*ROWS)
def test_hostile_input_leaves_no_trace(own):
    """All of it, over and over: every table, the memory, the descriptors and the threads stay; each takes < 1 s."""
    journey = own.journey()
    place, (pid,) = Place(World(own, journey)), own.pids()
    _, files, threads = footprint(pid)
    idle = files - pooled(own), threads
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
    memory, *rest = quiet(own, pid, idle)
    before = stored(own)
    for _ in range(ROUNDS):
        round_of_all()
    after = quiet(own, pid, rest)
    assert not changed(before, stored(own))
    assert after[0] <= 1.1 * memory, (memory, after[0])
    assert after[1] <= rest[0] and after[2] <= rest[1], (rest, after[1:])
    slow = {name: seconds for name, seconds in best.items() if seconds >= 1}
    assert not slow
