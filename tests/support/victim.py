"""The one process of an instance, which a test kills, restarts and injures at its system calls."""
import os
import pathlib
import re
import signal
import subprocess
import time

import requests

from .client import Api
from .oracle import Oracle


class Victim:
    """Takes the place of ./dev up's process: the same command, port and journal; always ended by pid."""

    def __init__(self, own, folder):
        (pid,) = own.pids()
        self.own, self.folder, self.url = own, folder, own["BASE_URL"]
        self.binary = os.readlink(f"/proc/{pid}/exe")
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.command = [self.binary, *(word.decode() for word in words[1:])]
        self.process = self.tracer = None
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 40
        while pathlib.Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in pathlib.Path(
                f"/proc/{pid}/status").read_text():
            assert time.monotonic() < until
            time.sleep(0.02)

    def start(self, **environment):
        with open(self.own.dir / "log" / "r1.log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env={**os.environ, **environment})
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                if requests.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("it does not get ready: " + (self.own.dir / "log" / "r1.log").read_text()[-2000:])

    def caller(self):
        return Api(self.url, self.own["SUBSCRIBER_TOKEN"])

    def thread(self, name):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().strip() == name:
                return int(task.name)
        raise AssertionError(f"no thread {name}")

    def inject(self, thread, call, what, when):
        """Attaches strace: at the when-th such call of that thread `what` happens, a signal or an error.

        "connection": of each thread of a connection that is made from now on.
        """
        connection = thread == "connection"
        tid = self.thread("MHD-listen" if connection else thread)
        self.tracer = subprocess.Popen(
            ["strace", "-qq", "-o", str(self.folder / "trace"), "-e", f"trace={call}", "-e",
             f"inject={call}:{what}:when={when}", *(["-f"] if connection else []), "-p", str(tid)],
            stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{self.process.pid}/task/{tid}/status")
        until = time.monotonic() + 10
        try:
            while "TracerPid:\t0" in status.read_text():
                assert time.monotonic() < until, self.tracer.stderr.read()
                time.sleep(0.005)
        except FileNotFoundError:
            pass  # a thread of the background made that call: killed before the request came

    def let_go(self):
        """Detaches strace; how often it has injected something."""
        if not self.tracer:
            return 0
        self.tracer.terminate()
        self.tracer.wait(20)
        self.tracer.stderr.close()
        self.tracer = None
        return len(re.findall(r"\(INJECTED\)", (self.folder / "trace").read_text(errors="replace")))

    def dies(self, seconds=0.15):
        """Has it died, or does it within the time?"""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        """Both are killed: what is left undone now is one crash point more."""
        for process in (self.tracer, self.process):
            if process:
                process.kill()
                process.wait(20)
            if process and process.stderr:
                process.stderr.close()
        self.tracer = self.process = None

    def oracle(self):
        return Oracle(self.own, self.binary, [self.own.dir / "journal" / "r1"])


class Attempt:
    """A submit that somebody must answer, now or after a restart, with one and the same certificate."""

    def __init__(self, request, key=None):
        self.request, self.der, self.answer = request, None, None
        self.path = f"/v1/reissue-requests/{request['id']}"
        self.headers = {"Idempotency-Key": key} if key else {}

    def send(self, caller):
        """Submits once and hangs up; True when it was answered with a certificate."""
        begun = time.monotonic()
        try:
            self.answer = caller.post(self.path + "/submit", {}, headers=self.headers)
        except requests.RequestException:
            return False  # nobody answered
        finally:
            caller.session.close()
        assert time.monotonic() - begun < 21, "an answer comes by its deadline"
        assert self.answer.status in (200, 409, 503), self.answer.text
        if self.answer.status == 503:
            assert int(self.answer.headers["Retry-After"]) >= 1
        if self.answer.status == 409:
            assert self.answer.code == "idempotency-in-progress", self.answer.text
        return self.answer.status == 200 and self.answer["status"] == "issued"

    def fetch(self, caller):
        """Keeps the certificate as acknowledged."""
        self.der = caller.get(self.path + "/certificate?format=der").expect(200).content

    def settle(self, caller, seconds=50):
        """Sends it again until it is answered: exactly one certificate, the acknowledged one if there was one."""
        until = time.monotonic() + seconds
        while not self.send(caller):
            assert time.monotonic() < until, f"it stays {caller.get(self.path).expect(200)['status']}"
            time.sleep(0.2)
        acknowledged = self.der
        self.fetch(caller)
        assert acknowledged in (None, self.der), "another certificate than the acknowledged one"
        lineage = caller.get(f"/v1/certificates/{self.request['certificate_id']}/lineage").expect(200)["items"]
        assert [one["id"] for one in lineage[1:]] == [self.answer["new_certificate_id"]]
