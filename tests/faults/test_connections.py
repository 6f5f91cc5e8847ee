"""Too many connections, and connections of which nothing comes (F18, rows 20 and 117)."""
import resource
import socket
import time
import urllib.parse

import pytest

from support.beside import Beside
from support.client import Api

HALF = b"GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Half: "


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def half_open(base_url, count):
    url = urllib.parse.urlsplit(base_url)
    socks = []
    for _ in range(count):
        sock = socket.create_connection((url.hostname, url.port), timeout=10)
        sock.sendall(HALF)
        socks.append(sock)
    return socks


def threads(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("Threads")).split()[1])


@pytest.mark.rows(20)
def test_three_thousand_half_requests(own, many_files):
    """F18: beside 3,000 half requests a whole one is answered at once; they are ended within 10 s."""
    pid, caller = own.pids()[0], own.caller("SUBSCRIBER_TOKEN")
    before = threads(pid)
    socks = half_open(own["BASE_URL"], 3000)
    begun = time.monotonic()
    try:
        for _ in range(5):
            asked = time.monotonic()
            Api(own["BASE_URL"], caller.token).get("/v1/me").expect(200)
            assert time.monotonic() - asked < 2
        while threads(pid) > before + 20:
            assert time.monotonic() - begun < 15, "half requests are ended when nothing comes"
            time.sleep(0.2)
        answer = socks[0].recv(4096)
        assert answer.startswith(b"HTTP/1.1 408") and b'"code":"request-timeout"' in answer
        assert b"X-Request-Id: " in answer and b'"request_id":"' in answer
    finally:
        for sock in socks:
            sock.close()


@pytest.mark.rows(20)
def test_an_address_has_its_share(own, tmp_path):
    """F18: connections of one address beyond its limit are refused with 503; another address is served."""
    settings = """{"server": {"port": @PORT@, "replica_id": "few", "per_address_connections": 20},
        "signer": {"journal_file": "@JOURNAL@"}}"""
    with Beside(own, tmp_path, settings) as service:
        socks = half_open(service.base_url, 20)
        try:
            until = time.monotonic() + 10
            while (answer := Api(service.base_url).get("/healthz", checked=False)).status == 200:
                assert time.monotonic() < until, "all twenty are taken before this one"
            answer.expect(503, "overloaded")
            assert int(answer.headers["Retry-After"]) > 0 and answer["request_id"] == answer.headers["X-Request-Id"]
            with socket.create_connection(("127.0.0.1", service.port), 5, ("127.0.0.2", 0)) as other:
                other.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                assert other.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            for sock in socks:
                sock.close()
        until = time.monotonic() + 10
        while (answer := Api(service.base_url).get("/healthz")).status == 503:
            assert time.monotonic() < until, "what was closed no longer counts"
        answer.expect(200)


@pytest.mark.invariant(42)
@pytest.mark.rows(24, 117)
def test_who_guesses_tokens_is_told_to_wait(own, tmp_path):
    """Row 117, I42: an address guesses a few times a minute on all replicas together, an IPv6 one by its /64."""
    settings = """{"server": {"port": @PORT@, "replica_id": "%s", "trusted_proxies": ["127.0.0.1"]},
        "limits": {"unauthenticated_per_address": 4}, "signer": {"journal_file": "@JOURNAL@"}}"""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with Beside(own, folders[0], settings % "one") as one, Beside(own, folders[1], settings % "two") as two:
        def guess(n, address):
            service = (one, two)[n % 2]
            return service.caller("rsd_" + "x" * 49).get("/v1/me", headers={"X-Forwarded-For": address})

        def within_a_minute(address_of):
            """Six guesses, by others if a minute, which is counted by itself, ended in between."""
            for attempt in range(3):
                minute = time.time() // 60
                answers = [guess(n, address_of(attempt, n)) for n in range(6)]
                if time.time() // 60 == minute:
                    break
            return answers

        for address_of in (lambda attempt, n: f"203.0.113.{attempt}", lambda attempt, n: f"2a00:1:{attempt}:3::{n:x}"):
            answers = within_a_minute(address_of)
            assert [answer.status for answer in answers] == [401] * 4 + [429] * 2
            assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert guess(0, "2a00:1:2:4::1").status == 401
        assert guess(0, "spoofed, 198.51.100.7").status == 401
        # Whoever is no proxy of ours says in vain who it is.
        direct = Api(own["BASE_URL"], "rsd_" + "x" * 49)
        answer = direct.get("/v1/me", headers={"X-Forwarded-For": "203.0.113.9"}).expect(401)
        assert answer.headers["RateLimit-Policy"] == '"unauthenticated-address";q=300;w=60'
