"""SAML as a second factor, over HTTP (5.2.3): each answer of an identity provider, good and evil.

What is wrong with a message is judged by reissued-saml, which tests/saml/ asks alone; here each case ends
with its challenge rejected, its event on record and nothing issued.
"""
import concurrent.futures
import datetime
import hashlib
import json
import urllib.parse
import uuid

import pytest
from cryptography.hazmat.primitives import serialization

from peers.saml import forge
from support.calls import World
from support.oracle import dump
from support.saml import HERE, Asked

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def word():
    return uuid.uuid4().hex


class Idp(forge.Forge):
    """An identity provider of its own, a connector to it, and a profile that wants it."""

    def __init__(self, world, key_name="idp", **settings):
        super().__init__(f"https://idp-{word()}.test/saml", key_name)
        self.world = world
        key = forge.rsa_key("sp")
        certificate = forge.pem(forge.make_certificate(key, "sp.test"))
        self.connector = world.made("enterprise_admin", "/v1/connectors", {
            "kind": "saml", "name": word(), "settings": {
                "idp_metadata": self.metadata(), "sp_certificate": certificate, "sp_key": forge.pem(key),
                **settings}})
        self.profile = world.journey.profile(second_factor={"reissue": [
            {"mechanism": "saml", "connector_id": self.connector["id"]}]})
        base = world.instance.base_urls[0]  # our names are those of the public URL, whichever replica answers
        self.sp = forge.Sp(f"{base}/v1/connectors/{self.connector['id']}/saml-metadata",
                           f"{base}/v1/callbacks/saml/{self.connector['id']}", certificate)

    def asked(self, name="alice-at-idp"):
        """Somebody linked here, or nobody, who stands before the provider's form."""
        subject = f"{name}-{word()}" if name else None
        asked = Asked(self.world, self.connector, self.profile, self.entity_id, subject)
        asked.ask()
        asked.go()
        return asked

    def say(self, asked, **changes):
        """The response to what was asked, about whoever asked."""
        changes.setdefault("user", asked.subject or "nobody")
        return self.response(self.sp, asked.request_id, **changes)


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


@pytest.fixture(scope="module")
def idp(world):
    return Idp(world)


@pytest.fixture
def asked(idp):
    return idp.asked()


def refused(asked, answer, code, detail):
    """The challenge is rejected with the code, its event says the detail, and nothing is issued."""
    assert answer.status_code == 200 and code in answer.text and Asked.result(answer) is None, answer.text
    now = asked.now()
    assert now["status"] == "rejected" and now["failure"] == {"code": code}, now
    denied = [event for event in asked.events() if event["outcome"] != "done"]
    assert [(event["action"], event["code"], event["detail"]) for event in denied] == [
        ("challenge.answered", code, detail)], denied
    assert denied[0]["to"] == "rejected" and denied[0]["address"]
    asked.nothing_issued()
    asked.complete("A" * 43).expect(409, "challenge-wrong-state")


# --- S1 ---

@pytest.mark.invariant(17)
@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_a_good_response_issues(idp, asked, signed):
    """S1: a fresh sign-in by the linked person issues, once, by the token that began."""
    answer = asked.post(idp.say(asked, sign=signed))
    assert answer.status_code == 200 and asked.now()["status"] == "returned"
    result = asked.result(answer)
    passed = asked.complete(result).expect(200)
    assert passed["status"] == "consumed" and passed["reissue_request"]["status"] == "issued"
    assert asked.request_now()["new_certificate_id"]
    asked.complete(result).expect(409, "challenge-wrong-state")
    assert [event["action"] for event in asked.events() if event["outcome"] == "done"] == [
        "challenge.created", "challenge.returned", "challenge.consumed"]


def test_a_request_by_post(world):
    """S1 with the binding POST: the link shows a form that goes to the provider, which may send on to another
    host of its own (browsers hold the page's policy against that too)."""
    idp = Idp(world, binding="post")
    asked = idp.asked()
    assert asked.form and asked.location == idp.sso and set(asked.form) == {"SAMLRequest", "RelayState"}
    origin = "://".join(urllib.parse.urlsplit(idp.sso)[:2])
    assert f"form-action {origin} https:;" in asked.policy
    assert asked.complete(asked.result(asked.post(idp.say(asked)))).expect(200)["status"] == "consumed"


def test_what_the_request_says(idp):
    """Every request asks for a fresh sign-in, has its own ID, and a RelayState that tells nothing."""
    asked = Asked(idp.world, idp.connector, idp.profile, idp.entity_id, word())
    asked.ask()
    xml = asked.go()
    assert 'ForceAuthn="true"' in xml and 'IsPassive="false"' in xml and 'AllowCreate="false"' in xml
    assert len(asked.request_id) >= 33 and len(asked.relay_state) <= 80
    assert asked.subject not in asked.location and asked.challenge["id"] not in asked.location and asked.user["email"] not in asked.location
    again = asked.browser.get(asked.challenge["redirect_url"], allow_redirects=False, timeout=20)
    assert again.status_code == 410, "the link is good once"
    assert idp.asked().request_id != asked.request_id


# --- what is refused, by what the message says ---

EVIL_KEY = forge.pem(forge.rsa_key("evil"))
OTHER = "https://other.test/x"
REFUSED = {  # case: (changes of a good response, code, detail)
    "S2 changed after signing": ({"after": lambda xml: xml.replace("alice-at-idp", "mallory-idp!")},
                                 "assertion-invalid", "signature"),
    "S3 unsigned": ({"sign": None}, "assertion-invalid", "unsigned"),
    "S4 another key": ({"key": EVIL_KEY}, "assertion-invalid", "signature"),
    "S5 another key in KeyInfo": ({"key": EVIL_KEY, "signature_options": {
        "key_info": "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
                    + forge.der64(forge.make_certificate(forge.rsa_key("evil"), "idp.test"))
                    + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"}}, "assertion-invalid", "signature"),
    "S6 another audience": ({"audience": OTHER}, "assertion-invalid", "audience"),
    "S7 no audience": ({"audience": ""}, "assertion-invalid", "audience"),
    "S8 another recipient": ({"recipient": OTHER}, "assertion-invalid", "recipient"),
    "S9 unknown InResponseTo": ({"in_response_to": "_x", "envelope": {"in_response_to": "_x"}},
                                "assertion-invalid", "in_response_to"),
    "S11 unsolicited": ({"in_response_to": "", "envelope": {"in_response_to": ""}},
                        "assertion-invalid", "in_response_to"),
    "S13 expired": ({"not_after": -61, "confirmed_until": -61}, "assertion-invalid", "expired"),
    "S13 not yet valid": ({"not_before": 90}, "assertion-invalid", "not_yet_valid"),
    "S14 another destination": ({"envelope": {"destination": OTHER}}, "assertion-invalid", "destination"),
    "S17 AuthnFailed": ({"envelope": {"status": STATUS + "Responder", "substatus": STATUS + "AuthnFailed"}},
                        "assertion-invalid", "status_authn_failed"),
    "S17 NoAuthnContext": ({"envelope": {"status": STATUS + "Responder", "substatus": STATUS + "NoAuthnContext"}},
                           "assertion-invalid", "status_no_authn_context"),
    "S17 RequestDenied": ({"envelope": {"status": STATUS + "RequestDenied"}},
                          "assertion-invalid", "status_request_denied"),
    "S17 Responder": ({"envelope": {"status": STATUS + "Responder"}}, "assertion-invalid", "status"),
    "S18 unknown issuer": ({"envelope": {"issuer": OTHER}, "issuer": OTHER}, "assertion-invalid", "issuer"),
    "S19 rsa-sha1": ({"method": forge.RSA_SHA1}, "assertion-invalid", "algorithm"),
    "S19 sha1 digest": ({"digest": forge.SHA1}, "assertion-invalid", "algorithm"),
    "S27 HMAC": ({"method": forge.HMAC_SHA256, "key": EVIL_KEY}, "assertion-invalid", "algorithm"),
    "S28 a comment in the name": ({"user": lambda asked: asked.subject + "<!--x-->.evil"}, "identity-mismatch",
                                  "identity-not-linked"),
    "S29 a comment later": ({"after": lambda xml: xml.replace("alice-at", "alice<!--x-->-at")},
                            "assertion-invalid", "comment"),
    "S30 DOCTYPE": ({"after": lambda xml: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml},
                    "assertion-invalid", "doctype"),
    "S31 deep": ({"after": lambda xml: "<a>" * 10_000 + xml}, "assertion-invalid", "size"),
    "S34 an old sign-in": ({"instant": -600}, "auth-not-fresh", "authn_instant"),
    "S36 bob's": ({"user": "bob-at-idp"}, "identity-mismatch", "identity-not-linked"),
    "a transient name": ({"name_format": forge.TRANSIENT}, "assertion-invalid", "identity"),
    "two values more": ({"name_id": "<saml:NameID/>"}, "assertion-invalid", "identity"),
}


@pytest.mark.rows(124)
@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_response(idp, asked, case):
    """S2 to S36: the challenge is rejected, the reason is on record, nothing is issued."""
    changes, code, detail = REFUSED[case]
    changes = {name: value(asked) if name == "user" and callable(value) else value
               for name, value in changes.items()}
    refused(asked, asked.post(idp.say(asked, **changes)), code, detail)


def wrapped(idp, asked, place):
    xml = idp.say(asked)
    start, end = xml.index("<saml:Assertion "), xml.index("</samlp:Response>")
    good, evil = xml[start:end], idp.assertion(idp.sp, asked.request_id, user="bob-at-idp")
    signature = good[good.index("<ds:Signature"):good.index("</ds:Signature>") + len("</ds:Signature>")]
    inside = {
        "S20 evil first": evil + good, "S21 evil last": good + evil,
        "S22 good inside evil": evil.replace("</saml:Assertion>", good + "</saml:Assertion>"),
        "S23 good in an Object": evil.replace("</saml:Issuer>", "</saml:Issuer>" + signature.replace(
            "</ds:Signature>", f"<ds:Object>{good.replace(signature, '')}</ds:Object></ds:Signature>"), 1),
        "S25 good in Extensions": evil}[place]
    changed = xml[:start] + inside + xml[end:]
    if place.startswith("S25"):
        changed = changed.replace("<samlp:Status>", f"<samlp:Extensions>{good}</samlp:Extensions><samlp:Status>")
    return changed


@pytest.mark.rows(124)
@pytest.mark.parametrize("place", ["S20 evil first", "S21 evil last", "S22 good inside evil",
                                   "S23 good in an Object", "S25 good in Extensions"])
def test_wrapped(idp, asked, place):
    """S20 to S25: a signed assertion with a forged one around or beside it lets neither person pass."""
    refused(asked, asked.post(wrapped(idp, asked, place)), "assertion-invalid", "assertions")


@pytest.mark.parametrize("text", ["not base64!", "", "PGE+", "aGVsbG8="])
def test_no_document(asked, text):
    """S32: what is no document rejects the challenge."""
    answer = asked.come_back({"SAMLResponse": text, "RelayState": asked.relay_state})
    assert asked.now()["status"] == "rejected"
    refused(asked, answer, "assertion-invalid", {"PGE+": "xml", "aGVsbG8=": "xml"}.get(text, "base64"))


def test_a_field_twice_or_missing(idp):
    """S32: two SAMLResponse fields, or none, or one more, reject the challenge."""
    for more in ([("SAMLResponse", "x")], [("SAMLResponse", None)], [("other", "x")]):
        asked = idp.asked()
        fields = [("SAMLResponse", forge.b64(idp.say(asked))), ("RelayState", asked.relay_state)]
        if more[0][1] is None:
            fields, more = fields[1:], []
        refused(asked, asked.come_back(fields + more), "assertion-invalid", "fields")


# --- which challenge it is for ---

def test_relay_state(idp, asked, caller_admin):
    """S37: without a RelayState, with another's or a URL in it, nothing is redirected and nothing passes."""
    xml = idp.say(asked)
    for value in (None, "", "https://evil.test/", "//evil.test", "A" * 43, "../../x", "x" * 5000):
        fields = {"SAMLResponse": forge.b64(xml)}
        if value is not None:
            fields["RelayState"] = value
        answer = asked.come_back(fields)
        assert answer.status_code in (400, 403) and "Location" not in answer.headers, (value, answer.status_code)
        assert "text/html" in answer.headers["Content-Type"] and "evil" not in answer.text
    assert asked.now()["status"] == "pending"
    asked.nothing_issued()
    denied = caller_admin.get(f"/v1/audit-events?object_id={idp.connector['id']}&action=challenge.refused")
    assert [event["detail"] for event in denied.expect(200)["items"]] == [
        *["no-state"] * 2, "unknown-state", *["no-state"] * 4]


@pytest.mark.rows(128)
def test_the_same_response_twice(idp, asked):
    """S15: posted again it is 409 replay-detected, and the first outcome stands."""
    xml = idp.say(asked)
    first = asked.post(xml)
    again = asked.post(xml)
    assert again.status_code == 409 and "was used before" in again.text
    assert asked.now()["status"] == "returned"
    assert asked.complete(asked.result(first)).expect(200)["status"] == "consumed"
    assert asked.post(xml).status_code in (409, 410)
    assert ("challenge.refused", "replay-detected") in [(e["action"], e["code"]) for e in asked.events()]


def test_an_assertion_id_is_taken_once(idp):
    """S15: a provider that gives one assertion's ID to another response is not believed the second time."""
    one, two, id_ = idp.asked(), idp.asked(), forge.new_id()
    assert one.post(idp.say(one, id_=id_)).status_code == 200 and one.now()["status"] == "returned"
    refused(two, two.post(idp.say(two, id_=id_)), "replay-detected", "assertion-used-before")


@pytest.mark.concurrency
def test_ten_times_at_once(idp, asked):
    """The same response ten times at once: one is taken, and one result is given."""
    xml = idp.say(asked)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: asked.post(xml), range(10)))
    results = [asked.result(answer) for answer in answers if asked.result(answer)]
    assert len(results) == 1 and all(answer.status_code in (200, 409) for answer in answers)
    assert asked.complete(results[0]).expect(200)["status"] == "consumed"


def test_another_ones_challenge(idp):
    """S12, S36: alice's assertion for her own challenge is worth nothing for bob's, whose form she fills."""
    alice, bob = idp.asked("alice-at-idp"), idp.asked("bob-at-idp")
    crossed = idp.say(alice, user=alice.subject)
    refused(bob, bob.post(crossed), "assertion-invalid", "in_response_to")
    stolen = idp.asked("bob-at-idp")
    refused(stolen, stolen.post(idp.say(stolen, user=alice.subject)), "identity-mismatch", "identity-not-linked")
    assert alice.now()["status"] == "pending"


def test_another_connector(world, idp, asked):
    """S18: another connector's provider, at its own address or at this one's, is not this connector's."""
    other = Idp(world, key_name="idp-other")
    answer = asked.come_back({"SAMLResponse": forge.b64(idp.say(asked)), "RelayState": asked.relay_state},
                             f"/v1/callbacks/saml/{other.connector['id']}")
    assert answer.status_code == 403 and "Location" not in answer.headers
    assert asked.now()["status"] == "pending"
    xml = other.response(idp.sp, asked.request_id)
    refused(asked, asked.post(xml), "assertion-invalid", "issuer")


@pytest.mark.invariant(17)
def test_the_result_is_the_tokens_alone(world, idp, asked):
    """The result of a sign-in passes only by the token that began, and only its own challenge."""
    result = asked.result(asked.post(idp.say(asked)))
    same_person = world.sign_in(asked.user)
    asked.complete(result, api=same_person).expect(404, "challenge-not-found")
    asked.complete(result, api=world["officer"]).expect(404, "challenge-not-found")
    other = idp.asked()
    other.post(idp.say(other))
    other.complete(result).expect(403, "assertion-invalid")
    asked.nothing_issued()
    asked.complete(result).expect(200)


def test_unlinked_and_linked_elsewhere(world, idp):
    """Whoever is not linked, or is linked at another provider, does not pass with a good assertion."""
    nobody = idp.asked(None)
    refused(nobody, nobody.post(idp.say(nobody)), "identity-mismatch", "identity-not-linked")
    elsewhere = Asked(world, idp.connector, idp.profile, "https://other.test/saml", word())
    elsewhere.ask()
    elsewhere.go()
    refused(elsewhere, elsewhere.post(idp.say(elsewhere)), "identity-mismatch", "identity-not-linked")


def test_an_ended_challenge(idp):
    """A response for a challenge that was cancelled or superseded is 409 or 410, as a page, and passes nothing."""
    asked = idp.asked()
    xml = idp.say(asked)
    asked.api.post(f"{HERE}/{asked.challenge['id']}/cancel").expect(200)
    assert asked.post(xml).status_code in (409, 410)
    asked = idp.asked()
    xml = idp.say(asked)
    old = asked.challenge
    asked.ask()
    assert asked.post(xml).status_code == 410
    assert asked.api.get(f"{HERE}/{old['id']}").expect(200)["status"] == "superseded"
    asked.nothing_issued()


def test_a_connector_switched_off(world):
    """A connector that was switched off while the browser was away lets nobody back in."""
    idp = Idp(world)
    asked = idp.asked()
    xml = idp.say(asked)
    world["enterprise_admin"].patch(f"/v1/connectors/{idp.connector['id']}", {"active": False}).expect(200)
    asked.post(xml)
    assert asked.now()["status"] == "rejected" and asked.now()["failure"]["code"] == "method-not-configured"
    asked.nothing_issued()


# --- how a connector is set ---

def test_a_wanted_context(world):
    """S35: where multi-factor is wanted, a password alone is auth-context-insufficient."""
    idp = Idp(world, authn_context=[forge.MFA])
    asked = idp.asked()
    refused(asked, asked.post(idp.say(asked)), "auth-context-insufficient", "authn_context")
    asked = idp.asked()
    assert asked.result(asked.post(idp.say(asked, class_ref=forge.MFA)))


def test_encrypted_assertions(world):
    """S39: encrypted assertions pass; a wrong key, tampering and a clear one are refused alike or by name."""
    idp = Idp(world, want_encrypted=True)
    asked = idp.asked()
    assert asked.complete(asked.result(asked.post(idp.say(asked, encrypt=True)))).expect(200)["status"] == "consumed"
    asked = idp.asked()
    refused(asked, asked.post(idp.say(asked)), "assertion-invalid", "not_encrypted")
    other = forge.pem(forge.make_certificate(forge.rsa_key("evil"), "sp.test"))
    pages = set()
    for changes in ({"encrypt": {"certificate": other}}, {"encrypt": True, "key": EVIL_KEY},
                    {"encrypt": True, "sign": None}):
        asked = idp.asked()
        answer = asked.post(idp.say(asked, **changes))
        refused(asked, answer, "assertion-invalid", "encryption")
        pages.add(answer.text)
    assert len(pages) == 1, "one answer for all"


def test_rollover(world):
    """S40: with two keys in the metadata both sign; after the old one is removed it does not."""
    idp = Idp(world)
    new = forge.Forge(key_name="idp-new")
    place = f"/v1/connectors/{idp.connector['id']}"
    both = idp.metadata(certificates=[idp.certificate, new.certificate])
    world["enterprise_admin"].patch(place, {"settings": {"idp_metadata": both}}).expect(200)
    for key in (idp.key, new.key):
        asked = idp.asked()
        assert asked.result(asked.post(idp.say(asked, key=forge.pem(key))))
    world["enterprise_admin"].patch(place, {"settings": {
        "idp_metadata": idp.metadata(certificates=[new.certificate])}}).expect(200)
    asked = idp.asked()
    refused(asked, asked.post(idp.say(asked, key=forge.pem(idp.key))), "assertion-invalid", "signature")


def test_an_attribute_names_the_person(world):
    """Where the connector names an attribute, its one value is compared, not the NameID."""
    idp = Idp(world, identity_attribute="uid", name_id_format=forge.TRANSIENT)
    asked = idp.asked()
    xml = idp.say(asked, user="x", name_format=forge.TRANSIENT, attributes={"uid": [asked.subject]})
    assert asked.result(asked.post(xml))
    asked = idp.asked()
    refused(asked, asked.post(idp.say(asked, attributes={"uid": ["bob"]})),
            "identity-mismatch", "identity-not-linked")


# --- what is kept ---

def test_what_is_kept(idp, asked, instance):
    """The message is kept sealed: not in the database, not in the log; neither is the result."""
    marker = f"marker-{word()}"
    xml = idp.say(asked, attributes={"note": [marker]})
    result = asked.result(asked.post(xml))
    asked.complete(result).expect(200)
    kept = dump(instance)
    log = "".join(path.read_text(errors="replace") for path in instance.logs)
    for text in (marker, forge.b64(xml)[:200], result, asked.relay_state):
        assert text not in kept and text not in log, text
    for text in (hashlib.sha256(xml.encode()).hexdigest(), asked.request_id, asked.subject,
                 hashlib.sha256(idp.certificate.public_bytes(serialization.Encoding.DER)).hexdigest()):
        assert text in kept, "the digest, who and by which key are on record"


def test_other_bodies(idp, asked):
    """JSON, GET and a body over the limit are not the callback's."""
    path = f"/v1/callbacks/saml/{idp.connector['id']}"
    base = asked.world["nobody"].base_url + path
    assert asked.browser.post(base, json={"SAMLResponse": "x"}, timeout=20).status_code == 415
    assert asked.browser.get(base, timeout=20).status_code == 405
    big = asked.come_back({"SAMLResponse": "A" * 300_000, "RelayState": asked.relay_state})
    assert big.status_code == 413
    assert asked.now()["status"] == "pending"


def test_the_moment_is_the_services_own(idp, asked):
    """A response that ends just now is taken within the skew, whatever its own clock says of its making."""
    late = datetime.datetime.now(datetime.timezone.utc)
    xml = idp.say(asked, base=late, not_after=-50, confirmed_until=-50, not_before=-400)
    assert asked.result(asked.post(xml)), json.dumps(asked.now())
