"""Revocation: at once, with the rules of its reasons, and the keys it blocks."""
import datetime
import uuid

import pytest

from support.foreign import foreign_pem


@pytest.fixture
def certificate(journey, instance, caller_officer, caller_subscriber):
    return caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(), "profile_id": instance["PROFILE_DESKTOP_ID"],
        "owner_id": journey.user_id(caller_subscriber)}).expect(201).json


def revoke(caller, certificate, reason, **more):
    return caller.post(f"/v1/certificates/{certificate['id']}/revoke", {"reason": reason, **more})


def test_a_revocation_holds_at_once(certificate, caller_subscriber):
    answer = revoke(caller_subscriber, certificate, "cessationOfOperation").expect(200)
    assert answer["status"] == "revoked"
    assert answer["revocation"]["reason"] == "cessationOfOperation"
    assert caller_subscriber.get(f"/v1/certificates/{certificate['id']}")["status"] == "revoked"


def test_the_same_reason_again_changes_nothing(certificate, caller_subscriber):
    first = revoke(caller_subscriber, certificate, "superseded").expect(200).json
    assert revoke(caller_subscriber, certificate, "superseded").expect(200).json == first


def test_another_reason_is_a_conflict(certificate, caller_subscriber):
    revoke(caller_subscriber, certificate, "superseded").expect(200)
    answer = revoke(caller_subscriber, certificate, "unspecified").expect(409, "already-revoked")
    assert answer["current_status"] == "revoked"


@pytest.mark.invariant(22)
def test_key_compromise_is_raised_and_blocks_the_key(certificate, caller_subscriber, caller_admin):
    when = revoke(caller_subscriber, certificate, "superseded").expect(200)["revocation"]["revoked_at"]
    answer = revoke(caller_subscriber, certificate, "keyCompromise",
                    invalidity_date="2026-01-01T00:00:00Z").expect(200)
    assert answer["revocation"] == {"revoked_at": when, "reason": "keyCompromise",
                                    "invalidity_date": "2026-01-01T00:00:00Z"}
    digest = certificate["key"]["spki_sha256"]
    blocked = caller_admin.get(f"/v1/blocked-keys?spki_sha256={digest}").expect(200)["items"]
    assert [(one["reason"], one["source"]) for one in blocked] == [("keyCompromise", certificate["id"])]


def test_privileges_are_withdrawn_by_officers(certificate, caller_subscriber, caller_officer):
    revoke(caller_subscriber, certificate, "privilegeWithdrawn").expect(403, "forbidden")
    revoke(caller_officer, certificate, "privilegeWithdrawn").expect(200)


def test_reasons_are_a_closed_list(certificate, caller_subscriber):
    for reason in ("certificateHold", "removeFromCRL", "KEYCOMPROMISE", ""):
        assert revoke(caller_subscriber, certificate, reason).expect(422).pointers() == ["/reason"]


def test_the_key_cannot_turn_bad_tomorrow(certificate, caller_subscriber):
    tomorrow = (datetime.datetime.utcnow() + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = revoke(caller_subscriber, certificate, "keyCompromise", invalidity_date=tomorrow).expect(422)
    assert answer.pointers() == ["/invalidity_date"]


@pytest.mark.invariant(10)
def test_strangers_get_404_before_their_body_is_read(certificate, caller_subscriber_b, caller_officer_other):
    for caller in (caller_subscriber_b, caller_officer_other):
        revoke(caller, certificate, "no reason at all").expect(404)


def test_a_profile_may_ask_for_a_factor_but_never_for_key_compromise(
        journey, certificate, instance, caller_officer, caller_subscriber):
    profile = journey.profile(second_factor={"revoke": [{"mechanism": "email_otp"}]})
    asked = caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(), "profile_id": profile,
        "owner_id": journey.user_id(caller_subscriber)}).expect(201).json
    revoke(caller_subscriber, asked, "superseded").expect(401, "second-factor-required")
    revoke(caller_subscriber, asked, "keyCompromise").expect(200)


@pytest.mark.invariant(30)
def test_the_same_key_and_body_have_one_effect(certificate, caller_subscriber):
    path, key = f"/v1/certificates/{certificate['id']}/revoke", {"Idempotency-Key": uuid.uuid4().hex}
    first = caller_subscriber.post(path, {"reason": "superseded"}, headers=key).expect(200)
    again = caller_subscriber.post(path, {"reason": "superseded"}, headers=key).expect(200)
    assert again.headers["Idempotent-Replayed"] == "true" and again.content == first.content
    caller_subscriber.post(path, {"reason": "unspecified"}, headers=key).expect(422, "idempotency-key-reused")


def test_the_blocklist_is_the_platforms(caller_admin, caller_enterprise_admin, caller_officer):
    digest = "sha256:" + uuid.uuid4().hex * 2
    for caller in (caller_enterprise_admin, caller_officer):
        caller.get("/v1/blocked-keys").expect(403)
        caller.post("/v1/blocked-keys", {"spki_sha256": digest}).expect(403)
    caller_admin.post("/v1/blocked-keys", {"spki_sha256": digest}).expect(201)
    caller_enterprise_admin.delete(f"/v1/blocked-keys/{digest}").expect(404)
    caller_admin.post("/v1/blocked-keys", {"spki_sha256": digest}).expect(409, "already-exists")
    caller_admin.delete(f"/v1/blocked-keys/{digest}").expect(204)
    caller_admin.delete(f"/v1/blocked-keys/{digest}").expect(404)
