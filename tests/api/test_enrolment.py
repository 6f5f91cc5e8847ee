"""Enrolment: a first certificate by the same checks and engine as a reissue."""
import concurrent.futures
import subprocess
import uuid

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from support.keys import make_csr, make_key


@pytest.fixture
def body(instance, journey, caller_subscriber):
    return {"profile_id": instance["PROFILE_DESKTOP_ID"], "owner_id": journey.user_id(caller_subscriber),
            "csr": make_csr(make_key()), "subject": {"common_name": f"Enrol {uuid.uuid4().hex[:10]}", "country": "gb"},
            "san": [{"type": "email", "value": "Jane@EXAMPLE.com"}, {"type": "dns", "value": "WWW.Example.com."}]}


def test_what_was_asked_is_what_is_issued(body, instance, caller_officer, caller_subscriber, tmp_path):
    made = caller_officer.post("/v1/certificates", body).expect(201)
    assert made["subject"] == {"common_name": body["subject"]["common_name"], "country": "GB"}
    assert made["san"] == [{"type": "email", "value": "Jane@example.com"}, {"type": "dns", "value": "www.example.com"}]
    chain = tmp_path / "chain.pem"
    chain.write_text(caller_subscriber.get(f"/v1/certificates/{made['id']}?format=chain").expect(200).text)
    leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == body["subject"]["common_name"]
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName) == ["www.example.com"]
    assert leaf.serial_number == int(made["serial"], 16)
    subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", instance["CA_CERT"], "-untrusted", chain, chain],
                   check=True, capture_output=True)
    events = [one["action"] for one in caller_subscriber.get(f"/v1/certificates/{made['id']}/events")["items"]]
    assert events == ["certificate.enrolled", "certificate.issued"]


@pytest.mark.invariant(22, 23)
def test_a_key_is_certified_once(body, caller_officer):
    caller_officer.post("/v1/certificates", body).expect(201)
    caller_officer.post("/v1/certificates", body).expect(422, "key-reused")


@pytest.mark.invariant(30)
def test_an_idempotency_key_gives_one_certificate(body, caller_officer, caller_subscriber):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = caller_officer.post("/v1/certificates", body, headers=key).expect(201)
    again = caller_officer.post("/v1/certificates", body, headers=key).expect(201)
    assert again["id"] == first["id"] and again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.invariant(25)
@pytest.mark.parametrize("validity, pointer", [
    ({"mode": "days", "days": 0}, "/validity/days"), ({"mode": "days", "days": 100000}, "/validity/days"),
    ({"mode": "days"}, "/validity"), ({"mode": "not_after", "not_after": "2020-01-01T00:00:00Z"}, "/validity"),
    ({"mode": "not_after", "not_after": "9999-12-31T23:59:59Z"}, "/validity"), ({"mode": "for ever"}, "/validity/mode"),
])
def test_validity_is_bounded(validity, pointer, body, caller_officer):
    answer = caller_officer.post("/v1/certificates", {**body, "validity": validity}, checked=False).expect(422)
    assert answer.pointers() == [pointer]


@pytest.mark.rows(92, 93, 96, 98, 99, 101, 102, 104)
@pytest.mark.parametrize("change, pointer", [
    ({"subject": {"common_name": "x" * 65}}, "/subject/common_name"),
    ({"subject": {"common_name": " "}}, "/subject/common_name"),
    ({"subject": {"common_name": "a\u202eb"}}, "/subject/common_name"),
    ({"subject": {"nick": "a"}}, "/subject/nick"),
    ({"san": [{"type": "dns", "value": "a_b.example.com"}]}, "/san/0/value"),
    ({"san": [{"type": "dns", "value": "*.co.uk"}]}, "/san/0/value"),
    ({"san": [{"type": "ip", "value": "010.1.1.1"}]}, "/san/0/value"),
    ({"san": [{"type": "dns", "value": "xn--a.example.com"}]}, "/san/0/value"),
    ({"san": [{"type": "directory_name", "value": "CN=a"}]}, "/san/0/type"),
])
def test_names_are_judged(change, pointer, body, caller_officer):
    answer = caller_officer.post("/v1/certificates", {**body, **change}, checked=False).expect(422)
    assert answer.pointers() == [pointer]


def test_a_public_profile_wants_public_names(body, journey, instance, caller_officer):
    tls = {**body, "profile_id": instance["PROFILE_TLS_ID"]}
    answer = caller_officer.post("/v1/certificates", {
        **tls, "subject": {"common_name": "x.internal"}, "san": [{"type": "dns", "value": "x.internal"}]}).expect(422)
    assert answer.pointers() == ["/san/0/value"]
    answer = caller_officer.post("/v1/certificates", {
        **tls, "subject": {"common_name": "a.example.com"}, "san": [{"type": "dns", "value": "b.example.com"}]})
    assert answer.expect(422).pointers() == ["/subject/common_name"]


def test_blockers_come_all_at_once(body, journey, caller_officer):
    profile = journey.profile(active=False, caa="required")
    answer = caller_officer.post("/v1/certificates", {**body, "profile_id": profile}).expect(409, "not-ready")
    assert answer.blockers()[0] == "profile-inactive" and len(answer.blockers()) > 1, answer.blockers()


def test_dual_control_has_no_enrolment(body, journey, caller_officer):
    profile = journey.profile(vetting=True, dual_control=True)
    caller_officer.post("/v1/certificates", {**body, "profile_id": profile}).expect(409, "dual-control-required")


def test_who_enrols(body, caller_subscriber, caller_auditor, caller_officer_other):
    for caller in (caller_subscriber, caller_auditor):
        caller.post("/v1/certificates", body).expect(403)
    assert caller_officer_other.post("/v1/certificates", body).expect(422).pointers() == ["/profile_id"]


@pytest.mark.concurrency
def test_enrolments_at_once(body, caller_officer):
    """Enrolments whose last statements meet in one batch of the committer each give a certificate."""
    bodies = [{**body, "csr": make_csr(make_key())} for _ in range(96)]
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        made = list(pool.map(lambda one: caller_officer.post("/v1/certificates", one).expect(201)["id"], bodies))
    assert len(set(made)) == len(bodies)
