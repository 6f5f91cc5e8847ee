"""http_file may be sent anywhere by whoever publishes the file: what it may not reach sees no connection.

The instance of these tests may fetch from one loopback address only, SITE; every other one is as forbidden as it is
in production. On the forbidden ones somebody listens and counts.
"""
import contextlib
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from support.client import Api
from support.dns import dcv_port, peer_of, web
from support.instance import ROOT, Instance

SITE, DENIED, SECOND = "127.0.0.80", "127.0.0.81", "127.0.0.82"
CONFIG = {"dcv": {"allow_addresses": ["127.0.0.80/30"]}, "net": {"deny_addresses": [DENIED]}}
METADATA = "169.254.169.254"


@pytest.fixture(scope="module")
def fenced(tmp_path_factory):
    """An instance whose http_file reaches 127.0.0.80 and .82, and nothing else on this machine."""
    folder = tmp_path_factory.mktemp("fenced") / "run"
    os.chmod(folder.parent, 0o755)
    extra = folder.parent / "fence.yaml"
    extra.write_text(json.dumps(CONFIG))
    subprocess.run([str(ROOT / "dev"), "up", "--dir", str(folder), "--port", "0", "--preset",
                    os.environ.get("REISSUED_PRESET", "dev"), "--config", str(extra)],
                   check=True, timeout=300, stdout=subprocess.DEVNULL)
    yield Instance(folder / "env")
    subprocess.run([str(ROOT / "dev"), "reset", "--dir", str(folder)], check=False, timeout=60, stdout=subprocess.DEVNULL)


class Listener:
    """Accepts and counts; `answer` is a function of the connection."""

    def __init__(self, address, port, answer=None):
        self.seen, self._answer = 0, answer
        self._socket = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.seen += 1
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(20)
                    if self._answer:
                        connection.recv(4096)
                        self._answer(connection)

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _own_address():
    """An address of this machine that is not loopback, or None."""
    out = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return next((one for one in out if ":" not in one), None)


@pytest.fixture(scope="module")
def site(fenced):
    with web(dcv_port(fenced), SITE) as served:
        yield served


@pytest.fixture(scope="module")
def forbidden(fenced):
    """Listeners wherever nothing may arrive."""
    port = dcv_port(fenced)
    places = [("127.0.0.1", port), ("127.0.0.1", 80), ("127.0.0.1", 443), (DENIED, port), (SITE, 22), ("::1", port)]
    if _own_address():
        places.append((_own_address(), port))
    # Where it is allowed, the address of the cloud's metadata is one of ours too.
    added = subprocess.run(["ip", "address", "add", f"{METADATA}/32", "dev", "lo"], capture_output=True, check=False)
    if added.returncode == 0:
        places.append((METADATA, 80))
    listeners = []
    for address, at in places:
        with contextlib.suppress(OSError):
            listeners.append(Listener(address, at))
    assert len(listeners) >= 4
    yield listeners
    for listener in listeners:
        listener.close()
    if added.returncode == 0:
        subprocess.run(["ip", "address", "del", f"{METADATA}/32", "dev", "lo"], check=False)


@pytest.fixture
def officer(fenced):
    return Api(fenced["BASE_URL"], fenced["OFFICER_TOKEN"])


def made(officer, name):
    """A validation of the name by a file: (its resource, path of the file, content)."""
    validation = officer.post("/v1/domain-validations", {"identifier": {"type": "dns", "value": name},
                                                         "method": "http_file"}).expect(201).json
    told = validation["instructions"]["file"]
    return validation, "/" + told["url"].split("/", 3)[3], told["content"].encode()


def tried(officer, validation):
    """The newest attempt of a validation after one more."""
    seen = officer.post(f"/v1/domain-validations/{validation['id']}/verify", {}).expect(200)
    return seen["status"], seen["attempts"][0]


def fresh(label):
    return f"{label}-{time.monotonic_ns()}.live.caatest"


PORT = "{port}"
TARGETS = [
    f"http://127.0.0.1:{PORT}/", "http://127.0.0.1/", "https://127.0.0.1/", f"http://0x7f.1:{PORT}/", f"http://2130706433:{PORT}/",
    f"http://0177.0.0.1:{PORT}/", f"http://127.1:{PORT}/", f"http://[::ffff:127.0.0.1]:{PORT}/", f"http://[::ffff:7f00:1]:{PORT}/",
    f"http://[::1]:{PORT}/", f"http://[::127.0.0.1]:{PORT}/", f"http://[64:ff9b::7f00:1]:{PORT}/", f"http://0.0.0.0:{PORT}/",
    f"http://[::]:{PORT}/", f"http://{METADATA}/latest/meta-data", f"http://[::ffff:{METADATA}]/", f"http://{SITE}:22/",
    f"http://{DENIED}:{PORT}/", f"http://user@{SITE}:{PORT}/", f"http://user:word@{SITE}:{PORT}/", f"http://:@{SITE}:{PORT}/",
    f"http://localhost:{PORT}/", f"http://localhost.:{PORT}/", f"http://LOCALHOST:{PORT}/", f"http://here.localhost:{PORT}/",
    f"http://loop.live.caatest:{PORT}/", f"http://LOOP.live.caatest.:{PORT}/", f"http://host.internal:{PORT}/",
    f"http://name.nosuchtld:{PORT}/", f"http://single:{PORT}/", f"http://a_b c.live.caatest:{PORT}/",
    f"http://x.caatest.well-known:{PORT}/", f"ftp://{SITE}/", f"gopher://{SITE}:{PORT}/x", f"telnet://{SITE}:22/",
    "file:///etc/hostname", f"dict://{SITE}:{PORT}/x", f"http://[fe80::1%25lo]:{PORT}/", f"http://{SITE}:0/", f"http://{SITE}:65536/",
    f"http://{SITE}:{PORT}/{'a' * 2001}", "http:///", "//", "http://\\\\127.0.0.1/",
]


@pytest.mark.rows(64)
@pytest.mark.parametrize("target", TARGETS, ids=[target[:40] for target in TARGETS])
def test_where_a_redirect_may_not_lead(fenced, site, forbidden, officer, target):
    """Whoever serves the file sends us elsewhere: refused, recorded with its reason, and nobody there hears of it."""
    dns, port, name = peer_of(fenced), dcv_port(fenced), fresh("go")
    dns.set(name, "A", SITE)
    dns.set("loop.live.caatest", "A", "127.0.0.1")
    before = [listener.seen for listener in forbidden]
    validation, path, _ = made(officer, name)
    target = target.replace(PORT, str(port))
    site.pages[path] = (302, {"Location": target}, b"")
    status, attempt = tried(officer, validation)
    hops = attempt["evidence"]["hops"]
    assert (status, attempt["result"]) == ("pending", "failed")
    assert hops[0]["status"] == 302 and hops[0]["address"] == SITE
    assert hops[-1]["why"] and attempt["detail"] == hops[-1]["why"]
    assert "address" not in hops[1] if len(hops) > 1 else True, "it was never connected to"
    assert [listener.seen for listener in forbidden] == before


@pytest.mark.rows(64)
@pytest.mark.parametrize("addresses", [["127.0.0.1"], [DENIED], ["10.1.2.3"], [METADATA], ["0.0.0.0"], ["own"]])
def test_where_a_name_may_not_lead(fenced, forbidden, officer, addresses):
    """The domain's own address is special, denied or ours: refused before a connection, with the addresses recorded."""
    if addresses == ["own"]:
        addresses = [_own_address() or "10.0.0.1"]
    name = fresh("at")
    peer_of(fenced).set(name, "A", *addresses)
    before = [listener.seen for listener in forbidden]
    validation, _, _ = made(officer, name)
    status, attempt = tried(officer, validation)
    hop = attempt["evidence"]["hops"][0]
    assert status == "pending" and hop["addresses"] == addresses and hop["why"] and "address" not in hop
    assert hop["dnssec"]["A"] == "secure"
    assert [listener.seen for listener in forbidden] == before


def test_a_name_that_answers_otherwise_the_second_time(fenced, site, forbidden, officer):
    """The address that was judged is the one connected to; asked anew at a redirect it is judged anew."""
    before = [listener.seen for listener in forbidden]
    # Good first: nothing asks a second time, the file is taken from the address that was judged.
    name = f"n{time.monotonic_ns()}.rebind-i.caatest"
    validation, path, content = made(officer, name)
    site.pages[path] = (200, {}, content)
    assert tried(officer, validation)[0] == "valid"
    # Bad first: refused.
    validation, path, content = made(officer, f"swap{time.monotonic_ns()}.rebind-i.caatest")
    site.pages[path] = (200, {}, content)
    status, attempt = tried(officer, validation)
    assert status == "pending" and attempt["evidence"]["hops"][0]["addresses"] == ["127.0.0.1"]
    # A redirect to the same name lets it answer again, now with the forbidden address.
    name = f"again{time.monotonic_ns()}.rebind-i.caatest"
    validation, path, content = made(officer, name)
    site.pages[path] = (302, {"Location": f"http://{name}:{dcv_port(fenced)}/second"}, b"")
    site.pages["/second"] = (200, {}, content)
    status, attempt = tried(officer, validation)
    hops = attempt["evidence"]["hops"]
    assert status == "pending" and [hop["addresses"] for hop in hops] == [[SITE], ["127.0.0.1"]] and hops[1]["why"]
    assert [listener.seen for listener in forbidden] == before


def test_one_of_two_addresses_is_forbidden(fenced, site, forbidden, officer):
    """Among several addresses the forbidden ones are left out."""
    name = fresh("two")
    peer_of(fenced).set(name, "A", "127.0.0.1", SITE)
    before = [listener.seen for listener in forbidden]
    validation, path, content = made(officer, name)
    site.pages[path] = (200, {}, content)
    status, attempt = tried(officer, validation)
    assert status == "valid" and sorted(attempt["evidence"]["hops"][0]["addresses"]) == ["127.0.0.1", SITE]
    assert [listener.seen for listener in forbidden] == before


def test_eleven_redirects(fenced, site, officer):
    """Ten are followed; the eleventh is refused and its target sees no request."""
    name = fresh("far")
    peer_of(fenced).set(name, "A", SITE)
    validation, path, content = made(officer, name)
    places = [path] + [f"{path}-{n}" for n in range(1, 12)]
    for here, there in zip(places, places[1:]):
        site.pages[here] = (301, {"Location": f"http://{SITE}:{dcv_port(fenced)}{there}"}, b"")
    site.pages[places[-1]] = (200, {}, content)
    status, attempt = tried(officer, validation)
    assert status == "pending" and len(attempt["evidence"]["hops"]) == 11
    assert "too many redirects" in attempt["detail"] and attempt["evidence"]["hops"][-1]["why"] == attempt["detail"]
    assert places[-1] not in [path for _, path in site.seen]


def _endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(100_000):
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


def _dripping(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.3)


def _header(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        connection.sendall(f"X-{number}: {'y' * 1000}\r\n".encode())


@pytest.mark.slow
@pytest.mark.parametrize("answer,limit", [(_endless, 3), (_dripping, 10), (_header, 10), (lambda _: time.sleep(15), 10)],
                         ids=["chunks", "drops", "header", "silence"])
def test_what_never_ends(fenced, officer, answer, limit):
    """A body, a header or a silence without end is left in time; no more than a kilobyte of it is kept."""
    name, port = fresh("endless"), dcv_port(fenced)
    peer_of(fenced).set(name, "A", SECOND)
    listener = Listener(SECOND, port, answer)
    try:
        validation, _, _ = made(officer, name)
        begun = time.monotonic()
        status, attempt = tried(officer, validation)
        assert time.monotonic() - begun < limit
        assert status == "pending" and attempt["result"] in ("failed", "error")
        assert listener.seen == 1
        assert len(attempt["evidence"]["hops"][0].get("body", "")) <= 344, "256 octets in base64"
    finally:
        listener.close()
