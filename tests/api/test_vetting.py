"""I43: who may approve, dual control, what a decline leads to."""
import pytest

from support.foreign import foreign_pem


@pytest.fixture(scope="module")
def vetted(journey):
    return journey.profile(vetting=True)


def submitted(journey, caller, profile_id):
    certificate = journey.revoked(profile_id=profile_id)
    request = journey.ready(certificate)
    return caller.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200).json


def act(caller, request, action, **body):
    return caller.post(f"/v1/reissue-requests/{request['id']}/{action}", body)


def test_vetting_waits_for_an_officer(journey, vetted, caller_subscriber, caller_officer):
    """A request that wants vetting is pending until an officer approves it."""
    request = submitted(journey, caller_subscriber, vetted)
    assert request["status"] == "pending"
    opened = act(caller_officer, request, "open").expect(200)
    assert opened["status"] == "in_review" and opened["reviewer"]
    assert act(caller_officer, request, "release").expect(200)["status"] == "pending"
    done = act(caller_officer, request, "approve", digest=request["digest"]).expect(200)
    assert done["status"] == "issued"
    assert [a["decision"] for a in done["approvals"]] == ["approved"]
    again = act(caller_officer, request, "approve", digest=request["digest"]).expect(200)
    assert again["new_certificate_id"] == done["new_certificate_id"]


@pytest.mark.invariant(43)
def test_nobody_approves_their_own(journey, vetted, caller_subscriber, caller_officer, caller_auditor):
    """Owners, subscribers and auditors do not approve; an officer not what it submitted."""
    request = submitted(journey, caller_subscriber, vetted)
    assert act(caller_subscriber, request, "approve", digest=request["digest"]).status == 403
    assert act(caller_auditor, request, "approve", digest=request["digest"]).status == 403
    certificate = journey.certificate(caller=caller_officer, profile_id=vetted,
                                      officer=journey.callers["officer2"])
    caller_officer.post(f"/v1/certificates/{certificate['id']}/revoke", {"reason": "superseded"}).expect(200)
    own = journey.ready(certificate, caller=caller_officer)
    own = act(caller_officer, own, "submit").expect(200).json
    assert own["unavailable_actions"][0]["code"] == "self-approval"
    act(caller_officer, own, "approve", digest=own["digest"]).expect(403, "self-approval")


@pytest.mark.invariant(20)
def test_approval_names_the_content(journey, vetted, caller_subscriber, caller_officer):
    """An approval for another digest is refused and records nothing."""
    request = submitted(journey, caller_subscriber, vetted)
    act(caller_officer, request, "approve", digest="sha256:" + "0" * 64).expect(409, "digest-mismatch")
    seen = caller_officer.get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert seen["status"] == "pending" and seen["approvals"] == []


@pytest.mark.invariant(43)
def test_dual_control_wants_two_people(journey, caller_subscriber, caller_officer, caller_officer2):
    """The second approval must come from another officer."""
    profile = journey.profile(vetting=True)
    request = submitted(journey, caller_subscriber, profile)
    admin = journey.callers["enterprise_admin"]
    act(caller_subscriber, request, "cancel").expect(200)
    admin.patch(f"/v1/profiles/{profile}", {"dual_control": True}).expect(200)
    request = journey.ready({"id": request["certificate_id"]})
    request = act(caller_subscriber, request, "submit").expect(200).json
    first = act(caller_officer, request, "approve", digest=request["digest"]).expect(200)
    assert first["status"] == "pending_dual_control"
    same = act(caller_officer, request, "approve", digest=request["digest"]).expect(200)
    assert same["status"] == "pending_dual_control"
    done = act(caller_officer2, request, "approve", digest=request["digest"]).expect(200)
    assert done["status"] == "issued" and len(done["approvals"]) == 2


@pytest.mark.invariant(12)
def test_an_approval_does_not_outlive_a_decline(journey, callers, instance):
    """Who approved first and approves again after another officer's decline is told the state: 409."""
    owner = journey.user_id(callers["subscriber"])
    request = journey.ready(callers["officer"].post("/v1/certificates/import", {
        "pem": foreign_pem(san=()), "profile_id": journey.profile(vetting=True, dual_control=True),
        "owner_id": owner}).expect(201).json)
    act(callers["subscriber"], request, "submit").expect(200)
    act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)
    act(callers["officer2"], request, "decline", remarks="no").expect(200)
    refused = act(callers["officer"], request, "approve", digest=request["digest"]).expect(409, "wrong-state")
    assert refused["current_status"] == "declined"


def test_decline_edit_submit_again(journey, vetted, caller_subscriber, caller_officer):
    """A declined request says why; an edit begins a new round, which is vetted anew."""
    request = submitted(journey, caller_subscriber, vetted)
    act(caller_officer, request, "decline").expect(422)
    declined = act(caller_officer, request, "decline", remarks="Not the registered name.").expect(200)
    assert declined["status"] == "declined" and declined["declined"]["remarks"] == "Not the registered name."
    edited = caller_subscriber.patch(f"/v1/reissue-requests/{request['id']}",
                                     {"subject": {"common_name": "Somebody Else"}}).expect(200)
    assert (edited["status"], edited["round"]) == ("draft", 2)
    assert edited["digest"] != request["digest"]
    assert act(caller_subscriber, request, "submit").expect(200)["status"] == "pending"
    act(caller_officer, request, "approve", digest=request["digest"]).expect(409, "digest-mismatch")


def test_events_that_do_not_fit_are_409(journey, vetted, caller_subscriber, caller_officer):
    """What does not fit the state answers 409 with the state."""
    request = submitted(journey, caller_subscriber, vetted)
    refused = act(caller_officer, request, "release").expect(409, "wrong-state")
    assert refused["current_status"] == "pending"
    reopened = act(caller_subscriber, request, "reopen").expect(200)
    assert (reopened["status"], reopened["round"]) == ("draft", 2)
    assert act(caller_subscriber, request, "cancel").expect(200)["status"] == "cancelled"
    act(caller_subscriber, request, "submit").expect(409, "wrong-state")
    caller_subscriber.delete(f"/v1/reissue-requests/{request['id']}").expect(204)
    caller_subscriber.get(f"/v1/reissue-requests/{request['id']}").expect(404)
