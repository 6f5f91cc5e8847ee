"""I30: what an Idempotency-Key stands for when a crash comes between the effect and its answer."""
import os
import uuid

import pytest

from support.client import Api
from support.foreign import foreign_pem
from support.keys import make_csr, make_key

PASSWORD = "correct horse battery staple"


@pytest.fixture
def user(callers):
    """A new subscriber, signed in."""
    email = f"u-{uuid.uuid4().hex}@example.test"
    made = callers["enterprise_admin"].post("/v1/users", {
        "email": email, "name": "U", "role": "subscriber", "password": PASSWORD}).expect(201)
    answer = callers["nobody"].post("/v1/sessions", {"email": email, "password": PASSWORD}).expect(201)
    return {"id": made["id"], "session": Api(callers["nobody"].base_url, answer["access_token"])}


@pytest.fixture
def crash(instance):
    """Does with a key's row what a crash after the effect does: the answer is gone, the lease over."""
    def forget(key):
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE idempotency SET status = NULL, headers = NULL, body = NULL, state = CASE WHEN object_type "
                "IS NULL THEN 'claimed' ELSE 'effect' END, lease_until = clock_timestamp() - interval '1 hour' "
                "WHERE key = %s RETURNING object_type", (key,))
            return cursor.fetchone()[0]
    return forget


def word():
    return uuid.uuid4().hex


def enterprise_of(callers):
    return callers["enterprise_admin"].get("/v1/me").expect(200)["enterprise"]["id"]


def profile_copy(callers, instance):
    profile = callers["enterprise_admin"].get(f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}").expect(200).json
    return {name: value for name, value in profile.items()
            if name not in ("id", "revision", "enterprise_id", "created_at", "updated_at")} | {"name": word()}


# Makes: what is posted, by whom, where.
MAKES = {
    "enterprise": lambda c, i, j, u: ("admin", "/v1/enterprises", {"name": word()}),
    "user": lambda c, i, j, u: ("enterprise_admin", "/v1/users", {
        "email": f"{word()}@example.test", "name": "X", "role": "subscriber"}),
    "identity": lambda c, i, j, u: ("enterprise_admin", f"/v1/users/{u['id']}/identities", {
        "kind": "oidc", "issuer": "https://idp.example", "subject": word()}),
    "jwt issuer": lambda c, i, j, u: ("admin", "/v1/jwt-issuers", {
        "enterprise_id": enterprise_of(c), "issuer": f"https://{word()}.example", "audience": "a",
        "algorithms": ["RS256"], "jwks_uri": "https://idp.example/keys", "scopes": []}),
    "profile": lambda c, i, j, u: ("enterprise_admin", "/v1/profiles", profile_copy(c, i)),
    "agreement": lambda c, i, j, u: ("enterprise_admin", "/v1/agreements", {
        "name": word(), "texts": [{"language": "en", "text": "Yes."}]}),
    "blocked key": lambda c, i, j, u: ("admin", "/v1/blocked-keys", {
        "spki_sha256": "sha256:" + os.urandom(32).hex(), "reason": "other"}),
    "enrolment": lambda c, i, j, u: ("officer", "/v1/certificates", {
        "profile_id": i["PROFILE_DESKTOP_ID"], "csr": make_csr(make_key()), "owner_id": u["id"],
        "subject": {"common_name": word()}}),
    "import": lambda c, i, j, u: ("officer", "/v1/certificates/import", {
        "pem": foreign_pem(word()), "profile_id": i["PROFILE_DESKTOP_ID"], "owner_id": u["id"]}),
    "reissue request": lambda c, i, j, u: ("subscriber", "/v1/reissue-requests", {
        "certificate_id": j.revoked()["id"], "reason": "key_lost", "csr": make_csr(make_key())}),
}


@pytest.mark.invariant(30)
@pytest.mark.parametrize("name", MAKES)
def test_what_was_made_is_not_made_again(callers, instance, journey, user, crash, name):
    """After a crash between effect and answer the same key shows what was made, on any replica."""
    who, path, body = MAKES[name](callers, instance, journey, user)
    key = {"Idempotency-Key": word()}
    first = callers[who].post(path, body, headers=key).expect(201)
    assert crash(key["Idempotency-Key"]), "the effect is marked in its own transaction"
    again = callers[who].at(instance.base_urls[-1]).post(path, body, headers=key).expect(201)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers.get("Location") == first.headers.get("Location")
    third = callers[who].post(path, body, headers=key).expect(201)
    assert third.content == again.content


@pytest.mark.invariant(30)
@pytest.mark.parametrize("name", ["api token", "client"])
def test_a_secret_is_not_made_again(callers, user, crash, name):
    """Where the answer held a secret the key says that it is gone; nothing is made a second time."""
    if name == "client":
        caller, path = callers["enterprise_admin"], "/v1/clients"
        body = {"name": word(), "role": "subscriber", "scopes": []}
    else:
        caller, path, body = user["session"], "/v1/api-tokens", {"name": word(), "scopes": ["reissue:read"]}
    key = {"Idempotency-Key": word()}
    caller.post(path, body, headers=key).expect(201)
    assert crash(key["Idempotency-Key"])
    for _ in range(2):
        caller.post(path, body, headers=key).expect(409, "idempotency-secret-answer")
    assert sum(one["name"] == body["name"] for one in caller.all(path)) == 1


@pytest.mark.invariant(30)
def test_actions_happen_once(callers, journey, crash):
    """The way of a vetted request, each step repeated after a crash: the state it led to, no 409."""
    request = journey.ready(journey.revoked(profile_id=journey.profile(vetting=True)))
    here = f"/v1/reissue-requests/{request['id']}"

    def act(who, path, body, status):
        key = {"Idempotency-Key": word()}
        first = callers[who].post(here + path, body, headers=key).expect(200)
        assert first["status"] == status
        assert crash(key["Idempotency-Key"]) == "reissue_request", path
        again = callers[who].post(here + path, body, headers=key).expect(200)
        assert again["revision"] == first["revision"] and again["status"] == status
        assert again.headers["Idempotent-Replayed"] == "true"

    act("subscriber", "/submit", {}, "pending")
    act("officer", "/open", {}, "in_review")
    act("officer", "/release", {}, "pending")
    act("officer", "/open", {}, "in_review")
    act("officer", "/decline", {"remarks": "no"}, "declined")
    act("subscriber", "/cancel", {}, "cancelled")


@pytest.mark.invariant(30)
def test_a_submit_that_only_accepted_is_no_effect(callers, journey, instance):
    """A submit that accepts the agreement and is then not ready frees its key: the next try is a real one."""
    request = journey.request()
    wanted = {name: request["agreement"][name] for name in ("agreement_id", "version", "language", "sha256")}
    here, key = f"/v1/reissue-requests/{request['id']}", {"Idempotency-Key": word()}
    body = {"agreement": {**wanted, "accepted": True}}
    subscriber = callers["subscriber"]
    subscriber.post(here + "/submit", body, headers=key).expect(409, "not-ready")
    subscriber.put(here + "/csr", {"csr": make_csr(make_key())}).expect(200)
    assert subscriber.post(here + "/submit", body, headers=key).expect(200)["status"] == "issued"


@pytest.mark.invariant(30)
def test_a_new_password_once(callers, user, crash):
    """Changing the password is answered alike when it is repeated, although the old one is wrong by now."""
    key = {"Idempotency-Key": word()}
    body = {"current_password": PASSWORD, "new_password": "seven quiet rivers run"}
    user["session"].post("/v1/me/password", body, headers=key).expect(204)
    assert crash(key["Idempotency-Key"])
    user["session"].post("/v1/me/password", body, headers=key).expect(204)
