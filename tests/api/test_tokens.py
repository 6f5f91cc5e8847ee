"""Rows 112 to 117 and 126: what is no token, and what refusals tell a guesser."""
import base64
import json
import statistics
import time
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.client import Api

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, length):
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def unknown_token():
    """A token with the right checksum that was never given out."""
    text = "rsd_" + base62(uuid.uuid4().int << 100, 43)
    return text + base62(zlib.crc32(text.encode()), 6)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(header, claims=None):
    now = int(time.time())
    claims = claims or {"iss": "https://idp.example.test", "sub": "u", "aud": "reissued", "exp": now + 300}
    return ".".join([b64(json.dumps(header).encode()), b64(json.dumps(claims).encode()), b64(b"\0" * 256)])


def refused(instance, authorization):
    headers = {"Authorization": authorization} if authorization is not None else None
    return Api(instance["BASE_URL"]).get("/v1/me", headers=headers).expect(401, "unauthenticated")


def session_of(instance, callers):
    """A new user's session: its Api, and its id."""
    email = f"u-{uuid.uuid4().hex}@example.test"
    callers["enterprise_admin"].post("/v1/users", {"email": email, "name": "U", "role": "subscriber",
                                                   "password": "correct horse battery staple"}).expect(201)
    answer = callers["nobody"].post(
        "/v1/sessions", {"email": email, "password": "correct horse battery staple"}).expect(201)
    api = Api(instance["BASE_URL"], answer["access_token"])
    return api, next(one["id"] for one in api.get("/v1/sessions").expect(200)["items"] if one["current"])


def change_token(instance, token, change):
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute(f"UPDATE access_token SET {change} WHERE id = %s", (token,))
        assert cursor.rowcount == 1


@pytest.mark.parametrize("change", [
    "expires_at = now() - interval '1 second'",
    "idle_seconds = 60, used_at = now() - interval '61 seconds'",
    "revoked_at = now()"])
def test_a_token_holds_to_its_end_and_no_longer(instance, callers, change):
    """Past its end, unused for too long or revoked: refused like any other, also by requests that come together."""
    api, token = session_of(instance, callers)
    api.get("/v1/me").expect(200)
    change_token(instance, token, change)
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda _: Api(instance["BASE_URL"], api.token).get("/v1/me"), range(16)):
            answer.expect(401, "unauthenticated")


def test_the_use_of_a_token_is_noted_once_a_minute(instance, callers):
    """used_at follows, but not with each request."""
    api, token = session_of(instance, callers)

    def used():
        return next(one["last_used_at"] for one in api.get("/v1/sessions").expect(200)["items"] if one["id"] == token)

    change_token(instance, token, "used_at = now() - interval '50 seconds'")
    before = used()
    assert used() == before
    change_token(instance, token, "used_at = now() - interval '70 seconds'")
    used()
    assert used() > before


@pytest.mark.rows(112)
def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(instance):
    """Malformed, mistyped and unknown tokens get one and the same body, and WWW-Authenticate."""
    good_form = unknown_token()
    mistyped = good_form[:-1] + ("0" if good_form[-1] != "0" else "1")
    bodies = set()
    for token in ["x", "rsd_", mistyped, good_form, good_form + "0", jwt({"alg": "RS256", "kid": "k"}), "a.b.c"]:
        answer = refused(instance, f"Bearer {token}")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        body = dict(answer.json)
        body.pop("request_id")
        bodies.add(json.dumps(body, sort_keys=True))
    assert len(bodies) == 1
    assert refused(instance, None).headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.rows(113)
def test_a_token_in_the_query_is_no_token(instance):
    """A token counts in the Authorization header only, and the query is never logged."""
    token = instance["SUBSCRIBER_TOKEN"]
    answer = Api(instance["BASE_URL"]).get(f"/v1/me?access_token={token}")
    assert answer.status in (400, 401)
    assert not instance.log_lines(token)


@pytest.mark.rows(114)
def test_schemes(instance):
    """The scheme is read in any case; another scheme is no token."""
    token = instance["SUBSCRIBER_TOKEN"]
    api = Api(instance["BASE_URL"])
    for scheme in ("Bearer", "bearer", "BEARER"):
        api.get("/v1/me", headers={"Authorization": f"{scheme} {token}"}).expect(200)
    refused(instance, "Basic " + base64.b64encode(f"x:{token}".encode()).decode())
    refused(instance, token)
    refused(instance, "Bearer")


@pytest.mark.rows(115)
@pytest.mark.parametrize("header", [
    {"alg": "none"}, {"alg": "HS256", "kid": "k"}, {"alg": "RS256", "kid": "../../etc/passwd"},
    {"alg": "RS256", "kid": "k' OR 1=1--"}, {"alg": "RS256", "jku": "https://evil.example/jwks"},
    {"alg": "RS256", "jwk": {"kty": "RSA"}}, {"alg": "RS256", "crit": ["x"], "x": 1},
    {"alg": "RS256", "b64": False}, {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"},
], ids=lambda header: "-".join(header)[:40] + "-" + str(header["alg"]))
def test_hostile_jwts_are_refused(instance, header):
    """A JWT of nobody we know, or with a header that wants something, is just no token."""
    refused(instance, "Bearer " + jwt(header))


@pytest.mark.rows(126)
def test_signing_in_tells_nothing_about_users(callers):
    """Unknown users and wrong passwords get the same answer in the same time (medians)."""
    admin, nobody = callers["enterprise_admin"], callers["nobody"]
    times = {"known": [], "unknown": []}
    bodies = set()
    for _ in range(12):
        email = f"u-{uuid.uuid4().hex}@example.test"
        admin.post("/v1/users", {"email": email, "name": "U", "role": "subscriber",
                                 "password": "correct horse battery staple"}).expect(201)
        for kind, address in (("known", email), ("unknown", f"n-{uuid.uuid4().hex}@example.test")):
            start = time.perf_counter()
            answer = nobody.post("/v1/sessions", {"email": address, "password": "wrong and wrong again"},
                                 checked=False)
            times[kind].append(time.perf_counter() - start)
            answer.expect(401, "login-failed")
            body = dict(answer.json)
            body.pop("request_id")
            bodies.add(json.dumps(body, sort_keys=True))
    assert len(bodies) == 1
    known, unknown = statistics.median(times["known"]), statistics.median(times["unknown"])
    spread = max(statistics.stdev(times["known"]), statistics.stdev(times["unknown"]), 0.002)
    assert abs(known - unknown) < 2 * spread, (known, unknown, spread)


@pytest.mark.invariant(42)
def test_guessing_a_password_is_throttled_whatever_the_case(instance, callers):
    """After ten wrong passwords the account answers 429 on every replica, for any spelling of it."""
    email = f"u-{uuid.uuid4().hex}@example.test"
    callers["enterprise_admin"].post("/v1/users", {"email": email, "name": "U", "role": "subscriber",
                                                   "password": "correct horse battery staple"}).expect(201)
    bases = instance.base_urls
    for attempt in range(10):
        spelled = email.upper() if attempt % 2 else email
        Api(bases[attempt % len(bases)]).post(
            "/v1/sessions", {"email": spelled, "password": "wrong and wrong again"},
            headers={"X-Forwarded-For": f"192.0.2.{attempt}"}).expect(401, "login-failed")
    for base in bases:
        answer = Api(base).post("/v1/sessions", {"email": email, "password": "correct horse battery staple"})
        answer.expect(429, "rate-limited")
        assert int(answer.headers["Retry-After"]) > 0
