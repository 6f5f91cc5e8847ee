"""The executable that reads SAML, by itself: REISSUED_SAML names it (default build/dev)."""
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from peers.saml import forge  # noqa: E402

PROGRAM = os.environ.get("REISSUED_SAML", str(ROOT / "build/dev/reissued-saml"))


def pytest_configure(config):
    config.addinivalue_line("markers", "rows(*numbers): the rows of hostile input this test shows")


def ask(order, program=PROGRAM):
    """One run of the executable: its answer. The member key goes behind the order, as the service does."""
    if isinstance(order, bytes):
        text = order
    else:
        key = order.get("key", "")
        text = json.dumps({name: value for name, value in order.items() if name != "key"}).encode()
        text += b"\0" + key.encode() if key else b""
    done = subprocess.run([program], input=text, capture_output=True, timeout=20, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert done.stderr == b"", done.stderr
    return json.loads(done.stdout)


class Reader:
    """The executable with one service provider and one identity provider."""

    def __init__(self):
        self.key = forge.rsa_key("sp")
        self.certificate = forge.pem(forge.make_certificate(self.key, "sp.test"))
        self.sp = forge.Sp("https://ra.test/sp", "https://ra.test/v1/callbacks/saml/1", self.certificate)
        self.idp = forge.Forge()
        self.request_id = forge.new_id()

    def order(self, command, **more):
        return {"command": command, "now_us": int(time.time() * 1_000_000),
                "sp": {"entity_id": self.sp.entity_id, "acs_url": self.sp.acs_url,
                       "certificate": self.sp.certificate}, "key": forge.pem(self.key),
                "idp_metadata": self.idp.metadata(), **more}

    def judge(self, xml, **more):
        """What is said of a response that came just now for a challenge made just before."""
        order = self.order("response", response=xml if more.pop("raw", False) else forge.b64(xml),
                           request_id=self.request_id, skew_s=60, name_id_format=forge.PERSISTENT,
                           created_at_us=int((time.time() - 5) * 1_000_000))
        return ask({**order, **more})

    def response(self, **changes):
        return self.idp.response(self.sp, self.request_id, **changes)

    def refused(self, reason, order=None, **changes):
        answer = self.judge(self.response(**changes), **(order or {}))
        assert answer["ok"] is False and answer["reason"] == reason, answer
        return answer


@pytest.fixture(scope="session")
def reader():
    return Reader()
