"""What a round collects, and what still counts of it when people and profiles change meanwhile."""
import uuid

import pytest
from cryptography import x509

from support.calls import PASSWORD
from support.client import Api
from support.foreign import foreign_pem


def act(caller, request, action, **body):
    return caller.post(f"/v1/reissue-requests/{request['id']}/{action}", body)


def submitted(journey, profile, **more):
    request = journey.ready(journey.revoked(profile_id=profile), **more)
    return act(journey.callers["subscriber"], request, "submit").expect(200).json


def dual(journey):
    """A submitted request that two officers must approve."""
    profile = journey.profile(vetting=True, dual_control=True)
    certificate = journey.callers["officer"].post("/v1/certificates/import", {
        "pem": foreign_pem(san=()), "profile_id": profile,
        "owner_id": journey.user_id(journey.callers["subscriber"])}).expect(201).json
    return act(journey.callers["subscriber"], journey.ready(certificate), "submit").expect(200).json


@pytest.fixture
def officer_for_a_day(callers):
    """A new officer with a session, and a way to block it."""
    email = f"{uuid.uuid4().hex}@example.test"
    user = callers["enterprise_admin"].post("/v1/users", {
        "email": email, "name": "Oda Once", "role": "ra_officer", "password": PASSWORD}).expect(201)
    token = callers["nobody"].post("/v1/sessions", {"email": email, "password": PASSWORD}).expect(201)["access_token"]

    def block():
        callers["enterprise_admin"].patch(f"/v1/users/{user['id']}", {"status": "blocked"}).expect(200)
    return Api(callers["nobody"].base_url, token), block


@pytest.mark.invariant(43)
def test_the_approval_of_a_blocked_officer_does_not_count(journey, callers, officer_for_a_day):
    """Of two approvals the first is by an officer blocked since: two others are needed, and then it is issued."""
    request = dual(journey)
    officer, block = officer_for_a_day
    first = act(officer, request, "approve", digest=request["digest"]).expect(200)
    assert first["status"] == "pending_dual_control"
    block()
    second = act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    assert second["status"] == "pending_dual_control"
    again = act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    assert again["status"] == "pending_dual_control"
    done = act(callers["officer2"], request, "approve", digest=request["digest"]).expect(200)
    assert done["status"] == "issued"
    assert [approval["stage"] for approval in done["approvals"]] == [1, 1, 2]


@pytest.mark.invariant(12)
@pytest.mark.parametrize("how", ["cancel", "decline", "reopen"])
def test_an_approval_repeated_after_the_end_of_its_round(journey, callers, how):
    """An approve repeated by its officer is 200 in the states it led to, and 409 once something else ended the round."""
    request = dual(journey)
    act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    assert act(callers["officer"], request, "approve",
               digest=request["digest"]).expect(200)["status"] == "pending_dual_control"
    if how == "decline":
        ended = act(callers["officer2"], request, how, remarks="no").expect(200)
    else:
        ended = act(callers["subscriber"], request, how).expect(200)
    refused = act(callers["officer"], request, "approve", digest=request["digest"]).expect(409, "wrong-state")
    assert refused["current_status"] == ended["status"]


@pytest.mark.invariant(20, 25)
def test_a_longer_profile_does_not_lengthen_what_was_submitted(journey, callers):
    """Raised after the submit, the profile's maximum does not change what is approved and issued."""
    profile = journey.profile(vetting=True, max_days=20)
    request = submitted(journey, profile, validity={"mode": "full"})
    callers["enterprise_admin"].patch(f"/v1/profiles/{profile}", {"max_days": 25}).expect(200)
    seen = callers["officer"].get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert seen["validity"]["max_not_after"][:10] == request["validity"]["max_not_after"][:10]
    done = act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    leaf = x509.load_der_x509_certificate(callers["officer"].get(
        f"/v1/reissue-requests/{request['id']}/certificate?format=der").expect(200).content)
    assert (leaf.not_valid_after - leaf.not_valid_before).total_seconds() + 1 == 20 * 86400
    assert done["validity"]["effective_not_after"] == leaf.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.invariant(20)
def test_another_purpose_is_not_what_was_submitted(journey, callers):
    """The purpose of the revision that was submitted is issued, whatever the profile says by then."""
    profile = journey.profile(vetting=True)
    request = submitted(journey, profile)
    callers["enterprise_admin"].patch(f"/v1/profiles/{profile}", {"purpose": "tls_client"}).expect(200)
    done = act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    new = callers["officer"].get(f"/v1/certificates/{done['new_certificate_id']}").expect(200)
    assert new["extensions"]["extended_key_usage"] == ["documentSigning", "msDocumentSigning"]


@pytest.mark.invariant(20)
@pytest.mark.parametrize("change, steps", [
    ({"max_days": 10}, ["validity"]), ({"key_policy": ["RSA:2048"]}, ["key"]),
    ({"rule_set": "tls-br", "max_days": 20}, ["subject", "san"]),
])
def test_a_narrower_profile_refuses_what_was_submitted(journey, callers, change, steps):
    """What the newest revision refuses is `profile-changed`: approve is 409 and records nothing; back again, it goes on."""
    profile = journey.profile(vetting=True, max_days=20)
    request = submitted(journey, profile, validity={"mode": "days", "days": 18})
    path = f"/v1/profiles/{profile}"
    before = callers["enterprise_admin"].get(path).expect(200).json
    callers["enterprise_admin"].patch(path, change).expect(200)
    refused = act(callers["officer"], request, "approve", digest=request["digest"]).expect(409, "not-ready")
    assert {(blocker["code"], blocker["step"]) for blocker in refused["blockers"]} == {
        ("profile-changed", step) for step in steps}
    assert callers["officer"].get(f"/v1/reissue-requests/{request['id']}").expect(200)["approvals"] == []
    callers["enterprise_admin"].patch(path, {name: before[name] for name in change}).expect(200)
    assert act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)["status"] == "issued"


def test_a_factor_for_approvals_is_asked_for(journey, callers):
    """Where the profile wants a second factor for approvals, an approval without one is 401 and records nothing."""
    profile = journey.profile(vetting=True, second_factor={
        "reissue": [], "approve": [{"mechanism": "totp"}], "revoke": [], "enrol": []})
    request = submitted(journey, profile)
    act(callers["officer"], request, "approve", digest=request["digest"]).expect(401, "second-factor-required")
    assert callers["officer"].get(f"/v1/reissue-requests/{request['id']}").expect(200)["approvals"] == []
