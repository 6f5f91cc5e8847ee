"""Users, sessions, API tokens, clients: who is calling, and what an admin's change does at once."""
import uuid

import pytest

from support.client import Api

PASSWORD = "correct horse battery staple"


@pytest.fixture
def user(callers):
    """A new subscriber of the first enterprise, with a password."""
    return callers["enterprise_admin"].post("/v1/users", {
        "email": f"u-{uuid.uuid4().hex}@example.test", "name": "Ursula User", "role": "subscriber",
        "password": PASSWORD}).expect(201).json


@pytest.fixture
def session(instance, callers, user):
    """That user, signed in."""
    answer = callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
    return Api(instance["BASE_URL"], answer["access_token"])


def token_of(session, scopes=("certificates:read", "reissue:read")):
    answer = session.post("/v1/api-tokens", {"name": "t", "scopes": list(scopes)}).expect(201)
    return Api(session.base_url, answer["token"])


def test_a_session_shows_who_is_calling(session, user):
    """GET /v1/me says who the caller is and what its token may do."""
    me = session.get("/v1/me").expect(200)
    assert me["id"] == user["id"] and me["role"] == "subscriber" and me["reach"] == "enterprise"
    assert set(me["scopes"]) == {"certificates:read", "certificates:write", "reissue:read", "reissue:write"}
    current = [item for item in session.get("/v1/sessions").expect(200)["items"] if item["current"]]
    assert len(current) == 1


def test_a_session_ends_at_once(session):
    """A deleted session is dead when the answer arrives."""
    session.delete("/v1/sessions/current").expect(204)
    session.get("/v1/me").expect(401, "unauthenticated")


def test_api_tokens_need_a_session_and_give_no_more_than_it_has(session):
    """An API token makes no API tokens, and no session gives scopes that it lacks."""
    token = token_of(session)
    token.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(403, "session-required")
    session.post("/v1/api-tokens", {"name": "t", "scopes": ["admin"]}).expect(422)
    assert token.get("/v1/me").expect(200)["scopes"] == ["certificates:read", "reissue:read"]


def test_when_an_api_token_was_used(instance, session):
    """last_used_at is null until an API token is used for the first time, and tells of that at once."""
    made = session.post("/v1/api-tokens", {"name": "Test", "scopes": ["reissue:read"]}).expect(201)

    def used():
        items = session.get("/v1/api-tokens").expect(200)["items"]
        return next(one for one in items if one["id"] == made["id"])["last_used_at"]

    assert made["last_used_at"] is None and used() is None
    Api(instance["BASE_URL"], made["token"]).get("/v1/me").expect(200)
    assert used() >= made["created_at"]


def test_a_revoked_api_token_is_dead(session):
    """DELETE /v1/api-tokens/{id} acts at once, and only on one's own."""
    made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(201)
    token = Api(session.base_url, made["token"])
    token.get("/v1/me").expect(200)
    session.delete(f"/v1/api-tokens/{made['id']}").expect(204)
    token.get("/v1/me").expect(401, "unauthenticated")
    session.delete(f"/v1/api-tokens/{made['id']}").expect(404, "not-found")


def test_nobody_ends_anothers_token(session, callers):
    """A foreign token is answered like an absent one."""
    made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"]}).expect(201)
    callers["subscriber_b"].delete(f"/v1/api-tokens/{made['id']}").expect(404, "not-found")
    callers["enterprise_admin"].delete(f"/v1/api-tokens/{made['id']}").expect(404, "not-found")
    Api(session.base_url, made["token"]).get("/v1/me").expect(200)


@pytest.mark.invariant(44)
@pytest.mark.parametrize("status", ["blocked", "restricted"])
def test_a_blocked_or_restricted_user_is_out_at_once(instance, callers, session, user, status):
    """Blocking ends every token with the next request, on every replica; unblocking revives none."""
    token = token_of(session)
    admin = callers["enterprise_admin"]
    admin.patch(f"/v1/users/{user['id']}", {"status": status}).expect(200)
    for base in instance.base_urls:
        session.at(base).get("/v1/me").expect(401, "unauthenticated")
        token.at(base).get("/v1/me").expect(401, "unauthenticated")
    callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(401, "login-failed")
    admin.patch(f"/v1/users/{user['id']}", {"status": "active"}).expect(200)
    token.get("/v1/me").expect(401, "unauthenticated")


@pytest.mark.invariant(44)
def test_a_role_that_is_taken_away_is_gone_at_once(instance, callers, session, user):
    """The rights of a token are those of its user's role now, not then."""
    admin = callers["enterprise_admin"]
    admin.patch(f"/v1/users/{user['id']}", {"role": "admin"}).expect(200)
    fresh = callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
    caller = Api(instance["BASE_URL"], fresh["access_token"])
    caller.get("/v1/users").expect(200)
    admin.patch(f"/v1/users/{user['id']}", {"role": "subscriber"}).expect(200)
    caller.get("/v1/users").expect(403)


def test_a_new_password_ends_other_sessions(instance, callers, session, user):
    """After a change of password the old one is wrong and every other session over."""
    answer = callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
    other = Api(instance["BASE_URL"], answer["access_token"])
    wrong = {"current_password": "not this one, surely", "new_password": "seven quiet rivers run"}
    session.post("/v1/me/password", wrong).expect(422, "credentials-invalid")
    session.post("/v1/me/password", {**wrong, "current_password": PASSWORD}).expect(204)
    other.get("/v1/me").expect(401)
    session.get("/v1/me").expect(200)
    callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(401, "login-failed")


@pytest.mark.invariant(40)
def test_two_editors_of_one_user(callers, user):
    """If-Match refuses the edit that was made from an older revision."""
    admin = callers["enterprise_admin"]
    tag = admin.get(f"/v1/users/{user['id']}").expect(200).headers["ETag"]
    admin.patch(f"/v1/users/{user['id']}", {"name": "First"}, headers={"If-Match": tag}).expect(200)
    admin.patch(f"/v1/users/{user['id']}", {"name": "Second"},
                headers={"If-Match": tag}).expect(412, "precondition-failed")
    assert admin.get(f"/v1/users/{user['id']}").expect(200)["name"] == "First"


def test_only_the_platform_gives_platform_reach(callers, user):
    """An enterprise's admin neither gives the reach platform nor touches those who have it."""
    admin = callers["enterprise_admin"]
    admin.patch(f"/v1/users/{user['id']}", {"role": "admin", "reach": "platform"}).expect(403)
    callers["admin"].patch(f"/v1/users/{user['id']}", {"role": "admin", "reach": "platform"}).expect(200)
    admin.patch(f"/v1/users/{user['id']}", {"name": "Mine now"}).expect(403)
    admin.patch(f"/v1/users/{user['id']}", {"name": 5}, headers={"If-Match": '"1.00"'}).expect(403)
    identity = {"kind": "oidc", "issuer": "https://idp.example", "subject": uuid.uuid4().hex}
    admin.post(f"/v1/users/{user['id']}/identities", identity).expect(403)
    linked = callers["admin"].post(f"/v1/users/{user['id']}/identities", identity).expect(201)
    admin.delete(f"/v1/users/{user['id']}/identities/{linked['id']}").expect(403)
    admin.delete(f"/v1/users/{user['id']}").expect(403)
    admin.post("/v1/enterprises", {"name": "Mine"}).expect(403)
    admin.get("/v1/jwt-issuers").expect(403)


def test_an_email_address_belongs_to_one_user(callers, user):
    """The address is unique in the whole service, whatever its case."""
    body = {"email": user["email"].upper(), "name": "Twin", "role": "subscriber"}
    callers["enterprise_admin"].post("/v1/users", body).expect(409, "already-exists")


def test_all_faults_of_a_user_are_told_at_once(callers):
    """A 422 lists every fault with its pointer."""
    answer = callers["enterprise_admin"].post("/v1/users", {
        "email": "nobody", "name": "", "role": "king", "language": "x", "shoe_size": 43}).expect(422)
    assert {"/email", "/name", "/role", "/language", "/shoe_size"} <= set(answer.pointers())


def test_a_client_takes_tokens_and_loses_them(instance, callers):
    """Client credentials give an hour's token; switching the client off ends it at once."""
    admin, nobody = callers["enterprise_admin"], callers["nobody"]
    client = admin.post("/v1/clients", {"name": f"c {uuid.uuid4().hex}", "role": "subscriber",
                                        "scopes": ["reissue:read"], "acts_as": []}).expect(201)
    form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["client_secret"]}

    def take(**more):
        return nobody.request("POST", "/oauth2/token", data={**form, **more})

    token = take().expect(200)
    assert token["token_type"] == "Bearer" and token["scope"] == "reissue:read"
    caller = Api(instance["BASE_URL"], token["access_token"])
    me = caller.get("/v1/me").expect(200)
    assert me["kind"] == "client" and me["id"] == client["id"]
    caller.patch("/v1/me", {"name": "x"}).expect(403)
    assert take(client_secret="wrong").expect(401)["error"] == "invalid_client"
    assert take(client_id=str(uuid.uuid4())).expect(401)["error"] == "invalid_client"
    assert take(scope="admin").expect(400)["error"] == "invalid_scope"
    assert take(grant_type="password").expect(400)["error"] == "unsupported_grant_type"
    admin.patch(f"/v1/clients/{client['id']}", {"active": False}).expect(200)
    caller.get("/v1/me").expect(401, "unauthenticated")
    assert take().expect(401)["error"] == "invalid_client"


def test_secrets_are_shown_once(callers, session):
    """Neither lists nor single resources show a token or a client's secret again."""
    made = session.post("/v1/api-tokens", {"name": "once", "scopes": ["reissue:read"]}).expect(201)
    assert made["token"] not in session.get("/v1/api-tokens").expect(200).text
    admin = callers["enterprise_admin"]
    client = admin.post("/v1/clients", {"name": f"c {uuid.uuid4().hex}", "role": "subscriber",
                                        "scopes": ["reissue:read"]}).expect(201)
    assert client["client_secret"] not in admin.get(f"/v1/clients/{client['id']}").expect(200).text


def test_a_user_who_was_never_needed_goes(callers, session, user):
    """DELETE removes a user with its tokens; one that owns something stays, and nobody removes themselves."""
    admin = callers["enterprise_admin"]
    admin.delete(f"/v1/users/{user['id']}").expect(204)
    admin.get(f"/v1/users/{user['id']}").expect(404, "not-found")
    session.get("/v1/me").expect(401, "unauthenticated")
    owner = callers["subscriber"].get("/v1/me").expect(200)["id"]
    admin.delete(f"/v1/users/{owner}").expect(409, "in-use")
    myself = admin.get("/v1/me").expect(200)["id"]
    admin.delete(f"/v1/users/{myself}").expect(403, "forbidden")
    admin.patch(f"/v1/users/{myself}", {"status": "suspended"}).expect(403, "forbidden")


def test_null_takes_the_password_away(callers, session, user):
    """Without a password there is no sign-in, and the sessions made with it are over."""
    callers["enterprise_admin"].patch(f"/v1/users/{user['id']}", {"password": None}).expect(200)
    session.get("/v1/me").expect(401, "unauthenticated")
    callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(401, "login-failed")
