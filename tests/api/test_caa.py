"""The rows of the CAA case table, over HTTP against real zones (tests/peers/dns)."""
import json
import time
import zlib

import pytest

from peers.dns import zones
from peers.dns.peer import DnsPeer

ACCOUNT = f"acct:42@{zones.ISSUER}"
A, D, E = "permitted", "forbidden", "error"
# The two attempts of a lookup and the call around them.
DEADLINE_S = 10

# (name below caatest., body beside it, result, code); a name with a last dot is whole.
ROWS = [
    ("none", {}, A, "caa-none"),
    ("empty", {}, D, "caa-forbidden"),
    ("empty2", {}, D, "caa-forbidden"),
    ("deny", {}, D, "caa-forbidden"),
    ("upper", {}, D, "caa-forbidden"),
    ("ok", {}, A, "caa-permitted"),
    ("okcase", {}, A, "caa-permitted"),
    ("big", {}, D, "caa-forbidden"),
    ("crit1", {}, D, "caa-critical-unknown"),
    ("crit2", {}, D, "caa-critical-unknown"),
    ("noncrit", {}, A, "caa-none"),
    ("noncrit", {"wildcard": True}, A, "caa-none"),
    ("critknown", {}, A, "caa-permitted"),
    ("critissuemail", {}, A, "caa-none"),
    ("sub1.deny", {}, D, "caa-forbidden"),
    ("sub2.sub1.deny", {}, D, "caa-forbidden"),
    ("deny.permit", {}, D, "caa-forbidden"),
    ("permit.deny", {}, A, "caa-none"),
    ("a.b.tldcaa.", {}, D, "caa-forbidden"),
    ("deny", {"wildcard": True}, D, "caa-forbidden"),
    ("wildonly", {"wildcard": True}, D, "caa-forbidden"),
    ("wildonly", {}, A, "caa-none"),
    ("wildover", {}, A, "caa-permitted"),
    ("wildover", {"wildcard": True}, D, "caa-forbidden"),
    ("wildsemi", {}, A, "caa-permitted"),
    ("wildsemi", {"wildcard": True}, D, "caa-forbidden"),
    ("wildiodef", {"wildcard": True}, A, "caa-none"),
    ("cname-deny", {}, D, "caa-forbidden"),
    ("cname2-deny", {}, D, "caa-forbidden"),
    ("sub1.cname-deny", {}, D, "caa-forbidden"),
    ("x.dn.deny", {}, A, "caa-permitted"),
    ("cname-ok.deny", {}, A, "caa-permitted"),
    ("cname-none.deny", {}, D, "caa-forbidden"),
    ("cname-loop", {}, E, "caa-lookup-failed"),
    ("mal1", {}, D, "caa-forbidden"),
    ("mal2", {}, D, "caa-forbidden"),
    ("mal3", {}, D, "caa-forbidden"),
    ("mal8", {}, A, "caa-permitted"),
    ("par1", {}, A, "caa-permitted"),
    ("par2", {}, A, "caa-permitted"),
    ("acc-ok", {"account_uri": ACCOUNT}, A, "caa-permitted"),
    ("acc-ok", {"account_uri": f"acct:43@{zones.ISSUER}"}, D, "caa-account-mismatch"),
    ("acc-two-rr", {"account_uri": ACCOUNT}, A, "caa-permitted"),
    ("acc-empty", {"account_uri": ACCOUNT}, D, "caa-account-mismatch"),
    ("vm-dns", {"method": "dns_txt"}, A, "caa-permitted"),
    ("vm-dns", {"method": "http_file"}, D, "caa-method-mismatch"),
    ("vm-acme", {"method": "dns_txt"}, D, "caa-method-mismatch"),
    ("vm-unknown", {"method": "dns_txt"}, D, "caa-method-mismatch"),
    ("vm-empty", {"method": "dns_txt"}, D, "caa-method-mismatch"),
    ("vm-comma", {"method": "dns_txt"}, D, "caa-method-mismatch"),
    ("vm-acc", {"method": "dns_txt", "account_uri": ACCOUNT}, D, "caa-account-mismatch"),
    ("mail-none", {"kind": "mail"}, A, "caa-none"),
    ("mail-deny", {"kind": "mail"}, D, "caa-forbidden"),
    ("mail-deny", {}, A, "caa-none"),
    ("a.b.mail-deny", {"kind": "mail"}, D, "caa-forbidden"),
    ("secure-ok", {}, A, "caa-permitted"),
    ("leaf.secure-nsec3", {}, A, "caa-permitted"),
    ("gone.secure-nsec3", {}, A, "caa-none"),
    ("bogus", {}, E, "caa-dnssec-bogus"),
    ("expired", {}, E, "caa-dnssec-bogus"),
    ("missing", {}, E, "caa-dnssec-bogus"),
    ("good.broken", {}, A, "caa-permitted"),
    ("other.broken", {}, E, "caa-dnssec-bogus"),
    ("insecure", {}, A, "caa-permitted"),
    ("unkalg", {}, A, "caa-permitted"),
    ("servfail-s", {}, E, "caa-lookup-failed"),
    ("servfail-i", {}, E, "caa-lookup-failed"),
    ("refused-i", {}, E, "caa-lookup-failed"),
    ("notimp-i", {}, E, "caa-lookup-failed"),
    ("formerr-i", {}, E, "caa-lookup-failed"),
    ("nosoa", {}, E, "caa-lookup-failed"),
    ("lame", {}, E, "caa-lookup-failed"),
    ("tc-tcp", {}, A, "caa-permitted"),
    ("tc-only", {}, E, "caa-lookup-failed"),
    ("taglen0.wire", {}, E, "caa-lookup-failed"),
    ("overlong.wire", {}, E, "caa-lookup-failed"),
    ("onebyte.wire", {}, E, "caa-lookup-failed"),
    ("empty.wire", {}, E, "caa-lookup-failed"),
    ("high", {}, D, "caa-forbidden"),
    ("xss", {}, D, "caa-forbidden"),
    ("v6", {}, D, "caa-forbidden"),
    # The top-level domain itself does not exist.
    ("nothing.gonetld.", {}, E, "caa-lookup-failed"),
]


@pytest.fixture(scope="module")
def dns(instance):
    return DnsPeer(instance["DNS_DIR"])


@pytest.fixture(name="caller")
def caller_of_this_test(request, officer, officer2, enterprise_admin, subscriber, subscriber_b):
    """One of several users, since each may ask 60 times a minute only."""
    callers = officer, officer2, enterprise_admin, subscriber, subscriber_b
    return callers[zlib.crc32(request.node.nodeid.encode()) % len(callers)]


def check(caller, name, **body):
    full = name if name.endswith(".") else f"{name}.caatest"
    answer = caller.post("/v1/caa-checks", {"name": full.rstrip("."), "kind": "dns", **body})
    if answer.status == 429:  # this suite asks more than a person may in a minute
        time.sleep(answer["retry_after"] + 1)
        answer = caller.post("/v1/caa-checks", {"name": full.rstrip("."), "kind": "dns", **body})
    return answer


@pytest.mark.parametrize("name, body, result, code", ROWS,
                         ids=[f"{row[0]}-{'-'.join(map(str, row[1].values())) or 'name'}" for row in ROWS])
@pytest.mark.invariant(16)
def test_row(caller, name, body, result, code):
    """Each case of the table gets its verdict and its code."""
    answer = check(caller, name, **body).expect(201)
    assert (answer["result"], answer["code"]) == (result, code), answer["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["timeout-i", "blackhole-s"])
def test_silence_is_an_error_in_time(caller, name):
    """A server that never answers is an error within the deadline, never a permission."""
    begun = time.monotonic()
    answer = check(caller, name).expect(201)
    assert time.monotonic() - begun < DEADLINE_S
    assert (answer["result"], answer["code"]) == (E, "caa-timeout")


def test_a_failure_is_retried_on_the_wire(caller, dns):
    """Two SERVFAILs and then an answer: permitted, and the retries reached the server."""
    name = f"n{time.monotonic_ns()}.flaky-i"
    assert check(caller, name).expect(201)["result"] == A
    assert dns.count(f"{name}.caatest") >= 3


def test_dnssec_state_is_told(caller):
    """What was proven is in the answer: secure, insecure, bogus."""
    for name, state in (("secure-ok", "secure"), ("insecure", "insecure"), ("unkalg", "insecure"),
                        ("bogus", "bogus")):
        assert check(caller, name).expect(201)["dnssec"] == state, name


def test_an_unsigned_zone_is_proven_to_be_one(caller):
    """Beside an insecure answer stands the signed proof that there is no DS; beside a failed one, whether there is."""
    def proofs(name):
        return {query["name"]: query for query in check(caller, name).expect(201)["queries"] if query["type"] == "DS"}

    proof = proofs("insecure")["insecure.caatest"]
    assert (proof["state"], proof["rcode"], proof["soa"]) == ("secure", 0, True) and "caatest" not in proofs("insecure")
    assert proofs("servfail-i")["servfail-i.caatest"]["soa"]
    signed = proofs("servfail-s")["servfail-s.caatest"]
    assert signed["state"] == "secure" and not signed["soa"], "its parent says that it is signed"
    assert proofs("ok") == {}


def test_text_of_others_is_escaped(caller):
    """Bytes that are no ASCII come as \\DDD, and the answer is UTF-8; markup is data."""
    assert check(caller, "high").expect(201)["records"][0]["value"] == "\\228"
    answer = check(caller, "xss").expect(201)
    assert answer["records"][0]["value"] == "<script>alert(1)</script>"
    json.loads(answer.content.decode("utf-8"))


@pytest.mark.parametrize("name", [
    "xn--99999999.caatest", "ab--cd.caatest", "a..caatest", "*.*.ok.caatest", "-a.caatest", "", "caatest", "localhost",
    "192.0.2.1", "1.0.0.127.in-addr.arpa", "ip6.arpa", "home.arpa", "X.ARPA.", "2001:db8::1", "a.*.caatest", "ok*.caatest",
    "*.co.uk", "_acme.caatest", f"{'x' * 64}.caatest", ".".join(["a" * 60] * 5), "ok.caatest..", " ok.caatest"])
def test_names_that_are_no_names(caller, dns, name):
    """A name that cannot stand in a certificate is refused before any lookup."""
    before = dns.count(name)
    answer = caller.post("/v1/caa-checks", {"name": name, "kind": "dns"}).expect(422)
    assert answer.pointers() == ["/name"]
    assert dns.count(name) == before


@pytest.mark.parametrize("name", ["@ok.caatest", "a b@ok.caatest", "a@b@ok.caatest", "a@", "a@*.ok.caatest", "*.ok.caatest",
                                  "a@caatest", "a@1.0.0.127.in-addr.arpa", "a@[192.0.2.1]"])
def test_mailboxes_that_are_none(caller, name):
    """What is neither a mailbox nor its domain is refused before any lookup."""
    answer = caller.post("/v1/caa-checks", {"name": name, "kind": "mail"}).expect(422)
    assert answer.pointers() == ["/name"]


def test_a_wildcard_over_a_public_suffix(caller):
    """Nobody owns all names of a public suffix: no such wildcard is asked about, however it is written."""
    caller.post("/v1/caa-checks", {"name": "co.uk", "wildcard": True}).expect(422)
    caller.post("/v1/caa-checks", {"name": "a@ok.caatest", "kind": "mail", "wildcard": True}).expect(422)


def test_every_check_asks_anew(caller, dns):
    """A record that changed counts at the next check: nothing is cached between them."""
    name = f"c{time.monotonic_ns()}.live.caatest"
    dns.set(name, "CAA", f'0 issue "{zones.ISSUER}"')
    assert check(caller, name + ".").expect(201)["result"] == A
    dns.set(name, "CAA", '0 issue ";"')
    assert check(caller, name + ".").expect(201)["result"] == D
    dns.delete(name, "CAA")
    assert check(caller, name + ".").expect(201)["found_at"] == "live.caatest"


def test_where_refusals_are_reported(caller):
    """iodef: the mailboxes and pages that want to hear of a refused request are told; what is neither is not."""
    answer = check(caller, "iodefs").expect(201)
    assert answer["result"] == D and answer["iodef"] == [
        "mailto:one@report.caatest", "https://report.caatest/caa", "mailto:two@report.caatest"]
    assert check(caller, "deny").expect(201)["iodef"] == []


def test_a_check_is_read_listed_and_its_own(caller_officer, caller_subscriber, caller_officer_other):
    """A check is read with its raw messages, listed without them, and is another tenant's secret."""
    made = check(caller_officer, "ok").expect(201)
    path = f"/v1/caa-checks/{made['id']}"
    read = caller_officer.get(path).expect(200)
    assert read["queries"][0]["message"] and read["found_at"] == "ok.caatest"
    assert read["records"][0] == {"flags": 0, "tag": "issue", "value": zones.ISSUER}
    listed = caller_officer.get("/v1/caa-checks?name=ok.caatest").expect(200)["items"]
    assert made["id"] in [item["id"] for item in listed]
    assert all("message" not in query for item in listed for query in item["queries"])
    caller_subscriber.get(path).expect(404)
    caller_officer_other.get(path).expect(404)
