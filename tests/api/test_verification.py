"""Reissue a Certificate with CAA Records: Unverified, Verify, Verified, decided by real DNS."""
import base64
import concurrent.futures
import contextlib
import gzip
import hashlib
import http.client
import json
import socket
import threading
import time
import uuid

import pytest
from cryptography import x509

from support.beside import Beside
from support.calls import PASSWORD
from support.client import Api
from support.dns import account_of, dcv_port, fresh, peer_of, web
from support.keys import make_csr, make_key
from support.otp import coded_mails, mailed_code


@pytest.fixture(scope="module")
def dns(instance):
    return peer_of(instance)


@pytest.fixture(scope="module")
def caa_profile(journey):
    return journey.profile(caa="required", agreement_id=None)


@pytest.fixture(scope="module")
def control_profile(journey):
    return journey.profile(caa="required", control="required", agreement_id=None,
                           control_methods=["dns_txt", "dns_persist", "http_file"])


def san(*names):
    return [{"type": "dns", "value": name} for name in names]


def draft(journey, profile, *names, caller=None):
    """A draft with a key for these names, whose old certificate had others."""
    old = journey.callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller or journey.callers["subscriber"]),
        "subject": {"common_name": "Old Name"}}).expect(201)
    # Enrolled under a profile that asks for nothing; the reissue is judged by the one under test.
    with journey.instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, old["id"]))
    return journey.request(old.json, csr=make_csr(make_key()), san=san(*names), caller=caller)


def path_of(request, action=""):
    return f"/v1/reissue-requests/{request['id']}{'/' if action else ''}{action}"


def step(request, name):
    return next(one for one in request["steps"] if one["name"] == name)


def test_unverified_verify_verified_reissue(journey, caa_profile, caller_subscriber):
    """The seed's second story: the status is Unverified, Verify makes it Verified, then Reissue issues."""
    request = draft(journey, caa_profile, "ok.caatest")
    assert request["domains"][0]["status"] == "unverified"
    assert request["domains"][0]["caa"]["status"] == "unchecked"
    assert step(request, "domain_verification") == {"name": "domain_verification", "status": "incomplete",
                                                    "detail": "1 of 1 unverified"}
    assert "verify" in request["allowed_actions"]
    refused = caller_subscriber.post(path_of(request, "submit"), {}).expect(409, "not-ready")
    assert refused.blockers() == ["domain-unverified"] and refused["blockers"][0]["pointer"] == "/san/0"
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    domain = seen["domains"][0]
    assert (domain["status"], domain["caa"]["status"], domain["caa"]["code"], domain["caa"]["found_at"]) == (
        "verified", "permitted", "caa-permitted", "ok.caatest")
    assert step(seen, "domain_verification")["status"] == "complete" and seen["blockers"] == []
    check = caller_subscriber.get(f"/v1/caa-checks/{domain['caa']['check_id']}").expect(200)
    assert check["request_id"] == request["id"] and check["queries"][0]["message"]
    done = caller_subscriber.post(path_of(request, "submit"), {"message": "with CAA"}).expect(200)
    assert done["status"] == "issued"
    leaf = x509.load_der_x509_certificate(caller_subscriber.get(
        path_of(request, "certificate") + "?format=der").expect(200).content)
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName) == ["ok.caatest"]


@pytest.mark.invariant(15, 16)
@pytest.mark.parametrize("name,code", [
    ("deny.caatest", "caa-forbidden"), ("crit1.caatest", "caa-critical-unknown"), ("bogus.caatest", "caa-dnssec-bogus"),
    ("servfail-i.caatest", "caa-lookup-failed"), ("refused-i.caatest", "caa-lookup-failed"),
    ("nosoa.caatest", "caa-lookup-failed"), ("vm-dns.caatest", "caa-method-mismatch")])
def test_what_is_not_permitted_is_not_issued(journey, caa_profile, caller_subscriber, name, code):
    """A name that CAA forbids, or whose lookup fails, is failed with its code, and submit says so."""
    request = draft(journey, caa_profile, "ok.caatest", name)
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert [domain["status"] for domain in seen["domains"]] == ["verified", "failed"]
    assert seen["domains"][1]["caa"]["code"] == code
    refused = caller_subscriber.post(path_of(request, "submit"), {}).expect(409, "not-ready")
    assert [(blocker["code"], blocker["pointer"]) for blocker in refused["blockers"]] == [(code, "/san/1")]


@pytest.mark.invariant(15)
def test_an_edited_name_is_unverified_again(journey, caa_profile, caller_subscriber):
    """After Verified another common name or SAN is unverified; the names that stay keep their status."""
    request = draft(journey, caa_profile, "ok.caatest", "none.caatest")
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert {domain["status"] for domain in seen["domains"]} == {"verified"}
    seen = caller_subscriber.patch(path_of(request), {"san": san("ok.caatest", "permit.caatest")}).expect(200)
    assert [domain["status"] for domain in seen["domains"]] == ["verified", "unverified"]
    caller_subscriber.post(path_of(request, "submit"), {}).expect(409, "not-ready")
    caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert caller_subscriber.post(path_of(request, "submit"), {}).expect(200)["status"] == "issued"


@pytest.mark.invariant(15, 16)
def test_the_77th_of_a_hundred_names(journey, dns, caa_profile, caller_subscriber):
    """Of 100 SANs only the 77th is denied: refused, naming it, after a hundred lookups on the wire."""
    names = [fresh(f"n{i}") for i in range(100)]
    dns.set(names[76], "CAA", '0 issue ";"')
    request = draft(journey, caa_profile, *names)
    begun = time.monotonic()
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert time.monotonic() - begun < 10
    assert [place for place, domain in enumerate(seen["domains"]) if domain["status"] != "verified"] == [76]
    until = time.monotonic() + 10  # named writes its query log when it finds the time
    while missing := [name for name in names if dns.count(name, "CAA") < 1]:
        assert time.monotonic() < until, f"never asked: {missing[:3]}"
        time.sleep(0.5)
    refused = caller_subscriber.post(path_of(request, "submit"), {}).expect(409, "not-ready")
    assert [blocker["pointer"] for blocker in refused["blockers"]] == ["/san/76"]
    assert names[76] in refused["blockers"][0]["detail"]


def test_verify_later(journey, caa_profile, caller_subscriber):
    """With `Prefer: respond-async` the answer is 202 with `verifying`, and the names are verified soon."""
    request = draft(journey, caa_profile, "ok.caatest")
    answer = caller_subscriber.post(path_of(request, "verify"), {}, headers={"Prefer": "respond-async"}).expect(202)
    assert answer["domains"][0]["status"] in ("verifying", "verified")
    until = time.monotonic() + 15
    while caller_subscriber.get(path_of(request)).expect(200)["domains"][0]["status"] != "verified":
        assert time.monotonic() < until
        time.sleep(0.2)


HANGING = 50


def test_a_hanging_server_hinders_nobody(journey, caa_profile, instance, callers):
    """While 50 verifications hang on a dead server each ends in time, others are verified at once, and p99 of GET holds."""
    requests = [draft(journey, caa_profile, "timeout-i.caatest") for _ in range(HANGING)]
    address = instance["BASE_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)

    def p99(seconds):
        """The 99th percentile of GET by id over one connection."""
        taken, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            begun = time.perf_counter()
            connection.request("GET", f"/v1/certificates/{instance['ISSUED_CERTIFICATE_ID']}",
                               headers={"Authorization": f"Bearer {instance['OFFICER_TOKEN']}"})
            answer = connection.getresponse()
            answer.read()
            taken.append(time.perf_counter() - begun)
            assert answer.status == 200
        return sorted(taken)[len(taken) * 99 // 100]

    def verify(number, request):
        # Several people, since each may verify 60 times a minute only.
        who = callers[("subscriber", "officer", "officer2")[number % 3]]
        begun = time.monotonic()
        seen = who.at(instance["BASE_URL"]).post(path_of(request, "verify"), {}).expect(200)
        return seen["domains"][0]["caa"], time.monotonic() - begun

    alone = p99(2)
    with concurrent.futures.ThreadPoolExecutor(HANGING) as pool:
        answers = [pool.submit(verify, *one) for one in enumerate(requests)]
        time.sleep(0.7)
        begun = time.monotonic()
        assert callers["subscriber_b"].post("/v1/caa-checks", {"name": "ok.caatest"}).expect(201)["result"] == "permitted"
        assert time.monotonic() - begun < 5, "another's dead server is waited for"
        beside = p99(3)
        seen = [answer.result() for answer in answers]
    assert {caa["code"] for caa, _ in seen} == {"caa-timeout"}
    # What the DNS may take, as the service measured it, and what the whole call may, with 50 threads of this
    # process among those that wait for a processor.
    waited = [query["ms"] for caa, _ in seen for query in callers["officer"].get(
        f"/v1/caa-checks/{caa['check_id']}").expect(200)["queries"]]
    assert 7000 < max(waited) <= 8000
    assert max(taken for _, taken in seen) < 20
    alone = max(alone, p99(2))
    assert beside <= max(2 * alone, 0.05), (beside, alone)


@pytest.mark.invariant(15)
def test_the_newest_check_counts(journey, dns, caa_profile, caller_subscriber):
    """Of two checks within a second the later one counts, each time it is read."""
    for _ in range(6):
        name = fresh("newest")
        request = draft(journey, caa_profile, name)
        for records, status in ((), "verified"), (('0 issue ";"',), "failed"), ((), "verified"):
            dns.set(name, "CAA", *records)
            caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
            (domain,) = caller_subscriber.get(path_of(request)).expect(200)["domains"]
            assert domain["status"] == status


@pytest.mark.invariant(15, 16)
def test_a_factor_does_not_stand_in_for_verified_names(journey, instance, dns, callers, caller_subscriber):
    """With a second factor: verified names are issued by the factor; names that CAA forbids by then are not."""
    admin = callers["enterprise_admin"]
    relays = admin.get("/v1/connectors?kind=smtp").expect(200)["items"]
    relay = next((one for one in relays if one["active"]), None) or admin.post(
        "/v1/connectors", journey.relay_body()).expect(201).json
    profile = journey.profile(caa="required", agreement_id=None, second_factor={
        "reissue": [{"mechanism": "email_otp", "connector_id": relay["id"]}]})
    me = caller_subscriber.get("/v1/me").expect(200)["email"]
    for count, forbidden in enumerate((False, True), len(coded_mails(instance, me, 0)) + 1):
        name = fresh("factor")
        request = draft(journey, profile, name)
        caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
        assert caller_subscriber.post(path_of(request, "submit"), {}).expect(200)["status"] == "authenticating"
        if forbidden:
            dns.set(name, "CAA", '0 issue ";"')
            caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
        asked = caller_subscriber.post("/v1/second-factor-challenges", {
            "reissue_request_id": request["id"], "mechanism": "email_otp"}).expect(201)
        caller_subscriber.post(f"/v1/second-factor-challenges/{asked['id']}/verify",
                               {"code": mailed_code(instance, me, count)}).expect(200)
        seen = caller_subscriber.get(path_of(request)).expect(200)
        if forbidden:
            assert seen["status"] == "failed" and [one["code"] for one in seen["failure"]["blockers"]] == ["caa-forbidden"]
        else:
            assert seen["status"] == "issued"


# --- control ---

def validation(caller, name, method, kind="dns"):
    return caller.post("/v1/domain-validations", {"identifier": {"type": kind, "value": name}, "method": method}).expect(201)


def test_control_by_a_txt_record(journey, dns, control_profile, caller_subscriber):
    """dns_txt: pending until the token is published, then valid, for names below and wildcards too."""
    name = fresh("txt")
    made = validation(caller_subscriber, name, "dns_txt")
    record = made["instructions"]["record"]
    assert record["name"] == f"_validation.{name}" and len(record["value"]) == 43
    request = draft(journey, control_profile, name, f"www.{name}", f"*.{name}")
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert {domain["control"]["status"] for domain in seen["domains"]} == {"pending"}
    failed = caller_subscriber.get(f"/v1/domain-validations/{made['id']}").expect(200)
    assert failed["status"] == "pending" and failed["attempts"][0]["result"] == "failed"
    assert failed["attempts"][0]["evidence"]["queries"][0]["message"]
    assert failed["instructions"] == made["instructions"], "the token stays"
    caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(429, "rate-limited")
    dns.set(record["name"], "TXT", '"another record"', f'"{record["value"]}"')
    time.sleep(10)
    seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
    assert {domain["status"] for domain in seen["domains"]} == {"verified"}
    proof = caller_subscriber.get(f"/v1/domain-validations/{made['id']}").expect(200)
    assert proof["status"] == "valid" and proof["instructions"] is None and proof["valid_until"]
    assert caller_subscriber.post(path_of(request, "submit"), {}).expect(200)["status"] == "issued"


@pytest.mark.invariant(15)
def test_a_profile_may_count_a_proof_longer(journey, dns, instance, caller_subscriber):
    """A profile's own reuse_days hold, beyond the default that the validation itself is shown with; then it is over."""
    name, demanded = fresh("longer"), {"control": "required", "control_methods": ["dns_txt"], "agreement_id": None}
    made = validation(caller_subscriber, name, "dns_txt")
    dns.set(f"_validation.{name}", "TXT", f'"{made["instructions"]["record"]["value"]}"')
    here = f"/v1/domain-validations/{made['id']}"
    assert caller_subscriber.post(f"{here}/verify", {}).expect(200)["status"] == "valid"

    def grow_older(days):
        """As the job leaves it that comes by once a minute."""
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE domain_validation SET status = 'expired', validated_at = validated_at - %s * interval '1 day', "
                           "valid_until = valid_until - %s * interval '1 day' WHERE id = %s", (days, days, made["id"]))

    def seen(request):
        return caller_subscriber.get(path_of(request)).expect(200)["domains"][0]["control"]["status"]
    grow_older(31)
    long, longer, short = (draft(journey, journey.profile(reuse_days=days, **demanded), name) for days in (60, 60, 20))
    assert [seen(one) for one in (long, longer, short)] == ["valid", "valid", "expired"]
    assert caller_subscriber.post(path_of(long, "submit"), {}).expect(200)["status"] == "issued"
    caller_subscriber.post(path_of(short, "submit"), {}).expect(409, "not-ready")
    grow_older(30)
    assert seen(longer) == "expired"
    caller_subscriber.post(path_of(longer, "submit"), {}).expect(409, "not-ready")
    grow_older(-30)
    assert seen(longer) == "valid"
    assert caller_subscriber.post(f"{here}/cancel", {}).expect(200)["status"] == "cancelled"
    assert seen(longer) == "none"


def test_a_token_is_good_for_its_own_validation_only(dns, caller_subscriber):
    """The token of one validation does not prove another."""
    name = fresh("own")
    first, second = (validation(caller_subscriber, name, "dns_txt") for _ in range(2))
    dns.set(f"_validation.{name}", "TXT", f'"{first["instructions"]["record"]["value"]}"')
    assert caller_subscriber.post(f"/v1/domain-validations/{second['id']}/verify", {}).expect(200)["status"] == "pending"
    assert caller_subscriber.post(f"/v1/domain-validations/{first['id']}/verify", {}).expect(200)["status"] == "valid"


@pytest.mark.parametrize("value,passes", [
    ("ca.example; accounturi={account}", True),
    ("ca.example; accounturi={account}; persistUntil=4102444800", True),
    ("ca.example; accounturi={account}; unknown=x", True),
    ("CA.Example.; accounturi={account}", True),
    ("ca.example; accounturi=acct:other@ca.example", False),
    ("ca.example; accounturi={account}; persistUntil=1000", False),
    ("ca.example", False),
    ("other.example; accounturi={account}", False),
    ("ca.example; accounturi={account};", False),
])
def test_control_by_a_persistent_record(dns, caller_officer, value, passes):
    """dns_persist: the record must name us, this account and a time that has not passed."""
    name = fresh("persist")
    made = validation(caller_officer, name, "dns_persist")
    dns.set(f"_validation-persist.{name}", "TXT", f'"{value.format(account=account_of(caller_officer))}"')
    seen = caller_officer.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    assert seen["status"] == ("valid" if passes else "pending"), seen["attempts"][0]


@pytest.mark.parametrize("address, reverse", [
    ("93.184.216.34", "34.216.184.93.in-addr.arpa"),
    ("2606:2800:220:1::5", ".".join(reversed("26062800022000010000000000000005")) + ".ip6.arpa")])
def test_control_of_an_address_by_a_persistent_record(journey, dns, control_profile, caller_subscriber, address, reverse):
    """dns_persist of an address: the record stands below its reverse name; it covers this address and no other."""
    made = validation(caller_subscriber, address, "dns_persist", "ip")
    assert made["instructions"]["record"]["name"] == f"_ip-validation-persist.{reverse}"
    dns.set(f"_ip-validation-persist.{reverse}", "TXT", f'"ca.example; accounturi={account_of(caller_subscriber)}"')
    seen = caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    assert seen["status"] == "valid", seen["attempts"][0]
    request = draft(journey, control_profile, "ok.caatest")
    names = [{"type": "ip", "value": one} for one in (address, "93.184.216.35", "2606:2800:220:1::6")]
    seen = caller_subscriber.patch(path_of(request), {"san": names}).expect(200)
    assert [one["control"]["status"] for one in seen["domains"]] == ["valid", "none", "none"]
    assert {one["caa"]["status"] for one in seen["domains"]} == {"not_required"}, "CAA does not speak of addresses"


def test_a_persistent_record_covers_its_name_only(journey, dns, control_profile, caller_subscriber):
    """Without policy=wildcard a persistent record is good for its very name."""
    name = fresh("narrow")
    made = validation(caller_subscriber, name, "dns_persist")
    dns.set(f"_validation-persist.{name}", "TXT", f'"ca.example; accounturi={account_of(caller_subscriber)}"', ttl=300)
    caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    request = draft(journey, control_profile, name, f"www.{name}")
    assert [domain["control"]["status"] for domain in request["domains"]] == ["valid", "none"]


@pytest.fixture(scope="module")
def site(instance):
    with web(dcv_port(instance)) as served:
        yield served


def http_validation(caller, dns, name):
    dns.set(name, "A", "127.0.0.1")
    made = validation(caller, name, "http_file")
    url = made["instructions"]["file"]["url"]
    return made, url, "/" + url.split("/", 3)[3], made["instructions"]["file"]["content"]


def tried(caller, made):
    return caller.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)


@pytest.mark.xdist_group("web")
def test_control_by_a_file(journey, dns, site, control_profile, caller_subscriber):
    """http_file: the file with the token, and nothing else, proves its very name and no other."""
    name = fresh("file")
    made, url, path, content = http_validation(caller_subscriber, dns, name)
    assert url.startswith(f"http://{name}:") and "/.well-known/pki-validation/" in url
    assert content not in url, "the request does not hold the token"
    assert tried(caller_subscriber, made)["attempts"][0]["evidence"]["hops"][0]["status"] == 404
    site.pages[path] = (200, {}, content.encode() + b"\n")
    time.sleep(10)
    assert tried(caller_subscriber, made)["status"] == "valid"
    request = draft(journey, control_profile, name, f"www.{name}", f"*.{name}")
    assert [domain["control"]["status"] for domain in request["domains"]] == ["valid", "none", "none"]


@pytest.mark.rows(64)
@pytest.mark.xdist_group("web")
@pytest.mark.parametrize("target", [
    "http://169.254.169.254/latest", "http://[fe80::1]/", "http://10.0.0.1/", "http://192.168.1.1/x", "http://0x0a.1/",
    "http://[::ffff:10.0.0.1]/", "http://user:pass@127.0.0.1/", "http://127.0.0.1:22/", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
    "file:///etc/passwd", "http://deny.caatest.well-known/x", "http://[fe80::1%25lo]/"])
def test_where_a_redirect_may_not_go(dns, site, caller_officer, target):
    """A redirect to a private address, another port, a user, another scheme is refused and recorded."""
    made, _, path, _ = http_validation(caller_officer, dns, fresh("redirect"))
    site.pages[path] = (302, {"Location": target}, b"")
    seen = tried(caller_officer, made)
    assert seen["status"] == "pending" and seen["attempts"][0]["result"] == "failed"
    hops = seen["attempts"][0]["evidence"]["hops"]
    assert hops[-1]["why"], hops


@pytest.mark.rows(64)
@pytest.mark.xdist_group("web")
def test_a_redirect_that_is_no_text(dns, site, caller_officer, instance):
    """Octets of a redirect that are no text are followed where libcurl takes them, and shown escaped and cut."""
    port, name = dcv_port(instance), fresh("octets")
    made, _, path, content = http_validation(caller_officer, dns, name)
    here = f"http://{name}:{port}"
    site.pages[path] = (302, {"Location": f"{here}/\xff"}, b"")
    site.pages["/%ff"] = (302, {"Location": f"{here}/\xfe"}, b"")
    site.pages["/%fe"] = (302, {"Location": f"{here}/last"}, b"")
    site.pages["/last"] = (200, {}, content.encode())
    seen = tried(caller_officer, made)
    hops = seen["attempts"][0]["evidence"]["hops"]
    assert seen["status"] == "valid" and [hop["url"] for hop in hops[1:]] == [
        f"{here}/\\255", f"{here}/\\254", f"{here}/last"]
    assert [hop["location"] for hop in hops[:3]] == [hop["url"] for hop in hops[1:]]
    for target in ("http://a\xff.caatest/", f"{here}/\x1b[2J", "http://\xff@127.0.0.1/", f"{here}/{'a' * 60000}"):
        made, _, path, _ = http_validation(caller_officer, dns, fresh("octets"))
        site.pages[path] = (302, {"Location": target}, b"")
        seen = tried(caller_officer, made)
        hops = seen["attempts"][0]["evidence"]["hops"]
        assert seen["status"] == "pending" and hops[-1]["why"] and len(hops[-1]["url"]) < 20000, target[:40]


@pytest.mark.xdist_group("web")
def test_redirects_end_somewhere(dns, site, caller_officer, instance):
    """Ten redirects are followed, an eleventh, a circle and a 303 are not."""
    port = dcv_port(instance)
    for count, passes in ((3, True), (10, True), (11, False)):
        made, _, path, content = http_validation(caller_officer, dns, fresh(f"r{count}"))
        places = [path] + [f"{path}-{n}" for n in range(1, count + 1)]
        for here, there in zip(places, places[1:]):
            site.pages[here] = (301, {"Location": f"http://127.0.0.1:{port}{there}"}, b"")
        site.pages[places[-1]] = (200, {}, content.encode())
        assert (tried(caller_officer, made)["status"] == "valid") is passes, count
    made, _, path, content = http_validation(caller_officer, dns, fresh("circle"))
    site.pages[path] = (302, {"Location": f"http://127.0.0.1:{port}{path}-b"}, b"")
    site.pages[path + "-b"] = (302, {"Location": f"http://127.0.0.1:{port}{path}-b"}, b"")
    assert "circle" in tried(caller_officer, made)["attempts"][0]["detail"]
    made, _, path, content = http_validation(caller_officer, dns, fresh("see-other"))
    site.pages[path] = (303, {"Location": f"http://127.0.0.1:{port}{path}-c"}, b"")
    site.pages[path + "-c"] = (200, {}, content.encode())
    assert tried(caller_officer, made)["status"] == "pending"


def framed(content, head="", status="200 OK", length=None):
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(content) if length is None else length}\r\n\r\n".encode() + content


# What a site sends for the file, of its content; whether it proves control.
ANSWERS = {
    "another type": (lambda it: framed(it, "Content-Type: application/x-evil\r\n"), True),
    "blanks behind": (lambda it: framed(it + b"\r\n\r\n \t\n"), True), "a blank before": (lambda it: framed(b"\n" + it), False),
    "a byte order mark": (lambda it: framed(b"\xef\xbb\xbf" + it), False), "NUL behind": (lambda it: framed(it + b"\0"), False),
    "201": (lambda it: framed(it, status="201 Created"), True), "206": (lambda it: framed(it, "Content-Range: bytes 0-42/43\r\n", "206 x"), True),
    "304": (lambda it: framed(it, status="304 x"), False), "404": (lambda it: framed(it, status="404 x"), False),
    "401": (lambda it: framed(it, "WWW-Authenticate: Basic\r\n", "401 x"), False), "gzip": (lambda it: framed(
        gzip.compress(it), "Content-Encoding: gzip\r\n"), False),
    "HTTP/0.9": (lambda it: it, False), "HTTP/1.0": (lambda it: b"HTTP/1.0 200 OK\r\n\r\n" + it, True),
    "chunks": (lambda it: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + it[:20] + b"\r\n17\r\n" + it[20:]
               + b"\r\n0\r\nX: y\r\n\r\n", True),
    "no last chunk": (lambda it: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2b\r\n" + it + b"\r\n", False),
    "more than promised": (lambda it: framed(it + b"more", length=43), True), "less": (lambda it: framed(it, length=44), False),
    "no length": (lambda it: framed(it, length=-1), False),
    "hints first": (lambda it: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + framed(it), True),
    "101": (lambda it: b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + it, False),
    "a kilobyte": (lambda it: framed(it + b" " * 981), True), "an octet more": (lambda it: framed(it + b" " * 982), False),
    "a redirect to nowhere": (lambda it: framed(it, status="302 x"), False), "Refresh": (lambda it: framed(b"", "Refresh: 0;url=/\r\n"), False),
}


@pytest.fixture
def officer_of_this_test(callers, instance):
    """How often somebody verifies is limited."""
    email = f"{uuid.uuid4().hex}@example.test"
    callers["enterprise_admin"].post("/v1/users", {"email": email, "name": "Orla", "role": "ra_officer",
                                                   "password": PASSWORD}).expect(201)
    return Api(instance["BASE_URL"], callers["nobody"].post("/v1/sessions", {
        "email": email, "password": PASSWORD}).expect(201)["access_token"])


@pytest.mark.xdist_group("web")
def test_what_a_site_answers(dns, officer_of_this_test, instance):
    """The content and blanks behind it, whole, under a status of success: nothing else proves control."""
    place, told = "127.0.0.91", {}

    def answer(connection):
        with contextlib.suppress(OSError), connection:
            path = connection.recv(4096).split()[1].decode()
            connection.sendall(told[path])
    with socket.create_server((place, dcv_port(instance)), backlog=64) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        site = fresh("answers")
        dns.set(f"*.{site}", "A", place)
        seen = {}
        for number, (case, (make, _)) in enumerate(ANSWERS.items()):
            made = validation(officer_of_this_test, f"n{number}.{site}", "http_file")
            file = made["instructions"]["file"]
            told["/" + file["url"].split("/", 3)[3]] = make(file["content"].encode())
            seen[case] = tried(officer_of_this_test, made)["status"] == "valid"
        listener.shutdown(socket.SHUT_RDWR)
    assert seen == {case: passes for case, (_, passes) in ANSWERS.items()}


@pytest.fixture(scope="module")
def officer_v6(instance, callers, tmp_path_factory):
    """The officer at a process beside the instance that may fetch from ::1."""
    with open(instance.dir / "dns" / "dns.yaml", encoding="utf-8") as file:
        settings = {**json.load(file), "dcv": {"allow_addresses": ["127.0.0.0/8", "::1/128"]}}
    text = json.dumps({**settings, "server": {"port": "PLACE", "replica_id": "v6"}, "signer": {"journal_file": "@JOURNAL@"}})
    with Beside(instance, tmp_path_factory.mktemp("v6"), text.replace('"PLACE"', "@PORT@")) as beside:
        yield beside.caller(callers["officer"].token)


@pytest.mark.xdist_group("web")
@pytest.mark.parametrize("place", ["an address", "a name", "another spelling", "a redirect", "a redirect there"])
def test_a_file_at_an_ipv6_address(dns, site, officer_v6, instance, place):
    """A file is fetched from an IPv6 address too: the identifier itself, one of a name, one in a redirect."""
    port, name = dcv_port(instance), fresh("six")
    dns.set(name, *(("A", "127.0.0.1") if place == "a redirect" else ("AAAA", "::1")))
    kind, name = ("ip", {"an address": "::1", "another spelling": "0:0::1"}[place]) if place.startswith("an") else ("dns", name)
    made = validation(officer_v6, name, "http_file", kind)
    told = made["instructions"]["file"]
    path, content = "/" + told["url"].split("/", 3)[3], told["content"].encode()
    site.pages[path] = (302, {"Location": f"http://[::1]:{port}/there"}, b"")
    with web(port, "::1") as six:
        six.pages[path] = six.pages["/there"] = (200, {}, content)
        if place == "a redirect there":
            six.pages[path] = (301, {"Location": f"http://[0::0:1]:{port}/there"}, b"")
        seen = tried(officer_v6, made)
    hops = seen["attempts"][0]["evidence"]["hops"]
    assert seen["status"] == "valid" and hops[-1]["address"] == "::1", hops


@pytest.mark.xdist_group("web")
def test_an_endless_file_is_not_read(dns, site, caller_officer):
    """A body without end is cut at a kilobyte and proves nothing."""
    made, _, path, content = http_validation(caller_officer, dns, fresh("endless"))
    site.pages[path] = (200, {}, (content.encode() + b" " * 4096 for _ in range(1000)))
    begun = time.monotonic()
    assert tried(caller_officer, made)["status"] == "pending"
    assert time.monotonic() - begun < 8


@pytest.mark.slow
@pytest.mark.xdist_group("web")
def test_stalled_sites_and_servers_end_together(journey, dns, instance, control_profile, caller_subscriber):
    """20 sites that never answer, a dead name server and a good name: one verify of all ends within 10 s."""
    good, port = fresh("good"), dcv_port(instance)
    with socket.create_server(("127.0.0.90", port), backlog=64):
        names = [f"{n}.{good}" for n in range(20)]
        dns.set(f"*.{good}", "A", "127.0.0.90")
        made = [validation(caller_subscriber, name, "http_file") for name in names]
        proof = validation(caller_subscriber, good, "dns_txt")
        dns.set(f"_validation.{good}", "TXT", f'"{proof["instructions"]["record"]["value"]}"')
        request = draft(journey, control_profile, good, *names, "timeout-i.caatest")
        begun = time.monotonic()
        seen = caller_subscriber.post(path_of(request, "verify"), {}).expect(200)
        assert time.monotonic() - begun < 10
    assert seen["domains"][0]["status"] == "verified"
    assert seen["domains"][-1]["caa"]["code"] == "caa-timeout"
    tried = [caller_subscriber.get(f"/v1/domain-validations/{one['id']}").expect(200)["attempts"] for one in made]
    assert sum(len(attempts) for attempts in tried) >= 16, "as many as fit at once were tried"
    assert {one["result"] for attempts in tried for one in attempts} == {"error"}
    # By their parent's proof they are verified all the same.
    assert {domain["control"]["status"] for domain in seen["domains"][:-1]} == {"valid"}


def test_what_an_attempt_leaves_behind(dns, caller_subscriber):
    """An attempt's evidence: rule and its version, name and where it was looked, hash of the token, aliases, raw message."""
    name = fresh("evidence")
    made = validation(caller_subscriber, name, "dns_txt")
    token = made["instructions"]["record"]["value"]
    dns.set(f"_validation.{name}", "CNAME", f"elsewhere.{name}.")
    dns.set(f"elsewhere.{name}", "TXT", f'"{token}"', ttl=123)
    seen = caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    evidence = seen["attempts"][0]["evidence"]
    assert seen["status"] == "valid"
    assert {key: evidence[key] for key in ("method", "authorization_domain", "base_domain", "looked_at", "rules",
                                           "rules_version", "actor")} == {
        "method": "dns_txt", "authorization_domain": name, "base_domain": "live.caatest",
        "looked_at": f"_validation.{name}", "rules": "TLS BR 3.2.2.4.7", "rules_version": "2.2.6",
        "actor": caller_subscriber.get("/v1/me").expect(200)["id"]}
    assert evidence["token_sha256"] == f"sha256:{hashlib.sha256(token.encode()).hexdigest()}" and token not in seen.text
    query = evidence["queries"][0]
    assert query["chain"] == [f"_validation.{name}", f"elsewhere.{name}"] and query["canonical"] == f"elsewhere.{name}"
    assert (query["state"], query["rcode"], query["ttl"]) == ("secure", 0, 123)
    assert b"elsewhere" in base64.b64decode(query["message"])


def test_why_something_is_bogus_is_kept(dns, caller_subscriber):
    """What DNSSEC refutes tells why, and the message that was refuted is kept."""
    made = validation(caller_subscriber, f"x{time.monotonic_ns()}.missing.caatest", "dns_txt")
    seen = caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    query = seen["attempts"][0]["evidence"]["queries"][0]
    assert seen["attempts"][0]["code"] == "caa-dnssec-bogus" and query["state"] == "bogus"
    assert "missing.caatest" in query["why"] and query["message"]


@pytest.mark.parametrize("identifier,method,pointer", [
    ({"type": "dns", "value": "com"}, "dns_txt", "/identifier/value"),
    ({"type": "dns", "value": "*.example.com"}, "dns_txt", "/identifier/value"),
    ({"type": "dns", "value": "1.0.0.127.in-addr.arpa"}, "dns_txt", "/identifier/value"),
    ({"type": "dns", "value": "home.arpa"}, "http_file", "/identifier/value"),
    ({"type": "dns", "value": "intranet"}, "dns_txt", "/identifier/value"),
    ({"type": "dns", "value": "192.0.2.1"}, "http_file", "/identifier/value"),
    ({"type": "dns", "value": "_x.example.com"}, "dns_txt", "/identifier/value"),
    ({"type": "dns", "value": "www.*.example.com"}, "dns_persist", "/identifier/value"),
    ({"type": "ip", "value": "::ffff:8.8.8.8"}, "http_file", "/identifier/value"),
    ({"type": "ip", "value": "0x7f.1"}, "http_file", "/identifier/value"),
    ({"type": "ip", "value": "127.0.0.1x"}, "http_file", "/identifier/value"),
    ({"type": "ip", "value": "192.0.2.1"}, "dns_txt", "/method"),
    ({"type": "email", "value": "a@example.com"}, "http_file", "/method"),
])
def test_identifier_and_method_must_fit(caller_officer, identifier, method, pointer):
    """What nobody can prove by that method is refused with its pointer."""
    answer = caller_officer.post("/v1/domain-validations", {"identifier": identifier, "method": method}).expect(422)
    assert answer.pointers() == [pointer]


def test_who_sees_and_ends_a_validation(caller_subscriber, caller_subscriber_b, caller_officer, caller_officer_other,
                                        caller_auditor):
    """Its maker and the officers of the enterprise act on it; an auditor reads it without the token; others see nothing."""
    made = validation(caller_subscriber, fresh("mine"), "dns_txt")
    path = f"/v1/domain-validations/{made['id']}"
    caller_subscriber_b.get(path).expect(404)
    caller_officer_other.get(path).expect(404)
    assert made["instructions"]["record"]["value"] not in caller_auditor.get(path).expect(200).text
    assert caller_officer.get(path).expect(200)["instructions"]["record"]["value"]
    caller_auditor.post(f"{path}/cancel", {}).expect(403)
    caller_officer.post(f"{path}/cancel", {}).expect(200)
    caller_officer.post(f"{path}/verify", {}).expect(409, "wrong-state")
    listed = caller_officer.get(f"/v1/domain-validations?value={made['identifier']['value']}&status=cancelled").expect(200)
    assert [item["id"] for item in listed["items"]] == [made["id"]]
