"""The name servers go away and come back."""
import os
import subprocess
import time

import pytest

from peers.dns.peer import DnsPeer
from support.client import Api
from support.instance import ROOT, Instance

# A good self-test is believed for 30 s, a bad one for 1 s.
NOTICED_S, MENDED_S = 45, 10


@pytest.fixture(scope="module")
def dns(tmp_path_factory):
    peer = DnsPeer(tmp_path_factory.mktemp("dns")).up()
    yield peer
    peer.down()


@pytest.fixture(scope="module")
def signed(tmp_path_factory, dns):
    """An instance that resolves below the peer's root."""
    folder = tmp_path_factory.mktemp("signed") / "run"
    os.chmod(folder.parent, 0o755)
    subprocess.run([str(ROOT / "dev"), "up", "--dir", str(folder), "--port", "0", "--preset",
                    os.environ.get("REISSUED_PRESET", "dev"), "--config", str(dns.config)],
                   check=True, timeout=300, stdout=subprocess.DEVNULL)
    yield Instance(folder / "env")
    subprocess.run([str(ROOT / "dev"), "reset", "--dir", str(folder)], check=False, timeout=60,
                   stdout=subprocess.DEVNULL)


def resolver_of(answer):
    return next(one for one in answer.json["dependencies"] if one["name"] == "resolver")


def wait_for(api, status, seconds):
    until = time.monotonic() + seconds
    while (answer := api.get("/readyz")).status != status:
        assert time.monotonic() < until, f"/readyz is {answer.status}, not {status}"
        time.sleep(0.5)
    return answer


@pytest.mark.slow
def test_readiness_follows_the_trust_anchor(dns, signed):
    """Ready only while a trust anchor validates: 503 when its zone is silent, 200 once it is back."""
    nobody = Api(signed["BASE_URL"])
    assert resolver_of(nobody.get("/readyz").expect(200))["status"] == "up"
    dns.down()
    try:
        down = resolver_of(wait_for(nobody, 503, NOTICED_S))
        assert down["status"] == "down" and "caatest." in down["detail"]
        assert nobody.get("/healthz").status == 200
    finally:
        dns.up()
    assert resolver_of(wait_for(nobody, 200, MENDED_S))["status"] == "up"
