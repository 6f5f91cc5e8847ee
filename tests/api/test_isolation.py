"""I10, I11, row 55: a foreign id is answered like an absent one, wherever an id can be given.

Routes and verbs come from the table that the program prints, the calls from tests/support/calls.py.
"""
import re
import statistics
import time
import uuid

import pytest

from support.calls import PASSWORD, UUID, World, call, printed, routes, word
from support.client import Api
from support.journey import Journey
from support.keys import make_csr, make_key

ROLES = {"subscriber": "subscriber", "officer": "ra_officer", "enterprise_admin": "admin", "auditor": "auditor"}
NEIGHBOURS = {  # besides everybody of another enterprise: who is a stranger within the same one
    "certificates": ["subscriber_b"], "reissue-requests": ["subscriber_b"],
    "second-factor-challenges": ["subscriber_b", "officer"],
    "sessions": ["subscriber_b", "enterprise_admin"], "api-tokens": ["subscriber_b", "enterprise_admin"],
}
NOT_FOUND = {"second-factor-challenges": "challenge-not-found"}  # by its own code, for unknown ids too (5.1.0)
EVERYBODYS = {"issuers", "rule-sets"}  # an issuer that the service has, every enterprise may read of
PUBLIC = {f"{route['method'].upper()} {route['path']}" for route in printed("routes") if route["public"]}
# Where no token is needed nobody is a stranger.
OBJECTS = [route for route in routes() if re.match(r"\w+ /v1/[a-z-]+/\{", route) and route not in PUBLIC]


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


@pytest.fixture(scope="module")
def elsewhere(instance, callers):
    """Another enterprise, with a user of every role, an agreement and a profile."""
    name = word()
    enterprise = callers["admin"].post("/v1/enterprises", {"name": name}).expect(201)
    there = {"nobody": callers["nobody"], "admin": callers["admin"]}
    for caller, role in ROLES.items():
        body = {"email": f"{word()}@example.test", "name": caller, "role": role, "password": PASSWORD}
        callers["admin"].post("/v1/users", {**body, "enterprise_id": enterprise["id"]}).expect(201)
        signed = callers["nobody"].post("/v1/sessions", {"email": body["email"], "password": PASSWORD}).expect(201)
        there[caller] = Api(instance["BASE_URL"], signed["access_token"])
    there["subscriber_b"] = there["subscriber"]
    body = World(instance, Journey(instance, callers)).profile_body()
    agreement = there["enterprise_admin"].post("/v1/agreements", {
        "name": name, "texts": [{"language": "en", "text": "Yes.\n"}]}).expect(201)
    profile = there["enterprise_admin"].post("/v1/profiles", {**body, "agreement_id": agreement["id"]}).expect(201)
    ids = {**instance.env, "PROFILE_DESKTOP_ID": profile["id"], "AGREEMENT_ID": agreement["id"]}
    return World(ids, Journey(ids, there))


def told(answer, ids):
    """What the caller can see of the answer, its length with it; what is its own taken out."""
    text = answer.text
    for own in [*ids, answer.request_id]:
        text = text.replace(str(own), "*" * len(str(own)))
    headers = {name.lower(): value for name, value in answer.headers.items()
               if name.lower() not in ("date", "x-request-id", "ratelimit", "ratelimit-policy")}
    return answer.status, text, headers


def absent(value):
    """An id of the same form that nothing has."""
    return str(uuid.uuid4()) if UUID.fullmatch(str(value)) else f"sha256:{word()}{word()}"


def verbs(route):
    method, path = route.split(" ")
    return [route, f"HEAD {path}", f"OPTIONS {path}"] if method == "GET" else [route]


@pytest.mark.invariant(10)
@pytest.mark.rows(55)
@pytest.mark.parametrize("route", OBJECTS)
def test_a_foreign_id_is_like_an_absent_one(route, world, elsewhere, callers):
    """To every stranger of every role a foreign id gets the very answer of an absent one: status, headers, body."""
    resource = route.split("/")[2]
    made = call(world, route)
    if resource not in EVERYBODYS or not route.startswith("GET"):
        for caller in [*(elsewhere[role] for role in ROLES), *(callers[name] for name in NEIGHBOURS.get(resource, []))]:
            nothing = {name: absent(value) for name, value in made.ids.items()}
            for made.route in verbs(route):
                real = made.send(caller, checked=not made.route.startswith(("HEAD", "OPTIONS")))
                none = made.send(caller, nothing, checked=False)
                assert told(real, made.ids.values()) == told(none, nothing.values())
                assert real.status in (403, 404) or made.route.startswith("OPTIONS"), real.text
    made.route = route
    made.send().expect(made.status)  # the call was a good one, and is so still


@pytest.mark.invariant(10)
@pytest.mark.rows(55)
def test_a_stranger_with_the_right_gets_404(world, elsewhere):
    """Whoever may do it to objects of their own gets 404, not 403, for a foreign one."""
    granted = {row["action"]: row["roles"] for row in printed("permissions")}
    actions = {f"{route['method'].upper()} {route['path']}": route["action"] for route in printed("routes")}
    for route in OBJECTS:
        if route.split("/")[2] in EVERYBODYS:
            continue
        made = call(world, route)
        for caller, role in ROLES.items():
            grant = granted[actions[route]][role]
            if grant in ("own", "yes", "enterprise", "reach"):
                made.send(elsewhere[caller]).expect(404, NOT_FOUND.get(route.split("/")[2], "not-found"))


def uuids_of(value, path=()):
    """(path, id) of every id within a body."""
    if isinstance(value, dict):
        return [found for name, one in value.items() for found in uuids_of(one, (*path, name))]
    if isinstance(value, list):
        return [found for index, one in enumerate(value) for found in uuids_of(one, (*path, index))]
    return [(path, value)] if isinstance(value, str) and UUID.fullmatch(value) else []


def with_id(body, path, value):
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = with_id(copy[path[0]], path[1:], value) if len(path) > 1 else value
    return copy


@pytest.fixture(scope="module")
def foreign(world, instance):
    """Ids of the first enterprise by the member that takes such a one."""
    return {"profile_id": instance["PROFILE_DESKTOP_ID"], "owner_id": world.owner_id(), "acts_as": world.owner_id(),
            "certificate_id": world.imported(san=())["id"], "agreement_id": instance["AGREEMENT_ID"],
            "enterprise_id": world.enterprise_id(), "actor_id": world.owner_id(), "requested_by": world.owner_id(),
            "lineage_id": world.imported()["lineage"]["id"], "object_id": world.imported()["id"],
            "reissue_request_id": world.asked()[2]["id"], "connector_id": world.relay()["id"]}


@pytest.mark.invariant(10)
def test_a_foreign_id_in_a_body_is_like_an_absent_one(elsewhere, foreign):
    """An id of another enterprise within a body is refused with the very answer of one that does not exist."""
    members = set()
    for route in routes(mutating=True):
        if route in PUBLIC:
            continue  # no ids in their bodies
        made = call(elsewhere, route)
        if made.caller is elsewhere["admin"] or made.body is None:
            continue  # the platform sees every enterprise
        body = made.body
        if route in ("POST /v1/users", "POST /v1/clients"):
            body = {**body, "enterprise_id": elsewhere.enterprise_id()}
        for path, _ in uuids_of(body):
            member = next(name for name in reversed(path) if isinstance(name, str))
            if member == "issuer_id":
                continue  # everybody's
            members.add((route, member))
            strange, nothing = foreign[member], str(uuid.uuid4())
            real, none = (made.send(body=with_id(body, path, one)) for one in (strange, nothing))
            assert told(real, [strange]) == told(none, [nothing]), (route, path)
            assert real.status in (403, 404, 409, 422), (route, path, real.text)
        made.send().expect(made.status)
    assert {member for _, member in members} == {"profile_id", "owner_id", "certificate_id", "agreement_id", "acts_as",
                                                 "enterprise_id", "reissue_request_id"}, members


FILTERS = [(f"GET {route['path']}", name) for route in printed("routes") if route["method"] == "get"
           for name in route["query"] if name.endswith("_id") or name == "requested_by"]


@pytest.mark.invariant(10)
@pytest.mark.parametrize("route, name", FILTERS, ids=lambda value: value.removeprefix("GET /v1/"))
def test_a_foreign_id_in_a_filter_is_like_an_absent_one(route, name, elsewhere, foreign, callers):
    """A list that is filtered by a foreign id is the empty list, or the refusal, that an absent one gets."""
    path = route.removeprefix("GET ")
    for caller in [*(elsewhere[role] for role in ROLES), callers["subscriber_b"]]:
        if caller is callers["subscriber_b"] and name in ("enterprise_id", "profile_id"):
            continue  # its own
        strange, nothing = foreign[name], str(uuid.uuid4())
        real, none = (caller.get(f"{path}?{name}={one}") for one in (strange, nothing))
        assert told(real, [strange]) == told(none, [nothing])
        assert real.status in (400, 403, 404) or not real.json.get("items"), real.text


@pytest.mark.invariant(24)
def test_a_foreign_key_is_refused_without_telling_whose(elsewhere, journey, callers):
    """The key of another tenant's certificate is refused in the very words of one's own key, before and after."""
    key, mine = make_key(), make_key()
    journey.certificate(key=key)
    certificate = elsewhere.imported(san=())
    elsewhere.journey.certificate(key=mine, profile_id=elsewhere.instance["PROFILE_DESKTOP_ID"])
    request = elsewhere["subscriber"].post("/v1/reissue-requests", {
        "certificate_id": certificate["id"], "reason": "key_lost"}).expect(201)
    path, seen = f"/v1/reissue-requests/{request['id']}/csr", []
    for one in (key, mine):
        answer = elsewhere["subscriber"].put(path, {"csr": make_csr(one)}).expect(422, "key-reused")
        seen.append(told(answer, []))
    assert seen[0][0::2] == seen[1][0::2]
    assert re.sub(r"sha256:[0-9a-f]{64}", "", seen[0][1]) == re.sub(r"sha256:[0-9a-f]{64}", "", seen[1][1])
    assert elsewhere["subscriber"].get(f"/v1/reissue-requests/{request['id']}").expect(200)["key"] is None


@pytest.mark.invariant(10)
def test_a_foreign_id_takes_as_long_as_an_absent_one(world, callers):
    """The time of the answer tells nothing either: medians within 20 % or 2 ms."""
    ids = (world.imported()["id"], str(uuid.uuid4()))
    samples = ([], [])
    for _ in range(150):
        for which, object_id in enumerate(ids):
            begun = time.perf_counter()
            callers["subscriber2"].get(f"/v1/certificates/{object_id}", checked=False)
            samples[which].append(time.perf_counter() - begun)
    medians = [statistics.median(sample) for sample in samples]
    assert abs(medians[0] - medians[1]) < max(0.002, 0.2 * min(medians)), medians


LISTS = [route.removeprefix("GET ") for route in routes(mutating=False) if re.fullmatch(r"GET /v1/[a-z-]+", route)]


@pytest.mark.invariant(11)
def test_no_answer_tells_of_another_tenant(world, elsewhere, instance, callers):
    """No list, export, total or document of another enterprise holds the word that marks this one's."""
    marker = f"marker{word()[:12]}"
    user = world.user(name=f"{marker} user")
    profile = world["enterprise_admin"].post("/v1/profiles", {**world.profile_body(), "name": f"{marker} p"}).expect(201)
    certificate = world.journey.certificate(common_name=f"{marker} cn", profile_id=profile["id"])
    world.journey.issued(certificate=certificate, message=f"{marker} message", subject={"common_name": f"{marker} new"})
    world["enterprise_admin"].post("/v1/clients", {"name": f"{marker} c", "role": "subscriber", "scopes": []}).expect(201)
    world["enterprise_admin"].post("/v1/agreements", {
        "name": f"{marker} a", "texts": [{"language": "en", "text": f"{marker} text"}]}).expect(201)
    mine = world["officer"].get(f"/v1/certificates?q={marker}&count=true").expect(200)
    assert mine["total"] == 2 and marker in mine.text
    for caller in [*ROLES, "officer_other", "subscriber2"]:
        api = elsewhere[caller] if caller in ROLES else callers[caller]
        for path in LISTS:
            for query in ("?limit=200&count=true", f"?q={marker}"):
                assert marker not in api.get(path + query, checked=False).text.replace(f"q={marker}", ""), path
            assert marker not in api.get(path, headers={"Accept": "text/csv"}, checked=False).text, path
    assert elsewhere["officer"].get(f"/v1/certificates?q={marker}&count=true").expect(200)["total"] == 0
    assert user["enterprise_id"] not in elsewhere["enterprise_admin"].get("/v1/users").expect(200).text
