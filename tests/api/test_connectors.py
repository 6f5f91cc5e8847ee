"""Connectors: kinds, secrets that are written and never shown, links, hostile values."""
import json
import uuid

import pytest

from peers.mail.peer import MailPeer
from peers.sms.peer import DENIED, SmsPeer
from support.calls import PASSWORD
from support.client import Api
from support.oracle import dump

SECRET = "canary-7f3a9c-connector"
GATEWAY = "https://sms.example.com/send"


def word():
    return uuid.uuid4().hex


@pytest.fixture
def admin(caller_enterprise_admin):
    return caller_enterprise_admin


def smtp(**settings):
    return {"kind": "smtp", "name": word(), "settings": {
        "host": "mail.example.com", "from": "ra@example.com", **settings}}


def sms(**settings):
    return {"kind": "sms", "name": word(), "settings": {"url": GATEWAY, **settings}}


def administrator(callers, enterprise):
    """A new administrator of an enterprise, signed in."""
    user = callers["admin"].post("/v1/users", {
        "email": f"{word()}@example.test", "name": "A", "role": "admin", "password": PASSWORD,
        "enterprise_id": enterprise}).expect(201)
    token = callers["nobody"].post("/v1/sessions", {"email": user["email"], "password": PASSWORD}).expect(201)
    return Api(callers["nobody"].base_url, token["access_token"])


def made(admin, body):
    return admin.post("/v1/connectors", body).expect(201)


def test_a_connector_is_made_read_changed_listed_and_removed(admin, caller_auditor):
    """An administrator makes a connector, the defaults are shown, an auditor reads it, and it goes."""
    connector = made(admin, smtp())
    path = f"/v1/connectors/{connector['id']}"
    assert connector.headers["Location"].endswith(path)
    assert connector["settings"]["port"] == 587 and connector["settings"]["tls"] == "starttls"
    assert connector["settings"]["password"] is None
    assert caller_auditor.get(path).expect(200).json == connector.json
    changed = admin.patch(path, {"settings": {"port": 465, "tls": "implicit"}, "display_name": "Mail"}).expect(200)
    assert changed["settings"]["port"] == 465 and changed["settings"]["host"] == "mail.example.com"
    assert (changed["revision"], changed["display_name"]) == (2, "Mail")
    back = admin.patch(path, {"settings": {"port": None}, "display_name": None}).expect(200)
    assert back["settings"]["port"] == 587 and back["display_name"] is None
    assert admin.patch(path, {"settings": {"port": 587}}).expect(200)["revision"] == 3, "nothing changed"
    listed = admin.get("/v1/connectors?kind=smtp&active=true&limit=200").expect(200)["items"]
    assert connector["id"] in [one["id"] for one in listed]
    assert all(one["kind"] == "smtp" and one["active"] for one in listed)
    admin.delete(path).expect(204)
    admin.get(path).expect(404)


def test_lists_as_csv_and_bad_filters(admin):
    """The list knows CSV, and what is no kind is no filter."""
    connector = made(admin, smtp())
    text = admin.get("/v1/connectors", headers={"Accept": "text/csv"}).expect(200).text
    assert connector["name"] in text and text.startswith("id,kind,name")
    admin.get("/v1/connectors?kind=pigeon").expect(400, "bad-query")
    admin.get("/v1/connectors?active=maybe").expect(400, "bad-query")


def test_revisions_are_compared(admin):
    """If-Match with an older revision is 412 on PATCH and DELETE, and changes nothing."""
    connector = made(admin, smtp())
    path = f"/v1/connectors/{connector['id']}"
    stale = {"If-Match": connector.headers["ETag"]}
    admin.patch(path, {"active": False}, headers=stale).expect(200)
    admin.patch(path, {"active": True}, headers=stale).expect(412)
    admin.delete(path, headers=stale).expect(412)
    assert admin.get(path).expect(200)["active"] is False


def test_a_name_is_taken_once(admin):
    """A second connector of the same name is refused, in this enterprise alone."""
    body = smtp()
    made(admin, body)
    admin.post("/v1/connectors", body).expect(409, "already-exists")


def test_who_configures(admin, caller_officer, caller_subscriber, caller_auditor):
    """Only administrators write; officers and subscribers do not even see."""
    path = f"/v1/connectors/{made(admin, smtp())['id']}"
    for caller in (caller_officer, caller_subscriber):
        caller.get(path).expect(404)
        caller.get("/v1/connectors").expect(403)
        caller.post("/v1/connectors", smtp()).expect(403)
    caller_auditor.patch(path, {"active": False}).expect(403)
    caller_auditor.delete(path).expect(403)
    caller_auditor.post(path + "/test", {}).expect(403)


@pytest.mark.invariant(11)
def test_tenants_stay_apart(admin, caller_officer_other, callers):
    """Another enterprise's administrator neither sees nor lists, changes, tries nor names a connector."""
    connector = made(admin, sms())
    path = f"/v1/connectors/{connector['id']}"
    other = administrator(callers, caller_officer_other.get("/v1/me").expect(200)["enterprise"]["id"])
    other.get(path).expect(404)
    other.patch(path, {"active": False}).expect(404)
    other.delete(path).expect(404)
    other.post(path + "/test", {}).expect(404)
    assert connector["id"] not in other.get("/v1/connectors?limit=200").expect(200).text
    other.post("/v1/connectors", {**sms(), "enterprise_id": connector["enterprise_id"]}).expect(403)


@pytest.mark.invariant(29, 37)
def test_secrets_are_written_and_never_shown(admin, caller_auditor, instance):
    """A secret is in no answer, no event, no log and no dump of the database; the fact that it is set is."""
    connector = made(admin, smtp(username="ra", password=SECRET))
    path = f"/v1/connectors/{connector['id']}"
    shown = connector["settings"]["password"]
    assert shown["set"] is True and shown["updated_at"].endswith("Z")
    gateway = made(admin, sms(authorization=f"Bearer {SECRET}", secret_parameters={"password": SECRET}))
    assert gateway["settings"]["secret_parameters"]["set"] is True
    kept = admin.patch(path, {"settings": {"port": 2525}}).expect(200)["settings"]["password"]
    assert kept == shown, "a change elsewhere leaves the secret"
    gone = admin.patch(path, {"settings": {"username": None, "password": None}}).expect(200)
    assert gone["settings"]["password"] is None
    events = caller_auditor.get(f"/v1/audit-events?object_id={connector['id']}").expect(200)
    assert [one["action"] for one in events["items"]] == ["connector.updated"] * 2 + ["connector.created"]
    texts = [connector.text, gateway.text, events.text, admin.get("/v1/connectors?limit=200").expect(200).text]
    texts += [log.read_text(errors="replace") for log in instance.logs]
    texts.append(dump(instance))
    assert connector["id"] in texts[-1]
    assert not [i for i, text in enumerate(texts) if SECRET in text]


def test_secret_parameters_are_merged(admin):
    """One member of a secret object is added or removed without the others being given again."""
    connector = made(admin, sms(secret_parameters={"password": "a", "token": "b"}))
    path = f"/v1/connectors/{connector['id']}"
    admin.patch(path, {"settings": {"secret_parameters": {"password": None}}}).expect(200)
    last = admin.patch(path, {"settings": {"secret_parameters": {"token": None}}}).expect(200)
    assert last["settings"]["secret_parameters"] is None, "an object without members is no secret"


BAD = [
    (smtp(host="a\r\nb"), "/settings/host"), (smtp(host="user@mail.example.com"), "/settings/host"),
    (smtp(host="127.1"), "/settings/host"), (smtp(host="0x7f.1"), "/settings/host"),
    (smtp(host="169.254.169.254"), "/settings/host"), (smtp(host="fe80::1"), "/settings/host"),
    (smtp(tls="none"), "/settings/tls"), (smtp(port=0), "/settings/port"),
    (smtp(**{"from": "a@x>\r\nRCPT TO:<evil@y"}), "/settings/from"),
    (smtp(**{"from": "a@example.com, b@example.com"}), "/settings/from"),
    (smtp(from_name="Eve\r\nBcc: all@example.com"), "/settings/from_name"),
    (smtp(username="ra"), "/settings/password"), (smtp(password="x"), "/settings/username"),
    (smtp(client_key="-----BEGIN PRIVATE KEY-----\n"), "/settings/client_certificate"),
    (smtp(ca_pem="none"), "/settings/ca_pem"), (smtp(pasword="x"), "/settings/pasword"),
    (smtp(password=7), "/settings/password"), (smtp(username="u", password="a\r\nb"), "/settings/password"),
    (sms(url="http://sms.example.com/"), "/settings/url"), (sms(url="https://u:p@sms.example.com/"), "/settings/url"),
    (sms(url="https://169.254.169.254/latest"), "/settings/url"), (sms(url="https://[::ffff:169.254.1.1]/"), "/settings/url"),
    (sms(url="file:///etc/passwd"), "/settings/url"), (sms(url="https://sms.example.com:99999/"), "/settings/url"),
    (sms(headers={"X-A": "b\r\nEvil: 1"}), "/settings/headers/X-A"),
    (sms(headers={"X A": "b"}), "/settings/headers/X A"), (sms(headers={"Host": "b"}), "/settings/headers/Host"),
    (sms(headers={"X-A": 1}), "/settings/headers/X-A"),
    (sms(parameters={"to": ["x"]}), "/settings/parameters/to"),
    (sms(method="GET"), "/settings/body"), (sms(method="DELETE"), "/settings/method"),
    (sms(success={"status": [302]}), "/settings/success/status/0"),
    (sms(success={"json_equals": "x"}), "/settings/success/json_path"),
    (sms(success={"statuses": [200]}), "/settings/success/statuses"),
    (sms(allowed_countries=["49"]), "/settings/allowed_countries/0"),
    (sms(allowed_countries=["+49", "+49"]), "/settings/allowed_countries/1"),
    (sms(number_pattern="("), "/settings/number_pattern"),
    (sms(number_pattern="((1{1,99}){1,99}){1,99}"), "/settings/number_pattern"),
    (sms(timeout_s=11), "/settings/timeout_s"),
    (sms(dlr=True), "/settings/dlr_secret"), (sms(dlr_secret="short"), "/settings/dlr_secret"),
    (sms(dlr_secret="with/slashes/and spaces"), "/settings/dlr_secret"), (sms(secret_parameters="x"), "/settings/secret_parameters"),
    (sms(secret_headers={"X": "a\r\nb"}), "/settings/secret_headers/X"),
    (sms(secret_headers={"Host": "b"}), "/settings/secret_headers/Host"),
    (sms(secret_headers={"transfer-encoding": "chunked"}), "/settings/secret_headers/transfer-encoding"),
    (sms(secret_headers={"X-A": "{{txt}}"}), "/settings/secret_headers/X-A"),
    (sms(secret_parameters={"a": "{{txt}}"}), "/settings/secret_parameters/a"),
    (sms(authorization="Bearer {{token}}"), "/settings/authorization"),
    (smtp(pasword=None), "/settings/pasword"), (sms(urls=None), "/settings/urls"),
    ({**sms(), "kind": "pigeon"}, "/kind"), ({"kind": "sms", "name": word()}, "/settings"),
    ({**sms(), "secrets": {}}, "/secrets"), ({**sms(), "name": "a\nb"}, "/name"),
]


@pytest.mark.parametrize("body, pointer", BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_connector_is_refused(admin, body, pointer):
    """Every hostile or incomplete value is told with its pointer, and nothing is stored."""
    answer = admin.post("/v1/connectors", body, checked=False).expect(422)
    assert answer.pointers() == [pointer]
    assert body["name"] not in admin.get("/v1/connectors?limit=200").expect(200).text


def test_a_patch_is_judged_as_a_whole(admin):
    """What a PATCH makes of a connector obeys the same rules, and a refused one changes nothing."""
    connector = made(admin, smtp(username="ra", password="x"))
    path = f"/v1/connectors/{connector['id']}"
    assert admin.patch(path, {"settings": {"password": None}}).expect(422).pointers() == ["/settings/password"]
    assert admin.patch(path, {"settings": {"host": None}}).expect(422).pointers() == ["/settings/host"]
    assert admin.patch(path, {"kind": "sms"}, checked=False).expect(422).pointers() == ["/kind"]
    assert admin.get(path).expect(200).json == connector.json


def profile(admin, instance, **factor):
    shape = admin.get(f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}").expect(200).json
    body = {name: value for name, value in shape.items()
            if name not in ("id", "revision", "enterprise_id", "created_at", "updated_at")}
    return {**body, "name": word(), "second_factor": {"reissue": [factor]}}


def test_profiles_name_connectors_that_fit(admin, instance):
    """A profile takes an active connector of the mechanism's kind; others, and a missing one, are faults."""
    relay, gateway = made(admin, smtp()), made(admin, sms())
    at = "/second_factor/reissue/0"
    admin.patch(f"/v1/connectors/{gateway['id']}", {"active": False}).expect(200)
    for factor, pointer in [
            ({"mechanism": "email_otp", "connector_id": str(uuid.uuid4())}, f"{at}/connector_id"),
            ({"mechanism": "sms_otp", "connector_id": relay["id"]}, f"{at}/connector_id"),
            ({"mechanism": "sms_otp", "connector_id": gateway["id"]}, f"{at}/connector_id"),
            ({"mechanism": "saml"}, f"{at}/connector_id"), ({"mechanism": "oidc"}, f"{at}/connector_id"),
            ({"mechanism": "totp", "connector_id": relay["id"]}, f"{at}/connector_id"),
            ({"mechanism": "email_otp", "sms_connector_id": relay["id"]}, f"{at}/sms_connector_id")]:
        assert admin.post("/v1/profiles", profile(admin, instance, **factor)).expect(422).pointers() == [pointer]
    admin.post("/v1/profiles", profile(admin, instance, mechanism="email_otp", connector_id=relay["id"])).expect(201)


def test_one_that_is_named_cannot_go(admin, instance):
    """A connector that a profile names is 409 in-use; switched off it stays named, and can be unnamed and go."""
    relay = made(admin, smtp())
    path = f"/v1/connectors/{relay['id']}"
    named = admin.post("/v1/profiles", profile(
        admin, instance, mechanism="email_otp", connector_id=relay["id"])).expect(201)
    admin.delete(path).expect(409, "in-use")
    admin.patch(path, {"active": False}).expect(200)
    here = f"/v1/profiles/{named['id']}"
    admin.patch(here, {"max_days": 11}).expect(200)
    admin.patch(here, {"second_factor": {"reissue": []}}).expect(200)
    assert admin.patch(here, {"second_factor": {"reissue": [
        {"mechanism": "email_otp", "connector_id": relay["id"]}]}}).expect(422)
    admin.delete(path).expect(204)


def test_a_secret_answer_is_replayed_without_secrets(admin):
    """The same Idempotency-Key gives the same connector and no second one."""
    body, key = smtp(username="u", password=SECRET), {"Idempotency-Key": word()}
    first = admin.post("/v1/connectors", body, headers=key).expect(201)
    again = admin.post("/v1/connectors", body, headers=key).expect(201)
    assert again.headers["Idempotent-Replayed"] == "true" and again.json == first.json
    assert SECRET not in json.dumps(again.json)


# --- tries ---

@pytest.fixture
def eager(callers, admin):
    """A new administrator, whose tries nobody else counts."""
    return administrator(callers, admin.get("/v1/me").expect(200)["enterprise"]["id"])


@pytest.fixture(scope="module")
def mail(instance):
    return MailPeer(instance["MAIL_DIR"])


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    peer = SmsPeer(tmp_path_factory.mktemp("sms")).up()
    yield peer
    peer.down()


def relay(mail, listener="starttls", **more):
    state = mail.state
    return smtp(host="127.0.0.1", port=state["ports"][listener], ca_pem=mail.ca, username=state["username"],
                password=state["password"], **more)


def tried(admin, body, to=None):
    """What a try of a new connector tells: (ok, {step: ok}), and its whole text."""
    connector = made(admin, body)
    answer = admin.post(f"/v1/connectors/{connector['id']}/test", {"to": to} if to else {}).expect(200)
    return answer["ok"], {step["name"]: step["ok"] for step in answer["steps"]}, answer


def test_a_relay_is_really_tried(eager, mail, caller_auditor):
    """A mail relay is connected to, TLS negotiated, signed in; the try is on record and shows no secret."""
    connector = made(eager, relay(mail))
    answer = eager.post(f"/v1/connectors/{connector['id']}/test", {}).expect(200)
    assert answer["ok"] and {step["name"]: step["ok"] for step in answer["steps"]} == {
        "connect": True, "tls": True, "auth": True, "ready": True}, answer.text
    assert mail.state["password"] not in answer.text
    (event,) = caller_auditor.get(
        f"/v1/audit-events?action=connector.tested&object_id={connector['id']}").expect(200)["items"]
    assert event["after"]["ok"] is True


def test_a_relay_sends_where_it_is_told(eager, mail):
    """With an address a mail really goes out through this relay, and one that is refused is told at its step."""
    to = f"{word()}@example.test"
    ok, steps, answer = tried(eager, relay(mail), to)
    assert ok and steps["ready"], answer.text
    assert "Test of the mail relay" in mail.wait_for(to)[0]["Subject"]
    ok, steps, answer = tried(eager, relay(mail), f"code550-{word()}@example.test")
    assert not ok and steps["recipient"] is False and steps["auth"], answer.text
    connector = made(eager, relay(mail))
    for bad in ("a@x>\r\nRCPT TO:<evil@y", "+4915112345678", "a@example.test,b@example.test"):
        eager.post(f"/v1/connectors/{connector['id']}/test", {"to": bad}, checked=False).expect(422)


@pytest.mark.parametrize("listener, step", [("plain", "tls"), ("wrong_ca", "tls"), ("expired", "tls"),
                                            ("wrong_host", "tls"), ("auth", "auth")])
def test_a_relay_that_is_wrong_is_told(eager, mail, listener, step):
    """No STARTTLS, a certificate that is not good, a refused sign-in: each is told at its step, in words."""
    body = relay(mail, listener)
    if listener == "auth":
        body = relay(mail, "starttls")
        body["settings"]["password"] = "not the one"
    ok, steps, answer = tried(eager, body)
    assert not ok and steps[step] is False, answer.text
    assert [one for one in answer["steps"] if not one["ok"]][0]["detail"]


def test_a_gateway_is_really_tried(eager, gateways):
    """An SMS gateway is reached without a message; with a number one really goes out through kannel."""
    ok, steps, _ = tried(eager, sms(**gateways.kannel()))
    assert ok and steps == {"connect": True}
    number = "+49151" + str(uuid.uuid4().int)[:8]
    ok, steps, answer = tried(eager, sms(**gateways.kannel()), number)
    assert ok and steps == {"connect": True, "send": True}, answer.text
    assert gateways.wait_for(number) == ["This is a test of the SMS gateway."]


def test_a_gateway_that_is_wrong_is_told(eager, gateways):
    """An unknown CA, nobody there, a wrong password, a denied number, a redirect, 100 MiB, garbage: told, not followed."""
    number = "+4915112345678"
    untrusted = gateways.kannel()
    del untrusted["ca_pem"]
    assert tried(eager, sms(**untrusted))[:2] == (False, {"connect": False})
    dead = gateways.kannel(url="https://127.0.0.1:1/")
    assert tried(eager, sms(**dead))[:2] == (False, {"connect": False})
    stranger = gateways.kannel(secret_parameters={"password": "not the one"})
    assert tried(eager, sms(**stranger), number)[:2] == (False, {"connect": True, "send": False})
    assert tried(eager, sms(**gateways.kannel()), DENIED + "123456")[1]["send"] is False


@pytest.mark.parametrize("path", ["/denied", "/redirect", "/huge", "/garbage", "/status/503"])
def test_a_hostile_gateway_is_survived(eager, gateways, path):
    """What a gateway answers but success by the rule fails the step; nothing leads on to another place."""
    ok, steps, answer = tried(eager, sms(**gateways.gateway(path)), "+4915112345678")
    assert not ok and steps == {"connect": True, "send": False}, answer.text
    assert not gateways.calls("/ok/redirected")


def test_where_a_try_may_send_to(eager, gateways):
    """`to` is a number the connector allows: nothing else, no premium or satellite range; mail relays take none."""
    connector = made(eager, sms(**gateways.gateway("/ok/never", allowed_countries=["+49"])))
    path = f"/v1/connectors/{connector['id']}/test"
    for to in ("4915112345678", "+0123456789", "+49 151 1", "a@example.com"):
        assert eager.post(path, {"to": to}).expect(422, "bad-value").pointers() == ["/to"]
    for to in ("+491371234567", "+43660123456", "+88216123456"):
        eager.post(path, {"to": to}).expect(422, "validation-failed")
    assert not gateways.calls("/ok/never")


def test_tries_are_limited(eager):
    """One user tries so many connectors a minute; then 429, with the limit in the headers."""
    path = f"/v1/connectors/{made(eager, sms(url='https://127.0.0.1:1/'))['id']}/test"
    answers = [eager.post(path, {}) for _ in range(21)]
    assert [one.status for one in answers].count(429) >= 1
    assert "connector-test-user" in answers[0].headers["RateLimit-Policy"]
