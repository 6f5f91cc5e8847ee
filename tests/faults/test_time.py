"""What ends with time: sessions and API tokens, by the clock of the service (./dev clock)."""
import datetime
import uuid

import pytest

from support.client import Api

PASSWORD = "correct horse battery staple"


@pytest.fixture
def email(own):
    """A new subscriber with a password; the clock is set right again afterwards."""
    address = f"u-{uuid.uuid4().hex}@example.test"
    own.caller("ENTERPRISE_ADMIN_TOKEN").post("/v1/users", {
        "email": address, "name": "U", "role": "subscriber", "password": PASSWORD}).expect(201)
    yield address
    own.dev("clock", "+0m")


def sign_in(own, email):
    answer = Api(own["BASE_URL"]).post("/v1/sessions", {"email": email, "password": PASSWORD}).expect(201)
    assert answer["expires_in"] == 1800
    return Api(own["BASE_URL"], answer["access_token"])


def test_a_session_ends_after_half_an_hour_without_a_call(own, email):
    """Each call gives 30 minutes more; the 31st minute without one ends the session."""
    session = sign_in(own, email)
    for minutes in (29, 58):
        own.dev("clock", f"+{minutes}m")
        session.get("/v1/me").expect(200)
    own.dev("clock", "+89m")
    session.get("/v1/me").expect(401, "unauthenticated")
    own.dev("clock", "+0m")


def test_a_session_ends_after_eight_hours_at_the_latest(own, email):
    """However often it is used, a session is over after 8 hours."""
    session = sign_in(own, email)
    for minutes in range(20, 480, 20):
        own.dev("clock", f"+{minutes}m")
        session.get("/v1/me").expect(200)
    own.dev("clock", "+481m")
    session.get("/v1/me").expect(401, "unauthenticated")


def test_an_api_token_ends_on_its_day(own, email):
    """An API token lives until its expires_at, used or not."""
    session = sign_in(own, email)
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)
    made = session.post("/v1/api-tokens", {"name": "t", "scopes": ["reissue:read"],
                                           "expires_at": end.strftime("%Y-%m-%dT%H:%M:%SZ")}).expect(201)
    token = Api(own["BASE_URL"], made["token"])
    own.dev("clock", "+299m")
    token.get("/v1/me").expect(200)
    own.dev("clock", "+301m")
    token.get("/v1/me").expect(401, "unauthenticated")
