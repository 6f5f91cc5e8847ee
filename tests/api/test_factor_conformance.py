"""What is asked of every mechanism alike, whatever it is made of: one test a duty, one case a mechanism."""
import uuid

import pytest

from peers.saml import forge
from support.asked import HERE, Asked
from support.beside import Beside
from support.calls import World
from support.client import Api
from support.otp import mailed_code, now, totp

TENANT = "8f4b0000-0000-4000-8000-000000000001"
STYLES = {"sms_otp": "code", "email_otp": "code", "email_sms_otp": "code", "totp": "code",
          "active_directory": "password", "saml": "redirect", "oidc": "redirect", "azure_ad": "redirect"}
SOON = """{"server": {"port": @PORT@, "replica_id": "conform"}, "signer": {"journal_file": "@JOURNAL@"},
  "second_factor": {"settle_hours": 0}, "net": {"allow_http": true, "allow_addresses": ["127.0.0.0/8"]},
  "limits": {"challenges_per_user": 1000, "challenges_per_user_day": 1000}}"""
# Those whose means an administrator's word or the service itself gives; the others have tests with their peers.
READY = ["email_otp", "totp", "active_directory", "saml", "oidc", "azure_ad"]


def word():
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


@pytest.fixture(scope="module")
def soon(instance, tmp_path_factory):
    """A process beside the instance by which what was enrolled counts at once."""
    with Beside(instance, tmp_path_factory.mktemp("conform"), SOON) as beside:
        yield beside


def connector_of(world, mechanism, soon):
    """The settings of a connector whose peer nobody has to ask before a challenge is answered."""
    certificate = forge.pem(forge.make_certificate(forge.rsa_key("sp"), "sp.test"))
    settings = {
        "active_directory": {"domain": "ad.example.test", "urls": ["ldaps://127.0.0.1:9"], "ca_pem": certificate,
                             "bind_dn": "cn=svc,dc=ad,dc=example,dc=test", "bind_password": "x",
                             "base_dn": "dc=ad,dc=example,dc=test"},
        "saml": None,
        "oidc": {"issuer": f"https://{word()}.example.com", "client_id": "c", "client_secret": "s"},
        "azure_ad": {"tenant_id": TENANT, "client_id": TENANT, "client_secret": "s"},
    }[mechanism]
    issuer = {"active_directory": "ad.example.test", "azure_ad": TENANT}.get(mechanism)
    if mechanism == "saml":
        idp = forge.Forge(f"https://idp-{word()}.test/saml", "idp")
        settings = {"idp_metadata": idp.metadata(), "sp_certificate": certificate, "sp_key": forge.pem(forge.rsa_key("sp"))}
        issuer = idp.entity_id
    admin = Api(soon.base_url, world["enterprise_admin"].token)
    made = admin.post("/v1/connectors", {"kind": mechanism, "name": word(), "settings": settings}).expect(201)
    return made["id"], issuer or settings["issuer"]


class Way:
    """Somebody new who can use a mechanism, and a request that asks for it."""

    def __init__(self, world, soon, mechanism, linked=True):
        self.mechanism, self.connector = mechanism, None
        option = {"mechanism": mechanism}
        if mechanism in ("active_directory", "saml", "oidc", "azure_ad"):
            self.connector, issuer = connector_of(world, mechanism, soon)
            option["connector_id"] = self.connector
        self.asked = Asked(world, second_factor={"reissue": [option]})
        self.asked.api = Api(soon.base_url, self.asked.api.token)
        if self.connector and linked:
            kind = {"active_directory": "ad", "azure_ad": "entra"}.get(mechanism, mechanism)
            world["enterprise_admin"].post(f"/v1/users/{self.asked.user['id']}/identities", {
                "kind": kind, "issuer": issuer, "subject": str(uuid.uuid4())}).expect(201)
        elif mechanism == "totp" and linked:
            self.enrol(world)
        self.request = self.asked.submitted()

    def enrol(self, world):
        api, email = self.asked.api, self.asked.user["email"]
        challenge = api.post(HERE, {"operation": "account", "mechanism": "email_otp"}).expect(201)
        api.post(f"{HERE}/{challenge['id']}/verify", {"code": mailed_code(world.instance, email)}).expect(200)
        secret = api.post("/v1/me/totp", {"challenge_id": challenge["id"]}).expect(200)["secret"]
        api.post("/v1/me/totp/confirm", {"code": totp(secret, now(world.instance))}).expect(204)

    def ask(self, status=201, code=None, **more):
        return self.asked.api.post(HERE, {
            "reissue_request_id": self.request["id"], "mechanism": self.mechanism, **more}).expect(status, code)

    def at(self, challenge, action, body=None, api=None):
        return (api or self.asked.api).post(f"{HERE}/{challenge['id']}/{action}", {} if body is None else body)

    def plausible(self):
        """An answer of the right form."""
        return {"password": {"password": "wrong"}, "code": {"code": "000000"}}.get(STYLES[self.mechanism], {})


@pytest.fixture(params=READY)
def way(request, world, soon):
    world.relay()
    return Way(world, soon, request.param)


def test_the_styles_are_these(way):
    """Style, inputs and link agree; the link is told once, by the call that made the challenge."""
    challenge = way.ask()
    style = STYLES[way.mechanism]
    assert challenge["style"] == style and challenge["status"] == "pending"
    assert (challenge["redirect_url"] is not None) == (style == "redirect") == (challenge["inputs"] == [])
    assert (challenge["digits"] is not None) == (style == "code")
    shown = way.asked.api.get(f"{HERE}/{challenge['id']}").expect(200)
    assert shown["redirect_url"] is None and shown["status"] == "pending"
    assert challenge["request_digest"] == way.request["digest"]


def test_strangers_find_nothing(way, world, soon):
    """Whoever is not asked gets 404 for every call on the challenge, whatever is sent."""
    challenge = way.ask()
    for caller in (world["subscriber_b"], world["officer"], world["subscriber2"]):
        stranger = Api(soon.base_url, caller.token)
        stranger.get(f"{HERE}/{challenge['id']}").expect(404, "challenge-not-found")
        for action, body in (("verify", way.plausible()), ("resend", {}), ("cancel", {}), ("complete", {"result": "x"})):
            way.at(challenge, action, body, stranger).expect(404, "challenge-not-found")
    assert way.asked.now()["status"] == "authenticating"


def test_an_answer_of_another_form_counts_nothing(way):
    """Members it has no input for, other types and nothing at all: refused, and no attempt used up."""
    challenge = way.ask()
    for body in ({}, {"nonsense": "x"}, {"code": ["1"]}, {"code": "x" * 10000}, {"status": "verified"}):
        answer = way.asked.api.post(f"{HERE}/{challenge['id']}/verify", body, checked=False)
        answer.expect(409 if STYLES[way.mechanism] == "redirect" else 422)
    assert way.asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["attempts_left"] == challenge["attempts_left"]


def test_nothing_is_completed_that_nobody_returned_to(way):
    """A result that no identity provider led to completes nothing."""
    challenge = way.ask()
    way.at(challenge, "complete", {"result": "A" * 43}).expect(409, "challenge-wrong-state")
    assert way.asked.now()["status"] == "authenticating"


def test_what_was_cancelled_is_over(way):
    """After cancel nothing is answered, resent or completed."""
    challenge = way.ask()
    assert way.at(challenge, "cancel").expect(200)["status"] == "cancelled"
    way.at(challenge, "verify", way.plausible()).expect(409, "challenge-wrong-state")
    way.at(challenge, "resend").expect(409, "challenge-wrong-state")
    way.at(challenge, "complete", {"result": "A" * 43}).expect(409, "challenge-wrong-state")


@pytest.mark.invariant(17)
def test_an_edit_voids_it(way):
    """Reopening the request invalidates the challenge of every mechanism."""
    challenge = way.ask()
    way.asked.api.post(f"/v1/reissue-requests/{way.request['id']}/reopen", {}).expect(200)
    way.at(challenge, "verify", way.plausible()).expect(410, "challenge-invalidated")
    assert way.asked.api.get(f"{HERE}/{challenge['id']}").expect(200)["status"] == "invalidated"


def test_a_second_one_supersedes_it(way):
    """One lives at a time."""
    first, second = way.ask(), way.ask()
    way.at(first, "verify", way.plausible()).expect(410, "challenge-superseded")
    assert way.asked.api.get(f"{HERE}/{second['id']}").expect(200)["status"] == "pending"


@pytest.mark.parametrize("mechanism", ["active_directory", "saml", "oidc", "azure_ad"])
def test_a_connector_that_is_off_fails_closed(world, soon, mechanism):
    """O17: with its connector off no challenge is made, and the option says why."""
    way = Way(world, soon, mechanism)
    world["enterprise_admin"].patch(f"/v1/connectors/{way.connector}", {"active": False}).expect(200)
    way.ask(409, "method-not-configured")
    option = way.asked.now()["second_factor"]["options"][0]
    assert (option["available"], option["unavailable_code"]) == (False, "method-not-configured")


# Every user has an address; who comes back from an identity provider is judged there.
@pytest.mark.parametrize("mechanism", ["sms_otp", "email_sms_otp", "totp", "active_directory"])
def test_who_has_no_means_gets_no_challenge(world, soon, mechanism):
    """Without number, app or linked account the mechanism is not available, says so, and no other takes its place."""
    way = Way(world, soon, mechanism, linked=False)
    answer = way.ask(409)
    option = way.asked.now()["second_factor"]["options"][0]
    assert not option["available"] and option["unavailable_code"] == answer.code
    assert answer.code in ("destination-missing", "method-not-configured")


@pytest.mark.parametrize("mechanism", [*STYLES])
def test_a_mechanism_the_policy_does_not_name_is_refused(world, soon, mechanism):
    """Only what the profile lists may be used, however strong another one is."""
    other = "totp" if mechanism == "email_otp" else "email_otp"
    world.relay()
    way = world.keep(f"policy {other}", lambda: Way(world, soon, other))
    way.asked.api.post(HERE, {"reissue_request_id": way.request["id"], "mechanism": mechanism}).expect(
        409, "method-not-configured")
