"""A whole reissue with a real identity provider: simplesamlphp, through its own login form."""
import uuid

import pytest

from peers.saml import forge
from peers.saml.ssp import SimpleSaml
from support.calls import World
from support.saml import Asked, browser


def word():
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


class Connected:
    """simplesamlphp and a connector that know each other by their metadata, and a profile that wants it."""

    def __init__(self, world, ssp):
        key = forge.rsa_key("sp")
        certificate = forge.pem(forge.make_certificate(key, "sp.test"))
        self.world, self.ssp = world, ssp
        self.entity_id = f"{ssp.base}/saml2/idp/metadata.php"
        self.connector = world.made("enterprise_admin", "/v1/connectors", {
            "kind": "saml", "name": word(), "settings": {
                "idp_metadata": ssp.metadata(browser()), "sp_certificate": certificate, "sp_key": forge.pem(key),
                "want_assertion_signed": True, "want_response_signed": True, "want_encrypted": ssp.encrypt}})
        base = self.base = world.instance.base_urls[0]
        ssp.know({f"{base}/v1/connectors/{self.connector['id']}/saml-metadata": (
            f"{base}/v1/callbacks/saml/{self.connector['id']}", certificate)})
        self.profile = world.journey.profile(second_factor={"reissue": [
            {"mechanism": "saml", "connector_id": self.connector["id"]}]})
        self.free = list(ssp.users)

    def asked(self):
        """Somebody new, with a name at the provider, on the way to the login form."""
        name = self.free.pop()
        asked = Asked(self.world, self.connector, self.profile, self.entity_id, self.ssp.users[name][1])
        asked.name, asked.password = name, self.ssp.users[name][0]
        asked.ask()
        asked.go()
        return asked

    def log_in(self, asked, name=None):
        name = name or asked.name
        fields = self.ssp.log_in(asked.browser, asked.location, name, self.ssp.users[name][0])
        assert fields.pop("action") == f"{self.base}/v1/callbacks/saml/{self.connector['id']}"
        return asked.come_back(fields)


@pytest.fixture(params=[False, True], ids=["clear", "encrypted"])
def connected(request, world, tmp_path):
    people = {f"u{word()[:8]}": (word(), f"id-{word()}") for _ in range(4)}
    with SimpleSaml(tmp_path / "ssp", people, encrypt=request.param) as ssp:
        yield Connected(world, ssp)


@pytest.mark.invariant(17)
def test_a_reissue_through_a_login_form(connected):
    """S1: submit, challenge, the provider's form, back to us, complete: the certificate is issued."""
    asked = connected.asked()
    assert asked.request["status"] == "authenticating"
    wrong = connected.ssp.log_in(asked.browser, asked.location, asked.name, "wrong")
    assert wrong is None and asked.now()["status"] == "pending"
    answer = connected.log_in(asked)
    assert answer.status_code == 200 and asked.now()["status"] == "returned", answer.text
    passed = asked.complete(asked.result(answer)).expect(200)
    assert passed["reissue_request"]["status"] == "issued" and asked.request_now()["new_certificate_id"]


def test_somebody_else_logs_in(connected):
    """S36: another person's good sign-in at the same provider is identity-mismatch."""
    asked, other = connected.asked(), connected.free[0]
    connected.log_in(asked, other)
    assert asked.now()["failure"]["code"] == "identity-mismatch"
    asked.nothing_issued()


def test_a_session_there_is_not_enough(connected):
    """S34: whoever is signed in there already has to sign in again: the provider shows its form anew."""
    asked = connected.asked()
    assert asked.result(connected.log_in(asked))
    asked.request = None
    asked.ask()
    asked.go()
    assert connected.ssp.open_form(asked.browser, asked.location)["AuthState"]
    assert asked.result(connected.log_in(asked))
