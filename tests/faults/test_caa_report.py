"""RFC 8659 4.4: the owner of a domain hears by mail that its CAA records refused a request, where that is switched on."""
import json
import os
import subprocess
import time

import pytest

from peers.mail.peer import MailPeer
from support.client import Api
from support.dns import fresh, peer_of
from support.instance import CALLERS, ROOT, Instance
from support.journey import Journey
from support.keys import make_csr, make_key


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    """An instance with caa.report_iodef."""
    folder = tmp_path_factory.mktemp("telling") / "run"
    os.chmod(folder.parent, 0o755)
    extra = folder.parent / "report.yaml"
    extra.write_text(json.dumps({"caa": {"report_iodef": True}}))
    subprocess.run([str(ROOT / "dev"), "up", "--dir", str(folder), "--port", "0", "--preset",
                    os.environ.get("REISSUED_PRESET", "dev"), "--config", str(extra)],
                   check=True, timeout=300, stdout=subprocess.DEVNULL)
    yield Instance(folder / "env")
    subprocess.run([str(ROOT / "dev"), "reset", "--dir", str(folder)], check=False, timeout=60, stdout=subprocess.DEVNULL)


def draft(instance, *names):
    """A draft for the names under a profile that wants CAA, in an enterprise that has a mail server; (caller, path)."""
    callers = {name: Api(instance["BASE_URL"], instance[token]) for name, token in CALLERS.items()}
    journey = Journey(instance, {**callers, "nobody": Api(instance["BASE_URL"])})
    caller = callers["subscriber"]
    if not callers["enterprise_admin"].get("/v1/connectors?kind=smtp").expect(200)["items"]:
        callers["enterprise_admin"].post("/v1/connectors", journey.relay_body()).expect(201)
    profile = journey.profile(caa="required", agreement_id=None)
    certificate = callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller), "subject": {"common_name": "Report"}}).expect(201).json
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, certificate["id"]))
    request = journey.request(certificate, csr=make_csr(make_key()), san=[{"type": "dns", "value": name} for name in names])
    return caller, f"/v1/reissue-requests/{request['id']}"


def mailed(instance, recipient):
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT purpose, recipient FROM mail WHERE recipient = %s", (recipient,))
        return cursor.fetchall()


def test_a_refused_request_is_reported_once_a_day(telling):
    """Each mailbox of the forbidding records gets one mail that names the refused names, however often it is verified."""
    dns, name, good, box = peer_of(telling), fresh("told"), fresh("good"), f"caa-{time.monotonic_ns()}"
    dns.set(name, "CAA", '0 issue ";"', f'0 iodef "mailto:{box}@report.caatest"', '0 iodef "https://report.caatest/"',
            f'0 iodef "MAILTO:{box}-b@report.caatest"')
    dns.set(good, "CAA", '0 issue "ca.example"', f'0 iodef "mailto:{box}-c@report.caatest"')
    caller, path = draft(telling, name, f"www.{name}", good)
    assert not mailed(telling, f"{box}@report.caatest")
    seen = caller.post(f"{path}/verify", {}).expect(200)
    assert [domain["status"] for domain in seen["domains"]] == ["failed", "failed", "verified"]
    caller.post(f"{path}/verify", {}).expect(200)
    assert "caa-report" not in caller.post(f"{path}/verify", {}).headers.get("RateLimit", "")
    mail = MailPeer(telling.dir / "mail").wait_for(f"{box}@report.caatest")
    assert len(mail) == 1 and mailed(telling, f"{box}@report.caatest") == [("caa_report", f"{box}@report.caatest")]
    text = mail[0].get_body(("plain",)).get_content()
    # Whoever reads it sees the names, and no mail program makes links of them.
    assert name.split(".")[0] in text and "www" in text and good.split(".")[0] not in text and "http" not in text
    assert mailed(telling, f"{box}-b@report.caatest") and not mailed(telling, f"{box}-c@report.caatest")
    # Who writes the records may not get round it by writing the same mailbox otherwise.
    loud = f"{box.upper()}@Report.caatest"
    dns.set(name, "CAA", '0 issue ";"', f'0 iodef "mailto:{loud}"')
    assert caller.post(f"{path}/verify", {}).expect(200)["domains"][0]["caa"]["code"] == "caa-forbidden"
    assert not mailed(telling, loud)


def test_nothing_is_reported_unless_it_is_switched_on(own):
    """Without caa.report_iodef a refused request is nobody's mail."""
    dns, name, box = peer_of(own), fresh("quiet"), f"caa-{time.monotonic_ns()}@report.caatest"
    dns.set(name, "CAA", '0 issue ";"', f'0 iodef "mailto:{box}"')
    caller, path = draft(own, name)
    assert caller.post(f"{path}/verify", {}).expect(200)["domains"][0]["caa"]["code"] == "caa-forbidden"
    assert not mailed(own, box)
