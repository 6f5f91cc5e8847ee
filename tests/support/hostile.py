"""Hostile input of 7.3 as a table: who sends what where, and what is answered. None of it may leave a trace.

Bodies, paths and headers name objects of `Place` as {draft}, {certificate} ... Each case is sent by
tests/api/test_hostile.py, which asserts its answer, and over and over by tests/faults/test_no_trace.py.
"""
import dataclasses
import json
import pathlib

from .keys import make_csr, make_key, spki_sha256

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "unit" / "issuer" / "corpus"
ABSENT = "01938a6e-2f00-7c3a-9a51-4be0d2a1c055"
JSON = "application/json"


@dataclasses.dataclass
class Case:
    rows: tuple
    name: str
    caller: str
    method: str
    path: str
    status: tuple
    code: str = None
    body: object = None       # JSON
    data: bytes = None        # or bytes
    kind: str = JSON
    headers: dict = dataclasses.field(default_factory=dict)
    pointers: tuple = None    # of a 422, all of them

    def __str__(self):
        return f"{'-'.join(map(str, self.rows))}-{self.name}"

    def send(self, callers, place):
        headers = {name: filled(value, place) for name, value in self.headers.items()}
        data = self.data
        if self.body is not None:
            data = json.dumps(filled(self.body, place)).encode()
        elif data is not None:
            data = filled(data, place)
        if data is not None and self.kind:
            headers = {"Content-Type": self.kind, **headers}
        return callers[self.caller].request(self.method, filled(self.path, place), data=data, headers=headers,
                                            checked=False)


class Place(dict):
    """The objects that hostile input is aimed at, all of the first enterprise."""

    def __init__(self, world):
        draft = world.draft()
        vetted = world.vetted()
        owned = world.journey.certificate()
        compromised = make_key()
        world.journey.revoked("keyCompromise", key=compromised)
        old = make_key()
        lineage = world.journey.request(world.journey.revoked(key=old))
        held = make_key()
        world["subscriber"].put(f"/v1/reissue-requests/{world.draft()['id']}/csr", {"csr": make_csr(held)}).expect(200)
        blocked = make_key()
        world["admin"].post("/v1/blocked-keys", {"spki_sha256": spki_sha256(blocked), "reason": "known-private"}).expect(201)
        super().__init__(
            draft=draft["id"], vetted=vetted["id"], certificate=owned["id"], lineage=lineage["id"], absent=ABSENT,
            owner=world.owner_id(), profile=world.instance["PROFILE_DESKTOP_ID"], tls=world.instance["PROFILE_TLS_ID"],
            agreement=world.instance["AGREEMENT_ID"], user=world.user()["id"], email=world.user()["email"],
            csr=make_csr(make_key()), csr_compromised=make_csr(compromised), csr_old=make_csr(old),
            csr_held=make_csr(held), csr_blocked=make_csr(blocked), enterprise=world.enterprise_id())


def filled(value, place):
    """Names in braces replaced, at every depth."""
    if isinstance(value, dict):
        return {filled(name, place): filled(one, place) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, place) for one in value]
    if isinstance(value, (str, bytes)):
        for name, one in place.items():
            mark, own = ("{%s}" % name, one) if isinstance(value, str) else (b"{%s}" % name.encode(), json.dumps(one)[1:-1].encode())
            value = value.replace(mark, own)
    return value


CASES = []


def add(rows, name, caller, method, path, status, code=None, **more):
    rows = rows if isinstance(rows, tuple) else (rows,)
    CASES.append(Case(rows, name, caller, method, path, status if isinstance(status, tuple) else (status,), code, **more))


REISSUES, DRAFT = "/v1/reissue-requests", "/v1/reissue-requests/{draft}"
CREATE = {"certificate_id": "{certificate}", "reason": "key_lost"}
ENROL = {"profile_id": "{profile}", "csr": "{csr}", "owner_id": "{owner}", "subject": {"common_name": "Hostile"}}
TLS = {**ENROL, "profile_id": "{tls}", "subject": {}}

# --- 33 to 40: no JSON, or another kind of it, on the routes that everything goes through ---

JSON_ROUTES = [("subscriber", "POST", REISSUES), ("subscriber", "PATCH", DRAFT), ("subscriber", "PUT", DRAFT + "/csr"),
               ("subscriber", "POST", DRAFT + "/submit"), ("officer", "POST", "/v1/certificates"),
               ("officer", "POST", "/v1/certificates/import"), ("enterprise_admin", "POST", "/v1/users"),
               ("enterprise_admin", "POST", "/v1/profiles"), ("nobody", "POST", "/v1/sessions"),
               ("subscriber", "POST", "/v1/certificates/{certificate}/revoke")]
NO_JSON = {
    (33, "depth"): b"[" * 30_000, (33, "objects"): b'{"a":' * 40 + b"1" + b"}" * 40,
    (35, "twice"): b'{"reason":"key_lost","reason":"other"}', (35, "twice-inside"): b'{"subject":{"country":"GB","country":"FR"}}',
    (36, "byte"): b'{"message":"\xff"}', (36, "overlong"): b'{"message":"\xc0\xaf"}',
    (36, "surrogate-bytes"): b'{"message":"\xed\xa0\x80"}', (36, "lone-surrogate"): b'{"message":"\\ud800"}',
    (36, "beyond"): b'{"message":"\xf4\x90\x80\x80"}', (37, "nul"): b'{"message":"a\\u0000b"}', (37, "raw-nul"): b'{"message":"a\0b"}',
    (39, "too-large-a-number"): b'{"message":1e400}', (39, "leading-zero"): b'{"message":01}', (39, "nan"): b'{"message":NaN}',
    (3, "trailing"): b'{"message":"a"} {"message":"b"}', (3, "cut"): b'{"message":"a"', (3, "bom"): b'\xef\xbb\xbf{}',
    (3, "comment"): b'{/* a */"message":"a"}',
}
for caller, method, path in JSON_ROUTES:
    where = f"{method.lower()}-{path.split('/')[-1].strip('{}')}"
    for (row, what), data in NO_JSON.items():
        add(row, f"{what}-{where}", caller, method, path, 400, "bad-json", data=data)
    for what, data in {"null": b"null", "array": b"[]", "string": b'"x"', "true": b"true", "number": b"5"}.items():
        add(40, f"{what}-{where}", caller, method, path, (400, 422), data=data)
    add(41, f"unknown-{where}", caller, method, path, 422, data=b'{"nonsense":1}')
    add(63, f"whitespace-{where}", caller, method, path, 413, "too-large", data=b" " * 400_000 + b"{}")
    for kind in ("text/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x",
                 "application/json-patch+json"):
        add((4, 59, 62), f"{kind.split('/')[1][:10]}-{where}", caller, method, path, 415, "unsupported-media-type",
            data=b"{}", kind=kind)
    add(5, f"gzip-{where}", caller, method, path, 415, "unsupported-media-type", data=b"\x1f\x8b\x08" + bytes(100),
        headers={"Content-Encoding": "gzip"})

# --- 39: numbers ---

for what, days in {"exponent": b"1e2", "half": b"1.5", "text": b'"5"', "true": b"true", "zero": b"0", "minus": b"-1",
                   "minus-zero": b"-0", "2^31": b"2147483648", "2^63": b"9223372036854775808", "2^64": b"18446744073709551617",
                   "array": b"[5]"}.items():
    add(39, f"days-{what}", "subscriber", "PATCH", DRAFT, (400, 422), data=b'{"validity":{"mode":"days","days":' + days + b"}}")
    add(39, f"max-days-{what}", "enterprise_admin", "PATCH", "/v1/profiles/{profile}", (400, 422),
        data=b'{"max_days":' + days + b"}")

# --- 41, 42: members that are not there for clients ---

OWN = ["status", "id", "number", "enterprise_id", "tenant_id", "owner_id", "approved_by", "approvals", "verified", "serial",
       "issuer", "is_ca", "digest", "round", "revision", "new_certificate_id", "lineage_id", "profile_id", "issued_at",
       "requested_by", "blockers", "expires_at", "__proto__", "constructor"]
for member in OWN:
    add((42, 59), f"create-{member}", "subscriber", "POST", REISSUES, 422, "unknown-member",
        body={**CREATE, member: True}, pointers=(f"/{member}",))
    add((42, 59), f"patch-{member}", "subscriber", "PATCH", DRAFT, 422, body={member: "x"}, pointers=(f"/{member}",))
for member in ("is_ca", "serial", "status", "not_after", "extensions", "approvals", "issuer", "challenge"):
    add(42, f"enrol-{member}", "officer", "POST", "/v1/certificates", 422, body={**ENROL, member: True}, pointers=(f"/{member}",))
for member in ("id", "status", "revision", "password_hash", "scopes", "created_at"):
    add(42, f"me-{member}", "subscriber", "PATCH", "/v1/me", 422, body={member: "x"}, pointers=(f"/{member}",))
for member in ("role", "reach", "enterprise_id", "email"):
    add(42, f"me-{member}", "subscriber", "PATCH", "/v1/me", 422, body={member: "admin"}, pointers=(f"/{member}",))
add(59, "deep-merge", "subscriber", "PATCH", DRAFT, 422, body={"subject": {"a": {"b": {"c": 1}}}}, pointers=("/subject/a",))
add(42, "sub-members", "subscriber", "PATCH", DRAFT, 422, pointers=("/san/0/critical", "/subject/is_ca", "/validity/years"),
    body={"subject": {"is_ca": True}, "san": [{"type": "dns", "value": "a.example.com", "critical": True}],
          "validity": {"mode": "full", "years": 9}})

# --- 43 to 46: texts ---

BAD_TEXTS = {"controls": "a\u0007b", "escape": "a\u001b[31mb", "bidi": "a\u202eb", "isolate": "a\u2066b", "zero-width": "a\u200bb",
             "bom": "a\ufeffb", "crlf": "a\r\nBcc: x@y.example", "c1": "a\u0085b", "private": "a\ue000b", "tag": "a\U000e0021b"}
for what, text in BAD_TEXTS.items():
    rows = (44, 46) if what == "crlf" else (44,)
    add(rows, f"cn-{what}", "subscriber", "PATCH", DRAFT, 422, body={"subject": {"common_name": text}},
        pointers=("/subject/common_name",))
    add(rows, f"enrol-cn-{what}", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "subject": {"common_name": text}},
        pointers=("/subject/common_name",))
add(46, "message-crlf", "subscriber", "PATCH", DRAFT, 422, body={"message": "a\r\nBcc: x@y.example"}, pointers=("/message",))
for what, text in {"bell": "a\u0007b", "escape": "a\u001b[31mb", "bidi": "a\u202eb", "c1": "a\u0085b"}.items():
    add(44, f"message-{what}", "subscriber", "PATCH", DRAFT, 422, body={"message": text}, pointers=("/message",))
    add(44, f"remarks-{what}", "officer", "POST", "/v1/reissue-requests/{vetted}/decline", 422, body={"remarks": text},
        pointers=("/remarks",))
add(43, "message-1001", "subscriber", "PATCH", DRAFT, 422, body={"message": "\U0001f511" * 1001}, pointers=("/message",))
add(43, "remarks-empty", "officer", "POST", "/v1/reissue-requests/{vetted}/decline", 422, body={"remarks": ""}, pointers=("/remarks",))
add(43, "remarks-long", "officer", "POST", "/v1/reissue-requests/{vetted}/decline", 422, body={"remarks": "x" * 1001},
    pointers=("/remarks",))
add(43, "reason", "subscriber", "POST", REISSUES, 422, body={**CREATE, "reason": "x" * 5000}, pointers=("/reason",))
add(43, "name", "enterprise_admin", "POST", "/v1/users", 422, pointers=("/name",),
    body={"email": "n@example.test", "name": "n" * 5000, "role": "subscriber"})
for what, text in {"65": "x" * 65, "65-wide": "\u00e4" * 65, "empty": "", "spaces": "   "}.items():
    add((43, 93), f"cn-{what}", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "subject": {"common_name": text}},
        pointers=("/subject/common_name",))
add(93, "cn-list", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "subject": {"common_name": ["a"] * 10}},
    pointers=("/subject/common_name",))
add(92, "cn-nul", "officer", "POST", "/v1/certificates", 400, "bad-json",
    data=b'{"profile_id":"{profile}","owner_id":"{owner}","csr":"{csr}","subject":{"common_name":"good.example\\u0000.evil"}}')

# --- 96 to 104: names ---

NAMES = {
    98: ["a..example.com", ".example.com", "-a.example.com", "a-.example.com", "a_b.example.com", "a b.example.com",
         "example.com..", "", ".", "host.123", "single", "a" * 64 + ".example.com", "a" * 60 + ("." + "a" * 60) * 4 + ".com",
         "a/b.example.com", "example.com:443", "a@example.com", "a\u0000.example.com"],
    99: ["*", "*.com", "*.co.uk", "a.*.example.com", "f*.example.com", "*f.example.com", "*.*.example.com", "**.example.com",
         "xn--*.example.com", "*example.com"],
    100: ["host.local", "host.internal", "host.corp", "localhost", "host.localhost", "1.0.0.127.in-addr.arpa", "a.ip6.arpa",
          "abcdef.onion", "host.example", "host.nosuchtopleveldomain", "co.uk"],
    101: ["192.168.0.1", "8.8.8.8", "::1", "[::1]"],
    102: ["xn--a.example.com", "xn--.example.com", "ab--c.example.com", "bu\u0308cher.example.com", "\U0001f600.example.com",
          "a\u200b.example.com", "a\u202e.example.com", "\u3002example.com"],
}
for row, names in NAMES.items():
    for name in names:
        if "\0" in name:
            continue  # 37
        add(row, f"dns-{name[:24].encode('ascii', 'replace').decode()}", "officer", "POST", "/v1/certificates", 422,
            body={**TLS, "san": [{"type": "dns", "value": name}]}, pointers=("/san/0/value",))
for address in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0",
                "100.64.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:8.8.8.8",
                "fe80::1%eth0", "010.1.1.1", "0x7f000001", "134744072", "8.8.8", "8.8.8.8/24", "8.8.8.256", "www.example.com"]:
    add(101, f"ip-{address}", "officer", "POST", "/v1/certificates", 422, body={**TLS, "san": [{"type": "ip", "value": address}]},
        pointers=("/san/0/value",))
for kind, value in (("uri", "https://example.com/"), ("upn", "a@example.com"), ("email", "a@example.com")):
    add(104, f"tls-{kind}", "officer", "POST", "/v1/certificates", 422, body={**TLS, "san": [{"type": kind, "value": value}]})
for kind in ("directory_name", "registered_id", "x400", "DNS", "", 7, None):
    add(104, f"type-{kind}", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "san": [{"type": kind, "value": "CN=a"}]})
add(96, "tls-no-san", "officer", "POST", "/v1/certificates", 422, body={**TLS, "san": []})
for count in (101, 2000):
    add(96, f"{count}-sans", "officer", "POST", "/v1/certificates", 422,
        body={**TLS, "san": [{"type": "dns", "value": f"h{n}.example.com"} for n in range(count)]})
add(96, "10000-sans", "officer", "POST", "/v1/certificates", (413, 422),
    body={**TLS, "san": [{"type": "dns", "value": f"h{n}.example.com"} for n in range(10_000)]})
add(95, "cn-beside-san", "officer", "POST", "/v1/certificates", 422, pointers=("/subject/common_name",),
    body={**TLS, "subject": {"common_name": "a.example.com"}, "san": [{"type": "dns", "value": "b.example.com"}]})

# --- 47 to 53: queries and ids ---

QUERIES = ["limit=0", "limit=-1", "limit=201", "limit=1000000000", "limit=1;--", "limit=1.5", "limit=x", "limit=", "limit=1&limit=2",
           "sort=name;drop", "sort=-cn,(select%201)", "sort=", "cursor=AAAA", "cursor=%00", "cursor=", "cursor=" + "A" * 4000,
           "nothing=1", "id[]=1", "count=yes", "limit=%ff", "limit=%zz", "limit=%", "created_after=yesterday",
           "created_after=2026-13-01T00:00:00Z", "created_before=2026-01-01", "q=a'%20OR%201=1--" + "x" * 300, "q=ab", "%00=1",
           "q[$ne]=1", "owner_id=1", "owner_id=" + ABSENT.upper() + "'", "status=nonsense", "status=draft,issued", "include=secrets"]
for query in QUERIES:
    add((47, 49, 50, 51), f"requests-{query[:24]}", "subscriber", "GET", f"{REISSUES}?{query}", 400)
for query in ("serial=zz", "spki_sha256=00", "fingerprint_sha256=sha256:x", "expires_after=x", "lineage_id=x", "limit=0",
              "common_name=" + "x" * 5000, "san=%00"):
    add((47, 50), f"certificates-{query[:24]}", "subscriber", "GET", f"/v1/certificates?{query}", 400)
add(51, "a-hundred", "subscriber", "GET", "/v1/certificates?" + "&".join(["status=issued"] * 100), 400, "bad-query")
for form in ["%00", "abc%00def", ABSENT + "%00", "%2e%2e%2f", "..;", "..%2f" + ABSENT, ABSENT.upper(), ABSENT + "/", "%252e",
             "%5c%5c", ABSENT[:-1], ABSENT + "0", "'", "current", "1", "{" + ABSENT + "}", "%c0%ae", "-1", ABSENT.replace("-", "")]:
    for path in ("/v1/certificates/", "/v1/reissue-requests/", "/v1/users/"):
        add((52, 53), f"{path.split('/')[2]}-{form[:16]}", "enterprise_admin", "GET", path + form, (400, 404))
add(55, "absent", "subscriber", "GET", "/v1/certificates/{absent}", 404, "not-found")
for who, path in (("subscriber", "open"), ("subscriber", "release"), ("subscriber", "approve"), ("subscriber", "decline"),
                  ("auditor", "cancel"), ("auditor", "approve"), ("auditor", "submit"), ("enterprise_admin", "submit")):
    add(56, f"{who}-{path}", who, "POST", "/v1/reissue-requests/{vetted}/" + path, 403, "forbidden", body={})
for path in ("/v1/users", "/v1/audit-events", "/v1/enterprises", "/v1/clients", "/v1/jwt-issuers", "/v1/blocked-keys"):
    add(56, f"subscriber-{path[4:]}", "subscriber", "GET", path, 403, "forbidden")
    add(56, f"officer-{path[4:]}", "officer", "GET", path, 403, "forbidden")

# --- 57, 58: preconditions and keys ---

for value, status in (('"0.0"', 412), ('W/"1.a"', 400), ("junk", 400), ('"1.a", "2.b"', (400, 412)), ("", 400)):
    add(57, f"if-match-{value[:8]}", "subscriber", "PATCH", DRAFT, status, body={"message": "never"}, headers={"If-Match": value})
for what, key in (("empty", ""), ("256", "x" * 256), ("4k", "x" * 4096), ("latin", "caf\u00e9".encode("latin-1")), ("tab", "a\tb")):
    add(58, f"key-{what}", "subscriber", "POST", REISSUES, (400, 431), body=CREATE, headers={"Idempotency-Key": key})
add(58, "key-of-a-refusal", "subscriber", "POST", REISSUES, 422, body={**CREATE, "reason": "x"},
    headers={"Idempotency-Key": "the same each time"})

# --- 64: URLs of others. Loopback, which instances of the tests may call: test_external_jwt.py ---

for url in ["http://idp.example/keys", "https://[::1]/", "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/", "file:///etc/passwd", "gopher://idp.example/", "https://user:pw@idp.example/",
            "https://", "ftp://idp.example/", "javascript:alert(1)", "https://[::ffff:127.0.0.1]/",
            "https://idp.example\r\nX: y", "//idp.example"]:
    add(64, f"jwks-{url[:28]}", "admin", "POST", "/v1/jwt-issuers", 422, body={
        "enterprise_id": "{enterprise}", "issuer": "https://idp.example", "audience": "a", "algorithms": ["RS256"],
        "jwks_uri": url, "scopes": []})

# --- 65: what an error tells ---

add(65, "email-again", "enterprise_admin", "POST", "/v1/users", 409, "already-exists",
    body={"email": "{email}", "name": "Twin", "role": "subscriber"})
add(65, "no-such-profile", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "profile_id": ABSENT}, pointers=("/profile_id",))
add(65, "id-no-id", "officer", "POST", "/v1/certificates", 422, body={**ENROL, "profile_id": "1'; DROP TABLE x"}, pointers=("/profile_id",))
add(65, "in-use", "enterprise_admin", "DELETE", "/v1/agreements/{agreement}", 409, "in-use")

# --- 66 to 93: CSRs. The corpus, by PUT of bytes ---

for line in (CORPUS / "expected.tsv").read_text(encoding="utf-8").splitlines():
    file, row, slug, _ = line.split("\t")
    if slug != "-":
        add(int(row), f"csr-{file}", "subscriber", "PUT", DRAFT + "/csr", (400, 422) if file == "empty.der" else 422,
            None if file == "empty.der" else slug, data=(CORPUS / file).read_bytes(), kind="application/pkcs10")
add(68, "csr-1MB", "subscriber", "PUT", DRAFT + "/csr", 413, "too-large", data=b"0" * (1 << 20), kind="application/pkcs10")
for what, csr in {"text": "x", "empty": "", "number": 7, "list": ["{csr}"], "two": "{csr}{csr}", 
                  "cut": "-----BEGIN CERTIFICATE REQUEST-----\n"}.items():
    add((66, 67), f"json-csr-{what}", "subscriber", "PUT", DRAFT + "/csr", 422, body={"csr": csr})
for what, code in (("compromised", "key-blocked"), ("held", "key-reused"), ("blocked", "key-blocked")):
    add({"compromised": (79,), "held": (78,), "blocked": (76, 77)}[what], f"csr-{what}", "subscriber", "PUT", DRAFT + "/csr", 422,
        code, body={"csr": "{csr_%s}" % what})
add(80, "csr-old", "subscriber", "PUT", "/v1/reissue-requests/{lineage}/csr", 422, "key-reused", body={"csr": "{csr_old}"})
add(79, "enrol-compromised", "officer", "POST", "/v1/certificates", 422, "key-blocked", body={**ENROL, "csr": "{csr_compromised}"})

# --- 107, 110: certificates of others ---

for what, pem in {"text": "x", "empty": "", "csr": "{csr}", "cut": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                  "thousand": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" * 1000}.items():
    add(110, f"import-{what}", "officer", "POST", "/v1/certificates/import", (413, 422),
        body={"pem": pem, "profile_id": "{profile}", "owner_id": "{owner}"})

# --- 112 to 117: tokens ---

for what, value in {"none": None, "empty": "", "scheme": "Bearer", "space": "Bearer ", "x": "Bearer x", "basic": "Basic dTpw",
                    "digest": "Digest a", "unknown": "Bearer rsd_" + "0" * 49, "long": "Bearer " + "x" * 5000, "two": "Bearer a b",
                    "jwt": "Bearer a.b.c", "none-alg": "Bearer eyJhbGciOiJub25lIn0.e30.", "bytes": b"Bearer \xff\xfe"}.items():
    add((112, 114), f"token-{what}", "nobody", "GET", "/v1/me", 401, "unauthenticated", headers={"Authorization": value})
add(113, "query", "nobody", "GET", "/v1/me?access_token=rsd_" + "0" * 49, (400, 401))
add(113, "body", "nobody", "POST", "/v1/reissue-requests", 401, "unauthenticated", body={"access_token": "rsd_" + "0" * 49})

# --- 128, 129: steps left out, and once more ---

add(129, "submit-a-draft", "subscriber", "POST", DRAFT + "/submit", 409, "not-ready", body={})
for action in ("open", "release", "approve", "decline"):
    add(129, f"{action}-a-draft", "officer", "POST", f"{DRAFT}/{action}", 409, "wrong-state",
        body={"approve": {"digest": "sha256:" + "0" * 64}, "decline": {"remarks": "no"}}.get(action, {}))
add(129, "retry-a-draft", "subscriber", "POST", DRAFT + "/retry", 409, "wrong-state", body={})
add(129, "fetch-before", "subscriber", "GET", DRAFT + "/certificate", 404)
add(129, "approve-other-content", "officer", "POST", "/v1/reissue-requests/{vetted}/approve", 409, "digest-mismatch",
    body={"digest": "sha256:" + "0" * 64})
add(129, "edit-what-is-submitted", "subscriber", "PATCH", "/v1/reissue-requests/{vetted}", 409, "wrong-state", body={"message": "x"})

# --- 7, 8, 24, 27, 133: paths, methods, headers ---

for path in ("/v1/nothing", "/.git/config", "/debug", "/server-status", "/v1", "/v1/", "//v1/me", "/v1/me/", "/V1/me"):
    add((7, 133), f"path-{path}", "subscriber", "GET", path, (400, 404))
for method, path in (("DELETE", "/v1/users"), ("PUT", "/v1/certificates"), ("PATCH", "/v1/reissue-requests"), ("TRACE", "/v1/me"),
                     ("FOO", "/v1/me"), ("POST", "/v1/certificates/{certificate}"), ("DELETE", "/v1/certificates/{certificate}")):
    add((7, 8), f"{method}-{path[3:16]}", "enterprise_admin", method, path, 405, "method-not-allowed")
add(24, "override", "subscriber", "POST", "/v1/me", 405, headers={"X-HTTP-Method-Override": "PATCH"}, body={})
add(24, "user-id", "nobody", "GET", "/v1/me", 401, headers={"X-User-ID": "{owner}", "X-Forwarded-User": "{email}"})
add(27, "cookie", "nobody", "GET", "/v1/me", 401, headers={"Cookie": "session=1"})
add(6, "html", "subscriber", "GET", "/v1/me", 406, "not-acceptable", headers={"Accept": "text/html"})
