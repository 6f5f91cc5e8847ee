"""Somebody who is asked for a second factor, and what the trail tells of a challenge."""
from .otp import mailed_code

HERE = "/v1/second-factor-challenges"
MAIL = {"mechanism": "email_otp"}


class Asked:
    """Somebody new whose request asks for a code by mail."""

    def __init__(self, world, **profile):
        self.world = world
        self.user = world.user()
        self.api = world.sign_in(self.user)
        if not profile:
            profile = {"second_factor": {"reissue": [MAIL]}}
            self.profile = world.keep("by mail", lambda: (world.relay(), world.journey.profile(**profile))[1])
        else:
            world.relay()
            self.profile = world.journey.profile(**profile)
        self.request = None
        self.mails = 0

    def certificate(self):
        return self.world.made("officer", "/v1/certificates/import", {
            **self.world.import_body(san=()), "profile_id": self.profile, "owner_id": self.user["id"]})

    def submitted(self):
        """A request that is `authenticating`."""
        ready = self.world.journey.ready(self.certificate(), self.api)
        self.request = self.api.post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200).json
        return self.request

    def ask(self, status=201, code=None, **more):
        request = self.request or self.submitted()
        answer = self.api.post(HERE, {"reissue_request_id": request["id"], **MAIL, **more}).expect(status, code)
        self.mails += status == 201
        return answer.json

    def code(self):
        """The code of the newest mail."""
        return mailed_code(self.world.instance, self.user["email"], self.mails)

    def answer(self, challenge, body):
        return self.api.post(f"{HERE}/{challenge['id']}/verify", body)

    def guess(self, challenge, code="000000"):
        return self.answer(challenge, {"code": code})

    def now(self):
        return self.api.get(f"/v1/reissue-requests/{self.request['id']}").expect(200).json


def wrong(code):
    """Another code of the same length."""
    return str((int(code) + 1) % 10**len(code)).rjust(len(code), "0")


def trail(auditor, challenge):
    """(action, outcome, code) of the events of a challenge, oldest first."""
    events = auditor.get(f"/v1/audit-events?object_id={challenge['id']}&sort=created_at&limit=200").expect(200)["items"]
    return [(event["action"], event["outcome"], event["code"]) for event in events]
