"""The SMS peers: kannel (bearerbox and smsbox, HTTPS) with a fake SMSC behind it, and gateways that fail as gateways
do (gateway.py). All on free ports of 127.0.0.1, with a CA of their own.

    tests/peers/sms/up DIR      makes CA and certificate once, starts everything, writes DIR/sms.json
    tests/peers/sms/down DIR    stops it

In a test:

    sms = SmsPeer(dir).up()
    sms.kannel()                  # settings of an sms connector that sends by kannel
    sms.gateway("/ok")            # of one that sends by a scripted gateway
    sms.wait_for("+4915112345678")# the texts that reached the SMSC for a number, oldest first
    sms.calls("/ok")              # what a scripted gateway was sent
"""
import contextlib
import json
import os
import pathlib
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time

from ..process import PeerError, free_ports, run

HERE = pathlib.Path(__file__).resolve().parent
STARTED_S = 20
PORTS = ("admin", "smsbox", "smsc", "sendsms", "gateway")
DENIED = "+4915999"  # a prefix that kannel refuses
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

KANNEL = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {smsbox}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = {dir}/bearerbox.log
log-level = 1
ssl-server-cert-file = {dir}/server.crt
ssl-server-key-file = {dir}/server.key

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-port-ssl = true
sendsms-interface = 127.0.0.1
global-sender = reissued
log-file = {dir}/smsbox.log
log-level = 1

group = sendsms-user
username = reissued
password = {password}
max-messages = 3
concatenation = true
black-list-regex = "^\\{denied}"
"""


class SmsPeer:
    """The gateways of one directory."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory).resolve()
        self._state = self.dir / "sms.json"

    @property
    def state(self):
        return json.loads(self._state.read_text())

    # --- life ---

    def up(self):
        """Makes what is missing and starts everything; returns when a message can be sent."""
        self.dir.mkdir(parents=True, exist_ok=True)
        state = {"ports": dict(zip(PORTS, free_ports(len(PORTS)))), "password": secrets.token_hex(12), "pids": []}
        self._certificates()
        (self.dir / "kannel.conf").write_text(KANNEL.format(
            dir=self.dir, denied=DENIED, password=state["password"], **state["ports"]))
        self._state.touch(mode=0o600)
        for command, port in (
                (["/usr/sbin/bearerbox", str(self.dir / "kannel.conf")], "smsc"),
                (["/usr/sbin/smsbox", str(self.dir / "kannel.conf")], "sendsms"),
                ([sys.executable, str(HERE / "gateway.py"), str(self.dir)], "gateway")):
            self._state.write_text(json.dumps(state))
            with open(self.dir / f"{pathlib.Path(command[0]).name}.out", "wb") as out:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.dir,
                                           start_new_session=True)
            state["pids"].append(process.pid)
            self._state.write_text(json.dumps(state))
            # bearerbox's fake SMSC takes one client only: its own port is not knocked at
            self._wait(process, state["ports"]["admin" if port == "smsc" else port])
        return self

    def down(self):
        """Stops it, by the process ids that up() wrote."""
        if not self._state.exists():
            return
        pids = self.state["pids"]
        end = time.monotonic() + STARTED_S
        while any(self._is_ours(pid) for pid in pids):
            for pid in reversed(pids):
                if self._is_ours(pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGTERM if time.monotonic() < end - 10 else signal.SIGKILL)
            if time.monotonic() > end:
                raise PeerError("a gateway does not end")
            time.sleep(0.1)

    def _wait(self, process, port):
        end = time.monotonic() + STARTED_S
        while True:
            if process.poll() is not None or time.monotonic() > end:
                raise PeerError(f"{process.args[0]} does not start: see {self.dir}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.02)

    def _is_ours(self, pid):
        """Whether it runs; its process id may have been given to another process since."""
        with contextlib.suppress(OSError, IndexError):
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            status = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            return status != "Z" and str(self.dir).encode() in command
        return False

    def _certificates(self):
        if (self.dir / "server.crt").exists():
            return
        run("openssl", "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650",
             "-subj", "/CN=reissued test SMS CA", cwd=self.dir)
        run("openssl", "req", "-new", *KEY, "-keyout", "server.key", "-out", "server.csr",
             "-subj", "/CN=reissued test SMS gateway", "-addext", "subjectAltName=IP:127.0.0.1", cwd=self.dir)
        run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-days", "3650", "-copy_extensions", "copy", "-out", "server.crt", cwd=self.dir)

    # --- what a test wants ---

    @property
    def ca(self):
        return (self.dir / "ca.pem").read_text()

    def kannel(self, **more):
        """The settings of an sms connector that sends by kannel."""
        return {"url": f"https://127.0.0.1:{self.state['ports']['sendsms']}/cgi-bin/sendsms", "method": "GET",
                "body": "none", "parameters": {"username": "reissued", "to": "{{to}}", "text": "{{text}}",
                                               "charset": "UTF-8", "coding": "0"},
                "secret_parameters": {"password": self.state["password"]}, "success": {"status": [202]},
                "ca_pem": self.ca, **more}

    def gateway(self, path, **more):
        """The settings of one that sends by a scripted gateway (the paths of gateway.py)."""
        return {"url": f"https://127.0.0.1:{self.state['ports']['gateway']}{path}", "ca_pem": self.ca,
                "parameters": {"to": "{{to}}", "text": "{{text}}", "id": "{{id}}"}, **more}

    def messages(self, number):
        """The texts that reached the SMSC for a number, oldest first."""
        path = self.dir / "messages.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [seen["text"] for seen in map(json.loads, lines) if seen["to"] == number]

    def calls(self, path):
        """What the scripted gateway was sent at a path: {at, method, query, headers, body}."""
        log = self.dir / "calls.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        return [seen for seen in map(json.loads, lines) if seen["path"] == path]

    @staticmethod
    def until(what, seconds=20):
        """The first true value of what()."""
        end = time.monotonic() + seconds
        while not (value := what()):
            assert time.monotonic() < end, "it does not come"
            time.sleep(0.05)
        return value

    def wait_for(self, number, count=1, seconds=20):
        """The texts for a number, once there are at least `count`."""
        return self.until(lambda: len(self.messages(number)) >= count and self.messages(number), seconds)

    def connect(self):
        """A TLS connection to kannel: whether it is there at all."""
        context = ssl.create_default_context(cafile=str(self.dir / "ca.pem"))
        with socket.create_connection(("127.0.0.1", self.state["ports"]["sendsms"]), 5) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                return tls.version()


def main(command, directory):
    """up or down, as the scripts of that name call it."""
    peer = SmsPeer(directory)
    try:
        {"up": peer.up, "down": peer.down}[command]()
    except PeerError as error:
        sys.exit(f"{command}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
