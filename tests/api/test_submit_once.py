"""I1, I30: one approved request, one certificate, however often and from wherever it is submitted."""
import concurrent.futures
import os
import uuid

import pytest

PARALLEL = 50
RACES = int(os.environ.get("RACE_ROUNDS", 0))  # 0: a hundred where there are two replicas


def submit_all(caller, urls, request, keys):
    """Submits at once, through one replica after the other."""
    path = f"/v1/reissue-requests/{request['id']}/submit"

    def one(number):
        headers = {"Idempotency-Key": keys[number]} if keys[number] else {}
        return caller.at(urls[number % len(urls)]).post(path, {}, headers=headers)

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(one, range(len(keys))))


@pytest.mark.invariant(1)
@pytest.mark.concurrency
@pytest.mark.parametrize("keys", [
    [None] * PARALLEL,
    [uuid.uuid4().hex] * PARALLEL,
    [uuid.uuid4().hex for _ in range(PARALLEL)],
], ids=["no key", "one key", "a key each"])
def test_fifty_submits_make_one_certificate(journey, instance, caller_subscriber, keys):
    """Fifty submits of one request at once give one certificate, and nobody is told otherwise."""
    request = journey.ready()
    answers = submit_all(caller_subscriber, instance.base_urls, request, keys)
    assert {a.status for a in answers} <= {200, 409, 503}, [a.status for a in answers]
    told = {a["new_certificate_id"] for a in answers if a.status == 200 and a["status"] == "issued"}
    assert len(told) == 1, told
    lineage = caller_subscriber.get(f"/v1/certificates/{request['certificate_id']}/lineage").expect(200)
    assert len(lineage["items"]) == 2


@pytest.mark.invariant(1, 7)
@pytest.mark.concurrency
def test_two_replicas_race_for_one_request(journey, instance, caller_subscriber):
    """Two submits at the same moment, on two replicas where there are two, a hundred times over."""
    urls = instance.base_urls
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(RACES or (100 if len(urls) > 1 else 25)):
            request = journey.ready()
            path = f"/v1/reissue-requests/{request['id']}/submit"
            answers = list(pool.map(lambda url: caller_subscriber.at(url).post(path, {}), (urls[0], urls[-1])))
            assert {answer.status for answer in answers} <= {200, 503}, [answer.text for answer in answers]
            told = {answer["new_certificate_id"] for answer in answers if answer.status == 200}
            assert len(told) == 1 and None not in told, told


@pytest.mark.invariant(30)
def test_same_key_same_answer(journey, caller_subscriber):
    """The same key and body give the same answer; another body is refused."""
    request = journey.ready()
    path, key = f"/v1/reissue-requests/{request['id']}/submit", {"Idempotency-Key": uuid.uuid4().hex}
    first = caller_subscriber.post(path, {}, headers=key).expect(200)
    again = caller_subscriber.post(path, {}, headers=key).expect(200)
    assert again.json == first.json
    caller_subscriber.post(path, {"message": "another"}, headers=key).expect(422, "idempotency-key-reused")


def test_submit_again_in_the_same_round(journey, caller_subscriber):
    """A submit repeated without a key answers 200 with the same certificate."""
    request = journey.issued()
    again = caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    assert again["new_certificate_id"] == request["new_certificate_id"]


@pytest.mark.invariant(14)
@pytest.mark.concurrency
def test_two_requests_for_one_certificate(journey, caller_subscriber):
    """Of two creates for one certificate at once, one is 201 and one 409 with a link."""
    certificate = journey.revoked()
    body = {"certificate_id": certificate["id"], "reason": "key_lost"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller_subscriber.post("/v1/reissue-requests", body), range(8)))
    made = [a for a in answers if a.status == 201]
    assert len(made) == 1
    for answer in answers:
        if answer.status != 201:
            answer.expect(409, "reissue-already-open")
            assert answer["conflicting_resource"]["id"] == made[0]["id"]
