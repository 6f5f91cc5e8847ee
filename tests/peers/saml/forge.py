"""An identity provider that signs whatever it is told to, by the xmlsec1 command.

    idp = Forge("https://idp.test/saml")             # a key, a certificate, metadata
    xml = idp.response(sp, request_id)               # what a good one would send
    xml = idp.response(sp, request_id, audience="https://other.test")    # and one fault at a time
    form = {"SAMLResponse": b64(xml), "RelayState": relay}

sp is anything with entity_id, acs_url and certificate (PEM). A response is made from a template by
replacing parts, then signed (sign="assertion", "response", "both" or None), then, by after=, changed
as a forger would.
"""
import base64
import dataclasses
import datetime
import functools
import pathlib
import secrets
import subprocess
import tempfile
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NS = {"samlp": "urn:oasis:names:tc:SAML:2.0:protocol", "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
      "ds": "http://www.w3.org/2000/09/xmldsig#", "xenc": "http://www.w3.org/2001/04/xmlenc#"}
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


class ForgeError(Exception):
    """xmlsec1 did not do what it was asked."""


def b64(xml):
    return base64.b64encode(xml if isinstance(xml, bytes) else xml.encode()).decode()


def new_id():
    return "_" + secrets.token_hex(20)


def utc(seconds=0, base=None):
    moment = (base or datetime.datetime.now(datetime.timezone.utc)) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def make_certificate(key, name):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=3650)).sign(key, hashes.SHA256()))


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM).decode()
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption()).decode()


def der64(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


@functools.lru_cache(maxsize=None)
def rsa_key(name, bits=2048):
    """One key a name and run: making them is slow."""
    return rsa.generate_private_key(65537, bits)


@dataclasses.dataclass
class Sp:
    """A service provider as its identity provider knows it."""
    entity_id: str
    acs_url: str
    certificate: str = ""


def xmlsec(mode, xml, *options, key=None):
    """One run of xmlsec1 over a document; the document that came out."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "in.xml").write_text(xml)
        if key is not None:
            (place / "key").write_text(key)
        arguments = [str(place / "key") if word == "@key" else word for word in options]
        done = subprocess.run(["xmlsec1", mode, *arguments, "--output", str(place / "out.xml"),
                               str(place / "in.xml")], capture_output=True, text=True, timeout=30, check=False)
        if done.returncode:
            raise ForgeError(done.stderr)
        return (place / "out.xml").read_text()


def signature(reference, method=RSA_SHA256, digest=SHA256, c14n=EXC_C14N, transforms=None, key_info=""):
    """An empty ds:Signature for xmlsec1 to fill."""
    chain = transforms or [NS["ds"] + "enveloped-signature", EXC_C14N]
    return (f'<ds:Signature xmlns:ds="{NS["ds"]}"><ds:SignedInfo>'
            f'<ds:CanonicalizationMethod Algorithm="{c14n}"/><ds:SignatureMethod Algorithm="{method}"/>'
            f'<ds:Reference URI="{reference}"><ds:Transforms>'
            + "".join(f'<ds:Transform Algorithm="{one}"/>' for one in chain)
            + f'</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference>'
            f"</ds:SignedInfo><ds:SignatureValue/>{key_info}</ds:Signature>")


class Forge:
    """One identity provider: its keys and what it says."""

    def __init__(self, entity_id="https://idp.test/saml", key_name="idp", sso="https://idp.test/sso"):
        self.entity_id, self.sso = entity_id, sso
        self.key = rsa_key(key_name)
        self.certificate = make_certificate(self.key, "idp.test")
        self.algorithm = RSA_SHA256

    @classmethod
    def with_ec(cls, **options):
        self = cls(**options)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = make_certificate(self.key, "idp.test")
        self.algorithm = ECDSA_SHA256
        return self

    # --- metadata ---
    def metadata(self, certificates=None, extra="", role="IDPSSODescriptor", sso=None, attributes="",
                 keys=None):
        if keys is None:
            keys = "".join(
                '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
                f"{der64(one)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
                for one in certificates or [self.certificate])
        place = self.sso if sso is None else sso
        services = "".join(
            f'<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" '
            f'Location="{place}"/>' for binding in ("HTTP-Redirect", "HTTP-POST"))
        return ('<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
                f'xmlns:ds="{NS["ds"]}" entityID="{self.entity_id}"{attributes}>'
                f'<md:{role} protocolSupportEnumeration="{NS["samlp"]}">{keys}{services}{extra}'
                f"</md:{role}></md:EntityDescriptor>")

    # --- responses ---
    def name_id(self, value, format_=PERSISTENT, extra=""):
        form = "" if format_ is None else f' Format="{format_}"'
        return f"<saml:NameID{form}{extra}>{value}</saml:NameID>"

    def assertion(self, sp, request_id, *, id_=None, issuer=None, issuer_extra="", user="alice-at-idp",
                  name_id=None, name_format=PERSISTENT, name_extra="", in_response_to=None, recipient=None,
                  confirmed_until=300, confirmation_extra="", confirmation_method="urn:oasis:names:tc:SAML:2.0:cm:bearer",
                  not_before=-5, not_after=300, audience=None, conditions="", instant=0, session="",
                  class_ref=PASSWORD, attributes=None, statements=None, confirmation=None, base=None,
                  version="2.0", extra=""):
        """The text of one unsigned assertion. None means what a good one says; "" leaves it out."""
        audience = sp.entity_id if audience is None else audience
        answer = request_id if in_response_to is None else in_response_to
        place = sp.acs_url if recipient is None else recipient
        restriction = (f"<saml:AudienceRestriction><saml:Audience>{escape(audience)}</saml:Audience>"
                       "</saml:AudienceRestriction>") if audience else ""
        if confirmation is None:
            confirmation = (
                f'<saml:SubjectConfirmation Method="{confirmation_method}"><saml:SubjectConfirmationData'
                + (f" InResponseTo={quoteattr(answer)}" if answer else "")
                + (f" Recipient={quoteattr(place)}" if place else "")
                + ("" if confirmed_until is None else f' NotOnOrAfter="{utc(confirmed_until, base)}"')
                + f"{confirmation_extra}/></saml:SubjectConfirmation>")
        if statements is None:
            statements = (
                f'<saml:AuthnStatement AuthnInstant="{utc(instant, base)}" SessionIndex="_s"{session}>'
                f"<saml:AuthnContext><saml:AuthnContextClassRef>{class_ref}</saml:AuthnContextClassRef>"
                "</saml:AuthnContext></saml:AuthnStatement>")
        if attributes:
            statements += "<saml:AttributeStatement>" + "".join(
                f'<saml:Attribute Name="{name}">'
                + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
                + "</saml:Attribute>" for name, values in attributes.items()) + "</saml:AttributeStatement>"
        if name_id is None:
            name_id = self.name_id(user, name_format, name_extra)
        limits = ("" if not_before is None else f' NotBefore="{utc(not_before, base)}"') + (
            "" if not_after is None else f' NotOnOrAfter="{utc(not_after, base)}"')
        return (f'<saml:Assertion xmlns:saml="{NS["saml"]}" ID="{id_ or new_id()}" Version="{version}" '
                f'IssueInstant="{utc(0, base)}"><saml:Issuer{issuer_extra}>'
                f"{self.entity_id if issuer is None else issuer}</saml:Issuer>"
                f"<saml:Subject>{name_id}{confirmation}</saml:Subject>"
                f"<saml:Conditions{limits}>{restriction}{conditions}</saml:Conditions>"
                f"{statements}{extra}</saml:Assertion>")

    def envelope(self, sp, request_id, inside, *, id_=None, destination=None, in_response_to=None,
                 issuer=None, status=SUCCESS, substatus=None, extensions="", version="2.0"):
        place = sp.acs_url if destination is None else destination
        answer = request_id if in_response_to is None else in_response_to
        code = f'<samlp:StatusCode Value="{status}">' + (
            f'<samlp:StatusCode Value="{substatus}"/>' if substatus else "") + "</samlp:StatusCode>"
        return (f'<samlp:Response xmlns:samlp="{NS["samlp"]}" ID="{id_ or new_id()}" Version="{version}" '
                f'IssueInstant="{utc()}"' + (f" Destination={quoteattr(place)}" if place else "")
                + (f" InResponseTo={quoteattr(answer)}" if answer else "") + ">"
                f'<saml:Issuer xmlns:saml="{NS["saml"]}">{self.entity_id if issuer is None else issuer}'
                f"</saml:Issuer>{extensions}<samlp:Status>{code}</samlp:Status>{inside}</samlp:Response>")

    def sign(self, xml, what="Assertion", *, key=None, method=None, digest=SHA256, reference=None, **options):
        """Signs the first element of that name, its signature behind its Issuer."""
        prefix = "samlp" if what == "Response" else "saml"
        start = xml.index(f"<{prefix}:{what} ")
        own_id = xml[start:].split(' ID="', 1)[1].split('"', 1)[0]
        place = xml.index("</saml:Issuer>", start) + len("</saml:Issuer>")
        template = signature("#" + own_id if reference is None else reference,
                             method or self.algorithm, digest, **options)
        attributes = ("--id-attr:ID", f"{NS['saml']}:Assertion", "--id-attr:ID", f"{NS['samlp']}:Response")
        kind = "--hmackey" if method == HMAC_SHA256 else "--privkey-pem"
        return xmlsec("--sign", xml[:place] + template + xml[place:], kind, "@key", *attributes,
                      key=key or pem(self.key))

    def response(self, sp, request_id, *, sign="assertion", key=None, method=None, digest=SHA256,
                 after=None, encrypt=False, signature_options=None, envelope=None, **changes):
        """A whole response: one assertion, signed, perhaps encrypted, then changed by after(xml)."""
        options = {"key": key, "method": method, "digest": digest, **(signature_options or {})}
        inner = self.assertion(sp, request_id, **changes)
        if sign in ("assertion", "both"):
            inner = self.sign(inner, "Assertion", **options)
        inner = inner.replace('<?xml version="1.0"?>\n', "").strip()
        if encrypt:
            inner = self.encrypt(inner, sp, **(encrypt if isinstance(encrypt, dict) else {}))
        xml = self.envelope(sp, request_id, inner, **(envelope or {}))
        if sign in ("response", "both"):
            xml = self.sign(xml, "Response", **options)
        return after(xml) if after else xml

    @staticmethod
    def encrypt(inner, sp, certificate=None, cipher="http://www.w3.org/2001/04/xmlenc#aes256-cbc",
                transport="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", session="aes-256"):
        template = (
            f'<xenc:EncryptedData xmlns:xenc="{NS["xenc"]}" Type="{NS["xenc"]}Element">'
            f'<xenc:EncryptionMethod Algorithm="{cipher}"/><ds:KeyInfo xmlns:ds="{NS["ds"]}">'
            f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{transport}"/>'
            "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
            "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>")
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as data:
            data.write(inner)
            data.flush()
            sealed = xmlsec("--encrypt", template, "--session-key", session, "--pubkey-cert-pem", "@key",
                            "--xml-data", data.name, key=certificate or sp.certificate)
        sealed = sealed.replace('<?xml version="1.0"?>\n', "").strip()
        return f'<saml:EncryptedAssertion xmlns:saml="{NS["saml"]}">{sealed}</saml:EncryptedAssertion>'
