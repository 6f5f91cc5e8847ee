"""Certificates of the peers: a CA that the connector believes, and everything it must not believe."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        self.certificate = self._builder(self.name, self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), True).sign(self.key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject, key, begin=-1, end=30, issuer=None):
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or self.name).public_key(key) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(now + begin * DAY).not_valid_after(now + end * DAY)

    def server(self, path, names, addresses, expired=False, self_signed=False):
        """PATH.pem and PATH.key for a server of these names; the key is Samba's taste: RSA, mode 600."""
        key = rsa.generate_private_key(65537, 2048)
        alternatives = [x509.DNSName(name) for name in names] + \
            [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        subject = _name(names[0] if names else addresses[0])
        builder = self._builder(subject, key.public_key(), *((-3, -1) if expired else (-1, 30)),
                                subject if self_signed else None)
        certificate = builder.add_extension(x509.SubjectAlternativeName(alternatives), False) \
            .sign(key if self_signed else self.key, hashes.SHA256())
        path.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        descriptor = os.open(path.with_suffix(".key"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.TraditionalOpenSSL,
                                         serialization.NoEncryption()))
        return path.with_suffix(".pem"), path.with_suffix(".key"), certificate.fingerprint(hashes.SHA256()).hex()
