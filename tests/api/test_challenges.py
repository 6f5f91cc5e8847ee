"""Second-factor challenges: the gate, attempts, limits, binding, deliveries (5.2.1), with codes by mail and apps."""
import concurrent.futures
import hashlib
import json
import time
import uuid

import pytest

from peers.mail.peer import MailPeer
from support.asked import HERE, MAIL, Asked, trail, wrong
from support.beside import Beside
from support.calls import World
from support.client import Api
from support.keys import make_csr, make_key
from support.otp import code_of, coded_mails, mailed_code, now, totp

@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


@pytest.fixture(scope="module")
def mail(instance):
    return MailPeer(instance["MAIL_DIR"])


@pytest.fixture
def asked(world):
    return Asked(world)


# --- the gate ---

@pytest.mark.invariant(17)
def test_a_submit_issues_nothing(asked):
    """O1: a submit without a passed factor leaves the request `authenticating`, with its options, and issues nothing."""
    request = asked.submitted()
    assert request["status"] == "authenticating" and request["new_certificate_id"] is None
    factor = request["second_factor"]
    assert factor["status"] == "not_started" and factor["challenge_id"] is None and factor["required"]
    assert [(one["mechanism"], one["available"]) for one in factor["options"]] == [("email_otp", True)]
    again = asked.api.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    assert again["status"] == "authenticating" and again["revision"] == request["revision"]


@pytest.mark.invariant(17)
def test_the_right_code_issues(asked, caller_auditor):
    """O2: the right code consumes the challenge and issues once; both are on record, and in the request."""
    challenge = asked.ask()
    assert challenge["status"] == "pending" and challenge["attempts_left"] == 5 and challenge["digits"] == 6
    assert asked.now()["second_factor"]["status"] == "pending"
    passed = asked.guess(challenge, asked.code()).expect(200)
    assert passed["status"] == "consumed" and passed["reissue_request"]["status"] == "issued"
    now = asked.now()
    assert now["status"] == "issued" and now["new_certificate_id"]
    assert now["second_factor"]["status"] == "passed" and now["second_factor"]["challenge_id"] == challenge["id"]
    told = trail(caller_auditor, challenge)
    assert told[0] == ("challenge.created", "done", None)
    assert ("challenge.consumed", "done", None) in told and ("challenge.delivered", "done", None) in told


def test_a_vetted_request_goes_to_its_officers(world):
    """O2: with vetting the right code leads to `pending`, and whoever passed the factor does not approve."""
    asked = Asked(world, second_factor={"reissue": [MAIL]}, vetting=True)
    passed = asked.guess(asked.ask(), asked.code()).expect(200)
    assert passed["reissue_request"]["status"] == "pending"
    done = world["officer"].post(f"/v1/reissue-requests/{asked.request['id']}/approve",
                                 {"digest": passed["reissue_request"]["digest"]}).expect(200)
    assert done["status"] == "issued"


@pytest.mark.rows(118, 128)
def test_a_consumed_challenge_is_over(asked):
    """O3: the same challenge again is 409, and its code is worth nothing for another request's challenge."""
    challenge = asked.ask()
    code = asked.code()
    asked.guess(challenge, code).expect(200)
    asked.guess(challenge, code).expect(409, "challenge-wrong-state")
    asked.submitted()
    second = asked.ask()
    answer = asked.guess(second, code)
    if asked.code() != code:
        answer.expect(422, "otp-invalid")
    assert asked.now()["status"] == "authenticating"


@pytest.mark.concurrency
@pytest.mark.invariant(17, 18)
def test_of_many_right_answers_one_succeeds(world, instance):
    """O4: 20 parallel right answers on all replicas: exactly one is 200, the others 409; one certificate."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()

    def send(i):
        return asked.api.at(instance.base_urls[i % len(instance.base_urls)]).post(
            f"{HERE}/{challenge['id']}/verify", {"code": code})
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = sorted(answer.status for answer in pool.map(send, range(20)))
    assert statuses == [200] + [409] * 19
    assert asked.now()["status"] == "issued"


@pytest.mark.concurrency
@pytest.mark.invariant(17)
def test_answers_and_submits_at_once_give_one_certificate(world):
    """O5: verifies and submits mixed lead to one certificate."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()

    def send(i):
        if i % 2:
            return asked.api.post(f"/v1/reissue-requests/{asked.request['id']}/submit", {})
        return asked.guess(challenge, code)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {answer.status for answer in answers} <= {200, 409}
    now = asked.now()
    assert now["status"] == "issued"
    lineage = asked.api.get(f"/v1/certificates/{now['new_certificate_id']}/lineage").expect(200)
    assert sum(one["issued_by_request_id"] == now["id"] for one in lineage["items"]) == 1


@pytest.mark.invariant(17)
def test_the_gate_stands_on_every_way(asked, world):
    """O49: approve, retry and a second request lead around no factor."""
    request = asked.submitted()
    here = f"/v1/reissue-requests/{request['id']}"
    world["officer"].post(here + "/approve", {"digest": request["digest"]}).expect(409, "wrong-state")
    for caller in (asked.api, world["officer"], world["enterprise_admin"]):
        caller.post(here + "/retry", {}).expect(409, "wrong-state")
    asked.api.get(here + "/certificate").expect(404)
    assert asked.now()["status"] == "authenticating"


# --- attempts ---

@pytest.mark.invariant(18)
@pytest.mark.rows(118)
def test_the_sixth_guess_is_not_evaluated(asked, caller_auditor):
    """O7: five wrong answers lock the challenge; the right code is refused then, with the trail of each."""
    challenge = asked.ask()
    code = asked.code()
    for left in (4, 3, 2, 1, 0):
        answer = asked.guess(challenge, wrong(code)).expect(422, "otp-invalid")
        assert answer["attempts_left"] == left and answer["challenge_id"] == challenge["id"]
    assert asked.guess(challenge, code).expect(423, "challenge-locked")["attempts_left"] == 0
    shown = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    assert shown["status"] == "locked" and shown["failure"] == {"code": "challenge-locked"}
    assert asked.now()["status"] == "authenticating" and asked.now()["second_factor"]["status"] == "failed"
    told = trail(caller_auditor, challenge)
    assert told.count(("challenge.answered", "failed", "otp-invalid")) == 5
    assert ("challenge.refused", "failed", "challenge-locked") in told


@pytest.mark.invariant(18)
@pytest.mark.rows(119)
def test_guessing_over_challenges_locks_the_user(asked, world):
    """O8: ten wrong answers in a row over all challenges lock the user's second factor, and nobody else's."""
    for _ in range(2):
        challenge = asked.ask()
        code = asked.code()
        for _ in range(5):
            asked.guess(challenge, wrong(code)).expect(422, "otp-invalid")
    answer = asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}).expect(429, "subject-locked")
    assert 800 < int(answer.headers["Retry-After"]) <= 900
    other = Asked(world)
    other.guess(other.ask(), other.code()).expect(200)


@pytest.mark.invariant(18)
def test_a_right_answer_ends_the_row_of_wrong_ones(asked):
    """Wrong answers count in a row: nine, a right one and four more lock nobody."""
    for turn in range(2):
        challenge = asked.ask()
        code = asked.code()
        for _ in range(4):
            asked.guess(challenge, wrong(code)).expect(422)
        if turn:
            asked.guess(challenge, code).expect(200)
    asked.submitted()
    challenge = asked.ask()
    for _ in range(4):
        asked.guess(challenge, wrong(asked.code())).expect(422)
    asked.guess(challenge, asked.code()).expect(200)


@pytest.mark.parametrize("code, status", [
    ("12345", 422), ("1234567", 422), ("12345a", 422), ("+12345", 422), ("１２３４５６", 422), ("", 422), ("9" * 10000, 422),
    (["123456"], 422), (123456, 422), (None, 422), ({}, 422)])
@pytest.mark.rows(118)
def test_what_cannot_be_a_code_is_not_counted(world, code, status):
    """Another number of digits, other digits, signs, other types: 422 with the pointer, no attempt used up."""
    asked = world.keep("malformed", lambda: Asked(world))
    challenge = world.keep("malformed challenge", asked.ask)
    answer = asked.answer(challenge, {"code": code}).expect(status)
    assert answer.code != "otp-invalid" and answer.pointers() == ["/code"]
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 5


@pytest.mark.rows(118)
def test_spaces_and_hyphens_do_not_count(asked):
    """A code typed in groups is the code."""
    challenge = asked.ask()
    code = asked.code()
    asked.guess(challenge, f" {code[:3]}-{code[3:]} ").expect(200)


def test_the_body_of_an_answer_is_closed(asked):
    """O48: members that the mechanism has no input for are refused, at making and at answering; nothing counts."""
    asked.submitted()
    for more in ({"status": "verified"}, {"state": "verified"}, {"attempts_left": 10}, {"user_id": str(uuid.uuid4())},
                 {"email": "evil@example.test"}, {"destination": "evil@example.test"}):
        answer = asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL, **more}, checked=False)
        assert answer.expect(422, "unknown-member").pointers() == ["/" + next(iter(more))]
    challenge = asked.ask()
    for body in ({}, {"password": "x"}, {"code": "123456", "password": "x"}, {"email_code": "123456"}):
        asked.answer(challenge, body).expect(422)
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 5


# --- binding ---

@pytest.mark.parametrize("path", ["/verify", "/resend", "/cancel", "/complete"])
def test_a_body_is_judged_after_right_and_state(asked, callers, path):
    """404, 403 and 409 come before whatever is wrong with the body; of a challenge that lives it is 422."""
    here, body = f"{HERE}/{asked.ask()['id']}", {"nonsense": 1}
    callers["subscriber_b"].post(here + path, body).expect(404, "challenge-not-found")
    callers["auditor"].post(here + path, body).expect(403, "forbidden")
    if path in ("/verify", "/cancel"):
        assert "/nonsense" in asked.api.post(here + path, body).expect(422).pointers()
    asked.api.post(here + "/cancel", {}).expect(200)
    if path == "/cancel":  # once more is the same answer
        asked.api.post(here + path, body).expect(422, "unknown-member")
    else:
        asked.api.post(here + path, body).expect(409, "challenge-wrong-state")


def test_a_new_challenge_supersedes(asked, caller_auditor):
    """O10: of two challenges of a request the first is over, and its code is worth nothing for the second."""
    first = asked.ask()
    old = asked.code()
    second = asked.ask()
    asked.guess(first, old).expect(410, "challenge-superseded")
    if asked.code() != old:
        asked.guess(second, old).expect(422, "otp-invalid")
    assert ("challenge.superseded", "done", None) in trail(caller_auditor, first)
    asked.guess(second, asked.code()).expect(200)


@pytest.mark.rows(118)
def test_the_code_of_another_is_wrong(world):
    """O11: alice's code does not pass bob's challenge."""
    alice, bob = Asked(world), Asked(world)
    alice.ask()
    challenge = bob.ask()
    code = alice.code()
    if code != bob.code():
        bob.guess(challenge, code).expect(422, "otp-invalid")
    assert bob.now()["status"] == "authenticating"


@pytest.mark.invariant(17)
@pytest.mark.rows(118)
def test_a_challenge_of_another_is_not_there(world):
    """O12: another user, whoever it is, gets the answer of an unknown id, with the right code too."""
    alice, bob = Asked(world), Asked(world)
    challenge = alice.ask()
    code = alice.code()
    for caller in (bob.api, world["officer"], world["subscriber2"]):
        answers = [caller.post(f"{HERE}/{one}/verify", {"code": code}) for one in (challenge["id"], uuid.uuid4())]
        told = [{name: value for name, value in answer.json.items() if name not in ("instance", "request_id")}
                for answer in answers]
        assert [answer.status for answer in answers] == [404, 404] and told[0] == told[1]
    alice.guess(challenge, code).expect(200)


@pytest.mark.invariant(17)
@pytest.mark.rows(131)
@pytest.mark.parametrize("change", [
    {"subject": {"common_name": "Somebody Else"}}, {"san": [{"type": "email", "value": "else@example.test"}]},
    {"validity": {"mode": "days", "days": 5}}, "csr"])
def test_an_edit_voids_the_challenge(world, caller_auditor, change):
    """O14: reopening and editing ends the challenge; its code is 410, a new submit asks anew."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    here = f"/v1/reissue-requests/{asked.request['id']}"
    asked.api.post(here + "/reopen", {}).expect(200)
    asked.guess(challenge, code).expect(410, "challenge-invalidated")
    if change == "csr":
        asked.api.put(here + "/csr", {"csr": make_csr(make_key())}).expect(200)
    else:
        asked.api.patch(here, change).expect(200)
    again = asked.api.post(here + "/submit", {}).expect(200)
    assert again["status"] == "authenticating" and again["second_factor"]["status"] == "not_started"
    asked.guess(challenge, code).expect(410, "challenge-invalidated")
    assert ("challenge.invalidated", "done", None) in trail(caller_auditor, challenge)
    asked.guess(asked.ask(), asked.code()).expect(200)


@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_the_end_of_a_request_ends_its_challenge(asked, way):
    """Cancelling or deleting the request ends the challenge in the same transaction."""
    challenge = asked.ask()
    code = asked.code()  # what ends before its code has left sends none
    here = f"/v1/reissue-requests/{asked.request['id']}"
    if way == "cancel":
        asked.api.post(here + "/cancel", {}).expect(200)
    else:
        asked.api.delete(here).expect(204)
    asked.guess(challenge, code).expect(410, "challenge-invalidated")


def test_only_what_asks_for_one_gets_one(asked, world):
    """A draft, an issued request, a wrong digest and a mechanism the profile does not list get no challenge."""
    draft = world.journey.ready(asked.certificate(), asked.api)
    answer = asked.api.post(HERE, {"reissue_request_id": draft["id"], **MAIL}).expect(409, "wrong-state")
    assert answer["current_status"] == "draft"
    asked.submitted()
    asked.ask(409, "digest-mismatch", digest="sha256:" + "0" * 64)
    asked.ask(409, "method-not-configured", mechanism="totp")
    asked.ask(409, "method-not-configured", connector_id=str(uuid.uuid4()))
    asked.ask(digest=asked.request["digest"])
    asked.api.post(HERE, {"reissue_request_id": str(uuid.uuid4()), **MAIL}).expect(404)
    asked.api.post(HERE, MAIL).expect(422, "required")
    asked.api.post(HERE, {"operation": "revoke", "reissue_request_id": draft["id"], **MAIL}).expect(422)


def test_a_policy_that_changes_leaves_the_challenge_as_it_was(world):
    """O16: what was submitted is judged by its revision: the challenge of that snapshot goes on and passes."""
    asked = Asked(world, second_factor={"reissue": [MAIL]})
    challenge = asked.ask()
    world["enterprise_admin"].patch(f"/v1/profiles/{asked.profile}", {
        "second_factor": {"reissue": [{"mechanism": "totp"}]}}).expect(200)
    assert asked.guess(challenge, asked.code()).expect(200)["reissue_request"]["status"] == "issued"


def test_a_connector_that_is_switched_off_fails_closed(world):
    """O17: with its connector off a pending challenge takes no answer and no new one is made."""
    relay = world.made("enterprise_admin", "/v1/connectors", world.journey.relay_body())
    asked = Asked(world, second_factor={"reissue": [{**MAIL, "connector_id": relay["id"]}]})
    challenge = asked.ask()
    code = asked.code()
    world["enterprise_admin"].patch(f"/v1/connectors/{relay['id']}", {"active": False}).expect(200)
    asked.guess(challenge, code).expect(409, "method-not-configured")
    asked.ask(409, "method-not-configured")
    option = asked.now()["second_factor"]["options"][0]
    assert (option["available"], option["unavailable_code"]) == (False, "method-not-configured")
    world["enterprise_admin"].patch(f"/v1/connectors/{relay['id']}", {"active": True}).expect(200)
    asked.guess(challenge, code).expect(200)


def test_a_blocked_user_passes_nothing(world):
    """Blocking a user cancels its challenges at once."""
    asked = Asked(world)
    challenge = asked.ask()
    code = asked.code()
    world["enterprise_admin"].patch(f"/v1/users/{asked.user['id']}", {"status": "blocked"}).expect(200)
    asked.guess(challenge, code).expect(401)
    shown = world["enterprise_admin"].get(f"{HERE}/{challenge['id']}").expect(200)
    assert shown["status"] == "cancelled"


# --- life ---

def test_a_cancelled_challenge_takes_no_code(asked, caller_auditor):
    """O46: cancel, then the right code: 409; cancelling again is the same answer."""
    challenge = asked.ask()
    code = asked.code()
    for _ in range(2):
        assert asked.api.post(f"{HERE}/{challenge['id']}/cancel", {}).expect(200)["status"] == "cancelled"
    asked.guess(challenge, code).expect(409, "challenge-wrong-state")
    assert ("challenge.cancelled", "done", None) in trail(caller_auditor, challenge)
    assert asked.now()["second_factor"]["status"] == "not_started"


@pytest.mark.rows(119)
def test_a_resend_right_away_is_too_soon(asked):
    """O23: a resend within the pause is 429 with Retry-After, and changes nothing (O9)."""
    challenge = asked.ask()
    asked.guess(challenge, wrong(asked.code())).expect(422)
    answer = asked.api.post(f"{HERE}/{challenge['id']}/resend", {}).expect(429, "resend-too-soon")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 4


@pytest.mark.rows(119)
def test_challenges_of_a_user_are_limited(asked):
    """Ten challenges in an hour; the count survives that each supersedes the one before."""
    answers = [asked.api.post(HERE, {"reissue_request_id": asked.submitted()["id"] if not asked.request else
                                     asked.request["id"], **MAIL}) for _ in range(11)]
    assert [answer.status for answer in answers] == [201] * 10 + [429]
    answers[-1].expect(429, "rate-limited")
    assert int(answers[-1].headers["Retry-After"]) > 0


# --- what is shown, and what is sent ---

@pytest.mark.rows(120)
def test_what_is_shown_of_a_destination_is_masked(asked, caller_auditor):
    """O27, O47: the mask is of one length, no answer, event or list holds the address; nothing may be cached."""
    challenge = asked.ask()
    code = asked.code()
    answer = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    local, domain = asked.user["email"].split("@")
    destination = answer["destinations"][0]
    assert destination["masked"] == f"{local[0]}•••{local[-1]}@{domain[0]}•••••.test"
    assert answer.headers["Cache-Control"] == "no-store"
    events = caller_auditor.get(f"/v1/audit-events?object_id={challenge['id']}&limit=200").expect(200)
    for text in (answer.text, events.text, json.dumps(challenge), json.dumps(asked.now())):
        assert asked.user["email"] not in text and code not in text


def test_the_mail_says_what_it_is_for(asked, instance):
    """O40: the code stands in the body, in text and HTML, not in the subject; no link leads anywhere."""
    asked.ask()
    code = asked.code()
    message = coded_mails(instance, asked.user["email"])[-1]
    assert code not in str(message["Subject"]) and code_of(message) == code
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert code in body and "http" not in body.replace("http-equiv", "")
        assert asked.request["subject"]["common_name"][:20] in body
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.rows(132)
def test_a_hostile_name_says_nothing_in_the_mail(world, instance):
    """O37: a common name with a link, markup and a line break comes as words, and the mail has one recipient."""
    asked = Asked(world)
    ready = world.journey.ready(asked.certificate(), asked.api)
    name = "Go to https://evil.example/?x=<b>now</b> \"please\""
    asked.api.patch(f"/v1/reissue-requests/{ready['id']}", {"subject": {"common_name": name}}).expect(200)
    asked.request = asked.api.post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200).json
    asked.ask()
    asked.code()
    message = coded_mails(instance, asked.user["email"])[-1]
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert "evil.example" not in body.replace("https", "") or "://" not in body
        assert "<b>now" not in body
    assert message.get_all("To") == [asked.user["email"]]


def test_making_one_waits_for_nobody(world):
    """A relay that is not there: the challenge is made at once, shows how delivery stands, and takes no code from it."""
    relay = world.made("enterprise_admin", "/v1/connectors", world.journey.relay_body(port=9))
    asked = Asked(world, second_factor={"reissue": [{**MAIL, "connector_id": relay["id"]}]})
    asked.submitted()
    begun = time.monotonic()
    challenge = asked.ask()
    assert time.monotonic() - begun < 1
    assert challenge["destinations"][0]["delivery"] == "queued"


def test_the_database_holds_no_code(asked, instance):
    """O18: neither the code nor a hash of it by whatever stands in its row is in the database; equal codes differ."""
    challenge = asked.ask()
    code = asked.code()
    with instance.database().cursor() as cursor:
        cursor.execute("SELECT encode(salt, 'hex'), encode(mac, 'hex'), channel, kid FROM challenge_code "
                       "WHERE challenge_id = %s", (challenge["id"],))
        salt, mac, channel, kid = cursor.fetchone()
        cursor.execute("SELECT row_to_json(d)::text FROM challenge_delivery d WHERE challenge_id = %s",
                       (challenge["id"],))
        delivery = cursor.fetchone()[0]
    parts = ["", challenge["id"], channel, kid, bytes.fromhex(salt)]
    for name in ("sha1", "sha256", "sha512"):
        for part in parts:
            part = part if isinstance(part, bytes) else part.encode()
            for text in (part + code.encode(), code.encode() + part):
                assert hashlib.new(name, text).hexdigest() != mac
    assert code not in delivery and asked.user["email"] not in delivery


def told(mail, to, words):
    """Waits for a mail that says so and holds no code."""
    end = time.monotonic() + 20
    while True:
        found = [one.get_body(("plain",)).get_content() for one in mail.mails(to)]
        if any(words in " ".join(text.split()) for text in found):
            return
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_what_happened_is_told_by_mail(asked, mail):
    """The user hears of a factor that was passed and of one that was locked."""
    challenge = asked.ask()
    code = asked.code()
    for _ in range(5):
        asked.guess(challenge, wrong(code)).expect(422)
    told(mail, asked.user["email"], "Too many wrong answers locked a confirmation")
    asked.guess(asked.ask(), asked.code()).expect(200)
    told(mail, asked.user["email"], "A second factor was passed for you: the reissue of CN=")


@pytest.mark.rows(120)
def test_a_changed_address_is_no_factor_yet(asked, mail, world):
    """O25: an address that was changed gets no code for a day, and the one before is told; no other is chosen."""
    asked.submitted()
    fresh = f"{uuid.uuid4().hex}@example.test"
    world["enterprise_admin"].patch(f"/v1/users/{asked.user['id']}", {"email": fresh}).expect(200)
    asked.ask(409, "destination-too-new")
    option = asked.now()["second_factor"]["options"][0]
    assert (option["available"], option["unavailable_code"]) == (False, "destination-too-new")
    told(mail, asked.user["email"], "The e-mail address of your account was changed")
    assert mail.mails(fresh) == []


def test_a_user_who_was_asked_stays_on_record(asked, world):
    """Whoever was asked for a factor is not deleted, but blocked."""
    user = world.user()
    api = world.sign_in(user)
    world.relay()
    api.post(HERE, {"operation": "account", **MAIL}).expect(201)
    world["enterprise_admin"].delete(f"/v1/users/{user['id']}").expect(409, "in-use")


# --- the other operations ---

@pytest.fixture(scope="module")
def every(world):
    """A profile that asks for a code by mail for everything but a reissue."""
    world.relay()
    return world.journey.profile(second_factor={"approve": [MAIL], "revoke": [MAIL], "enrol": [MAIL]}, vetting=True)


def step_up(answer, operation):
    """401 of RFC 9470, without a challenge."""
    answer.expect(401, "second-factor-required")
    told = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in told and 'acr_values="email_otp"' in told
    assert answer["second_factor"]["operation"] == operation
    assert answer["second_factor"]["mechanisms"] == ["email_otp"]
    return {name: value for name, value in answer["second_factor"].items() if name not in ("href", "mechanisms")}


def passed_by(world, api, email, count, body):
    challenge = api.post(HERE, {**body, **MAIL}).expect(201)
    code = mailed_code(world.instance, email, count)
    answer = api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(200)
    assert answer["status"] == "verified" and answer["reissue_request"] is None and answer["verified_until"]
    return challenge["id"]


def test_a_revocation_takes_a_passed_challenge(world, every):
    """Revoke: 401 without, once with; keyCompromise needs none."""
    user = world.user()
    api = world.sign_in(user)
    certificates = [world.made("officer", "/v1/certificates/import", {
        **world.import_body(san=()), "profile_id": every, "owner_id": user["id"]}) for _ in range(3)]
    here = [f"/v1/certificates/{one['id']}/revoke" for one in certificates]
    body = step_up(api.post(here[0], {"reason": "superseded"}), "revoke")
    assert body == {"operation": "revoke", "certificate_id": certificates[0]["id"]}
    challenge = passed_by(world, api, user["email"], 1, body)
    api.post(here[1], {"reason": "superseded", "challenge_id": challenge}).expect(409, "challenge-wrong-state")
    done = api.post(here[0], {"reason": "superseded", "challenge_id": challenge}).expect(200)
    assert done["status"] == "revoked"
    assert api.get(f"{HERE}/{challenge}").expect(200)["status"] == "consumed"
    api.post(here[1], {"reason": "superseded", "challenge_id": challenge}).expect(409, "challenge-wrong-state")
    api.post(here[1], {"reason": "superseded", "challenge_id": str(uuid.uuid4())}).expect(404, "challenge-not-found")
    api.post(here[2], {"reason": "keyCompromise"}).expect(200)


def officer_of(world):
    user = world.user(role="ra_officer")
    return user, world.sign_in(user)


def test_an_approval_takes_a_passed_challenge(world, every):
    """Approve: 401 without, once with; another request's challenge does not do, nor another officer's."""
    officer, api = officer_of(world)
    requests = []
    for _ in range(2):
        certificate = world.made("officer", "/v1/certificates/import", {
            **world.import_body(san=()), "profile_id": every})
        ready = world.journey.ready(certificate)
        requests.append(world["subscriber"].post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200).json)
    here = [f"/v1/reissue-requests/{one['id']}/approve" for one in requests]
    body = step_up(api.post(here[0], {"digest": requests[0]["digest"]}), "approve")
    challenge = passed_by(world, api, officer["email"], 1, body)
    api.post(here[1], {"digest": requests[1]["digest"], "challenge_id": challenge}).expect(409, "challenge-wrong-state")
    world["officer"].post(here[0], {"digest": requests[0]["digest"], "challenge_id": challenge}).expect(
        404, "challenge-not-found")
    done = api.post(here[0], {"digest": requests[0]["digest"], "challenge_id": challenge}).expect(200)
    assert done["status"] == "issued"
    assert api.get(f"{HERE}/{challenge}").expect(200)["status"] == "consumed"
    again = api.post(here[0], {"digest": requests[0]["digest"], "challenge_id": challenge}).expect(200)
    assert again["new_certificate_id"] == done["new_certificate_id"]


def test_a_decline_voids_the_officers_challenge(world, every):
    """What the request has become since is not what the officer passed a factor for."""
    officer, api = officer_of(world)
    certificate = world.made("officer", "/v1/certificates/import", {**world.import_body(san=()), "profile_id": every})
    ready = world.journey.ready(certificate)
    here = f"/v1/reissue-requests/{ready['id']}"
    request = world["subscriber"].post(here + "/submit", {}).expect(200).json
    challenge = passed_by(world, api, officer["email"], 1, {"operation": "approve", "reissue_request_id": request["id"]})
    world["officer"].post(here + "/decline", {"remarks": "no"}).expect(200)
    assert api.get(f"{HERE}/{challenge}").expect(200)["status"] == "invalidated"


def test_an_approval_voids_the_other_officers_challenge(world, every, caller_auditor):
    """What another officer has passed a factor for is decided: that challenge ends, on record, the used one does not."""
    certificate = world.made("officer", "/v1/certificates/import", {**world.import_body(san=()), "profile_id": every})
    ready = world.journey.ready(certificate)
    here = f"/v1/reissue-requests/{ready['id']}"
    request = world["subscriber"].post(here + "/submit", {}).expect(200).json
    officers = [officer_of(world) for _ in range(2)]
    used, other = (passed_by(world, api, officer["email"], 1, {"operation": "approve", "reissue_request_id": request["id"]})
                   for officer, api in officers)
    done = officers[0][1].post(here + "/approve", {"digest": request["digest"], "challenge_id": used}).expect(200)
    assert done["status"] == "issued"
    assert officers[1][1].get(f"{HERE}/{other}").expect(200)["status"] == "invalidated"
    assert ("challenge.invalidated", "done", None) in trail(caller_auditor, {"id": other})
    assert ("challenge.invalidated", "done", None) not in trail(caller_auditor, {"id": used})


@pytest.mark.concurrency
def test_a_passed_challenge_is_used_once(world, every):
    """Enrol: of ten parallel enrolments with one challenge one makes a certificate."""
    officer, api = officer_of(world)
    bodies = [{"profile_id": every, "csr": make_csr(make_key()), "owner_id": world.owner_id(),
               "subject": {"common_name": "Once"}} for _ in range(10)]
    asked_for = step_up(api.post("/v1/certificates", bodies[0]), "enrol")
    challenge = passed_by(world, api, officer["email"], 1, asked_for)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda body: api.post("/v1/certificates", {**body, "challenge_id": challenge}), bodies))
    assert sorted(answer.status for answer in answers)[0] == 201
    assert sum(answer.status == 201 for answer in answers) == 1
    assert {answer.status for answer in answers} <= {201, 409}


def test_an_account_change_takes_a_passed_challenge(world):
    """Account: an app is enrolled and taken away only with a code of a means that the account has."""
    world.relay()
    user = world.user()
    api = world.sign_in(user)
    answer = api.post("/v1/me/totp", {}).expect(401, "second-factor-required")
    assert answer["second_factor"]["operation"] == "account"
    challenge = passed_by(world, api, user["email"], 1, {"operation": "account"})
    api.post("/v1/me/totp", {"challenge_id": challenge}).expect(200)
    api.post("/v1/me/totp", {"challenge_id": challenge}).expect(409, "challenge-wrong-state")


def test_a_changed_address_guards_the_account_before_it_counts(world):
    """Account: while a changed address is too new to get a code, a session alone enrols no app in its place."""
    world.relay()
    user = world.user()
    api = world.sign_in(user)
    world["enterprise_admin"].patch(f"/v1/users/{user['id']}", {"email": f"{uuid.uuid4().hex}@example.test"}).expect(200)
    api.post("/v1/me/totp", {}).expect(401, "second-factor-required")
    api.post(HERE, {"operation": "account", **MAIL}).expect(409)


def test_a_client_answers_for_whom_it_acts(world):
    """A client makes and answers challenges for the users it acts as, and for nobody else."""
    asked, other = Asked(world), Asked(world)
    client = world.made("enterprise_admin", "/v1/clients", {
        "name": uuid.uuid4().hex, "role": "subscriber", "scopes": ["reissue:read", "reissue:write"],
        "acts_as": [asked.user["id"]]})
    token = world["nobody"].request("POST", "/oauth2/token", data=f"grant_type=client_credentials&client_id="
                                    f"{client['id']}&client_secret={client['client_secret']}", headers={
                                        "Content-Type": "application/x-www-form-urlencoded"}).expect(200)["access_token"]
    api = Api(world["nobody"].base_url, token)
    asked.submitted(), other.submitted()
    challenge = api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}).expect(201)
    api.post(HERE, {"reissue_request_id": other.request["id"], **MAIL}).expect(404)
    asked.mails = 1
    passed = api.post(f"{HERE}/{challenge['id']}/verify", {"code": asked.code()}).expect(200)
    assert passed["reissue_request"]["status"] == "issued"


def test_scopes_hold(world):
    """A token that may only read makes and answers no challenge."""
    asked = Asked(world)
    challenge = asked.ask()
    token = asked.api.post("/v1/api-tokens", {"name": "r", "scopes": ["reissue:read"]}).expect(201)["token"]
    reader = Api(asked.api.base_url, token)
    reader.get(f"{HERE}/{challenge['id']}").expect(200)
    reader.post(f"{HERE}/{challenge['id']}/verify", {"code": asked.code()}).expect(403, "insufficient-scope")
    reader.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}).expect(403, "insufficient-scope")


def test_an_officer_answers_for_the_owner_and_does_not_approve(world):
    """on_behalf: the code goes to the owner, an officer may type it in, and then another one approves."""
    asked = Asked(world, second_factor={"reissue": [MAIL]}, vetting=True, on_behalf=True)
    request = asked.submitted()
    challenge = world["officer"].post(HERE, {"reissue_request_id": request["id"], **MAIL}).expect(201)
    assert challenge["user_id"] == asked.user["id"]
    asked.mails = 1
    passed = world["officer"].post(f"{HERE}/{challenge['id']}/verify", {"code": asked.code()}).expect(200)
    assert passed["reissue_request"]["status"] == "pending"
    here = f"/v1/reissue-requests/{request['id']}/approve"
    world["officer"].post(here, {"digest": request["digest"]}).expect(403, "self-approval")
    assert world["officer2"].post(here, {"digest": request["digest"]}).expect(200)["status"] == "issued"


def test_without_on_behalf_the_owner_answers(world):
    """An officer makes no challenge for an owner whose profile does not let it."""
    asked = Asked(world)
    request = asked.submitted()
    world["officer"].post(HERE, {"reissue_request_id": request["id"], **MAIL}).expect(403, "forbidden")


def test_a_repeated_key_sends_nothing_twice(asked, mail):
    """An Idempotency-Key: the same challenge again, one mail; a wrong answer repeated counts once."""
    request = asked.submitted()
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"reissue_request_id": request["id"], **MAIL}
    first = asked.api.post(HERE, body, headers=key).expect(201)
    again = asked.api.post(HERE, body, headers=key).expect(201)
    assert again.headers["Idempotent-Replayed"] == "true" and again.json == first.json
    asked.mails = 1
    code = asked.code()
    key = {"Idempotency-Key": uuid.uuid4().hex}
    here = f"{HERE}/{first['id']}/verify"
    for _ in range(3):
        answer = asked.api.post(here, {"code": wrong(code)}, headers=key).expect(422, "otp-invalid")
        assert answer["attempts_left"] == 4
    key = {"Idempotency-Key": uuid.uuid4().hex}
    done = asked.api.post(here, {"code": code}, headers=key).expect(200)
    assert asked.api.post(here, {"code": code}, headers=key).expect(200).json == done.json
    assert len(coded_mails(asked.world.instance, asked.user["email"])) == 1


def test_an_app_is_taken_away_with_a_code(world, mail):
    """Account: an enrolled app goes with a passed challenge, and not without; then there is none."""
    world.relay()
    user = world.user()
    api = world.sign_in(user)
    api.delete("/v1/me/totp").expect(404)
    challenge = passed_by(world, api, user["email"], 1, {"operation": "account"})
    secret = api.post("/v1/me/totp", {"challenge_id": challenge}).expect(200)["secret"]
    api.post("/v1/me/totp/confirm", {"code": totp(secret, now(world.instance))}).expect(204)
    assert [one["kind"] for one in api.get("/v1/me").expect(200)["second_factors"]] == ["email", "totp"]
    told(mail, user["email"], "An authenticator app was enrolled for your account")
    api.delete("/v1/me/totp").expect(401, "second-factor-required")
    challenge = passed_by(world, api, user["email"], 2, {"operation": "account"})
    api.delete(f"/v1/me/totp?challenge_id={challenge}").expect(204)
    assert [one["kind"] for one in api.get("/v1/me").expect(200)["second_factors"]] == ["email"]
    told(mail, user["email"], "The authenticator app of your account was taken away")
    api.delete("/v1/me/totp").expect(404)


@pytest.mark.invariant(17)
def test_another_app_is_no_factor_yet(world):
    """An app enrolled in the place of another while a challenge is open passes nothing before it has settled."""
    world.relay()
    profile = world.keep("by app", lambda: world.journey.profile(second_factor={"reissue": [{"mechanism": "totp"}]}))
    user = world.user(enterprise_id=world.enterprise_id())
    api = world.sign_in(user)

    def enrolled(count):
        challenge = passed_by(world, api, user["email"], count, {"operation": "account", **MAIL})
        secret = api.post("/v1/me/totp", {"challenge_id": challenge}).expect(200)["secret"]
        api.post("/v1/me/totp/confirm", {"code": totp(secret, now(world.instance) - 30)}).expect(204)
        return secret
    enrolled(1)
    with world.instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE user_means SET usable_from = usable_from - interval '2 days' WHERE user_id = %s", (user["id"],))
    certificate = world.made("officer", "/v1/certificates/import", {
        **world.import_body(san=()), "profile_id": profile, "owner_id": user["id"]})
    ready = world.journey.ready(certificate, api)
    api.post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200)
    challenge = api.post(HERE, {"reissue_request_id": ready["id"], "mechanism": "totp"}).expect(201)
    code = totp(enrolled(2), now(world.instance))
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(409, "destination-too-new")
    assert api.get(f"/v1/reissue-requests/{ready['id']}").expect(200)["status"] == "authenticating"


@pytest.mark.invariant(17)
def test_a_blocker_after_the_factor_fails_the_request(world):
    """What stands in the way when the factor is passed leads to `failed`; the factor stays good for the retry."""
    asked = Asked(world, second_factor={"reissue": [MAIL]})
    challenge = asked.ask()
    world["enterprise_admin"].patch(f"/v1/profiles/{asked.profile}", {"active": False}).expect(200)
    passed = asked.guess(challenge, asked.code()).expect(200)["reissue_request"]
    assert passed["status"] == "failed" and passed["second_factor"]["status"] == "passed"
    assert passed["failure"]["blockers"][0]["code"] == "profile-inactive"
    world["enterprise_admin"].patch(f"/v1/profiles/{asked.profile}", {"active": True}).expect(200)
    done = asked.api.post(f"/v1/reissue-requests/{asked.request['id']}/retry", {}).expect(200)
    assert done["status"] == "issued"


# --- callbacks that nobody asked for ---

@pytest.mark.invariant(42)
@pytest.mark.parametrize("method, path, given", [
    ("GET", "/v1/callbacks/oidc/%s?state=" + "A" * 43, None),
    ("GET", "/v1/callbacks/oidc/%s?state=a&state=b", None),
    ("POST", "/v1/callbacks/saml/%s", "SAMLResponse=eA&RelayState=" + "A" * 43),
    ("POST", "/v1/callbacks/saml/%s", "RelayState=a&RelayState=b")])
def test_nobody_fills_the_record_by_callbacks(world, tmp_path, method, path, given):
    """An address that brings answers nobody waits for is told to wait, with a page, and is not put on record then."""
    connector = world.made("enterprise_admin", "/v1/connectors", world.journey.relay_body())["id"]
    address = f"2a00:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}:3::1"
    with Beside(world.instance, tmp_path, """{"server": {"port": @PORT@, "replica_id": "few",
            "trusted_proxies": ["127.0.0.1"]}, "limits": {"unauthenticated_per_address": 3},
            "signer": {"journal_file": "@JOURNAL@"}}""") as few:
        answers = [few.caller().request(method, path % connector, data=given, headers={
            "X-Forwarded-For": address, "Content-Type": "application/x-www-form-urlencoded"}, checked=False)
            for _ in range(12)]
    refused = [one for one in answers if one.status in (400, 403)]
    waiting = [one for one in answers if one.status == 429]
    assert len(refused) + len(waiting) == 12 and len(refused) in (3, 4, 5, 6), [one.status for one in answers]
    assert all(one.headers["Content-Type"].startswith("text/html") and int(one.headers["Retry-After"]) > 0
               for one in waiting)
    events = world["enterprise_admin"].get(
        f"/v1/audit-events?object_id={connector}&action=challenge.refused&limit=100").expect(200)["items"]
    assert len(events) == len(refused)


def test_strangers_choose_nothing_in_the_record(world):
    """A callback to a connector that there is not is on record without the id that a stranger chose."""
    chosen = str(uuid.uuid4())
    world["nobody"].get(f"/v1/callbacks/oidc/{chosen}?state=" + "A" * 43, checked=False).expect(403)
    assert chosen not in world["admin"].get("/v1/audit-events?action=challenge.refused&limit=50").expect(200).text
    assert not world["admin"].get(f"/v1/audit-events?object_id={chosen}").expect(200)["items"]
