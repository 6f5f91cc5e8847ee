"""I43: who may approve, dual control, what a decline leads to."""
import uuid

import pytest

from support.calls import PASSWORD
from support.client import Api
from support.foreign import foreign_pem
from support.keys import make_csr, make_key


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
    assert act(caller_officer, request, "decline", remarks=" \n").expect(422).pointers() == ["/remarks"]
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


@pytest.fixture
def hired(instance, callers):
    """A new officer of the first enterprise: (id, session, API token)."""
    def hire():
        body = {"email": f"{uuid.uuid4().hex}@example.test", "name": "Otis", "role": "ra_officer", "password": PASSWORD}
        user = callers["enterprise_admin"].post("/v1/users", body).expect(201)
        signed = callers["nobody"].post("/v1/sessions", {"email": body["email"], "password": PASSWORD}).expect(201)
        session = Api(instance["BASE_URL"], signed["access_token"])
        made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read", "reissue:write", "approve"]}).expect(201)
        return user["id"], session, Api(instance["BASE_URL"], made["token"])
    return hire


def imported(journey, callers, profile, officer="officer"):
    return callers[officer].post("/v1/certificates/import", {
        "pem": foreign_pem(san=()), "profile_id": profile, "owner_id": journey.user_id(callers["subscriber"])}).expect(201).json


@pytest.mark.invariant(43)
def test_who_created_it_does_not_approve_it(journey, vetted, callers, hired):
    """An officer who created the request for its owner does not approve it, by none of its tokens; another does."""
    _, session, token = hired()
    certificate = imported(journey, callers, vetted)
    made = token.post("/v1/reissue-requests", {"certificate_id": certificate["id"], "reason": "key_lost",
                                               "csr": make_csr(make_key())}).expect(201)
    request = journey.agreement(made.json)
    request = act(callers["subscriber"], request, "submit").expect(200).json
    for caller in (token, session):
        assert "approve" not in caller.get(f"/v1/reissue-requests/{request['id']}").expect(200)["allowed_actions"]
        act(caller, request, "approve", digest=request["digest"]).expect(403, "self-approval")
    assert act(callers["officer"], request, "approve", digest=request["digest"]).expect(200)["status"] == "issued"


@pytest.mark.invariant(43)
def test_who_submitted_it_does_not_approve_it(journey, callers, hired):
    """Where a profile lets officers submit on behalf, the one who did does not approve."""
    _, session, token = hired()
    profile = journey.profile(vetting=True, on_behalf=True)
    request = journey.ready(imported(journey, callers, profile))
    request = act(session, request, "submit").expect(200).json
    for caller in (session, token):
        act(caller, request, "approve", digest=request["digest"]).expect(403, "self-approval")
    seen = callers["officer"].get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert (seen["status"], seen["approvals"]) == ("pending", [])


@pytest.mark.invariant(43)
def test_two_tokens_are_one_person(journey, callers, hired):
    """Dual control: the second approval by another token of the first officer is none."""
    _, session, token = hired()
    request = journey.ready(imported(journey, callers, journey.profile(vetting=True, dual_control=True)))
    request = act(callers["subscriber"], request, "submit").expect(200).json
    assert act(session, request, "approve", digest=request["digest"]).expect(200)["status"] == "pending_dual_control"
    again = act(token, request, "approve", digest=request["digest"]).expect(200)
    assert again["status"] == "pending_dual_control" and len(again["approvals"]) == 1


@pytest.mark.invariant(44)
def test_a_role_that_is_taken_away_in_the_middle(journey, vetted, callers, hired, instance):
    """An officer who opened a request and is none any more can neither approve nor see it, on any replica."""
    user, session, token = hired()
    request = submitted(journey, callers["subscriber"], vetted)
    act(session, request, "open").expect(200)
    callers["enterprise_admin"].patch(f"/v1/users/{user}", {"role": "subscriber"}).expect(200)
    for caller in (session, token):
        for base in instance.base_urls:
            act(caller.at(base), request, "approve", digest=request["digest"]).expect(404, "not-found")
