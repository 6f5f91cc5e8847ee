"""I27, I29: no change without its event; no secret in logs or dumps."""
import contextlib
import subprocess
import uuid

import pytest

from support.calls import World, call, routes
from support.client import Api
from support.state import changed, stored


@pytest.fixture(scope="module")
def world(own, tmp_path_factory):
    """Makes what calls need, one request that failed among it."""
    journey = own.journey()
    failed = journey.ready()
    own.fail([failed], tmp_path_factory.mktemp("unsigned"))
    return World(own, journey, fail=lambda: failed)


@contextlib.contextmanager
def nothing_can_be_told(own):
    """The roles of the service may not write the trail."""
    def grant(verb, to):
        with own.database() as connection, connection.cursor() as cursor:
            cursor.execute(f"{verb} INSERT ON audit_event {to} reissued_app, reissued_job")

    grant("REVOKE", "FROM")
    try:
        yield
    finally:
        grant("GRANT", "TO")


# Their calls of the table are refused or change nothing; what they do with the right answer is told in
# tests/api and tests/faults/test_challenges.py.
REFUSED = {"POST /v1/me/mobile/confirm", "DELETE /v1/me/totp", "POST /v1/second-factor-challenges/{id}/resend",
           "POST /v1/second-factor-challenges/{id}/complete", "POST /v1/callbacks/saml/{connector_id}",
           "POST /v1/callbacks/sms/{connector_id}/{secret}"}
# An answer is counted, in the challenge's own append-only record, before it is looked at (5.1.1): a trail that
# cannot be written must not give the guess back. What the answer would have done is not done: the test below.
COUNTED = {"POST /v1/second-factor-challenges/{id}/verify", "POST /v1/me/totp/confirm"}


@pytest.mark.invariant(27)
@pytest.mark.parametrize("route", [route for route in routes(mutating=True) if route not in REFUSED | COUNTED])
def test_no_change_without_its_event(own, world, route):
    """When the trail cannot be written a call that changes something is 5xx and changes nothing; else both are there."""
    made = call(world, route)
    before = stored(own)
    with nothing_can_be_told(own):
        answer = made.send()
        assert answer.status >= 500, (answer.status, answer.text)
        assert not changed(before, stored(own))
    made.send().expect(made.status)
    assert "audit_event" in changed(before, stored(own)), "a change, and nothing tells of it"
    if route.startswith("PATCH /v1/issuers/"):
        made.send(body={"active": True}).expect(200)


@pytest.mark.invariant(27)
def test_a_right_code_that_cannot_be_told_issues_nothing(own, world):
    """A right code while the trail cannot be written is 5xx: the request waits on, and the challenge is not passed."""
    made = call(world, "POST /v1/second-factor-challenges/{id}/verify")
    here = f"/v1/second-factor-challenges/{made.ids['id']}"
    request = f"/v1/reissue-requests/{made.caller.get(here).expect(200)['reissue_request_id']}"
    with nothing_can_be_told(own):
        answer = made.send()
        assert answer.status >= 500, (answer.status, answer.text)
    assert made.caller.get(here).expect(200)["status"] not in ("verified", "consumed")
    assert made.caller.get(request).expect(200)["status"] == "authenticating"


@pytest.mark.invariant(28)
def test_the_trail_is_append_only(own):
    """Neither the service's roles nor the tables' owner change, delete or empty the trail."""
    import psycopg2
    for role in ("reissued_app", "reissued_job", "reissued_audit", "reissued_owner"):
        for statement in ("UPDATE audit_event SET detail = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"):
            with own.database() as connection, connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {role}")
                cursor.execute("SELECT set_config('app.enterprise', '*', false)")
                try:
                    cursor.execute(statement)
                    changed = cursor.rowcount
                except psycopg2.Error:
                    changed = 0  # no grant, or the trigger
                assert changed == 0, f"{role}: {statement}"
    # Even a superuser meets the trigger.
    for statement in ("UPDATE audit_event SET detail = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"):
        with own.database() as connection, connection.cursor() as cursor:
            with pytest.raises(psycopg2.Error, match="append-only"):
                cursor.execute(statement)


@pytest.mark.invariant(29, 37)
@pytest.mark.rows(132)
def test_no_secret_in_logs_and_dumps(own):
    """Passwords, tokens and client secrets, right and wrong, stand in no log line and no dump of the database."""
    canary = f"Canary-{uuid.uuid4().hex}"
    admin, nobody = own.caller("ENTERPRISE_ADMIN_TOKEN"), Api(own["BASE_URL"])
    email = f"{uuid.uuid4().hex[:10]}@example.test"
    admin.post("/v1/users", {"email": email, "name": "Canary", "role": "subscriber",
                             "password": f"{canary}-password"}).expect(201)
    session = nobody.post("/v1/sessions", {"email": email, "password": f"{canary}-password"}).expect(201)
    nobody.post("/v1/sessions", {"email": email, "password": f"{canary}-wrong"}).expect(401)
    Api(own["BASE_URL"], f"{canary}-token").get("/v1/me").expect(401)
    assert nobody.get(f"/v1/me?access_token={canary}-query").status in (400, 401)
    api_token = Api(own["BASE_URL"], session["access_token"]).post(
        "/v1/api-tokens", {"name": "canary", "scopes": ["reissue:read"], "expires_at": "2027-01-01T00:00:00Z"}).expect(201)
    client = admin.post("/v1/clients", {"name": f"c {uuid.uuid4().hex[:8]}", "role": "subscriber",
                                        "scopes": ["reissue:read"], "acts_as": []}).expect(201)
    nobody.post("/oauth2/token", data=b"grant_type=client_credentials&client_id=" + client["id"].encode() +
                b"&client_secret=" + canary.encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})
    secrets = [canary, session["access_token"], api_token["token"], client["client_secret"], own["SUBSCRIBER_TOKEN"]]
    dump = subprocess.run(["pg_dump", "-h", str((own.dir / "sock").resolve()), "-p",
                           (own.dir / "pg.port").read_text().strip(), "-U", "postgres", "reissued"], check=True,
                          capture_output=True).stdout.decode()
    logs = "".join(path.read_text(errors="replace") for path in (own.dir / "log").glob("*.log"))
    for secret in secrets:
        assert secret not in dump, "a secret stands in the database"
        assert secret not in logs, "a secret stands in a log"
