"""What changes with days and people: rule sets, idle drafts, due revocations, approvals that do not count."""
import datetime
import time
import uuid

import pytest
from cryptography import x509

from support.client import Api
from support.dns import fresh
from support.keys import make_csr

PASSWORD = "correct horse battery staple"
ROLES = {"subscriber": "subscriber", "officer": "ra_officer", "enterprise_admin": "admin"}
DAY = 86400


@pytest.fixture(scope="module")
def ca_days():
    """The rule sets tell until 2029 and after."""
    return 3650


@pytest.fixture
def clock(own):
    """Sets the service's clock; it is set right again afterwards."""
    yield lambda offset: own.dev("clock", offset)
    own.dev("clock", "0")


@pytest.fixture(scope="module")
def emails(own):
    """Somebody of each role with a password: the tokens of the demo run out after a year."""
    made = {}
    for name, role in ROLES.items():
        made[name] = f"{uuid.uuid4().hex}@example.test"
        own.caller("ENTERPRISE_ADMIN_TOKEN").post("/v1/users", {
            "email": made[name], "name": name, "role": role, "password": PASSWORD}).expect(201)
    return made


def sign_in(own, email):
    made = Api(own["BASE_URL"]).post("/v1/sessions", {"email": email, "password": PASSWORD}).expect(201)
    return Api(own["BASE_URL"], made["access_token"])


def journey_of(own, emails):
    """The journeys of people who sign in now."""
    journey = own.journey()
    journey.callers.update({name: sign_in(own, email) for name, email in emails.items()})
    return journey


def days_until(date):
    """The offset that brings the clock to noon of a day."""
    noon = datetime.datetime.fromisoformat(date + "T12:00:00+00:00")
    return f"+{int((noon - datetime.datetime.now(datetime.timezone.utc)).total_seconds())}s"


def until(caller, path, holds, told):
    """Waits for a job: what the path shows when it holds."""
    end = time.monotonic() + 100
    while True:
        answer = caller.get(path).expect(200)
        if holds(answer.json):
            return answer.json
        assert time.monotonic() < end, f"{told}: {answer.text[:500]}"
        time.sleep(0.2)


@pytest.mark.invariant(25)
@pytest.mark.parametrize("date, days", [(None, 200), ("2027-03-14", 200), ("2027-03-15", 100), ("2029-03-14", 100),
                                        ("2029-03-15", 47), ("2033-01-01", 47)])
def test_the_rule_set_of_the_day(own, clock, emails, date, days):
    """A TLS certificate ends as the rule set of the day of issuance wants it, the last second included; one day
    more is refused, and a profile from earlier days goes on."""
    if date:
        clock(days_until(date))
    journey = journey_of(own, emails)
    subscriber, name = journey.callers["subscriber"], fresh()
    profile, san = own["PROFILE_TLS_ID"], [{"type": "dns", "value": name}]
    certificate = journey.certificate(profile_id=profile, common_name=name, san=san)
    subscriber.post(f"/v1/certificates/{certificate['id']}/revoke", {"reason": "superseded"}).expect(200)
    request = journey.ready(certificate)
    path = f"/v1/reissue-requests/{request['id']}"
    subscriber.patch(path, {"validity": {"mode": "days", "days": days + 1}}).expect(422, "validity-too-long")
    subscriber.patch(path, {"validity": {"mode": "days", "days": days}}).expect(200)
    would = subscriber.get(path + "/preflight").expect(200)["would_issue"]
    subscriber.patch(path, {"validity": {"mode": "full"}}).expect(200)
    subscriber.post(path + "/submit", {}).expect(200)
    leaf = x509.load_der_x509_certificate(subscriber.get(path + "/certificate?format=der").expect(200).content)
    assert (leaf.not_valid_after - leaf.not_valid_before).total_seconds() + 1 == days * DAY
    times = [datetime.datetime.fromisoformat(would[end].rstrip("Z")) for end in ("not_before", "not_after")]
    assert (times[1] - times[0]).total_seconds() + 1 == days * DAY
    journey.callers["enterprise_admin"].patch(f"/v1/profiles/{profile}", {"notes": {"key": f"on {date}"}}).expect(200)


def test_what_was_submitted_in_other_days(own, clock, emails):
    """A validity of 150 days that waits for its officer over 2027-03-15 is `profile-changed` then."""
    journey = journey_of(own, emails)
    name = fresh()
    profile = journey.profile(base="PROFILE_TLS_ID", vetting=True)
    certificate = journey.certificate(profile_id=profile, common_name=name, san=[{"type": "dns", "value": name}])
    request = journey.ready(certificate, validity={"mode": "days", "days": 150})
    path = f"/v1/reissue-requests/{request['id']}"
    request = journey.callers["subscriber"].post(path + "/submit", {}).expect(200)
    clock(days_until("2027-03-15"))
    officer = journey_of(own, emails).callers["officer"]
    refused = officer.post(path + "/approve", {"digest": request["digest"]}).expect(409, "not-ready")
    assert [(one["code"], one["step"]) for one in refused["blockers"]] == [("profile-changed", "validity")]
    assert officer.get(path).expect(200)["approvals"] == []


@pytest.mark.invariant(12)
def test_idle_drafts_expire(own, clock, emails):
    """30 days after its last change a draft and a declined request expire, what waits for an officer does not; the
    key may come again."""
    journey = journey_of(own, emails)
    vetted = journey.profile(vetting=True)
    draft, later = journey.ready(), journey.ready()
    waiting = journey.ready(journey.revoked(profile_id=vetted))
    declined = journey.ready(journey.revoked(profile_id=vetted))
    subscriber, officer = journey.callers["subscriber"], journey.callers["officer"]
    for request in (waiting, declined):
        subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    officer.post(f"/v1/reissue-requests/{declined['id']}/decline", {"remarks": "no"}).expect(200)
    clock("+29d")
    subscriber = journey_of(own, emails).callers["subscriber"]
    changed = subscriber.patch(f"/v1/reissue-requests/{later['id']}", {"message": "still here"}).expect(200)
    assert changed["expires_at"] > draft["expires_at"]
    clock("+31d")
    subscriber = journey_of(own, emails).callers["subscriber"]
    for request in (draft, declined):
        ended = until(subscriber, f"/v1/reissue-requests/{request['id']}", lambda r: r["status"] == "expired", "expiry")
        assert ended["allowed_actions"] == ["delete"] and ended["blockers"] == []
    events = subscriber.get(f"/v1/reissue-requests/{draft['id']}/events").expect(200)["items"]
    assert (events[-1]["action"], events[-1]["from"], events[-1]["to"]) == ("reissue_request.expired", "draft", "expired")
    assert subscriber.get(f"/v1/reissue-requests/{waiting['id']}").expect(200)["status"] == "pending"
    assert subscriber.get(f"/v1/reissue-requests/{later['id']}").expect(200)["status"] == "draft"
    csr = subscriber.get(f"/v1/reissue-requests/{draft['id']}/csr").expect(200).text
    journey.callers["subscriber"] = subscriber
    journey.request({"id": draft["certificate_id"]}, csr=csr)


@pytest.mark.parametrize("new", ["issued", "revoked"])
def test_a_revocation_is_due(own, clock, emails, new):
    """The previous certificate is revoked on its day, which an officer may move; not if the new one is revoked."""
    journey = journey_of(own, emails)
    profile = journey.profile(previous_certificate={"action": "revoke_after_days", "days": 7})
    old = journey.certificate(profile_id=profile)
    done = journey.issued(certificate=old)
    officer, path = journey.callers["officer"], f"/v1/reissue-requests/{done['id']}"
    moved = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    officer.patch(path, {"previous_certificate": {"due_at": moved}}).expect(200)
    if new == "revoked":
        officer.post(f"/v1/certificates/{done['new_certificate_id']}/revoke", {"reason": "unspecified"}).expect(200)
    clock("+9d")
    time.sleep(3)
    here = f"/v1/certificates/{old['id']}"
    officer = journey_of(own, emails).callers["officer"]
    assert officer.get(here).expect(200)["status"] == "issued"
    clock("+10d1m")
    officer = journey_of(own, emails).callers["officer"]
    seen = until(officer, here, lambda c: c["revocation_due_at"] is None, "the due revocation")
    assert (seen["status"], (seen["revocation"] or {}).get("reason")) == (
        ("revoked", "superseded") if new == "issued" else ("issued", None))
    last = officer.get(here + "/events").expect(200)["items"][-1]["action"]
    assert last == ("certificate.revoked" if new == "issued" else "certificate.revocation_skipped")


def test_an_issuer_that_is_switched_off_issues_nothing(own):
    """Approve, submit, retry and enrolment are refused with `inactive`; the profile can still be changed."""
    journey = own.journey()
    admin, callers = own.caller("ADMIN_TOKEN"), journey.callers
    vetted = journey.profile(vetting=True)
    waiting = journey.ready(journey.revoked(profile_id=vetted))
    callers["subscriber"].post(f"/v1/reissue-requests/{waiting['id']}/submit", {}).expect(200)
    draft = journey.ready()
    issuer = admin.get("/v1/issuers").expect(200)["items"][0]["id"]
    admin.patch(f"/v1/issuers/{issuer}", {"active": False}).expect(200)
    try:
        refused = [callers["officer"].post(f"/v1/reissue-requests/{waiting['id']}/approve", {"digest": waiting["digest"]}),
                   callers["subscriber"].post(f"/v1/reissue-requests/{draft['id']}/submit", {}),
                   callers["officer"].post("/v1/certificates", {"profile_id": vetted, "csr": make_csr(),
                                                                "subject": {"common_name": "x"}})]
        for answer in refused:
            assert answer.expect(409, "not-ready").blockers() == ["inactive"]
        callers["enterprise_admin"].patch(f"/v1/profiles/{vetted}", {"active": False}).expect(200)
    finally:
        admin.patch(f"/v1/issuers/{issuer}", {"active": True}).expect(200)
    assert callers["subscriber"].post(f"/v1/reissue-requests/{draft['id']}/submit", {}).expect(200)["status"] == "issued"


@pytest.mark.invariant(43)
def test_a_retry_needs_its_approvals(own, tmp_path):
    """A request that failed after its approval is not tried again once the officer is blocked, until it is approved anew."""
    journey = own.journey()
    callers = journey.callers
    email = f"{uuid.uuid4().hex}@example.test"
    user = callers["enterprise_admin"].post("/v1/users", {
        "email": email, "name": "Oda Once", "role": "ra_officer", "password": PASSWORD}).expect(201)
    request = journey.ready(journey.revoked(profile_id=journey.profile(vetting=True)))
    path = f"/v1/reissue-requests/{request['id']}"
    callers["subscriber"].post(path + "/submit", {}).expect(200)
    own.unsigned_approval(request, sign_in(own, email).token, tmp_path)
    own.give_up([request])
    callers["enterprise_admin"].patch(f"/v1/users/{user['id']}", {"status": "blocked"}).expect(200)
    refused = callers["officer"].post(path + "/retry", {}).expect(200)
    assert refused["status"] == "failed"
    assert [one["code"] for one in refused["failure"]["blockers"]] == ["approval-missing"]
    again = callers["subscriber"].post(path + "/reopen", {}).expect(200)
    assert (again["status"], again["round"], again["failure"]) == ("draft", 2, None)
    again = callers["subscriber"].post(path + "/submit", {}).expect(200)
    assert callers["officer"].post(path + "/approve", {"digest": again["digest"]}).expect(200)["status"] == "issued"
