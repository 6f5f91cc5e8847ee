"""One call of every route that does what the route is for: by whom, on what, with which body.

The tests that hold for every route (foreign ids, no change without its event) are generated from the
table of routes that the program prints; `call` fails for a route that has no row here.
"""
import dataclasses
import json
import pathlib
import re
import subprocess
import time
import uuid

from .client import Api
from .foreign import foreign_pem
from .keys import make_csr, make_key
from .mail import link_of, mail_of
from .otp import mailed_code, now, totp

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def printed(subcommand):
    """What the newest build of the program prints as JSON."""
    built = sorted(ROOT.glob("build/*/reissued"), key=lambda path: path.stat().st_mtime)
    assert built, "build the service first"
    return json.loads(subprocess.run([built[-1], subcommand, "--json"], check=True, capture_output=True).stdout)


def routes(mutating=None):
    """"METHOD /path" of every route; with `mutating` those that change something, or those that do not."""
    return [f"{route['method'].upper()} {route['path']}" for route in printed("routes")
            if mutating is None or mutating == (route["method"] != "get")]


def word():
    return uuid.uuid4().hex


@dataclasses.dataclass
class Call:
    """A call that will be answered with `status`: `send` sends it, by another caller or for other ids if wanted."""
    caller: Api
    route: str = ""
    ids: dict = dataclasses.field(default_factory=dict)
    body: object = None
    form: str = None
    status: int = 200
    query: str = ""

    def send(self, caller=None, ids=None, body=None, headers=None, checked=None):
        method, path = self.route.split(" ")
        for name, value in (ids or self.ids).items():
            path = path.replace("{" + name + "}", str(value))
        more = {"Content-Type": "application/x-www-form-urlencoded"} if self.form else {}
        return (caller or self.caller).request(method, path + self.query, self.body if body is None else body,
                                               data=self.form, headers={**more, **(headers or {})}, checked=checked)


class World:
    """Makes the objects that the calls need, each new, so that one call does not see another.

    In an instance of a test's own, `fail` makes a request that failed, and the issuer may be switched off.
    """

    def __init__(self, instance, journey, fail=None):
        self.instance, self.journey, self.callers, self.fail = instance, journey, journey.callers, fail
        self.kept = {}

    def __getitem__(self, name):
        return self.callers[name]

    def keep(self, name, make):
        """What is made once and changed by nobody."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def user(self, **more):
        """A new subscriber with a password."""
        return self["enterprise_admin"].post("/v1/users", {
            "email": f"{word()}@example.test", "name": "Una User", "role": "subscriber", "password": PASSWORD,
            **more}).expect(201).json

    def sign_in(self, user):
        answer = self["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
        return Api(self["nobody"].base_url, answer["access_token"])

    def session(self):
        return self.sign_in(self.user())

    def session_id(self, session):
        return next(one["id"] for one in session.get("/v1/sessions").expect(200)["items"] if one["current"])

    def token_id(self, session):
        return session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(201)["id"]

    def enterprise_id(self):
        return self.keep("enterprise", lambda: self["officer"].get("/v1/me").expect(200)["enterprise"]["id"])

    def made(self, caller, path, body):
        return self[caller].post(path, body).expect(201).json

    def client(self):
        return self.made("enterprise_admin", "/v1/clients", {
            "name": word(), "role": "subscriber", "scopes": ["reissue:read"], "acts_as": []})

    def jwt_issuer_body(self):
        return {"enterprise_id": self.enterprise_id(), "issuer": f"https://{word()}.example", "audience": "a",
                "algorithms": ["RS256"], "jwks_uri": "https://idp.example/keys", "scopes": []}

    def identity(self, user):
        return self.made("enterprise_admin", f"/v1/users/{user['id']}/identities", self.identity_body())

    def identity_body(self):
        return {"kind": "oidc", "issuer": "https://idp.example", "subject": word()}

    def agreement(self):
        return self.made("enterprise_admin", "/v1/agreements", {
            "name": word(), "texts": [{"language": "en", "text": "Yes.\n"}]})

    def profile_body(self):
        profile = self["enterprise_admin"].get(f"/v1/profiles/{self.instance['PROFILE_DESKTOP_ID']}").expect(200).json
        return {name: value for name, value in profile.items()
                if name not in ("id", "revision", "enterprise_id", "created_at", "updated_at")} | {"name": word()}

    def domain_body(self):
        # Of an enterprise of its own: where a registry begins, names outside it are refused.
        enterprise = self.keep("registry", lambda: self.made("admin", "/v1/enterprises", {"name": word()}))
        return {"name": f"{word()}.example.com", "enterprise_id": enterprise["id"]}

    def domain(self):
        return self.made("admin", "/v1/domains", self.domain_body())

    def validation_body(self):
        return {"identifier": {"type": "dns", "value": f"{word()}.example.com"}, "method": "dns_txt"}

    def validation(self):
        return self.made("subscriber", "/v1/domain-validations", self.validation_body())

    def named(self):
        """A draft with a name whose CAA records are to be looked up."""
        profile = self.keep("named", lambda: self.journey.profile(caa="required"))
        certificate = self.made("officer", "/v1/certificates/import", {
            **self.import_body(san=("ok.caatest",)), "profile_id": profile})
        return self.journey.request(certificate)

    def caa_check(self):
        return self.made("subscriber", "/v1/caa-checks", {"name": "ok.caatest"})

    def connector_body(self):
        return {"kind": "smtp", "name": word(), "settings": {"host": "mail.example.com", "from": "ra@example.com"}}

    def connector(self):
        return self.made("enterprise_admin", "/v1/connectors", self.connector_body())

    def owner_id(self):
        return self.keep("owner", lambda: self.journey.user_id(self["subscriber"]))

    def enrol_body(self):
        return {"profile_id": self.instance["PROFILE_DESKTOP_ID"], "csr": make_csr(make_key()),
                "owner_id": self.owner_id(), "subject": {"common_name": word()}}

    def import_body(self, **more):
        return {"pem": foreign_pem(word(), **more), "profile_id": self.instance["PROFILE_DESKTOP_ID"],
                "owner_id": self.owner_id()}

    def imported(self, **more):
        return self.made("officer", "/v1/certificates/import", self.import_body(**more))

    def draft(self):
        return self.journey.request(self.imported(san=()))

    def vetted(self, *actions):
        """A request that waits for officers, after these of their actions."""
        profile = self.keep("vetted", lambda: self.journey.profile(vetting=True))
        request = self.journey.ready(self.made("officer", "/v1/certificates/import", {
            **self.import_body(san=()), "profile_id": profile}))
        here = f"/v1/reissue-requests/{request['id']}"
        answer = self["subscriber"].post(here + "/submit", {}).expect(200)
        for action in actions:
            answer = self["officer"].post(f"{here}/{action}", {"remarks": "no"} if action == "decline" else {}).expect(200)
        return answer.json

    def acceptance(self, request):
        wanted = ("agreement_id", "version", "language", "sha256")
        return {**{name: request["agreement"][name] for name in wanted}, "accepted": True}

    def relay(self):
        """A mail relay of the enterprise: the instance's own mail server."""
        def make():
            listed = self["enterprise_admin"].get("/v1/connectors?kind=smtp").expect(200)["items"]
            mine = [one for one in listed if one["name"] == "demo mail" and one["active"]]
            return mine[0] if mine else self.made("enterprise_admin", "/v1/connectors", self.journey.relay_body())
        return self.keep("relay", make)

    def asked(self):
        """Somebody new, whose reissue waits for a code by mail: (user, session, request)."""
        user = self.user()
        session = self.sign_in(user)
        profile = self.keep("asking", lambda: self.journey.profile(
            second_factor={"reissue": [{"mechanism": "email_otp", "connector_id": self.relay()["id"]}]}))
        certificate = self.made("officer", "/v1/certificates/import", {
            **self.import_body(san=()), "profile_id": profile, "owner_id": user["id"]})
        request = self.journey.ready(certificate, session)
        session.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
        return user, session, request

    def challenge(self):
        """A challenge of somebody new: (user, session, challenge)."""
        user, session, request = self.asked()
        return user, session, session.post("/v1/second-factor-challenges", {
            "reissue_request_id": request["id"], "mechanism": "email_otp"}).expect(201).json

    def lonely(self):
        """The session of somebody whose enterprise has no means to send a code by."""
        enterprise = self.keep("lonely", lambda: self.made("admin", "/v1/enterprises", {"name": word()}))
        return self.sign_in(self["admin"].post("/v1/users", {
            "email": f"{word()}@example.test", "name": "Leo Lonely", "role": "subscriber", "password": PASSWORD,
            "enterprise_id": enterprise["id"]}).expect(201).json)

    def reachable(self):
        """The session of somebody whose enterprise has an SMS gateway, though nobody answers there, and no relay."""
        def make():
            enterprise = self.made("admin", "/v1/enterprises", {"name": word()})
            self.made("admin", "/v1/connectors", {
                "enterprise_id": enterprise["id"], "kind": "sms", "name": word(), "settings": {
                    "url": "https://127.0.0.1:1/"}})
            return enterprise
        return self.sign_in(self["admin"].post("/v1/users", {
            "email": f"{word()}@example.test", "name": "Ria Reachable", "role": "subscriber", "password": PASSWORD,
            "enterprise_id": self.keep("reachable", make)["id"]}).expect(201).json)

    def app_code(self, session):
        """A code of the authenticator app that a session has begun to enrol."""
        secret = session.post("/v1/me/totp", {}).expect(200)["secret"]
        return totp(secret, now(self.instance))

    def failed(self):
        """A request that failed; where none can be made, one that cannot be tried again."""
        return self.fail() if self.fail else self.draft()


def _of(caller, make, body=None, **more):
    """A call on one object: `make` gives it from the world, `body` the body from world and object."""
    def build(w):
        made = make(w)
        made = made if isinstance(made, dict) else {"id": made}
        return Call(w[caller], ids={"id": made["id"]}, body=body(w, made) if callable(body) else body, **more)
    return build


def _to(caller, body=None, status=201, **more):
    """A call on a collection."""
    return lambda w: Call(w[caller], body=body(w) if callable(body) else body, status=status, **more)


def _own_session(w):
    session = w.session()
    return Call(session, ids={"id": w.session_id(session)}, status=204)


def _own_token(w):
    session = w.session()
    return Call(session, ids={"id": w.token_id(session)}, status=204)


def _sign_in(w):
    return Call(w["nobody"], body={"email": w.user()["email"], "password": PASSWORD}, status=201)


def _client_token(w):
    client = w.client()
    return Call(w["nobody"], form=f"grant_type=client_credentials&client_id={client['id']}&client_secret="
                f"{client['client_secret']}")


def _identity(w):
    user = w.user()
    return Call(w["enterprise_admin"], ids={"id": user["id"], "identity_id": w.identity(user)["id"]}, status=204)


def _blocked(w):
    digest = f"sha256:{word()}{word()}"
    w["admin"].post("/v1/blocked-keys", {"spki_sha256": digest, "reason": "other"}).expect(201)
    return Call(w["admin"], ids={"spki_sha256": digest}, status=204)


def _confirmation(w, answer=None):
    """A mailbox that was asked, and what it got."""
    name = f"{word()}.example.com"
    body = {"identifier": {"type": "dns", "value": name}, "method": "email_constructed", "to": f"admin@{name}"}
    made = w.made("subscriber", "/v1/domain-validations", body)
    _, token = link_of(mail_of(w.instance).wait_for(f"admin@{name}")[0])
    while w["subscriber"].get(f"/v1/domain-validations/{made['id']}").expect(200)["mails"][0]["state"] != "sent":
        time.sleep(0.05)  # nothing changes any more behind the caller's back
    return Call(w["nobody"], ids={"id": made["id"]}, body=answer and {"token": token, "decision": answer})


def _certificate(w):
    return w.imported(san=())


def _chained(w):
    return w.imported(chain=True)


def _suspended(w):
    made = _certificate(w)
    return w["officer"].post(f"/v1/certificates/{made['id']}/suspend", {}).expect(200).json


def _event(w):
    return w["auditor"].get(f"/v1/audit-events?object_id={_certificate(w)['id']}&limit=1").expect(200)["items"][0]


def _platform_enterprise(w):
    return w.made("admin", "/v1/enterprises", {"name": word()})


def _jwt_issuer(w):
    return w.made("admin", "/v1/jwt-issuers", w.jwt_issuer_body())


def _issuer(w):
    return w["admin"].get("/v1/issuers").expect(200)["items"][0]


def _profile(w):
    return w.made("enterprise_admin", "/v1/profiles", w.profile_body())


def _retry(w):
    return Call(w["subscriber"], ids={"id": w.failed()["id"]}, body={}, status=200 if w.fail else 409)


def _challenge(body=None, **more):
    """A call on a challenge, by whom it asks."""
    def build(w):
        user, session, challenge = w.challenge()
        while challenge["destinations"][0]["delivery"] == "queued":
            time.sleep(0.05)  # nothing changes any more behind the caller's back
            challenge = session.get(f"/v1/second-factor-challenges/{challenge['id']}").expect(200)
        return Call(session, ids={"id": challenge["id"]}, body=body(w, user) if callable(body) else body, **more)
    return build


def _asked(w):
    _, session, request = w.asked()
    return Call(session, body={"reissue_request_id": request["id"], "mechanism": "email_otp"}, status=201)


def mobile():
    return {"mobile": "+49151" + str(uuid.uuid4().int)[:8]}


def _wrong_code(w):
    session = w.reachable()
    session.post("/v1/me/mobile", mobile()).expect(200)
    return Call(session, body={"code": "000000"}, status=422)


def _reported(w):
    """A report of a message that is none of the gateway's own changes nothing."""
    secret = word()
    made = w.made("enterprise_admin", "/v1/connectors", {"kind": "sms", "name": word(), "active": True, "settings": {
        "url": "https://127.0.0.1:1/", "dlr": True, "dlr_secret": secret}})
    return Call(w["nobody"], ids={"connector_id": made["id"], "secret": secret},
                body={"id": str(uuid.uuid4()), "status": "delivered"}, status=204)


def _app(w):
    session = w.lonely()
    return Call(session, body={"code": w.app_code(session)}, status=204)


def _without_app(w):
    """An app that was enrolled a moment ago is no means yet, and there is no other."""
    session = w.lonely()
    session.post("/v1/me/totp/confirm", {"code": w.app_code(session)}).expect(204)
    return Call(session, status=401)


CALLS = {
    "POST /v1/sessions": _sign_in,
    "GET /v1/sessions": lambda w: Call(w.session()),
    "DELETE /v1/sessions/{id}": _own_session,
    "POST /oauth2/token": _client_token,
    "GET /v1/api-tokens": lambda w: Call(w.session()),
    "POST /v1/api-tokens": lambda w: Call(w.session(), body={"name": "t", "scopes": ["reissue:read"]}, status=201),
    "DELETE /v1/api-tokens/{id}": _own_token,
    "GET /v1/me": _to("subscriber", status=200),
    "PATCH /v1/me": lambda w: Call(w.session(), body={"name": word()}),
    "POST /v1/me/password": lambda w: Call(w.session(), body={
        "current_password": PASSWORD, "new_password": "seven quiet rivers run"}, status=204),
    "POST /v1/me/mobile": lambda w: Call(w.reachable(), body=mobile()),
    "POST /v1/me/mobile/confirm": _wrong_code,
    "POST /v1/me/totp": lambda w: Call(w.lonely(), body={}),
    "DELETE /v1/me/totp": _without_app,
    "POST /v1/me/totp/confirm": _app,
    "GET /v1/enterprises": _to("admin", status=200),
    "POST /v1/enterprises": _to("admin", lambda w: {"name": word()}),
    "GET /v1/enterprises/{id}": _of("admin", _platform_enterprise),
    "PATCH /v1/enterprises/{id}": _of("admin", _platform_enterprise, lambda w, e: {"name": word()}),
    "GET /v1/users": _to("enterprise_admin", status=200),
    "POST /v1/users": _to("enterprise_admin", lambda w: {
        "email": f"{word()}@example.test", "name": "Una", "role": "subscriber"}),
    "GET /v1/users/{id}": _of("enterprise_admin", World.user),
    "PATCH /v1/users/{id}": _of("enterprise_admin", World.user, lambda w, u: {"name": word()}),
    "DELETE /v1/users/{id}": _of("enterprise_admin", World.user, status=204),
    "GET /v1/users/{id}/identities": _of("enterprise_admin", World.user),
    "POST /v1/users/{id}/identities": _of("enterprise_admin", World.user, lambda w, u: w.identity_body(), status=201),
    "DELETE /v1/users/{id}/identities/{identity_id}": _identity,
    "GET /v1/clients": _to("enterprise_admin", status=200),
    "POST /v1/clients": _to("enterprise_admin", lambda w: {
        "name": word(), "role": "subscriber", "scopes": ["reissue:read"], "acts_as": [w.owner_id()]}),
    "GET /v1/clients/{id}": _of("enterprise_admin", World.client),
    "PATCH /v1/clients/{id}": _of("enterprise_admin", World.client, lambda w, c: {"name": word()}),
    "DELETE /v1/clients/{id}": _of("enterprise_admin", World.client, status=204),
    "GET /v1/jwt-issuers": _to("admin", status=200),
    "POST /v1/jwt-issuers": _to("admin", World.jwt_issuer_body),
    "GET /v1/jwt-issuers/{id}": _of("admin", _jwt_issuer),
    "PATCH /v1/jwt-issuers/{id}": _of("admin", _jwt_issuer, {"audience": "b"}),
    "DELETE /v1/jwt-issuers/{id}": _of("admin", _jwt_issuer, status=204),
    "GET /v1/issuers": _to("enterprise_admin", status=200),
    "GET /v1/issuers/{id}": _of("enterprise_admin", _issuer),
    "PATCH /v1/issuers/{id}": _of("admin", _issuer, lambda w, i: {"active": not w.fail}),
    "GET /v1/rule-sets": _to("subscriber", status=200),
    "GET /v1/rule-sets/{name}": lambda w: Call(w["subscriber"], ids={"name": "tls-br"}),
    "GET /v1/profiles": _to("subscriber", status=200),
    "POST /v1/profiles": _to("enterprise_admin", World.profile_body),
    "GET /v1/profiles/{id}": _of("subscriber", _profile),
    "PATCH /v1/profiles/{id}": _of("enterprise_admin", _profile, {"max_days": 17}),
    "DELETE /v1/profiles/{id}": _of("enterprise_admin", _profile, status=204),
    "GET /v1/agreements": _to("subscriber", status=200),
    "POST /v1/agreements": _to("enterprise_admin", lambda w: {
        "name": word(), "texts": [{"language": "en", "text": "Yes.\n"}]}),
    "GET /v1/agreements/{id}": _of("subscriber", World.agreement),
    "DELETE /v1/agreements/{id}": _of("enterprise_admin", World.agreement, status=204),
    "POST /v1/agreements/{id}/versions": _of("enterprise_admin", World.agreement, {
        "texts": [{"language": "en", "text": "Yes, still.\n"}]}, status=201),
    "POST /v1/callbacks/sms/{connector_id}/{secret}": _reported,
    "GET /v1/connectors": _to("enterprise_admin", status=200),
    "POST /v1/connectors": _to("enterprise_admin", World.connector_body),
    "GET /v1/connectors/{id}": _of("enterprise_admin", World.connector),
    "PATCH /v1/connectors/{id}": _of("enterprise_admin", World.connector, {"active": False}),
    "DELETE /v1/connectors/{id}": _of("enterprise_admin", World.connector, status=204),
    "POST /v1/connectors/{id}/test": _of("enterprise_admin", World.connector, {}),
    "GET /v1/blocked-keys": _to("admin", status=200),
    "POST /v1/blocked-keys": _to("admin", lambda w: {"spki_sha256": f"sha256:{word()}{word()}", "reason": "other"}),
    "DELETE /v1/blocked-keys/{spki_sha256}": _blocked,
    "GET /v1/certificates": _to("subscriber", status=200),
    "POST /v1/certificates": _to("officer", World.enrol_body),
    "POST /v1/certificates/import": _to("officer", World.import_body),
    "GET /v1/certificates/{id}": _of("subscriber", _certificate),
    "PATCH /v1/certificates/{id}": _of("officer", _certificate, lambda w, c: {"owner_id": w.user()["id"]}),
    "GET /v1/certificates/{id}/chain": _of("subscriber", _chained),
    "GET /v1/certificates/{id}/events": _of("subscriber", _certificate),
    "GET /v1/certificates/{id}/lineage": _of("subscriber", _certificate),
    "POST /v1/certificates/{id}/revoke": _of("subscriber", _certificate, {"reason": "superseded"}),
    "POST /v1/certificates/{id}/suspend": _of("officer", _certificate, {}),
    "POST /v1/certificates/{id}/release": _of("officer", _suspended, {}),
    "POST /v1/certificates/{id}/reissue-requests": _of("subscriber", _certificate, {"reason": "key_lost"}, status=201),
    "GET /v1/reissue-requests": _to("subscriber", status=200),
    "POST /v1/reissue-requests": _to("subscriber", lambda w: {
        "certificate_id": _certificate(w)["id"], "reason": "key_lost"}),
    "GET /v1/reissue-requests/{id}": _of("subscriber", World.draft),
    "PATCH /v1/reissue-requests/{id}": _of("subscriber", World.draft, {"message": "told"}),
    "DELETE /v1/reissue-requests/{id}": _of("subscriber", World.draft, status=204),
    "GET /v1/reissue-requests/{id}/csr": _of("subscriber", lambda w: w.journey.ready(_certificate(w))),
    "PUT /v1/reissue-requests/{id}/csr": _of("subscriber", World.draft, lambda w, r: {"csr": make_csr(make_key())}),
    "PUT /v1/reissue-requests/{id}/agreement": _of("subscriber", World.draft, World.acceptance),
    "GET /v1/reissue-requests/{id}/preflight": _of("subscriber", World.draft),
    "POST /v1/reissue-requests/{id}/verify": _of("subscriber", World.named, {}),
    "POST /v1/reissue-requests/{id}/submit": _of("subscriber", lambda w: w.journey.ready(_certificate(w)), {}),
    "POST /v1/reissue-requests/{id}/open": _of("officer", World.vetted, {}),
    "POST /v1/reissue-requests/{id}/release": _of("officer", lambda w: w.vetted("open"), {}),
    "POST /v1/reissue-requests/{id}/approve": _of("officer", World.vetted, lambda w, r: {"digest": r["digest"]}),
    "POST /v1/reissue-requests/{id}/decline": _of("officer", World.vetted, {"remarks": "no"}),
    "POST /v1/reissue-requests/{id}/reopen": _of("subscriber", World.vetted, {}),
    "POST /v1/reissue-requests/{id}/cancel": _of("subscriber", World.draft, {}),
    "POST /v1/reissue-requests/{id}/retry": _retry,
    "GET /v1/reissue-requests/{id}/certificate": _of("subscriber", lambda w: w.journey.issued(
        certificate=_certificate(w))),
    "GET /v1/reissue-requests/{id}/events": _of("subscriber", World.draft),
    "POST /v1/second-factor-challenges": _asked,
    "GET /v1/second-factor-challenges/{id}": _challenge(),
    "POST /v1/second-factor-challenges/{id}/verify": _challenge(
        lambda w, user: {"code": mailed_code(w.instance, user["email"])}),
    # Sent a moment ago; and nothing came back from an identity provider.
    "POST /v1/second-factor-challenges/{id}/resend": _challenge({}, status=429),
    "POST /v1/second-factor-challenges/{id}/cancel": _challenge({}),
    "POST /v1/second-factor-challenges/{id}/complete": _challenge({"result": word()}, status=409),
    "GET /v1/connectors/{id}/saml-metadata": lambda w: Call(w["nobody"], ids={"id": uuid.uuid4()}, status=404),
    "GET /v1/redirects/{handle}": lambda w: Call(w["nobody"], ids={"handle": word()}, status=404),
    "GET /v1/callbacks/oidc/{connector_id}": lambda w: Call(
        w["nobody"], ids={"connector_id": uuid.uuid4()}, status=400),
    "POST /v1/callbacks/saml/{connector_id}": lambda w: Call(
        w["nobody"], ids={"connector_id": uuid.uuid4()}, form="SAMLResponse=x&RelayState=y", status=400),
    "GET /v1/domains": _to("enterprise_admin", status=200),
    "POST /v1/domains": _to("admin", lambda w: w.domain_body()),
    "GET /v1/domains/{id}": _of("admin", World.domain),
    "DELETE /v1/domains/{id}": _of("admin", World.domain, status=204),
    "GET /v1/domain-validations": _to("subscriber", status=200),
    "POST /v1/domain-validations": _to("subscriber", lambda w: w.validation_body()),
    "GET /v1/domain-validations/{id}": _of("subscriber", World.validation),
    "POST /v1/domain-validations/{id}/cancel": _of("subscriber", World.validation, {}),
    "POST /v1/domain-validations/{id}/verify": _of("subscriber", World.validation, {}),
    "GET /v1/domain-validations/{id}/confirm": _confirmation,
    "POST /v1/domain-validations/{id}/confirm": lambda w: _confirmation(w, "confirm"),
    "GET /v1/caa-checks": _to("subscriber", status=200),
    "POST /v1/caa-checks": _to("subscriber", {"name": "ok.caatest"}),
    "GET /v1/caa-checks/{id}": _of("subscriber", World.caa_check),
    "GET /v1/audit-events": _to("auditor", status=200),
    "GET /v1/audit-events/{id}": _of("auditor", _event),
    "GET /v1/stats": _to("subscriber", status=200),
}


def call(world, route):
    """A new call of a route."""
    assert route in CALLS, f"{route}: say in tests/support/calls.py how it is called"
    made = CALLS[route](world)
    made.route = route
    return made
