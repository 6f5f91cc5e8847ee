"""Active Directory as a second factor, against a real domain controller (Samba) and directories that misbehave."""
import time
import uuid

import pytest

from peers.ad.peer import AdPeer
from peers.ad.recipe import BASE, DOMAIN, PASSWORDS, SERVICE

pytestmark = pytest.mark.xdist_group("ad")

APPROVERS = f"CN=approvers,CN=Users,{BASE}"


@pytest.fixture(scope="module")
def ad(tmp_path_factory):
    peer = AdPeer(tmp_path_factory.mktemp("ad") / "peer")
    try:
        peer.up()
        yield peer
    finally:
        peer.down()


@pytest.fixture
def admin(caller_enterprise_admin):
    return caller_enterprise_admin


def body_of(ad, **settings):
    return {"kind": "active_directory", "name": uuid.uuid4().hex, "settings": {
        "domain": DOMAIN, "urls": [ad.url()], "ca_pem": ad.ca, "bind_dn": SERVICE,
        "bind_password": PASSWORDS["svc-reissued"], "base_dn": BASE, **settings}}


def connector(admin, ad, **settings):
    return admin.post("/v1/connectors", body_of(ad, **settings)).expect(201)


def tried(admin, connector):
    return admin.post(f"/v1/connectors/{connector['id']}/test", {}).expect(200)


# --- the connector ---

def test_a_connector_shows_no_password(admin, ad):
    """The service account's password is written and never shown; what was left out has its default."""
    made = connector(admin, ad)
    assert made["settings"]["bind_password"]["set"] is True
    assert PASSWORDS["svc-reissued"] not in admin.get(f"/v1/connectors/{made['id']}").expect(200).text
    assert made["settings"]["attempts"] == 3 and made["settings"]["login_attribute"] == "userPrincipalName"
    assert made["settings"]["start_tls"] is False and made["settings"]["group_dn"] is None


BAD = [
    ({"urls": ["ldap://dc1.example.test"]}, "/settings/urls/0"),
    ({"urls": ["ldaps://dc1.example.test", "ldap://dc2.example.test"]}, "/settings/urls/1"),
    ({"urls": ["ldapi:///"]}, "/settings/urls/0"),
    ({"urls": ["https://dc1.example.test"]}, "/settings/urls/0"),
    ({"urls": ["ldaps://169.254.169.254"]}, "/settings/urls/0"),
    ({"urls": ["ldaps://0x7f.1"]}, "/settings/urls/0"),
    ({"urls": ["ldaps://dc1.example.test/dc=x??sub?(a=b)"]}, "/settings/urls/0"),
    ({"urls": []}, "/settings/urls"),
    ({"urls": "ldaps://dc1.example.test"}, "/settings/urls"),
    ({"urls": [7]}, "/settings/urls/0"),
    ({"ca_pem": "none"}, "/settings/ca_pem"),
    ({"base_dn": "somewhere"}, "/settings/base_dn"),
    ({"bind_dn": "somebody"}, "/settings/bind_dn"),
    ({"group_dn": "approvers"}, "/settings/group_dn"),
    ({"filter": "(a=b"}, "/settings/filter"),
    ({"filter": "(a=b)(c=d)"}, "/settings/filter"),
    ({"login_attribute": "cn"}, "/settings/login_attribute"),
    ({"attempts": 5, "lockout_threshold": 5}, "/settings/attempts"),
    ({"attempts": 0}, "/settings/attempts"),
    ({"network_timeout_ms": 60000}, "/settings/network_timeout_ms"),
    ({"bind_password": "two\nlines"}, "/settings/bind_password"),
    ({"bind_pasword": "x"}, "/settings/bind_pasword"),
]


@pytest.mark.parametrize("settings, pointer", BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_directory_is_refused(admin, ad, settings, pointer):
    """A URL in clear without StartTLS, a foreign scheme, an address that is not called: told with the pointer."""
    body = body_of(ad, **settings)
    assert admin.post("/v1/connectors", body, checked=False).expect(422).pointers() == [pointer]
    assert body["name"] not in admin.get("/v1/connectors?limit=200").expect(200).text


def test_plain_ldap_wants_start_tls(admin, ad):
    """ldap:// is taken with start_tls, and no PATCH takes start_tls away from under it."""
    made = connector(admin, ad, urls=[ad.url("ldap")], start_tls=True)
    path = f"/v1/connectors/{made['id']}"
    assert admin.patch(path, {"settings": {"start_tls": False}}).expect(422).pointers() == ["/settings/urls/0"]
    assert tried(admin, made)["ok"] is True
    assert ad.bind(SERVICE, PASSWORDS["svc-reissued"], ad.url("ldap")) == 8, "the domain wants TLS itself"


def test_a_try_tells_how_far_it_got(admin, ad):
    """Every controller is tried; the domain's threshold is compared with ours; a group does not matter here."""
    report = tried(admin, connector(admin, ad, urls=[ad.url(), ad.odd("expired"), ad.url("ldap")], start_tls=True))
    assert report["ok"] is False
    steps = [(step["name"], step["ok"]) for step in report["steps"]]
    assert steps == [("server", True), ("lockout", True), ("server", False), ("server", True), ("lockout", True)]
    assert report["steps"][2]["detail"].startswith(ad.odd("expired")) and "certificate" in report["steps"][2]["detail"]
    report = tried(admin, connector(admin, ad, attempts=6))
    assert [step["ok"] for step in report["steps"]] == [True, False]


def test_a_try_tells_what_is_wrong_with_the_service_account(admin, ad):
    """A wrong password of the service account is told in the domain's own words, and the password is not."""
    report = tried(admin, connector(admin, ad, bind_password="not-the-password"))
    assert report["ok"] is False and "data 52e" in report["steps"][0]["detail"]
    assert "not-the-password" not in report.text
    ad.unlock("svc-reissued")
    report = tried(admin, connector(admin, ad, base_dn="DC=elsewhere,DC=test"))
    assert report["ok"] is False and "search" in report["steps"][0]["detail"]


def test_a_try_is_bounded(admin, ad):
    """A controller that takes TCP and never answers costs three seconds of a try."""
    made = connector(admin, ad, urls=[ad.odd("silent")])
    begun = time.monotonic()
    answer = tried(admin, made)
    assert answer["ok"] is False and "too long" in answer["steps"][0]["detail"]
    assert time.monotonic() - begun < 5
