"""F42: SIGHUP under load: no request fails, what is live changes, a wrong file changes nothing."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from support.beside import Beside
from support.client import Api

ORIGIN = "https://app.example"


class Running:
    """A service beside the instance with a configuration and a keyring of the test's own."""

    def __init__(self, own, folder, service):
        self.own, self.service = own, service
        self.file, self.ring = folder / "own.yaml", folder / "keyring"
        self.settings = json.loads(self.file.read_text())

    def write(self, **sections):
        self.file.write_text(json.dumps({**self.settings, **sections}))

    def keyring(self, *words):
        return json.loads(subprocess.run(
            [os.readlink(f"/proc/{self.service.process.pid}/exe"), "keyring", *words, "--json", "--file", str(self.ring)],
            check=True, capture_output=True).stdout)

    def share(self):
        """The instance reads the same keyring, before anything is sealed under its new key."""
        before = len(self.own.log_lines("server.reloaded", 1000))
        shutil.copy(self.ring, self.own.dir / "keyring")
        for pid in self.own.pids():
            os.kill(pid, signal.SIGHUP)
        until = time.monotonic() + 15
        while len(self.own.log_lines("server.reloaded", 1000)) < before + len(self.own.pids()):
            assert time.monotonic() < until, self.own.log_lines("reload.refused")
            time.sleep(0.05)

    def logged(self, beyond=0):
        """The events of the log's whole lines; the last one may be on its way."""
        lines = self.service.log.read_text().split("\n")[beyond:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, name):
        return [event for event in self.logged() if event["event"] == name]

    def hup(self, event="server.reloaded"):
        """Reads again; gives the events of this time that begin with "reload."."""
        before, seen = len(self.events(event)), self.service.log.read_text().count("\n")
        self.service.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 15
        while len(self.events(event)) == before:
            assert time.monotonic() < until, self.logged(seen)
            time.sleep(0.02)
        return [told for told in self.logged(seen) if told["event"].startswith("reload.")]

    def allows(self):
        """Whether a browser may call from ORIGIN."""
        answer = Api(self.service.base_url).get("/healthz", headers={"Origin": ORIGIN}).expect(200)
        return answer.headers.get("Access-Control-Allow-Origin") == ORIGIN


@pytest.fixture
def running(own, tmp_path, monkeypatch):
    # What the environment says goes before the files that are changed here.
    monkeypatch.delenv("REISSUED_LIMITS_VERIFY_PER_USER", raising=False)
    os.chmod(tmp_path, 0o755)
    shutil.copy(own.dir / "keyring", tmp_path / "keyring")
    settings = json.dumps({"server": {"port": "PORT", "replica_id": "reload"}, "signer": {"journal_file": "@JOURNAL@"},
                           "keyring": {"file": str(tmp_path / "keyring")}})
    with Beside(own, tmp_path, settings.replace('"PORT"', "@PORT@")) as service:
        yield Running(own, tmp_path, service)


class Load(threading.Thread):
    """Reads and writes until told to stop; whatever is not the expected answer is kept."""

    def __init__(self, caller, number):
        super().__init__()
        self.caller, self.number, self.over, self.count, self.wrong = caller, number, threading.Event(), 0, []

    def run(self):
        while not self.over.is_set():
            try:
                made = self.caller.post("/v1/domain-validations", {"identifier": {
                    "type": "dns", "value": f"l{self.number}x{self.count}.example.test"}, "method": "dns_txt"})
                read = self.caller.get(f"/v1/domain-validations/{made['id']}")
                if (made.status, read.status) != (201, 200):
                    self.wrong.append((made.status, read.status))
            except (OSError, KeyError) as fault:
                self.wrong.append(repr(fault))
            self.count += 1


def test_reloads_under_load_fail_no_request(running):
    """F42: with thirty reloads of configuration and keyring no request fails, and each holds from then on."""
    load = [Load(running.service.caller(running.own["SUBSCRIBER_TOKEN"]), number) for number in range(4)]
    for one in load:
        one.start()
    try:
        for turn in range(30):
            on = turn % 2 == 0
            running.write(server={**running.settings["server"], "cors_origins": [ORIGIN] if on else []},
                          log={"level": "debug" if on else "info"}, limits={"verify_per_user": 60 + turn})
            if turn % 10 == 3:
                kid = running.keyring("add")["kid"]
                running.share()
            if turn % 10 == 6:
                running.keyring("activate", kid)
            told = running.hup()
            assert "limits.verify_per_user" in {event["key"] for event in told if event["event"] == "reload.changed"} \
                or turn == 0
            assert running.allows() == on
    finally:
        for one in load:
            one.over.set()
        for one in load:
            one.join(60)
    assert [one.wrong for one in load] == [[]] * len(load)
    assert sum(one.count for one in load) > 30
    assert json.loads(running.ring.read_text())["active"] in running.events("server.reloaded")[-1]["detail"]


def test_what_needs_a_restart_is_named(running):
    """Keys that are read at the start only are named, and stay as they were; the live ones beside them change."""
    running.write(server={**running.settings["server"], "port": 1, "cors_origins": [ORIGIN]}, database={"pool_size": 3})
    told = running.hup()
    assert {event["key"] for event in told if event["event"] == "reload.pending"} == {"server.port", "database.pool_size"}
    assert {event["key"] for event in told if event["event"] == "reload.changed"} == {"server.cors_origins"}
    assert running.allows()
    assert not [event for event in running.hup() if event["event"] == "reload.changed"], "nothing changed since"


BAD_FILES = {
    "a value out of range": ('{"limits": {"verify_per_user": 0}, "server": {"cors_origins": ["%s"]}}', "limits.verify_per_user"),
    "an unknown key": ('{"limits": {"no_such": 1}, "server": {"cors_origins": ["%s"]}}', "limits.no_such"),
    "no YAML": ('{"server": {"cors_origins": ["%s"]', "own.yaml"),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_wrong_configuration_is_kept_out(running, fault):
    """F42: the fault is named on the log, everything stays as it was, and a mended file is taken."""
    text, key = BAD_FILES[fault]
    running.file.write_text(text % ORIGIN if "%s" in text else text)
    told = running.hup("reload.refused")
    assert any(event["event"] == "reload.fault" and key in event["key"] for event in told), told
    assert not running.allows()
    running.service.caller(running.own["SUBSCRIBER_TOKEN"]).get("/v1/certificates").expect(200)
    running.write(server={**running.settings["server"], "cors_origins": [ORIGIN]})
    running.hup()
    assert running.allows()


def other_keys(running):
    running.ring.unlink()
    running.keyring("init")


def open_to_all(running):
    running.ring.chmod(0o644)


def garbage(running):
    running.ring.write_text("{")


def missing(running):
    running.ring.unlink()


def another_key_of_that_name(running):
    ring = json.loads(running.ring.read_text())
    ring["keys"] = {kid: "A" * 43 + "=" for kid in ring["keys"]}
    running.ring.write_text(json.dumps(ring))


@pytest.mark.parametrize("spoil", [other_keys, open_to_all, garbage, missing, another_key_of_that_name],
                         ids=lambda spoil: spoil.__name__)
def test_a_wrong_keyring_is_kept_out(running, spoil):
    """F42: a keyring that the start would refuse, or that lacks the active key, changes nothing, nor does what comes with it."""
    kept = running.ring.read_bytes()
    spoil(running)
    running.write(server={**running.settings["server"], "cors_origins": [ORIGIN]})
    told = running.hup("reload.refused")
    assert "key" in told[-1]["detail"]
    assert not running.allows()
    owner = running.service.caller(running.own["SUBSCRIBER_TOKEN"])
    owner.post("/v1/domain-validations", {"identifier": {"type": "dns", "value": f"{spoil.__name__.replace('_', '-')}.example.test"},
                                          "method": "dns_txt"}).expect(201)
    running.ring.write_bytes(kept)
    running.ring.chmod(0o600)
    running.hup()
    assert running.allows()


def test_a_database_that_is_away_keeps_a_new_keyring_out(running):
    """A new key is not taken unless the database was asked for its check value; without a new one the rest is."""
    postgres = running.own.postgres_pids()
    for pid in postgres:
        os.kill(pid, signal.SIGSTOP)
    try:
        running.write(server={**running.settings["server"], "cors_origins": [ORIGIN]})
        running.hup()
        assert running.allows()
        running.keyring("add")
        running.hup("reload.refused")
    finally:
        for pid in reversed(postgres):
            os.kill(pid, signal.SIGCONT)
    count, until = len(json.loads(running.ring.read_text())["keys"]), time.monotonic() + 15
    while f" {count} keys" not in running.events("server.reloaded")[-1]["detail"]:
        assert time.monotonic() < until, "the connections come back"
        running.service.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
