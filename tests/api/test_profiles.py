"""Profiles, rule sets and issuers: configuration with all its faults told at once."""
import uuid

import pytest


@pytest.fixture
def wanted(instance, caller_enterprise_admin):
    issuer = caller_enterprise_admin.get("/v1/issuers").expect(200)["items"][0]["id"]
    return {"name": f"test {uuid.uuid4().hex[:12]}", "category": "desktop_signing", "purpose": "document_signing",
            "rule_set": "private", "issuer_id": issuer, "max_days": 365}


def test_defaults(wanted, caller_enterprise_admin):
    made = caller_enterprise_admin.post("/v1/profiles", wanted).expect(201)
    assert made["revision"] == 1 and made["active"] and made["eligible"] == ["issued", "revoked"]
    assert made["previous_certificate"] == {"action": "revoke_on_issue"} and made["reuse_days"] is None
    assert made["second_factor"] == {"reissue": [], "approve": [], "revoke": [], "enrol": []}
    assert made.headers["Location"].endswith(f"/v1/profiles/{made['id']}")
    assert caller_enterprise_admin.get(f"/v1/profiles/{made['id']}").expect(200).json == made.json


def test_a_name_is_taken_once(wanted, caller_enterprise_admin):
    caller_enterprise_admin.post("/v1/profiles", wanted).expect(201)
    caller_enterprise_admin.post("/v1/profiles", wanted).expect(409, "already-exists")


@pytest.mark.parametrize("change, pointer", [
    ({"name": ""}, "/name"), ({"category": "Desktop"}, "/category"), ({"purpose": "x"}, "/purpose"),
    ({"rule_set": "x"}, "/rule_set"), ({"issuer_id": str(uuid.uuid4())}, "/issuer_id"),
    ({"agreement_id": str(uuid.uuid4())}, "/agreement_id"), ({"max_days": 0}, "/max_days"),
    ({"max_days": "365"}, "/max_days"), ({"key_policy": ["RSA:1024"]}, "/key_policy/0"),
    ({"key_policy": []}, "/key_policy"), ({"editable_fields": ["subject.nick"]}, "/editable_fields/0"),
    ({"editable_fields": ["san", "san"]}, "/editable_fields/1"), ({"eligible": ["suspended"]}, "/eligible/0"),
    ({"dual_control": True}, "/dual_control"), ({"control_methods": ["dns"]}, "/control_methods/0"),
    ({"previous_certificate": {"action": "revoke_after_days"}}, "/previous_certificate/days"),
    ({"previous_certificate": {"action": "keep", "days": 3}}, "/previous_certificate/days"),
    ({"second_factor": {"reissue": [{"mechanism": "carrier_pigeon"}]}}, "/second_factor/reissue/0/mechanism"),
    ({"second_factor": {"reissue": [{"mechanism": "totp", "otp": {"digits": 5}}]}},
     "/second_factor/reissue/0/otp/digits"),
    ({"second_factor": {"reissue": [{"mechanism": "email_otp", "otp": {"resends": 4}}]}},
     "/second_factor/reissue/0/otp/resends"),
    ({"second_factor": {"login": []}}, "/second_factor/login"), ({"notes": {"lunch": "x"}}, "/notes/lunch"),
    ({"rule_set": "tls-br", "max_days": 201}, "/max_days"),
    ({"rule_set": "tls-br", "max_days": 90, "key_sources": ["server"]}, "/key_sources"),
    ({"is_ca": True}, "/is_ca"), ({"revision": 9}, "/revision"),
])
def test_what_a_profile_may_not_be(change, pointer, wanted, caller_enterprise_admin):
    answer = caller_enterprise_admin.post("/v1/profiles", {**wanted, **change}).expect(422)
    assert answer.pointers() == [pointer]


@pytest.mark.invariant(40)
def test_every_change_is_a_revision(wanted, caller_enterprise_admin):
    made = caller_enterprise_admin.post("/v1/profiles", wanted).expect(201)
    path = f"/v1/profiles/{made['id']}"
    changed = caller_enterprise_admin.patch(path, {"max_days": 30, "notes": {"key": "Bring a key."}},
                                            headers={"If-Match": made.headers["ETag"]}).expect(200)
    assert changed["revision"] == 2 and changed["max_days"] == 30 and changed["notes"] == {"key": "Bring a key."}
    caller_enterprise_admin.patch(path, {"max_days": 31},
                                  headers={"If-Match": made.headers["ETag"]}).expect(412, "precondition-failed")
    same = caller_enterprise_admin.patch(path, {"max_days": 30}).expect(200)
    assert same["revision"] == 2
    assert caller_enterprise_admin.patch(path, {"notes": {"key": None}}).expect(200)["notes"] == {}


def test_connectors_are_the_administrators_business(wanted, caller_enterprise_admin, caller_subscriber):
    connector = caller_enterprise_admin.post("/v1/connectors", {
        "kind": "smtp", "name": uuid.uuid4().hex,
        "settings": {"host": "mail.example.com", "from": "ra@example.com"}}).expect(201)["id"]
    factors = {"reissue": [{"mechanism": "email_otp", "connector_id": connector}]}
    made = caller_enterprise_admin.post("/v1/profiles", {**wanted, "second_factor": factors}).expect(201)
    assert made["second_factor"]["reissue"][0]["connector_id"] == connector
    seen = caller_subscriber.get(f"/v1/profiles/{made['id']}").expect(200)["second_factor"]["reissue"]
    assert seen == [{"mechanism": "email_otp"}]


def test_who_configures(wanted, instance, caller_subscriber, caller_officer, caller_auditor, caller_subscriber2):
    path = f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}"
    for caller in (caller_subscriber, caller_officer, caller_auditor):
        caller.post("/v1/profiles", wanted).expect(403)
        caller.patch(path, {"max_days": 1}).expect(403)
        caller.get(path).expect(200)
    caller_subscriber2.get(path).expect(404)


def test_a_profile_in_use_stays(wanted, journey, instance, caller_enterprise_admin):
    made = caller_enterprise_admin.post("/v1/profiles", wanted).expect(201)
    caller_enterprise_admin.delete(f"/v1/profiles/{made['id']}").expect(204)
    caller_enterprise_admin.get(f"/v1/profiles/{made['id']}").expect(404)
    caller_enterprise_admin.delete(f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}").expect(409, "in-use")


def test_rule_sets_have_dates(caller_subscriber):
    tls = caller_subscriber.get("/v1/rule-sets/tls-br").expect(200)["rules"]
    assert [(rule["effective_from"][:10], rule["max_validity_days"]) for rule in tls] == [
        ("2026-03-15", 200), ("2026-12-15", 200), ("2027-03-15", 100), ("2029-03-15", 47)]
    names = [one["name"] for one in caller_subscriber.get("/v1/rule-sets").expect(200)["items"]]
    assert sorted(names) == ["codesign-br", "private", "smime-br", "tls-br"]
    caller_subscriber.get("/v1/rule-sets/nobody").expect(404)


def test_only_the_platform_switches_issuers(caller_admin, caller_enterprise_admin, caller_subscriber):
    issuer = caller_enterprise_admin.get("/v1/issuers").expect(200)["items"][0]
    path = f"/v1/issuers/{issuer['id']}"
    caller_enterprise_admin.patch(path, {"active": True}).expect(403)
    caller_subscriber.get(path).expect(404)
    assert caller_admin.patch(path, {"active": True}).expect(200)["revision"] > issuer["revision"]
