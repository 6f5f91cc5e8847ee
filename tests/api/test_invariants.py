"""Invariants of 7.1 that no other file is about: serials, sources, what a CSR may not smuggle in."""
import collections
import concurrent.futures
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from support.foreign import foreign_pem
from support.keys import make_csr, make_key

SERIALS = int(os.environ.get("SERIALS", 150))


@pytest.mark.invariant(5, 6)
@pytest.mark.concurrency
def test_serials_are_random_and_never_twice(journey, instance, caller_officer):
    """Serials of all replicas are unique, positive, of 159 bits, without pattern: each bit is set about half the time."""
    owner, profile = journey.user_id(journey.callers["subscriber"]), instance["PROFILE_DESKTOP_ID"]
    urls = instance.base_urls

    def enrol(n):
        return int(caller_officer.at(urls[n % len(urls)]).post("/v1/certificates", {
            "profile_id": profile, "csr": make_csr(make_key()), "owner_id": owner,
            "subject": {"common_name": f"Serial {n}"}}).expect(201)["serial"], 16)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        serials = list(pool.map(enrol, range(SERIALS)))
    assert len(set(serials)) == SERIALS
    assert all(0 < serial < 1 << 159 for serial in serials)
    # Five standard deviations: one false alarm in ten thousand runs over all bits.
    bound = 5 * (SERIALS ** 0.5) / 2
    for bit in range(159):
        ones = sum(serial >> bit & 1 for serial in serials)
        assert abs(ones - SERIALS / 2) < bound, f"bit {bit} is set {ones} times of {SERIALS}"
    # Neither a prefix nor a suffix of 32 bits is shared, and no order: the next one is greater half the time.
    for part in (127, 0):
        prefixes = collections.Counter(serial >> part & 0xffffffff for serial in serials)
        assert prefixes.most_common(1)[0][1] <= 2, "serials share 32 bits"
    greater = sum(after > before for before, after in zip(serials, serials[1:]))
    assert abs(greater - SERIALS / 2) < bound
    assert max(collections.Counter(serial.bit_length() for serial in serials)) == 159


@pytest.mark.invariant(13)
@pytest.mark.parametrize("state,code", [("issued", None), ("revoked", None), ("suspended", "certificate-suspended"),
                                        ("expired", "not-eligible")])
def test_what_may_be_reissued(journey, callers, instance, state, code):
    """Issued and revoked certificates may be reissued, suspended ones never, expired ones where the profile says."""
    profile = journey.profile(eligible=["issued", "revoked"])
    if state == "expired":
        certificate = callers["officer"].post("/v1/certificates/import", {
            "pem": foreign_pem(days=-10), "profile_id": profile,
            "owner_id": journey.user_id(callers["subscriber"])}).expect(201)
    else:
        certificate = journey.certificate(profile_id=profile)
    if state in ("revoked", "suspended"):
        verb, body = ("revoke", {"reason": "superseded"}) if state == "revoked" else ("suspend", {})
        callers["officer"].post(f"/v1/certificates/{certificate['id']}/{verb}", body).expect(200)
    answer = callers["subscriber"].post("/v1/reissue-requests", {"certificate_id": certificate["id"],
                                                                 "reason": "key_lost"})
    answer.expect(409 if code else 201, code)


@pytest.mark.invariant(13)
def test_an_expired_certificate_where_the_profile_says(journey, callers):
    """With `expired` among the profile's eligible states an expired certificate may be reissued."""
    profile = journey.profile(eligible=["issued", "revoked", "expired"])
    certificate = callers["officer"].post("/v1/certificates/import", {
        "pem": foreign_pem(days=-10, san=()), "profile_id": profile,
        "owner_id": journey.user_id(callers["subscriber"])}).expect(201)
    callers["subscriber"].post("/v1/reissue-requests", {"certificate_id": certificate["id"],
                                                        "reason": "key_lost"}).expect(201)


SMUGGLED = [
    (x509.BasicConstraints(True, 0), True),
    (x509.KeyUsage(True, True, True, True, True, True, True, False, False), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False),
    (x509.SubjectAlternativeName([x509.DNSName("smuggled.example.com")]), False),
    (x509.NameConstraints([x509.DNSName("example.com")], None), True),
    (x509.PrecertPoison(), True),
    (x509.OCSPNoCheck(), False),
    (x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)]), False),
]


@pytest.mark.invariant(26, 20)
@pytest.mark.rows(89, 95)
def test_nothing_is_copied_from_the_csr(journey, caller_subscriber):
    """Of a CSR that asks for everything only the key is taken; all else comes from request and profile."""
    plain = journey.issued()
    csr = make_csr(make_key(), common_name="smuggled.example.com", extensions=SMUGGLED)
    request = journey.issued(csr=csr)
    path = f"/v1/reissue-requests/{request['id']}"
    issued = x509.load_der_x509_certificate(caller_subscriber.get(f"{path}/certificate?format=der").expect(200).content)
    other = x509.load_der_x509_certificate(
        caller_subscriber.get(f"/v1/reissue-requests/{plain['id']}/certificate?format=der").expect(200).content)
    assert b"smuggled" not in issued.public_bytes(Encoding.DER)
    assert sorted(e.oid.dotted_string for e in issued.extensions) == sorted(e.oid.dotted_string for e in other.extensions)
    assert issued.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value.ca is False
    for oid in (ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE):
        assert issued.extensions.get_extension_for_oid(oid).value == other.extensions.get_extension_for_oid(oid).value
    told = caller_subscriber.get(path).expect(200)["ignored"]
    assert told, "what was left out is told"


@pytest.mark.invariant(9)
def test_what_the_rules_refuse_is_never_signed(journey, instance, caller_subscriber):
    """A request whose names the rule set refuses is 409 with its blockers, and no signature is made for it."""
    certificate = journey.revoked(profile_id=journey.profile())
    path = f"/v1/profiles/{certificate['profile_id']}"
    request = journey.request(certificate, csr=make_csr(make_key()))
    journey.callers["enterprise_admin"].patch(path, {"key_policy": ["RSA:2048"]}).expect(200)
    refused = caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready")
    assert refused.blockers()
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM issuance WHERE request_id = %s", (request["id"],))
        assert cursor.fetchone() == (0,)
