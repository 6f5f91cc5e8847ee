"""Certificates of a CA that is not ours, for imports."""
import datetime
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def foreign_pem(common_name=None, san=("old.example.com",), days=100, key=None, ca=False, chain=False, sha1=False):
    """A certificate of a CA made for it, as PEM; chain adds the CA's; sha1 signs as in old times."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    issuer = _name(f"Foreign CA {uuid.uuid4().hex[:8]}")
    now = datetime.datetime.utcnow().replace(microsecond=0)

    def build(subject, public_key, is_ca, names):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=200))
                   .not_valid_after(now + datetime.timedelta(days=days))
                   .add_extension(x509.BasicConstraints(is_ca, None), True))
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        return builder.sign(ca_key, hashes.SHA1() if sha1 else hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    leaf = build(_name(common_name or f"Foreign {uuid.uuid4().hex[:12]}"), key.public_key(), ca, san)
    return leaf + (build(issuer, ca_key.public_key(), True, ()) if chain else "")
