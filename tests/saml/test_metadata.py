"""Metadata: what an identity provider's must be, and what ours is; requests that we make."""
import base64
import urllib.parse
import zlib

import pytest

from conftest import ask
from peers.saml import forge

MD = "urn:oasis:names:tc:SAML:2.0:metadata"


def judge(reader, metadata, **more):
    return ask(reader.order("metadata", **{"idp_metadata": metadata, **more}))


def test_good_metadata(reader):
    """Good metadata tells who the provider is, which bindings it has and which keys it signs with."""
    answer = judge(reader, reader.idp.metadata())
    assert answer["ok"] and answer["entity_id"] == reader.idp.entity_id, answer
    assert len(answer["signing_certificates"]) == 1
    for binding in ("Redirect", "POST"):
        one = reader.idp.metadata().replace(f"HTTP-{binding}", "HTTP-Artifact")
        assert judge(reader, one, binding="post" if binding == "POST" else "redirect")["reason"] == "metadata_url"
        assert judge(reader, one, binding="redirect" if binding == "POST" else "post")["ok"]
    assert judge(reader, reader.idp.metadata(), key=forge.pem(forge.rsa_key("evil")))["reason"] == "sp_key"


def test_bad_metadata(reader):
    """S41: metadata that would let anybody in, or nobody, is refused when it is saved."""
    idp = reader.idp
    weak = forge.make_certificate(forge.rsa_key("weak", 1024), "idp.test")
    small = '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>'
    cases = {
        "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + idp.metadata(),
        "entity": idp.metadata().replace("https://idp.test/sso", "&e;", 1),
        "metadata_key": idp.metadata(keys=""),
        "metadata_expired": idp.metadata(attributes=f' validUntil="{forge.utc(-5)}"'),
        "metadata_role": idp.metadata(role="SPSSODescriptor"),
        "metadata_url": idp.metadata(sso="http://idp.test/sso"),
        "metadata": "<x/>", "too_large": idp.metadata() + " " * 300_000,
    }
    for reason, metadata in cases.items():
        answer = judge(reader, metadata)
        assert not answer["ok"] and answer["reason"] == reason, (reason, answer)
    for metadata in (idp.metadata(certificates=[weak]), idp.metadata(keys=small),
                     idp.metadata().replace('use="signing"', 'use="encryption"'),
                     idp.metadata().replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA")):
        assert judge(reader, metadata)["reason"] == "metadata_key", metadata
    for place in ("javascript:alert(1)", "https:///x", "https://user@idp.test/", "https://idp.test/#x",
                  "https://idp.test/ x", "ftp://idp.test/", ""):
        assert judge(reader, idp.metadata(sso=place))["reason"] in ("metadata_url", "metadata"), place
    for metadata in (idp.metadata(attributes=' validUntil="soon"'), "", "<", "no XML", "<a>" * 50_000):
        assert not judge(reader, metadata)["ok"]


def test_metadata_of_a_federation(reader):
    """A list of entities is refused: which one is meant must be said."""
    one = reader.idp.metadata()
    answer = judge(reader, f'<md:EntitiesDescriptor xmlns:md="{MD}">{one}</md:EntitiesDescriptor>')
    assert not answer["ok"] and answer["reason"] == "metadata"


def test_plain_http_only_when_allowed(reader):
    """Plain HTTP passes only where the configuration allows it for tests."""
    metadata = reader.idp.metadata(sso="http://127.0.0.1:8000/sso")
    assert judge(reader, metadata)["reason"] == "metadata_url"
    assert judge(reader, metadata, allow_http=True)["ok"]


def test_metadata_ends(reader):
    """Metadata that ran out after it was saved lets nobody pass any more."""
    metadata = reader.idp.metadata(attributes=f' validUntil="{forge.utc(3600)}"')
    xml = reader.response()
    assert reader.judge(xml, idp_metadata=metadata)["ok"]
    order = reader.order("metadata", idp_metadata=metadata)
    assert ask({**order, "now_us": order["now_us"] + 3_700_000_000})["reason"] == "metadata_expired"


def test_own_metadata(reader):
    """Our metadata has our name, our consumer service, our certificate and the format we ask for."""
    answer = ask(reader.order("sp_metadata", name_id_format=forge.PERSISTENT))
    assert answer["ok"]
    xml = answer["xml"]
    assert f'entityID="{reader.sp.entity_id}"' in xml and f'Location="{reader.sp.acs_url}"' in xml
    assert "".join(reader.sp.certificate.split("\n")[1:-2]) in xml.replace("\n", "")
    assert forge.PERSISTENT in xml and 'WantAssertionsSigned="true"' in xml and "PRIVATE" not in xml


def request(reader, **more):
    return ask(reader.order("request", **{"request_id": reader.request_id, "relay_state": "r" * 43,
                                         "name_id_format": forge.PERSISTENT, **more}))


def assert_request(reader, xml):
    for part in (f'ID="{reader.request_id}"', 'ForceAuthn="true"', 'IsPassive="false"',
                 'Destination="https://idp.test/sso"', f'AssertionConsumerServiceURL="{reader.sp.acs_url}"',
                 'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"',
                 f'<samlp:NameIDPolicy Format="{forge.PERSISTENT}" AllowCreate="false"/>',
                 f"<saml:Issuer>{reader.sp.entity_id}</saml:Issuer>"):
        assert part in xml, (part, xml)


@pytest.mark.parametrize("sso", ["https://idp.test/sso", "https://idp.test/sso?tenant=1"])
def test_redirect_request(reader, sso):
    """The request by redirect asks for a fresh login, and its query is signed by our key with SHA-256."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    answer = request(reader, authn_context=[forge.MFA], authn_context_comparison="minimum",
                     idp_metadata=reader.idp.metadata(sso=sso))
    assert answer["ok"] and answer["url"].startswith(sso), answer
    query = urllib.parse.urlsplit(answer["url"]).query
    parsed = {name: value[0] for name, value in urllib.parse.parse_qs(query).items()}
    assert parsed["RelayState"] == "r" * 43 and parsed["SigAlg"] == forge.RSA_SHA256
    signed = query[query.index("SAMLRequest="):query.index("&Signature=")].encode()
    reader.key.public_key().verify(base64.b64decode(parsed["Signature"]), signed, padding.PKCS1v15(),
                                   hashes.SHA256())
    xml = zlib.decompress(base64.b64decode(parsed["SAMLRequest"]), -15).decode()
    if sso == "https://idp.test/sso":
        assert_request(reader, xml)
    assert f'Comparison="minimum"><saml:AuthnContextClassRef>{forge.MFA}<' in xml


def test_post_request(reader):
    """The request by POST is the same, signed inside."""
    answer = request(reader, binding="post")
    assert answer["ok"] and answer["url"] == "https://idp.test/sso", answer
    assert set(answer["form"]) == {"SAMLRequest", "RelayState"} and answer["form"]["RelayState"] == "r" * 43
    xml = base64.b64decode(answer["form"]["SAMLRequest"]).decode()
    assert_request(reader, xml)
    assert f'<SignatureMethod Algorithm="{forge.RSA_SHA256}"/>' in xml
    forge.xmlsec("--verify", xml, "--pubkey-cert-pem", "@key", "--id-attr:ID",
                 forge.NS["samlp"] + ":AuthnRequest", key=reader.sp.certificate)


def test_requests_that_cannot_be_made(reader):
    """A guessable ID, a long RelayState, a key that is weak, foreign or none: no request."""
    assert not request(reader, relay_state="r" * 81)["ok"]
    assert not request(reader, relay_state="")["ok"]
    for bad in ("", "_1234", "abc", reader.request_id + '"', "_" + "g" * 40):
        assert not ask(reader.order("request", request_id=bad, relay_state="r",
                                    name_id_format=forge.PERSISTENT))["ok"], bad
    order = reader.order("request", request_id=reader.request_id, relay_state="r", name_id_format=forge.PERSISTENT)
    for key in ("", "x", forge.pem(forge.rsa_key("evil")), forge.pem(forge.rsa_key("weak", 1024))):
        answer = ask({**order, "key": key})
        assert not answer["ok"] and answer["reason"] == "sp_key", answer


def test_orders_that_are_none(reader):
    """What is no order is told so, and nothing else happens."""
    for text in (b"", b"{", b"[]", b'{"command":"shell"}', b'{"command":"response"}', b"\xff\xfe", b"{}{}",
                 b'{"command":"metadata","command":"metadata"}'):
        assert ask(text)["ok"] is False, text
