"""CAA as RFC 8659, 8657 and 9495 have it: the cases of the design (4.2) against a real signed tree."""
import pytest

PERMITTED, FORBIDDEN, ERROR = "permitted", "forbidden", "error"
ACCOUNT = "acct:42@ca.example"

# (number of 4.2, name below caatest. or absolute, what else is asked, result, code or None)
CASES = [
    (1, "none", {}, PERMITTED, "caa-none"),
    (2, "empty", {}, FORBIDDEN, "caa-forbidden"),
    (3, "empty2", {}, FORBIDDEN, "caa-forbidden"),
    (4, "deny", {}, FORBIDDEN, "caa-forbidden"),
    (5, "upper", {}, FORBIDDEN, "caa-forbidden"),
    (7, "ok", {}, PERMITTED, "caa-permitted"),
    (8, "okcase", {}, PERMITTED, "caa-permitted"),
    (10, "big", {}, FORBIDDEN, "caa-forbidden"),
    (12, "crit1", {}, FORBIDDEN, "caa-critical-unknown"),
    (13, "crit2", {}, FORBIDDEN, "caa-critical-unknown"),
    (15, "noncrit", {}, PERMITTED, None),
    (15, "noncrit", {"wildcard": True}, PERMITTED, None),
    (17, "critknown", {}, PERMITTED, "caa-permitted"),
    (18, "critissuemail", {}, PERMITTED, None),
    (21, "sub1.deny", {}, FORBIDDEN, "caa-forbidden"),
    (22, "sub2.sub1.deny", {}, FORBIDDEN, "caa-forbidden"),
    (23, "deny.permit", {}, FORBIDDEN, "caa-forbidden"),
    (24, "permit.deny", {}, PERMITTED, None),
    (26, "a.b.tldcaa.", {}, FORBIDDEN, "caa-forbidden"),
    (27, "deny", {"wildcard": True}, FORBIDDEN, "caa-forbidden"),
    (29, "wildonly", {"wildcard": True}, FORBIDDEN, "caa-forbidden"),
    (29, "wildonly", {}, PERMITTED, None),
    (30, "wildover", {}, PERMITTED, "caa-permitted"),
    (30, "wildover", {"wildcard": True}, FORBIDDEN, "caa-forbidden"),
    (32, "wildsemi", {}, PERMITTED, "caa-permitted"),
    (32, "wildsemi", {"wildcard": True}, FORBIDDEN, "caa-forbidden"),
    (34, "wildiodef", {"wildcard": True}, PERMITTED, None),
    (36, "cname-deny", {}, FORBIDDEN, "caa-forbidden"),
    (37, "cname2-deny", {}, FORBIDDEN, "caa-forbidden"),
    (38, "sub1.cname-deny", {}, FORBIDDEN, "caa-forbidden"),
    (40, "x.dn", {}, PERMITTED, "caa-permitted"),
    (42, "cname-ok.deny", {}, PERMITTED, "caa-permitted"),
    (44, "cname-loop", {}, ERROR, "caa-lookup-failed"),
    (47, "mal1", {}, FORBIDDEN, "caa-forbidden"),
    (48, "mal2", {}, FORBIDDEN, "caa-forbidden"),
    (49, "mal3", {}, FORBIDDEN, "caa-forbidden"),
    (54, "mal8", {}, PERMITTED, "caa-permitted"),
    (55, "par1", {}, PERMITTED, "caa-permitted"),
    (56, "par2", {}, PERMITTED, "caa-permitted"),
    (60, "acc-ok", {"account_uri": ACCOUNT}, PERMITTED, "caa-permitted"),
    (60, "acc-ok", {"account_uri": "acct:43@ca.example"}, FORBIDDEN, "caa-account-mismatch"),
    (61, "acc-two-rr", {"account_uri": ACCOUNT}, PERMITTED, "caa-permitted"),
    (63, "acc-empty", {"account_uri": ACCOUNT}, FORBIDDEN, None),
    (65, "vm-dns", {"method": "dns_txt"}, PERMITTED, "caa-permitted"),
    (65, "vm-dns", {"method": "http_file"}, FORBIDDEN, "caa-method-mismatch"),
    (67, "vm-unknown", {"method": "dns_txt"}, FORBIDDEN, "caa-method-mismatch"),
    (69, "vm-empty", {"method": "dns_txt"}, FORBIDDEN, None),
    (72, "mail-none", {"kind": "mail"}, PERMITTED, None),
    (73, "mail-deny", {"kind": "mail"}, FORBIDDEN, "caa-forbidden"),
    (73, "mail-deny", {}, PERMITTED, None),
    (75, "a.b.mail-deny", {"kind": "mail"}, FORBIDDEN, "caa-forbidden"),
    (81, "bogus", {}, ERROR, "caa-dnssec-bogus"),
    (82, "expired", {}, ERROR, "caa-dnssec-bogus"),
    (83, "missing", {}, ERROR, "caa-dnssec-bogus"),
    (92, "insecure", {}, PERMITTED, "caa-permitted"),
    (93, "unkalg", {}, PERMITTED, "caa-permitted"),
    (95, "servfail-i", {}, ERROR, "caa-lookup-failed"),
    (95, "refused-i", {}, ERROR, "caa-lookup-failed"),
    (95, "notimp-i", {}, ERROR, "caa-lookup-failed"),
    (95, "formerr-i", {}, ERROR, "caa-lookup-failed"),
    (98, "nosoa", {}, ERROR, "caa-lookup-failed"),
    (102, "high", {}, FORBIDDEN, "caa-forbidden"),
    (103, "xss", {}, FORBIDDEN, "caa-forbidden"),
    (109, "nothing.gonetld.", {}, ERROR, "caa-lookup-failed"),
]


def name_of(label):
    return label.rstrip(".") if label.endswith(".") else f"{label}.caatest"


@pytest.mark.invariant(16)
@pytest.mark.parametrize("case,label,more,result,code", CASES, ids=[
    f"{case}-{label}-{'-'.join(f'{key}={value}' for key, value in more.items())}" for case, label, more, _, _ in CASES])
def test_the_verdict_of_a_case(caller_officer, caller_officer2, case, label, more, result, code):
    """Each case of 4.2 gets the verdict that the rules of 4.1 give it, and its code."""
    caller = (caller_officer, caller_officer2)[case % 2]  # sixty checks a minute each
    check = caller.post("/v1/caa-checks", {"name": name_of(label), **more}).expect(201)
    assert (check["result"], check["code"]) == (result, code or check["code"]), check.text[:1500]
    assert check["queries"] and all(query["name"] for query in check["queries"])
    if label == "insecure":
        assert check["dnssec"] == "insecure"
    if result == ERROR and code == "caa-dnssec-bogus":
        assert check["dnssec"] == "bogus"


@pytest.mark.slow
def test_a_dead_server_is_a_timeout(caller_officer):
    """94: a server that drops everything is `caa-timeout` within ten seconds."""
    check = caller_officer.post("/v1/caa-checks", {"name": "timeout-i.caatest"}, timeout=12).expect(201)
    assert (check["result"], check["code"]) == (ERROR, "caa-timeout")


@pytest.mark.parametrize("name", ["xn--99999999.caatest", "ab--cd.caatest", "a..b.caatest", "-a.caatest", ""])
def test_what_is_no_name_is_not_looked_up(caller_officer, name):
    """80: malformed names are refused before any lookup."""
    caller_officer.post("/v1/caa-checks", {"name": name}).expect(422)


def test_a_check_is_read_listed_and_its_own(caller_officer, caller_subscriber, caller_officer_other):
    """A check is read with its raw messages, listed without them, and is another tenant's secret."""
    check = caller_officer.post("/v1/caa-checks", {"name": "ok.caatest"}).expect(201)
    path = f"/v1/caa-checks/{check['id']}"
    read = caller_officer.get(path).expect(200)
    assert read["queries"][0]["message"] and read["found_at"] == "ok.caatest"
    assert read["records"][0] == {"flags": 0, "tag": "issue", "value": "ca.example"}
    listed = caller_officer.get("/v1/caa-checks?name=ok.caatest").expect(200)["items"]
    assert check["id"] in [item["id"] for item in listed]
    assert all("message" not in query for item in listed for query in item["queries"])
    caller_subscriber.get(path).expect(404)
    caller_officer_other.get(path).expect(404)
