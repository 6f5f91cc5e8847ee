"""Rows of hostile input that concern the HTTP layer: transport (7.3.A) and form (7.3.B)."""
import http.client
import json
import re
import socket
import time
import urllib.parse

import pytest

from support.keys import make_csr, make_key

ABSENT = "01938a6e-2f00-7c3a-9a51-4be0d2a1c055"


@pytest.fixture(scope="module")
def address(instance):
    url = urllib.parse.urlsplit(instance["BASE_URL"])
    return url.hostname, url.port


@pytest.fixture
def raw(address):
    """Sends bytes on a connection of its own and reads until it is closed or quiet."""
    def send(data, quiet=3.0):
        with socket.create_connection(address, timeout=quiet) as sock:
            sock.sendall(data)
            answer = b""
            try:
                while chunk := sock.recv(65536):
                    answer += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return answer
    return send


def status(answer):
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(match.group(1)) if match else None


def request(method, path, token=None, headers="", body=b""):
    lines = f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
    if token:
        lines += f"Authorization: Bearer {token}\r\n"
    return (lines + headers + "\r\n").encode() + body


# --- 7.3.A: transport ---

@pytest.mark.parametrize("size, limit", [(70_000, 65_536), (300_000, 65_536)])
@pytest.mark.rows(1)
def test_row_1_body_over_the_limit(caller_admin, size, limit):
    """Row 1: a body over the limit is 413 and names the limit."""
    answer = caller_admin.request("POST", "/v1/enterprises", data=b'{"name":"' + b"x" * size + b'"}',
                                  headers={"Content-Type": "application/json"})
    answer.expect(413, "too-large")
    assert answer["limit_bytes"] == limit
    assert answer.headers["Connection"].lower() == "close"


@pytest.mark.rows(2)
def test_row_2_chunked_body_over_the_limit(raw, instance):
    """Row 2: a chunked body over the limit is 413 once it is drained."""
    head = request("POST", "/v1/enterprises", instance["ADMIN_TOKEN"],
                   "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    assert status(raw(head + chunk * 12 + b"0\r\n\r\n")) == 413


@pytest.mark.rows(3)
def test_row_3_second_document_behind_the_limit(caller_admin):
    """Row 3: a valid prefix, padding and a second document is 413, never 2xx."""
    data = b'{"name":"ok"}' + b" " * 262_200 + b'{"name":"evil"}'
    caller_admin.request("POST", "/v1/enterprises", data=data,
                         headers={"Content-Type": "application/json"}).expect(413, "too-large")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/json; charset=utf-16", "application/xml"])
@pytest.mark.rows(4)
def test_row_4_content_types(raw, instance, kind):
    """Row 4: no Content-Type, another one or another charset is 415 with Accept-Post."""
    body = b'{"name":"x"}'
    headers = f"Content-Length: {len(body)}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "")
    answer = raw(request("POST", "/v1/enterprises", instance["ADMIN_TOKEN"], headers, body))
    assert status(answer) == 415
    assert b"Accept-Post: application/json" in answer


@pytest.mark.rows(4)
def test_a_csr_comes_in_the_types_the_contract_lists(journey, caller_subscriber):
    """PUT csr takes its five media types and none at all; any other is 415."""
    path = f"/v1/reissue-requests/{journey.request()['id']}/csr"
    csr = make_csr(make_key()).encode()
    for kind in ("application/pkcs10", "application/x-pem-file", "application/octet-stream", "text/plain",
                 "application/x-www-form-urlencoded", None):
        caller_subscriber.put(path, data=csr, headers={"Content-Type": kind}).expect(200)
    for kind in ("application/xml", "text/html", "multipart/form-data; boundary=x", "image/png"):
        caller_subscriber.put(path, data=csr, headers={"Content-Type": kind}).expect(415, "unsupported-media-type")


def test_who_asks_the_dns_is_told_where_they_stand(caller_officer):
    """Asking the DNS answers with RateLimit and RateLimit-Policy."""
    answer = caller_officer.post("/v1/caa-checks", {"name": "ok.caatest"}).expect(201)
    assert re.fullmatch(r'"verify-user";r=\d+;t=\d+', answer.headers["RateLimit"])
    assert re.fullmatch(r'"verify-user";q=\d+;w=60', answer.headers["RateLimit-Policy"])


@pytest.mark.rows(5)
def test_row_5_compressed_body(caller_admin):
    """Row 5: Content-Encoding: gzip is 415, nothing is decompressed."""
    caller_admin.request("POST", "/v1/enterprises", data=b"\x1f\x8b" + b"\0" * 100, headers={
        "Content-Type": "application/json", "Content-Encoding": "gzip"}).expect(415, "unsupported-media-type")


@pytest.mark.rows(6)
def test_row_6_only_html_accepted(caller_admin):
    """Row 6: Accept: text/html alone is 406."""
    caller_admin.request("GET", "/v1/me", headers={"Accept": "text/html"}).expect(406, "not-acceptable")


@pytest.mark.rows(7)
def test_row_7_unknown_path_and_method(caller_admin):
    """Row 7: an unknown path is 404, a known one with a wrong method 405 with Allow."""
    caller_admin.request("GET", "/v1/nothing", checked=False).expect(404, "not-found")
    answer = caller_admin.request("DELETE", "/v1/enterprises", checked=False).expect(405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("method", ["TRACE", "PUT", "FOO", "PATCH"])
@pytest.mark.rows(8)
def test_row_8_odd_methods(raw, method):
    """Row 8: TRACE, unknown methods, PUT on a collection are 405."""
    assert status(raw(request(method, "/v1/users"))) == 405


@pytest.mark.rows(8)
def test_row_8_connect(raw):
    """Row 8: CONNECT is refused."""
    assert status(raw(request("CONNECT", "example.test:443"))) in (400, 404, 405)


@pytest.mark.rows(9)
@pytest.mark.parametrize("path", ["/v1/redirects/" + "A" * 43, "/v1/callbacks/oidc/01938a6e-2f00-7c3a-9a51-4be0d2a1c055"])
def test_no_head_of_what_is_used_up(caller_nobody, path):
    """A link that is good once is not used up by a look at it: it has no HEAD."""
    answer = caller_nobody.request("HEAD", path, checked=False)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, OPTIONS"


@pytest.mark.rows(9)
def test_row_9_head(caller_admin, raw, instance):
    """Row 9: HEAD is GET without the body."""
    got = caller_admin.request("GET", "/v1/me")
    answer = raw(request("HEAD", "/v1/me", instance["ADMIN_TOKEN"]))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) == 200 and body == b""
    assert f"Content-Length: {len(got.content)}".encode() in head
    assert got.headers["ETag"].encode() in head


@pytest.mark.rows(11)
def test_row_11_long_request_line(raw):
    """Row 11: a request line of 64 KB is 414, one over our own limit too."""
    assert status(raw(request("GET", "/v1/users?q=" + "a" * 65_536))) == 414
    assert status(raw(request("GET", "/v1/users?q=" + "a" * 9_000))) == 414


@pytest.mark.parametrize("headers, body", [
    ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ("Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
    ("Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"),
    ("Host: other\r\n", b""),
    ("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", b""),
])
@pytest.mark.rows(12, 13, 17, 114)
def test_rows_12_13_17_114_ambiguous_headers(raw, headers, body):
    """Rows 12, 13, 17, 114: length said twice, two Hosts, two Authorizations are 400 and the end."""
    answer = raw(request("POST", "/v1/sessions", None, headers, body))
    assert status(answer) == 400
    assert b"connection: close" in answer.lower()


@pytest.mark.rows(17)
def test_row_17_no_host(raw):
    """Row 17: HTTP/1.1 without Host is 400."""
    assert status(raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")) == 400


@pytest.mark.slow
@pytest.mark.rows(14)
def test_row_14_unknown_transfer_coding(raw):
    """Row 14: a transfer coding nobody knows is ended by the watchdog with 408, or refused."""
    data = request("POST", "/v1/sessions", None, "Transfer-Encoding: xchunked\r\n", b"{}")
    assert status(raw(data, quiet=35)) == 408


@pytest.mark.parametrize("length", ["-1", "+2", "0x2", "2 2", "99999999999999999999"])
@pytest.mark.rows(16)
def test_row_16_content_length_no_number(raw, length):
    """Row 16: a Content-Length that is no number is 400 (413 when it is one beyond all bounds)."""
    answer = raw(request("POST", "/v1/sessions", None, f"Content-Length: {length}\r\n", b"{}"))
    assert status(answer) in (400, 413)


@pytest.mark.rows(15)
def test_row_15_chunk_size_overflow(raw):
    """Row 15: a chunk size beyond 64 bits is 400 or 413."""
    data = request("POST", "/v1/sessions", None, "Transfer-Encoding: chunked\r\n", b"FFFFFFFFFFFFFFFFF\r\n{}")
    assert status(raw(data)) in (400, 413)


@pytest.mark.rows(19)
def test_row_19_versions(raw):
    """Row 19: HTTP/9.9 is 400 or 505."""
    assert status(raw(b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n")) in (400, 505)


@pytest.mark.slow
@pytest.mark.rows(20, 21)
def test_rows_20_21_slow_body(address):
    """Rows 20, 21: a body of one byte a second is 408 by the read deadline; others are served."""
    with socket.create_connection(address, timeout=2) as sock:
        sock.sendall(request("POST", "/v1/sessions", None, "Content-Length: 1000\r\n"))
        start, answer = time.monotonic(), b""
        while time.monotonic() - start < 45:
            try:
                sock.sendall(b" ")
                sock.settimeout(1)
                chunk = sock.recv(4096)
                answer += chunk
                if not chunk:
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert status(answer) == 408
        assert 25 < time.monotonic() - start < 40


@pytest.mark.rows(22)
def test_row_22_tls_on_the_plain_port(raw, caller_nobody):
    """Row 22: a TLS ClientHello is ended, the service goes on."""
    raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), quiet=2)
    caller_nobody.request("GET", "/healthz").expect(200)


@pytest.mark.rows(23)
def test_row_23_pipelining(address):
    """Row 23: pipelined requests are answered in order."""
    one = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with socket.create_connection(address, timeout=10) as sock:
        sock.sendall(one * 200 + last)
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    assert answer.count(b"HTTP/1.1 200") == 201


@pytest.mark.rows(24)
def test_row_24_forwarded_headers_are_ignored(caller_nobody, instance):
    """Row 24: X-Forwarded-For and the like of a client that is no proxy are not believed."""
    answer = caller_nobody.request("GET", "/healthz", headers={
        "X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "X-HTTP-Method-Override": "DELETE"})
    answer.expect(200)
    time.sleep(0.2)
    lines = "".join(instance.log_lines(answer.request_id))
    assert "203.0.113.9" not in lines


@pytest.mark.rows(25)
@pytest.mark.parametrize("path", ["/v1/certificates?limit=1&common_name=a%0d%0aX-Evil:%201", "/v1/me%0d%0aX-Evil:%201",
                                  "/v1/reissue-requests?q=abc%0d%0aX-Evil:%201&limit=1", "/problems/x%0d%0aX-Evil:%201"])
def test_row_25_line_ends_in_what_becomes_a_header(raw, instance, path):
    """Row 25: CR LF in a value makes no header of its own, be it in Link, Location or the instance of a problem."""
    answer = raw(request("GET", path, instance["SUBSCRIBER_TOKEN"]))
    assert status(answer) in (200, 400, 404)
    assert b"x-evil: 1" not in answer.partition(b"\r\n\r\n")[0].lower()


@pytest.mark.rows(25)
@pytest.mark.parametrize("name", ["X-Request-Id", "traceparent", "Origin", "Idempotency-Key"])
def test_row_25_headers_that_are_echoed(raw, instance, name):
    """Row 25: a header that is given back cannot end its line by a folded or bare CR."""
    for value in ("a\r\n X-Evil: 1", "a\rX-Evil: 1", "a%0d%0aX-Evil: 1"):
        answer = raw(request("GET", "/v1/me", instance["SUBSCRIBER_TOKEN"], f"{name}: {value}\r\n"))
        assert b"\nx-evil" not in answer.lower() and b"\rx-evil" not in answer.lower()


@pytest.mark.rows(26)
@pytest.mark.parametrize("value", ["bytes=0-5", "bytes=-5", "bytes=5-2", "bytes=0-0,2-2,4-4", "chunks=1", "bytes=" + "0-," * 400])
def test_row_26_ranges_are_ignored(caller_subscriber, instance, value):
    """Row 26: Range of a download is ignored, as RFC 9110 14.2 allows: the whole certificate, 200."""
    path = f"/v1/certificates/{instance['REVOKED_CERTIFICATE_ID']}?format=der"
    whole = caller_subscriber.get(path).expect(200)
    part = caller_subscriber.get(path, headers={"Range": value, "If-Range": whole.headers["ETag"]}).expect(200)
    assert part.content == whole.content and "Content-Range" not in part.headers


@pytest.mark.rows(26)
def test_row_26_none_of_these(caller_subscriber, instance):
    """Row 26: If-None-Match as a list, weak, * or nonsense: 304 where the tag is among them, else 200."""
    path = f"/v1/certificates/{instance['REVOKED_CERTIFICATE_ID']}"
    tag = caller_subscriber.get(path).expect(200).headers["ETag"]
    for value, expected in ((f'"x", {tag}', 304), (f"W/{tag}", 304), ("*", 304), ('"x"', 200), ("junk", 200), ("", 200),
                            (tag[:-1], 200), ("W/", 200), (",,,", 200)):
        caller_subscriber.get(path, headers={"If-None-Match": value}).expect(expected)


@pytest.mark.rows(27)
def test_row_27_cookies_are_ignored(caller_nobody):
    """Row 27: a cookie is nobody's credential and no answer sets one."""
    answer = caller_nobody.request("GET", "/v1/me", headers={"Cookie": "session=1; token=rsd_x"})
    answer.expect(401, "unauthenticated")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://good.example.evil"])
@pytest.mark.rows(28)
def test_row_28_unknown_origin(caller_nobody, origin):
    """Row 28: a preflight of an unknown origin gets no Access-Control-Allow-Origin."""
    answer = caller_nobody.request("OPTIONS", "/v1/me", checked=False, headers={
        "Origin": origin, "Access-Control-Request-Method": "GET"})
    answer.expect(204)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.rows(29)
def test_row_29_options_of_every_path(caller_nobody, instance):
    """Row 29: OPTIONS of every documented path is 204 with its methods."""
    paths = caller_nobody.request("GET", "/openapi.json", checked=False).json["paths"]
    for path, item in paths.items():
        concrete = re.sub(r"\{code\}", "not-found", re.sub(r"\{(issuer|name)\}", "demo", path))
        concrete = re.sub(r"\{spki_sha256\}", "0" * 64, concrete)
        concrete = re.sub(r"\{[^}]+\}", ABSENT, concrete)
        answer = caller_nobody.request("OPTIONS", concrete, checked=False).expect(204)
        allowed = {method.strip().lower() for method in answer.headers["Allow"].split(",")}
        assert {"get", "post", "put", "patch", "delete"} & item.keys() == allowed - {"head", "options"}, path


# --- 7.3.B: JSON, ids, queries ---

BODIES_400 = {
    33: b"[" * 100_00,
    34: b'{"name":' + b"[" * 40 + b"]" * 40 + b"}",
    35: b'{"name":"a","name":"b"}',
    36: b'{"name":"\xff"}',
    361: b'{"name":"\\ud800"}',
    37: b'{"name":"a\\u0000b"}',
    38: b'{"name":"a"} {"name":"b"}',
    381: b'{"name":"a"',
    382: b"",
}


@pytest.mark.parametrize("row", sorted(BODIES_400))
@pytest.mark.rows(33, 35, 36, 37)
def test_rows_33_to_38_no_json(caller_admin, row):
    """Rows 33 to 38: too deep, duplicate members, bad UTF-8, NUL, trailing bytes are 400."""
    caller_admin.request("POST", "/v1/enterprises", data=BODIES_400[row],
                         headers={"Content-Type": "application/json"}).expect(400, "bad-json")


@pytest.mark.parametrize("value", ["null", "[]", '"x"', "true", "5"])
@pytest.mark.rows(40)
def test_row_40_top_level(caller_admin, value):
    """Row 40: a top level that is no object is 422."""
    caller_admin.request("POST", "/v1/enterprises", data=value.encode(),
                         headers={"Content-Type": "application/json"}).expect(422)


@pytest.mark.rows(41)
def test_row_41_unknown_member(caller_admin):
    """Rows 41, 42: unknown members are 422, each with its pointer."""
    answer = caller_admin.request("POST", "/v1/enterprises", {
        "name": "x", "nmae": 1, "status": "active", "id": ABSENT, "is_ca": True})
    answer.expect(422)
    assert {"/nmae", "/id", "/is_ca"} <= set(answer.pointers())


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=1000000000", "limit=1;--", "limit=x", "limit=", "limit=1&limit=2",
    "sort=name;drop", "sort=-cn,(select 1)", "cursor=AAAA", "cursor=%00", "nothing=1", "id[]=1",
    "count=yes", "limit=%ff", "limit=%zz", "limit=%",
])
@pytest.mark.rows(47, 49, 50, 51)
def test_rows_47_to_51_queries(caller_admin, query):
    """Rows 47, 50, 51: bad, unknown and repeated query parameters are 400."""
    answer = caller_admin.request("GET", "/v1/users?" + query, checked=False)
    assert answer.status == 400 and answer.code in ("bad-query", "bad-cursor")


@pytest.mark.rows(51)
def test_row_51_many_parameters(caller_admin):
    """Row 51: more parameters than there can be are 400."""
    answer = caller_admin.request("GET", "/v1/users?" + "&".join(["status=active"] * 100), checked=False)
    answer.expect(400, "bad-query")


@pytest.mark.rows(51)
def test_row_51_ten_thousand_parameters(raw, instance):
    """Row 51: ten thousand never get through: 414, or libmicrohttpd ends the connection."""
    query = "&".join(["a=1"] * 10_000)
    assert status(raw(request("GET", "/v1/users?" + query, instance["ADMIN_TOKEN"]))) in (414, 431, None)


@pytest.mark.parametrize("form", [
    "%00", "abc%00def", ABSENT + "%00", "%2e%2e%2f", "..;/", "..%2f" + ABSENT, ABSENT.upper(), ABSENT + "/",
    "%252e", "\\\\", ABSENT[:-1], "'", "current",
])
@pytest.mark.rows(52, 53)
def test_rows_52_53_ids(raw, instance, form):
    """Rows 52, 53: what is no id is answered like what is absent: 404 (400 where it is no address)."""
    assert status(raw(request("GET", "/v1/users/" + form, instance["ADMIN_TOKEN"]))) in (400, 404)


@pytest.mark.rows(57)
def test_row_57_if_match(caller_admin):
    """Row 57: If-Match absent is processed, * exists, weak is 400, stale 412."""
    me = caller_admin.request("GET", "/v1/me")
    etag = me.headers["ETag"]
    body = json.dumps({"name": me["name"]}).encode()
    kind = {"Content-Type": "application/merge-patch+json"}
    for value, expected in ((None, 200), ("*", 200), ("W/" + etag, 400), ('"999999.00"', 412), ("junk", 400)):
        headers = kind | ({"If-Match": value} if value else {})
        caller_admin.request("PATCH", "/v1/me", data=body, headers=headers).expect(expected)


def test_etag_and_304(caller_admin):
    """2.1: If-None-Match with the ETag of the representation is 304 without a body."""
    etag = caller_admin.request("GET", "/v1/me").headers["ETag"]
    answer = caller_admin.request("GET", "/v1/me", headers={"If-None-Match": etag})
    answer.expect(304)
    assert answer.content == b""


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9".encode("latin-1")])
@pytest.mark.rows(58)
def test_row_58_idempotency_key_form(caller_admin, key):
    """Row 58: an empty, over-long or non-ASCII Idempotency-Key is 400."""
    caller_admin.request("POST", "/v1/enterprises", {"name": "never"}, checked=False,
                         headers={"Idempotency-Key": key}).expect(400, "idempotency-key-invalid")


@pytest.mark.rows(58)
def test_row_58_idempotency_key_again(caller_admin):
    """Row 58, I30: the same key and body replays the answer, another body is 422."""
    headers = {"Idempotency-Key": f"test-{time.time_ns()}"}
    name = f"Twice {time.time_ns()}"
    first = caller_admin.request("POST", "/v1/enterprises", {"name": name}, headers=headers).expect(201)
    again = caller_admin.request("POST", "/v1/enterprises", {"name": name}, headers=headers).expect(201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    caller_admin.request("POST", "/v1/enterprises", {"name": name + "!"}, headers=headers).expect(
        422, "idempotency-key-reused")


# --- 7.3.D: tokens ---

@pytest.mark.parametrize("header", [
    None, "Bearer", "Bearer ", "Bearer x", "Basic dTpw", "bearer rsd_" + "0" * 49, "Bearer " + "x" * 5000,
])
@pytest.mark.rows(112)
def test_row_112_bad_tokens(address, header):
    """Rows 112, 114: none, malformed, unknown: the same 401 with WWW-Authenticate."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    connection.request("GET", "/v1/me", headers={"Authorization": header} if header else {})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status in (401, 429)
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert body["code"] == "unauthenticated"


@pytest.mark.rows(114)
def test_row_114_scheme_in_any_case(raw, instance):
    """Row 114: the scheme is case-insensitive."""
    headers = f"Authorization: bEaReR {instance['ADMIN_TOKEN']}\r\n"
    assert status(raw(request("GET", "/v1/me", None, headers))) == 200


@pytest.mark.rows(113)
def test_row_113_token_in_the_query(caller_nobody, instance):
    """Row 113: a token in the query is no token, and never logged."""
    answer = caller_nobody.request("GET", "/v1/me?access_token=" + instance["ADMIN_TOKEN"], checked=False)
    answer.expect(401, "unauthenticated")
    time.sleep(0.2)
    assert not instance.log_lines(instance["ADMIN_TOKEN"])


@pytest.mark.rows(132)
def test_row_132_log_injection(caller_nobody, instance):
    """Row 132: a User-Agent cannot write a log line of its own."""
    answer = caller_nobody.request("GET", "/healthz", headers={"User-Agent": 'x"}\t{"level":"audit"'})
    time.sleep(0.2)
    for line in instance.log_lines(answer.request_id):
        assert json.loads(line)["level"] != "audit"


@pytest.mark.parametrize("path", ["/.git/config", "/debug", "/server-status", "/v1/../etc/passwd", "//v1/me"])
@pytest.mark.rows(133)
def test_row_133_nothing_else_is_served(raw, path):
    """Row 133: there is nothing beside the documented paths, and no version banner."""
    answer = raw(request("GET", path))
    assert status(answer) in (400, 404)
    assert b"\r\nserver:" not in answer.lower()


# --- 2.1: what every answer has ---

@pytest.mark.parametrize("path", ["/healthz", "/v1/me", "/nothing"])
def test_common_headers(caller_nobody, path):
    """2.1: no-store, nosniff, no-referrer and the request id on every answer."""
    answer = caller_nobody.request("GET", path, checked=False)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Request-Id"].startswith("test-")


@pytest.mark.parametrize("sent", ["a b", "", "x" * 65, "\x7f"])
def test_bad_request_id(raw, sent):
    """2.1: a malformed X-Request-Id is 400, and another one is made."""
    answer = raw(request("GET", "/healthz", None, f"X-Request-Id: {sent}\r\n"))
    assert status(answer) == 400


def test_every_problem_has_a_page(caller_nobody):
    """2.1: every code of openapi.yaml leads to a page with a strict CSP."""
    document = caller_nobody.request("GET", "/openapi.json", checked=False).json
    for code in document["components"]["schemas"]["ProblemCode"]["enum"]:
        page = caller_nobody.request("GET", f"/problems/{code}", headers={"Accept": "text/html"}, checked=False)
        page.expect(200)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert code in page.text
