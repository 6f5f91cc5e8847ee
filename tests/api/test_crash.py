"""I1, I4, 7.2.2: the service dies at each step of issuing; after the restart there is one certificate."""
import os
import pathlib
import subprocess
import time

import pytest
import requests

from support.beside import free_port

REISSUED = pathlib.Path(os.environ.get("REISSUED_BINARY", pathlib.Path(__file__).parents[2] / "build/dev/reissued"))
LABELS = ["before_tx1", "after_tx1", "before_sign", "after_sign", "before_tx2", "after_tx2", "before_answer"]


class Replica:
    """A second service over the instance's database, with a failpoint, on a port of its own."""

    def __init__(self, instance, directory):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.config = [instance["CONFIG_FILE"], str(directory / "crash.yaml")]
        (directory / "crash.yaml").write_text(
            f"server:\n  port: {port}\n  replica_id: crash\nsigner:\n  journal_file: {instance.dir}/journal/crash-{port}\n")
        self.process = None

    def start(self, failpoint=None):
        environment = {**os.environ, **({"REISSUED_FAILPOINT": failpoint} if failpoint else {})}
        command = [REISSUED, "serve"]
        for file in self.config:
            command += ["--config", file]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if requests.get(self.url + "/healthz", timeout=1).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError("the service does not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(40)


@pytest.fixture
def replica(instance, tmp_path):
    made = Replica(instance, tmp_path)
    yield made
    made.stop()


@pytest.mark.invariant(1, 4)
@pytest.mark.slow
@pytest.mark.parametrize("label", LABELS)
def test_one_certificate_after_a_crash(journey, caller_subscriber, replica, label):
    """The service dies at the label; after a restart a retry gives exactly one certificate."""
    request = journey.ready()
    path = f"/v1/reissue-requests/{request['id']}"
    replica.start(f"{label}:abort")
    with pytest.raises(requests.ConnectionError):
        caller_subscriber.at(replica.url).post(path + "/submit", {}, checked=False)
    assert replica.process.wait(10) == 99, "the failpoint was not reached"
    replica.start()
    again = caller_subscriber.at(replica.url)
    for _ in range(30):
        seen = again.get(path).expect(200)
        if seen["status"] == "draft":
            again.post(path + "/submit", {}).expect(200)
        elif seen["status"] == "issued":
            break
        else:
            time.sleep(1)
    assert seen["status"] == "issued", seen["status"]
    lineage = again.get(f"/v1/certificates/{request['certificate_id']}/lineage").expect(200)["items"]
    assert [c["id"] for c in lineage[1:]] == [seen["new_certificate_id"]]
    serials = [e for e in again.get(path + "/events").expect(200)["items"] if e["action"] == "reissue_request.issued"]
    assert len(serials) == 1
