"""100,000 reissues on one process: memory, descriptors and threads stay where they were."""
import json
import os
import pathlib
import subprocess
import time

import pytest

from support.instance import ROOT
from support.keys import make_csr

REISSUES = int(os.environ.get("SOAK_REISSUES", 100_000))
FIRST = REISSUES // 100
ROUND = 500
LOAD = ROOT / "build" / "release" / "tests" / "bench" / "load"


def footprint(pid):
    """Resident memory in kB, open descriptors, threads."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return (int(values["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(values["Threads"]))


class Soak:
    def __init__(self, instance, journey, folder):
        self.instance = instance
        self.chains = folder / "chains"
        self.profile = journey.profile(agreement_id=None)
        self.newest = [journey.certificate(profile_id=self.profile)["id"] for _ in range(ROUND)]

    def round(self):
        """Reissues every newest certificate once, by create and submit; how many that were."""
        lines = ["POST /v1/reissue-requests " + json.dumps(
            {"certificate_id": one, "reason": "key_lost", "csr": make_csr()}) +
            "\tPOST /v1/reissue-requests/{id}/submit {}" for one in self.newest]
        self.chains.write_text("\n".join(lines) + "\n")
        port = self.instance["BASE_URL"].rsplit(":", 1)[1]
        out = subprocess.run([LOAD, "--port", port, "--clients", "8", "--file", self.chains, "--seconds", "300",
                              "--token", self.instance["SUBSCRIBER_TOKEN"]], check=True, capture_output=True, text=True)
        report = json.loads(out.stdout)
        assert report["failed"] == 0 and report["done"] == len(lines), report
        with self.instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM certificate WHERE replaces_id = ANY (%s::uuid[])", (self.newest,))
            self.newest = [str(row[0]) for row in cursor.fetchall()]
        assert len(self.newest) == len(lines)
        return len(lines)


@pytest.mark.timeout(5400)
def test_memory_after_a_hundred_thousand_reissues(instance, journey, tmp_path):
    """RSS after 100,000 reissues is at most 1.2 times that after 1,000; descriptors and threads are back."""
    soak = Soak(instance, journey, tmp_path)
    pid = instance.pids()[0]
    done, first = 0, None
    while done < REISSUES:
        done += soak.round()
        if first is None and done >= FIRST:
            time.sleep(1)
            first = footprint(pid)
            print(f"after {done}: RSS {first[0]} kB, {first[1]} descriptors, {first[2]} threads", flush=True)
    time.sleep(12)  # idle connections have ended
    last = footprint(pid)
    print(f"after {done}: RSS {last[0]} kB, {last[1]} descriptors, {last[2]} threads", flush=True)
    assert last[0] <= 1.2 * first[0], (first, last)
    assert last[1] <= first[1] + 2, (first, last)
    assert last[2] <= first[2] + 2, (first, last)
