"""Certificates: import, reading, forms, owners, suspension."""
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from support.foreign import foreign_pem


@pytest.fixture
def imported(journey, instance, caller_officer, caller_subscriber):
    """Imports a foreign certificate for the subscriber."""
    owner = journey.user_id(caller_subscriber)

    def make(pem=None, profile=None, **more):
        body = {"pem": pem or foreign_pem(), "profile_id": profile or instance["PROFILE_DESKTOP_ID"],
                "owner_id": owner, **more}
        return caller_officer.post("/v1/certificates/import", body).expect(201).json
    return make


def test_import_tells_what_the_bytes_say(imported, caller_subscriber):
    pem = foreign_pem("Imported Name", ("a.example.com", "b.example.com"))
    certificate = imported(pem)
    leaf = x509.load_pem_x509_certificate(pem.encode())
    assert certificate["source"] == "imported" and certificate["status"] == "issued"
    assert int(certificate["serial"], 16) == leaf.serial_number
    assert certificate["subject"] == {"common_name": "Imported Name"}
    assert [name["value"] for name in certificate["san"]] == ["a.example.com", "b.example.com"]
    assert certificate["lineage"] == {"id": certificate["id"], "generation": 1, "replaces_id": None,
                                      "replaced_by_id": None}
    assert caller_subscriber.get(f"/v1/certificates/{certificate['id']}").expect(200)["id"] == certificate["id"]


def test_a_known_serial_is_a_conflict_that_names_ours(imported, instance, journey, caller_officer,
                                                     caller_subscriber):
    pem = foreign_pem()
    certificate = imported(pem)
    answer = caller_officer.post("/v1/certificates/import", {
        "pem": pem, "profile_id": instance["PROFILE_DESKTOP_ID"],
        "owner_id": journey.user_id(caller_subscriber)}).expect(409, "already-exists")
    assert answer["conflicting_resource"]["id"] == certificate["id"]


@pytest.mark.parametrize("pem", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(pem, instance, journey, caller_officer, caller_subscriber):
    caller_officer.post("/v1/certificates/import", {
        "pem": pem, "profile_id": instance["PROFILE_DESKTOP_ID"],
        "owner_id": journey.user_id(caller_subscriber)}).expect(422, "bad-certificate")


def test_a_ca_certificate_is_refused(instance, journey, caller_officer, caller_subscriber):
    caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(ca=True), "profile_id": instance["PROFILE_DESKTOP_ID"],
        "owner_id": journey.user_id(caller_subscriber)}).expect(422, "bad-certificate")


def test_all_faults_of_an_import_at_once(caller_officer):
    answer = caller_officer.post("/v1/certificates/import", {"pem": 7, "status": "issued"}).expect(422)
    assert set(answer.pointers()) == {"/pem", "/status", "/profile_id", "/owner_id"}


def test_four_forms_of_one_certificate(imported, caller_subscriber):
    pem = foreign_pem(chain=True)
    path = f"/v1/certificates/{imported(pem)['id']}"
    leaf = x509.load_pem_x509_certificate(pem.encode())
    der = caller_subscriber.get(path, headers={"Accept": "application/pkix-cert"}).expect(200)
    assert x509.load_der_x509_certificate(der.content) == leaf
    chain = caller_subscriber.get(path, headers={"Accept": "application/pem-certificate-chain"}).expect(200)
    assert chain.text == pem
    assert caller_subscriber.get(path + "?format=pem").expect(200).text + \
        caller_subscriber.get(path + "/chain").expect(200).text == pem
    bundle = caller_subscriber.get(path + "?format=p7b").expect(200)
    assert leaf in pkcs7.load_der_pkcs7_certificates(bundle.content)
    assert len(pkcs7.load_der_pkcs7_certificates(bundle.content)) == 2
    caller_subscriber.get(path, headers={"Accept": "text/html"}).expect(406, "not-acceptable")
    caller_subscriber.get(path + "?format=doc").expect(400, "bad-query")


def test_a_form_that_is_known_is_not_sent_again(imported, caller_subscriber):
    path = f"/v1/certificates/{imported()['id']}"
    tag = caller_subscriber.get(path).expect(200).headers["ETag"]
    caller_subscriber.get(path, headers={"If-None-Match": tag}).expect(304)


def test_an_import_without_chain_has_none(imported, caller_subscriber):
    caller_subscriber.get(f"/v1/certificates/{imported()['id']}/chain").expect(404)


@pytest.mark.invariant(10)
def test_strangers_see_nothing(imported, caller_subscriber_b, caller_subscriber2, caller_officer_other):
    path = f"/v1/certificates/{imported()['id']}"
    absent = f"/v1/certificates/{uuid.uuid4()}"
    for caller in (caller_subscriber_b, caller_subscriber2, caller_officer_other):
        for tail in ("", "/events", "/lineage", "/chain"):
            assert caller.get(path + tail).expect(404)["detail"] == caller.get(absent + tail).expect(404)["detail"]


def test_suspend_and_release(imported, caller_officer, caller_subscriber):
    path = f"/v1/certificates/{imported()['id']}"
    caller_subscriber.post(path + "/suspend").expect(403, "forbidden")
    assert caller_officer.post(path + "/suspend").expect(200)["status"] == "suspended"
    answer = caller_officer.post(path + "/suspend").expect(409, "wrong-state")
    assert answer["current_status"] == "suspended"
    assert "reissue" in [one["action"] for one in caller_subscriber.get(path)["unavailable_actions"]]
    assert caller_officer.post(path + "/release").expect(200)["status"] == "issued"
    events = [event["action"] for event in caller_subscriber.get(path + "/events").expect(200)["items"]]
    assert events == ["certificate.imported", "certificate.suspended", "certificate.released"]


def test_the_rule_set_forbids_suspension(imported, instance, caller_officer):
    certificate = imported(profile=instance["PROFILE_TLS_ID"])
    caller_officer.post(f"/v1/certificates/{certificate['id']}/suspend").expect(409, "suspension-forbidden")


@pytest.mark.invariant(40)
def test_of_two_editors_the_second_gets_412(imported, caller_officer):
    path = f"/v1/certificates/{imported()['id']}"
    tag = caller_officer.get(path).expect(200).headers["ETag"]
    caller_officer.post(path + "/suspend", headers={"If-Match": tag}).expect(200)
    caller_officer.post(path + "/release", headers={"If-Match": tag}).expect(412, "precondition-failed")
    caller_officer.post(path + "/release", headers={"If-Match": f"W/{tag}"}).expect(400, "bad-header")
    caller_officer.post(path + "/release", headers={"If-Match": "*"}).expect(200)


def test_another_owner(imported, journey, caller_officer, caller_subscriber, caller_subscriber_b, caller_subscriber2):
    path = f"/v1/certificates/{imported()['id']}"
    caller_subscriber.patch(path, {"owner_id": journey.user_id(caller_subscriber_b)}).expect(403)
    answer = caller_officer.patch(path, {"owner_id": journey.user_id(caller_subscriber2)}).expect(422)
    assert answer.pointers() == ["/owner_id"]
    caller_officer.patch(path, {"owner_id": journey.user_id(caller_subscriber_b)}).expect(200)
    caller_subscriber.get(path).expect(404)
    caller_subscriber_b.get(path).expect(200)


def test_mass_assignment_has_no_effect(imported, caller_officer):
    path = f"/v1/certificates/{imported()['id']}"
    before = caller_officer.get(path).json
    answer = caller_officer.patch(path, {"status": "revoked", "serial": "01", "enterprise_id": before["id"]},
                                  checked=False).expect(422)
    assert {"/status", "/serial", "/enterprise_id"} <= set(answer.pointers())
    assert caller_officer.get(path).json == before
