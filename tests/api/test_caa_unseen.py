"""CAA cases that no table lists and the rules decide, over HTTP against real zones."""
import time

import pytest

from test_caa import ACCOUNT, DEADLINE_S, A, D, E, caller_of_this_test, check, dns  # noqa: F401

MAIL, WILD = {"kind": "mail"}, {"wildcard": True}
OURS, TXT, FILE = {"account_uri": ACCOUNT}, {"method": "dns_txt"}, {"method": "http_file"}
NONE, GOOD, BAD, CRITICAL = "caa-none", "caa-permitted", "caa-forbidden", "caa-critical-unknown"
FAILED, BOGUS, METHOD, ALIEN = "caa-lookup-failed", "caa-dnssec-bogus", "caa-method-mismatch", "caa-account-mismatch"

ROWS = [
    # Which records count.
    ("flag1", {}, D, CRITICAL), ("flag129", {}, D, CRITICAL), ("flag127", {}, A, NONE), ("crit-and-ok", {}, D, CRITICAL),
    ("crit-auth", {}, D, CRITICAL), ("crit-known", {}, A, NONE), ("child.crit1", {}, A, GOOD), ("sub.crit1", {}, D, CRITICAL),
    ("crit-issue", {}, D, BAD), ("crit-mixed", {}, A, GOOD), ("iodef-only.deny", {}, A, NONE), ("mixed", {}, A, GOOD),
    ("vmc", {}, A, NONE), ("near", {}, D, BAD),
    # The grammar.
    ("wsp", {}, A, GOOD), ("dot", {}, D, BAD), ("dots", {}, D, BAD), ("semis", {}, D, BAD), ("notag", {}, D, BAD),
    ("space", {}, D, BAD), ("spaced", {}, A, GOOD), ("nosemi", {}, D, BAD), ("behind", {}, D, BAD), ("quoted", {}, D, BAD),
    ("comma", {}, D, BAD), ("star", {}, D, BAD), ("url", {}, D, BAD), ("nul", {}, D, BAD), ("lf", {}, D, BAD),
    ("del", {}, D, BAD), ("under", {}, D, BAD), ("hyphens", {}, A, GOOD), ("hyphen-end", {}, D, BAD), ("long", {}, A, GOOD),
    ("tilde", {}, A, GOOD),
    # Accounts and methods.
    ("acc-case", OURS, D, ALIEN), ("acc-tag", OURS, A, GOOD), ("acc-twice", OURS, D, ALIEN), ("acc-more", OURS, D, ALIEN),
    ("acc-ok", {}, D, ALIEN), ("vm-case", TXT, A, GOOD), ("vm-list", TXT, A, GOOD), ("vm-list", FILE, A, GOOD),
    ("vm-list", {"method": "dns_persist"}, D, METHOD), ("vm-list", {}, D, METHOD), ("vm-tail", TXT, D, METHOD),
    ("vm-bad", TXT, D, METHOD), ("vm-twice", TXT, D, METHOD), ("vm-18", FILE, A, GOOD), ("vm-18", TXT, D, METHOD),
    ("vm-wsp", TXT, A, GOOD), ("vm-prefix", TXT, D, METHOD), ("vm-22", {"method": "dns_persist"}, A, GOOD),
    ("vm-persist", {"method": "dns_persist"}, A, GOOD), ("vm-persist", TXT, D, METHOD), ("vm-22", TXT, D, METHOD), ("vm-acme", FILE, D, METHOD),
    # Wildcards.
    ("wild-acc", WILD, D, ALIEN), ("wild-acc", {**WILD, **OURS}, A, GOOD), ("wild-acc", {}, A, GOOD), ("wild-mal", WILD, D, BAD),
    ("wild-mal", {}, A, GOOD), ("wild-ok", WILD, A, GOOD), ("wild-ok", {}, D, BAD), ("wild-upper", WILD, D, BAD),
    ("wild-crit", WILD, D, CRITICAL), ("sub.wildonly", WILD, D, BAD), ("sub.wildonly", {}, A, NONE), ("a.b.tldcaa.", WILD, D, BAD),
    # Mail.
    ("mail-ok", MAIL, A, GOOD), ("mail-ok", {}, D, BAD), ("mail-upper", MAIL, D, BAD), ("mail-upper", {}, A, NONE),
    ("mail-mal", MAIL, D, BAD), ("mail-acc", MAIL, D, ALIEN), ("mail-acc", {**MAIL, **OURS}, A, GOOD),
    ("mail-crit", MAIL, D, CRITICAL), ("mail-child.mail-deny", MAIL, A, NONE), ("crit1", MAIL, D, CRITICAL),
    ("cname-deny", MAIL, A, NONE), ("bogus", MAIL, E, BOGUS), ("servfail-i", MAIL, E, FAILED),
    # The climb, aliases.
    ("chain9", {}, D, BAD), ("chain19", {}, E, FAILED), ("loop1", {}, E, FAILED), ("x.dnself", {}, E, FAILED),
    ("x.dnloop", {}, E, FAILED), ("cname-gone", {}, A, NONE), ("cname-bogus", {}, E, BOGUS), ("cname-insecure", {}, A, GOOD),
    ("cname-servfail", {}, E, FAILED), ("cname-nosoa", {}, E, FAILED), ("cname-tld", {}, A, NONE), ("cname-ent", {}, A, NONE),
    ("cname-sub.deny", {}, D, BAD), ("under-deny.permit", {}, A, GOOD), ("x.wc", {}, D, BAD), ("wc", {}, A, NONE),
    ("x.dn2", {}, A, GOOD), ("x.dncaa", {}, A, GOOD), ("dncaa", {}, D, BAD), ("y.dncaa", {}, D, BAD), ("ent", {}, A, NONE),
    ("x.wdns", {}, D, BAD), ("x.y.wdns", {}, D, BAD), ("a.wdns", {}, A, NONE), ("wdns", {}, A, NONE), ("x.a.wdns", {}, A, NONE),
    # What DNSSEC proves.
    ("leaf.optout", {}, A, GOOD), ("child.optout", {}, A, GOOD), ("gone.optout", {}, A, NONE), ("stripped", {}, E, BOGUS),
    ("sub.stripped", {}, E, BOGUS), ("sub.bogus", {}, E, BOGUS), ("x.expired", {}, E, BOGUS), ("island.insecure", {}, A, GOOD),
    ("a.b.c.missing", {}, E, BOGUS), ("notyet", {}, E, BOGUS), ("x.notyet", {}, E, BOGUS), ("unkdigest", {}, A, GOOD),
    # What servers do.
    ("nxnosoa-i", {}, E, FAILED), ("nxdata-i", {}, E, FAILED), ("servdata-i", {}, E, FAILED), ("wrongsoa-i", {}, E, FAILED),
    # A name has one alias and nothing beside it (RFC 1034 3.6.2): the first alias is followed, the rest is no answer.
    ("twocname-i", {}, D, BAD), ("cnamecaa-i", {}, D, BAD), ("owner-i", {}, E, FAILED), ("tc-both", {}, E, FAILED),
    ("chaos-i", {}, E, FAILED), ("nxok-i", {}, A, NONE), ("noaa-i", {}, A, GOOD), ("sub.refused-i", {}, E, FAILED),
    ("sub.nosoa", {}, E, FAILED), ("tagonly.wire", {}, D, BAD), ("hyphentag.wire", {}, A, NONE),
    ("crithyphen.wire", {}, D, CRITICAL), ("spacetag.wire", {}, D, CRITICAL), ("nultag.wire", {}, D, CRITICAL),
    ("cut.wire", {}, E, FAILED), ("utf8.wire", {}, D, BAD), ("upper-i", {}, A, GOOD), ("beside-i", {}, A, GOOD),
    ("twins-i", {}, A, GOOD), ("longttl-i", {}, A, GOOD), ("aliassoa-i", {}, E, FAILED),
    # Names as people write them.
    ("OK", {}, A, GOOD), ("bücher", {}, D, BAD), ("*.deny", {}, D, BAD), ("*.ok", {}, A, GOOD),
    ("x.tldcaa.", {}, D, BAD), ("nothing.gonetld.", WILD, E, FAILED), ("nothing.gonetld.", MAIL, E, FAILED),
]


@pytest.mark.parametrize("name, body, result, code", ROWS,
                         ids=[f"{row[0]}-{'-'.join(map(str, row[1].values())) or 'name'}" for row in ROWS])
@pytest.mark.invariant(16)
def test_row(caller, name, body, result, code):
    """Each case gets the verdict and the code that the rules give it."""
    answer = check(caller, name, **body).expect(201)
    assert (answer["result"], answer["code"]) == (result, code), (answer["detail"], answer["queries"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wrongq-i", "junk-i", "cname-silent", "sub.timeout-i"])
def test_what_is_no_answer_is_an_error_in_time(caller, name):
    """Answers that are none, and silence behind an alias or below the name, are errors within the deadline."""
    begun = time.monotonic()
    answer = check(caller, name).expect(201)
    assert time.monotonic() - begun < DEADLINE_S
    assert answer["result"] == E and answer["code"] in ("caa-timeout", FAILED)


def test_lost_queries_are_asked_again(caller, dns):  # noqa: F811
    """A server that loses the first packets is asked until it answers."""
    name = f"n{time.monotonic_ns()}.dropper-i"
    assert check(caller, name).expect(201)["result"] == A
    assert dns.count(f"{name}.caatest") >= 3


def test_what_was_proven_about_an_absence(caller):
    """Secure only when every answer on the way was: opt-out, an island and an unsigned target are insecure."""
    for name, state in (("leaf.optout", "secure"), ("child.optout", "insecure"), ("gone.optout", "insecure"),
                        ("island.insecure", "insecure"), ("cname-insecure", "insecure"), ("ent", "secure"),
                        ("x.wdns", "secure"), ("x.dn2", "secure"), ("unkdigest", "insecure")):
        assert check(caller, name).expect(201)["dnssec"] == state, name


def test_where_it_was_found(caller):
    """found_at is the name of the climb whose set counted, not the target of its alias."""
    for name, where in (("sub2.sub1.deny", "deny"), ("cname2-deny", "cname2-deny"), ("x.dncaa", "x.dncaa"),
                        ("a.b.c.d.permit", "permit"), ("x.y.wdns", "x.y.wdns")):
        assert check(caller, name).expect(201)["found_at"] == f"{where}.caatest", name
    assert check(caller, "a.b.tldcaa.").expect(201)["found_at"] == "tldcaa"
