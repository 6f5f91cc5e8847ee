"""A right answer and something that ends its challenge, at once: one of them came first, and all that is told agrees."""
import concurrent.futures

import pytest
import requests

from peers.oidc.hostile import Hostile
from support.asked import HERE, MAIL, Asked, trail, wrong
from support.beside import Beside
from support.calls import World
from support.oidc import OPEN, Person, Provided
from support.otp import coded_mails

pytestmark = [pytest.mark.concurrency, pytest.mark.invariant(17), pytest.mark.rows(131)]
TURNS = range(3)


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


def at_once(*calls):
    """The answers of calls that begin together, in their order."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def consistent(passed, shown, request, ended):
    """Either the answer passed, the challenge is consumed and the request issued; or none of it, and it is ended."""
    if passed.status == 200:
        assert passed["status"] == "consumed" and shown["status"] == "consumed"
        assert request["status"] == "issued" and request["new_certificate_id"]
        assert request["second_factor"]["status"] == "passed"
    else:
        assert passed.status in (409, 410) and passed.code.startswith("challenge-"), passed.text
        assert shown["status"] == ended and request["new_certificate_id"] is None
        assert request["status"] not in ("issued", "issuing", "failed")


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("way", ["cancel", "reopen", "request cancel", "supersede", "delete"])
def test_a_right_answer_and_its_end(world, caller_auditor, way, turn):
    """Verify with cancel, reopen, the request's cancel or end, and a newer challenge: one wins, nothing is half done."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    here = f"/v1/reissue-requests/{asked.request['id']}"
    end, ended = {
        "cancel": (lambda: asked.api.post(f"{HERE}/{challenge['id']}/cancel", {}), "cancelled"),
        "reopen": (lambda: asked.api.post(here + "/reopen", {}), "invalidated"),
        "request cancel": (lambda: asked.api.post(here + "/cancel", {}), "invalidated"),
        "supersede": (lambda: asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}), "superseded"),
        "delete": (lambda: asked.api.delete(here), "invalidated"),
    }[way]
    calls = [lambda: asked.guess(challenge, code), end]
    answers = at_once(*(calls if turn % 2 else calls[::-1]))
    passed, other = answers if turn % 2 else answers[::-1]
    shown = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    if way == "delete" and other.status == 204:
        asked.api.get(here).expect(404)
        if passed.status != 200:
            assert passed.status == 410 and shown["status"] == ended, passed.text
        return
    request = asked.now()
    consistent(passed, shown, request, ended)
    if passed.status == 200 and way not in ("delete",):
        assert other.status in (409, 410), other.text
    told = [action for action, outcome, _ in trail(caller_auditor, challenge) if outcome == "done"]
    assert ("challenge.consumed" in told) == (passed.status == 200)
    assert told.count("challenge." + ended) == (passed.status != 200)


@pytest.mark.parametrize("turn", TURNS)
def test_an_edit_wins_no_certificate_for_other_content(world, turn):
    """Verify with reopen, edit and submit at once: what is issued is what the code was sent for."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    here = f"/v1/reissue-requests/{asked.request['id']}"
    name = asked.request["subject"]["common_name"]

    def change():
        if asked.api.post(here + "/reopen", {}).status == 200:
            asked.api.patch(here, {"subject": {"common_name": "Somebody Else"}}).expect(200)
            asked.api.post(here + "/submit", {}).expect(200)
    at_once(change, *[lambda: asked.guess(challenge, code)] * 3)
    request = asked.now()
    if request["status"] == "issued":
        issued = asked.api.get(f"/v1/certificates/{request['new_certificate_id']}").expect(200)
        assert issued["subject"]["common_name"] == name
    else:
        assert request["status"] == "authenticating" and request["subject"]["common_name"] == "Somebody Else"
        assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "invalidated"


@pytest.mark.invariant(18)
@pytest.mark.parametrize("turn", TURNS)
def test_a_right_answer_among_the_last_wrong_ones(world, turn):
    """Of seven wrong answers and a right one at once at most five are looked at, and the right one passes or is locked out."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    answers = at_once(*[lambda: asked.guess(challenge, wrong(code))] * (3 + turn), lambda: asked.guess(challenge, code),
                      *[lambda: asked.guess(challenge, wrong(code))] * (4 - turn))
    right = answers[3 + turn]
    judged = sum(one.code == "otp-invalid" for one in answers) + (right.status == 200)
    shown = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    assert judged <= 5 and {one.status for one in answers} <= {200, 409, 422, 423}
    assert (shown["status"] == "consumed") == (right.status == 200)
    assert (asked.now()["status"] == "issued") == (right.status == 200)
    if right.status != 200:
        right.expect(423, "challenge-locked")
        assert shown["status"] == "locked"


# --- through a browser ---

@pytest.fixture(scope="module")
def provided(instance, callers, journey, tmp_path_factory):
    with Beside(instance, tmp_path_factory.mktemp("races"), OPEN) as service, Hostile() as liar:
        liar.honest()
        yield Provided(service, callers, journey, liar)


@pytest.fixture
def person(provided):
    someone = Person(provided)
    someone.waiting()
    return someone


def test_a_result_is_taken_once(person, provided):
    """Ten completes of one result at once: one passes."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    answers = at_once(*[lambda: person.complete(challenge, back["result"])] * 10)
    assert sorted(one.status for one in answers)[:1] == [200] and sum(one.status == 200 for one in answers) == 1
    assert {one.status for one in answers} <= {200, 409, 410}
    assert person.api.get(f"/v1/reissue-requests/{person.request['id']}").expect(200)["status"] == "issued"


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("way", ["cancel", "reopen", "supersede"])
def test_a_callback_and_its_end(person, provided, way, turn):
    """The browser's return with cancel, reopen and a newer challenge at once: no result survives the challenge's end."""
    challenge = person.challenge()
    url = provided.op.authorize(person.follow(challenge))
    end = {"cancel": lambda: person.api.post(f"{HERE}/{challenge['id']}/cancel", {}),
           "reopen": lambda: person.api.post(f"/v1/reissue-requests/{person.request['id']}/reopen", {}),
           "supersede": person.challenge}[way]
    back, other = at_once(lambda: person.return_to(url), end)
    assert other.status in (200, 201), other.text
    shown = person.shown(challenge)
    assert shown["status"] == {"cancel": "cancelled", "reopen": "invalidated", "supersede": "superseded"}[way]
    if "result" in back:
        assert person.complete(challenge, back["result"]).status in (409, 410)
    else:
        assert back.get("status") in (409, 410), back
    person.expect_nothing_issued("draft" if way == "reopen" else "authenticating")


@pytest.mark.parametrize("turn", TURNS)
def test_a_complete_and_its_end(person, provided, turn):
    """Complete and cancel at once: the certificate is issued by a consumed challenge, or neither."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    passed, _ = at_once(lambda: person.complete(challenge, back["result"]),
                        lambda: person.api.post(f"{HERE}/{challenge['id']}/cancel", {}))
    shown = person.shown(challenge)
    request = person.api.get(f"/v1/reissue-requests/{person.request['id']}").expect(200)
    if passed.status == 200:
        assert shown["status"] == "consumed" and request["status"] == "issued"
    else:
        assert passed.status in (409, 410), passed.text
        assert shown["status"] == "cancelled" and request["status"] == "authenticating"


def test_three_ways_at_once_and_no_more(person):
    """Of six links of one person followed at once three lead to the provider; the others have to wait."""
    links = []
    for _ in range(6):
        person.another_certificate()
        person.waiting()
        links.append(person.challenge()["redirect_url"])
    statuses = [answer.status_code for answer in at_once(*[
        lambda link=link: requests.get(link, allow_redirects=False, timeout=20) for link in links])]
    assert sorted(statuses) == [303] * 3 + [429] * 3


# --- asked for many times at once ---

@pytest.mark.invariant(42)
@pytest.mark.rows(119)
def test_of_many_resends_at_once_one_sends(world, instance):
    """Of twenty resends at once one sends; the others are told to wait, and nothing was sent twice."""
    asked = Asked(world)
    challenge = asked.ask()
    asked.code()
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge SET resend_after = created_at WHERE id = %s", (challenge["id"],))
    answers = at_once(*[lambda: asked.api.post(f"{HERE}/{challenge['id']}/resend", {})] * 20)
    assert sorted(one.status for one in answers) == [200] + [429] * 19, [one.text for one in answers]
    waiting = [one for one in answers if one.status == 429]
    assert {one.code for one in waiting} == {"resend-too-soon"} and all(
        0 < int(one.headers["Retry-After"]) <= 60 for one in waiting)
    asked.mails += 1
    asked.guess(challenge, asked.code()).expect(200)
    assert len(coded_mails(instance, asked.user["email"])) == 2


def test_cancelling_at_once_is_cancelling_once(world, caller_auditor):
    """Ten cancels at once are ten times the same answer, and one event."""
    asked = Asked(world)
    challenge = asked.ask()
    answers = at_once(*[lambda: asked.api.post(f"{HERE}/{challenge['id']}/cancel", {})] * 10)
    assert [(one.status, one["status"]) for one in answers] == [(200, "cancelled")] * 10, [one.text for one in answers]
    assert [action for action, *_ in trail(caller_auditor, challenge)].count("challenge.cancelled") == 1


@pytest.mark.invariant(42)
@pytest.mark.rows(119)
def test_of_many_challenges_at_once_one_lives(world, instance):
    """Of thirty challenges asked for at once ten are made, the limit of an hour, and the newest alone lives."""
    asked = Asked(world)
    asked.submitted()
    answers = at_once(*[lambda: asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL})] * 30)
    assert sorted(one.status for one in answers) == [201] * 10 + [429] * 20, [one.text for one in answers]
    statuses = [asked.api.get(f"{HERE}/{one['id']}").expect(200)["status"] for one in answers if one.status == 201]
    assert sorted(statuses) == ["pending"] + ["superseded"] * 9
