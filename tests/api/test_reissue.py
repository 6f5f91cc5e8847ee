"""The whole story of a reissue, step by step, and what each step refuses."""
import datetime
import time
import uuid

import pytest
import requests
from cryptography import x509

from support.foreign import foreign_pem
from support.keys import make_csr, make_key, spki_sha256
from support.leaf import san_of, spki_of, subject_of

STEPS = ["key", "subject", "san", "validity", "domain_verification", "agreement", "message", "second_factor", "approval"]


def test_the_story(journey, instance, caller_subscriber):
    """A revoked certificate becomes a new one for a new key with an edited name."""
    old, key = journey.revoked(), make_key()
    request = journey.request(old)
    path = f"/v1/reissue-requests/{request['id']}"
    assert request["status"] == "draft" and request["key"] is None
    assert [step["name"] for step in request["steps"]] == STEPS
    assert {b["code"] for b in request["blockers"]} == {"key-missing", "agreement-missing"}
    refused = caller_subscriber.post(path + "/submit", {}).expect(409, "not-ready")
    assert {b["code"] for b in refused["blockers"]} == {"key-missing", "agreement-missing"}
    with_key = caller_subscriber.put(path + "/csr", {"csr": make_csr(key)}).expect(200)
    assert all(check["result"] != "fail" for check in with_key["checks"])
    edited = caller_subscriber.patch(path, {"subject": {"common_name": "Alice B. Example"}}).expect(200)
    assert edited["digest"] != with_key["digest"]
    ready = journey.agreement(edited)
    preflight = caller_subscriber.get(path + "/preflight").expect(200)
    assert preflight["ready"] and preflight["would_issue"]["subject"]["common_name"] == "Alice B. Example"
    issued = caller_subscriber.post(path + "/submit", {"message": "lost laptop", "digest": ready["digest"]}).expect(200)
    assert issued["status"] == "issued" and issued["message"] == "lost laptop"
    new = caller_subscriber.get(f"/v1/certificates/{issued['new_certificate_id']}").expect(200)
    assert new["serial"] != old["serial"] and new["key"]["spki_sha256"] != old["key"]["spki_sha256"]
    assert new["lineage"]["replaces_id"] == old["id"] and new["lineage"]["id"] == old["lineage"]["id"]
    leaf = x509.load_der_x509_certificate(caller_subscriber.get(path + "/certificate?format=der").expect(200).content)
    assert leaf.public_key().public_numbers() == key.public_key().public_numbers()
    listed = caller_subscriber.get(f"/v1/reissue-requests?certificate_id={old['id']}").expect(200)["items"]
    assert [item["id"] for item in listed] == [request["id"]]


@pytest.mark.invariant(23)
def test_the_old_key_is_refused(journey, caller_subscriber):
    """A reissue with the key of the old certificate is refused."""
    key = make_key()
    request = journey.request(journey.revoked(key=key))
    caller_subscriber.put(f"/v1/reissue-requests/{request['id']}/csr", {"csr": make_csr(key)}).expect(422, "key-reused")


@pytest.mark.invariant(24)
def test_a_key_of_another_open_request_is_refused(journey, caller_subscriber, caller_subscriber2):
    """A key that another request holds is refused, until that one ends without a certificate."""
    key = make_key()
    first, second = journey.request(), journey.request()
    caller_subscriber.put(f"/v1/reissue-requests/{first['id']}/csr", {"csr": make_csr(key)}).expect(200)
    second_path = f"/v1/reissue-requests/{second['id']}/csr"
    caller_subscriber.put(second_path, {"csr": make_csr(key)}).expect(422, "key-reused")
    caller_subscriber.post(f"/v1/reissue-requests/{first['id']}/cancel", {}).expect(200)
    taken = caller_subscriber.put(second_path, {"csr": make_csr(key)}).expect(200)
    assert taken["key"]["spki_sha256"] == spki_sha256(key)


@pytest.mark.invariant(40)
def test_the_second_editor_gets_412(journey, caller_subscriber):
    """Of two editors with the same ETag the second one is refused."""
    request = journey.request()
    path = f"/v1/reissue-requests/{request['id']}"
    etag = {"If-Match": caller_subscriber.get(path).expect(200).headers["ETag"]}
    caller_subscriber.patch(path, {"message": "first"}, headers=etag).expect(200)
    caller_subscriber.patch(path, {"message": "second"}, headers=etag).expect(412, "precondition-failed")


def test_locked_fields_are_all_told(journey, caller_subscriber):
    """What the profile locks is refused with every pointer."""
    request = journey.request()
    refused = caller_subscriber.patch(f"/v1/reissue-requests/{request['id']}",
                                      {"subject": {"country": "FR", "locality": "Paris"}})
    refused.expect(422, "field-locked")
    assert sorted(e["pointer"] for e in refused["errors"]) == ["/subject/country", "/subject/locality"]


@pytest.mark.invariant(25)
@pytest.mark.parametrize("validity, code", [
    ({"mode": "days", "days": 0}, None),
    ({"mode": "days", "days": 36500}, "validity-too-long"),
    ({"mode": "days"}, None),
    ({"mode": "full", "days": 3}, None),
    ({"mode": "not_after", "not_after": "9999-12-31T23:59:59Z"}, "validity-too-long"),
    ({"mode": "not_after", "not_after": "2020-01-01T00:00:00Z"}, "validity-past"),
])
def test_validity_is_bounded(journey, caller_subscriber, validity, code):
    """A validity outside the rules is refused."""
    request = journey.request()
    refused = caller_subscriber.patch(f"/v1/reissue-requests/{request['id']}", {"validity": validity}, checked=False)
    assert refused.status == 422
    assert code is None or refused.code == code


def test_compromised_key_revokes_on_submit(journey, caller_subscriber):
    """With reason key_compromised submit revokes the old certificate with keyCompromise."""
    old = journey.certificate()
    request = journey.ready(old, reason="key_compromised")
    assert request["previous_certificate"] == {"action": "revoke_on_submit", "reason": "keyCompromise", "due_at": None}
    caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    seen = caller_subscriber.get(f"/v1/certificates/{old['id']}").expect(200)
    assert seen["status"] == "revoked" and seen["revocation"]["reason"] == "keyCompromise"


def test_compromise_is_told_with_the_submit_alone(journey, caller_subscriber):
    """A submit that is refused revokes nothing; one that waits for an officer has revoked already."""
    old = journey.certificate(profile_id=journey.profile(vetting=True))
    request = journey.request(old, reason="key_compromised", csr=make_csr())
    path = f"/v1/reissue-requests/{request['id']}"
    caller_subscriber.post(path + "/submit", {}).expect(409, "not-ready")
    request = journey.agreement(request)
    caller_subscriber.post(path + "/submit", {"digest": "sha256:" + "0" * 64}).expect(409, "digest-mismatch")
    assert caller_subscriber.get(f"/v1/certificates/{old['id']}").expect(200)["status"] == "issued"
    assert caller_subscriber.post(path + "/submit", {}).expect(200)["status"] == "pending"
    seen = caller_subscriber.get(f"/v1/certificates/{old['id']}").expect(200)
    assert seen["status"] == "revoked" and seen["revocation"]["reason"] == "keyCompromise"
    caller_subscriber.post(path + "/submit", {}).expect(200)
    events = caller_subscriber.get(f"/v1/certificates/{old['id']}/events").expect(200)["items"]
    assert [event["action"] for event in events].count("certificate.revoked") == 1


@pytest.mark.parametrize("reason", ["key_lost", "key_compromised"])
def test_an_imported_certificate_is_kept(journey, caller_officer, caller_subscriber, reason):
    """What another CA issued is kept, with the warning that only its CA can revoke it."""
    profile = journey.profile(previous_certificate={"action": "revoke_on_issue"})
    old = caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(san=()), "profile_id": profile, "owner_id": journey.user_id(caller_subscriber)}).expect(201).json
    request = journey.ready(old, reason=reason)
    assert request["previous_certificate"] == {"action": "keep", "reason": None, "due_at": None}
    told = caller_subscriber.get(f"/v1/reissue-requests/{request['id']}/preflight").expect(200)
    assert told["ready"] and [warning["code"] for warning in told["warnings"]] == ["revoke-at-issuing-ca"]
    caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    assert caller_subscriber.get(f"/v1/certificates/{old['id']}").expect(200)["status"] == "issued"


def test_when_the_previous_certificate_goes_is_told_before(journey, caller_subscriber):
    """With revoke_after_days the request says beforehand when, preflight alike, and afterwards exactly."""
    profile = journey.profile(previous_certificate={"action": "revoke_after_days", "days": 7})
    old = journey.certificate(profile_id=profile)
    request = journey.ready(old)
    path = f"/v1/reissue-requests/{request['id']}"
    told = request["previous_certificate"]
    assert (told["action"], told["reason"]) == ("revoke_after_days", "superseded") and told["due_at"] > request["created_at"]
    assert caller_subscriber.get(path + "/preflight").expect(200)["would_issue"]["previous_certificate"]["due_at"]
    done = caller_subscriber.post(path + "/submit", {}).expect(200)
    due = done["previous_certificate"]["due_at"]
    assert due >= told["due_at"]
    assert caller_subscriber.get(f"/v1/certificates/{old['id']}").expect(200)["revocation_due_at"] == due


def test_the_validity_is_merged(journey, caller_subscriber):
    """A PATCH of the validity is a merge patch (RFC 7396): nulls remove, what is left out stays."""
    request = journey.request()
    path = f"/v1/reissue-requests/{request['id']}"

    def patch(validity):
        shown = caller_subscriber.patch(path, {"validity": validity}, checked=False).expect(200)["validity"]
        return {name: shown[name] for name in ("mode", "days", "not_after")}
    assert patch({"mode": "days", "days": 25}) == {"mode": "days", "days": 25, "not_after": None}
    assert patch({"days": 20}) == {"mode": "days", "days": 20, "not_after": None}
    assert patch({"mode": "full", "days": None, "not_after": None}) == {"mode": "full", "days": None, "not_after": None}
    assert patch({"mode": "days", "days": 5})["days"] == 5
    assert patch({"mode": "full"}) == {"mode": "full", "days": None, "not_after": None}
    caller_subscriber.patch(path, {"validity": {"days": 9}}, checked=False).expect(422)
    assert patch(None) == {"mode": "full", "days": None, "not_after": None}


def test_a_tag_outlives_the_second(journey, caller_subscriber):
    """The times of a draft that move on with the clock do not change its ETag: 304 as long as nothing happened."""
    request = journey.request(journey.revoked(profile_id=journey.profile(max_days=10)))
    path = f"/v1/reissue-requests/{request['id']}"
    first = caller_subscriber.get(path).expect(200)
    time.sleep(1.1)
    second = caller_subscriber.get(path).expect(200)
    assert second["validity"]["effective_not_after"] > first["validity"]["effective_not_after"]
    caller_subscriber.get(path, headers={"If-None-Match": first.headers["ETag"]}).expect(304)
    caller_subscriber.patch(path, {"message": "now"}).expect(200)
    caller_subscriber.get(path, headers={"If-None-Match": first.headers["ETag"]}).expect(200)


@pytest.mark.invariant(23)
def test_no_key_of_the_lineage_comes_back(journey, caller_subscriber):
    """In the third generation neither the first's nor the second's key is taken, whatever became of their certificates."""
    keys = [make_key() for _ in range(3)]
    certificate = journey.certificate(key=keys[0])
    for key in keys[1:]:
        issued = journey.issued(certificate=certificate, key=key)
        certificate = caller_subscriber.get(f"/v1/certificates/{issued['new_certificate_id']}").expect(200).json
    caller_subscriber.post(f"/v1/certificates/{certificate['id']}/revoke", {"reason": "superseded"}).expect(200)
    request = journey.request(certificate)
    assert certificate["lineage"]["generation"] == 3
    for key in keys:
        caller_subscriber.put(f"/v1/reissue-requests/{request['id']}/csr", {"csr": make_csr(key)}).expect(422, "key-reused")
    assert caller_subscriber.get(f"/v1/reissue-requests/{request['id']}").expect(200)["key"] is None


def certificate_of(caller, request):
    return x509.load_der_x509_certificate(
        caller.get(f"/v1/reissue-requests/{request['id']}/certificate?format=der").expect(200).content)


@pytest.mark.invariant(20, 26)
def test_what_was_approved_is_what_is_signed(journey, callers):
    """Every field that the officer saw stands in the certificate, and no edit gets in between."""
    fields = ["common_name", "given_name", "surname", "title", "organization", "organizational_unit", "locality", "state",
              "street", "postal_code", "country", "serial_number", "email_address", "domain_component",
              "organization_identifier", "business_category"]
    profile = journey.profile(vetting=True, editable_fields=[f"subject.{name}" for name in fields] + ["san", "validity"])
    subject = {name: f"the {name}" for name in fields} | {
        "country": "FR", "email_address": "jane@example.com", "organizational_unit": ["one", "two"], "street": ["1 A", "2 B"],
        "domain_component": ["example", "com"], "serial_number": "HRB 1", "organization_identifier": "VATFR-1",
        "business_category": "Private Organization", "common_name": "J\u00e4ne Doe"}
    san = [{"type": "dns", "value": "a.example.com"}, {"type": "dns", "value": "b\u00fccher.example.com"},
           {"type": "ip", "value": "10.1.2.3"}, {"type": "ip", "value": "2001:db8::7"},
           {"type": "email", "value": "jane@example.com"}, {"type": "uri", "value": "https://example.com/jane"},
           {"type": "upn", "value": "jane@corp.example"}]
    subscriber, officer, key = callers["subscriber"], callers["officer"], make_key()
    certificate = officer.post("/v1/certificates/import", {
        "pem": foreign_pem(san=()), "profile_id": profile, "owner_id": journey.user_id(subscriber)}).expect(201)
    request = journey.ready(certificate.json, key=key, subject=subject, san=san, validity={"mode": "days", "days": 7})
    path = f"/v1/reissue-requests/{request['id']}"
    subscriber.post(f"{path}/submit", {}).expect(200)
    seen = officer.get(path).expect(200)
    for patch in ({"subject": {"common_name": "Other"}}, {"san": []}, {"validity": {"mode": "full"}}):
        subscriber.patch(path, patch).expect(409, "wrong-state")
    subscriber.put(f"{path}/csr", {"csr": make_csr(make_key())}).expect(409, "wrong-state")
    issued = officer.post(f"{path}/approve", {"digest": seen["digest"]}).expect(200)
    assert issued["status"] == "issued" and issued["digest"] == seen["digest"]
    leaf = certificate_of(subscriber, request)
    assert subject_of(leaf) == seen["subject"] == subject
    assert san_of(leaf) == [(name["type"], name["value"]) for name in seen["san"]]
    assert ("dns", "xn--bcher-kva.example.com") in san_of(leaf)
    assert spki_of(leaf) == seen["key"]["spki_sha256"] == spki_sha256(key)
    assert (leaf.not_valid_after - leaf.not_valid_before).total_seconds() == 7 * 86400 - 1
    for change in ({"subject": {"common_name": "Other"}}, {"message": "x"}):
        subscriber.patch(path, change).expect(409, "wrong-state")


@pytest.mark.invariant(25)
@pytest.mark.parametrize("days, mode", [(1, "full"), (3, "days"), (20, "full"), (20, "remaining"), (3000, "full"), (5000, "full"), (3000, "remaining"),
                                        (3000, "not_after")])
def test_validity_keeps_all_its_limits(journey, callers, instance, days, mode):
    """notBefore is not in the future and at most a day back, the last second counts, nothing outlives issuer or profile."""
    subscriber = callers["subscriber"]
    profile = journey.profile(max_days=days)
    old = callers["officer"].post("/v1/certificates/import", {
        "pem": foreign_pem(san=(), days=9), "profile_id": profile, "owner_id": journey.user_id(subscriber)}).expect(201)
    ca = x509.load_pem_x509_certificate(requests.get(instance["BASE_URL"] + "/pki/demo/ca.pem", timeout=10).content)
    until = datetime.datetime.utcnow().replace(microsecond=0) + datetime.timedelta(days=5)
    validity = {"mode": mode, **({"days": days} if mode == "days" else {}),
                **({"not_after": until.strftime("%Y-%m-%dT%H:%M:%SZ")} if mode == "not_after" else {})}
    leaf = certificate_of(subscriber, journey.issued(certificate=old.json, validity=validity))
    now, begin, end = datetime.datetime.utcnow(), leaf.not_valid_before, leaf.not_valid_after
    assert now - datetime.timedelta(days=1) < begin <= now and end <= ca.not_valid_after
    assert (end - begin).total_seconds() + 1 <= days * 86400
    if mode == "remaining":
        assert end.strftime("%Y-%m-%dT%H:%M:%SZ") == old["not_after"]
    elif mode == "not_after":
        assert end == until
    elif mode == "full":
        assert end == min(begin + datetime.timedelta(days=days, seconds=-1), ca.not_valid_after)


@pytest.mark.parametrize("more", ["", "a", "ab", "abc"])
def test_a_blocker_about_a_long_name(journey, caller_subscriber, caller_enterprise_admin, more):
    """However long the name that a blocker tells of is, and whatever its letters: the blocker is there."""
    profile = journey.profile(agreement_id=None)
    request = journey.request(journey.certificate(profile_id=profile), csr=make_csr(make_key()))
    name = f"{more}{uuid.uuid4().hex[:8]}" + "\U0001d51e" * 185
    caller_enterprise_admin.patch(f"/v1/profiles/{profile}", {"name": name, "active": False}).expect(200)
    seen = caller_subscriber.get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert [one["code"] for one in seen["blockers"]] == ["profile-inactive"]
    refused = caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready")
    assert refused.blockers() == ["profile-inactive"]
