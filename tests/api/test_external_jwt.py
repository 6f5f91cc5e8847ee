"""JWTs of an external issuer: a user only by a linked identity, and only as long as everything holds."""
import base64
import http.server
import json
import threading
import time
import uuid

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from support.beside import Beside
from support.client import Api


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer with a P-256 key, known for the first enterprise."""

    def __init__(self, callers):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = f"https://idp-{uuid.uuid4().hex}.example.test"
        point = self.key.public_key().public_numbers()
        self.jwks = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig",
                               "x": b64(point.x.to_bytes(32, "big")), "y": b64(point.y.to_bytes(32, "big"))}]}
        self.admin = callers["admin"]
        enterprise = callers["enterprise_admin"].get("/v1/me").expect(200)["enterprise"]["id"]
        self.row = self.admin.post("/v1/jwt-issuers", {
            "enterprise_id": enterprise, "issuer": self.name, "audience": "reissued", "algorithms": ["ES256"],
            "jwks": self.jwks, "scopes": ["certificates:read", "reissue:read", "approve"]}).expect(201).json

    def sign(self, subject, header=None, **claims):
        now = int(time.time())
        body = {"iss": self.name, "sub": subject, "aud": "reissued", "iat": now, "exp": now + 300, **claims}
        text = b64(json.dumps(header or {"alg": "ES256", "kid": "k1"}).encode()) + "." + b64(json.dumps(body).encode())
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def issuer(callers):
    return Issuer(callers)


@pytest.fixture
def user(callers, issuer):
    """A subscriber with the identity (issuer, its e-mail's local part)."""
    admin = callers["enterprise_admin"]
    subject = f"u-{uuid.uuid4().hex}"
    made = admin.post("/v1/users", {"email": f"{subject}@example.test", "name": "Jo", "role": "subscriber"}).expect(201)
    linked = admin.post(f"/v1/users/{made['id']}/identities",
                        {"kind": "oidc", "issuer": issuer.name, "subject": subject}).expect(201)
    return {"id": made["id"], "subject": subject, "identity": linked["id"], "email": made["email"]}


def caller(instance, token):
    return Api(instance["BASE_URL"], token)


def test_a_linked_identity_is_its_user(instance, issuer, user):
    """The JWT gives the user's role and no scope that issuer or role has not."""
    me = caller(instance, issuer.sign(user["subject"])).get("/v1/me").expect(200)
    assert me["id"] == user["id"]
    assert me["scopes"] == ["certificates:read", "reissue:read"]


def test_an_email_address_links_nothing(instance, issuer, user):
    """A subject that is not linked is nobody, whatever its other claims say."""
    token = issuer.sign("somebody-else", email=user["email"], email_verified=True, preferred_username=user["email"])
    caller(instance, token).get("/v1/me").expect(401, "unauthenticated")


@pytest.mark.rows(115)
@pytest.mark.parametrize("claims", [
    {"exp": 1}, {"nbf": 4102444800}, {"aud": "other"}, {"aud": ["reissued", "other"]},
    {"exp": 1e300}, {"exp": None}, {"iss": "https://idp.example.test.evil"}, {"sub": ""},
], ids=str)
def test_claims_that_do_not_hold(instance, issuer, user, claims):
    """A good signature does not help a token whose claims do not hold."""
    caller(instance, issuer.sign(user["subject"], **claims)).get("/v1/me").expect(401, "unauthenticated")


@pytest.mark.rows(115)
@pytest.mark.parametrize("header", [
    {"alg": "ES256", "kid": "k2"}, {"alg": "ES256", "kid": "k1", "crit": ["exp"]}, {"alg": "ES384", "kid": "k1"},
    {"alg": "ES256", "kid": "k1", "jku": "https://evil.example"}, {"alg": "ES256", "kid": "k1", "typ": "logout+jwt"},
    {"alg": "ES256", "kid": "k1", "b64": False}, {"alg": "none"},
], ids=lambda header: "-".join(str(value)[:12] for value in header.values()))
def test_headers_that_want_something(instance, issuer, user, header):
    """A good signature does not help a token whose header is not plain."""
    caller(instance, issuer.sign(user["subject"], header=header)).get("/v1/me").expect(401, "unauthenticated")


@pytest.mark.invariant(44)
def test_unlinking_and_switching_off_act_at_once(instance, callers, issuer, user):
    """Without the link, or without the issuer, the next request is refused."""
    token = caller(instance, issuer.sign(user["subject"]))
    token.get("/v1/me").expect(200)
    path = f"/v1/jwt-issuers/{issuer.row['id']}"
    callers["admin"].patch(path, {"active": False}).expect(200)
    token.get("/v1/me").expect(401)
    callers["admin"].patch(path, {"active": True}).expect(200)
    token.get("/v1/me").expect(200)
    callers["enterprise_admin"].delete(f"/v1/users/{user['id']}/identities/{user['identity']}").expect(204)
    token.get("/v1/me").expect(401)


def test_a_key_set_holds_public_keys_only(callers, issuer):
    """Private and symmetric keys, weak ones and HMAC algorithms are refused when an issuer is made known."""
    enterprise = issuer.row["enterprise_id"]

    def make(**changes):
        body = {"enterprise_id": enterprise, "issuer": f"https://{uuid.uuid4().hex}.example.test",
                "audience": "reissued", "algorithms": ["ES256"], "jwks": issuer.jwks, "scopes": [], **changes}
        return callers["admin"].post("/v1/jwt-issuers", body, checked=False)

    make(algorithms=["HS256"]).expect(422)
    make(algorithms=["none"]).expect(422)
    make(jwks={"keys": []}).expect(422)
    make(jwks={"keys": [{"kty": "oct", "k": "AAAA"}]}).expect(422)
    make(jwks={"keys": [{**issuer.jwks["keys"][0], "d": "AAAA"}]}).expect(422)
    make(jwks_uri="https://idp.example.test/keys").expect(422)
    make(jwks=None, jwks_uri="http://idp.example.test/keys").expect(422)


@pytest.mark.invariant(29)
def test_denied_attempts_leave_a_trace_without_secrets(instance, callers, user):
    """A failed sign-in and a forbidden call are in the audit trail; what was typed is not."""
    canary = f"canary-{uuid.uuid4().hex}"
    callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": canary}).expect(401, "login-failed")
    denied = callers["subscriber"].get("/v1/users").expect(403, "forbidden")
    auditor = callers["auditor"]
    signin = auditor.get(f"/v1/audit-events?object_id={user['id']}").expect(200)
    assert any(event["action"] == "session.denied" for event in signin["items"])
    events = auditor.get("/v1/audit-events?action=access.denied&limit=50").expect(200)
    assert any(event.get("request_id") == denied.request_id for event in events["items"])
    assert canary not in signin.text + events.text
    assert not instance.log_lines(canary)


# --- keys that are fetched ---

class KeyServer(http.server.BaseHTTPRequestHandler):
    """Gives the key set of its server, or what the server's `answer` says instead."""

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def keys(issuer):
    """A server of the issuer's keys on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeyServer)
    server.asked = []
    server.answer = (200, {"Content-Type": "application/json"}, json.dumps(issuer.jwks).encode())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetching(instance, issuer, keys):
    """The issuer with its keys at that server. Only http, for this test, so not by the API."""
    def point(uri, jwks=None):
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE jwt_issuer SET jwks_uri = %s, jwks = %s WHERE id = %s",
                           (uri, json.dumps(jwks) if jwks else None, issuer.row["id"]))
    point(f"http://127.0.0.1:{keys.server_port}/{uuid.uuid4().hex}")
    yield
    point(None, issuer.jwks)


OPEN = """{"server": {"port": @PORT@, "replica_id": "open"}, "signer": {"journal_file": "@JOURNAL@"},
    "net": {"allow_http": true, "allow_addresses": ["127.0.0.0/8"]}}"""


CLOSED = OPEN.replace('"allow_http": true, "allow_addresses": ["127.0.0.0/8"]', '"allow_addresses": []')


@pytest.mark.rows(64)
def test_keys_at_loopback(instance, callers, tmp_path):
    """Where the operator has not opened loopback, no spelling of it is taken for a place of keys."""
    with Beside(instance, tmp_path, CLOSED) as service:
        admin = service.caller(instance["ADMIN_TOKEN"])
        enterprise = callers["enterprise_admin"].get("/v1/me").expect(200)["enterprise"]["id"]
        for host in ("127.0.0.1", "127.1", "localhost", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]"):
            answer = admin.post("/v1/jwt-issuers", {
                "enterprise_id": enterprise, "issuer": "https://idp.example", "audience": "a",
                "algorithms": ["RS256"], "jwks_uri": f"https://{host}/keys", "scopes": []})
            assert answer.expect(422).pointers() == ["/jwks_uri"], host


def test_keys_are_fetched_and_kept(instance, issuer, user, keys, fetching, tmp_path):
    """F27: keys are fetched once and kept while their server is away; traceparent goes along (2.1)."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with Beside(instance, tmp_path, OPEN) as service:
        token = service.caller(issuer.sign(user["subject"]))
        token.get("/v1/me", headers={"traceparent": trace}).expect(200)
        assert [headers.get("traceparent") for headers in keys.asked] == [trace]
        keys.answer = (500, {}, b"")
        token.get("/v1/me").expect(200)
        assert len(keys.asked) == 1
        other = issuer.sign(user["subject"], header={"alg": "ES256", "kid": "new"})
        for _ in range(3):  # a kid nobody knows leads to no storm of questions
            assert service.caller(other).get("/v1/me").status in (401, 503)
        assert len(keys.asked) <= 2


@pytest.mark.parametrize("answer", [
    (500, {}, b""), (302, {"Location": "http://127.0.0.1:1/keys"}, b""), (200, {}, b"no JSON"), (200, {}, b"x" * 300_000),
    (200, {"Content-Type": "application/json"}, b"[]"),
], ids=["500", "redirect", "garbage", "too long", "no object"])
def test_keys_that_cannot_be_had(instance, issuer, user, keys, fetching, tmp_path, answer):
    """F27: a key server that fails is our 503 with Retry-After, never a 401 that blames the client."""
    keys.answer = answer
    with Beside(instance, tmp_path, OPEN) as service:
        refused = service.caller(issuer.sign(user["subject"])).get("/v1/me").expect(503, "idp-unavailable")
        assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.rows(64)
def test_keys_are_not_fetched_from_where_nobody_may_ask(instance, issuer, user, keys, fetching):
    """Row 64: plain http and loopback are refused unless configured; nothing is asked there."""
    caller(instance, issuer.sign(user["subject"])).get("/v1/me").expect(503, "idp-unavailable")
    assert keys.asked == []
