"""Whatever is refused about a second factor is on record: the event names the challenge and the code that was answered."""
import uuid

import pytest
import requests

from peers.oidc.hostile import Hostile
from support.asked import HERE, MAIL, Asked, trail, wrong
from support.beside import Beside
from support.calls import PASSWORD, World
from support.oidc import OPEN, Person, Provided
from support.otp import mailed_code, now, totp

pytestmark = pytest.mark.invariant(17)


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


def refusals(auditor, challenge):
    """The codes of what was refused, oldest first."""
    return [code for _, outcome, code in trail(auditor, challenge) if outcome != "done"]


def test_a_connector_that_is_off(world, caller_auditor):
    """O17: the answer to a challenge whose connector was switched off is refused, on record, and counts nothing."""
    relay = world.made("enterprise_admin", "/v1/connectors", world.journey.relay_body())
    asked = Asked(world, second_factor={"reissue": [{**MAIL, "connector_id": relay["id"]}]})
    challenge = asked.ask()
    code = asked.code()
    world["enterprise_admin"].patch(f"/v1/connectors/{relay['id']}", {"active": False}).expect(200)
    for answer in (code, wrong(code)):
        asked.guess(challenge, answer).expect(409, "method-not-configured")
    assert refusals(caller_auditor, challenge) == ["method-not-configured"] * 2
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 5
    assert asked.now()["status"] == "authenticating"


def test_another_ones_challenge(world, caller_auditor):
    """O12: whoever tries a challenge of another is told that there is none, and the record says who it was, and of what."""
    asked, bob = Asked(world), Asked(world)
    challenge = asked.ask()
    code = asked.code()
    for action, body in (("verify", {"code": code}), ("resend", {}), ("cancel", {}), ("complete", {"result": "A" * 43})):
        bob.api.post(f"{HERE}/{challenge['id']}/{action}", body).expect(404, "challenge-not-found")
    events = caller_auditor.get(f"/v1/audit-events?object_id={challenge['id']}&action=challenge.refused").expect(200)["items"]
    assert [(one["code"], one["actor"]["id"]) for one in events] == [("challenge-not-found", bob.user["id"])] * 4
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 5
    asked.guess(challenge, code).expect(200)


def test_what_cannot_be_an_answer(world, caller_auditor):
    """A2, O48: an answer of another form counts nothing, and is on record as what was wrong with it."""
    asked = Asked(world)
    challenge = asked.ask()
    for body in ({"code": ""}, {"code": "12345"}, {"password": "x"}, {"code": "123456", "state": "verified"}):
        asked.api.post(f"{HERE}/{challenge['id']}/verify", body, checked=False).expect(422)
    told = refusals(caller_auditor, challenge)
    assert len(told) == 4 and "unknown-member" in told, told
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 5


def test_a_resend_that_is_too_soon(world, caller_auditor):
    """O23: a resend that is refused is on record."""
    asked = Asked(world)
    challenge = asked.ask()
    asked.api.post(f"{HERE}/{challenge['id']}/resend", {}).expect(429, "resend-too-soon")
    assert refusals(caller_auditor, challenge) == ["resend-too-soon"]


def test_an_officers_challenge_that_the_owner_voids(world, caller_auditor):
    """O14 of an approval: what the owner takes back ends the officer's passed challenge, on record."""
    world.relay()
    profile = world.journey.profile(second_factor={"approve": [MAIL]}, vetting=True)
    officer = world.user(role="ra_officer")
    api = world.sign_in(officer)
    certificate = world.made("officer", "/v1/certificates/import", {**world.import_body(san=()), "profile_id": profile})
    here = f"/v1/reissue-requests/{world.journey.ready(certificate)['id']}"
    request = world["subscriber"].post(here + "/submit", {}).expect(200)
    challenge = api.post(HERE, {"operation": "approve", "reissue_request_id": request["id"], **MAIL}).expect(201)
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": mailed_code(world.instance, officer["email"])}).expect(200)
    world["subscriber"].post(here + "/reopen", {}).expect(200)
    again = world["subscriber"].post(here + "/submit", {}).expect(200)
    assert again["status"] == "pending"
    api.post(here + "/approve", {"digest": again["digest"], "challenge_id": challenge["id"]}).expect(
        410, "challenge-invalidated")
    assert ("challenge.invalidated", "done", None) in trail(caller_auditor, challenge)
    assert refusals(caller_auditor, challenge) == ["challenge-invalidated"]
    assert world["subscriber"].get(here).expect(200)["new_certificate_id"] is None


PLATFORM = """{"server": {"port": @PORT@, "replica_id": "platform"}, "signer": {"journal_file": "@JOURNAL@"},
    "second_factor": {"settle_hours": 0}}"""


@pytest.mark.parametrize("mechanism", ["email_otp", "totp"])
def test_an_administrator_of_the_platform(world, callers, instance, tmp_path, mechanism):
    """Whoever may act in every enterprise passes its own factor there, by its own means: a revocation, an approval, on record there."""
    world.relay()
    option = {"mechanism": mechanism}
    profile = world.journey.profile(second_factor={"approve": [option], "revoke": [option], "enrol": [option]}, vetting=True)
    certificate, other = [world.made("officer", "/v1/certificates/import", {
        **world.import_body(san=()), "profile_id": profile}) for _ in range(2)]
    request = f"/v1/reissue-requests/{world.journey.ready(other)['id']}"
    digest = world["subscriber"].post(request + "/submit", {}).expect(200)["digest"]
    with Beside(instance, tmp_path, PLATFORM) as beside:
        somebody = callers["admin"].post("/v1/users", {
            "email": f"{uuid.uuid4().hex}@example.test", "name": "Root", "role": "admin", "reach": "platform",
            "password": PASSWORD}).expect(201)
        api = beside.caller(beside.caller().post("/v1/sessions", {
            "email": somebody["email"], "password": PASSWORD}).expect(201)["access_token"])
        secret, step, mails = None, 0, 0
        if mechanism == "totp":
            secret = api.post("/v1/me/totp", {}).expect(200)["secret"]
            api.post("/v1/me/totp/confirm", {"code": totp(secret, now(instance) - 30)}).expect(204)

        def passed(body):
            nonlocal mails, step
            challenge = api.post(HERE, {**body, **option}).expect(201)
            if secret:
                code = totp(secret, now(instance) + 30 * step)
                step += 1
            else:
                mails += 1
                code = mailed_code(instance, somebody["email"], mails)
            answer = api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(200)
            assert answer["status"] == "verified"
            return challenge["id"]
        here = f"/v1/certificates/{certificate['id']}/revoke"
        wanted = api.post(here, {"reason": "superseded"}).expect(401, "second-factor-required")["second_factor"]
        challenge = passed({"operation": "revoke", "certificate_id": wanted["certificate_id"]})
        assert api.post(here, {"reason": "superseded", "challenge_id": challenge}).expect(200)["status"] == "revoked"
        told = callers["enterprise_admin"].get(f"/v1/audit-events?object_id={challenge}&limit=50").expect(200)["items"]
        assert [one["action"] for one in told if one["action"] != "challenge.delivered"] == [
            "challenge.consumed", "challenge.verified", "challenge.created"]
        challenge = passed({"operation": "approve", "reissue_request_id": request.rsplit("/", 1)[1]})
        callers["officer"].post(request + "/approve", {"digest": digest, "challenge_id": challenge}).expect(404)
        assert api.post(request + "/approve", {"digest": digest, "challenge_id": challenge}).expect(200)["status"] == "issued"


def test_a_blocked_users_challenge(world, caller_auditor):
    """Whoever is blocked loses its challenges, on record."""
    asked = Asked(world)
    challenge = asked.ask()
    world["enterprise_admin"].patch(f"/v1/users/{asked.user['id']}", {"status": "blocked"}).expect(200)
    assert world["enterprise_admin"].get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "cancelled"
    assert ("challenge.cancelled", "done", None) in trail(caller_auditor, challenge)


def test_an_address_that_changes(world, caller_auditor):
    """What was sent to an address that is no longer the user's passes nothing, on record."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    world["enterprise_admin"].patch(f"/v1/users/{asked.user['id']}",
                                    {"email": f"{uuid.uuid4().hex}@example.test"}).expect(200)
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "cancelled"
    asked.api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(409, "challenge-wrong-state")
    assert ("challenge.cancelled", "done", None) in trail(caller_auditor, challenge)


# --- through a browser ---

@pytest.fixture(scope="module")
def service(instance, tmp_path_factory):
    with Beside(instance, tmp_path_factory.mktemp("record"), OPEN) as process:
        yield process


@pytest.fixture(scope="module")
def provided(service, callers, journey):
    with Hostile() as liar:
        liar.honest()
        yield Provided(service, callers, journey, liar)


@pytest.fixture
def person(provided):
    provided.admin.patch(provided.path, {"active": True}).expect(200)
    someone = Person(provided)
    someone.waiting()
    return someone


def told(someone, challenge):
    return [event["code"] for event in someone.events(challenge) if event["outcome"] != "done"][::-1]


def test_a_connector_that_is_off_when_the_browser_comes_back(person, provided):
    """O17: the way of a browser ends at a connector that was switched off meanwhile, before and after its sign-in."""
    challenge = person.challenge()
    url = provided.op.authorize(person.follow(challenge))
    provided.admin.patch(provided.path, {"active": False}).expect(200)
    back = person.return_to(url)
    person.expect_refused(challenge, back, "method-not-configured")
    assert told(person, challenge)[0] == "method-not-configured"
    provided.admin.patch(provided.path, {"active": True}).expect(200)
    challenge = person.challenge()
    provided.admin.patch(provided.path, {"active": False}).expect(200)
    answer = requests.get(challenge["redirect_url"], allow_redirects=False, timeout=20)
    assert answer.status_code == 409 and "Location" not in answer.headers
    assert told(person, challenge) == ["method-not-configured"]


def test_a_connector_that_is_off_when_the_result_is_brought(person, provided):
    """O17: a sign-in whose connector was switched off before its result came passes nothing until it is on again."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    provided.admin.patch(provided.path, {"active": False}).expect(200)
    person.complete(challenge, back["result"]).expect(409, "method-not-configured")
    assert told(person, challenge) == ["method-not-configured"] and person.shown(challenge)["status"] == "returned"
    person.expect_nothing_issued()
    provided.admin.patch(provided.path, {"active": True}).expect(200)
    person.complete(challenge, back["result"]).expect(200)


def test_a_provider_that_is_away(world, caller_auditor):
    """A link to a provider that is down is a page with 503 and Retry-After, on record; the link stays good."""
    connector = world.made("enterprise_admin", "/v1/connectors", {"kind": "oidc", "name": uuid.uuid4().hex, "settings": {
        "issuer": "https://idp.invalid", "client_id": "ra", "client_secret": "x"}})
    option = {"mechanism": "oidc", "connector_id": connector["id"]}
    asked = Asked(world, second_factor={"reissue": [option]})
    asked.submitted()
    challenge = asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **option}).expect(201)
    for _ in range(2):
        answer = requests.get(challenge["redirect_url"], allow_redirects=False, timeout=20)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, answer.text
        assert answer.headers["Content-Type"].startswith("text/html") and "idp.invalid" not in answer.text
    assert refusals(caller_auditor, challenge) == ["idp-unavailable"] * 2
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "pending"


def test_a_link_that_is_followed_twice(person, provided):
    """A link is good once; whoever comes second gets a page, and the record says that somebody did."""
    challenge = person.challenge()
    person.follow(challenge)
    answer = requests.get(challenge["redirect_url"], allow_redirects=False, timeout=20)
    assert answer.status_code == 410 and "Location" not in answer.headers
    assert told(person, challenge) == ["gone"]


def test_every_step_of_the_way_is_evidence(person, provided, instance):
    """Each step of a challenge stands in the evidence with its time, the steps of the browser with where they came from."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    person.complete(challenge, back["result"]).expect(200)
    with instance.database().cursor() as cursor:
        cursor.execute("SELECT kind, from_status, to_status, outcome, address, user_agent FROM challenge_event "
                       "WHERE challenge_id = %s ORDER BY seq", (challenge["id"],))
        steps = cursor.fetchall()
    assert [step[:4] for step in steps] == [
        ("status", None, "pending", None), ("status", "pending", "redirected", None),
        ("status", "pending", "exchanging", None), ("attempt", None, None, "passed"),
        ("status", "exchanging", "returned", None), ("status", "returned", "consumed", None)]
    assert [step[4:] for step in steps if step[2] == "redirected" or step[0] == "attempt"] == [
        ("127.0.0.1", requests.utils.default_user_agent())] * 2


def test_a_result_that_is_too_late(person, provided, instance):
    """A result is good for two minutes: later it passes nothing, and the record says so."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge_handle SET expires_at = created_at WHERE challenge_id = %s AND kind = 'result'",
                       (challenge["id"],))
    person.complete(challenge, back["result"]).expect(410)
    assert len(told(person, challenge)) == 1
    person.expect_nothing_issued()


def test_a_reopen_while_the_browser_is_back(person, provided):
    """D31: what was signed in for and then reopened is invalidated, on record; the result passes nothing."""
    challenge = person.challenge()
    back = person.return_to(provided.op.authorize(person.follow(challenge)))
    person.api.post(f"/v1/reissue-requests/{person.request['id']}/reopen", {}).expect(200)
    person.complete(challenge, back["result"]).expect(410, "challenge-invalidated")
    assert "challenge.invalidated" in [event["action"] for event in person.events(challenge)]
    person.expect_nothing_issued("draft")
