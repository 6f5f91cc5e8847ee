"""Reissue requests in every state, and every action there is: what tests of the transition table are made of."""
import dataclasses

from .calls import printed, word
from .foreign import foreign_pem
from .keys import make_csr, make_key

MACHINE = printed("machine")
MOVES = {}  # (event, from): the states it may lead to
for _row in MACHINE:
    MOVES.setdefault((_row["event"], _row["from"]), set()).add(_row["to"])
STATES = sorted({_row["from"] for _row in MACHINE} | {_row["to"] for _row in MACHINE})
# A submit that is repeated in its round is answered as the first time, in every state it led to.
REPEATED = ["authenticating", "pending", "in_review", "pending_dual_control", "issuing", "failed", "issued"]
FACTOR = {"reissue": [{"mechanism": "totp", "connector_id": None}], "approve": [], "revoke": [], "enrol": []}


@dataclasses.dataclass
class Action:
    """One of allowed_actions: its route, who takes it, the table's event for it, and a good body."""
    name: str
    method: str
    path: str
    actor: str
    event: str
    body: object = None

    def send(self, callers, request, **options):
        body = self.body(request) if callable(self.body) else self.body
        return callers[self.actor].request(self.method, f"/v1/reissue-requests/{request['id']}{self.path}", body, **options)


def _acceptance(request):
    return {**{name: request["agreement"][name] for name in ("agreement_id", "version", "language", "sha256")},
            "accepted": True}


ACTIONS = {action.name: action for action in [
    Action("edit", "PATCH", "", "subscriber", "edit", lambda request: {"message": word()}),
    Action("upload_csr", "PUT", "/csr", "subscriber", "edit", lambda request: {"csr": make_csr(make_key())}),
    Action("accept_agreement", "PUT", "/agreement", "subscriber", None, _acceptance),
    Action("submit", "POST", "/submit", "subscriber", "submit", {}),
    Action("reopen", "POST", "/reopen", "subscriber", "reopen", {}),
    Action("cancel", "POST", "/cancel", "subscriber", "cancel", {}),
    Action("delete", "DELETE", "", "subscriber", "cancel"),
    Action("open", "POST", "/open", "officer", "open", {}),
    Action("release", "POST", "/release", "officer", "release", {}),
    Action("approve", "POST", "/approve", "officer", "approve", lambda request: {"digest": request["digest"]}),
    Action("decline", "POST", "/decline", "officer", "decline", {"remarks": "not like this"}),
    Action("retry", "POST", "/retry", "officer", "retry", {}),
]}


class Maker:
    """Requests in a wanted state: `draft`, `pending` ... by the API alone."""

    def __init__(self, journey):
        self.journey, self.callers = journey, journey.callers
        self.profiles = {}

    def profile(self, name):
        if name not in self.profiles:
            changes = {"vetting": {"vetting": True}, "dual": {"vetting": True, "dual_control": True}, "plain": {},
                       "factor": {"second_factor": FACTOR}}[name]
            self.profiles[name] = self.journey.profile(**changes)
        return self.profiles[name]

    def act(self, request, name, actor=None):
        action = ACTIONS[name]
        return dataclasses.replace(action, actor=actor or action.actor).send(self.callers, request).expect(200).json

    def draft(self, profile="vetting"):
        owner = self.journey.user_id(self.callers["subscriber"])
        return self.journey.ready(self.callers["officer"].post("/v1/certificates/import", {
            "pem": foreign_pem(san=()), "profile_id": self.profile(profile), "owner_id": owner}).expect(201).json)

    def pending(self, profile="vetting"):
        return self.act(self.draft(profile), "submit")

    def in_review(self):
        return self.act(self.pending(), "open")

    def pending_dual_control(self):
        return self.act(self.pending("dual"), "approve", "officer2")

    def declined(self):
        return self.act(self.pending(), "decline")

    def cancelled(self):
        return self.act(self.draft(), "cancel")

    def issued(self):
        return self.act(self.draft("plain"), "submit")

    def authenticating(self):
        return self.act(self.draft("factor"), "submit")


def judge(callers, request, name):
    """Sends an action: it happens where the table allows it, else it is 409 with the state and changes nothing."""
    action, state = ACTIONS[name], request["status"]
    path = f"/v1/reissue-requests/{request['id']}"
    allowed = callers[action.actor].get(path).expect(200)["allowed_actions"]
    legal = (action.event, state) in MOVES
    if name == "accept_agreement":
        legal = state not in ("issuing", "issued", "cancelled", "expired")
    if name == "delete" and state in ("cancelled", "expired"):
        legal = True  # it only hides them
    assert (name in allowed) == legal, f"{name} in {state}: allowed_actions {allowed}"
    answer = action.send(callers, request)
    if not legal and not (name == "submit" and state in REPEATED):
        answer.expect(409, "wrong-state")
        assert answer["current_status"] == state
    else:
        answer.expect(204 if action.method == "DELETE" else 200)
    if name == "delete" and legal:
        return callers["officer"].get(path).expect(404)
    after = callers["officer"].get(path).expect(200)
    if not legal:
        assert (after["status"], after["revision"]) == (state, request["revision"])
    elif action.event:
        assert after["status"] in MOVES[action.event, state] | ({"issued"} if "issuing" in MOVES[action.event, state] else set())
    else:
        assert after["status"] == state
    return after
