"""What a certificate says, read by python3-cryptography and told in the words of the API."""
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ATTRIBUTES = {
    "2.5.4.3": "common_name", "2.5.4.42": "given_name", "2.5.4.4": "surname", "2.5.4.12": "title",
    "2.5.4.10": "organization", "2.5.4.11": "organizational_unit", "2.5.4.97": "organization_identifier",
    "2.5.4.7": "locality", "2.5.4.9": "street", "2.5.4.8": "state", "2.5.4.17": "postal_code", "2.5.4.6": "country",
    "2.5.4.5": "serial_number", "2.5.4.15": "business_category", "0.9.2342.19200300.100.1.25": "domain_component",
    "1.2.840.113549.1.9.1": "email_address",
}
NAMES = {x509.DNSName: "dns", x509.RFC822Name: "email", x509.IPAddress: "ip", x509.UniformResourceIdentifier: "uri"}
UPN = "1.3.6.1.4.1.311.20.2.3"


def subject_of(leaf):
    subject = {}
    for attribute in leaf.subject:
        name = ATTRIBUTES[attribute.oid.dotted_string]
        if name in subject:
            subject[name] = [*(subject[name] if isinstance(subject[name], list) else [subject[name]]), attribute.value]
        else:
            subject[name] = attribute.value
    return subject


def san_of(leaf):
    """The names as (type, value), in order."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    found = []
    for name in names:
        if isinstance(name, x509.OtherName):
            assert name.type_id.dotted_string == UPN and name.value[0] == 0x0C
            found.append(("upn", name.value[2:].decode()))
        else:
            found.append((NAMES[type(name)], str(name.value)))
    return found


def spki_of(leaf):
    """SHA-256 of the key, as the API tells it."""
    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(public).hexdigest()
