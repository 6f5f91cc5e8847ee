"""Keys and CSRs, made by python3-cryptography; quick ones by default (P-256)."""

import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}



def unique_name(prefix="host"):
    """A name no other test uses; ends in a registrable domain."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}.example.com"


def make_key(kind="EC:P-256"):
    algorithm, _, detail = kind.partition(":")
    if algorithm == "EC":
        return ec.generate_private_key(CURVES[detail]())
    if algorithm == "RSA":
        return rsa.generate_private_key(65537, int(detail))
    return ed25519.Ed25519PrivateKey.generate()


def make_csr(key=None, common_name="csr subject", extensions=(), attributes=(), form="pem"):
    key = key or make_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for oid, value in attributes:
        builder = builder.add_attribute(oid, value)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    csr = builder.sign(key, digest)
    if form == "der":
        return csr.public_bytes(serialization.Encoding.DER)
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def spki_der(key):
    public = key.public_key() if hasattr(key, "private_bytes") else key
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def spki_sha256(key):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki_der(key))
    return "sha256:" + digest.finalize().hex()
