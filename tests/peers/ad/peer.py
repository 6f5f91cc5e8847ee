"""The directory peers of an instance, in a directory of their own, as root:

    a Samba AD DC       ports 389 and 636 of an address 127.x.y.z of its own, so that many may run
    slapd               lets DN and empty password in ("allow bind_anon_dn"), LDAPS and StartTLS
    odd.py              directories that misbehave

    tests/peers/ad/up DIR      starts them; the domain is made once a checkout (build/peers), 17 s
    tests/peers/ad/down DIR    stops them

In a test:

    ad = AdPeer(dir); ad.up()
    ad.url(), ad.url("ldap")                 # of the domain controller
    ad.odd("silent")                         # ldaps://127.0.0.1:PORT of one that misbehaves
    ad.user("carol", "pass")                 # -> {dn, guid, sid, upn}
    ad.look("carol")["badPwdCount"]
"""
import base64
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid

from . import certs
from .recipe import BASE, DOMAIN, PASSWORDS, PEOPLE_FILTER, SERVICE, SMB_CONF, SPARES, THRESHOLD, domain, provisioned
from ..process import PeerError, free_port, run

HERE = pathlib.Path(__file__).resolve().parent
STARTED_S = 30

# The attributes of Active Directory that are asked for, under their own identifiers.
SLAPD_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
	SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
	SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
	SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' SUP top AUXILIARY
	MAY ( objectGUID $ userPrincipalName $ userAccountControl ) )
allow bind_anon_dn
loglevel stats
TLSCertificateFile {dir}/good.pem
TLSCertificateKeyFile {dir}/good.key
TLSCACertificateFile {dir}/ca.pem
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "{base}"
directory {dir}/slapd
rootdn "cn=admin,{base}"
access to * by users read by anonymous auth
"""
SLAPD_GUIDS = {"dave": "00112233-4455-6677-8899-aabbccddeeff",
               "erin": "10112233-4455-6677-8899-aabbccddeeff"}


def _connects(address, port):
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def _free_address():
    for _ in range(50):
        address = f"127.{random.randint(64, 200)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        if not _connects(address, 636):
            return address
    raise PeerError("no free address")


class AdPeer:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory).resolve()
        self.file = self.dir / "ad.json"
        self.conf = self.dir / "smb.conf"
        self.spares = iter(SPARES)

    @property
    def state(self):
        return json.loads(self.file.read_text())

    # --- life ---

    def up(self):
        self.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (self.dir / "dc").exists():
            raise PeerError(f"{self.dir} is in use")
        # Samba wants short paths for its sockets, and private ones.
        (self.dir / "run").mkdir(mode=0o755)
        shutil.copytree(provisioned() / "dc", self.dir / "dc", symlinks=True)
        address = _free_address()
        state = {"address": address, "slapd_ldap": free_port(), "slapd_ldaps": free_port(), "pids": {}}
        state["certificate"] = self._certificates(address)
        self.conf.write_text(SMB_CONF.format(dir=self.dir, address=address, realm=DOMAIN.upper()))
        self._slapd_make()
        start = {
            "samba": ("samba", "-i", "-M", "single", "-s", str(self.conf), "--debug-stdout", "-d1"),
            "slapd": ("/usr/sbin/slapd", "-d", "stats", "-f", str(self.dir / "slapd.conf"), "-h",
                      f"ldap://127.0.0.1:{state['slapd_ldap']} ldaps://127.0.0.1:{state['slapd_ldaps']}"),
            "odd": (sys.executable, str(HERE / "odd.py"), str(self.dir)),
        }
        for name, command in start.items():
            state["pids"][name] = self._start(name, command)
            self._write(state)
        self._until(lambda: _connects(address, 636) and _connects("127.0.0.1", state["slapd_ldaps"])
                    and (self.dir / "odd.json").exists(), state)
        # JSON is YAML.
        (self.dir / "ad.yaml").write_text('{"net": {"allow_addresses": ["127.0.0.0/8"]}}\n')
        state["odd"] = json.loads((self.dir / "odd.json").read_text())
        names = [*PASSWORDS, *SPARES]
        state["people"] = dict(zip(names, domain(self.conf, [["look", name] for name in names])))
        self._write(state)
        self._lock_out("shut")

    def down(self):
        if not self.file.exists():
            return
        for pid in self.state["pids"].values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGTERM)
        for pid in self.state["pids"].values():
            for _ in range(100):
                if not pathlib.Path(f"/proc/{pid}").exists() or \
                        pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                    break
                time.sleep(0.05)
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        shutil.rmtree(self.dir)

    def _write(self, state):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(state, indent=1) + "\n")
        new.rename(self.file)

    def _start(self, name, command):
        with open(self.dir / f"{name}.out", "w", encoding="ascii") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                    cwd=self.dir, start_new_session=True).pid

    def _until(self, condition, state):
        end = time.monotonic() + STARTED_S
        while not condition():
            if time.monotonic() > end:
                told = "".join((self.dir / f"{name}.out").read_text()[-1500:] for name in state["pids"])
                raise PeerError(f"the directories do not start: {told}")
            time.sleep(0.05)

    def _certificates(self, address):
        ca, other = certs.Authority("Directory test CA"), certs.Authority("Another CA")
        (self.dir / "ca.pem").write_bytes(ca.pem)
        local = ["127.0.0.1"]
        ca.server(self.dir / "good", [], local)
        other.server(self.dir / "other-ca", [], local)
        ca.server(self.dir / "expired", [], local, expired=True)
        ca.server(self.dir / "self-signed", [], local, self_signed=True)
        ca.server(self.dir / "wrong-name", ["dc2.ad.example.test"], ["127.0.0.2"])
        return ca.server(self.dir / "dc1", [f"dc1.{DOMAIN}"], [address])[2]

    def _slapd_make(self):
        (self.dir / "slapd").mkdir()
        conf = self.dir / "slapd.conf"
        conf.write_text(SLAPD_CONF.format(dir=self.dir, base=BASE))
        people = "".join(
            f"\ndn: cn={name},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: adUser\ncn: {name}\nsn: {name}\n"
            f"userPrincipalName: {name}@{DOMAIN}\nuserPassword: {name.title()}-pass-w0rd\n"
            f"userAccountControl: {514 if name == 'erin' else 512}\n"
            f"objectGUID:: {_base64_guid(guid)}\n" for name, guid in SLAPD_GUIDS.items())
        service = (f"\ndn: cn=svc,{BASE}\nobjectClass: person\ncn: svc\nsn: svc\n"
                   f"userPassword: {PASSWORDS['svc-reissued']}\n")
        top = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: ad\n"
        run("/usr/sbin/slapadd", "-q", "-f", str(conf), text=top + people + service)

    def _lock_out(self, name):
        for _ in range(THRESHOLD):
            self.bind(self.state["people"][name]["upn"], "not the password")

    # --- what tests use ---

    def url(self, scheme="ldaps"):
        return f"{scheme}://{self.state['address']}"

    def slapd(self, scheme="ldaps"):
        return f"{scheme}://127.0.0.1:{self.state['slapd_' + scheme]}"

    def odd(self, who, scheme="ldaps"):
        return f"{scheme}://127.0.0.1:{self.state['odd'][who]}"

    def odd_log(self, who):
        """What happened at one of those: lines without the name."""
        return [line.split(" ", 1)[1] for line in (self.dir / "odd.log").read_text().splitlines()
                if line.startswith(who + " ")]

    @property
    def ca(self):
        return (self.dir / "ca.pem").read_text()

    def bind(self, dn, password, url=None):
        """The exit status of ldapwhoami: LDAP's result code."""
        return subprocess.run(("ldapwhoami", "-x", "-H", url or self.url(), "-D", dn, "-w", password),
                              env={"LDAPTLS_CACERT": str(self.dir / "ca.pem"), "PATH": os.environ["PATH"]},
                              capture_output=True, timeout=30, check=False).returncode

    def spare(self):
        """An account that nobody else has taken; its password is SPARE_PASSWORD."""
        return self.state["people"][next(self.spares)]

    def user(self, name, password, **how):
        return domain(self.conf, [["user", name, password, how]])[0]

    def look(self, name):
        return domain(self.conf, [["look", name]])[0]

    def find(self, guid):
        return domain(self.conf, [["find", guid]])[0]

    def join(self, group, name):
        domain(self.conf, [["join", group, name]])

    def unlock(self, name):
        domain(self.conf, [["unlock", name]])


def _base64_guid(text):
    return base64.b64encode(uuid.UUID(text).bytes_le).decode()


def main(command, directory):
    try:
        getattr(AdPeer(directory), command)()
    except PeerError as error:
        sys.exit(f"{command}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
