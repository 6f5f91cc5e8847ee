"""What every documented path does alike, generated from openapi.yaml."""
import re

import pytest
import yaml

from support.instance import ROOT

PATHS = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))["paths"]
ABSENT = "01938a6e-2f00-7c3a-9a51-4be0d2a1c055"
WORDS = {"issuer": "demo", "name": "private", "code": "not-found", "spki_sha256": "0" * 64}
TAG = re.compile(r'"\d+\.[0-9a-f]{24}"|"[0-9a-f]{32}"')


def concrete(path, ids=None):
    """The path with something in its parameters: what is there, or an id that nobody has."""
    for start, known in (ids or {}).items():
        if path.startswith(start):
            path = path.replace("{id}", known, 1)
    return re.sub(r"\{(\w+)\}", lambda match: WORDS.get(match[1], ABSENT), path)


@pytest.fixture(scope="module")
def ids(instance, callers, journey):
    """One of each kind of thing."""
    admin = callers["enterprise_admin"]
    me = callers["subscriber"].get("/v1/me").expect(200)
    client = admin.post("/v1/clients", {"name": "c", "role": "subscriber", "scopes": []}).expect(201)
    issuer = callers["admin"].get("/v1/issuers?limit=1").expect(200)["items"][0]
    event = callers["admin"].get("/v1/audit-events?limit=1").expect(200)["items"][0]
    return {
        "/v1/users/{id}": me["id"], "/v1/enterprises/{id}": me["enterprise"]["id"], "/v1/clients/{id}": client["id"],
        "/v1/issuers/{id}": issuer["id"], "/v1/profiles/{id}": instance["PROFILE_DESKTOP_ID"],
        "/v1/agreements/{id}": instance["AGREEMENT_ID"], "/v1/audit-events/{id}": event["id"],
        "/v1/certificates/{id}": instance["ISSUED_CERTIFICATE_ID"],
        "/v1/reissue-requests/{id}": journey.issued()["id"],
    }


@pytest.mark.rows(7, 8)
@pytest.mark.parametrize("path", PATHS)
def test_methods_that_are_not_documented(caller_admin, path):
    """405 with Allow, as a problem, for each method that openapi.yaml does not list for the path."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        if method.lower() in PATHS[path]:
            continue
        answer = caller_admin.request(method, concrete(path), {} if method[0] == "P" else None, checked=False)
        answer.expect(405, "method-not-allowed")
        allowed = {name.strip().lower() for name in answer.headers["Allow"].split(",")} - {"head", "options"}
        assert allowed == set(PATHS[path]) & {"get", "post", "put", "patch", "delete"}


# An identity provider comes back with a query of its own, to a page.
GETS = [path for path in PATHS if "get" in PATHS[path] and not path.startswith("/v1/callbacks/")]


@pytest.mark.rows(9, 51)
@pytest.mark.parametrize("path", GETS)
def test_reading(caller_admin, ids, path):
    """HEAD has the headers of GET; a tag leads to 304, alone, among others, weak or as *; what is unknown is 400."""
    here = concrete(path, ids)
    got = caller_admin.get(here, checked=False)
    assert got.status in (200, 404), got.text[:300]
    head = caller_admin.request("HEAD", here, checked=False)
    assert head.content == b""
    if path != "/v1/redirects/{handle}":  # good once: there is no HEAD
        assert head.status == got.status
        assert set(head.headers) - {"Content-Length"} == set(got.headers) - {"Content-Length"}
    caller_admin.get(here + "?no_such_parameter=1", checked=False).expect(400, "bad-query")
    tag = got.headers.get("ETag")
    if tag is None:
        return
    assert TAG.fullmatch(tag)
    for value in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = caller_admin.get(here, headers={"If-None-Match": value}, checked=False).expect(304)
        assert answer.content == b"" and answer.headers["ETag"] == tag
    caller_admin.get(here, headers={"If-None-Match": '"other"'}, checked=False).expect(200)


@pytest.mark.rows(112)
@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/")])
def test_nothing_without_a_token(caller_nobody, path):
    """401 comes before everything else on each route that needs a token, whatever is sent."""
    for method, operation in PATHS[path].items():
        if method not in ("get", "post", "put", "patch", "delete") or operation.get("security") == []:
            continue
        answer = caller_nobody.request(method.upper(), concrete(path) + "?no_such=1", data=b"{", checked=False,
                                       headers={"Content-Type": "application/json", "If-Match": "junk"})
        answer.expect(401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
