"""7.2.2: the service is killed, or meets an error, at each system call of one reissue; the oracle looks afterwards.

strace does it at exactly the k-th call of a kind in a kind of thread; k counts up until the reissue comes
through. CRASH_POINTS=all (stage longfaults) takes the calls of OTHERS too, which lie in between.
"""
import concurrent.futures
import os
import time
import uuid

import pytest

from support.victim import Attempt, Victim

ALL = os.environ.get("CRASH_POINTS") == "all"
MOST = 60
# The calls that leave something behind or hear of it, by the thread that makes them.
CALLS = {"connection": ["recvfrom", "sendto", "pwrite64", "fdatasync", "sendmsg"], "committer": ["sendto", "recvfrom"]}
# Those that every long computation makes now and then, or waits with.
OTHERS = {"connection": ["getpid", "poll", "futex", "setsockopt"], "committer": ["getpid", "poll", "futex"]}


@pytest.fixture(scope="module")
def taken(own, tmp_path_factory):
    return Victim(own, tmp_path_factory.mktemp("victim"))


@pytest.fixture
def victim(taken):
    """It does not run yet, and no longer afterwards."""
    yield taken
    taken.kill()


def settle_all(victim, attempts):
    """After a restart every attempt ends with its certificate, and the oracle finds nothing."""
    victim.start()
    for attempt in attempts:
        attempt.settle(victim.caller())
    victim.oracle().check([attempt.der for attempt in attempts])
    victim.kill()


@pytest.mark.invariant(1, 2, 3, 4, 5, 7, 27, 30)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("thread", CALLS)
def test_killed_at_each_call_of_a_reissue(own, victim, thread):
    """Killed at any system call of a submit, with a key or without, it leaves exactly one certificate after a restart."""
    attempts = []
    for call in CALLS[thread] + (OTHERS[thread] if ALL else []):
        for keyed in (False, True):
            killed = 0
            for when in range(1, MOST + 1):
                victim.start()
                attempt = Attempt(own.journey().ready(), uuid.uuid4().hex if keyed else None)
                attempts.append(attempt)
                victim.inject(thread, call, "signal=SIGKILL", when)
                answered = attempt.send(victim.caller())
                if answered and not victim.dies():
                    victim.let_go()
                    attempt.fetch(victim.caller())
                    victim.kill()
                    break
                killed += 1
                victim.kill()
            assert attempt.der, f"more than {MOST} calls of {call}"
            assert killed > 0, f"no {call} of the {thread} was met"
            print(f"{thread}, {call}: killed at each of {killed} calls")
    settle_all(victim, attempts)


# What the calls can come back with; those of the journal are a disk's, the others a network's. A sendto that
# fails and leaves its connection whole is left to longfaults: libpq waits for what the server says to it.
ERRORS = [("connection", "recvfrom", "ECONNRESET"), ("connection", "recvfrom", "EINTR"), ("connection", "sendto", "EINTR"),
          ("connection", "pwrite64", "ENOSPC"), ("connection", "pwrite64", "EIO"), ("connection", "pwrite64", "EINTR"),
          ("connection", "fdatasync", "EIO"), ("connection", "sendmsg", "ECONNRESET"), ("committer", "sendto", "EINTR"),
          ("committer", "recvfrom", "ECONNRESET"), ("committer", "recvfrom", "EIO"), ("committer", "recvfrom", "EINTR")]
if ALL:
    ERRORS = [(thread, call, error) for thread, calls in CALLS.items() for call in calls
              for error in ("ENOSPC", "EIO", "ECONNRESET", "EINTR", "ENOMEM")]


# A disk that failed is not asked again: the signer has ended until it is restarted.
LOST = [("pwrite64", "EIO"), *(("fdatasync", error) for error in ("ENOSPC", "EIO", "ECONNRESET", "EINTR", "ENOMEM"))]


@pytest.mark.invariant(1, 2, 3, 4, 7)
@pytest.mark.timeout(1800)
def test_errors_at_each_call_of_a_reissue(own, victim):
    """A call that fails is a 503 at most, never a hang or a loss; in the end each request has one certificate."""
    attempts = []
    victim.start()
    for thread, call, error in ERRORS:
        met = 0
        for when in range(1, MOST + 1):
            attempt = Attempt(own.journey().ready())
            attempts.append(attempt)
            victim.inject(thread, call, f"error={error}", when)
            answered = attempt.send(victim.caller())
            injected = victim.let_go()
            assert victim.process.poll() is None, f"{error} of {call} {when} ended the service"
            if answered:
                attempt.fetch(victim.caller())
            if injected and (call, error) in LOST:
                assert not answered and attempt.answer.code == "issuer-unavailable"
                victim.caller().get("/readyz").expect(503)
                victim.kill()
                victim.start()
            if not injected:
                break
            met += 1
        assert met, f"no {call} of the {thread} was met"
        assert not injected, f"more than {MOST} calls of {call}"
    victim.kill()
    settle_all(victim, attempts)


@pytest.mark.invariant(1, 2, 3, 4, 5, 30)
@pytest.mark.timeout(1800)
def test_killed_amid_sixty_four_reissues(own, victim):
    """F1: killed while 64 submits run; after the restart the same keys give the same certificates."""
    for some in range(1, 61, 3) if ALL else (20,):
        victim.start()
        journey = own.journey()
        attempts = [Attempt(journey.ready(), uuid.uuid4().hex) for _ in range(64)]
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            sent = [pool.submit(attempt.send, victim.caller()) for attempt in attempts]
            while sum(future.done() for future in sent) < some:
                time.sleep(0.001)
            victim.kill()
            answered = [future.result() for future in sent]
        victim.start()
        for attempt, got in zip(attempts, answered):
            if got:
                attempt.fetch(victim.caller())
        victim.kill()
        settle_all(victim, attempts)
