"""The whole story of a reissue, step by step, and what each step refuses."""
import pytest
from cryptography import x509

from support.keys import make_csr, make_key, spki_sha256

STEPS = ["key", "subject", "san", "validity", "domain_verification", "agreement", "message", "second_factor", "approval"]


def test_the_story(journey, instance, caller_subscriber):
    """A revoked certificate becomes a new one for a new key with an edited name."""
    old, key = journey.revoked(), make_key()
    request = journey.request(old)
    path = f"/v1/reissue-requests/{request['id']}"
    assert request["status"] == "draft" and request["key"] is None and request["digest"] is None
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
