"""Codes by text message, through kannel and through gateways that fail: O25 to O36 of the second factor."""
import concurrent.futures
import random
import re
import time
import uuid

import pytest

from peers.sms.peer import DENIED, SmsPeer
from support.beside import Beside
from support.calls import PASSWORD
from support.client import Api
from support.foreign import foreign_pem
from support.keys import make_csr, make_key
from support.oracle import dump

HERE = "/v1/second-factor-challenges"
CODE = re.compile(r"Code (\d{6}) for: ")


def word():
    return uuid.uuid4().hex


def number():
    """A number of some country: messages to one are limited for all tests together."""
    return random.choice(["+49151", "+43664", "+41791", "+33612", "+31612", "+32475"]) + str(uuid.uuid4().int)[:7]


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    peer = SmsPeer(tmp_path_factory.mktemp("sms")).up()
    yield peer
    peer.down()


@pytest.fixture(scope="module")
def soon(instance, tmp_path_factory):
    """A process beside the instance by which a confirmed number counts at once."""
    with Beside(instance, tmp_path_factory.mktemp("soon"), """{"server": {"port": @PORT@, "replica_id": "soon"},
            "signer": {"journal_file": "@JOURNAL@"}, "second_factor": {"settle_hours": 0}}""") as beside:
        yield beside


class Tenant:
    """An enterprise of its own, with its administrator, officer and gateways."""

    def __init__(self, callers, instance, soon):
        self.platform, self.base, self.soon, self.instance = callers["admin"], instance["BASE_URL"], soon, instance
        self.id = self.platform.post("/v1/enterprises", {"name": word()}).expect(201)["id"]
        self.admin, self.officer = self.person("admin")[0], self.person("ra_officer")[0]
        self.shape = callers["enterprise_admin"].get(f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}").expect(200).json

    def person(self, role="subscriber", email=None):
        """(signed in, user)"""
        user = self.platform.post("/v1/users", {
            "email": email or f"{word()}@example.test", "name": "Sam", "role": role, "password": PASSWORD,
            "enterprise_id": self.id}).expect(201)
        answer = Api(self.base).post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
        return Api(self.base, answer["access_token"]), user.json

    def gateway(self, settings, **more):
        return self.admin.post("/v1/connectors", {
            "kind": "sms", "name": word(), "settings": {**settings, **more}}).expect(201)["id"]

    def off(self, connector):
        self.admin.patch(f"/v1/connectors/{connector}", {"active": False}).expect(200)

    def profile(self, *options, **more):
        body = {name: value for name, value in self.shape.items()
                if name not in ("id", "revision", "enterprise_id", "created_at", "updated_at", "agreement_id")}
        return self.admin.post("/v1/profiles", {
            **body, "name": word(), "second_factor": {"reissue": list(options or [{"mechanism": "sms_otp"}])},
            **more}).expect(201)["id"]


class Holder:
    """Somebody of a tenant with a certificate, and maybe with a number."""

    def __init__(self, tenant, profile=None, email=None):
        self.tenant = tenant
        self.api, self.user = tenant.person(email=email)
        self.mobile = None
        self.profile = profile or tenant.profile()

    def later(self):
        """The same session at the process by which what is confirmed counts at once."""
        return Api(self.tenant.soon.base_url, self.api.token)

    def confirm(self, gateways, mobile=None, api=None):
        """Confirms a number by a code that a gateway takes."""
        self.mobile = mobile or number()
        path = f"/ok/{word()}"
        connector = self.tenant.gateway(gateways.gateway(path))
        api = api or self.later()
        shown = api.post("/v1/me/mobile", {"mobile": self.mobile}).expect(200)
        assert self.mobile not in shown.text and self.mobile[-2:] in shown["mobile"]
        text = texts(gateways.until(lambda: gateways.calls(path)))[0]
        api.post("/v1/me/mobile/confirm", {"code": CODE.search(text)[1]}).expect(204)
        self.tenant.off(connector)
        return self

    def submitted(self):
        """A request that is `authenticating`."""
        certificate = self.tenant.officer.post("/v1/certificates/import", {
            "pem": foreign_pem(word(), san=()), "profile_id": self.profile, "owner_id": self.user["id"]}).expect(201)
        request = self.api.post("/v1/reissue-requests", {
            "certificate_id": certificate["id"], "reason": "key_lost", "csr": make_csr(make_key())}).expect(201)
        answer = self.api.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
        assert answer["status"] == "authenticating", answer.text
        return answer.json

    def ask(self, request=None, status=201, code=None, **more):
        request = request or self.submitted()
        return self.api.post(HERE, {
            "reissue_request_id": request["id"], "mechanism": "sms_otp", **more}).expect(status, code)

    def challenge(self, challenge):
        return self.api.get(f"{HERE}/{challenge['id']}").expect(200)

    def delivered(self, challenge, state="sent", seconds=30):
        """The challenge, once its message is in a state."""
        end = time.monotonic() + seconds
        while (now := self.challenge(challenge))["destinations"][0]["delivery"] != state:
            assert time.monotonic() < end, now.text
            time.sleep(0.1)
        return now


def texts(calls):
    """The texts of calls of the scripted gateway: form bodies."""
    from urllib.parse import parse_qs
    return [parse_qs(call["body"])["text"][0] for call in calls]


@pytest.fixture
def tenant(callers, instance, soon):
    return Tenant(callers, instance, soon)


@pytest.fixture
def holder(tenant, gateways):
    return Holder(tenant).confirm(gateways)


# --- the whole way ---

@pytest.mark.invariant(17)
def test_a_whole_reissue_by_a_text_message(tenant, gateways, caller_auditor):
    """O2: number confirmed and code sent through kannel, typed in, certificate issued once; all of it on record."""
    tenant.gateway(gateways.kannel())
    holder = Holder(tenant)
    mobile = number()
    holder.later().post("/v1/me/mobile", {"mobile": mobile}).expect(200)
    code = CODE.search(gateways.wait_for(mobile)[0])[1]
    holder.later().post("/v1/me/mobile/confirm", {"code": f" {code[:3]}-{code[3:]} "}).expect(204)
    request = holder.submitted()
    option = request["second_factor"]["options"][0]
    assert (option["mechanism"], option["available"]) == ("sms_otp", True)
    challenge = holder.ask(request)
    assert challenge["style"] == "code" and challenge["inputs"] == ["code"] and challenge["digits"] == 6
    text = gateways.wait_for(mobile, 2)[1]
    code = CODE.search(text)[1]
    assert text.endswith(f"\n@127.0.0.1 #{code}"), text
    holder.delivered(challenge)
    passed = holder.api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(200)
    assert passed["status"] == "consumed" and passed["reissue_request"]["status"] == "issued"
    assert len(gateways.messages(mobile)) == 2, "nothing was sent twice"
    actions = {one["action"] for one in tenant.admin.get(
        f"/v1/audit-events?object_id={challenge['id']}").expect(200)["items"]}
    assert {"challenge.created", "challenge.delivered", "challenge.consumed"} <= actions


@pytest.mark.invariant(29, 37)
def test_a_number_is_never_shown_whole(holder, gateways, instance):
    """O27: no answer, event, log or dump holds number or code in clear; the mask tells no length."""
    path = f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(path))
    challenge = holder.ask()
    holder.delivered(challenge)
    code = CODE.search(texts(gateways.calls(path))[0])[1]
    masked = challenge["destinations"][0]["masked"]
    assert masked.startswith(holder.mobile[:3]) and masked.endswith(holder.mobile[-2:]) and len(masked) < 16
    seen = [challenge.text, holder.challenge(challenge).text, holder.tenant.admin.get(
        "/v1/audit-events?limit=200").expect(200).text, dump(instance)]
    seen += [log.read_text(errors="replace") for log in instance.logs]
    digits = holder.mobile[1:]
    assert not [i for i, text in enumerate(seen) if digits in text]
    assert not [i for i, text in enumerate(seen[:3]) if code in text]
    assert f"Code {code}" not in seen[3]


# --- whose number ---

def test_a_number_is_confirmed_before_it_counts(tenant, gateways):
    """O25, O26: no number is destination-missing, an unconfirmed one unverified, a new one too new; none from a body."""
    connector = tenant.gateway(gateways.gateway(f"/ok/{word()}"))
    holder = Holder(tenant)
    request = holder.submitted()
    holder.ask(request, 409, "destination-missing")
    assert holder.api.post(HERE, {"reissue_request_id": request["id"], "mechanism": "sms_otp", "mobile": number()},
                           checked=False).expect(422).pointers() == ["/mobile"]
    assert holder.api.patch("/v1/me", {"mobile": number()}, checked=False).expect(422).pointers() == ["/mobile"]
    holder.api.post("/v1/me/mobile", {"mobile": number()}).expect(200)
    holder.ask(request, 409, "destination-unverified")
    tenant.off(connector)
    holder.confirm(gateways, api=holder.api)
    tenant.gateway(gateways.gateway("/ok/never"))
    holder.ask(request, 409, "destination-too-new")
    assert not gateways.calls("/ok/never")


@pytest.mark.parametrize("mobile", ["4915112345678", "+49 151 1", "+0151123456", "tel:+4915112345678", "+49x51123456", ""])
def test_what_is_no_number_is_refused(tenant, gateways, mobile):
    """A number is one in E.164 form and nothing else."""
    tenant.gateway(gateways.gateway("/ok/never"))
    answer = Holder(tenant).api.post("/v1/me/mobile", {"mobile": mobile}, checked=False).expect(422)
    assert answer.pointers() == ["/mobile"]


@pytest.mark.parametrize("mobile", ["+88216123456", "+979112345678", "+491371234567"])
def test_ranges_that_cost_get_nothing(tenant, gateways, mobile):
    """O28: satellite and premium ranges, and countries a connector does not allow, are destination-not-allowed."""
    tenant.gateway(gateways.gateway("/ok/costly", allowed_countries=["+49", "+882", "+979"]))
    holder = Holder(tenant)
    holder.api.post("/v1/me/mobile", {"mobile": mobile}).expect(409, "destination-not-allowed")
    holder.api.post("/v1/me/mobile", {"mobile": "+43660123456"}).expect(409, "destination-not-allowed")
    told = tenant.admin.get(f"/v1/audit-events?object_id={holder.user['id']}&action=means.begun").expect(200)
    assert [one["code"] for one in told["items"]] == ["destination-not-allowed"] * 2 and mobile[1:] not in told.text
    assert not gateways.calls("/ok/costly")


@pytest.mark.invariant(42)
def test_one_number_gets_a_few_messages_only(tenant, gateways):
    """O28: many accounts with one number: five messages an hour reach it, whoever asks; then 429."""
    path, mobile = f"/ok/{word()}", number()
    tenant.gateway(gateways.gateway(path))
    people = [Holder(tenant, profile="none").api for _ in range(7)]
    answers = [one.post("/v1/me/mobile", {"mobile": mobile}) for one in people]
    assert [one.status for one in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    told = tenant.admin.get("/v1/audit-events?action=means.begun&limit=50").expect(200)["items"]
    assert [one["code"] for one in told].count("rate-limited") == 2
    gateways.until(lambda: len(gateways.calls(path)) == 5)
    time.sleep(1)
    assert len(gateways.calls(path)) == 5


def test_no_gateway_no_number(tenant):
    """Where nobody can send there is nothing to confirm: method-not-configured."""
    Holder(tenant).api.post("/v1/me/mobile", {"mobile": number()}).expect(409, "method-not-configured")


def test_a_wrong_code_counts(tenant, gateways):
    """Five answers to a new number are looked at; then the right one is worth nothing, nor is a code of no number."""
    path = f"/ok/{word()}"
    tenant.gateway(gateways.gateway(path))
    api = Holder(tenant).api
    api.post("/v1/me/mobile/confirm", {"code": "123456"}).expect(409, "wrong-state")
    api.post("/v1/me/mobile", {"mobile": number()}).expect(200)
    code = CODE.search(texts(gateways.until(lambda: gateways.calls(path)))[0])[1]
    wrong = str((int(code) + 1) % 10**6).rjust(6, "0")
    assert api.post("/v1/me/mobile/confirm", {"code": "12345"}).expect(422).pointers() == ["/code"]
    for _ in range(5):
        api.post("/v1/me/mobile/confirm", {"code": wrong}).expect(422, "otp-invalid")
    api.post("/v1/me/mobile/confirm", {"code": code}).expect(409, "wrong-state")


def test_a_change_needs_what_was_good_before(holder, gateways):
    """Another number needs a passed challenge on the old one, which hears of the change."""
    path = f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(path))
    old, new = holder.mobile, number()
    holder.later().post("/v1/me/mobile", {"mobile": new}).expect(401, "second-factor-required")
    challenge = holder.api.post(HERE, {"operation": "account", "mechanism": "sms_otp"}).expect(201)
    code = CODE.search(texts(gateways.until(lambda: gateways.calls(path)))[0])[1]
    holder.api.post(f"{HERE}/{challenge['id']}/verify", {"code": code}).expect(200)
    holder.later().post("/v1/me/mobile", {"mobile": new, "challenge_id": challenge["id"]}).expect(200)
    code = CODE.search(texts(gateways.until(lambda: gateways.calls(path)[1:]))[0])[1]
    holder.later().post("/v1/me/mobile/confirm", {"code": code}).expect(204)
    told = gateways.until(lambda: gateways.calls(path)[2:])
    assert "was changed" in texts(told)[0]
    assert [("to=%2B" + to[1:]) in call["body"] for to, call in
            zip((old, new, old), gateways.calls(path))] == [True] * 3


def test_a_code_sent_to_the_number_of_before(holder, gateways, instance):
    """A code on its way to a number passes nothing once another number was confirmed in its place; it is on record."""
    path = f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(path))

    def code(count):
        return CODE.search(texts(gateways.until(lambda: gateways.calls(path)[count - 1:]))[0])[1]
    request = holder.submitted()
    challenge = holder.ask(request)
    old = code(1)
    account = holder.api.post(HERE, {"operation": "account", "mechanism": "sms_otp"}).expect(201)
    holder.api.post(f"{HERE}/{account['id']}/verify", {"code": code(2)}).expect(200)
    holder.api.post("/v1/me/mobile", {"mobile": number(), "challenge_id": account["id"]}).expect(200)
    holder.api.post("/v1/me/mobile/confirm", {"code": code(3)}).expect(204)
    holder.api.post(f"{HERE}/{challenge['id']}/verify", {"code": old}).expect(409, "challenge-wrong-state")
    assert holder.challenge(challenge)["status"] == "cancelled"
    assert holder.api.get(f"/v1/reissue-requests/{request['id']}").expect(200)["status"] == "authenticating"
    events = holder.tenant.platform.get(f"/v1/audit-events?object_id={challenge['id']}").expect(200)["items"]
    assert "number changed" in [event["detail"] for event in events if event["action"] == "challenge.cancelled"]


@pytest.mark.parametrize("settled", [True, False])
def test_a_number_guards_the_account_though_nothing_can_reach_it(tenant, gateways, settled):
    """A confirmed number whose gateway is off, or that is too new to count: a session alone replaces nothing."""
    holder = Holder(tenant)
    holder.confirm(gateways, api=None if settled else holder.api)
    if not settled:
        tenant.gateway(gateways.gateway("/ok/never"))
    holder.api.post("/v1/me/mobile", {"mobile": number()}).expect(401, "second-factor-required")
    holder.api.post("/v1/me/totp", {}).expect(401, "second-factor-required")
    assert [one["kind"] for one in holder.api.get("/v1/me").expect(200)["second_factors"]] == ["email", "mobile"]
    assert not gateways.calls("/ok/never")


# --- gateways that fail ---

def test_a_gateway_that_stumbles(holder, gateways):
    """O30: 500, 500, 200: delivered with one code and one id, by three calls with growing pauses."""
    path = f"/flaky/{word()}"
    holder.tenant.gateway(gateways.gateway(path))
    challenge = holder.ask()
    holder.delivered(challenge)
    calls = gateways.calls(path)
    assert len(calls) == 3 and len({call["body"] for call in calls}) == 1
    assert 0.3 < calls[1]["at"] - calls[0]["at"] < calls[2]["at"] - calls[1]["at"]


def test_a_gateway_that_never_answers(holder, gateways):
    """O32: the call that asks for a code answers at once; the gateway is given up in time and the next one delivers."""
    stalled, good = f"/stall/{word()}", f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(stalled, priority=1, timeout_s=1))
    holder.tenant.gateway(gateways.gateway(good, priority=2))
    request = holder.submitted()
    begun = time.monotonic()
    challenge = holder.ask(request)
    assert time.monotonic() - begun < 1 and challenge["destinations"][0]["delivery"] == "queued"
    holder.delivered(challenge, seconds=60)
    calls = gateways.calls(stalled)
    assert len(calls) == 4 and len(gateways.calls(good)) == 1
    assert {call["body"] for call in calls} == {gateways.calls(good)[0]["body"]}, "the same code, the same id"


@pytest.mark.parametrize("path", ["/redirect", "/status/401", "/status/404"])
def test_a_gateway_that_does_not_work_for_us(holder, gateways, path):
    """O34: a redirect is not followed, a refused sign-in not tried again: the next gateway delivers at once."""
    good, bad = f"/ok/{word()}", f"{path}/{word()}"
    holder.tenant.gateway(gateways.gateway(bad, priority=1))
    holder.tenant.gateway(gateways.gateway(good, priority=2))
    holder.delivered(holder.ask(), seconds=10)
    assert len(gateways.calls(bad)) == 1 and len(gateways.calls(good)) == 1
    assert not gateways.calls("/ok/redirected")


@pytest.mark.parametrize("path", ["/huge", "/garbage"])
def test_a_gateway_that_answers_too_much_or_nothing_readable(holder, gateways, path):
    """O34: 100 MiB are not read, garbage is no success; the same message is tried again and goes another way."""
    good, bad = f"/ok/{word()}", f"{path}/{word()}"
    holder.tenant.gateway(gateways.gateway(bad, priority=1))
    holder.tenant.gateway(gateways.gateway(good, priority=2))
    holder.delivered(holder.ask(), seconds=60)
    assert len(gateways.calls(bad)) == 4 and len(gateways.calls(good)) == 1
    assert len({call["body"] for call in gateways.calls(bad)}) == 1


def test_a_gateway_that_is_switched_off_meanwhile(holder, gateways):
    """The dead gateway is switched off while the next one stumbles: the message still goes out by the next one."""
    dead, next_one = f"/status/500/{word()}", f"/flaky/{word()}"
    first = holder.tenant.gateway(gateways.gateway(dead, priority=1))
    holder.tenant.gateway(gateways.gateway(next_one, priority=2))
    challenge = holder.ask()
    gateways.until(lambda: gateways.calls(next_one), seconds=30)
    holder.tenant.off(first)
    holder.delivered(challenge)
    assert len(gateways.calls(dead)) == 4 and len(gateways.calls(next_one)) == 3


def test_a_number_that_is_denied(tenant, gateways):
    """O33: kannel's 400 for a denied number is final: delivery_failed, and no other gateway is asked."""
    holder = Holder(tenant).confirm(gateways, DENIED + str(uuid.uuid4().int)[:5])
    good = f"/ok/{word()}"
    tenant.gateway(gateways.kannel(priority=1))
    tenant.gateway(gateways.gateway(good, priority=2))
    challenge = holder.ask()
    failed = holder.delivered(challenge, "failed")
    assert failed["status"] == "delivery_failed" and failed["failure"]["code"] == "delivery-failed"
    assert not gateways.calls(good)
    assert "black" not in failed.text


def test_a_breaker_opens(holder, gateways):
    """Five failures in a row open a gateway's breaker: the next message goes straight to the other one."""
    bad, good = f"/status/503/{word()}", f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(bad, priority=1))
    holder.tenant.gateway(gateways.gateway(good, priority=2))
    request = holder.submitted()
    holder.delivered(holder.ask(request), seconds=60)
    assert len(gateways.calls(bad)) == 4
    second = holder.ask(request)
    holder.delivered(second, seconds=60)
    assert len(gateways.calls(bad)) == 5
    third = holder.ask(request)
    holder.delivered(third, seconds=5)
    assert len(gateways.calls(bad)) == 5 and len(gateways.calls(good)) == 3


def test_a_message_waits_for_the_only_gateway(tenant, gateways):
    """While the breaker of the only gateway is open a message waits; it goes out as soon as the gateway is whole."""
    people = [Holder(tenant).confirm(gateways) for _ in range(3)]
    requests = [one.submitted() for one in people]
    dead, good = f"/status/500/{word()}", f"/ok/{word()}"
    connector = tenant.gateway(gateways.gateway(dead))
    for one, request in zip(people[:2], requests):
        one.ask(request)
    gateways.until(lambda: len(gateways.calls(dead)) >= 5)
    time.sleep(1)
    tenant.admin.patch(f"/v1/connectors/{connector}", {"settings": {"url": gateways.gateway(good)["url"]}}).expect(200)
    people[2].delivered(people[2].ask(requests[2]), seconds=60)


def test_a_newer_number_takes_the_place_of_an_older_message(tenant, gateways, instance):
    """Only the newest code for a number is sent: one that waits while the gateway is down is taken back."""
    holder, dead, good = Holder(tenant), f"/status/500/{word()}", f"/ok/{word()}"
    connector = tenant.gateway(gateways.gateway(dead))
    holder.api.post("/v1/me/mobile", {"mobile": number()}).expect(200)
    gateways.until(lambda: gateways.calls(dead))
    newer = number()
    holder.api.post("/v1/me/mobile", {"mobile": newer}).expect(200)
    tenant.admin.patch(f"/v1/connectors/{connector}", {"settings": {"url": gateways.gateway(good)["url"]}}).expect(200)
    gateways.until(lambda: gateways.calls(good))

    def waiting():
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM job WHERE kind = 'sms.send' AND enterprise_id = %s", [tenant.id])
            return cursor.fetchone()[0]

    gateways.until(lambda: waiting() == 0)
    (call,) = gateways.calls(good)
    assert newer[1:] in call["body"]
    code = CODE.search(texts([call])[0])[1]
    holder.api.post("/v1/me/mobile/confirm", {"code": code}).expect(204)


def test_a_budget_ends(holder, gateways):
    """A gateway's messages of a day are counted: beyond them the next one is used, and without one delivery fails."""
    first, second = f"/ok/{word()}", f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(first, priority=1, budget_per_day=1))
    holder.tenant.gateway(gateways.gateway(second, priority=2, budget_per_day=1))
    request = holder.submitted()
    for _ in range(2):
        holder.delivered(holder.ask(request))
    assert (len(gateways.calls(first)), len(gateways.calls(second))) == (1, 1)
    assert holder.delivered(holder.ask(request), "failed")["status"] == "delivery_failed"


@pytest.mark.concurrency
def test_asking_never_waits_for_gateways(tenant, gateways):
    """O32: while every gateway hangs, challenges are made in less than 300 ms each."""
    people = [Holder(tenant).confirm(gateways) for _ in range(3)]
    tenant.gateway(gateways.gateway(f"/stall/{word()}", timeout_s=2))
    requests = [(one, one.submitted()) for one in people]

    def timed(one, request):
        begun = time.monotonic()
        one.ask(request)
        return time.monotonic() - begun
    times = [timed(*pair) for pair in requests]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda pair: pair[0].challenge(pair[0].ask(pair[1])), requests))
    assert sorted(times)[1] < 0.3, times


@pytest.mark.concurrency
def test_one_enterprise_does_not_hold_up_another(callers, instance, soon, gateways):
    """While a gateway of one enterprise hangs under many messages, the messages of another go out at once."""
    slow, quick = Tenant(callers, instance, soon), Tenant(callers, instance, soon)
    stalled, good = f"/stall/{word()}", f"/ok/{word()}"
    hanging = slow.gateway(gateways.gateway(stalled))
    quick.gateway(gateways.gateway(good))
    many, one = [slow.person()[0] for _ in range(20)], quick.person()[0]
    try:
        for api in many:
            api.post("/v1/me/mobile", {"mobile": number()}).expect(200)
        gateways.until(lambda: len(gateways.calls(stalled)) >= 8)
        begun = time.monotonic()
        one.post("/v1/me/mobile", {"mobile": number()}).expect(200)
        gateways.until(lambda: gateways.calls(good))
        assert time.monotonic() - begun < 4
    finally:
        slow.off(hanging)


def test_a_switched_off_gateway_fails_closed(holder, gateways):
    """O17: with the gateway off no challenge is made: method-not-configured."""
    connector = holder.tenant.gateway(gateways.gateway("/ok/never"))
    holder.tenant.off(connector)
    holder.ask(None, 409, "method-not-configured")


# --- delivery reports ---

def test_delivery_reports(holder, gateways, caller_nobody):
    """O36: a report under the secret is noted once, whatever it says changes nothing; a forged one is 401."""
    path, secret = f"/ok/{word()}", word()
    connector = holder.tenant.gateway(gateways.gateway(path), dlr=True, dlr_secret=secret)
    challenge = holder.ask()
    holder.delivered(challenge)
    (call,) = gateways.calls(path)
    message = re.search(r"id=([0-9a-f-]{36})", call["body"])[1]
    here = f"/v1/callbacks/sms/{connector}"
    before = holder.challenge(challenge).json
    report = {"id": message, "status": "delivered"}
    for _ in range(2):
        caller_nobody.post(f"{here}/{secret}", report).expect(204)
    caller_nobody.post(f"{here}/{secret}?id={message}&status=read", {}).expect(204)
    told = holder.tenant.admin.get(f"/v1/audit-events?object_id={challenge['id']}&action=challenge.reported").expect(200)
    assert sorted(one["detail"] for one in told["items"]) == ["delivered", "read"]
    assert holder.challenge(challenge).json == before
    caller_nobody.post(f"{here}/{secret}", {"id": str(uuid.uuid4()), "status": "delivered"}).expect(204)
    assert caller_nobody.post(f"{here}/{secret}", {"id": "x"}, checked=False).expect(422).pointers() == ["/id", "/status"]
    refused = [caller_nobody.post(f"{where}/{what}", report).expect(401, "unauthenticated") for where, what in (
        (here, word()), (f"/v1/callbacks/sms/{uuid.uuid4()}", secret), (here, secret + "x"))]
    assert len({one["detail"] for one in refused}) == 1
    forged = holder.tenant.admin.get(f"/v1/audit-events?object_id={connector}&action=challenge.reported").expect(200)
    assert [(one["outcome"], one["code"]) for one in forged["items"]] == [("denied", "unauthenticated")] * 2
    holder.tenant.admin.patch(f"/v1/connectors/{connector}", {"settings": {"dlr": False}}).expect(200)
    caller_nobody.post(f"{here}/{secret}", report).expect(401)


def test_reports_of_another_gateway(holder, gateways, caller_nobody):
    """A gateway tells of the messages that it took itself: another one's report is no matter."""
    path, secret = f"/ok/{word()}", word()
    holder.tenant.gateway(gateways.gateway(path), priority=1)
    other = holder.tenant.gateway(gateways.gateway(f"/ok/{word()}"), priority=2, dlr=True, dlr_secret=secret)
    challenge = holder.ask()
    holder.delivered(challenge)
    message = re.search(r"id=([0-9a-f-]{36})", gateways.calls(path)[0]["body"])[1]
    caller_nobody.post(f"/v1/callbacks/sms/{other}/{secret}", {"id": message, "status": "delivered"}).expect(204)
    told = holder.tenant.admin.get(f"/v1/audit-events?object_id={challenge['id']}&action=challenge.reported").expect(200)
    assert not told["items"]


def test_messages_that_nobody_answers_raise_an_alarm(holder, gateways, instance):
    """O28: when more than five messages to a country stand against one passed challenge, an operator is told by log and
    metric, without a number; what is under way counts for neither side."""
    path = f"/ok/{word()}"
    holder.tenant.gateway(gateways.gateway(path))
    challenge = holder.ask()
    holder.delivered(challenge)
    country = f"+{random.randint(2100, 9999)}"

    def more(count, status):
        """As many deliveries of the challenge, to a country of this test's, in its place among the last hour's."""
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO challenge_delivery (id, enterprise_id, challenge_id, channel, attempt, destination_kid,"
                " destination_mac, masked, status, sent_at, created_at, updated_at)"
                " SELECT overlay(id::text PLACING right(gen_random_uuid()::text, 12) FROM 25)::uuid, enterprise_id,"
                " challenge_id, channel, n, destination_kid, destination_mac, %s, %s, now(), created_at, updated_at"
                " FROM challenge_delivery, generate_series((SELECT max(attempt) + 1 FROM challenge_delivery"
                " WHERE challenge_id = %s), (SELECT max(attempt) + %s FROM challenge_delivery WHERE challenge_id = %s)) n"
                " WHERE challenge_id = %s AND attempt = 1",
                (f"{country} ••••", status, challenge["id"], count, challenge["id"], challenge["id"]))
            assert cursor.rowcount == count

    def looked():
        """What our logs say of the country, after the job has run once more; perhaps in a service of another test."""
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE job_schedule SET next_run_at = now() - interval '1 s', lease_until = NULL"
                           " WHERE kind = 'challenge.watch_sms'")
        until = time.monotonic() + 20
        due = True
        while due:
            assert time.monotonic() < until, "the job runs"
            time.sleep(0.3)
            with instance.database() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT next_run_at <= now() OR lease_until IS NOT NULL FROM job_schedule"
                               " WHERE kind = 'challenge.watch_sms'")
                due = cursor.fetchone()[0]
        logs = [*instance.logs, holder.tenant.soon.log]
        return [line for log in logs for line in log.read_text(errors="replace").splitlines()
                if '"sms.pumping"' in line and f" {country} " in line]

    more(30, "sent")
    for _ in range(3):
        assert looked() == [], "what is under way says nothing yet"
    holder.api.post(f"{HERE}/{challenge['id']}/cancel", {}).expect(200)
    until = time.monotonic() + 60
    while not (lines := looked()):
        assert time.monotonic() < until, "the alarm is told"
    line = lines[0]
    assert f"of 30 messages to {country} in an hour 0 led" in line and holder.mobile[3:] not in line
    metrics = [Api(base, checked=False).get("/metrics").text
               for base in (*instance.base_urls, holder.tenant.soon.base_url)]
    assert any(re.search(rf'reissued_sms_pumping_total{{country="{re.escape(country)}"}} [1-9]', text) for text in metrics)
