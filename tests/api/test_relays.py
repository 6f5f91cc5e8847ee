"""Mail relays that hang: what a message's time-outs come to, and what is told about it."""
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
    """Everybody's address is one whose messages the relays take and never answer."""
    made = Tenant(callers, instance, soon)
    sign_up = made.platform.post

    def mute(path, body, **more):
        return sign_up(path, {**body, "email": f"mute-{word()}@example.test"} if path == "/v1/users" else body, **more)
    made.platform.post = mute
    yield made
    del made.platform.post


def relay(mail, timeout_s):
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
