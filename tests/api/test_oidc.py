"""The mechanisms oidc and azure_ad: oidc-provider as it is, and a provider that lies in every way of 5.2.4."""
import base64
import datetime
import json
import re
import threading
import time
import urllib.parse

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import NameOID

from peers.oidc.hostile import ACCESS_TOKEN, OTHER_RSA, REFRESH_TOKEN, Hostile, jwk_of
from peers.oidc.peer import Provider
from support.beside import Beside
from support.client import Api
from support.oidc import OPEN, RETURN_URL, Person, Provided
from support.oracle import dump

TENANT = "8f4b62d0-1f0e-4c55-9a3a-0d9a4b6a1c01"
OTHER_TENANT = "8f4b62d0-1f0e-4c55-9a3a-0d9a4b6a1c02"

pytestmark = [pytest.mark.xdist_group("oidc"), pytest.mark.invariant(17)]


@pytest.fixture(scope="module")
def service(instance, tmp_path_factory):
    with Beside(instance, tmp_path_factory.mktemp("oidc"), OPEN) as process:
        yield process


@pytest.fixture(scope="module")
def provider():
    with Provider() as op:
        yield op


@pytest.fixture(scope="module")
def entra():
    with Provider(TENANT) as op:
        yield op


@pytest.fixture(scope="module")
def liar():
    with Hostile() as op:
        yield op


@pytest.fixture(scope="module")
def entra_liar():
    with Hostile(TENANT) as op:
        yield op


@pytest.fixture(scope="module")
def make(service, callers, journey):
    return lambda op, mechanism="oidc", **settings: Provided(service, callers, journey, op, mechanism, **settings)


@pytest.fixture(scope="module")
def at_liar(make, liar):
    return make(liar, acr_values=["urn:mfa"], required_amr=["otp"])


@pytest.fixture(scope="module")
def at_entra_liar(make, entra_liar):
    return make(entra_liar, "azure_ad", auth_context="c1")


@pytest.fixture
def person(at_liar, liar):
    liar.honest()
    someone = Person(at_liar)
    someone.waiting()
    return someone


@pytest.fixture
def entra_person(at_entra_liar, entra_liar):
    entra_liar.honest()
    someone = Person(at_entra_liar)
    someone.waiting()
    return someone


def issued(someone, op, login=None, **fields):
    """The whole way, to the certificate."""
    someone.waiting()
    challenge = someone.challenge()
    assert challenge["style"] == "redirect" and challenge["inputs"] == []
    back = someone.return_to(op.sign_in(someone.follow(challenge), login or someone.name, **fields))
    assert back.get("challenge") == challenge["id"], back
    assert someone.shown(challenge)["status"] == "returned"
    someone.expect_nothing_issued()
    done = someone.complete(challenge, back["result"]).expect(200)
    assert done["status"] == "consumed" and done["reissue_request"]["status"] == "issued", done.json
    return challenge


# --- D1: the real provider ---

@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_reissue_by_oidc(instance, make, provider, way):
    """D1: redirect, the provider's login form, callback, complete: the certificate is issued, by each way to sign in."""
    more, settings = {"token_endpoint_auth_method": way}, {"client_auth": way}
    if way == "private_key_jwt":
        key, jwk = signing_key()
        more["jwks"], settings["private_key"] = {"keys": [jwk]}, key
    someone = Person(make(provider, credentials=more, acr_values=["urn:mfa"], any_amr=["otp", "hwk"], **settings))
    challenge = issued(someone, provider)
    outcome, told, sealed = recorded(instance, challenge)
    shown = told["evidence"]
    assert outcome == "passed" and len(sealed) > 500
    assert (shown["iss"], shown["sub"]) == (provider.issuer, f"sub-of-{someone.name}")
    assert shown["amr"] == ["pwd", "otp"] and shown["acr"] == "urn:mfa" and shown["alg"] == "RS256"
    assert shown["redirect_uri"] == someone.provided.redirect_uri and shown["id_token_sha256"].startswith("sha256:")
    assert len(shown["jwk_thumbprint"]) == 43 and shown["jwks_fetched_at"].endswith("Z")


def recorded(instance, challenge):
    """What was put on record of the one attempt: outcome, what is shown of the token, and the token, sealed."""
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT outcome, detail, proof_sealed FROM challenge_event WHERE challenge_id = %s AND kind = 'attempt'",
                       (challenge["id"],))
        [row] = cursor.fetchall()
        return row


def signing_key():
    """A private key as PEM, and its public half as JWK."""
    pem = OTHER_RSA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), jwk_of(OTHER_RSA, "ra1", alg="RS256")


@pytest.mark.parametrize("par", ["required", "never"])
def test_requests_are_pushed_where_the_provider_takes_them(make, provider, par):
    """RFC 9126: pushed, the browser carries client_id and request_uri alone; otherwise S256, state, nonce and max_age."""
    someone = Person(make(provider, par=par))
    someone.waiting()
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(someone.follow(someone.challenge())).query))
    if par == "required":
        assert sorted(asked) == ["client_id", "request_uri"]
    else:
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        assert len(asked["state"]) == 43 and len(asked["nonce"]) == 43 and asked["state"] != asked["nonce"]
        assert (asked["response_type"], asked["prompt"], asked["max_age"]) == ("code", "login", "0")
        assert json.loads(asked["claims"])["id_token"]["auth_time"] == {"essential": True}
    issued(Person(someone.provided), provider)


def test_a_reissue_by_azure_ad(make, entra):
    """D1 in the shape of Entra: (tid, oid), ver 2.0, the authentication context in acrs."""
    issued(Person(make(entra, "azure_ad", auth_context="c1", required_amr=["otp"])), entra)


def test_a_session_at_the_provider_is_no_sign_in(make, provider):
    """Who is signed in there already still has to sign in: prompt=login, and auth_time of now."""
    someone = Person(make(provider))
    browser = requests.Session()
    someone.waiting()
    challenge = someone.challenge()
    someone.return_to(provider.sign_in(someone.follow(challenge), someone.name, session=browser))
    again = someone.challenge()
    answer = browser.get(someone.follow(again), timeout=10)
    assert 'name="password"' in answer.text


def test_another_person_signs_in(make, provider):
    """bob's good and fresh sign-in does not pass alice's challenge."""
    someone = Person(make(provider))
    someone.waiting()
    challenge = someone.challenge()
    back = someone.return_to(provider.sign_in(someone.follow(challenge), "bob"))
    someone.expect_refused(challenge, back, "identity-mismatch", "identity-not-linked")


def test_a_connector_that_is_switched_off(make, provider):
    """What a request shows of its options: the connector's own name, and that it is off; a way begun before ends there."""
    at = make(provider)
    at.admin.patch(at.path, {"display_name": "Company sign-in"}).expect(200)
    someone = Person(at)
    someone.waiting()
    shown = lambda: someone.api.get(f"/v1/reissue-requests/{someone.request['id']}").expect(200)["second_factor"]["options"][0]
    assert shown()["display_name"] == "Company sign-in" and shown()["available"] is True
    challenge = someone.challenge()
    url = provider.sign_in(someone.follow(challenge), someone.name)
    at.admin.patch(at.path, {"active": False}).expect(200)
    assert (shown()["available"], shown()["unavailable_code"]) == (False, "method-not-configured")
    back = someone.return_to(url)
    assert back.get("error") == "method-not-configured"
    someone.expect_nothing_issued()
    someone.api.post("/v1/second-factor-challenges", {
        "reissue_request_id": someone.request["id"], "mechanism": "oidc", "connector_id": at.connector["id"]}).expect(
        409, "method-not-configured")


def test_nobody_is_linked(make, provider):
    """A user without a linked identity passes nothing, whatever the address at the provider."""
    someone = Person(make(provider), linked=False)
    someone.waiting()
    challenge = someone.challenge()
    back = someone.return_to(provider.sign_in(someone.follow(challenge), someone.name))
    someone.expect_refused(challenge, back, "identity-mismatch")


def test_a_password_alone_is_not_enough(make, provider):
    """D20 at the real provider: amr without the demanded factor."""
    someone = Person(make(provider, any_amr=["otp"]))
    someone.waiting()
    challenge = someone.challenge()
    back = someone.return_to(provider.sign_in(someone.follow(challenge), f"{someone.name}+weak"))
    someone.expect_refused(challenge, back, "auth-context-insufficient", "amr-not-enough")


def test_the_person_says_no(make, provider):
    """D29: error=access_denied with a hostile description ends the challenge; the text goes nowhere."""
    someone = Person(make(provider))
    someone.waiting()
    challenge = someone.challenge()
    url = provider.sign_in(someone.follow(challenge), someone.name, cancel="1")
    assert "access_denied" in url and "%3Cb%3E" in url
    back = someone.return_to(url)
    someone.expect_refused(challenge, back, "assertion-invalid", "error-access_denied")
    assert "<b>" not in str(back) and "<b>" not in str(someone.events(challenge))


def test_the_result_page(make, provider):
    """Without return_url a page shows the result, and nothing of what the provider wrote."""
    someone = Person(make(provider))
    someone.waiting()
    challenge = someone.challenge(return_url=None)
    back = someone.return_to(provider.sign_in(someone.follow(challenge), someone.name, cancel="1"))
    assert back["status"] == 200 and "assertion-invalid" in back["text"] and "<b>no" not in back["text"]


def test_a_code_is_good_once(make, provider):
    """D1: the answer used again is a replay, and the provider would refuse its code as well."""
    someone = Person(make(provider))
    someone.waiting()
    challenge = someone.challenge()
    url = provider.sign_in(someone.follow(challenge), someone.name)
    back = someone.return_to(url)
    assert "result" in back
    again = someone.return_to(url)
    assert again["status"] == 409, again
    assert any("replay-detected" in str(event) for event in someone.events(challenge))
    someone.complete(challenge, back["result"]).expect(200)
    someone.complete(challenge, back["result"]).expect(409, "challenge-wrong-state")


def test_a_revocation_by_oidc(make, provider, journey, callers):
    """A sign-in verifies for two minutes what is no reissue: this certificate's revocation, once, and no other's."""
    at = make(provider)
    option = {"mechanism": "oidc", "connector_id": at.connector["id"]}
    at.profile_id = journey.profile(second_factor={"revoke": [option]})
    someone = Person(at)
    first = someone.certificate
    someone.another_certificate()
    here = [f"/v1/certificates/{one['id']}/revoke" for one in (first, someone.certificate)]
    wanted = someone.api.post(here[0], {"reason": "superseded"}).expect(401, "second-factor-required")
    assert wanted["second_factor"]["mechanisms"] == ["oidc"]
    challenge = someone.api.post("/v1/second-factor-challenges", {
        "operation": "revoke", "certificate_id": first["id"], "return_url": RETURN_URL, **option}).expect(201)
    someone.api.post(here[0], {"reason": "superseded", "challenge_id": challenge["id"]}).expect(409, "challenge-wrong-state")
    back = someone.return_to(provider.sign_in(someone.follow(challenge), someone.name))
    someone.api.post(here[0], {"reason": "superseded", "challenge_id": challenge["id"]}).expect(409, "challenge-wrong-state")
    done = someone.complete(challenge, back["result"]).expect(200)
    assert done["status"] == "verified" and done["verified_until"] and done["reissue_request"] is None
    someone.complete(challenge, back["result"]).expect(409, "challenge-wrong-state")
    someone.api.post(here[1], {"reason": "superseded", "challenge_id": challenge["id"]}).expect(409, "challenge-wrong-state")
    assert someone.api.post(here[0], {"reason": "superseded", "challenge_id": challenge["id"]}).expect(200)["status"] == "revoked"
    assert someone.shown(challenge)["status"] == "consumed"
    assert someone.api.get(f"/v1/certificates/{someone.certificate['id']}").expect(200)["status"] == "issued"
    assert {"challenge.created", "challenge.returned", "challenge.verified", "challenge.consumed"} <= {
        event["action"] for event in someone.events(challenge) if event["outcome"] == "done"}


# --- the liar: one fault, one refusal ---

def refused(someone, op, code, why=None, token_calls=None):
    before = len(op.calls("/token"))
    challenge = someone.challenge()
    back = someone.return_to(op.authorize(someone.follow(challenge)))
    someone.expect_refused(challenge, back, code, why)
    if token_calls is not None:
        assert len(op.calls("/token")) - before == token_calls
    return challenge


def passed(someone, op):
    challenge = someone.challenge()
    back = someone.return_to(op.authorize(someone.follow(challenge)))
    assert "result" in back, (back, someone.events(challenge))
    done = someone.complete(challenge, back["result"]).expect(200)
    assert done["reissue_request"]["status"] == "issued"
    return challenge


def test_the_liar_can_be_honest(person, liar):
    """What all the refusals below are measured against: without a fault it passes."""
    passed(person, liar)


def test_no_token_of_theirs_is_kept(instance, person, liar):
    """D34: neither access nor refresh token, neither code nor client secret, in the database or a log."""
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    back = person.return_to(url)
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))["code"]
    person.complete(challenge, back["result"]).expect(200)
    texts = [dump(instance), person.provided.service.log.read_text(errors="replace"), str(person.events(challenge))]
    for secret in (ACCESS_TOKEN, REFRESH_TOKEN, code, liar.client_secret, back["result"]):
        assert not [i for i, text in enumerate(texts) if secret in text], secret
    assert challenge["id"] in texts[0]


CLAIMS = {
    "D6 no nonce": ({"nonce": None}, "assertion-invalid", "nonce-mismatch"),
    "D6 other nonce": ({"nonce": "A" * 43}, "assertion-invalid", "nonce-mismatch"),
    "D16 slash": ({"iss": "@ISSUER@/"}, "assertion-invalid", "issuer-mismatch"),
    "D16 case": ({"iss": "HTTP://127.0.0.1"}, "assertion-invalid", "issuer-mismatch"),
    "D17 other": ({"aud": "other"}, "assertion-invalid", "audience-mismatch"),
    "D17 list of other": ({"aud": ["other"]}, "assertion-invalid", "audience-mismatch"),
    "D17 two without azp": ({"aud": ["ra", "other"]}, "assertion-invalid", "audience-mismatch"),
    "D17 azp other": ({"azp": "other"}, "assertion-invalid", "audience-mismatch"),
    "D19 no auth_time": ({"auth_time": None}, "auth-not-fresh", "sign-in-too-old"),
    "D19 old auth_time": ({"auth_time": int(time.time()) - 3600}, "auth-not-fresh", "sign-in-too-old"),
    "D20 acr lower": ({"acr": "urn:pwd"}, "auth-context-insufficient", "acr-not-enough"),
    "D20 no acr": ({"acr": None}, "auth-context-insufficient", "acr-not-enough"),
    "D20 amr": ({"amr": ["pwd"]}, "auth-context-insufficient", "amr-not-enough"),
    "D20 amr a string": ({"amr": "otp"}, "auth-context-insufficient", "amr-not-enough"),
    "D22 his mail": ({"sub": "attacker", "email": "victim@example.test", "email_verified": True}, "identity-mismatch", "not-linked"),
    "D33 at_hash": ({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}, "assertion-invalid", "at-hash-mismatch"),
    "exp past": ({"exp": int(time.time()) - 120}, "assertion-invalid", "not-valid-now"),
    "exp huge": ({"exp": 1e300}, "assertion-invalid", "not-valid-now"),
    "iat ahead": ({"iat": int(time.time()) + 7200}, "assertion-invalid", "not-valid-now"),
    "sub long": ({"sub": "s" * 256}, "assertion-invalid", "no-subject"),
    "D18 nothing": ({name: None for name in ("iss", "sub", "aud", "exp", "iat", "nonce")}, "assertion-invalid", None),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_claims_that_do_not_hold(person, liar, case):
    """Each wrong claim under a good signature refuses, with its code and its word in the trail."""
    patch, code, why = CLAIMS[case]
    liar.claims = {name: value.replace("@ISSUER@", liar.issuer) if isinstance(value, str) else value for name, value in patch.items()}
    refused(person, liar, code, why)


@pytest.mark.parametrize("signer", [
    "none", "public_key", "client_secret", "ps256", "es256", "es256_under_rsa_kid", "weak_key", "one_bit_off", "other_payload",
    "other_key"])
def test_signatures_that_do_not_hold(person, liar, signer):
    """D7, D8, D10, D12: none, HS256 by either secret, an algorithm that is not allowed, weak and wrong keys, tampering."""
    person.provided.settings(algorithms=["RS256"])
    name = f"signed_{signer}" if hasattr(liar, f"signed_{signer}") else f"signed_by_{signer}"
    name = "signed_one_bit_off" if signer == "one_bit_off" else "signed_other_payload" if signer == "other_payload" else name
    liar.signer = getattr(liar, name)
    refused(person, liar, "assertion-invalid")


@pytest.mark.parametrize("header", [
    {"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"alg": None}, {"kid": 7},
    {"zip": "DEF"}], ids=str)
def test_headers_that_want_something(person, liar, header):
    """D11: crit, other kinds of tokens, and headers that are none."""
    liar.header = header
    refused(person, liar, "assertion-invalid")


def test_keys_in_the_header_are_not_believed(person, liar):
    """jwk and jku of the attacker's own key change nothing."""
    liar.header = {"jwk": jwk_of(OTHER_RSA, "k1"), "jku": f"{liar.base}/evil"}
    liar.signer = liar.signed_by_other_key
    refused(person, liar, "assertion-invalid")
    assert liar.calls("/evil") == []


def test_an_access_token_is_no_id_token(person, liar):
    """D11: the token endpoint's answer without an ID token, or with something else in its place."""
    for body in ({"access_token": "x"}, {"id_token": "x"}, {"id_token": ""}, {"id_token": 7}, {"id_token": "a" * 20000}):
        liar.token = (200, {"Content-Type": "application/json"}, json.dumps(body).encode())
        refused(person, liar, "assertion-invalid")


@pytest.mark.parametrize("fault", [{"iss": "https://evil.example"}, {"iss": None}, {"code": None}, {"error": "access_denied"}], ids=str)
def test_callbacks_that_do_not_hold(person, liar, fault):
    """D4: another issuer's answer, one without the promised iss, without code or with both: no token call is made."""
    liar.callback = fault
    refused(person, liar, "assertion-invalid", token_calls=0)


@pytest.mark.parametrize("name", ["state", "code", "iss", "error", "other"])
def test_a_parameter_twice(person, liar, name):
    """A parameter that stands twice rejects the challenge before anything is called; two states name none: 400."""
    before = len(liar.calls("/token"))
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    if name in ("error", "other"):
        url += f"&{name}=access_denied"
    value = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))[name]
    back = person.return_to(f"{url}&{urllib.parse.urlencode({name: value})}")
    assert len(liar.calls("/token")) == before
    if name == "state":
        assert back["status"] == 400 and person.shown(challenge)["status"] == "pending"
        assert "parameter-twice" in on_record(person, person.provided.connector["id"])
        person.expect_nothing_issued()
        return
    person.expect_refused(challenge, back, "assertion-invalid", "parameter-twice")
    assert person.return_to(url)["status"] in (409, 410)


def on_record(someone, object_id):
    auditor = Api(someone.base_url, someone.provided.callers["auditor"].token)
    return auditor.get(f"/v1/audit-events?object_id={object_id}&limit=200").expect(200).text


def test_states_that_name_nothing(person, liar, make):
    """D2, D5: a state that is missing, unknown or of another connector leads to a page, calls nobody and is on record."""
    other = make(liar)
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    before = len(liar.calls("/token"))
    base, query = url.split("?")
    fields = dict(urllib.parse.parse_qsl(query))
    for where, changed, status in ((base, {"state": None}, (400,)), (base, {"state": "A" * 43}, (403,)),
                                   (base, {"state": ""}, (400,)), (base, {"state": "x" * 4000}, (400,)),
                                   (other.redirect_uri, {}, (403,))):
        sent = {name: value for name, value in {**fields, **changed}.items() if value is not None}
        got = person.return_to(f"{where}?{urllib.parse.urlencode(sent)}")
        assert got["status"] in status, (changed, got)
    assert len(liar.calls("/token")) == before
    assert "unknown-state" in on_record(person, other.connector["id"])
    assert on_record(person, person.provided.connector["id"]).count('"no-state"') == 3
    assert "result" in person.return_to(url), "the challenge itself has lost nothing"


def test_three_ways_at_once(make, liar):
    """A user has at most three sign-ins under way; a fourth has to wait until one is over."""
    liar.honest()
    someone = Person(make(liar))
    ways = []
    for _ in range(4):
        someone.another_certificate()
        someone.waiting()
        ways.append(someone.challenge())
    for challenge in ways[:3]:
        someone.follow(challenge)
    assert requests.get(ways[3]["redirect_url"], allow_redirects=False, timeout=20).status_code == 429
    someone.api.post(f"/v1/second-factor-challenges/{ways[0]['id']}/cancel", {}).expect(200)
    someone.follow(ways[3])


def test_another_token_does_not_complete(person, liar):
    """Only the very token that made the challenge passes it: not a second session of the same person, nor anybody else."""
    challenge = person.challenge()
    back = person.return_to(liar.authorize(person.follow(challenge)))
    person.complete(challenge, back["result"], person.session()).expect(404, "challenge-not-found")
    stranger = Person(person.provided)
    person.complete(challenge, back["result"], stranger.api).expect(404, "challenge-not-found")
    person.expect_nothing_issued()
    person.complete(challenge, back["result"]).expect(200)


@pytest.mark.parametrize("there", ["followed", "returned"])
def test_an_identity_taken_off_on_the_way(person, liar, there):
    """What is under way by an identity ends when it is unlinked, be it at the provider or back already; it is on record."""
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    back = person.return_to(url) if there == "returned" else {"result": "A" * 43}
    path = f"/v1/users/{person.id}/identities"
    for identity in person.provided.admin.get(path).expect(200)["items"]:
        person.provided.admin.delete(f"{path}/{identity['id']}").expect(204)
    assert person.shown(challenge)["status"] == "cancelled"
    assert [(event["from"], event["detail"]) for event in person.events(challenge) if event["action"] == "challenge.cancelled"] == [
        ("returned" if there == "returned" else "pending", "identity unlinked")]
    person.complete(challenge, back["result"]).expect(409, "challenge-wrong-state")
    assert person.return_to(url)["status"] == 409
    person.expect_nothing_issued()


def test_the_answer_of_anothers_challenge(person, liar):
    """D2: a result of bob's challenge does not pass alice's, and bob's sign-in under alice's state is another person's."""
    bob = Person(person.provided)
    bob.waiting()
    mine, his = person.challenge(), bob.challenge()
    back = bob.return_to(liar.authorize(bob.follow(his)))
    person.complete(mine, back["result"]).expect(409, "challenge-wrong-state")
    liar.claims = {"sub": f"sub-of-{bob.name}"}
    back = person.return_to(liar.authorize(person.follow(mine)))
    person.expect_refused(mine, back, "identity-mismatch")


def test_a_token_of_before_comes_again(person, liar):
    """A token that was used, signed anew for the new nonce but with its jti, is a replay."""
    liar.claims = {"jti": "jti-of-before"}
    other = Person(person.provided)
    other.waiting()
    passed(other, liar)
    refused(person, liar, "replay-detected", "token-used-before")


def test_rotated_keys_are_fetched(make):
    """D13: an unknown kid has the keys fetched once, and the new key verifies; a storm of unknown ones asks no more."""
    with Hostile() as op:
        at = make(op)
        first, second = Person(at), Person(at)
        first.waiting()
        passed(first, op)
        asked = len(op.calls("/jwks"))
        op.signer = op.signed_by_new_key
        second.waiting()
        passed(second, op)
        assert len(op.calls("/jwks")) == asked + 1
        op.header = {"kid": "nobody-knows"}
        op.signer = op.signed
        for _ in range(3):
            again = Person(at)
            again.waiting()
            refused(again, op, "assertion-invalid")
        assert len(op.calls("/jwks")) == asked + 1


def test_keys_that_cannot_be_had(make):
    """D15: with the key server down what is kept works, and without anything kept it is idp-unavailable."""
    with Hostile() as op:
        op.jwks_answer = (500, {}, b"")
        someone = Person(make(op))
        someone.waiting()
        refused(someone, op, "idp-unavailable")
        op.honest()
        time.sleep(5.2)  # between two questions to one that is down
        passed(someone, op)
        op.jwks_answer = (500, {}, b"")
        again = Person(someone.provided)
        again.waiting()
        passed(again, op)


def big():
    for _ in range(160):
        yield b"x" * 65536


@pytest.mark.parametrize("answer", [
    (302, {"Location": "http://127.0.0.1:1/"}, b""), (200, {"Content-Type": "application/json"}, b"[]"),
    (200, {"Content-Type": "text/html"}, b"{}"), (200, {"Content-Type": "application/json"}, "big"), (500, {}, b""),
    (200, {"Content-Type": "application/json"}, b"{"), (401, {"Content-Type": "application/json"}, b'{"error":"invalid_client"}'),
], ids=["302", "array", "html", "10 MB", "500", "half", "invalid_client"])
def test_token_endpoints_that_do_not_answer(person, liar, answer):
    """D27: whatever is no proper answer of a token endpoint is idp-unavailable, in seconds."""
    liar.token = (*answer[:2], big() if answer[2] == "big" else answer[2])
    begun = time.monotonic()
    refused(person, liar, "idp-unavailable")
    assert time.monotonic() - begun < 10


@pytest.mark.slow
def test_a_token_endpoint_that_stalls(person, liar):
    """D27: 30 seconds of silence cost the callback not more than its deadline, and the challenge is rejected."""
    liar.stall = 30
    begun = time.monotonic()
    refused(person, liar, "idp-unavailable")
    assert time.monotonic() - begun < 12


def test_the_verifier_is_tampered_with(instance, person, liar):
    """D28: who changes what was kept for a challenge in the database gets nothing; PKCE goes out as S256 alone."""
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    assert liar.last["code_challenge_method"] == "S256"
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge SET private_sealed = set_byte(private_sealed, 20, get_byte(private_sealed, 20) # 1) WHERE id = %s", (challenge["id"],))
        assert cursor.rowcount == 1
    back = person.return_to(url)
    assert "result" not in back
    person.expect_nothing_issued()


def test_a_code_for_another_verifier(person, liar):
    """D28: a provider that refuses the code (invalid_grant) ends the challenge."""
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    for asked in liar.codes.values():
        asked["code_challenge"] = "A" * 43
    person.expect_refused(challenge, person.return_to(url), "assertion-invalid", "code-refused")


def test_an_answer_too_late(person, liar):
    """D31: the callback of a challenge that was superseded, or whose request was edited, is 410."""
    first = person.challenge()
    url = liar.authorize(person.follow(first))
    second = person.challenge()
    assert person.return_to(url)["status"] == 410
    url = liar.authorize(person.follow(second))
    person.api.post(f"/v1/reissue-requests/{person.request['id']}/reopen", {}).expect(200)
    assert person.return_to(url)["status"] == 410
    person.expect_nothing_issued("draft")


def test_an_answer_after_its_time(instance, person, liar):
    """D2: an answer that comes when the challenge has expired calls nobody."""
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    before = len(liar.calls("/token"))
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge SET expires_at = created_at WHERE id = %s", (challenge["id"],))
    assert person.return_to(url)["status"] == 410
    assert len(liar.calls("/token")) == before
    person.expect_nothing_issued()


@pytest.mark.concurrency
def test_ten_callbacks_at_once(person, liar):
    """D32: one of ten parallel callbacks exchanges the code, the others are told; one result, one certificate."""
    before = len(liar.calls("/token"))
    challenge = person.challenge()
    url = liar.authorize(person.follow(challenge))
    backs = []
    threads = [threading.Thread(target=lambda: backs.append(person.return_to(url))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = [back["result"] for back in backs if "result" in back]
    assert len(results) == 1 and len(backs) == 10, backs
    assert {back["status"] for back in backs if "result" not in back} == {409}
    assert len(liar.calls("/token")) == before + 1
    assert person.complete(challenge, results[0]).expect(200)["reissue_request"]["status"] == "issued"


# --- Entra ---

def test_entra_can_be_honest(entra_person, entra_liar):
    """What the refusals below are measured against; keys that carry their issuer."""
    passed(entra_person, entra_liar)


ENTRA = {
    "D24 other tenant": ({"tid": OTHER_TENANT}, "identity-mismatch", "other-tenant"),
    "D22 nOAuth": ({"tid": OTHER_TENANT, "iss": f"@BASE@/{OTHER_TENANT}/v2.0", "email_verified": True}, "identity-mismatch", "other-tenant"),
    "issuer of another tenant": ({"iss": f"@BASE@/{OTHER_TENANT}/v2.0"}, "assertion-invalid", None),
    "ver 1.0": ({"ver": "1.0"}, "assertion-invalid", "version-not-2"),
    "no oid": ({"oid": None}, "assertion-invalid", "no-identity-claim"),
    "other oid": ({"oid": "oid-of-somebody"}, "identity-mismatch", "identity-not-linked"),
    "no acrs": ({"acrs": None}, "auth-context-insufficient", "auth-context-missing"),
    "acrs lower": ({"acrs": ["c2"]}, "auth-context-insufficient", "auth-context-missing"),
    "a guest": ({"acct": 1}, "identity-mismatch", "guest"),
    "a guest's home": ({"idp": "live.com"}, "identity-mismatch", "guest"),
    "no auth_time": ({"auth_time": None}, "auth-not-fresh", "sign-in-too-old"),
}


@pytest.mark.parametrize("case", ENTRA)
def test_entra_claims_that_do_not_hold(entra_person, entra_liar, case):
    """Tenants, versions, guests and contexts of Entra: each fault is refused under a good signature."""
    patch, code, why = ENTRA[case]
    entra_liar.claims = {name: value.replace("@BASE@", entra_liar.base) if isinstance(value, str) else value
                         for name, value in patch.items()}
    refused(entra_person, entra_liar, code, why)


def test_entra_by_certificate(make):
    """The client signs in by a certificate: PS256, its x5t#S256 in the header, for the token endpoint and two minutes."""
    certificate, key, fingerprint = client_certificate()
    with Hostile(TENANT) as op:
        someone = Person(make(op, "azure_ad", client_secret=None, private_key=key, certificate=certificate))
        someone.waiting()
        passed(someone, op)
        sent = op.calls("/token")[-1]
    assert sent["authorization"] is None and "client_secret" not in sent
    assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    header, claims, signature = (sent["client_assertion"] + "==").split(".")
    told = json.loads(base64.urlsafe_b64decode(header + "=="))
    assert (told["alg"], told["x5t#S256"]) == ("PS256", base64.urlsafe_b64encode(fingerprint).decode().rstrip("="))
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert said["iss"] == said["sub"] == "ra" and said["aud"].endswith("/v2.0/token") and 0 < said["exp"] - said["iat"] <= 300
    OTHER_RSA.public_key().verify(base64.urlsafe_b64decode(signature), f"{header}.{claims}".encode(),
                                  padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def client_certificate():
    """A self-signed certificate of OTHER_RSA: PEM of it and of the key, and its SHA-256."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reissued")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(OTHER_RSA.public_key()).serial_number(7)
            .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9)).sign(OTHER_RSA, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM).decode(), signing_key()[0], made.fingerprint(hashes.SHA256())


def test_a_key_of_another_issuer(make):
    """Entra's keys name their issuer: one of another tenant does not verify."""
    with Hostile(TENANT) as op:
        someone = Person(make(op, "azure_ad"))
        someone.waiting()
        op.keys = [{**key, "issuer": f"{op.base}/{OTHER_TENANT}/v2.0"} for key in op.keys]
        refused(someone, op, "assertion-invalid")


# --- D26: what is refused at save, and the test ---

BAD_METADATA = [
    {"issuer": "https://evil.example"}, {"token_endpoint": "http://169.254.169.254/token"}, {"jwks_uri": "ftp://127.0.0.1/"},
    {"authorization_endpoint": None}, {"token_endpoint": "http://10.0.0.7/token"}, {"response_types_supported": ["id_token"]},
    {"id_token_signing_alg_values_supported": ["HS256"]}, {"issuer": "@BASE@/"},
]


@pytest.mark.parametrize("metadata", BAD_METADATA, ids=str)
def test_providers_that_are_refused_at_save(service, callers, metadata):
    """D26: a discovery document of another issuer, or with endpoints that may not be called, is refused at save."""
    admin = Api(service.base_url, callers["enterprise_admin"].token)
    with Hostile() as op:
        op.discovery = {name: value.replace("@BASE@", op.base) if isinstance(value, str) else value for name, value in metadata.items()}
        body = {"kind": "oidc", "name": f"bad {op.server_port}",
                "settings": {"issuer": op.issuer, "client_id": "ra", "client_secret": "x"}}
        refusal = admin.post("/v1/connectors", body).expect(422)
        assert refusal.pointers() == ["/settings/issuer"]
        op.honest()
        made = admin.post("/v1/connectors", body).expect(201)
        op.discovery = {"issuer": "https://evil.example"}
        admin.patch(f"/v1/connectors/{made['id']}", {"settings": {"client_id": "rb"}}).expect(422)


BAD_SETTINGS = [
    ("oidc", {"issuer": "http://idp.example.test"}, "/settings/issuer"),
    ("oidc", {"issuer": "https://10.0.0.7/"}, "/settings/issuer"),
    ("oidc", {"issuer": "https://idp.invalid/?x=1"}, "/settings/issuer"),
    ("oidc", {"discovery_url": "https://10.0.0.1/x"}, "/settings/discovery_url"),
    ("oidc", {"token_endpoint": "https://[::1]/"}, "/settings/token_endpoint"),
    ("oidc", {"identity_claim": "email"}, "/settings/identity_claim"),
    ("oidc", {"algorithms": ["HS256"]}, "/settings/algorithms/0"),
    ("oidc", {"algorithms": ["none"]}, "/settings/algorithms/0"),
    ("oidc", {"scopes": ["profile"]}, "/settings/scopes"),
    ("oidc", {"prompt": "none"}, "/settings/prompt"),
    ("oidc", {"max_age_s": 301}, "/settings/max_age_s"),
    ("oidc", {"client_secret": None}, "/settings/client_secret"),
    ("oidc", {"client_auth": "private_key_jwt"}, "/settings/private_key"),
    ("oidc", {"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "/settings/private_key"),
    ("oidc", {"tenant_id": TENANT}, "/settings/tenant_id"),
    ("azure_ad", {"tenant_id": "common"}, "/settings/tenant_id"),
    ("azure_ad", {"tenant_id": "contoso.onmicrosoft.com"}, "/settings/tenant_id"),
    ("azure_ad", {"tenant_id": "organizations", "multi_tenant": True}, "/settings/allowed_tenants"),
    ("azure_ad", {"multi_tenant": True, "allowed_tenants": [TENANT]}, "/settings/multi_tenant"),
    ("azure_ad", {"allowed_tenants": [TENANT]}, "/settings/allowed_tenants"),
    ("azure_ad", {"auth_context": "c0"}, "/settings/auth_context"),
    ("azure_ad", {"cloud": "moon"}, "/settings/cloud"),
    ("azure_ad", {"authority": "https://192.168.0.1"}, "/settings/authority"),
    ("azure_ad", {"certificate": "no PEM"}, "/settings/certificate"),
]


@pytest.mark.parametrize("kind, settings, pointer", BAD_SETTINGS, ids=str)
def test_settings_that_are_refused(caller_enterprise_admin, kind, settings, pointer):
    """What the tables and the judges of the kinds refuse, each with its pointer."""
    good = {"issuer": "https://idp.invalid"} if kind == "oidc" else {"tenant_id": TENANT, "authority": "https://login.invalid"}
    body = {"kind": kind, "name": "never made", "settings": {"client_id": "ra", "client_secret": "x", **good, **settings}}
    refusal = caller_enterprise_admin.post("/v1/connectors", body, checked=False).expect(422)
    assert pointer in refusal.pointers() or any(one.startswith(pointer) for one in refusal.pointers()), refusal.text


def test_a_provider_that_is_away_can_be_configured(caller_enterprise_admin):
    """Unreachable is not wrong: it is saved, its test tells, and a challenge would be idp-unavailable."""
    admin = caller_enterprise_admin
    made = admin.post("/v1/connectors", {"kind": "oidc", "name": f"away {time.time_ns()}", "settings": {
        "issuer": "https://idp.invalid", "client_id": "ra", "client_secret": "x"}}).expect(201)
    report = admin.post(f"/v1/connectors/{made['id']}/test", {}).expect(200)
    assert report["ok"] is False
    assert [(step["name"], step["ok"]) for step in report["steps"]] == [("redirect_uri", True), ("discovery", False)]


def test_the_test_tries_everything(make, provider, liar):
    """test fetches discovery and keys and signs in as the client; a wrong secret shows."""
    at = make(provider)
    report = at.admin.post(f"{at.path}/test", {}).expect(200)
    assert report["ok"] is True, report.json
    assert [step["name"] for step in report["steps"]] == ["redirect_uri", "discovery", "jwks", "client"]
    at.settings(client_secret="wrong")
    report = at.admin.post(f"{at.path}/test", {}).expect(200)
    assert report["ok"] is False and report["steps"][-1]["ok"] is False
    liar.honest()
    at = make(liar)
    liar.jwks_answer = (500, {}, b"")
    assert at.admin.post(f"{at.path}/test", {}).expect(200)["steps"][-1] ["ok"] is False
    liar.honest()


def test_a_key_set_that_would_end_the_process(caller_admin, instance, make):
    """A JWK whose numbers are no base64url is refused where it is given, and is no key where it is published."""
    enterprise = caller_admin.get("/v1/enterprises").expect(200)["items"][0]["id"]
    odd = {"kty": "RSA", "kid": "k1", "use": "sig", "e": "AQAB"}
    for number in ("n=", "A", "AAAA=", ""):
        caller_admin.post("/v1/jwt-issuers", {
            "enterprise_id": enterprise, "issuer": f"https://odd-{time.time_ns()}.example.test", "audience": "reissued",
            "algorithms": ["RS256"], "scopes": [], "jwks": {"keys": [{**odd, "n": number}]}}).expect(422)
    with Hostile() as op:
        op.keys = [{**odd, "n": "n="}]
        someone = Person(make(op))
        someone.waiting()
        refused(someone, op, "assertion-invalid")
    assert caller_admin.get("/v1/me").status == 200


def test_the_demo_signs_in(instance, journey, caller_subscriber, caller_officer):
    """What ./dev up makes: a profile whose reissues ask the local provider, by its form, over TLS of its own CA."""
    certificate = journey.certificate(profile_id=instance["PROFILE_OIDC_ID"])
    request = journey.ready(certificate)
    options = request["second_factor"]["options"]
    assert [(one["mechanism"], one["display_name"], one["available"]) for one in options] == [("oidc", "Example Ltd sign-in", True)]
    caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    challenge = caller_subscriber.post("/v1/second-factor-challenges", {
        "reissue_request_id": request["id"], "mechanism": "oidc", "connector_id": instance["OIDC_CONNECTOR_ID"]}).expect(201)
    browser = requests.Session()
    browser.trust_env = False
    browser.verify = f"{instance['MAIL_DIR']}/ca.pem"
    form = browser.get(challenge["redirect_url"], timeout=20)
    assert 'value="alice@example.test"' in form.text
    wrong = browser.post(form.url, data={"login": instance["SUBSCRIBER_EMAIL"], "password": "no"}, timeout=20)
    assert "is wrong" in wrong.text
    page = browser.post(form.url, data={"login": instance["SUBSCRIBER_EMAIL"], "password": instance["OIDC_PASSWORD"]}, timeout=20)
    result = re.search(r'id="result">([^<]+)<', page.text)[1]
    done = caller_subscriber.post(f"/v1/second-factor-challenges/{challenge['id']}/complete", {"result": result}).expect(200)
    assert done["status"] == "consumed" and done["reissue_request"]["status"] == "issued"
