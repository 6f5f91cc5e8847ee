"""Row 131: whatever competes for one request is put in order; one wins, the others are told, the state is legal."""
import concurrent.futures
import os

import pytest

from support.calls import World
from support.keys import make_csr, make_key

ROUNDS = int(os.environ.get("RACE_ROUNDS", 12))


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


def compete(world, calls):
    """All at the same moment, each through one replica after the other; their answers."""
    urls = world.instance.base_urls
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda n: calls[n][0].at(urls[n % len(urls)]).request(*calls[n][1:]), range(len(calls))))


def actions(request, names):
    body = {"approve": {"digest": request["digest"]}, "decline": {"remarks": "no"}}
    who = {"submit": "subscriber", "cancel": "subscriber", "reopen": "subscriber"}
    return [(who.get(name, "officer"), name, body.get(name, {})) for name in names]


@pytest.mark.rows(131)
@pytest.mark.invariant(12)
@pytest.mark.concurrency
@pytest.mark.parametrize("names", [("approve", "cancel"), ("approve", "decline"), ("approve", "reopen"), ("cancel", "reopen"),
                                   ("open", "cancel", "decline"), ("approve", "approve", "decline", "cancel", "reopen")],
                         ids="-".join)
def test_actions_at_once_on_one_request(world, callers, names):
    """Of actions that exclude each other one is 200 and the state is what it led to; the rest are 409 with a state."""
    for _ in range(ROUNDS):
        request = world.vetted()
        path = f"/v1/reissue-requests/{request['id']}"
        sent = [(callers[who], "POST", f"{path}/{name}", body) for who, name, body in actions(request, names)]
        answers = compete(world, sent)
        assert {answer.status for answer in answers} <= {200, 409}, [answer.text for answer in answers]
        done = [name for name, answer in zip(names, answers) if answer.status == 200]
        assert done, [answer.text for answer in answers]
        seen = callers["officer"].get(path).expect(200)
        ends = {"approve": "issued", "cancel": "cancelled", "decline": "declined", "reopen": "draft", "open": "in_review"}
        assert seen["status"] in {ends[name] for name in done}, (done, seen["status"])
        assert not {"approve", "cancel"} <= set(done) and not {"approve", "decline"} <= set(done), done
        events = [event for event in callers["officer"].all(f"{path}/events") if event["to"]]
        states = [event["to"] for event in sorted(events, key=lambda event: event["id"])]
        assert states[-1] == seen["status"]
        lineage = callers["officer"].get(f"/v1/certificates/{request['certificate_id']}/lineage").expect(200)["items"]
        assert len(lineage) == (2 if seen["status"] == "issued" else 1)


@pytest.mark.rows(131)
@pytest.mark.invariant(20)
@pytest.mark.concurrency
def test_an_edit_and_a_submit_at_once(world, callers):
    """What was edited at the moment of the submit is either in the certificate or refused, never lost or half in."""
    subscriber = callers["subscriber"]
    for n in range(ROUNDS):
        request = world.journey.ready(world.imported(san=()))
        path = f"/v1/reissue-requests/{request['id']}"
        name = f"Edited {n} {request['number']}"
        key = make_csr(make_key())
        edit, put, submit = compete(world, [
            (subscriber, "PATCH", path, {"subject": {"common_name": name}}), (subscriber, "PUT", f"{path}/csr", {"csr": key}),
            (subscriber, "POST", f"{path}/submit", {})])
        assert {edit.status, put.status} <= {200, 409} and submit.status in (200, 409)
        if submit.status != 200:
            continue
        made = subscriber.get(f"/v1/certificates/{submit['new_certificate_id']}").expect(200)
        stored = subscriber.get(path).expect(200)
        assert made["subject"] == stored["subject"] and made["key"]["spki_sha256"] == stored["key"]["spki_sha256"]
        assert (made["subject"]["common_name"] == name) == (edit.status == 200)
