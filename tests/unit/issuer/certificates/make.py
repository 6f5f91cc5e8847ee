#!/usr/bin/env python3
"""Makes certificates with one defect each, and expected.tsv: file, rule of the linter that must find it.

good-*.der break no rule. The DER is put together by hand (see ../corpus/make.py); the signature is a
real one, but by a key nobody knows.
"""
import hashlib
import pathlib
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "corpus"))
from make import (ECDSA_SHA256, NULL, bits, extension, integer, oid, rdn, rsa_spki, seq, spki, tlv)  # noqa: E402

KEY = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
CA = ec.generate_private_key(ec.SECP256R1())
BIT_BYTES = spki(KEY)[-65:]
SKI = hashlib.sha1(BIT_BYTES).digest()
SERVER = oid("1.3.6.1.5.5.7.3.1")


def utc(text):
    return tlv(0x17, text.encode())


def wide(text):
    return tlv(0x18, text.encode())


def san(*names):
    return extension("2.5.29.17", seq(*[tlv(tag, value) for tag, value in names]))


def http_uri(text):
    return tlv(0x86, text.encode())


def base():
    return {
        "version": tlv(0xa0, integer(2)), "serial": integer(int.from_bytes(b"\x5a" + bytes(range(1, 20)), "big")),
        "inner": ECDSA_SHA256, "outer": ECDSA_SHA256, "issuer": seq(rdn(b"Issuer")),
        "validity": seq(utc("261101000000Z"), utc("261201000000Z")),
        "subject": seq(rdn(b"DE", 0x13, "2.5.4.6"), rdn(b"www.example.com")), "spki": spki(KEY), "unique": b"",
        "basic": extension("2.5.29.19", seq(), True), "usage": extension("2.5.29.15", tlv(3, b"\7\x80"), True),
        "eku": extension("2.5.29.37", seq(SERVER)), "san": san((0x82, b"www.example.com")),
        "ski": extension("2.5.29.14", tlv(4, SKI)), "aki": extension("2.5.29.35", seq(tlv(0x80, bytes(20)))),
        "policies": extension("2.5.29.32", seq(seq(oid("2.23.140.1.2.1")))),
        "cdp": extension("2.5.29.31", seq(seq(tlv(0xa0, tlv(0xa0, http_uri("http://ca.example.net/crl")))))),
        "aia": extension("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.2"), http_uri("http://ca.example.net/ca")))),
        "more": b"",
    }


def certificate(**changes):
    c = base() | changes
    extensions = b"".join(c[n] for n in ("basic", "usage", "eku", "san", "ski", "aki", "policies", "cdp", "aia", "more"))
    extensions = c.get("extensions", tlv(0xa3, seq(extensions)))
    tbs = seq(c["version"], c["serial"], c["inner"], c["issuer"], c["validity"], c["subject"], c["spki"],
              c["unique"], extensions)
    return seq(tbs, c["outer"], bits(CA.sign(tbs, ec.ECDSA(hashes.SHA256()))))


def subject(*rdns):
    return seq(*rdns)


SHA1 = seq(oid("1.2.840.10045.4.1"))
DNS, MAIL, URI, IP = 0x82, 0x81, 0x86, 0x87
P224 = seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.33")), bits(b"\4" + bytes(56)))
CASES = [
    ("-", {}),
    ("-", {"version": tlv(0xa0, integer(2)), "validity": seq(utc("491201000000Z"), wide("20500101000000Z"))} | {}),
    ("-", {"spki": spki(RSA), "ski": extension("2.5.29.14", tlv(4, hashlib.sha1(spki(RSA)[24:]).digest()))}),
    ("-", {"subject": seq(), "san": extension("2.5.29.17", seq(tlv(DNS, b"*.example.com"), tlv(IP, bytes([192, 0, 2, 1]))), True)}),
    ("version-3", {"version": tlv(0xa0, integer(1))}),
    ("no-unique-ids", {"unique": tlv(0x81, b"\0\1")}),
    ("algorithm-same", {"outer": seq(oid("1.2.840.10045.4.3.3"))}),
    ("algorithm-known", {"inner": SHA1, "outer": SHA1}),
    ("serial-positive", {"serial": tlv(2, b"\x80" + bytes(19))}),
    ("serial-positive", {"serial": integer(0)}),
    ("serial-length", {"serial": tlv(2, b"\x01" + bytes(20))}),
    ("serial-random", {"serial": integer(1)}),
    ("issuer-present", {"issuer": seq()}),
    ("subject-attributes", {"subject": seq(tlv(0x31, seq(oid("2.5.4.3"))))}),
    ("subject-strings", {"subject": seq(rdn("www.example.com".encode("utf-16-be"), 0x1e))}),
    ("subject-lengths", {"subject": seq(rdn(b"a" * 65))}),
    ("subject-clean", {"subject": seq(rdn(b"www.example.com\0.evil"))}),
    ("subject-clean", {"subject": seq(rdn(b"  "))}),
    ("subject-country", {"subject": seq(rdn(b"DEU", 0x13, "2.5.4.6"))}),
    ("subject-country", {"subject": seq(rdn(b"DE", 0x0c, "2.5.4.6"))}),
    ("subject-or-san", {"subject": seq()}),
    ("validity-order", {"validity": seq(utc("261201000000Z"), utc("261101000000Z"))}),
    ("validity-form", {"validity": seq(utc("261101000000Z"), wide("20261201000000Z"))}),
    ("key-kind", {"spki": P224}),
    ("key-exponent", {"spki": rsa_spki(RSA.public_key().public_numbers().n, 3)}),
    ("key-modulus", {"spki": rsa_spki((1 << 2047) + 2)}),
    ("extensions-present", {"extensions": b""}),
    ("extensions-once", {"more": extension("2.5.29.37", seq(SERVER))}),
    ("extensions-der", {"more": extension("1.2.3.4", b"\x30\x80\0\0")}),
    ("extensions-critical", {"more": extension("1.2.3.4", NULL, True)}),
    ("extensions-ca-only", {"more": extension("2.5.29.30", seq(tlv(0xa0, seq(tlv(DNS, b"example.com")))), True)}),
    ("basic-constraints", {"basic": extension("2.5.29.19", seq(tlv(1, b"\0")), True)}),
    ("basic-constraints-critical", {"basic": extension("2.5.29.19", seq())}),
    ("key-usage-present", {"usage": b""}),
    ("key-usage-leaf", {"usage": extension("2.5.29.15", tlv(3, b"\2\x84"), True)}),
    ("key-usage-key", {"usage": extension("2.5.29.15", tlv(3, b"\5\xa0"), True)}),
    ("eku-present", {"eku": b""}),
    ("eku-any", {"eku": extension("2.5.29.37", seq(SERVER, oid("2.5.29.37.0")))}),
    ("eku-once", {"eku": extension("2.5.29.37", seq(SERVER, SERVER))}),
    ("ski-present", {"ski": b""}),
    ("ski-key", {"ski": extension("2.5.29.14", tlv(4, bytes(20)))}),
    ("aki-present", {"aki": b""}),
    ("policies-once", {"policies": extension("2.5.29.32", seq(seq(oid("1.2.3")), seq(oid("1.2.3"))))}),
    ("cdp-http", {"cdp": extension("2.5.29.31", seq(seq(tlv(0xa0, tlv(0xa0, http_uri("ldap://ca.example.net"))))))}),
    ("aia-http", {"aia": extension("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.2"), http_uri("file:///etc"))))}),
    ("san-names", {"san": extension("2.5.29.17", seq())}),
    ("san-once", {"san": san((DNS, b"www.example.com"), (DNS, b"www.example.com"))}),
    ("san-dns-labels", {"san": san((DNS, b"www.example.com"), (DNS, b"a" * 64 + b".example.com"))}),
    ("san-dns-labels", {"san": san((DNS, b"www.example.com"), (DNS, b"a..example.com"))}),
    ("san-dns-labels", {"san": san((DNS, b"www.example.com"), (DNS, b"-a.example.com"))}),
    ("san-dns-labels", {"san": san((DNS, b"www.example.com"), (DNS, b"example.com."))}),
    ("san-dns-underscore", {"san": san((DNS, b"www.example.com"), (DNS, b"a_b.example.com"))}),
    ("san-dns-lower", {"san": san((DNS, b"www.example.com"), (DNS, b"WWW.example.org"))}),
    ("san-dns-wildcard", {"san": san((DNS, b"www.example.com"), (DNS, b"*.com"))}),
    ("san-dns-wildcard", {"san": san((DNS, b"www.example.com"), (DNS, b"a.*.example.com"))}),
    ("san-dns-wildcard", {"san": san((DNS, b"www.example.com"), (DNS, b"f*.example.com"))}),
    ("san-dns-ip", {"san": san((DNS, b"www.example.com"), (DNS, b"192.0.2.1"))}),
    ("san-ip", {"san": san((DNS, b"www.example.com"), (IP, bytes(5)))}),
    ("san-email", {"san": san((DNS, b"www.example.com"), (MAIL, b"nobody"))}),
    ("san-uri", {"san": san((DNS, b"www.example.com"), (URI, b"/relative"))}),
    ("tls-san", {"san": b"", "subject": seq(rdn(b"Example", 0x0c, "2.5.4.10"))}),
    ("tls-common-name", {"subject": seq(rdn(b"other.example.com"))}),
    ("tls-internal-name", {"san": san((DNS, b"www.example.com"), (DNS, b"printer.local"))}),
    ("tls-validity", {"validity": seq(utc("260101000000Z"), utc("260720000000Z"))}),
]


def main():
    with open(HERE / "expected.tsv", "w") as table:
        for number, (rule, changes) in enumerate(CASES):
            name = f"{number:02d}-{'good' if rule == '-' else rule}.der"
            (HERE / name).write_bytes(certificate(**changes))
            table.write(f"{name}\t{rule}\n")


main()
