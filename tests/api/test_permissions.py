"""Row 56, I10: every role on every route of the table that the program prints, against the contract."""
import re
import uuid

import pytest

from support.calls import PASSWORD, World, call, printed
from support.client import Api, contract

ROLES = {"subscriber": "subscriber", "officer": "ra_officer", "enterprise_admin": "admin", "auditor": "auditor"}


ROUTES = [route for route in printed("routes") if route["action"]]
TABLE = {row["action"]: row for row in printed("permissions")}


def operation(route):
    return contract().document["paths"][route["path"]][route["method"]]


def name_of(route):
    return f"{route['method']} {route['path']}"


def reaches(route, role):
    """How far a role gets with a route: its own grant, or what everybody has over its own."""
    row = TABLE[route["action"]]
    grant = row["roles"][role]
    return "own" if grant == "no" and row["roles"]["subscriber"] == "own" else grant


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_the_table_is_what_the_contract_says(route):
    """x-scope and x-roles of openapi.yaml are the permission table's."""
    told = operation(route)
    row = TABLE[route["action"]]
    assert [told["x-scope"]] == (row["scopes"] or [None])
    for role in ROLES.values():
        if row["roles"][role] not in ("no",):
            assert role in told["x-roles"], f"the table lets {role} in, the contract does not"
    for role in told["x-roles"]:
        assert reaches(route, role) != "no", f"the contract lets {role} in, the table does not"


@pytest.mark.invariant(10)
@pytest.mark.rows(55, 56)
@pytest.mark.parametrize("route", [route for route in ROUTES if "{" not in route["path"]], ids=name_of)
def test_collections_by_role(callers, route):
    """Who may not gets 403; who may gets an answer, or 422 for the empty body that was sent."""
    for caller, role in ROLES.items():
        options = {} if route["method"] == "get" else {"body": {}}
        answer = callers[caller].request(route["method"].upper(), route["path"], **options)
        if reaches(route, role) in ("no", "platform"):
            answer.expect(403, "forbidden")
        else:
            # What changes the caller's own factors asks for one first: that is past the permission.
            asked = answer.code == "second-factor-required"
            assert asked or (answer.status not in (401, 404, 405) and answer.status < 500), (caller, answer.text)
            assert answer.code != "forbidden", (caller, answer.text)


@pytest.mark.invariant(10)
@pytest.mark.rows(55)
@pytest.mark.parametrize("route", [route for route in ROUTES if re.search(r"\{(id|identity_id)\}", route["path"])
                                   and not route["path"].startswith("/v1/issuers/")],  # known to everybody
                         ids=name_of)
def test_objects_that_are_absent(callers, route):
    """An id that is nobody's is 404 for every role, whatever it may do to others: nothing shows before it is read."""
    path = re.sub(r"\{[a-z_]+\}", lambda _: str(uuid.uuid4()), route["path"])
    for caller in ROLES:
        options = {} if route["method"] in ("get", "delete") else {"body": {}}
        answer = callers[caller].request(route["method"].upper(), path, checked=False, **options)
        assert answer.status in (404, 422) or answer.code == "insufficient-scope", (caller, answer.text)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_nobody_gets_nothing(callers, route):
    """Without a token every route of the table is 401."""
    path = route["path"].replace("{spki_sha256}", "ab" * 32)
    path = re.sub(r"\{[a-z_]+\}", lambda _: str(uuid.uuid4()), path)
    callers["nobody"].request(route["method"].upper(), path, checked=False).expect(401, "unauthenticated")


@pytest.mark.rows(56)
def test_a_token_without_the_scope(instance, callers):
    """A token that lacks a scope is told which one it needs."""
    admin = callers["enterprise_admin"]
    email = f"u-{uuid.uuid4().hex}@example.test"
    password = "correct horse battery staple"
    admin.post("/v1/users", {"email": email, "name": "U", "role": "ra_officer", "password": password}).expect(201)
    signed = callers["nobody"].post("/v1/sessions", {"email": email, "password": password}).expect(201)
    session = Api(instance["BASE_URL"], signed["access_token"])
    made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(201)
    narrow = Api(instance["BASE_URL"], made["token"])
    narrow.get("/v1/reissue-requests").expect(200)
    answer = narrow.get("/v1/certificates").expect(403, "insufficient-scope")
    assert "certificates:read" in answer["detail"]
    narrow.get(f"/v1/certificates/{uuid.uuid4()}").expect(403, "insufficient-scope")
    writer = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:write"]}).expect(201)
    Api(instance["BASE_URL"], writer["token"]).get(
        f"/v1/reissue-requests/{uuid.uuid4()}").expect(403, "insufficient-scope")


@pytest.fixture(scope="module")
def scoped(instance, callers):
    """By name of a caller: makes a token of such a user with these scopes."""
    def session(role):
        body = {"email": f"{uuid.uuid4().hex}@example.test", "name": role, "role": role, "password": PASSWORD}
        callers["enterprise_admin"].post("/v1/users", body).expect(201)
        return sign_in(body["email"], PASSWORD)

    def sign_in(email, password):
        signed = callers["nobody"].post("/v1/sessions", {"email": email, "password": password}).expect(201)
        return Api(instance["BASE_URL"], signed["access_token"])

    sessions = {name: session(role) for name, role in ROLES.items() if name != "subscriber"}
    sessions["subscriber"] = sign_in(instance["SUBSCRIBER_EMAIL"], instance["SUBSCRIBER_PASSWORD"])

    def token(name, scopes):
        made = sessions[name].post("/v1/api-tokens", {"name": "t", "scopes": sorted(scopes)}).expect(201)
        return Api(instance["BASE_URL"], made["token"])
    token.all = {name: set(api.get("/v1/me").expect(200)["scopes"]) for name, api in sessions.items()}
    return token


@pytest.mark.rows(56)
@pytest.mark.parametrize("route", [route for route in ROUTES if TABLE[route["action"]]["scopes"]], ids=name_of)
def test_each_route_needs_its_scope_and_no_other(instance, callers, journey, scoped, route):
    """A token with all scopes but the route's is 403 and changes nothing; one with the route's alone does it."""
    made = call(World(instance, journey), f"{route['method'].upper()} {route['path']}")
    name = next((name for name, api in callers.items() if api is made.caller), None)
    if name not in ROLES:
        return  # the platform's, and one's own tokens, which are made by a session
    scopes = set(TABLE[route["action"]]["scopes"])
    others = scoped.all[name] - scopes
    for _ in range(2 if others else 0):  # the same the second time: nothing was changed
        made.send(scoped(name, others)).expect(403, "insufficient-scope")
    made.send(scoped(name, scopes)).expect(made.status)


def test_the_demo_s_tokens_do_all_that_their_roles_may(callers):
    """The tokens of DIR/env carry every scope that their role can use: an auditor reads the configuration too."""
    for name in ("auditor", "enterprise_admin"):
        for path in ("/v1/users", "/v1/clients", "/v1/issuers", "/v1/profiles", "/v1/audit-events", "/v1/certificates"):
            callers[name].get(path + "?limit=1").expect(200)
    callers["auditor"].post("/v1/users", {}).expect(403, "forbidden")
