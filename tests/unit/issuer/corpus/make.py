#!/usr/bin/env python3
"""Makes the corpus of certificate signing requests and expected.tsv beside it.

Each row of expected.tsv: file, row of the list of hostile input, problem slug ("-" = accepted), the
check that fails ("-" = none). The files are committed; run this again only to add cases. Structures
are built from DER by hand here, so that nothing of what is tested is used to make the tests.
"""
import base64
import os
import pathlib
import secrets

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, dsa, padding, rsa, x25519

HERE = pathlib.Path(__file__).parent
ROWS = []


def tlv(tag, *content):
    body = b"".join(content)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def seq(*content):
    return tlv(0x30, *content)


def set_of(*content):
    return tlv(0x31, *sorted(content))


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    arcs = [int(a) for a in text.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        part = [arc & 127]
        while arc > 127:
            arc >>= 7
            part.append(arc & 127 | 128)
        out += bytes(reversed(part))
    return tlv(6, out)


NULL = b"\x05\x00"
SHA256_RSA = seq(oid("1.2.840.113549.1.1.11"), NULL)
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
ED25519 = seq(oid("1.3.101.112"))


def bits(data, unused=0):
    return tlv(3, bytes([unused]), data)


def attribute(o, value):
    return seq(oid(o), set_of(value))


def rdn(value, tag=0x0c, o="2.5.4.3"):
    return tlv(0x31, seq(oid(o), tlv(tag, value)))


SUBJECT = seq(rdn(b"www.example.com"))


def extension(o, value, critical=False):
    return seq(oid(o), tlv(1, b"\xff") if critical else b"", tlv(4, value))


def extension_request(*extensions):
    return attribute("1.2.840.113549.1.9.14", seq(*extensions))


SAN = extension("2.5.29.17", seq(tlv(0x82, b"www.example.com")))


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(key, data, digest=hashes.SHA256()):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(digest))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), digest)
    return key.sign(data)


def algorithm_of(key):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECDSA_SHA256
    return SHA256_RSA if isinstance(key, rsa.RSAPrivateKey) else ED25519


def csr(key=None, spki_der=None, subject=SUBJECT, attributes=(), version=0, algorithm=None,
        signature=None, sort=True):
    info = seq(integer(version), subject, spki_der or spki(key),
               tlv(0xa0, *(sorted(attributes) if sort else attributes)))
    if signature is None:
        signature = sign(key, info)
    elif callable(signature):
        signature = signature(info)
    return seq(info, algorithm or algorithm_of(key), bits(signature))


def put(name, row, slug, check, data):
    (HERE / name).write_bytes(data)
    ROWS.append((name, row, slug, check))


def good(name, row, data):
    put(name, row, "-", "-", data)


def bad(name, row, check, data, slug="bad-csr"):
    put(name, row, slug, check, data)


def pem(data, label="CERTIFICATE REQUEST", end="\n"):
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return (end.join([f"-----BEGIN {label}-----"] + lines + [f"-----END {label}-----", ""])).encode()


def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)):
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for _ in range(24):
        x = pow(secrets.randbelow(n - 3) + 2, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def rsa_of_primes(p, q, e=65537):
    if p < q:
        p, q = q, p
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                 rsa.RSAPublicNumbers(e, p * q)).private_key()


def rsa_spki(n, e=65537):
    return seq(seq(oid("1.2.840.113549.1.1.1"), NULL), bits(seq(integer(n), integer(e))))


def prime_below(start, step=2):
    while not is_prime(start):
        start += step
    return start


def random_odd(size):
    return secrets.randbits(size) | 1 << (size - 1) | 1 << (size - 2) | 1


def keys():
    p256 = ec.generate_private_key(ec.SECP256R1())
    for name, key in (("p256", p256), ("p384", ec.generate_private_key(ec.SECP384R1())),
                      ("p521", ec.generate_private_key(ec.SECP521R1())),
                      ("ed25519", ed25519.Ed25519PrivateKey.generate()),
                      ("rsa2048", rsa.generate_private_key(65537, 2048)),
                      ("rsa3072", rsa.generate_private_key(65537, 3072)),
                      ("rsa4096", rsa.generate_private_key(65537, 4096))):
        good(f"good-{name}.der", "-", csr(key, attributes=[extension_request(SAN)]))
    return p256


def encodings(key):
    der = csr(key)
    good("good-lf.pem", 67, pem(der))
    good("good-crlf.pem", 67, pem(der, end="\r\n"))
    good("good-new-label.pem", 67, pem(der, "NEW CERTIFICATE REQUEST"))
    bad("random.der", 66, "csr_encoding", os.urandom(200))
    bad("empty.der", 66, "csr_encoding", b"")
    bad("two.pem", 66, "csr_encoding", pem(der) + pem(der))
    bad("trailing.der", 66, "csr_encoding", der + b"\0")
    inner = der[4:] if der[1] == 0x82 else der[3:]
    bad("indefinite.der", 66, "csr_encoding", b"\x30\x80" + inner + b"\0\0")
    bad("long-length.der", 66, "csr_encoding", b"\x30\x83" + len(inner).to_bytes(3, "big") + inner)
    bad("huge-length.der", 66, "csr_encoding", b"\x30\x84\x7f\xff\xff\xff" + inner)
    bad("truncated.der", 66, "csr_encoding", der[:-1])
    bad("label.pem", 67, "csr_encoding", pem(der, "CERTIFICATE"))
    bad("proc-type.pem", 67, "csr_encoding",
        pem(der).replace(b"-----\n", b"-----\nProc-Type: 4,ENCRYPTED\n\n", 1))
    good("text-before.pem", 67, b"Hello\n" + pem(der))  # RFC 7468 5.2; certtool does it
    bad("flipped.der", 69, "csr_proof_of_possession", csr(key, signature=lambda info: sign(key, info + b"x")))
    bad("unused-bits.der", 69, "csr_encoding",
        der.replace(b"\x03\x47\x00", b"\x03\x47\x01").replace(b"\x03\x48\x00", b"\x03\x48\x01")
        .replace(b"\x03\x49\x00", b"\x03\x49\x01").replace(b"\x03\x46\x00", b"\x03\x46\x01"))
    bad("version-1.der", 91, "csr_encoding", csr(key, version=1))


def forged_e1(info):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(info)
    info_der = bytes.fromhex("3031300d060960864801650304020105000420") + digest.finalize()
    return b"\0\1" + b"\xff" * (256 - 3 - len(info_der)) + b"\0" + info_der


def rsa_keys():
    n = random_odd(2048)
    bad("rsa-e1.der", 70, "key_exponent",
        csr(spki_der=rsa_spki(n, 1), algorithm=SHA256_RSA, signature=forged_e1), slug="key-blocked")
    bad("rsa-e3.der", 70, "key_exponent",
        csr(spki_der=rsa_spki(n, 3), algorithm=SHA256_RSA, signature=os.urandom(256)))
    for size in (512, 1024, 2047, 2056, 5120, 8192, 16384, 32768):
        bad(f"rsa-{size}.der", 72, "key_type",
            csr(spki_der=rsa_spki(random_odd(size)), algorithm=SHA256_RSA, signature=os.urandom(size // 8)))
    for name, value in (("even", n - 1), ("factor-3", n - n % 3 + (0 if (n - n % 3) % 2 else 3)),
                        ("square", prime_below(random_odd(1024)) ** 2)):
        bad(f"rsa-{name}.der", 74, "key_modulus",
            csr(spki_der=rsa_spki(value), algorithm=SHA256_RSA, signature=os.urandom(256)))
    p = prime_below(random_odd(1024))
    bad("rsa-fermat.der", 74, "key_fermat", csr(rsa_of_primes(p, prime_below(p + 2))))
    bad("rsa-roca.der", 75, "key_roca", csr(roca_key()))


def roca_key():
    m = 1
    for prime in [p for p in range(3, 168) if all(p % d for d in range(2, p))]:
        m *= prime
    def one():
        while True:
            low = pow(65537, secrets.randbelow(1 << 64), m)
            p = (random_odd(1024) // m) * m + low
            if p % 2 and p.bit_length() == 1024 and is_prime(p):
                return p
    while True:
        p, q = one(), one()
        if (p * q).bit_length() == 2048:
            return rsa_of_primes(p, q)


def curves(key):
    p256_oid = oid("1.2.840.10045.3.1.7")
    def ec_spki(point, params=p256_oid):
        return seq(seq(oid("1.2.840.10045.2.1"), params), bits(point))
    def ec_case(name, row, check, point, params=p256_oid):
        bad(name, row, check, csr(spki_der=ec_spki(point, params), algorithm=ECDSA_SHA256,
                                  signature=lambda info: sign(key, info)))
    numbers = key.public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    ec_case("ec-infinity.der", 82, "key_type", b"\0")
    ec_case("ec-off-curve.der", 82, "key_public_check", b"\4" + x + (numbers.y ^ 1).to_bytes(32, "big"))
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    ec_case("ec-x-too-big.der", 82, "key_public_check", b"\4" + (p + 1).to_bytes(32, "big") + y)
    ec_case("ec-compressed.der", 82, "key_type", bytes([2 + (numbers.y & 1)]) + x)
    explicit = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(p)),
                   seq(tlv(4, (p - 3).to_bytes(32, "big")), tlv(4, bytes.fromhex(
                       "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"))),
                   tlv(4, b"\4" + x + y),
                   integer(0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551), integer(1))
    ec_case("ec-explicit.der", 83, "key_type", b"\4" + x + y, explicit)
    ec_case("ec-no-parameters.der", 83, "key_type", b"\4" + x + y, b"")
    for name, o in (("secp256k1", "1.3.132.0.10"), ("p192", "1.2.840.10045.3.1.1"), ("p224", "1.3.132.0.33"),
                    ("brainpool", "1.3.36.3.3.2.8.1.1.7"), ("sect283k1", "1.3.132.0.16"),
                    ("sm2", "1.2.156.10197.1.301")):
        ec_case(f"ec-{name}.der", 84, "key_type", b"\4" + x + y, oid(o))


def other_keys(key):
    for name, other in (("dsa", dsa.generate_private_key(2048)), ("x25519", x25519.X25519PrivateKey.generate()),
                        ("ed448", ed448.Ed448PrivateKey.generate())):
        bad(f"key-{name}.der", 86, "key_type", csr(spki_der=spki(other), algorithm=ECDSA_SHA256,
                                                    signature=lambda info: sign(key, info)))
    pss = spki(rsa.generate_private_key(65537, 2048)).replace(
        seq(oid("1.2.840.113549.1.1.1"), NULL), seq(oid("1.2.840.113549.1.1.10")))
    inner = pss[4:]
    bad("key-rsa-pss.der", 86, "key_type", csr(spki_der=tlv(0x30, inner), algorithm=SHA256_RSA, signature=b"x"))
    bad("key-unknown.der", 86, "key_type",
        csr(spki_der=seq(seq(oid("2.16.840.1.101.3.4.3.18")), bits(os.urandom(1952))),
            algorithm=ECDSA_SHA256, signature=b"x"))


def signatures(key):
    rsa_key = rsa.generate_private_key(65537, 2048)
    for name, o, digest in (("md2", "2", None), ("md5", "4", hashes.MD5()), ("sha1", "5", hashes.SHA1())):
        signature = (lambda info, d=digest: sign(rsa_key, info, d)) if digest else os.urandom(256)
        bad(f"sig-rsa-{name}.der", 87, "csr_signature_algorithm",
            csr(rsa_key, algorithm=seq(oid("1.2.840.113549.1.1." + o), NULL), signature=signature))
    bad("sig-ecdsa-sha1.der", 87, "csr_signature_algorithm",
        csr(key, algorithm=seq(oid("1.2.840.10045.4.1")), signature=lambda info: sign(key, info, hashes.SHA1())))
    bad("sig-mismatch.der", 88, "csr_signature_algorithm",
        csr(key, algorithm=SHA256_RSA, signature=lambda info: sign(key, info)))
    bad("sig-pss.der", 88, "csr_signature_algorithm",
        csr(rsa_key, algorithm=seq(oid("1.2.840.113549.1.1.10"), seq(tlv(0xa2, integer(7)))),
            signature=lambda info: rsa_key.sign(info, padding.PSS(padding.MGF1(hashes.SHA256()), 7), hashes.SHA256())))
    bad("sig-params.der", 88, "csr_signature_algorithm",
        csr(key, algorithm=seq(oid("1.2.840.10045.4.3.2"), tlv(4, b"junk")), signature=lambda info: sign(key, info)))


def attributes(key):
    everything = [
        extension("2.5.29.19", seq(tlv(1, b"\xff"), integer(3)), True),
        extension("2.5.29.15", tlv(3, b"\1\6"), True),
        extension("2.5.29.37", seq(oid("2.5.29.37.0"))),
        extension("2.5.29.30", seq(tlv(0xa0, seq(tlv(0x82, b"example.com")))), True),
        extension("2.5.29.33", seq(seq(oid("1.2.3.4"), oid("1.2.3.5")))),
        extension("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.1"), tlv(0x86, b"http://evil.example/")))),
        extension("1.3.6.1.4.1.11129.2.4.3", NULL, True),
        extension("1.3.6.1.5.5.7.48.1.5", NULL),
        SAN]
    good("ext-everything.der", 89, csr(key, attributes=[extension_request(*everything)]))
    good("ext-50k.der", 89, csr(key, attributes=[extension_request(
        extension("1.2.3.4.5", tlv(4, bytes(50 << 10)), True))]))
    password = attribute("1.2.840.113549.1.9.7", tlv(0x0c, b"canary-challenge"))
    good("attr-password.der", 90, csr(key, attributes=[password, extension_request(SAN)]))
    good("attr-ms.der", 90, csr(key, attributes=[attribute("1.3.6.1.4.1.311.13.2.3", tlv(0x16, b"10.0.1"))]))
    bad("attr-two-requests.der", 90, "csr_encoding",
        csr(key, attributes=[extension_request(SAN), extension_request(everything[1])]))
    bad("attr-two-passwords.der", 90, "csr_encoding", csr(key, attributes=[password, password]))
    bad("attr-two-values.der", 90, "csr_encoding", csr(key, attributes=[
        seq(oid("1.2.840.113549.1.9.14"), set_of(seq(SAN), seq(everything[1])))]))
    bad("ext-twice.der", 90, "csr_encoding", csr(key, attributes=[extension_request(SAN, SAN)]))
    bad("attr-unsorted.der", 66, "csr_encoding",
        csr(key, attributes=sorted([password, extension_request(SAN)], reverse=True), sort=False))


def subjects(key):
    def subject(name, row, *rdns):
        bad(name, row, "csr_encoding", csr(key, subject=seq(*rdns)))
    subject("cn-nul.der", 92, rdn(b"good.example\0.evil"))
    subject("cn-bmp.der", 92, rdn("good.example".encode("utf-16-be"), 0x1e))
    subject("cn-universal.der", 92, rdn("good.example".encode("utf-32-be"), 0x1c))
    subject("cn-t61.der", 92, rdn(b"good.example", 0x14))
    subject("cn-not-utf8.der", 92, rdn(b"good\xff.example"))
    subject("cn-long.der", 93, rdn(b"a" * 65))
    subject("cn-empty.der", 93, rdn(b""))
    subject("cn-spaces.der", 93, rdn(b"   "))
    subject("cn-ten.der", 93, *[rdn(b"%d.example.com" % i) for i in range(10)])
    subject("rdn-multi.der", 93, set_of(seq(oid("2.5.4.3"), tlv(0x0c, b"a")), seq(oid("2.5.4.10"), tlv(0x0c, b"b"))))
    good("subject-empty.der", 93, csr(key, subject=seq(), attributes=[extension_request(SAN)]))


def main():
    key = keys()
    encodings(key)
    rsa_keys()
    curves(key)
    other_keys(key)
    signatures(key)
    attributes(key)
    subjects(key)
    with open(HERE / "expected.tsv", "w") as out:
        for row in ROWS:
            out.write("\t".join(str(field) for field in row) + "\n")


if __name__ == "__main__":
    main()
