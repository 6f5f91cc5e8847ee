"""Codes by mail and text message together (5.1.3): both, one through both channels, either; what fails of it."""
import time
import uuid

import pytest
from test_sms import CODE, Holder, Tenant, gateways, soon, texts  # noqa: F401 - fixtures

from support.asked import HERE, wrong
from support.otp import mailed_code

BOTH = {"mechanism": "email_sms_otp"}


@pytest.fixture(scope="module")
def tenant(callers, instance, soon, journey):  # noqa: F811
    made = Tenant(callers, instance, soon)
    made.admin.post("/v1/connectors", journey.relay_body()).expect(201)
    return made


class Both:
    """Somebody with an address and a number, whose request asks for a code of each."""

    def __init__(self, tenant, gateways, instance, path=None, **otp):  # noqa: F811
        self.instance, self.gateways = instance, gateways
        self.path = path or f"/ok/{uuid.uuid4().hex}"
        self.holder = Holder(tenant, tenant.profile({**BOTH, **({"otp": otp} if otp else {})}))
        self.email = self.holder.user["email"]
        self.mails = 0
        self.confirm(tenant)
        self.gateway = tenant.gateway(gateways.gateway(self.path))
        self.request = self.holder.submitted()
        self.challenge = self.holder.api.post(HERE, {"reissue_request_id": self.request["id"], **BOTH}).expect(201).json

    def confirm(self, tenant):
        """The number is confirmed with a code by mail: what the account has already."""
        api = self.holder.later()
        challenge = api.post(HERE, {"operation": "account", "mechanism": "email_otp"}).expect(201)
        self.mails = 1
        api.post(f"{HERE}/{challenge['id']}/verify", {"code": mailed_code(self.instance, self.email)}).expect(200)
        path = f"/ok/{uuid.uuid4().hex}"
        connector = tenant.gateway(self.gateways.gateway(path))
        self.mobile = "+49151" + str(uuid.uuid4().int)[:8]
        api.post("/v1/me/mobile", {"mobile": self.mobile, "challenge_id": challenge["id"]}).expect(200)
        text = texts(self.gateways.until(lambda: self.gateways.calls(path)))[0]
        api.post("/v1/me/mobile/confirm", {"code": CODE.search(text)[1]}).expect(204)
        tenant.off(connector)

    def mail_code(self):
        return mailed_code(self.instance, self.email, self.mails + 1)

    def sms_code(self):
        return CODE.search(texts(self.gateways.until(lambda: self.gateways.calls(self.path)))[-1])[1]

    def answer(self, **codes):
        return self.holder.api.post(f"{HERE}/{self.challenge['id']}/verify", codes)

    def shown(self):
        return self.holder.api.get(f"{HERE}/{self.challenge['id']}").expect(200)

    def end(self, tenant):
        tenant.off(self.gateway)


@pytest.mark.invariant(17)
@pytest.mark.rows(121)
def test_both_codes_are_needed(tenant, gateways, instance):  # noqa: F811
    """O41: one code, swapped codes, one wrong: nothing passes and nothing tells which was wrong; both pass."""
    both = Both(tenant, gateways, instance)
    mail, sms = both.mail_code(), both.sms_code()
    assert mail != sms and both.challenge["inputs"] == ["email_code", "sms_code"]
    assert sorted(one["channel"] for one in both.challenge["destinations"]) == ["email", "sms"]
    assert both.answer(email_code=mail).expect(422, "required").pointers() == ["/sms_code"]
    assert both.answer(sms_code=sms).expect(422, "required").pointers() == ["/email_code"]
    both.answer(code=mail).expect(422)
    assert both.shown()["attempts_left"] == 5 and both.shown()["status"] == "pending"
    told = []
    for pair in ((sms, mail), (mail, wrong(sms)), (wrong(mail), sms)):
        answer = both.answer(email_code=pair[0], sms_code=pair[1]).expect(422, "otp-invalid")
        told.append(answer["detail"])
    assert len(set(told)) == 1 and both.shown()["attempts_left"] == 2
    passed = both.answer(email_code=mail, sms_code=sms).expect(200)
    assert passed["status"] == "consumed" and passed["reissue_request"]["status"] == "issued"
    both.end(tenant)


@pytest.mark.rows(121)
def test_one_code_through_both_channels(tenant, gateways, instance):  # noqa: F811
    """same_code: mail and message hold one code, which is asked for once."""
    both = Both(tenant, gateways, instance, mode="same_code")
    assert both.challenge["inputs"] == ["code"]
    assert both.mail_code() == both.sms_code()
    both.answer(code=wrong(both.sms_code())).expect(422, "otp-invalid")
    both.answer(code=both.sms_code()).expect(200)
    both.end(tenant)


@pytest.mark.rows(121)
def test_either_code_will_do(tenant, gateways, instance):  # noqa: F811
    """either: one right code passes; none is 422; two of which one is wrong is one wrong answer."""
    both = Both(tenant, gateways, instance, mode="either")
    both.answer(email_code=both.mail_code(), sms_code=wrong(both.sms_code())).expect(422, "otp-invalid")
    both.answer(email_code=both.sms_code()).expect(422, "otp-invalid")
    assert both.shown()["attempts_left"] == 3
    both.answer(sms_code=both.sms_code()).expect(200)
    both.end(tenant)


@pytest.mark.rows(121)
def test_one_channel_that_fails_is_not_done_without(tenant, gateways, instance):  # noqa: F811
    """O44: the message is refused, the mail arrives: the challenge stays pending, shows it, and the mail's code alone
    is not enough."""
    both = Both(tenant, gateways, instance, path=f"/status/400/{uuid.uuid4().hex}")
    mail = both.mail_code()
    end = time.monotonic() + 20
    while True:
        delivery = {one["channel"]: one["delivery"] for one in both.shown()["destinations"]}
        if delivery == {"email": "sent", "sms": "failed"}:
            break
        assert time.monotonic() < end, delivery
        time.sleep(0.2)
    assert both.shown()["status"] == "pending"
    both.answer(email_code=mail).expect(422, "required")
    both.answer(email_code=mail, sms_code=mail).expect(422, "otp-invalid")
    assert both.holder.api.get(f"/v1/reissue-requests/{both.request['id']}").expect(200)["status"] == "authenticating"
    both.end(tenant)


@pytest.mark.parametrize("which", ["sms", "email"])
def test_a_channel_that_is_switched_off_fails_closed(callers, instance, soon, journey, gateways, which):  # noqa: F811
    """O17: with the gateway or the relay off the right codes of a pending challenge pass nothing and count nothing, on
    record; on again they pass."""
    mine = Tenant(callers, instance, soon)
    relay = mine.admin.post("/v1/connectors", journey.relay_body()).expect(201)["id"]
    both = Both(mine, gateways, instance)
    codes = {"email_code": both.mail_code(), "sms_code": both.sms_code()}
    connector = both.gateway if which == "sms" else relay
    mine.off(connector)
    both.answer(**codes).expect(409, "method-not-configured")
    assert both.shown()["attempts_left"] == 5 and both.shown()["status"] == "pending"
    assert both.holder.api.get(f"/v1/reissue-requests/{both.request['id']}").expect(200)["status"] == "authenticating"
    events = mine.admin.get(f"/v1/audit-events?object_id={both.challenge['id']}").expect(200)["items"]
    assert "method-not-configured" in [event["code"] for event in events]
    mine.admin.patch(f"/v1/connectors/{connector}", {"active": True}).expect(200)
    both.answer(**codes).expect(200)


def test_without_a_number_there_is_no_mail_either(tenant, instance):
    """O26: who has no number gets 409 destination-missing, not a code by mail alone."""
    holder = Holder(tenant, tenant.profile(BOTH))
    request = holder.submitted()
    holder.api.post(HERE, {"reissue_request_id": request["id"], **BOTH}).expect(409)
    option = holder.api.get(f"/v1/reissue-requests/{request['id']}").expect(200)["second_factor"]["options"][0]
    assert not option["available"] and option["unavailable_code"] == "destination-missing"


def test_what_one_has_is_shown_masked(tenant, gateways, instance):  # noqa: F811
    """O27: /v1/me shows address and number by their masks, and from when on they count."""
    both = Both(tenant, gateways, instance)
    me = both.holder.api.get("/v1/me").expect(200)
    shown = {one["kind"]: one for one in me["second_factors"]}
    assert set(shown) == {"email", "mobile"}
    assert shown["email"]["usable_from"] is None and shown["mobile"]["usable_from"]
    assert both.mobile not in me.text and shown["mobile"]["masked"].endswith(both.mobile[-2:])
    both.end(tenant)
