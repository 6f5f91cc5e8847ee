"""A person at an identity provider: everything a challenge by oidc or azure_ad needs, and its way."""
import re
import urllib.parse
import uuid

import requests

from .client import Api
from .keys import make_csr, make_key

PASSWORD = "correct horse battery staple"
RETURN_URL = "https://portal.example.test/back"
# Merged over the instance's configuration: providers on loopback, and no waiting.
OPEN = """{"server": {"port": @PORT@, "replica_id": "oidc", "public_url": "http://127.0.0.1:@PORT@"},
    "signer": {"journal_file": "@JOURNAL@"}, "net": {"allow_http": true, "allow_addresses": ["127.0.0.0/8"]},
    "second_factor": {"settle_hours": 0, "return_urls": ["https://portal.example.test/back"]},
    "limits": {"challenges_per_user": 1000, "challenges_per_user_day": 1000, "challenges_per_address": 100000,
               "connector_tests_per_user": 1000}}"""


class Provided:
    """A connector at a provider, and a profile whose reissues ask it."""

    def __init__(self, service, callers, journey, op, mechanism="oidc", credentials=None, **settings):
        self.service, self.callers, self.op, self.mechanism = service, callers, op, mechanism
        self.admin = Api(service.base_url, callers["enterprise_admin"].token)
        where = {"tenant_id": op.tenant, "authority": op.authority} if mechanism == "azure_ad" else {"issuer": op.issuer}
        hostile = {"client_id": op.client_id, "client_secret": op.client_secret} if hasattr(op, "client_id") else {}
        self.connector = self.admin.post("/v1/connectors", {
            "kind": mechanism, "name": f"idp {uuid.uuid4().hex[:12]}",
            "settings": {"client_id": "to come", "client_secret": "to come", **where, **hostile, **settings}}).expect(201).json
        self.path = f"/v1/connectors/{self.connector['id']}"
        self.redirect_uri = f"{service.base_url}/v1/callbacks/oidc/{self.connector['id']}"
        if not hostile:
            client = op.register(self.redirect_uri, **(credentials or {}))
            self.client = client
            self.admin.patch(self.path, {"settings": {"client_id": client["client_id"], **(
                {"client_secret": client["client_secret"]} if "client_secret" in client else {"client_secret": None})}}).expect(200)
        self.profile_id = journey.profile(second_factor={
            "reissue": [{"mechanism": mechanism, "connector_id": self.connector["id"]}], "approve": [], "revoke": [], "enrol": []})

    def settings(self, **settings):
        self.admin.patch(self.path, {"settings": settings}).expect(200)


class Person:
    """A subscriber of the first enterprise with a certificate of the profile."""

    def __init__(self, provided, linked=True):
        self.provided, self.mechanism = provided, provided.mechanism
        self.base_url = provided.service.base_url
        self.name = f"p{uuid.uuid4().hex[:12]}"
        admin = provided.admin
        user = admin.post("/v1/users", {"email": f"{self.name}@example.test", "name": "Jo", "role": "subscriber",
                                        "password": PASSWORD}).expect(201)
        self.id = user["id"]
        self.api = self.session()
        if linked:
            admin.post(f"/v1/users/{self.id}/identities", self.identity()).expect(201)
        self.another_certificate()

    def another_certificate(self):
        officer = Api(self.base_url, self.provided.callers["officer"].token)
        self.certificate = officer.post("/v1/certificates", {
            "profile_id": self.provided.profile_id, "csr": make_csr(make_key()), "owner_id": self.id,
            "subject": {"common_name": f"Jo {self.name}"}}).expect(201).json

    def identity(self):
        op = self.provided.op
        if self.mechanism == "azure_ad":
            return {"kind": "entra", "issuer": op.tenant, "subject": f"oid-of-{self.name}"}
        return {"kind": "oidc", "issuer": op.issuer, "subject": f"sub-of-{self.name}"}

    def session(self):
        """Another sign-in of the same person."""
        token = Api(self.base_url).post("/v1/sessions", {
            "email": f"{self.name}@example.test", "password": PASSWORD}).expect(201)["access_token"]
        return Api(self.base_url, token)

    # --- the way ---

    def waiting(self):
        """A request that waits for the second factor."""
        body = {"certificate_id": self.certificate["id"], "reason": "key_lost", "csr": make_csr(make_key())}
        request = self.api.post("/v1/reissue-requests", body).expect(201)
        if request["agreement"]["required"]:
            wanted = {name: request["agreement"][name] for name in ("agreement_id", "version", "language", "sha256")}
            self.api.put(f"/v1/reissue-requests/{request['id']}/agreement", {**wanted, "accepted": True}).expect(200)
        self.request = self.api.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200).json
        assert self.request["status"] == "authenticating", self.request
        return self.request

    def challenge(self, **more):
        body = {"reissue_request_id": self.request["id"], "mechanism": self.mechanism,
                "connector_id": self.provided.connector["id"], "return_url": RETURN_URL, **more}
        body = {name: value for name, value in body.items() if value is not None}
        return self.api.post("/v1/second-factor-challenges", body).expect(201)

    def follow(self, challenge):
        """Our link: where it leads to, at the provider."""
        answer = requests.get(challenge["redirect_url"], allow_redirects=False, timeout=20)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def return_to(self, url):
        """The provider's answer in the browser: what our return_url learns, or the page's status."""
        answer = requests.get(url, allow_redirects=False, timeout=30)
        if answer.status_code != 303:
            return {"status": answer.status_code, "text": answer.text}
        where, _, fragment = answer.headers["Location"].partition("#")
        assert where == RETURN_URL
        return dict(urllib.parse.parse_qsl(fragment))

    def complete(self, challenge, result, api=None):
        return (api or self.api).post(f"/v1/second-factor-challenges/{challenge['id']}/complete", {"result": result})

    def shown(self, challenge):
        return self.api.get(f"/v1/second-factor-challenges/{challenge['id']}").expect(200)

    # --- what holds afterwards ---

    def events(self, challenge):
        auditor = Api(self.base_url, self.provided.callers["auditor"].token)
        return auditor.get(f"/v1/audit-events?object_id={challenge['id']}&limit=200").expect(200)["items"]

    def expect_nothing_issued(self, status="authenticating"):
        request = self.api.get(f"/v1/reissue-requests/{self.request['id']}").expect(200)
        assert request["status"] == status and request["new_certificate_id"] is None

    def expect_refused(self, challenge, back, code, why=None):
        """The challenge is rejected with the code, the trail says why, and nothing was issued."""
        assert back.get("error") == code and "result" not in back, back
        shown = self.shown(challenge)
        assert shown["status"] == "rejected" and shown["failure"]["code"] == code, shown.json
        told = [event for event in self.events(challenge) if code in str(event)]
        assert told, self.events(challenge)
        if why:
            assert re.search(why, str(told)), told
        self.complete(challenge, "A" * 43).expect(409, "challenge-wrong-state")
        self.expect_nothing_issued()
