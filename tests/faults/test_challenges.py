"""Challenges when time passes, processes die, the database is away, and what must be found nowhere."""
import concurrent.futures
import datetime
import os
import pathlib
import random
import re
import signal
import time
import urllib.parse

import pytest
import requests

from peers.mail.peer import MailPeer
from peers.oidc.hostile import ACCESS_TOKEN, REFRESH_TOKEN, Hostile
from support.asked import HERE, MAIL, Asked, wrong
from support.beside import Beside
from support.calls import PASSWORD, World
from support.oidc import OPEN, Person, Provided
from support.oracle import dump
from support.otp import coded_mails, mailed_code, now, totp

BESIDE = """{"server": {"port": @PORT@, "replica_id": "beside"}, "signer": {"journal_file": "@JOURNAL@"},
  "limits": {"challenges_per_user": 1000, "challenges_per_user_day": 1000}}"""


@pytest.fixture(scope="module")
def world(own):
    return World(own, own.journey())


@pytest.fixture(autouse=True)
def clock(own):
    yield
    own.dev("clock", "0")


@pytest.fixture
def asked(world):
    return Asked(world)


def sealed(own, challenge):
    """How many of a challenge's codes and destinations the outbox still holds."""
    with own.database().cursor() as cursor:
        cursor.execute("SELECT count(code_sealed), count(destination_sealed) FROM challenge_delivery "
                       "WHERE challenge_id = %s", (challenge["id"],))
        return cursor.fetchone()


def eventually(what, seconds=20):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "did not come about"
        time.sleep(0.2)


# --- time ---

@pytest.mark.invariant(17)
@pytest.mark.rows(118)
def test_a_challenge_runs_out(own, asked):
    """O13: at its end a challenge is 410, by the service's clock alone; the job ends it and wipes what was sealed."""
    challenge = asked.ask()
    code = asked.code()
    assert sealed(own, challenge) == (1, 1)
    own.dev("clock", "+301s")
    old = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    asked.api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}, headers={"Date": old}).expect(
        410, "challenge-expired")
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "expired"
    assert asked.now()["second_factor"]["status"] == "failed"
    eventually(lambda: sealed(own, challenge) == (0, 0))


def test_a_resend_carries_the_same_code_then_a_new_one(own, asked):
    """O23, O24: after its pause a resend has the same code; past half of the life a new one, the old is wrong;
    neither attempts nor the end change; the fourth is 429 resend-limit."""
    challenge = asked.ask()
    code = asked.code()
    asked.guess(challenge, wrong(code)).expect(422)
    here = f"{HERE}/{challenge['id']}/resend"
    own.dev("clock", "+61s")
    again = asked.api.post(here, {}).expect(200)
    asked.mails += 1
    assert asked.code() == code
    assert again["attempts_left"] == 4 and again["expires_at"] == challenge["expires_at"]
    assert again["resends_left"] == 2
    own.dev("clock", "+185s")
    eventually(lambda: sealed(own, challenge)[0] == 0)
    asked.api.post(here, {}).expect(200)
    asked.mails += 1
    fresh = asked.code()
    if fresh != code:
        asked.guess(challenge, code).expect(422, "otp-invalid")
    own.dev("clock", "+250s")
    asked.api.post(here, {}).expect(200)
    asked.mails += 1
    own.dev("clock", "+290s")
    asked.api.post(here, {}).expect(429, "resend-limit")
    asked.guess(challenge, asked.code()).expect(200)


def test_a_resend_takes_the_place_of_what_waits(own, asked):
    """Of a message that no relay took and the one asked for instead, one goes out: with the code that is right."""
    asked.submitted()
    mail = MailPeer(own["MAIL_DIR"])
    mail.down()
    try:
        challenge = asked.ask()

        def tries():
            with own.database().cursor() as cursor:
                cursor.execute("SELECT tries FROM challenge_delivery WHERE challenge_id = %s", (challenge["id"],))
                return cursor.fetchone()[0]
        eventually(lambda: tries() >= 2)
    finally:
        mail.up(own["OUTBOX_DIR"])
    own.dev("clock", "+155s")
    shown = asked.api.post(f"{HERE}/{challenge['id']}/resend", {}).expect(200)
    assert [one["delivery"] for one in shown["destinations"]] == ["queued"]
    code = asked.code()
    own.dev("clock", "+200s")
    time.sleep(3)
    assert len(coded_mails(own, asked.user["email"])) == 1
    eventually(lambda: sealed(own, challenge) == (0, 1))
    asked.guess(challenge, code).expect(200)


def test_verified_is_no_session(own, world):
    """A passed challenge is good for two minutes."""
    world.relay()
    profile = world.journey.profile(second_factor={"revoke": [MAIL]})
    user = world.user()
    api = world.sign_in(user)
    certificate = world.made("officer", "/v1/certificates/import", {
        **world.import_body(san=()), "profile_id": profile, "owner_id": user["id"]})
    challenge = api.post(HERE, {"operation": "revoke", "certificate_id": certificate["id"], **MAIL}).expect(201)
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": mailed_code(own, user["email"])}).expect(200)
    own.dev("clock", "+121s")
    api.post(f"/v1/certificates/{certificate['id']}/revoke", {
        "reason": "superseded", "challenge_id": challenge["id"]}).expect(410, "challenge-expired")
    assert api.get(f"/v1/certificates/{certificate['id']}").expect(200)["status"] == "issued"


@pytest.mark.invariant(18)
def test_a_lock_ends_and_the_next_is_longer(own, asked):
    """Ten wrong answers lock for 15 minutes, ten more for 30."""
    for minutes in (15, 30):
        for _ in range(2):
            challenge = asked.ask()
            code = asked.code()
            for _ in range(5):
                asked.guess(challenge, wrong(code)).expect(422)
        answer = asked.api.post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}).expect(429, "subject-locked")
        assert abs(int(answer.headers["Retry-After"]) - 60 * minutes) < 20
        own.dev("clock", "+16m")
    own.dev("clock", "+50m")
    asked.api = asked.world.sign_in(asked.user)
    asked.guess(asked.ask(), asked.code()).expect(200)


@pytest.mark.invariant(17)
@pytest.mark.rows(118)
def test_an_app_passes_a_reissue_and_a_code_works_once(own, world):
    """totp: enrolled with a code, a factor after a day, one step of skew, and no code works twice."""
    profile = world.keep("app", lambda: world.journey.profile(second_factor={"reissue": [{"mechanism": "totp"}]}))
    user = world.user(enterprise_id=world.enterprise_id())
    api = world.sign_in(user)
    challenge = api.post(HERE, {"operation": "account", **MAIL}).expect(201)
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": mailed_code(own, user["email"])}).expect(200)
    made = api.post("/v1/me/totp", {"challenge_id": challenge["id"]}).expect(200)
    assert made["otpauth_uri"].startswith("otpauth://totp/reissued:") and made["secret"] in made["otpauth_uri"]
    assert made["qr_svg"].startswith("<svg ")
    api.post("/v1/me/totp/confirm", {"code": wrong(totp(made["secret"], now(own)))}).expect(422, "otp-invalid")
    first = totp(made["secret"], now(own))
    api.post("/v1/me/totp/confirm", {"code": first}).expect(204)

    def submitted():
        certificate = world.made("officer", "/v1/certificates/import", {
            **world.import_body(san=()), "profile_id": profile, "owner_id": user["id"]})
        ready = world.journey.ready(certificate, api)
        return api.post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200)["id"]
    body = {"reissue_request_id": submitted(), "mechanism": "totp"}
    api.post(HERE, body).expect(409, "destination-too-new")
    own.dev("clock", "+25h")
    api = world.sign_in(user)
    challenge = api.post(HERE, body).expect(201)
    here = f"{HERE}/{challenge['id']}/verify"
    at = now(own)
    api.post(here, {"code": totp(made["secret"], at - 90)}).expect(422, "otp-invalid")
    api.post(here, {"code": totp(made["secret"], at + 120)}).expect(422, "otp-invalid")
    code = totp(made["secret"], now(own))
    assert api.post(here, {"code": code}).expect(200)["reissue_request"]["status"] == "issued"
    challenge = api.post(HERE, {"reissue_request_id": submitted(), "mechanism": "totp"}).expect(201)
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(422, "otp-invalid")
    api.post(f"{HERE}/{challenge['id']}/verify", {"code": totp(made["secret"], now(own) + 30)}).expect(200)


# --- processes that die ---

@pytest.mark.invariant(18)
@pytest.mark.rows(119)
def test_two_hundred_guesses_over_two_replicas(own, asked, tmp_path):
    """Of 200 parallel guesses over two replicas, one of which is killed meanwhile, at most the limit is evaluated,
    and what was counted stays counted."""
    challenge = asked.ask()
    code = asked.code()
    with Beside(own, tmp_path, BESIDE) as beside:
        there = beside.caller(asked.api.token)

        def send(i):
            api = asked.api.at(own["BASE_URL"]) if i % 2 else there.at(beside.base_url)
            try:
                return api.post(f"{HERE}/{challenge['id']}/verify", {"code": f"{(int(code) + 1 + i) % 10**6:06d}"},
                                checked=False).status
            except OSError:
                return None
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            running = [pool.submit(send, i) for i in range(200)]
            time.sleep(0.15)
            os.kill(beside.process.pid, signal.SIGKILL)
            statuses = [one.result() for one in running]
        beside.process.wait()
    assert statuses.count(422) <= 5 and statuses.count(200) == 0
    with own.database().cursor() as cursor:
        cursor.execute("SELECT attempts, status FROM challenge WHERE id = %s", (challenge["id"],))
        attempts, status = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM challenge_event WHERE challenge_id = %s AND kind = 'attempt'",
                       (challenge["id"],))
        assert cursor.fetchone()[0] <= attempts <= 5
    assert attempts == 5
    asked.guess(challenge, code).expect(423, "challenge-locked")
    assert asked.now()["status"] == "authenticating"


@pytest.mark.invariant(18)
def test_a_crash_between_counting_and_judging_gives_no_guess_back(own, asked, tmp_path):
    """The process dies after it counted: the attempt is used up, the right code still passes on another replica."""
    challenge = asked.ask()
    code = asked.code()
    with Beside(own, tmp_path, BESIDE, REISSUED_FAILPOINT="after_attempt:abort") as beside:
        with pytest.raises(OSError):
            beside.caller(asked.api.token).post(f"{HERE}/{challenge['id']}/verify", {"code": wrong(code)})
        beside.process.wait(20)
    assert asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == 4
    asked.guess(challenge, code).expect(200)


@pytest.mark.invariant(17)
def test_a_crash_on_a_provider_s_answer_spends_it(own, world, tmp_path):
    """The process dies on the answer of an identity provider: it is good no second time, its code is never exchanged,
    the challenge is soon rejected, on record, and another one passes."""
    dying = tmp_path / "dying"
    dying.mkdir()
    with Hostile() as op, Beside(own, tmp_path, OPEN) as service:
        journey = own.journey()
        person = Person(Provided(service, journey.callers, journey, op, acr_values=["urn:mfa"]))
        person.waiting()
        challenge = person.challenge()
        url = op.authorize(person.follow(challenge))
        with Beside(own, dying, OPEN, REISSUED_FAILPOINT="after_exchange:abort") as beside:
            with pytest.raises(OSError):
                person.return_to(url.replace(service.base_url, beside.base_url))
            assert beside.process.wait(20) == 99
        assert person.shown(challenge)["status"] == "pending"
        assert person.return_to(url)["status"] == 409
        own.dev("clock", "+41s")
        eventually(lambda: person.shown(challenge)["status"] == "rejected")
        assert person.shown(challenge)["failure"] == {"code": "idp-unavailable"}
        told = [(event["action"], event["to"], event["detail"]) for event in person.events(challenge)]
        assert ("challenge.returned", "rejected", "interrupted") in told
        assert op.calls("/token") == []
        person.expect_nothing_issued()
        challenge = person.challenge()
        back = person.return_to(op.authorize(person.follow(challenge)))
        assert person.complete(challenge, back["result"]).expect(200)["status"] == "consumed"


@pytest.mark.invariant(17)
def test_a_delivery_survives_its_process(own, world, tmp_path):
    """What was queued, or half sent, when its process died is delivered by the next one, once its lease is over."""
    asked = Asked(world)
    asked.submitted()
    own.wait_ready()
    os.kill(own.pids()[0], signal.SIGSTOP)
    try:
        with Beside(own, tmp_path, BESIDE, REISSUED_FAILPOINT="no_such:error") as beside:
            challenge = beside.caller(asked.api.token).post(
                HERE, {"reissue_request_id": asked.request["id"], **MAIL}).expect(201)
            os.kill(beside.process.pid, signal.SIGKILL)
            beside.process.wait()
    finally:
        os.kill(own.pids()[0], signal.SIGCONT)
    asked.guess(challenge, mailed_code(own, asked.user["email"], seconds=120)).expect(200)


def test_the_database_goes_away_during_an_answer(own, asked):
    """O50: 503 while the database does not answer; what was counted before it went stays counted."""
    challenge = asked.ask()
    code = asked.code()
    asked.guess(challenge, wrong(code)).expect(422)
    pids = own.postgres_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        answer = asked.api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}, checked=False)
        assert answer.status == 503 and answer.headers["Retry-After"]
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    own.wait_ready()
    left = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"]
    assert left <= 4
    asked.guess(challenge, code).expect(200)


# --- right, and we failed ---

@pytest.mark.invariant(18)
def test_a_right_answer_that_could_not_be_granted(own, world, tmp_path):
    """A right answer whose request we fail to move on is 503 and no guess: the last attempt is there again, and passes."""
    asked = Asked(world, second_factor={"reissue": [{**MAIL, "otp": {"attempts": 1}}]})
    challenge = asked.ask()
    code = asked.code()
    with Beside(own, tmp_path, BESIDE, REISSUED_FAILPOINT="before_tx1:error:1") as beside:
        answer = beside.caller(asked.api.token).post(f"{HERE}/{challenge['id']}/verify", {"code": code}, checked=False)
        assert answer.expect(503).headers["Retry-After"]
    shown = asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    assert (shown["status"], shown["attempts_left"]) == ("pending", 1)
    asked.guess(challenge, code).expect(200)
    with own.database().cursor() as cursor:
        cursor.execute("SELECT wrong, locks FROM challenge_subject WHERE user_id = %s", (asked.user["id"],))
        assert cursor.fetchone() == (0, 0)


def test_a_result_that_could_not_be_granted(own, tmp_path):
    """A result whose request we fail to move on is 503 and not used up: brought again it passes."""
    journey = own.journey()
    with Beside(own, tmp_path, OPEN, REISSUED_FAILPOINT="before_tx1:error:1") as service, Hostile() as liar:
        liar.honest()
        # The certificate to be reissued is made elsewhere: its making is no passage of the failpoint.
        someone = Person(Provided(service, journey.callers, journey, liar))
        someone.waiting()
        challenge = someone.challenge()
        back = someone.return_to(liar.authorize(someone.follow(challenge)))
        someone.complete(challenge, back["result"]).expect(503)
        assert someone.shown(challenge)["status"] == "returned"
        someone.expect_nothing_issued()
        someone.complete(challenge, back["result"]).expect(200)
        someone.complete(challenge, back["result"]).expect(409, "challenge-wrong-state")


# --- what the time tells ---

def slower(send, one, other, pairs):
    """How often `one` took longer than `other`, over pairs in an order that chance gives."""
    count = 0
    for _ in range(pairs):
        took = {}
        for name, make in random.sample([("one", one), ("other", other)], 2):
            body = make()
            begun = time.perf_counter_ns()
            send(body)
            took[name] = time.perf_counter_ns() - begun
        count += took["one"] > took["other"]
    return count


@pytest.mark.invariant(17)
def test_the_time_of_an_answer_tells_no_digit(own, asked, tmp_path):
    """O22: of 2,000 wrong codes, half with five right digits and half with none, as many of the one sort take longer than
    one of the other as the toss of a coin makes (p < 1e-6); the same comparison sees an answer that is not counted."""
    with Beside(own, tmp_path, BESIDE.replace('"limits": {', '"limits": {"verify_per_user": 100000, ')) as beside:
        asked.api = asked.api.at(beside.base_url)
        challenge = asked.ask()
        code = asked.code()
        asked.guess(challenge, wrong(code)).expect(422, "otp-invalid")
        # Thousands of guesses are what is not allowed: the limits step aside for them.
        with own.database() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE challenge SET attempts_max = 100000 WHERE id = %s", (challenge["id"],))
            cursor.execute("UPDATE challenge_subject SET wrong = -100000 WHERE user_id = %s", (asked.user["id"],))
            assert cursor.rowcount == 1
        url, headers = f"{beside.base_url}{HERE}/{challenge['id']}/verify", {"Authorization": f"Bearer {asked.api.token}"}
        codes = set()

        def other_than(digit):
            return random.choice([d for d in "0123456789" if d != digit])
        with requests.Session() as session:
            def send(body):
                answer = session.post(url, json={"code": body}, headers=headers, timeout=20)
                assert answer.status_code == 422, answer.text
                codes.add(answer.json()["code"])
            prefix = slower(send, lambda: code[:5] + other_than(code[5]), lambda: "".join(map(other_than, code)), 1000)
            assert codes == {"otp-invalid"}
            control = slower(send, lambda: "".join(map(other_than, code)), lambda: "no code", 200)
    assert control > 128, f"what does less takes less time: {control} of 200"
    assert abs(prefix - 500) < 78, f"{prefix} of 1000"


# --- what is found nowhere ---

def tables(text):
    """The rows of a dump by table; what a table's own columns say about rows comes with them."""
    return {name: rows for name, rows in re.findall(r"^COPY public\.(\w+) [^\n]*\n(.*?)^\\\.$", text, re.M | re.S)}


def arguments():
    """The arguments of every process there is."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass  # it has ended
    return found


def by_oidc(own, service, op):
    """A reissue by a sign-in elsewhere; everything on its way that opens something, and the app's secret there."""
    journey = own.journey()
    person = Person(Provided(service, journey.callers, journey, op, acr_values=["urn:mfa"]))
    person.waiting()
    challenge = person.challenge()
    url = op.authorize(person.follow(challenge))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    result = person.return_to(url)["result"]
    assert person.complete(challenge, result).expect(200)["status"] == "consumed"
    return {"handle": challenge["redirect_url"].rsplit("/", 1)[1], "state": query["state"], "code": query["code"],
            "result": result, "access token": ACCESS_TOKEN, "refresh token": REFRESH_TOKEN,
            "client secret": op.client_secret, "session": person.api.token}


@pytest.mark.rows(118)
def test_no_code_password_or_secret_is_anywhere(own, world, tmp_path):
    """O18, O19: at debug level no code, password, app secret, token, result or whole destination stands in a log, in
    any table of the database or in the arguments of any process, while it is good and afterwards."""
    debug = OPEN.rstrip().removesuffix("}") + ', "log": {"level": "debug"}}'
    asked = Asked(world)
    with Hostile() as op, Beside(own, tmp_path, debug) as beside:
        asked.api = asked.api.at(beside.base_url)
        challenge = asked.ask()
        code = asked.code()
        guess = wrong(code)
        asked.guess(challenge, guess).expect(422)
        password = "canary-password-5e1f"
        asked.answer(challenge, {"password": password}).expect(422)
        lonely = world.lonely().at(beside.base_url)
        secret = lonely.post("/v1/me/totp", {}).expect(200)["secret"]
        lonely.post("/v1/me/totp/confirm", {"code": totp(secret, now(own))}).expect(204)
        handle = "canaryHandle0123456789abcdefABCDEF0123456789_"[:43]
        beside.caller().request("GET", f"/v1/redirects/{handle}", checked=False)
        beside.caller().request("GET", f"/v1/callbacks/oidc/{challenge['id']}?state={handle}&code={password}",
                                checked=False)
        canaries = {"password": password, "app secret": secret, "unknown handle": handle, "token": asked.api.token,
                    "login password": PASSWORD, **by_oidc(own, beside, op)}
        pending = dump(own)
        asked.guess(challenge, code).expect(200)
        seen = {"arguments": "\n".join(arguments()), "log": beside.log.read_text(errors="replace")}
    for path in [*own.logs, *(path for path in pathlib.Path(own.dir).glob("log/postgres*") if path.is_file())]:
        seen[str(path)] = path.read_text(errors="replace")
    stored = {f"{name} ({when})": rows for when, text in (("pending", pending), ("over", dump(own)))
              for name, rows in tables(text).items()}
    assert any(challenge["id"] in rows for name, rows in stored.items() if name.startswith("challenge_delivery "))
    # A code alone: not digits of a fraction of a second, of a number or of something encoded.
    digits = re.compile(rf"(?<![\w+/.-])(?:{code}|{guess})(?![\w+/-])")
    for place, text in {**seen, **stored}.items():
        for name, canary in canaries.items():
            assert canary not in text, f"{name} in {place}"
        assert not digits.search(text), f"a code in {place}"
        # Whose address it is, the user's own row says, the event of its making, and the mail that tells the user.
        if not place.startswith(("user_account ", "mail ")):
            told = [line for line in text.splitlines() if asked.user["email"] in line]
            assert not [line for line in told if '"action":"user.created"' not in line], f"a destination in {place}"
