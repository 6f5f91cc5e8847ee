"""I12: every state with every action: what the transition table allows happens, all else is 409."""
import pytest

from support.calls import printed
from support.foreign import foreign_pem

# The actions that are routes, who takes them, and the table's word for each.
ACTIONS = {"submit": "subscriber", "reopen": "subscriber", "cancel": "subscriber", "open": "officer",
           "release": "officer", "approve": "officer", "decline": "officer", "retry": "officer"}
# A submit that is repeated in its round is answered as the first time, in every state it led to.
REPEATED = {("submit", state) for state in ("authenticating", "pending", "in_review", "pending_dual_control", "issued")}
FACTOR = {"reissue": [{"mechanism": "totp", "connector_id": None}], "approve": [], "revoke": [], "enrol": []}


# (event, from) of every row of the table.
LEGAL = {(row["event"], row["from"]) for row in printed("machine")}


class Maker:
    """Requests in a wanted state."""

    def __init__(self, journey, callers):
        self.journey = journey
        self.callers = callers
        self.profiles = {}

    def profile(self, name):
        if name not in self.profiles:
            changes = {"vetting": {"vetting": True}, "dual": {"vetting": True, "dual_control": True}, "plain": {},
                       "factor": {"second_factor": FACTOR}}[name]
            self.profiles[name] = self.journey.profile(**changes)
        return self.profiles[name]

    def act(self, request, action, caller=None, **body):
        if action == "approve":
            body = {"digest": request["digest"], **body}
        if action == "decline":
            body = {"remarks": "not like this", **body}
        return self.callers[caller or ACTIONS[action]].post(f"/v1/reissue-requests/{request['id']}/{action}", body)

    def draft(self, profile="vetting"):
        if profile != "dual":
            return self.journey.ready(self.journey.revoked(profile_id=self.profile(profile)))
        # Nobody enrols where two officers must decide.
        owner = self.journey.user_id(self.callers["subscriber"])
        return self.journey.ready(self.callers["officer"].post("/v1/certificates/import", {
            "pem": foreign_pem(san=()), "profile_id": self.profile(profile), "owner_id": owner}).expect(201).json)

    def pending(self, profile="vetting"):
        return self.act(self.draft(profile), "submit").expect(200).json

    def in_review(self):
        return self.act(self.pending(), "open").expect(200).json

    def pending_dual_control(self):
        return self.act(self.pending("dual"), "approve", "officer2").expect(200).json

    def declined(self):
        return self.act(self.pending(), "decline").expect(200).json

    def cancelled(self):
        return self.act(self.draft(), "cancel").expect(200).json

    def issued(self):
        return self.act(self.draft("plain"), "submit").expect(200).json

    def authenticating(self):
        return self.act(self.draft("factor"), "submit").expect(200).json


@pytest.fixture(scope="module")
def maker(journey, callers):
    return Maker(journey, callers)


STATES = ["draft", "pending", "in_review", "pending_dual_control", "declined", "cancelled", "issued", "authenticating"]


@pytest.mark.invariant(12)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", STATES)
def test_what_the_table_does_not_allow_is_409(maker, state, action):
    """In each state each action does what the table says, or is refused with the state, changing nothing."""
    request = getattr(maker, state)()
    assert request["status"] == state
    answer = maker.act(request, action)
    after = maker.callers["officer"].get(f"/v1/reissue-requests/{request['id']}").expect(200)
    if (action, state) in LEGAL:
        answer.expect(200)
        assert after["status"] != state
    elif (action, state) in REPEATED:
        assert answer.expect(200)["status"] == state
        assert after["revision"] == request["revision"]
    else:
        answer.expect(409, "wrong-state")
        assert answer["current_status"] == state
        assert (after["status"], after["revision"]) == (state, request["revision"])
