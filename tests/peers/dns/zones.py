"""The tree that the DNS peer serves: a root of our own, `caatest.` and `tldcaa.` below it.

Every name stands for one case of the CAA and domain control rules; its label says which. Names that
zone files can express are served by named, those whose fault is on the wire by responder.py.
"""
import dataclasses

TTL = 300
ISSUER = "ca.example"


@dataclasses.dataclass(frozen=True)
class Zone:
    """One zone: where it is served, and what is wrong with it."""
    name: str                    # absolute, with the last dot
    records: tuple = ()          # (owner label relative to the zone or "@", type, rdata)
    signed: bool = True          # by a key of its own
    ds: str = "own"              # in the parent: own, none, unknown (algorithm 200), digest (type 200), foreign
    nsec3: bool = False
    optout: bool = False         # NSEC3 with opt-out: unsigned delegations are not proven
    expired: bool = False        # signatures of last year
    future: bool = False         # signatures of next year
    tamper: tuple = ()           # (from, to): replaced in the signed file, the signatures stay
    responder: bool = False      # served by responder.py, not by named
    v6: bool = False             # reached over ::1 only


def caa(label, *values):
    return [(label, "CAA", value) for value in values]


def _plain():
    """caatest.: the cases that need no zone of their own."""
    ok, other = f'0 issue "{ISSUER}"', '0 issue "other.example"'
    records = []
    for label, *values in (
            ("empty", '0 issue ";"'), ("empty2", '0 issue ""'), ("deny", other),
            ("upper", '0 ISSUE "other.example"'), ("ok", ok), ("okcase", '0 issue "CA.Example"'),
            ("big", *[f'0 t{n} "test"' for n in range(1000)], other),
            ("crit1", '128 unknownprop "x"'), ("crit2", '130 unknownprop "x"'),
            ("noncrit", '126 unknownprop "x"'), ("critknown", f'128 issue "{ISSUER}"'),
            ("critissuemail", '128 issuemail ";"'), ("permit", ok), ("deny.permit", other),
            ("permit.deny", '0 dummy "dummy"'), ("wildonly", '0 issuewild "other.example"'),
            ("wildover", ok, '0 issuewild "other.example"'), ("wildsemi", '0 issuewild ";"', ok),
            ("wildiodef", '0 iodef "mailto:caa@caatest"'), ("x.target", ok),
            ("mal1", '0 issue "%%%%%"'), ("mal2", f'0 issue "{ISSUER}; a=b;"'),
            ("mal3", f'0 issue "{ISSUER}; a_b=1"'), ("mal8", '0 issue "%%%%%"', ok),
            ("par1", f'0 issue "{ISSUER}; foo=bar;baz=bar"'), ("par2", f'0 issue "{ISSUER};"'),
            ("acc-ok", f'0 issue "{ISSUER}; accounturi=acct:42@{ISSUER}"'),
            ("acc-two-rr", f'0 issue "{ISSUER}; accounturi=acct:1@{ISSUER}"',
             f'0 issue "{ISSUER}; accounturi=acct:42@{ISSUER}"'),
            ("acc-empty", f'0 issue "{ISSUER}; accounturi="'),
            ("vm-dns", f'0 issue "{ISSUER}; validationmethods=ca-tbr-7"'),
            ("vm-acme", f'0 issue "{ISSUER}; validationmethods=dns-01"'),
            ("vm-unknown", f'0 issue "{ISSUER}; validationmethods=tls-sni-01"'),
            ("vm-empty", f'0 issue "{ISSUER}; validationmethods="'),
            ("vm-comma", f'0 issue "{ISSUER}; validationmethods=,"'),
            ("vm-acc", f'0 issue "{ISSUER}; validationmethods=ca-tbr-7; accounturi=acct:43@{ISSUER}"'),
            ("mail-none", '0 issue ";"'), ("mail-deny", '0 issuemail ";"'),
            ("contact", '0 contactemail "owner@contact.caatest"'), ("secure-ok", ok),
            ("high", '0 issue "\\228"'), ("xss", '0 issue "<script>alert(1)</script>"')):
        records += caa(label, *values)
    for label, values in _unseen().items():
        records += caa(label, *values)
    for number in range(1, 20):  # chain9 is an alias of 9 steps to deny, chain19 one of 19
        records.append((f"chain{number}", "CNAME", f"chain{number - 1}.caatest." if number > 1 else "deny.caatest."))
    for label, target in (("cname-deny", "deny"), ("cname2-deny", "cname-deny"),
                          ("cname-ok.deny", "ok"), ("cname-loop", "cname-loop"),
                          ("cname-none.deny", "none"), ("cname-gone", "nothing-here.nowhere"),
                          ("loop1", "loop2"), ("loop2", "loop1"), ("cname-bogus", "bogus"),
                          ("cname-insecure", "insecure"), ("cname-servfail", "servfail-i"),
                          ("cname-silent", "timeout-i"), ("cname-nosoa", "nosoa"), ("cname-sub.deny", "sub.permit"),
                          ("*.wc", "deny"), ("under-deny.permit", "sub1.deny"), ("cname-ent", "ent")):
        records.append((label, "CNAME", f"{target}.caatest."))
    records.append(("cname-tld", "CNAME", "b.tldcaa."))
    records.append(("dn2", "DNAME", "dn.caatest."))
    records.append(("dncaa", "DNAME", "target.caatest."))
    records.append(("dnself", "DNAME", "dnself.caatest."))
    records.append(("dnloop", "DNAME", "x.dnloop.caatest."))
    for label in ("a.ent", "sub.permit", "a.wdns"):
        records.append((label, "A", "127.0.0.1"))
    records.append(("dn.deny", "DNAME", "target.caatest."))
    records.append(("dn", "DNAME", "target.caatest."))
    for label in ("@", "none", "sub1.deny", "ns", "web", "www.web", "shop", "intranet"):
        records.append((label, "A", "127.0.0.1"))
    records.append(("txt", "TXT", '"two " "strings"'))
    return tuple(records)


def _unseen():
    """Records of cases that the table does not list and the rules decide."""
    ours, account = ISSUER, f"acct:42@{ISSUER}"
    values = {
        # Which records count at all.
        "flag1": ('1 unknownprop "x"',), "flag129": ('129 unknownprop "x"',), "flag127": ('126 unknownprop ";"',),
        "crit-and-ok": (f'0 issue "{ours}"', '128 future "x"'), "crit-auth": ('128 auth "x"', f'0 issue "{ours}"'),
        "crit-known": ('128 contactemail "a@b.example"', '128 contactphone "1"', '128 issuevmc ";"', '128 iodef "x"'),
        "child.crit1": (f'0 issue "{ours}"',), "crit-issue": ('128 ISSUE ";"',), "crit-mixed": (f'128 IsSuE "{ours}"',),
        "iodef-only.deny": ('0 iodef "mailto:caa@caatest"',), "mixed": ('0 issue ";"', f'0 issue "{ours}"'),
        "iodefs": ('0 issue ";"', '0 iodef "mailto:two@report.caatest"', '0 IODEF "mailto:one@report.caatest"',
                   '128 iodef "https://report.caatest/caa"', '0 iodef "http://report.caatest/"', '0 iodef "mailto:"',
                   '0 iodef "mailto:a@b.caatest?cc=c@d.caatest"', '0 iodef "two@report.caatest"', '0 iodef "mailto:a b@c.caatest"'),
        "vmc": ('0 issuevmc ";"',), "near": (f'0 issue "x{ours}"', f'0 issue "{ours}x"', f'0 issue "www.{ours}"'),
        # The grammar.
        "wsp": (f'0 issue "  {ours}\\009 ;\\009 "',), "dot": (f'0 issue "{ours}."',), "dots": ('0 issue "ca..example"',),
        "semis": (f'0 issue "{ours};;"',), "notag": (f'0 issue "{ours}; =x"',), "space": (f'0 issue "{ours}; a=b c"',),
        "spaced": (f'0 issue "{ours} ; a = b ; c-d\\009=\\009"',), "nosemi": (f'0 issue "{ours} a=b"',),
        "behind": (f'0 issue ";{ours}"',), "quoted": (f'0 issue "\\"{ours}\\""',), "comma": (f'0 issue "{ours},x"',),
        "star": (f'0 issue "*.{ours}"',), "url": (f'0 issue "https://{ours}"',), "nul": (f'0 issue "{ours}\\000"',),
        "lf": (f'0 issue "{ours}\\010"',), "del": (f'0 issue "{ours}; a=\\127"',), "under": ('0 issue "ca_x.example"',),
        "hyphens": (f'0 issue "{ours}; a--b=1; c=d=e"',), "hyphen-end": (f'0 issue "{ours}; a-=1"',),
        "long": (f'0 issue "{ours}; x={"y" * 200}; z={"y" * 20}"',), "tilde": (f'0 issue "{ours}; a=!:<~"',),
        # Accounts and methods.
        "acc-case": (f'0 issue "{ours}; accounturi=ACCT:42@{ours}"',),
        "acc-tag": (f'0 issue "{ours.upper()}; AccountURI={account}"',),
        "acc-twice": (f'0 issue "{ours}; accounturi={account}; accounturi={account}"',),
        "acc-more": (f'0 issue "{ours}; accounturi={account}x"',),
        "vm-case": (f'0 issue "{ours}; validationmethods=CA-TBR-7"',),
        "vm-list": (f'0 issue "{ours}; validationmethods=dns-01,ca-tbr-7,ca-tbr-18"',),
        "vm-tail": (f'0 issue "{ours}; validationmethods=ca-tbr-7,"',), "vm-bad": (f'0 issue "{ours}; validationmethods=ca-tbr-7,a_b"',),
        "vm-twice": (f'0 issue "{ours}; validationmethods=ca-tbr-7; validationmethods=ca-tbr-7"',),
        "vm-18": (f'0 issue "{ours}; validationmethods=ca-tbr-18"',), "vm-wsp": (f'0 issue "{ours}; validationmethods =\\009ca-tbr-7 "',),
        "vm-prefix": (f'0 issue "{ours}; validationmethods=ca-tbr-70"',),
        "vm-22": (f'0 issue "{ours}; validationmethods=ca-tbr-22"',), "vm-persist": (f'0 issue "{ours}; validationmethods=dns-persist-01"',),
        # Wildcards.
        "wild-acc": (f'0 issue "{ours}"', f'0 issuewild "{ours}; accounturi={account}"'),
        "wild-mal": (f'0 issue "{ours}"', '0 issuewild "%%%%%"'), "wild-ok": ('0 issue ";"', f'0 issuewild "{ours}"'),
        "wild-upper": (f'0 issue "{ours}"', '0 ISSUEWILD ";"'), "wild-crit": (f'0 issuewild "{ours}"', '128 tbs "x"'),
        # Mail.
        "mail-ok": ('0 issue ";"', f'0 issuemail "{ours}"'), "mail-upper": ('0 IssueMail ";"',),
        "mail-mal": ('0 issuemail "%%%%%"',), "mail-acc": (f'0 issuemail "{ours}; accounturi={account}"',),
        "mail-crit": (f'0 issuemail "{ours}"', '128 tbs "x"'), "mail-child.mail-deny": (f'0 issue "{ours}"',),
        # What the server makes of names.
        "*.wdns": ('0 issue "other.example"',), "dncaa": ('0 issue "other.example"',),
        "xn--bcher-kva": ('0 issue "other.example"',),
    }
    return values


def _ok(*more):
    return (("@", "CAA", f'0 issue "{ISSUER}"'), ("@", "A", "127.0.0.1"), *more)


def _wire(label, **more):
    return Zone(f"{label}.caatest.", signed=False, ds="none", responder=True, **more)


ZONES = (
    Zone(".", signed=True, ds="none"),
    Zone("caatest.", _plain()),
    Zone("tldcaa.", (("@", "CAA", '0 issue "other.example"'), ("a.b", "A", "127.0.0.1"))),
    # Changed while a test runs; domains that demonstrate validation live here too.
    Zone("live.caatest.", _ok()),
    Zone("secure-nsec3.caatest.", (("@", "A", "127.0.0.1"), *caa("leaf", f'0 issue "{ISSUER}"')),
         nsec3=True),
    Zone("bogus.caatest.", _ok(), tamper=(ISSUER, "cx.example")),
    Zone("expired.caatest.", _ok(), expired=True),
    Zone("notyet.caatest.", _ok(), future=True),
    Zone("missing.caatest.", _ok(), signed=False, ds="foreign"),
    Zone("broken.caatest.", (*caa("@", '0 issue "other.example"'),
                             *caa("good", f'0 issue "{ISSUER}"')),
         tamper=("other.example", "otter.example")),
    Zone("insecure.caatest.", _ok(("sub", "A", "127.0.0.1")), signed=False, ds="none"),
    Zone("unkdigest.caatest.", _ok(), ds="digest"),
    Zone("unkalg.caatest.", _ok(), signed=False, ds="unknown"),
    Zone("v6.caatest.", caa("@", '0 issue "other.example"'), v6=True),
    Zone("optout.caatest.", (("@", "A", "127.0.0.1"), *caa("leaf", f'0 issue "{ISSUER}"')), nsec3=True, optout=True),
    Zone("child.optout.caatest.", _ok(), signed=False, ds="none"),
    # The records are gone from a signed zone that says it has them.
    Zone("stripped.caatest.", caa("@", '0 issue "strip.example"'),
         tamper=('CAA\t0 issue "strip.example"', 'TXT\t"nothing"')),
    # A signed name server's zone below an unsigned one: nothing leads to its key.
    Zone("island.insecure.caatest.", _ok(), ds="none"),
    *(_wire(label) for label in (
        "timeout-i", "servfail-i", "refused-i", "notimp-i", "formerr-i", "flaky-i", "nosoa", "lame",
        "wire", "tc-tcp", "tc-only", "slow", "rebind-i", "nxnosoa-i", "nxdata-i", "servdata-i",
        "wrongsoa-i", "twocname-i", "cnamecaa-i", "owner-i", "wrongq-i", "tc-both", "dropper-i",
        "junk-i", "chaos-i", "nxok-i", "noaa-i", "upper-i", "beside-i", "aliassoa-i", "longttl-i", "twins-i")),
    Zone("blackhole-s.caatest.", signed=False, ds="foreign", responder=True),
    Zone("servfail-s.caatest.", signed=False, ds="foreign", responder=True),
)
BY_NAME = {zone.name: zone for zone in ZONES}


def zone_of(name):
    """The zone a name lies in; `name` absolute or not."""
    labels = name.rstrip(".").lower().split(".")
    for at in range(len(labels)):
        zone = BY_NAME.get(".".join(labels[at:]) + ".")
        if zone:
            return zone
    return BY_NAME["."]


def parent_of(zone):
    return zone_of(zone.name.split(".", 1)[1]) if zone.name != "." else None
