"""CSRs of every tool and key we promise, and certificates that every parser reads alike."""
import pathlib
import re
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID, NameOID

from support.keys import make_csr, make_key, spki_sha256

KINDS = ["RSA:2048", "RSA:3072", "RSA:4096", "EC:P-256", "EC:P-384", "EC:P-521"]
SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, timeout=60, **options).stdout


def by_openssl(kind, form, folder):
    algorithm, detail = kind.split(":")
    option = f"rsa_keygen_bits:{detail}" if algorithm == "RSA" else f"ec_paramgen_curve:{detail}"
    return run("openssl", "req", "-new", "-newkey", algorithm.lower(), "-pkeyopt", option, "-nodes",
               "-subj", "/CN=openssl", "-keyout", folder / "key.pem", "-outform", form.upper())


def by_certtool(kind, form, folder):
    algorithm, detail = kind.split(":")
    if algorithm == "RSA":
        wanted = ["--key-type", "rsa", "--bits", detail]
    else:
        wanted = ["--key-type", "ecdsa", "--curve", "secp" + detail[2:] + "r1"]
    (folder / "template").write_text("cn = certtool\n")
    run("certtool", "--generate-privkey", *wanted, "--outfile", folder / "key.pem")
    form_option = ["--outder"] if form == "der" else []
    run("certtool", "--generate-request", "--load-privkey", folder / "key.pem", "--template",
        folder / "template", "--outfile", folder / "csr", *form_option)
    return (folder / "csr").read_bytes()


def by_python(kind, form, folder):
    csr = make_csr(make_key(kind), form=form)
    return csr if isinstance(csr, bytes) else csr.encode()


def by_webcrypto(kind, form, folder):
    der = run("node", SUPPORT / "webcrypto_csr.mjs", kind)
    return der if form == "der" else run("openssl", "req", "-inform", "DER", input=der)


MAKERS = {"openssl": by_openssl, "certtool": by_certtool, "python": by_python, "webcrypto": by_webcrypto}


@pytest.fixture(scope="module")
def draft(journey):
    """One draft; the CSRs replace each other in it."""
    return journey.request()


@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maker", MAKERS)
def test_csr_of_every_tool(maker, kind, form, draft, caller_subscriber, tmp_path):
    """A CSR of every tool, key and form is taken, and its key is named in the request."""
    csr = MAKERS[maker](kind, form, tmp_path)
    path = f"/v1/reissue-requests/{draft['id']}"
    media = "application/pkcs10" if form == "der" else "application/x-pem-file"
    after = caller_subscriber.put(f"{path}/csr", data=csr, headers={"Content-Type": media}).expect(200)
    algorithm, detail = kind.split(":")
    assert after["key"]["algorithm"] == algorithm
    assert after["key"]["curve"] == (detail if algorithm == "EC" else None)
    assert after["key"]["size"] == int(detail.removeprefix("P-"))
    load = x509.load_der_x509_csr if form == "der" else x509.load_pem_x509_csr
    assert after["key"]["spki_sha256"] == spki_sha256(load(csr).public_key())
    assert {check["result"] for check in after["checks"]} <= {"pass", "not_applicable"}


@pytest.fixture(scope="module")
def issued(journey, caller_subscriber, tmp_path_factory):
    """One reissued certificate as files: leaf.pem, leaf.der, chain.pem, and its JSON."""
    request = journey.issued()
    folder = tmp_path_factory.mktemp("issued")
    path = f"/v1/certificates/{request['new_certificate_id']}"
    for form in ("pem", "der", "chain", "p7b"):
        answer = caller_subscriber.get(f"{path}?format={form}").expect(200)
        (folder / f"leaf.{form}").write_bytes(answer.content)
    return folder, caller_subscriber.get(path).expect(200).json


def test_openssl_verifies_strictly(issued, instance):
    """openssl verify -x509_strict has nothing to say against the new certificate."""
    folder, _ = issued
    out = run("openssl", "verify", "-x509_strict", "-CAfile", instance["CA_CERT"], "-untrusted",
              folder / "leaf.chain", folder / "leaf.pem").decode()
    assert out.rstrip().endswith(": OK")


def test_forms_hold_the_same_certificate(issued):
    """PEM, DER, chain and PKCS#7 hold the same leaf, byte for byte."""
    folder, _ = issued
    der = (folder / "leaf.der").read_bytes()
    assert run("openssl", "x509", "-in", folder / "leaf.pem", "-outform", "DER") == der
    assert run("openssl", "x509", "-in", folder / "leaf.chain", "-outform", "DER") == der
    text = run("openssl", "pkcs7", "-inform", "DER", "-in", folder / "leaf.p7b", "-print_certs")
    first = re.search(rb"-----BEGIN.*?END CERTIFICATE-----\n", text, re.S).group()
    assert run("openssl", "x509", "-outform", "DER", input=first) == der
    assert text.count(b"BEGIN CERTIFICATE") == (folder / "leaf.chain").read_bytes().count(b"BEGIN CERTIFICATE")


def test_python_reads_what_the_json_says(issued):
    """python3-cryptography finds serial, names, key, times and fingerprint as the JSON tells them."""
    folder, told = issued
    leaf = x509.load_der_x509_certificate((folder / "leaf.der").read_bytes())
    assert f"{leaf.serial_number:x}" == told["serial"].lstrip("0")
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == told["subject"]["common_name"]
    assert leaf.not_valid_before.strftime("%Y-%m-%dT%H:%M:%SZ") == told["not_before"]
    assert leaf.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ") == told["not_after"]
    assert spki_sha256(leaf.public_key()) == told["key"]["spki_sha256"]
    assert "sha256:" + leaf.fingerprint(hashes.SHA256()).hex() == told["fingerprint_sha256"]
    assert leaf.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value.ca is False


def test_gnutls_reads_what_the_json_says(issued):
    """certtool reads the same serial and names and finds no fault."""
    folder, told = issued
    text = run("certtool", "--certificate-info", "--infile", folder / "leaf.pem").decode()
    assert f"Serial Number (hex): {told['serial']}" in text
    assert f"CN={told['subject']['common_name']}" in text
    assert "error" not in text.lower()


def test_nss_reads_what_the_json_says(issued, instance, tmp_path):
    """NSS takes the chain into its database and reads the same names and serial."""
    folder, told = issued
    if not shutil.which("certutil"):
        pytest.fail("certutil is missing: libnss3-tools stands in tests/apt-test.txt")
    store = f"sql:{tmp_path}"
    run("certutil", "-N", "-d", store, "--empty-password")
    run("certutil", "-A", "-d", store, "-n", "root", "-t", "C,,", "-i", instance["CA_CERT"])
    run("certutil", "-A", "-d", store, "-n", "leaf", "-t", ",,", "-i", folder / "leaf.pem")
    text = run("certutil", "-L", "-d", store, "-n", "leaf").decode()
    assert f"CN={told['subject']['common_name']}" in text.replace('"', "")
    serial = re.sub(r"[\s:]", "", re.search(r"Serial Number:\s*((?:[0-9a-f]{2}:?\s*)+)", text).group(1))
    assert serial.lstrip("0") == told["serial"].lstrip("0")
