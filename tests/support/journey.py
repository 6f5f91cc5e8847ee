"""Ready-made objects: certificates, profiles and reissue requests in a wanted state."""
import uuid

from peers.mail.peer import MailPeer

from .keys import make_csr, make_key


class Journey:
    """Makes what a test needs through the API alone, as a client of it would."""

    def __init__(self, instance, callers):
        self.instance = instance
        self.callers = callers

    def user_id(self, caller):
        return caller.get("/v1/me").expect(200)["id"]

    def profile(self, base="PROFILE_DESKTOP_ID", **changes):
        """A copy of a demo profile with changes; its id."""
        admin = self.callers["enterprise_admin"]
        wanted = admin.get(f"/v1/profiles/{self.instance[base]}").expect(200).json
        for name in ("id", "revision", "enterprise_id", "created_at", "updated_at"):
            wanted.pop(name, None)
        wanted.update(name=f"test {uuid.uuid4().hex[:12]}", **changes)
        return admin.post("/v1/profiles", wanted).expect(201)["id"]

    def relay_body(self, **more):
        """A connector to the instance's own mail server, which keeps every mail as a file."""
        peer = MailPeer(self.instance["MAIL_DIR"])
        return {"kind": "smtp", "name": f"mail {uuid.uuid4().hex[:12]}", "settings": {
            "host": "127.0.0.1", "port": peer.state["ports"]["starttls"], "from": "ra@example.test",
            "ca_pem": peer.ca, "username": peer.state["username"], "password": peer.state["password"], **more}}

    def certificate(self, caller=None, profile_id=None, common_name=None, key=None, officer=None, **more):
        """An issued certificate of the caller (default: the subscriber)."""
        caller = caller or self.callers["subscriber"]
        officer = officer or self.callers["officer"]
        body = {"profile_id": profile_id or self.instance["PROFILE_DESKTOP_ID"],
                "csr": make_csr(key or make_key()), "owner_id": self.user_id(caller),
                "subject": {"common_name": common_name or f"Test {uuid.uuid4().hex[:12]}"}, **more}
        return officer.post("/v1/certificates", body).expect(201).json

    def revoked(self, reason="superseded", **options):
        certificate = self.certificate(**options)
        caller = options.get("caller") or self.callers["subscriber"]
        return caller.post(f"/v1/certificates/{certificate['id']}/revoke", {"reason": reason}).expect(200).json

    def request(self, certificate=None, caller=None, reason="key_lost", **more):
        """A draft reissue request."""
        caller = caller or self.callers["subscriber"]
        certificate = certificate or self.revoked(caller=caller)
        body = {"certificate_id": certificate["id"], "reason": reason, **more}
        return caller.post("/v1/reissue-requests", body).expect(201).json

    def agreement(self, request, caller=None):
        """Accepts what the request demands; the request after it."""
        caller = caller or self.callers["subscriber"]
        wanted = {name: request["agreement"][name] for name in ("agreement_id", "version", "language", "sha256")}
        return caller.put(f"/v1/reissue-requests/{request['id']}/agreement",
                          {**wanted, "accepted": True}).expect(200).json

    def ready(self, certificate=None, caller=None, key=None, **more):
        """A draft with everything given: submit is the next step."""
        more.setdefault("csr", make_csr(key or make_key()))
        request = self.request(certificate, caller, **more)
        if request["agreement"]["required"]:
            request = self.agreement(request, caller)
        if any(domain["status"] == "unverified" for domain in request["domains"]):
            caller = caller or self.callers["subscriber"]
            request = caller.post(f"/v1/reissue-requests/{request['id']}/verify", {}).expect(200).json
        assert request["blockers"] == [], request["blockers"]
        return request

    def issued(self, caller=None, **more):
        """A finished reissue: the request."""
        caller = caller or self.callers["subscriber"]
        request = self.ready(caller=caller, **more)
        return caller.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200).json
