"""I1-I5, 7.2.2: the service is killed at each system call of one reissue; the oracle looks afterwards.

strace kills the process at exactly the k-th call of a kind in a kind of thread: the thread of the
connection, the committer, the one that signs. k counts up until the reissue comes through alive.
"""
import os
import pathlib
import socket
import subprocess
import time

import pytest
import requests

from support.client import Api
from support.oracle import Oracle

# The calls that leave something behind, and in which thread; "" is the thread of the connection.
CALLS = [("", "sendto"), ("", "recvfrom"), ("", "sendmsg"), ("", "fdatasync"), ("", "write"), ("committer", "sendto"),
         ("committer", "recvfrom")]
MOST = int(os.environ.get("CRASH_POINTS_MOST", 20))


class Victim:
    """A replica of its own over the instance's database, started and killed over and over."""

    def __init__(self, own, folder):
        self.own, self.folder = own, folder
        self.binary = os.readlink(f"/proc/{own.pids()[0]}/exe")
        self.port = _free_port()
        self.journal = folder / "journal"
        config = folder / "victim.yaml"
        config.write_text(f"server: {{port: {self.port}, replica_id: victim}}\n"
                          f"signer: {{journal_file: {self.journal}}}\n")
        self.command = [self.binary, "serve", "--config", own["CONFIG_FILE"], "--config", str(config)]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self.tracer = None

    def start(self):
        log = open(self.folder / "victim.log", "ab")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                if requests.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        raise AssertionError((self.folder / "victim.log").read_text()[-2000:])

    def thread(self, name):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().strip() == name:
                return int(task.name)
        raise AssertionError(f"no thread {name}")

    def trace(self, thread, call, when):
        """Attaches strace; the k-th such call of that thread (or of a thread yet to come) kills."""
        target = ["-p", str(self.thread(thread))] if thread else ["-f", "-p", str(self.thread("MHD-listen"))]
        self.tracer = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                        f"inject={call}:signal=SIGKILL:when={when}", *target],
                                       stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{self.process.pid}/task/{target[-1]}/status")
        until = time.monotonic() + 10
        try:
            while "TracerPid:\t0" in status.read_text():
                assert time.monotonic() < until, self.tracer.stderr.read()
                time.sleep(0.01)
        except FileNotFoundError:
            pass  # a thread of the background made that call: killed before the request came

    def stop(self):
        """Both are killed: what is left undone now is one crash point more."""
        for process in (self.tracer, self.process):
            if process:
                process.kill()
                process.wait(20)
            if process and process.stderr:
                process.stderr.close()
        self.tracer = self.process = None


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def victim(own, tmp_path_factory):
    made = Victim(own, tmp_path_factory.mktemp("victim"))
    yield made
    made.stop()


def settle(caller, path):
    """Waits until the request is no longer `issuing`, tries again what is left to try; its last state."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        seen = caller.get(path).expect(200)
        if seen["status"] == "draft":
            caller.post(path + "/submit", {}, checked=False)
        elif seen["status"] == "issued":
            return seen
        else:
            time.sleep(0.2)
    raise AssertionError(f"it stays {seen['status']}")


@pytest.mark.invariant(1, 2, 3, 4, 5, 7)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("thread,call", CALLS, ids=[f"{thread or 'connection'}-{call}" for thread, call in CALLS])
def test_killed_at_each_call_of_a_reissue(own, victim, thread, call):
    """Killed at any system call of a submit, the service leaves exactly one certificate after a restart."""
    journey = own.journey()
    journals = [own.dir / "journal" / "r1", victim.journal]
    acknowledged, killed = [], 0
    for when in range(1, MOST + 1):
        request = journey.ready()
        path = f"/v1/reissue-requests/{request['id']}"
        victim.start()
        victim.trace(thread, call, when)
        try:
            alive = Api(victim.url, own["SUBSCRIBER_TOKEN"], checked=False).post(path + "/submit", {}).status == 200
        except requests.ConnectionError:
            alive = False
        victim.stop()
        killed += not alive
        victim.start()
        seen = settle(Api(victim.url, own["SUBSCRIBER_TOKEN"]), path)
        victim.stop()
        lineage = own.caller("SUBSCRIBER_TOKEN").get(
            f"/v1/certificates/{request['certificate_id']}/lineage").expect(200)["items"]
        assert [one["id"] for one in lineage[1:]] == [seen["new_certificate_id"]]
        acknowledged.append(own.caller("SUBSCRIBER_TOKEN").get(f"{path}/certificate?format=der").expect(200).content)
        if alive:
            break
    Oracle(own, victim.binary, journals).check(acknowledged)
    assert alive, f"more than {MOST} calls: raise CRASH_POINTS_MOST"
    assert killed > 0 or call == "write", f"no {call} of the {thread or 'connection'} was met"
