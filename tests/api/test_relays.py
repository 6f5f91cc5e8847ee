"""Mail relays that hang: what a message's time-outs come to, and what is told about it."""
import re
import uuid

import pytest
from test_sms import Holder, Tenant, soon  # noqa: F401 - a fixture

from peers.mail.peer import MailPeer
from support.asked import HERE

EMAIL = {"mechanism": "email_otp"}


def word():
    return uuid.uuid4().hex


@pytest.fixture
def tenant(callers, instance, soon):  # noqa: F811
    """Its `address` says what becomes of the mails to those who are signed up from then on (peers/mail/server.py)."""
    made = Tenant(callers, instance, soon)
    made.address, sign_up = "mute", made.platform.post

    def post(path, body, **more):
        if path == "/v1/users":
            body = {**body, "email": f"{made.address}-{word()}@example.test"}
        return sign_up(path, body, **more)
    made.platform.post = post
    yield made
    del made.platform.post


def relay(mail, timeout_s=30):
    state = mail.state
    return {"kind": "smtp", "name": word(), "settings": {
        "host": "127.0.0.1", "port": state["ports"]["starttls"], "from": "ra@example.test", "ca_pem": mail.ca,
        "timeout_s": timeout_s}}


@pytest.mark.slow
def test_relays_that_use_up_the_time_are_told(tenant, instance):
    """O38: two relays that never answer a message take longer than a try may; still the challenge tells in time."""
    mail = MailPeer(instance["MAIL_DIR"])
    for _ in range(2):
        tenant.admin.post("/v1/connectors", relay(mail, 60)).expect(201)
    holder = Holder(tenant, tenant.profile({**EMAIL, "otp": {"lifetime_s": 90}}))
    challenge = holder.api.post(HERE, {"reissue_request_id": holder.submitted()["id"], **EMAIL}).expect(201)
    assert holder.delivered(challenge, "failed", seconds=85)["status"] == "delivery_failed"


@pytest.mark.invariant(29, 37)
@pytest.mark.parametrize("command", ["rcpt", "data"])
def test_what_a_relay_repeats_is_not_kept(tenant, instance, command):
    """A refusal that repeats address and code leaves its words in the evidence, and neither address nor code anywhere."""
    mail = MailPeer(instance["MAIL_DIR"])
    tenant.admin.post("/v1/connectors", relay(mail)).expect(201)
    tenant.address = f"echo{command}"
    holder = Holder(tenant, tenant.profile(EMAIL))
    challenge = holder.api.post(HERE, {"reissue_request_id": holder.submitted()["id"], **EMAIL}).expect(201)
    holder.delivered(challenge, "failed")
    address = holder.user["email"]
    with instance.database().cursor() as cursor:
        cursor.execute("SELECT detail FROM challenge_event WHERE challenge_id = %s AND kind = 'delivery'",
                       (challenge["id"],))
        line = cursor.fetchone()[0]["log"][0]["line"]
        assert line.startswith("550 5.1.1 <***") and ">: nobody here; ***" in line and "it said" in line
        assert not any(len(digits) > 3 for digits in re.findall("[0-9]+", line)), line
        for table in ("challenge", "challenge_delivery", "challenge_event", "job"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - names of our own
            assert not [row for (row,) in cursor.fetchall() if address in row.lower()], table
    assert not [log for log in instance.logs if address in log.read_text(errors="replace").lower()]
