"""The domain of the tests: who is in it, and how it is made, once a checkout."""
import fcntl
import hashlib
import json
import pathlib
import shutil
import sys

from ..process import run

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[2] / "build" / "peers"
DOMAIN, BASE = "ad.example.test", "DC=ad,DC=example,DC=test"
ADMIN_PASSWORD = "Adm1n-of-the-test"
THRESHOLD = 5
PATIENCE_S = 300  # of what Samba does once
PEOPLE_FILTER = "(&(objectCategory=person)(objectClass=user))"
# Who is there from the start: name, password, how.
PEOPLE = (
    ("svc-reissued", "Svc-pass-w0rd", {}),
    ("alice", "Alice-pass-w0rd", {}),
    ("bob", "Bob-pass-w0rd", {}),
    ("carol", "Carol-pass-w0rd", {}),
    ("gone", "Gone-pass-w0rd", {"disabled": True}),
    ("past", "Past-pass-w0rd", {"expired": True}),
    ("fresh", "Fresh-pass-w0rd", {"must_change": True}),
    ("shut", "Shut-pass-w0rd", {}),
    ("twin1", "Twin1-pass-w0rd", {"mail": "twin@example.test"}),
    ("twin2", "Twin2-pass-w0rd", {"mail": "twin@example.test"}),
)
# Accounts that a test takes for itself, all with one password.
SPARE_PASSWORD = "Right-pass-w0rd"
SPARES = [f"spare{n:02}" for n in range(40)]
# alice is in approvers through staff.
GROUPS = (("staff", ["alice"]), ("approvers", ["staff"]))
SERVICE = f"svc-reissued@{DOMAIN}"
PASSWORDS = {name: password for name, password, _ in PEOPLE}

SMB_CONF = """[global]
	netbios name = DC1
	realm = {realm}
	workgroup = ADEX
	server role = active directory domain controller
	server services = ldap, cldap
	interfaces = {address}/8
	bind interfaces only = yes
	idmap_ldb:use rfc2307 = yes
	cache directory = {dir}/dc/cache
	lock directory = {dir}/dc
	private dir = {dir}/dc/private
	state directory = {dir}/dc/state
	pid directory = {dir}/run
	ncalrpc dir = {dir}/run/ncalrpc
	winbindd socket directory = {dir}/run/winbindd
	log file = {dir}/samba.log
	tls enabled = yes
	tls certfile = {dir}/dc1.pem
	tls keyfile = {dir}/dc1.key
	tls cafile = {dir}/ca.pem
"""


def domain(conf, steps):
    return json.loads(run(sys.executable, str(HERE / "domain.py"), str(conf), text=json.dumps(steps), seconds=PATIENCE_S))


def provisioned():
    """The directory of a domain that was made once; the recipe is part of its name."""
    version = run("dpkg-query", "-W", "-f", "${Version}", "samba-ad-dc")
    recipe = "".join((HERE / name).read_text() for name in ("recipe.py", "domain.py")) + version
    made = CACHE / f"ad-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "ad.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for old in CACHE.glob("ad-*"):
                shutil.rmtree(old)
            _provision(made)
    return made


def _provision(made):
    new = made.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    run("samba-tool", "domain", "provision", f"--realm={DOMAIN.upper()}", "--domain=ADEX",
         "--server-role=dc", "--dns-backend=NONE", f"--adminpass={ADMIN_PASSWORD}",
         f"--targetdir={new}/dc", "--host-name=dc1", "--host-ip=127.0.0.1", "--use-rfc2307",
         "--option=interfaces=lo", "--option=bind interfaces only=yes", seconds=PATIENCE_S)
    conf = new / "smb.conf"
    conf.write_text(SMB_CONF.format(dir=new, address="127.0.0.1", realm=DOMAIN.upper()))
    domain(conf, [["policy", THRESHOLD], *(["user", *person] for person in PEOPLE),
                   *(["user", name, SPARE_PASSWORD] for name in SPARES),
                   *(["group", *group] for group in GROUPS)])
    new.rename(made)
