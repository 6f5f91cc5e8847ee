"""Fixtures of the fault tests: the fixtures of the API suite, and an instance that may be broken.

A fault test stops, freezes and kills processes, so it has an instance of its own (`own`), made from
the same build as the one that REISSUED_ENV names and wiped afterwards.
"""
import os
import pathlib
import subprocess
import time

import pytest

from support.client import Api
from support.instance import ROOT, Instance
from support.journey import Journey



class Own(Instance):
    """An instance whose processes the test may stop, freeze and kill; always by pid."""

    def caller(self, name, base_url=None):
        return Api(base_url or self["BASE_URL"], self[name])

    def journey(self):
        names = {"enterprise_admin": "ENTERPRISE_ADMIN_TOKEN", "officer": "OFFICER_TOKEN",
                 "subscriber": "SUBSCRIBER_TOKEN"}
        return Journey(self, {name: self.caller(token) for name, token in names.items()})

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
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "run"
    os.chmod(folder.parent, 0o755)
    preset = os.environ.get("REISSUED_PRESET", "dev")
    subprocess.run([str(ROOT / "dev"), "up", "--dir", str(folder), "--port", "0", "--preset", preset],
                   check=True, timeout=300, stdout=subprocess.DEVNULL)
    yield Own(folder / "env")
    subprocess.run([str(ROOT / "dev"), "reset", "--dir", str(folder)], check=False, timeout=60,
                   stdout=subprocess.DEVNULL)
