"""Fixtures of the fault tests: the fixtures of the API suite, and an instance that may be broken.

A fault test stops, freezes and kills processes, so it has an instance of its own (`own`), made from
the same build as the one that REISSUED_ENV names and wiped afterwards.
"""
import os
import pathlib
import subprocess
import time

import pytest

from support.beside import Beside
from support.calls import World
from support.client import Api
from support.instance import CALLERS, ROOT, Instance
from support.journey import Journey

UNSIGNED = """{"server": {"port": @PORT@, "replica_id": "unsigned"}, "signer": {"journal_file": "@JOURNAL@"}}"""


class Own(Instance):
    """An instance whose processes the test may stop, freeze and kill; always by pid."""

    def caller(self, name, base_url=None):
        return Api(base_url or self["BASE_URL"], self[name])

    def journey(self):
        callers = {name: self.caller(token) for name, token in CALLERS.items()}
        return Journey(self, {**callers, "nobody": Api(self["BASE_URL"])})

    def unsigned(self, requests, folder):
        """Submits through a replica whose signer does not answer; the requests stay `issuing`."""
        with Beside(self, folder, UNSIGNED, REISSUED_FAILPOINT="before_sign:error") as service:
            for request in requests:
                service.caller(self["SUBSCRIBER_TOKEN"]).post(
                    f"/v1/reissue-requests/{request['id']}/submit", {}).expect(503, "issuer-unavailable")

    def unsigned_approval(self, request, token, folder):
        """The same with the approval of an officer."""
        with Beside(self, folder, UNSIGNED, REISSUED_FAILPOINT="before_sign:error") as service:
            service.caller(token).post(f"/v1/reissue-requests/{request['id']}/approve",
                                       {"digest": request["digest"]}).expect(503, "issuer-unavailable")

    def give_up(self, requests):
        """What was not signed in its time is given up two hours later."""
        self.dev("clock", "+2h")
        until = time.monotonic() + 60
        for request in requests:
            path = f"/v1/reissue-requests/{request['id']}"
            while self.caller("SUBSCRIBER_TOKEN").get(path).expect(200)["status"] != "failed":
                assert time.monotonic() < until, "recovery gives up what cannot be signed any more"
                time.sleep(0.2)
        self.dev("clock", "0")

    def fail(self, requests, folder):
        """Makes requests fail."""
        self.unsigned(requests, folder)
        self.give_up(requests)

    def wait_ready(self, seconds=15, base_url=None):
        nobody = Api(base_url or self["BASE_URL"], checked=False)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if nobody.get("/readyz", timeout=2).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready within {seconds} s")

    def postgres_pids(self):
        """The postmaster first, then its children."""
        data = pathlib.Path(os.path.realpath(self.dir / "pg"))
        pid_file = next(path for path in (data / "postmaster.pid", data / "data" / "postmaster.pid")
                        if path.exists())
        postmaster = int(pid_file.read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True)
        return [postmaster, *map(int, children.stdout.split())]


@pytest.fixture(scope="module")
def ca_days():
    """How long the demo CA of `own` lasts; a module that moves the clock by years has its own."""
    return 30


@pytest.fixture(scope="module")
def own(tmp_path_factory, ca_days):
    folder = tmp_path_factory.mktemp("own") / "run"
    os.chmod(folder.parent, 0o755)
    preset = os.environ.get("REISSUED_PRESET", "dev")
    subprocess.run([str(ROOT / "dev"), "up", "--dir", str(folder), "--port", "0", "--preset", preset],
                   check=True, timeout=300, stdout=subprocess.DEVNULL, env={**os.environ, "DEMO_CA_DAYS": str(ca_days)})
    yield Own(folder / "env")
    subprocess.run([str(ROOT / "dev"), "reset", "--dir", str(folder)], check=False, timeout=60,
                   stdout=subprocess.DEVNULL)
