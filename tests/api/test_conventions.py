"""What holds for every route (2.1): order of refusal, forms, preconditions, limits, waiting, CORS."""
import concurrent.futures
import json
import socket
import time
import urllib.parse
import uuid

import pytest

from support.beside import Beside
from support.client import Api
from support.foreign import foreign_pem
from support.keys import make_csr, make_key, spki_sha256

ABSENT = "01938a6e-2f00-7c3a-9a51-4be0d2a1c055"
SETTINGS = """{"server": {"port": @PORT@, "replica_id": "beside", "max_in_flight": 4,
    "cors_origins": ["https://app.example"]}, "signer": {"journal_file": "@JOURNAL@"}}"""


@pytest.fixture(scope="module")
def beside(instance, tmp_path_factory):
    """A service with few places in flight and an origin that browsers may call from."""
    with Beside(instance, tmp_path_factory.mktemp("beside"), SETTINGS) as service:
        yield service


@pytest.fixture(scope="module")
def draft(journey):
    return journey.request()


@pytest.fixture(scope="module")
def cancelled(journey, caller_subscriber):
    request = journey.request()
    return caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/cancel", {}).expect(200).json


def raw(instance, head, quiet=3.0):
    """Sends the bytes of a request and reads until the connection is closed or quiet."""
    url = urllib.parse.urlsplit(instance["BASE_URL"])
    with socket.create_connection((url.hostname, url.port), timeout=quiet) as sock:
        sock.sendall(head)
        answer = b""
        try:
            while chunk := sock.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


# --- the order of refusal: 404, 403, 409, 412, 422 ---

# Bodies that would be 422.
ACTIONS = [("PATCH", "", {"message": 5}), ("PUT", "/csr", {"csr": 5}), ("POST", "/submit", {"x": 1}),
           ("PUT", "/agreement", {"x": 1}), ("POST", "/open", {"x": 1}), ("POST", "/release", {"x": 1}),
           ("POST", "/approve", {}), ("POST", "/decline", {}), ("POST", "/reopen", {"x": 1}),
           ("POST", "/cancel", {"x": 1}), ("POST", "/retry", {"x": 1})]
OFFICERS = ("/open", "/release", "/approve", "/decline")


@pytest.mark.parametrize("method, path, body", ACTIONS, ids=[action[1] or "/" for action in ACTIONS])
def test_a_body_is_judged_last(draft, cancelled, callers, method, path, body):
    """Who may not see it gets 404, who may not act 403, the wrong state is 409; only then comes 422."""
    def ask(name, request):
        return callers[name].request(method, f"/v1/reissue-requests/{request['id']}{path}", body)

    may = "officer" if path in OFFICERS else "subscriber"
    ask("subscriber_b", draft).expect(404, "not-found")
    ask("subscriber2", draft).expect(404, "not-found")
    ask("auditor", draft).expect(403, "forbidden")
    answer = ask(may, cancelled).expect(409, "wrong-state")
    assert answer["current_status"] == "cancelled"


WRONG = {"subject": {"nonsense": "a"}, "san": [{"type": "dns", "value": "-"}], "validity": {"mode": "days", "days": 36000}}
WRONGED = {"/subject/nonsense", "/san/0/value", "/validity/days"}


def test_faults_of_form_and_content_are_told_together(journey, callers):
    """A 422 lists all faults: unknown members and wrong types beside names, validity and CSR that are refused."""
    form, pointers = {"message": 5, "nonsense": 1}, {"/message", "/nonsense"}
    certificate = journey.revoked()
    body = {"certificate_id": certificate["id"], "reason": "no reason", "csr": "no csr", **WRONG, **form}
    made = callers["subscriber"].post("/v1/reissue-requests", body).expect(422, "validation-failed")
    assert set(made.pointers()) == WRONGED | pointers | {"/reason", "/csr"}
    del body["certificate_id"]
    made = callers["subscriber"].post(f"/v1/certificates/{certificate['id']}/reissue-requests", body)
    assert set(made.expect(422).pointers()) == WRONGED | pointers | {"/reason", "/csr"}

    here = f"/v1/reissue-requests/{journey.request(certificate)['id']}"
    before = callers["subscriber"].get(here).expect(200)
    edited = callers["subscriber"].patch(here, {"reason": "no reason", **WRONG, **form}).expect(422)
    assert set(edited.pointers()) == WRONGED | pointers | {"/reason"}
    callers["subscriber"].patch(here, {"nonsense": 1}).expect(422, "unknown-member")
    callers["subscriber"].patch(here, {"nonsense": 1, "message": "well"}).expect(422, "unknown-member")
    assert callers["subscriber"].get(here).expect(200).json == before.json

    profile = journey.instance["PROFILE_DESKTOP_ID"]
    enrol = {"profile_id": profile, "csr": "no csr", "owner_id": ABSENT, "nonsense": 1, **WRONG}
    assert set(callers["officer"].post("/v1/certificates", enrol).expect(422).pointers()) == {
        "/csr", "/owner_id", "/nonsense", "/subject/nonsense", "/san/0/value", "/validity"}
    foreign = {"profile_id": profile, "pem": "no certificate", "owner_id": ABSENT, "nonsense": 1,
               "revocation": {"revoked_at": "2200-01-01T00:00:00Z", "reason": "no reason"}}
    assert set(callers["officer"].post("/v1/certificates/import", foreign).expect(422).pointers()) == {
        "/pem", "/owner_id", "/nonsense", "/revocation/revoked_at", "/revocation/reason"}


def test_a_certificate_in_a_body_is_looked_for_first(journey, callers):
    """Creating: 404 for a certificate one may not see, 403, 409, and only then 422 for the rest of the body."""
    wrong = {"reason": "no reason", "nonsense": 1}
    certificate = journey.certificate()
    path, body = "/v1/reissue-requests", {"certificate_id": certificate["id"], **wrong}
    for caller in ("subscriber_b", "subscriber2", "officer_other"):
        callers[caller].post(path, body).expect(404, "not-found")
    callers["subscriber"].post(path, {**body, "certificate_id": ABSENT}).expect(404, "not-found")
    for caller in ("enterprise_admin", "auditor"):
        callers[caller].post(path, body).expect(403, "forbidden")
    callers["officer"].post(f"/v1/certificates/{certificate['id']}/suspend", {}).expect(200)
    callers["subscriber"].post(path, body).expect(409, "certificate-suspended")
    callers["officer"].post(f"/v1/certificates/{certificate['id']}/release", {}).expect(200)
    callers["subscriber"].post(path, body).expect(422)


def test_every_fault_has_its_pointer(journey, callers, instance):
    """The pointer of a 422 leads into the body that was sent, to the member that is wrong."""
    subscriber, old, key = callers["subscriber"], make_key(), make_key()
    request = journey.request(journey.revoked(key=old))
    here = f"/v1/reissue-requests/{request['id']}"
    wanted = {name: request["agreement"][name] for name in ("agreement_id", "version", "language", "sha256")}
    for body, pointers in (
            ({}, {"/agreement_id", "/version", "/language", "/sha256", "/accepted"}),
            ({**wanted, "accepted": False}, {"/accepted"}),
            ({**wanted, "language": "xx", "accepted": True}, {"/language"})):
        assert set(subscriber.put(here + "/agreement", body).expect(422).pointers()) == pointers
    refused = subscriber.post(here + "/submit", {"agreement": {**wanted, "accepted": False}}).expect(422)
    assert refused.pointers() == ["/agreement/accepted"]
    callers["admin"].post("/v1/blocked-keys", {"spki_sha256": spki_sha256(key), "reason": "known-private"}).expect(201)
    ed25519 = make_csr(make_key("Ed25519"))
    for csr, code in ((make_csr(old), "key-reused"), (make_csr(key), "key-blocked"), (ed25519, "bad-csr")):
        assert subscriber.put(here + "/csr", {"csr": csr}).expect(422, code).pointers() == ["/csr"]
        enrol = {"profile_id": instance["PROFILE_DESKTOP_ID"], "csr": csr, "subject": {"common_name": "Test"}}
        assert callers["officer"].post("/v1/certificates", enrol).expect(422, code).pointers() == ["/csr"]
    foreign = {"profile_id": instance["PROFILE_DESKTOP_ID"], "owner_id": request["owner"]["id"]}
    for pem in ("no certificate", foreign_pem(ca=True), foreign_pem() + foreign_pem()):
        answer = callers["officer"].post("/v1/certificates/import", {**foreign, "pem": pem})
        assert answer.expect(422, "bad-certificate").pointers() == ["/pem"]
    answer = callers["officer"].post("/v1/certificates/import", {
        **foreign, "pem": foreign_pem(), "revocation": {"revoked_at": "2200-01-01T00:00:00Z", "reason": "superseded"}})
    assert answer.expect(422, "out-of-range").pointers() == ["/revocation/revoked_at"]


@pytest.mark.parametrize("path", ["/open", "/release", "/reopen", "/retry"])
def test_actions_without_members_refuse_members(journey, callers, path):
    """A body with a member that the action does not know is 422, also where it knows none at all."""
    profile = journey.profile(vetting=True)
    request = journey.ready(journey.revoked(profile_id=profile))
    here = f"/v1/reissue-requests/{request['id']}"
    callers["subscriber"].post(here + "/submit", {}).expect(200)
    if path == "/release":
        callers["officer"].post(here + "/open", {}).expect(200)
    if path in ("/reopen", "/retry"):
        pytest.skip("needs a declined or failed request; the body is read by the same code")
    answer = callers["officer"].post(here + path, {"reason": "x"}).expect(422, "unknown-member")
    assert answer.pointers() == ["/reason"]
    callers["officer"].post(here + path, {}).expect(200)


def test_verifying_and_cancelling_refuse_members(journey, callers):
    """verify of a request, verify and cancel of a validation: a member is 422, after 404, 403, 409 and 412."""
    request = f"/v1/reissue-requests/{journey.request()['id']}/verify"
    validation = "/v1/domain-validations/" + callers["subscriber"].post("/v1/domain-validations", {
        "identifier": {"type": "dns", "value": "members.example.com"}, "method": "dns_txt"}).expect(201)["id"]
    wrong, stale = {"names": []}, {"If-Match": '"99.00"'}
    for path in (request, validation + "/verify", validation + "/cancel"):
        assert callers["subscriber"].post(path, wrong).expect(422, "unknown-member").pointers() == ["/names"]
        callers["subscriber"].post(path, wrong, headers=stale).expect(412, "precondition-failed")
        callers["subscriber"].post(path, wrong, headers={"If-Match": "W/\"1.00\""}).expect(400, "bad-header")
        callers["subscriber_b"].post(path, wrong).expect(404, "not-found")
        callers["auditor"].post(path, wrong).expect(403, "forbidden")
    assert callers["subscriber"].get(validation).expect(200)["attempts"] == []
    callers["subscriber"].post(validation + "/cancel", {}).expect(200)
    for path in (validation + "/verify", validation + "/cancel"):
        callers["subscriber"].post(path, wrong).expect(409, "wrong-state")


@pytest.mark.invariant(40)
def test_a_stale_if_match_comes_before_the_body(journey, callers):
    """412 before 422: what was read is too old, whatever the body says."""
    profile = journey.profile(vetting=True)
    request = journey.ready(journey.revoked(profile_id=profile))
    here = f"/v1/reissue-requests/{request['id']}"
    callers["subscriber"].post(here + "/submit", {}).expect(200)
    stale = {"If-Match": '"1.00"'}
    for path, body in (("/approve", {}), ("/decline", {}), ("/open", {"x": 1})):
        callers["officer"].post(here + path, body, headers=stale).expect(412, "precondition-failed")
    certificate = journey.certificate()
    path = f"/v1/certificates/{certificate['id']}"
    stale = {"If-Match": '"99.00"'}
    callers["officer"].patch(path, {"owner_id": certificate["owner_id"]}, headers=stale).expect(412)
    callers["officer"].post(path + "/revoke", {}, headers=stale).expect(412)
    callers["subscriber"].post(path + "/reissue-requests", {}, headers=stale).expect(412)


@pytest.mark.invariant(40)
@pytest.mark.parametrize("method, path, who", [
    ("POST", "/v1/enterprises", "admin"), ("POST", "/v1/users", "enterprise_admin"),
    ("POST", "/v1/clients", "enterprise_admin"), ("POST", "/v1/certificates", "officer"),
    ("POST", "/v1/reissue-requests", "subscriber"), ("DELETE", f"/v1/sessions/{ABSENT}", "subscriber"),
    ("DELETE", f"/v1/api-tokens/{ABSENT}", "subscriber"), ("POST", "/v1/me/password", "subscriber"),
    ("POST", "/v1/domains", "officer"), ("POST", "/v1/domain-validations", "subscriber"),
    ("POST", "/v1/caa-checks", "subscriber"),
])
def test_if_match_is_never_ignored(callers, method, path, who):
    """A weak or malformed If-Match is 400 and one that cannot match 412, also where there is no entity tag."""
    def ask(value):
        return callers[who].request(method, path, {} if method == "POST" else None, headers={"If-Match": value},
                                    checked=False)

    ask('W/"1.00"').expect(400, "bad-header")
    ask("junk").expect(400, "bad-header")
    ask('"77.00"').expect(412, "precondition-failed")
    assert ask("*").status in (404, 422)


# --- forms ---

@pytest.mark.parametrize("accept, kind", [
    (None, "application/json"), ("*/*", "application/json"), ("application/*", "application/json"),
    ("application/pkix-cert, */*;q=0.1", "application/pkix-cert"),
    ("application/json;q=0.5, application/pkix-cert", "application/pkix-cert"),
    ("application/json;q=0, */*", "application/pem-certificate-chain"),
    ("*/*, application/json;q=0.2, application/pem-certificate-chain;q=0", "application/x-pem-file"),
    ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
    ("application/pkcs7-mime, application/json", "application/pkcs7-mime"),
    ("APPLICATION/PKIX-CERT", "application/pkix-cert"),
])
def test_the_form_liked_best(instance, caller_subscriber, accept, kind):
    """Accept is weighed (RFC 9110 12.5.1): the greatest q, the closest range, then what stands first."""
    path = f"/v1/certificates/{instance['REVOKED_CERTIFICATE_ID']}"
    answer = caller_subscriber.get(path, headers={"Accept": accept}, checked=False).expect(200)
    assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*", "text/csv, application/json;q=0.0"])
def test_no_form_there_is(instance, caller_subscriber, accept):
    """What nobody can give is 406."""
    path = f"/v1/certificates/{instance['REVOKED_CERTIFICATE_ID']}"
    caller_subscriber.get(path, headers={"Accept": accept}).expect(406, "not-acceptable")


LISTS = ["users", "enterprises", "clients", "jwt-issuers", "issuers", "profiles", "agreements", "blocked-keys",
         "certificates", "reissue-requests", "audit-events", "sessions", "api-tokens"]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_exported(caller_admin, name):
    """Accept: text/csv gives any list as CSV, with a line of titles."""
    answer = caller_admin.get(f"/v1/{name}", headers={"Accept": "text/csv"}).expect(200)
    assert answer.headers["Content-Type"].startswith("text/csv")
    title = answer.text.split("\r\n")[0].split(",")
    assert "id" in title or "spki_sha256" in title


def test_head_of_an_export_is_the_last_answer(instance):
    """HEAD of a streamed answer has no rows, and nothing is answered behind it on that connection."""
    head = ("HEAD /v1/certificates HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\nAuthorization: Bearer "
            f"{instance['SUBSCRIBER_TOKEN']}\r\n\r\n").encode()
    answer = raw(instance, head + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    headers, _, rest = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 200") and b"text/csv" in headers and b"Connection: close" in headers
    assert rest in (b"", b"0\r\n\r\n")


@pytest.mark.parametrize("kind, status", [
    ("application/pkcs10", 200), ("application/x-pem-file", 200), ("application/octet-stream", 200),
    ("text/plain", 200), ("application/x-www-form-urlencoded", 200), (None, 200),
    ("multipart/form-data; boundary=x", 415), ("image/png", 415), ("text/html", 415),
])
def test_types_of_an_uploaded_csr(draft, caller_subscriber, kind, status):
    """A CSR comes as bytes under the types of 2.4 or none; any other is 415 and names those."""
    answer = caller_subscriber.put(f"/v1/reissue-requests/{draft['id']}/csr", data=make_csr(make_key()).encode(),
                                   headers={"Content-Type": kind} if kind else None, checked=False)
    answer.expect(status)
    if status == 415:
        assert "application/pkcs10" in answer.headers["Accept-Post"]


# --- lists ---

def test_pages_of_ones_own_tokens(callers):
    """The cursor of a list that depends on the time of day leads to its next page all the same."""
    email = f"u-{uuid.uuid4().hex}@example.test"
    body = {"email": email, "name": "U", "role": "subscriber", "password": "correct horse battery staple"}
    user = callers["enterprise_admin"].post("/v1/users", body).expect(201)
    for _ in range(3):
        session = callers["nobody"].post("/v1/sessions", {"email": email, "password": body["password"]}).expect(201)
    caller = Api(callers["nobody"].base_url, session["access_token"])
    assert len(caller.all("/v1/sessions?limit=1")) == 3
    for n in range(3):
        caller.post("/v1/api-tokens", {"name": str(n), "scopes": ["reissue:read"]}).expect(201)
        identity = {"kind": "oidc", "issuer": "https://idp.example", "subject": f"{email} {n}"}
        callers["enterprise_admin"].post(f"/v1/users/{user['id']}/identities", identity).expect(201)
    assert [one["name"] for one in caller.all("/v1/api-tokens?limit=1&sort=created_at")] == ["0", "1", "2"]
    path = f"/v1/users/{user['id']}/identities"
    assert len(callers["enterprise_admin"].all(path + "?limit=1")) == 3
    assert callers["enterprise_admin"].get(path + "?limit=1&count=true").expect(200)["total"] == 3
    callers["enterprise_admin"].get(path + "?sort=nonsense", checked=False).expect(400, "bad-query")


@pytest.mark.rows(39)
@pytest.mark.parametrize("when", ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00%2B00:01"])
def test_times_nobody_can_write(caller_subscriber, caller_admin, when):
    """A time outside the years 1 to 9999 is 400, in a body 422; it does not end the service."""
    caller_subscriber.get(f"/v1/certificates?expires_after={when}").expect(400, "bad-query")
    body = {"name": "x", "scopes": ["admin"], "expires_at": urllib.parse.unquote(when)}
    assert caller_admin.post("/v1/api-tokens", body).status in (403, 422)
    caller_admin.get("/v1/me").expect(200)


def test_the_epoch_is_a_bound_like_any_other(caller_subscriber):
    """Nothing was issued before 1970, and everything after."""
    path = "/v1/certificates?limit=1&issued_"
    assert caller_subscriber.get(path + "before=1970-01-01T00:00:00Z").expect(200)["items"] == []
    assert caller_subscriber.get(path + "after=1970-01-01T00:00:00Z").expect(200)["items"]


def test_a_serial_without_its_zero(caller_subscriber):
    """A serial is found also when a program has shown it without the zero before it."""
    caller_subscriber.get("/v1/certificates?serial=abc").expect(200)
    caller_subscriber.get("/v1/certificates?serial=abx").expect(400, "bad-query")


# --- headers ---

@pytest.mark.parametrize("line", ["X-Request-Id : a", "Content-Length : 5", "Transfer-Encoding\t: chunked", "(a): b"])
def test_names_that_proxies_read_otherwise(instance, line):
    """A header's name with space or other things in it is 400 and ends the connection (RFC 9112 5.1)."""
    answer = raw(instance, f"GET /healthz HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400") and b"connection: close" in answer.lower()


def test_space_around_a_value_is_no_part_of_it(instance):
    """The token counts without the space before and behind it (RFC 9110 5.5)."""
    answer = raw(instance, (f"GET /v1/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization:   Bearer "
                            f"{instance['SUBSCRIBER_TOKEN']}  \t\r\n\r\n").encode())
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.rows(36)
@pytest.mark.parametrize("agent", [b"\xff\xfe", "\u00e9".encode() * 200, b"a" * 254 + "\u00e9".encode(), b"x\x80"])
def test_any_user_agent(instance, callers, agent):
    """A user agent that is no UTF-8, or is cut within a character, is stored as text all the same."""
    body = {"email": instance["SUBSCRIBER_EMAIL"], "password": instance["SUBSCRIBER_PASSWORD"]}
    answer = callers["nobody"].post("/v1/sessions", body, headers={"User-Agent": agent}).expect(201)
    session = Api(instance["BASE_URL"], answer["access_token"])
    session.get("/v1/sessions").expect(200)
    session.delete("/v1/sessions/current").expect(204)


@pytest.mark.rows(112)
def test_no_token_and_a_bad_one_are_answered_alike(callers, instance):
    """Missing, malformed and unknown tokens get the same body."""
    bodies = []
    for token in (None, "x", "rsd_x"):
        answer = Api(instance["BASE_URL"], token).get("/v1/me").expect(401, "unauthenticated")
        bodies.append({name: value for name, value in answer.json.items() if name != "request_id"})
    assert bodies[0] == bodies[1] == bodies[2]


def test_limited_routes_tell_the_limit(instance, callers):
    """RateLimit and RateLimit-Policy say how many tries are left, for how long, and of how many."""
    body = {"email": f"nobody-{uuid.uuid4().hex}@example.test", "password": "not the right one"}
    told = []
    for _ in range(4):
        answer = callers["nobody"].post("/v1/sessions", body).expect(401, "login-failed")
        limits = {item.strip().split(";")[0]: item for item in answer.headers["RateLimit"].split(",")}
        assert '"login-account";q=10;w=900' in answer.headers["RateLimit-Policy"]
        told.append(tuple(int(part.split("=")[1]) for part in limits['"login-account"'].split(";")[1:]))
    # One less each time, but for the one that begins a new window.
    assert sum(left == before - 1 and reset <= then for (before, then), (left, reset) in zip(told, told[1:])) >= 2
    assert "RateLimit" not in callers["subscriber"].get("/v1/me").expect(200).headers


def test_a_scope_that_is_missing_is_named_to_programs(instance, callers):
    """403 insufficient-scope says so in WWW-Authenticate (RFC 6750 3.1)."""
    body = {"email": instance["SUBSCRIBER_EMAIL"], "password": instance["SUBSCRIBER_PASSWORD"]}
    session = Api(instance["BASE_URL"], callers["nobody"].post("/v1/sessions", body).expect(201)["access_token"])
    made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(201)
    answer = Api(instance["BASE_URL"], made["token"]).get("/v1/certificates").expect(403, "insufficient-scope")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    session.delete(f"/v1/api-tokens/{made['id']}").expect(204)
    session.delete("/v1/sessions/current").expect(204)


# --- bad input changes nothing ---

def test_an_agreement_that_cannot_be_accepted_leaves_no_draft(journey, caller_subscriber):
    """Create with an outdated or malformed agreement is refused as a whole."""
    certificate = journey.revoked()
    wanted = journey.request(journey.revoked())["agreement"]
    agreement = {name: wanted[name] for name in ("agreement_id", "version", "language", "sha256")} | {"accepted": True}
    body = {"certificate_id": certificate["id"], "reason": "key_lost"}
    for change, status, code in (({"version": 99}, 409, "agreement-outdated"), ({"accepted": False}, 422, None),
                                 ({"sha256": "sha256:" + "0" * 64}, 409, "agreement-outdated"), ({"x": 1}, 422, None)):
        answer = caller_subscriber.post("/v1/reissue-requests", {**body, "agreement": {**agreement, **change}})
        answer.expect(status, code)
        found = caller_subscriber.get(f"/v1/reissue-requests?certificate_id={certificate['id']}").expect(200)
        assert found["items"] == []
    made = caller_subscriber.post("/v1/reissue-requests", {**body, "agreement": agreement}).expect(201)
    assert made["agreement"]["accepted_at"]


def test_a_certificate_in_the_wrong_state_says_which(journey, callers):
    """409 on create tells the state that the certificate is in."""
    certificate = journey.certificate()
    callers["officer"].post(f"/v1/certificates/{certificate['id']}/suspend", {}).expect(200)
    answer = callers["subscriber"].post("/v1/reissue-requests", {
        "certificate_id": certificate["id"], "reason": "key_lost"}).expect(409, "certificate-suspended")
    assert answer["current_status"] == "suspended"


def test_a_patch_without_change_is_none(callers, journey):
    """revision rises with every stored change and with nothing else; no event tells of nothing."""
    admin, platform = callers["enterprise_admin"], callers["admin"]
    user = admin.post("/v1/users", {"email": f"{uuid.uuid4().hex}@example.test", "name": "N", "role": "subscriber"})
    client = admin.post("/v1/clients", {"name": "c", "role": "subscriber", "scopes": []}).expect(201)
    enterprise = platform.post("/v1/enterprises", {"name": uuid.uuid4().hex}).expect(201)
    request = journey.request()
    for caller, path, patch in ((admin, f"/v1/users/{user['id']}", {"name": "N"}),
                                (admin, f"/v1/clients/{client['id']}", {"name": "c", "scopes": []}),
                                (platform, f"/v1/enterprises/{enterprise['id']}", {"name": enterprise["name"]}),
                                (callers["subscriber"], f"/v1/reissue-requests/{request['id']}", {})):
        tag = caller.get(path).expect(200).headers["ETag"]
        for body in (patch, {}):
            assert caller.patch(path, body).expect(200).headers["ETag"] == tag, path
        events = callers["admin"].get(f"/v1/audit-events?object_id={path.split('/')[-1]}").expect(200)
        assert len(events["items"]) == 1, path


def test_all_faults_of_a_client_are_told_at_once(callers):
    """Unknown scopes, users that are none and an unknown enterprise: every fault with its own pointer."""
    answer = callers["admin"].post("/v1/clients", {
        "name": "", "role": "subscriber", "scopes": ["reissue:read", "nope", 5], "acts_as": [ABSENT, "x"],
        "enterprise_id": ABSENT}).expect(422)
    assert {"/name", "/scopes/1", "/scopes/2", "/acts_as/1", "/enterprise_id"} <= set(answer.pointers())


def test_a_used_key_says_when_to_come_back(instance, callers):
    """409 idempotency-in-progress asks for a second of patience, not for the whole lease."""
    name, key = f"Busy {uuid.uuid4().hex}", {"Idempotency-Key": uuid.uuid4().hex}

    def ask(n):
        base = instance.base_urls[n % len(instance.base_urls)]
        return callers["admin"].at(base).post("/v1/enterprises", {"name": name}, headers=key)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(48)))
    assert {answer.status for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status == 201]
    assert len({answer["id"] for answer in made}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
    for answer in answers:
        if answer.status == 409:
            answer.expect(409, "idempotency-in-progress")
            assert answer.headers["Retry-After"] == "1"


# --- OAuth2 ---

@pytest.fixture(scope="module")
def oauth(callers):
    client = callers["enterprise_admin"].post("/v1/clients", {
        "name": f"c {uuid.uuid4().hex}", "role": "subscriber", "scopes": ["reissue:read", "certificates:read"]}).expect(201)

    def ask(form, basic=None, **headers):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return callers["nobody"].post("/oauth2/token", data=form, headers=headers, auth=basic)

    ask.basic = (client["id"], client["client_secret"])
    return ask


GRANT = "grant_type=client_credentials"


@pytest.mark.parametrize("form, status, error", [
    (GRANT, 200, None), (GRANT + "&scope=", 200, None), ("grant_type=password&username=a&password=b", 400,
     "unsupported_grant_type"), ("scope=reissue:read", 400, "invalid_request"), (f"{GRANT}&{GRANT}", 400,
     "invalid_request"), (GRANT + "&audience=x", 400, "invalid_request"), (GRANT + "&scope=admin", 400,
     "invalid_scope"), (GRANT + f"&client_id={ABSENT}", 401, "invalid_client"),
    (GRANT + "&client_secret=x", 400, "invalid_request"), ("%zz", 400, "invalid_request"),
])
def test_token_requests(oauth, form, status, error):
    """Errors have the form of RFC 6749 5.2; what has no value counts as left out (3.2)."""
    answer = oauth(form, oauth.basic).expect(status)
    assert answer.json.get("error") == error
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 200:
        assert answer["scope"] == "certificates:read reissue:read"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Bearer x", "Basic eA=="])
def test_malformed_client_credentials(callers, header):
    """Credentials in the header that cannot be read are 401 with the scheme that can (RFC 6749 5.2)."""
    answer = callers["nobody"].post("/oauth2/token", data=GRANT, headers={
        "Content-Type": "application/x-www-form-urlencoded", "Authorization": header}).expect(401)
    assert answer["error"] == "invalid_client" and answer.headers["WWW-Authenticate"].startswith("Basic")


def test_me_names_the_enterprise(callers, oauth, instance):
    """GET /v1/me gives the enterprise's name, to users and to clients."""
    name = callers["admin"].get(f"/v1/enterprises/{callers['officer'].get('/v1/me')['enterprise']['id']}")["name"]
    client = Api(instance["BASE_URL"], oauth(GRANT, oauth.basic).expect(200)["access_token"])
    for caller in (callers["officer"], client):
        assert caller.get("/v1/me").expect(200)["enterprise"]["name"] == name


# --- waiting ---

@pytest.mark.concurrency
def test_those_who_wait_keep_nobody_out(beside, instance, draft):
    """Many clients with ?wait= hold no place in flight, and all hear of the change, on any replica."""
    subscriber = beside.caller(instance["SUBSCRIBER_TOKEN"])
    path = f"/v1/reissue-requests/{draft['id']}"
    tag = {"If-None-Match": subscriber.get(path).expect(200).headers["ETag"]}

    def wait(_):
        return Api(beside.base_url, instance["SUBSCRIBER_TOKEN"]).get(path + "?wait=15", headers=tag)

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        waiting = []
        for n in range(24):
            waiting.append(pool.submit(wait, n))
            time.sleep(0.05)
        assert not any(future.done() for future in waiting)
        begun = time.monotonic()
        Api(instance["BASE_URL"], instance["SUBSCRIBER_TOKEN"]).patch(path, {"message": uuid.uuid4().hex}).expect(200)
        answers = [future.result() for future in waiting]
        assert time.monotonic() - begun < 5
    for answer in answers:
        answer.expect(200)
        assert answer.headers["ETag"] != tag["If-None-Match"]


@pytest.mark.invariant(45)
def test_the_stop_lets_those_who_wait_go(instance, draft, tmp_path):
    """SIGTERM answers those who wait at once (304) instead of keeping the service for their time."""
    with Beside(instance, tmp_path, SETTINGS) as service:
        path = f"/v1/reissue-requests/{draft['id']}"
        subscriber = service.caller(instance["SUBSCRIBER_TOKEN"])
        tag = {"If-None-Match": subscriber.get(path).expect(200).headers["ETag"]}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(service.caller(instance["SUBSCRIBER_TOKEN"]).get, path + "?wait=20", headers=tag)
                       for _ in range(2)]
            time.sleep(0.5)
            begun = time.monotonic()
            service.process.terminate()
            for future in waiting:
                future.result().expect(304)
            assert service.process.wait(10) == 0
            assert time.monotonic() - begun < 5


@pytest.mark.rows(20)
def test_those_who_do_not_read_keep_nobody_out(beside, instance):
    """Answers that nobody takes hold no place in flight: others are served beside them (F45)."""
    stuck = []
    try:
        for _ in range(12):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect(("127.0.0.1", beside.port))
            sock.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
            stuck.append(sock)
        time.sleep(0.5)
        for _ in range(8):
            beside.caller(instance["SUBSCRIBER_TOKEN"]).get("/v1/me").expect(200)
    finally:
        for sock in stuck:
            sock.close()


def test_waiting_needs_what_one_has(draft, caller_subscriber):
    """Without If-None-Match, or with another tag, ?wait= answers at once; with it 304 when the time is over."""
    path = f"/v1/reissue-requests/{draft['id']}"
    for tag in (None, '"0.00"'):
        begun = time.monotonic()
        answer = caller_subscriber.get(path + "?wait=10", headers={"If-None-Match": tag}).expect(200)
        assert time.monotonic() - begun < 3
    other = answer.headers["ETag"].split(".")[0] + '.000000000000000000000000"'
    begun = time.monotonic()
    caller_subscriber.get(path + "?wait=10", headers={"If-None-Match": other}).expect(200)
    assert time.monotonic() - begun < 3
    caller_subscriber.get(path + "?wait=1", headers={"If-None-Match": answer.headers["ETag"]}).expect(304)
    assert time.monotonic() - begun >= 1


# --- CORS ---

ALLOW = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, X-Request-Id, traceparent"
EXPOSE = ("ETag, Location, Link, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, X-Request-Id, "
          "WWW-Authenticate")


@pytest.mark.rows(28, 29)
def test_an_allowed_origin(beside, instance):
    """A listed origin gets exactly the headers of 2.1, on preflight, answer and problem; never credentials."""
    preflight = beside.caller().request("OPTIONS", "/v1/me", checked=False, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}).expect(204)
    assert preflight.headers["Access-Control-Allow-Headers"] == ALLOW
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    for token in (instance["SUBSCRIBER_TOKEN"], None):
        answer = beside.caller(token).get("/v1/me", headers={"Origin": "https://app.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert answer.headers["Access-Control-Expose-Headers"] == EXPOSE
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.rows(28)
@pytest.mark.parametrize("origin", ["https://app.example.evil", "https://APP.example", "http://app.example", "null",
                                    "https://app.example:444", None])
def test_any_other_origin(beside, instance, origin):
    """Origins are compared exactly; the answer varies by them all the same."""
    answer = beside.caller(instance["SUBSCRIBER_TOKEN"]).get("/v1/me", headers={"Origin": origin}).expect(200)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"
