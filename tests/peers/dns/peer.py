"""The DNS peer of an instance: BIND's named on a free port of 127.0.0.1 with the tree of zones.py,
beside it responder.py, both as whoever starts them, in a directory of their own.

    tests/peers/dns/up DIR      makes the zones once, starts both, writes DIR/dns.yaml
    tests/peers/dns/down DIR    stops both; the zones stay
    tests/peers/dns/set DIR NAME TYPE [VALUE...]    replaces the records of a name; none: deletes them

In a test:

    dns = DnsPeer(dir)                    # attach to what runs in dir; dns.up() starts it
    dns.set("x.live.caatest", "TXT", '"token"')       # replaces that set; signed and served at return
    dns.delete("x.live.caatest", "TXT")
    dns.count("flaky.flaky-i.caatest", "CAA")         # queries that reached the wire
"""
import base64
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from . import zones
from ..process import PeerError, run

HERE = pathlib.Path(__file__).resolve().parent
ALGORITHM = "ECDSAP256SHA256"
UNKNOWN_ALGORITHM = 200
STARTED_S, SERVED_S = 20, 10
TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "TXT": 16, "AAAA": 28, "DS": 43, "DNSKEY": 48, "CAA": 257}


def _free_port():
    """A port free for both UDP and TCP."""
    for _ in range(50):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
    raise PeerError("no free port")


def _has_v6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return True
    return False


def _alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    # A process that ended and that nobody waited for is none.
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def _absolute(label, zone):
    if label == "@":
        return zone.name
    return f"{label}.{'' if zone.name == '.' else zone.name}"


class DnsPeer:
    """The name servers of one directory."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory).resolve()
        self.config = self.dir / "dns.yaml"
        self._state = self.dir / "dns.json"

    @property
    def state(self):
        """Ports and process ids, written by up()."""
        return json.loads(self._state.read_text())

    # --- life ---

    def up(self):
        """Makes what is missing and starts what does not run; returns when both answer."""
        self.dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            state = self.state if self._state.exists() else {
                "port": _free_port(), "responder_port": _free_port(), "control_port": _free_port(),
                "v6": _has_v6()}
            if not self._made():
                self._make()
            self._configure(state)
            for name, start in (("named", self._start_named), ("responder", self._start_responder)):
                if not self._is_ours(state.get(name), name):
                    state[name] = start(state)
                    self._state.write_text(json.dumps(state))
            self._wait(state)
            self._write_config(state)
        return self

    def down(self):
        """Stops both, by the process ids that up() wrote."""
        if not self._state.exists():
            return
        with self._locked():
            state = self.state
            for name in ("named", "responder"):
                pid = state.pop(name, None)
                if self._is_ours(pid, name):
                    os.kill(pid, signal.SIGTERM)
                    self._until(lambda pid=pid: not _alive(pid), f"{name} does not end")
            self._state.write_text(json.dumps(state))

    def _is_ours(self, pid, name):
        """Whether it runs; its process id may have been given to another process since."""
        with contextlib.suppress(OSError):
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            return name.encode() in command and str(self.dir).encode() in command
        return False

    @contextlib.contextmanager
    def _locked(self):
        with open(self.dir / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # --- zones ---

    def set(self, name, rrtype, *values, ttl=zones.TTL):
        """Replaces the records of a name and type; signed and served when it returns."""
        zone = zones.zone_of(name)
        if zone.responder:
            raise PeerError(f"{zone.name} is answered by the responder's script")
        owner = name.rstrip(".") + "."
        with self._locked():
            kept = [line for line in self._records(zone).splitlines()
                    if line.split()[:1] + line.split()[2:3] != [owner, rrtype]]
            kept += [f"{owner} {ttl} {rrtype} {value}" for value in values]
            self._file(zone, "records").write_text("\n".join(kept) + "\n")
            serial = self._sign(zone)
            self._rndc("reload", zone.name)
            self._until(lambda: self._serial(zone) == serial, f"{zone.name} is not reloaded")

    def delete(self, name, rrtype):
        """Takes all records of a name and type away."""
        self.set(name, rrtype)

    def count(self, name, rrtype="CAA"):
        """How many queries for it reached either server since the start."""
        plain = name.rstrip(".").lower()
        number = TYPES[rrtype]
        named = f"query: {plain} IN {rrtype} "
        counted = 0
        for line in self._log("responder").splitlines():
            counted += line.split()[:2] == [plain, str(number)]
        for line in self._log("queries").splitlines():
            counted += named in line.lower().replace(f" in {rrtype.lower()} ", f" IN {rrtype} ")
        return counted

    def _log(self, name):
        path = self.dir / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _file(self, zone, suffix):
        stem = "root" if zone.name == "." else zone.name.rstrip(".")
        return self.dir / "zones" / f"{stem}.{suffix}"

    def _records(self, zone):
        path = self._file(zone, "records")
        if path.exists():
            return path.read_text()
        return "".join(f"{_absolute(label, zone)} {zones.TTL} {rrtype} {value}\n"
                       for label, rrtype, value in zone.records)

    def _made(self):
        return (self.dir / "root.key").exists()

    def _make(self):
        """Keys and zones, the leaves first: a parent holds what its children's keys are."""
        (self.dir / "zones").mkdir(exist_ok=True)
        for zone in sorted(zones.ZONES, key=lambda zone: -len(zone.name.strip(".").split("."))
                           if zone.name != "." else 1):
            if zone.signed or zone.ds == "foreign":
                key = run("dnssec-keygen", "-q", "-a", ALGORITHM, "-f", "KSK", zone.name,
                           cwd=self.dir / "zones").strip()
                self._file(zone, "keyname").write_text(key)
            if not zone.responder:
                self._sign(zone)
        (self.dir / "root.key").write_text(self._anchor(zones.BY_NAME["."]))

    def _key_file(self, zone):
        return self.dir / "zones" / self._file(zone, "keyname").read_text()

    def _anchor(self, zone):
        """The zone's DNSKEY as one line."""
        for line in pathlib.Path(f"{self._key_file(zone)}.key").read_text().splitlines():
            if not line.startswith(";"):
                return line + "\n"
        raise PeerError(f"{zone.name} has no key")

    def _delegation(self, zone):
        """What the parent says about a zone."""
        owner = f"{zone.name} {zones.TTL}"
        text = f"{owner} NS ns.caatest.\n"
        if zone.ds == "unknown":
            text += f"{owner} DS 4711 {UNKNOWN_ALGORITHM} 2 {'ab' * 32}\n"
        elif zone.ds == "digest":
            text += f"{owner} DS 4711 13 200 {'ab' * 32}\n"
        elif zone.ds != "none":
            key = pathlib.Path(f"{self._key_file(zone)}.key")
            text += re.sub(r"\sIN\s+DS\s", f" {zones.TTL} IN DS ",
                           run("dnssec-dsfromkey", "-2", str(key), cwd=self.dir))
        return text

    def _sign(self, zone):
        """Writes the zone anew, signed where it is; the new serial."""
        path, serial_file = self._file(zone, "zone"), self._file(zone, "serial")
        serial = int(serial_file.read_text()) + 1 if serial_file.exists() else 1
        serial_file.write_text(str(serial))
        text = (f"{zone.name} {zones.TTL} IN SOA ns.caatest. root.caatest. {serial} 3600 600 86400 60\n"
                f"{zone.name} {zones.TTL} IN NS ns.caatest.\n" + self._records(zone))
        for child in zones.ZONES:
            if zones.parent_of(child) is zone:
                text += self._delegation(child)
        path.write_text(text)
        served = self._file(zone, "served")
        if not zone.signed:
            served.write_text(text)
            return serial
        command = ["dnssec-signzone", "-P", "-z", "-o", zone.name, "-f", str(served)]
        if zone.nsec3:
            command += ["-3", "-", "-H", "0"] + (["-A"] if zone.optout else [])
        if zone.expired or zone.future:
            now = datetime.datetime.now(datetime.timezone.utc)
            for option, days in (("-s", -370 if zone.future else 400), ("-e", -400 if zone.future else 370)):
                command += [option, f"{now - datetime.timedelta(days=days):%Y%m%d%H%M%S}"]
        key = self._key_file(zone)
        path.write_text(text + self._anchor(zone))
        run(*command, str(path), str(key), cwd=self.dir / "zones")
        if zone.tamper:
            signed = served.read_text()
            if zone.tamper[0] not in signed:
                raise PeerError(f"{zone.name}: nothing to tamper with")
            served.write_text(signed.replace(*zone.tamper))
        return serial

    # --- processes ---

    def _configure(self, state):
        """named.conf: authoritative only, loopback only, every query logged."""
        secret = self.dir / "rndc.key"
        if not secret.exists():
            secret.touch(0o600)
            secret.write_text('key "rndc" { algorithm hmac-sha256; secret "'
                              f'{base64.b64encode(secrets.token_bytes(32)).decode()}"; }};\n')
        lines = [secret.read_text(), f"""options {{
    directory "{self.dir}";
    pid-file "{self.dir}/named.pid";
    session-keyfile none;
    listen-on port {state["port"]} {{ 127.0.0.1; }};
    listen-on-v6 port {state["port"]} {{ {"::1;" if state["v6"] else "none;"} }};
    recursion no;
    allow-transfer {{ none; }};
    notify no;
    empty-zones-enable no;
    dnssec-validation no;
    max-records-per-type 0;
    querylog yes;
}};
controls {{ inet 127.0.0.1 port {state["control_port"]} allow {{ 127.0.0.1; }} keys {{ "rndc"; }}; }};
logging {{
    channel main {{ file "{self.dir}/named.log"; severity info; print-time yes; }};
    channel queries {{ file "{self.dir}/queries.log"; severity info; }};
    category default {{ main; }};
    category queries {{ queries; }};
}};
"""]
        for zone in zones.ZONES:
            if not zone.responder:
                lines.append(f'zone "{zone.name}" {{ type primary; file "{self._file(zone, "served")}"; '
                             "check-names ignore; };\n")
        (self.dir / "named.conf").write_text("".join(lines))

    def _start_named(self, _state):
        # In the foreground, so that its process id is the one we know; a copy, because Debian's
        # AppArmor profile lets /usr/sbin/named itself read no directory but its own.
        binary = self.dir / "named"
        shutil.copy("/usr/sbin/named", binary)
        return self._start("named", str(binary), "-f", "-n", "1", "-c", str(self.dir / "named.conf"))

    def _start_responder(self, state):
        return self._start("responder", sys.executable, str(HERE / "responder.py"),
                           str(state["responder_port"]), str(self.dir / "responder.log"))

    def _start(self, name, *command):
        with open(self.dir / f"{name}.out", "w", encoding="ascii") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       cwd=self.dir, start_new_session=True)
        return process.pid

    def _wait(self, state):
        for name, port, asked in (("named", state["port"], "caatest."),
                                  ("responder", state["responder_port"], "wire.caatest.")):
            def answers(name=name, port=port, asked=asked):
                if not _alive(state[name]):
                    out = (self.dir / f"{name}.out").read_text() + self._log(name)[-2000:]
                    raise PeerError(f"{name} does not start: {out}")
                return _soa_serial(port, asked) is not None
            self._until(answers, f"{name} does not answer", STARTED_S)

    def _rndc(self, *command):
        run("rndc", "-s", "127.0.0.1", "-p", str(self.state["control_port"]),
             "-k", str(self.dir / "rndc.key"), *command, cwd=self.dir)

    def _serial(self, zone):
        return _soa_serial(self.state["port"], zone.name)

    @staticmethod
    def _until(condition, what, seconds=SERVED_S):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise PeerError(what)
            time.sleep(0.01)

    # --- the service's configuration ---

    def _write_config(self, state):
        """A fragment for --config: how the service finds this tree, and nothing else."""
        stubs = []
        for zone in zones.ZONES:
            port = state["responder_port" if zone.responder else "port"]
            stubs.append({"zone": zone.name,
                          "servers": [f"{'::1' if zone.v6 and state['v6'] else '127.0.0.1'}@{port}"]})
        anchors = [self._anchor(zones.BY_NAME[name]).strip() for name in ("caatest.", "tldcaa.")]
        fragment = {
            "dns": {"trust_anchor_file": str(self.dir / "root.key"), "trust_anchors": anchors,
                    "stub_zones": stubs, "remove_local_zones": ["test."]},
            "names": {"extra_tlds": ["caatest", "tldcaa"]},
            "caa": {"issuer_domains": [zones.ISSUER]},
        }
        # JSON is YAML.
        self.config.write_text(json.dumps(fragment, indent=2) + "\n")


def _soa_serial(port, name):
    """The serial of a zone as the server says it, None when it does not."""
    wire = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"
    query = struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + wire + struct.pack("!HH", TYPES["SOA"], 1)
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.connect(("127.0.0.1", port))
        sock.send(query)
        answer = sock.recv(4096)
        if answer[7] and not answer[3] & 15:
            # The five numbers end the RDATA of the first record: its length tells where.
            at = len(query)
            while answer[at] and not answer[at] & 0xc0:
                at += 1 + answer[at]
            at += 2 if answer[at] else 1
            length, = struct.unpack_from("!H", answer, at + 8)
            return struct.unpack_from("!I", answer, at + 10 + length - 20)[0]
    return None


def main(command, directory, *arguments):
    """up, down or set, as the scripts of that name call it."""
    peer = DnsPeer(directory)
    try:
        {"up": peer.up, "down": peer.down, "set": peer.set}[command](*arguments)
    except (PeerError, TypeError) as error:
        sys.exit(f"{command}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
