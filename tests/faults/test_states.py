"""I12: the states that only a fault or a month lead to, issuing, failed and expired, with every action."""
import time

import pytest

from support.states import ACTIONS, Maker, judge

@pytest.fixture(scope="module")
def maker(own):
    return Maker(own.journey())


@pytest.fixture(scope="module")
def failed(own, maker, tmp_path_factory):
    """A request for each action, which could not be signed in its time."""
    requests = {name: maker.draft("plain") for name in ACTIONS}
    own.fail(list(requests.values()), tmp_path_factory.mktemp("unsigned"))
    return requests


@pytest.fixture(scope="module")
def expired(own, maker):
    """A draft for each action that nobody touched for a month."""
    requests = {name: maker.draft("vetting") for name in ACTIONS}
    officer = own.caller("OFFICER_TOKEN")
    own.dev("clock", "+31d")
    until = time.monotonic() + 60
    for request in requests.values():
        while officer.get(f"/v1/reissue-requests/{request['id']}").expect(200)["status"] == "draft":
            assert time.monotonic() < until, "what is idle past expires_at expires"
            time.sleep(0.2)
    own.dev("clock", "0")
    return requests


def now(own, request):
    return own.caller("OFFICER_TOKEN").get(f"/v1/reissue-requests/{request['id']}").expect(200).json


@pytest.mark.invariant(12)
@pytest.mark.parametrize("name", ACTIONS)
def test_failed_with_every_action(own, maker, failed, name):
    """A request that failed can be tried again, reopened, or ended; its failure says why."""
    request = now(own, failed[name])
    assert request["status"] == "failed"
    assert request["failure"]["code"] == "evidence-stale" and request["failure"]["retryable"] is True
    after = judge(maker.callers, request, name)
    if name == "retry":
        assert after["status"] == "issued" and after["failure"] is None


@pytest.mark.invariant(3)
def test_the_serial_of_what_failed_is_burnt(own, failed):
    """An intent that was given up stays on record with its serial, unsigned; the retry had another one."""
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT request_id::text, state, count(*), count(DISTINCT serial) FROM issuance WHERE request_id = "
                       "ANY (%s::uuid[]) GROUP BY 1, 2", ([request["id"] for request in failed.values()],))
        rows = cursor.fetchall()
    assert {request for request, state, _, _ in rows if state == "abandoned"} == {one["id"] for one in failed.values()}
    assert [(request, count) for request, state, count, _ in rows if state == "issued"] == [(failed["retry"]["id"], 1)]


@pytest.mark.invariant(12)
@pytest.mark.parametrize("name", ACTIONS)
def test_expired_with_every_action(own, maker, expired, name):
    """What expired has ended: nothing but hiding it is left."""
    request = now(own, expired[name])
    assert request["status"] == "expired"
    judge(maker.callers, request, name)


@pytest.mark.invariant(12)
def test_issuing_with_every_action(own, maker, tmp_path):
    """What is being issued is in nobody's hands: every action is 409, but a submit, which joins and gets the certificate."""
    requests = {name: maker.draft("plain") for name in ACTIONS if name != "submit"}
    joined = maker.draft("plain")
    own.unsigned([*requests.values(), joined], tmp_path)
    for name, request in requests.items():
        request = now(own, request)
        assert request["status"] == "issuing", "the lease of 15 s has lapsed already"
        judge(maker.callers, request, name)
    assert ACTIONS["submit"].send(maker.callers, joined).expect(200)["status"] == "issued"
