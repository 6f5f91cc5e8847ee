"""The mail peer of an instance: mail servers on free ports of 127.0.0.1 that put every mail they take
into a file of the outbox, and others that fail as mail servers do (server.py).

    tests/peers/mail/up DIR OUTBOX    makes CA and certificates once, starts the server, writes DIR/mail.json
    tests/peers/mail/down DIR         stops it

In a test:

    mail = MailPeer(dir)
    mail.settings("starttls")         # of an smtp connector that sends there
    mail.wait_for("bob@example.test") # the mails of a recipient, parsed, oldest first
    mail.wire("plain")                # what a listener saw, decrypted
"""
import contextlib
import email
import email.policy
import fcntl
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import time

from ..process import PeerError, free_ports, run

HERE = pathlib.Path(__file__).resolve().parent
STARTED_S = 20
NAMES = ("starttls", "implicit", "auth", "plain", "wrong_ca", "expired", "wrong_host")
# certificate: (CA, names, days)
CERTIFICATES = {
    "good": ("ca", "IP:127.0.0.1,DNS:localhost", 3650),
    "foreign": ("other-ca", "IP:127.0.0.1,DNS:localhost", 3650),
    "expired": ("ca", "IP:127.0.0.1,DNS:localhost", -1),
    "elsewhere": ("ca", "DNS:mail.elsewhere.invalid", 3650),
}
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class MailPeer:
    """The mail servers of one directory."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory).resolve()
        self._state = self.dir / "mail.json"

    @property
    def state(self):
        """Ports, process id, outbox and credentials, written by up()."""
        return json.loads(self._state.read_text())

    @property
    def outbox(self):
        return pathlib.Path(self.state["outbox"])

    # --- life ---

    def up(self, outbox):
        """Makes what is missing and starts what does not run; returns when it listens."""
        self.dir.mkdir(parents=True, exist_ok=True)
        pathlib.Path(outbox).mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._certificates()
            state = self.state if self._state.exists() else {
                "ports": dict(zip(NAMES, free_ports(len(NAMES)))), "username": "reissued",
                "password": secrets.token_urlsafe(18)}
            state["outbox"] = str(pathlib.Path(outbox).resolve())
            if not self._is_ours(state.get("pid")):
                (self.dir / "ready").unlink(missing_ok=True)
                self._write(state)
                state["pid"] = self._start()
                self._write(state)
                self._wait(state["pid"])
        return self

    def down(self):
        """Stops it, by the process id that up() wrote."""
        if not self._state.exists():
            return
        with self._locked():
            pid = self.state.get("pid")
            end = time.monotonic() + STARTED_S
            while self._is_ours(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                if time.monotonic() > end:
                    raise PeerError("the mail server does not end")
                time.sleep(0.02)

    def _write(self, state):
        self._state.touch(mode=0o600)
        self._state.write_text(json.dumps(state))

    def _start(self):
        with open(self.dir / "server.out", "w", encoding="ascii") as out:
            return subprocess.Popen([sys.executable, str(HERE / "server.py"), str(self.dir)],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.dir,
                                    start_new_session=True).pid

    def _wait(self, pid):
        end = time.monotonic() + STARTED_S
        while not (self.dir / "ready").exists():
            if not self._is_ours(pid) or time.monotonic() > end:
                raise PeerError(f"the mail server does not start: {(self.dir / 'server.out').read_text()}")
            time.sleep(0.02)

    def _is_ours(self, pid):
        """Whether it runs; its process id may have been given to another process since."""
        with contextlib.suppress(OSError, IndexError):
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            status = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            return status != "Z" and str(self.dir).encode() in command
        return False

    @contextlib.contextmanager
    def _locked(self):
        with open(self.dir / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _certificates(self):
        if (self.dir / "made").exists():
            return
        for name in ("ca", "other-ca"):
            run("openssl", "req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "3650",
                 "-subj", f"/CN=reissued demo mail {name}", cwd=self.dir)
        for name, (ca, names, days) in CERTIFICATES.items():
            run("openssl", "req", "-new", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", f"/CN=reissued demo mail {name}", "-addext", f"subjectAltName={names}", cwd=self.dir)
            run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                 "-days", str(days), "-copy_extensions", "copy", "-out", f"{name}.crt", cwd=self.dir)
        (self.dir / "made").write_text("")

    # --- what a test wants ---

    def port(self, listener):
        return self.state["ports"][listener]

    @property
    def ca(self):
        return (self.dir / "ca.pem").read_text()

    def mails(self, recipient):
        """The mails a recipient got, oldest first: email.message objects with .raw beside."""
        found = []
        for path in sorted(self.outbox.glob(f"*-{recipient}.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            message.raw = path.read_bytes()
            found.append(message)
        return found

    def wait_for(self, recipient, count=1, seconds=20):
        """The same, once there are at least `count`."""
        end = time.monotonic() + seconds
        while len(self.mails(recipient)) < count:
            assert time.monotonic() < end, f"{recipient} got {len(self.mails(recipient))} mails, not {count}"
            time.sleep(0.05)
        return self.mails(recipient)

    def wire(self, listener, since=0):
        """What a listener received since a time.time(): {at, connection, tls, data}, in order."""
        lines = (self.dir / "wire.jsonl").read_text().splitlines()
        return [seen for seen in map(json.loads, lines) if seen["listener"] == listener and seen["at"] >= since]


def main(command, directory, *arguments):
    """up or down, as the scripts of that name call it."""
    peer = MailPeer(directory)
    try:
        {"up": peer.up, "down": peer.down}[command](*arguments)
    except (PeerError, TypeError) as error:
        sys.exit(f"{command}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
