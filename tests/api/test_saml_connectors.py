"""Connectors of the kind saml: what is refused when it is saved, what is shown, our metadata, the test."""
import uuid

import pytest
import requests

from peers.saml import forge
from support.oracle import dump


def word():
    return uuid.uuid4().hex


@pytest.fixture
def admin(caller_enterprise_admin):
    return caller_enterprise_admin


@pytest.fixture(scope="module")
def idp():
    return forge.Forge(f"https://idp-{word()}.test/saml")


@pytest.fixture(scope="module")
def sp_key():
    return forge.rsa_key("sp")


def saml(idp, key, **settings):
    return {"kind": "saml", "name": word(), "settings": {
        "idp_metadata": idp.metadata(), "sp_key": forge.pem(key),
        "sp_certificate": forge.pem(forge.make_certificate(key, "sp.test")), **settings}}


def test_a_saml_connector(admin, idp, sp_key, instance):
    """A connector is made with defaults, its key is never shown, and it can be changed and tried."""
    body = saml(idp, sp_key)
    made = admin.post("/v1/connectors", body).expect(201)
    path = f"/v1/connectors/{made['id']}"
    settings = made["settings"]
    assert settings["binding"] == "redirect" and settings["name_id_format"] == forge.PERSISTENT
    assert settings["clock_skew_s"] == 60 and settings["sp_entity_id"] is None
    assert settings["sp_key"]["set"] is True and "PRIVATE" not in made.text
    assert settings["idp_metadata"] == idp.metadata()
    changed = admin.patch(path, {"settings": {"clock_skew_s": 10, "binding": "post"}}).expect(200)
    assert changed["settings"]["clock_skew_s"] == 10 and changed["settings"]["binding"] == "post"
    report = admin.post(path + "/test", {}).expect(200)
    assert report["ok"] and [step["name"] for step in report["steps"]] == ["metadata", "service_provider", "request"]
    assert idp.entity_id in report["steps"][0]["detail"]
    secret = forge.pem(sp_key).split("\n")[3]
    assert secret not in dump(instance) and secret not in report.text


CASES = {
    "an external entity": lambda idp: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + idp.metadata(),
    "no signing key": lambda idp: idp.metadata(keys=""),
    "expired": lambda idp: idp.metadata(attributes=f' validUntil="{forge.utc(-5)}"'),
    "a service provider": lambda idp: idp.metadata(role="SPSSODescriptor"),
    "plain HTTP": lambda idp: idp.metadata(sso="http://idp.test/sso"),
    "no XML": lambda idp: "hello", "deep": lambda idp: "<a>" * 30_000,
}


@pytest.mark.rows(124)
@pytest.mark.parametrize("case", CASES)
def test_metadata_that_is_refused(admin, idp, sp_key, case):
    """S41: metadata with an entity, without a key, out of date, of another role, without TLS: 422 at its pointer."""
    body = saml(idp, sp_key, idp_metadata=CASES[case](idp))
    answer = admin.post("/v1/connectors", body).expect(422)
    assert [fault["pointer"] for fault in answer["errors"]] == ["/settings/idp_metadata"], answer.text
    assert "passwd" not in answer.text and "root:" not in answer.text
    assert body["name"] not in [one["name"] for one in admin.all("/v1/connectors?kind=saml&limit=200")]


@pytest.mark.parametrize("change, pointer", [
    ({"sp_key": forge.pem(forge.rsa_key("evil"))}, "/settings/sp_key"),
    ({"sp_key": forge.pem(forge.rsa_key("weak", 1024))}, "/settings/sp_key"),
    ({"sp_key": None}, "/settings/sp_key"),
    ({"sp_certificate": "x"}, "/settings/sp_certificate"),
    ({"sp_entity_id": 'https://x.test/"><script>'}, "/settings/sp_entity_id"),
    ({"sp_entity_id": "https://x.test/ y"}, "/settings/sp_entity_id"),
    ({"algorithms": [forge.RSA_SHA1]}, "/settings/algorithms/0"),
    ({"algorithms": [forge.RSA_SHA256, forge.RSA_SHA256]}, "/settings/algorithms/1"),
    ({"name_id_format": forge.TRANSIENT}, "/settings/name_id_format"),
    ({"name_id_format": "urn:x"}, "/settings/name_id_format"),
    ({"clock_skew_s": 181}, "/settings/clock_skew_s"),
    ({"authn_context": [1]}, "/settings/authn_context/0"),
    ({"logo_url": "javascript:alert(1)"}, "/settings/logo_url"),
    ({"force_authn": False}, "/settings/force_authn")])
def test_settings_that_are_refused(admin, idp, sp_key, change, pointer):
    """Another's key, a weak one, SHA-1, a name that could break XML: 422 at its pointer."""
    answer = admin.post("/v1/connectors", saml(idp, sp_key, **change)).expect(422)
    assert pointer in [fault["pointer"] for fault in answer["errors"]], answer.text


def test_transient_with_an_attribute(admin, idp, sp_key):
    """A transient name is fine where an attribute says who it is."""
    body = saml(idp, sp_key, name_id_format=forge.TRANSIENT, identity_attribute="uid")
    admin.post("/v1/connectors", body).expect(201)


def test_own_metadata(admin, caller_nobody, idp, sp_key, instance):
    """Anybody gets our metadata for a connector of SAML; of no other connector and of none."""
    made = admin.post("/v1/connectors", saml(idp, sp_key)).expect(201)
    path = f"/v1/connectors/{made['id']}/saml-metadata"
    answer = caller_nobody.get(path).expect(200)
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    base = instance.base_urls[0]
    assert f'entityID="{base}{path}"' in answer.text
    assert f'Location="{base}/v1/callbacks/saml/{made["id"]}"' in answer.text
    assert forge.PERSISTENT in answer.text and "PRIVATE" not in answer.text
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert requests.get(base + path, headers=tag, timeout=20).status_code == 304
    answers = [caller_nobody.get(path) for _ in range(70)]
    assert {one.status for one in answers} == {200, 429}, "each takes a process: so many a minute, not more"
    made = admin.post("/v1/connectors", saml(idp, sp_key)).expect(201)
    path = f"/v1/connectors/{made['id']}/saml-metadata"
    admin.patch(f"/v1/connectors/{made['id']}", {"settings": {"sp_entity_id": "urn:ra"}, "active": False}).expect(200)
    assert 'entityID="urn:ra"' in caller_nobody.get(path).expect(200).text
    other = admin.post("/v1/connectors", {"kind": "smtp", "name": word(), "settings": {
        "host": "mail.example.com", "from": "ra@example.com"}}).expect(201)
    caller_nobody.get(f"/v1/connectors/{other['id']}/saml-metadata").expect(404, "not-found")
    caller_nobody.get(f"/v1/connectors/{'0' * 8}-0000-7000-8000-{'0' * 12}/saml-metadata").expect(404, "not-found")
