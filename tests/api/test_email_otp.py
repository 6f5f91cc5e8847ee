"""Codes by mail through relays that work, and through relays that do not (5.1.2): O38 to O40 of the second factor."""
import re
import time
import uuid

import pytest
from test_sms import Holder, Tenant, soon  # noqa: F401 - soon is a fixture

from peers.mail.peer import MailPeer
from support.asked import HERE, MAIL
from support.otp import code_of, coded_mails

PASSWORD = "s3cret-of-the-relay"


@pytest.fixture(scope="module")
def mail(instance):
    return MailPeer(instance["MAIL_DIR"])


@pytest.fixture
def tenant(callers, instance, soon):  # noqa: F811
    return Tenant(callers, instance, soon)


@pytest.fixture
def relay(tenant, mail):
    """Makes a relay of the enterprise at one of the peer's listeners."""
    def make(listener, **settings):
        return tenant.admin.post("/v1/connectors", {"kind": "smtp", "name": uuid.uuid4().hex, "settings": {
            "host": "127.0.0.1", "port": mail.port(listener), "from": "ra@example.test", "ca_pem": mail.ca,
            "tls": "implicit" if listener == "implicit" else "starttls", **settings}}).expect(201)["id"]
    return make


class Waiting:
    """Somebody whose request waits for a code by mail."""

    def __init__(self, tenant, email=None):
        self.tenant = tenant
        self.holder = Holder(tenant, tenant.profile(MAIL), email)
        self.email = self.holder.user["email"]
        self.request = self.holder.submitted()
        begun = time.monotonic()
        self.challenge = self.holder.api.post(HERE, {"reissue_request_id": self.request["id"], **MAIL}).expect(201).json
        assert time.monotonic() - begun < 1

    def delivered(self, state, seconds=40):
        return self.holder.delivered(self.challenge, state, seconds)

    def code(self):
        return code_of(coded_mails(self.tenant.instance, self.email)[-1])

    def guess(self, code):
        return self.holder.api.post(f"{HERE}/{self.challenge['id']}/verify", {"code": code})

    def events(self):
        return [event["action"] for event in self.tenant.admin.get(
            f"/v1/audit-events?object_id={self.challenge['id']}").expect(200)["items"]]

    def failed(self):
        """The message is given up in seconds, the challenge has ended, on record, and nothing is issued."""
        shown = self.delivered("failed")
        assert shown["status"] == "delivery_failed" and shown["failure"] == {"code": "delivery-failed"}
        self.guess("123456").expect(409, "challenge-wrong-state")
        self.holder.api.post(f"{HERE}/{self.challenge['id']}/resend", {}).expect(409, "challenge-wrong-state")
        assert "challenge.undelivered" in self.events()
        now = self.holder.api.get(f"/v1/reissue-requests/{self.request['id']}").expect(200)
        assert now["status"] == "authenticating" and now["new_certificate_id"] is None
        return shown


BROKEN = ["plain", "wrong_ca", "expired", "wrong_host", "auth"]


def nothing_told(instance, mail, listener, since, email):
    """Of a relay that is not to be trusted the wire saw no password and no mail; operators hear of it."""
    seen = "".join(one["data"] for one in mail.wire(listener, since))
    assert "EHLO" in seen and email not in seen
    if listener != "auth":  # which has good TLS: it was told a password, and refused it
        assert not re.search("AUTH|MAIL FROM|RCPT|Subject|s3cret", seen)
    assert any(b'"mail.relay_failed"' in line for log in instance.logs for line in log.read_bytes().splitlines())


@pytest.mark.parametrize("listener", BROKEN)
def test_a_relay_that_is_not_to_be_trusted(instance, mail, tenant, relay, listener):
    """O38: no STARTTLS, a foreign, expired or other host's certificate, 535: the challenge is delivery_failed soon."""
    before = time.time()
    relay(listener, username="reissued", password=PASSWORD)
    waiting = Waiting(tenant)
    waiting.failed()
    nothing_told(instance, mail, listener, before, waiting.email)
    assert mail.mails(waiting.email) == []


@pytest.mark.parametrize("listener", BROKEN)
def test_another_relay_takes_its_place(instance, mail, tenant, relay, listener):
    """O38: with a second relay the code goes there at once, and passes."""
    before = time.time()
    relay(listener, username="reissued", password=PASSWORD, priority=1)
    relay("starttls", priority=2)
    waiting = Waiting(tenant)
    waiting.delivered("sent", 15)
    nothing_told(instance, mail, listener, before, waiting.email)
    assert len(coded_mails(instance, waiting.email)) == 1
    assert waiting.guess(waiting.code()).expect(200)["reissue_request"]["status"] == "issued"


def test_a_refusal_is_final_and_a_delay_is_not(instance, tenant, relay):
    """O39: 550 ends the challenge at the first try, another relay or not; 450 is tried again, as the same message."""
    relay("starttls", priority=1)
    relay("implicit", priority=2)
    begun = time.monotonic()
    Waiting(tenant, f"code550-{uuid.uuid4().hex}@example.test").failed()
    assert time.monotonic() - begun < 15
    waiting = Waiting(tenant, f"once450-{uuid.uuid4().hex}@example.test")
    waiting.delivered("sent")
    assert len(coded_mails(instance, waiting.email)) == 1
    waiting.guess(waiting.code()).expect(200)


def test_a_delay_that_does_not_end(tenant, relay):
    """O39: a recipient that is always put off is given up after four tries, in seconds and not at the challenge's end."""
    relay("starttls")
    Waiting(tenant, f"code450-{uuid.uuid4().hex}@example.test").failed()


def test_a_relay_that_is_switched_off_meanwhile(tenant, relay):
    """O17: with the one relay switched off while the code is under way the challenge fails as soon as with a dead one."""
    connector = relay("starttls", port=1)
    waiting = Waiting(tenant)
    tenant.off(connector)
    waiting.failed()
