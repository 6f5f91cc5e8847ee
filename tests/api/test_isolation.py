"""I10, row 55: a foreign id is answered like an absent one, on every route and verb of openapi.yaml."""
import json
import re
import statistics
import time
import uuid

import pytest

from support.client import contract
from support.keys import make_csr

METHODS = ("get", "post", "put", "patch", "delete")
# Whose ids these routes take; a route that is not here must be added before it can be merged.
OBJECTS = {
    "certificates": "certificate",
    "reissue-requests": "request",
    "users": "user",
    "profiles": "profile",
    "agreements": "agreement",
    "domains": "domain",
    "domain-validations": "validation",
    "caa-checks": "check",
    "clients": "client",
    "jwt-issuers": "jwt_issuer",
    "api-tokens": "token",
    "sessions": "token",
    "enterprises": "enterprise",
    "audit-events": "event",
    "issuers": None,       # known to every enterprise
    "blocked-keys": None,  # platform only, not by id of an enterprise
    "rule-sets": None,     # not of an enterprise
}


def routes():
    found = []
    for template, item in contract().document["paths"].items():
        match = re.match(r"^/v1/([a-z-]+)/\{", template)
        if not match:
            continue
        for method in METHODS:
            if method in item:
                found.append((method.upper(), template, match.group(1)))
    return found


def body_of(method, template):
    """A body that is right for the route, so that only visibility can refuse it."""
    operation = contract().document["paths"][template][method.lower()]
    content = contract().resolve(operation.get("requestBody", {})).get("content", {})
    for media, described in content.items():
        if "json" not in media:
            continue
        examples = described.get("examples") or {}
        example = described.get("example")
        if examples:
            example = contract().resolve(next(iter(examples.values()))).get("value")
        return media, json.dumps(example if example is not None else {}).encode()
    if "application/pkcs10" in content:
        return "application/pkcs10", make_csr().encode()
    return None, None


@pytest.fixture(scope="module")
def foreign(journey, callers, instance):
    """Objects of the first enterprise, which the second one must not see."""
    request = journey.issued()
    admin = callers["enterprise_admin"]
    event = callers["auditor"].get("/v1/audit-events?limit=1").expect(200)["items"][0]
    client = admin.post("/v1/clients", {"name": f"c {uuid.uuid4().hex[:8]}", "role": "subscriber",
                                        "scopes": ["reissue:read"], "acts_as": []}).expect(201)
    tokens = callers["subscriber"].get("/v1/sessions").expect(200)["items"]
    me = callers["subscriber"].get("/v1/me").expect(200)
    # Of a third enterprise: where a registry begins, names outside it are refused.
    third = callers["admin"].post("/v1/enterprises", {"name": f"Third {uuid.uuid4().hex[:8]}"}).expect(201)
    domain = callers["admin"].post("/v1/domains", {"name": f"{uuid.uuid4().hex[:12]}.example.com",
                                                   "enterprise_id": third["id"]}).expect(201)
    proof = callers["subscriber"].post("/v1/domain-validations", {
        "identifier": {"type": "dns", "value": "example.com"}, "method": "dns_txt"}).expect(201)
    check = callers["subscriber"].post("/v1/caa-checks", {"name": "ok.caatest"}).expect(201)
    return {
        "domain": domain["id"], "validation": proof["id"], "check": check["id"],
        "certificate": request["certificate_id"], "request": request["id"], "user": me["id"],
        "profile": instance["PROFILE_DESKTOP_ID"], "agreement": instance["AGREEMENT_ID"],
        "client": client["id"], "jwt_issuer": str(uuid.uuid4()),
        "token": tokens[0]["id"] if tokens else str(uuid.uuid4()),
        "enterprise": me["enterprise_id"] if "enterprise_id" in me.json else me["enterprise"]["id"],
        "event": event["id"],
    }


def told(answer, object_id):
    """What the caller can see of the answer, with what is its own taken out."""
    text = answer.text.replace(object_id, "ID").replace(answer.request_id, "REQUEST")
    headers = {name: value for name, value in answer.headers.items()
               if name.lower() not in ("date", "x-request-id", "content-length", "ratelimit", "ratelimit-policy")}
    return answer.status, text, headers


@pytest.mark.invariant(10)
@pytest.mark.rows(55)
@pytest.mark.parametrize("caller", ["subscriber2", "officer_other"])
@pytest.mark.parametrize("method,template,resource", routes(), ids=lambda value: str(value))
def test_foreign_id_is_like_an_absent_one(method, template, resource, caller, foreign, callers):
    """A foreign id gets the very answer that an id gets which does not exist."""
    assert resource in OBJECTS, f"{template}: say in OBJECTS whose ids it takes"
    kind = OBJECTS[resource]
    if kind is None:
        return
    media, body = body_of(method, template)
    headers = {"Content-Type": media} if media else {}
    seen = []
    for object_id in (foreign[kind], str(uuid.uuid4())):
        path = re.sub(r"\{[^}]+\}", object_id, template, count=1)
        path = re.sub(r"\{[^}]+\}", "1", path)
        seen.append(told(callers[caller].request(method, path, data=body, headers=headers), object_id))
    assert seen[0] == seen[1]
    assert seen[0][0] in (403, 404), seen[0]


@pytest.mark.invariant(10)
def test_foreign_id_takes_as_long_as_an_absent_one(foreign, callers):
    """The time of the answer tells nothing either: medians within 20 % or 2 ms."""
    medians = []
    ids = (foreign["certificate"], str(uuid.uuid4()))
    samples = ([], [])
    for _ in range(150):
        for which, object_id in enumerate(ids):
            begun = time.perf_counter()
            callers["subscriber2"].get(f"/v1/certificates/{object_id}", checked=False)
            samples[which].append(time.perf_counter() - begun)
    medians = [statistics.median(sample) for sample in samples]
    assert abs(medians[0] - medians[1]) < max(0.002, 0.2 * min(medians)), medians


@pytest.mark.invariant(11)
def test_no_list_tells_of_another_tenant(foreign, callers, instance):
    """No list of the second enterprise holds a marker of the first."""
    strange = callers["officer_other"]
    for path in ("/v1/certificates", "/v1/reissue-requests", "/v1/profiles", "/v1/agreements"):
        for item in strange.all(f"{path}?limit=200"):
            assert item["id"] not in foreign.values()
