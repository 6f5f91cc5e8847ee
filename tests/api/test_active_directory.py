"""Active Directory as a second factor, against a real domain controller (Samba) and directories that misbehave."""
import concurrent.futures
import pathlib
import re
import struct
import time
import uuid

import pytest

from peers.ad.peer import AdPeer
from peers.ad.recipe import BASE, DOMAIN, PASSWORDS, SERVICE, SPARE_PASSWORD as PASSWORD, THRESHOLD
from support.beside import Beside
from support.client import Api
from support.foreign import foreign_pem
from support.oracle import dump

pytestmark = [pytest.mark.xdist_group("ad"), pytest.mark.invariant(17)]

# By its clock the challenges of other tests are over: it leaves alone what is due.
OWN_CLOCK = """{"server": {"port": @PORT@, "replica_id": "ad-clock"}, "signer": {"journal_file": "@JOURNAL@"},
    "clock": {"offset_file": "@CLOCK@"}, "jobs": {"run": false}}"""
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
    ({"filter": "()"}, "/settings/filter"),
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


def test_a_try_tells_words_that_are_none(admin, ad):
    """What a controller says that is no UTF-8 is told escaped, and what is too long is cut between two characters."""
    report = tried(admin, connector(admin, ad, urls=[ad.odd("latin1"), ad.odd("wordy")]))
    details = [step["detail"] for step in report["steps"]]
    assert len(details) == 2 and "\\252ber\\027[2J" in details[0], details
    assert "\u00fc" * 50 in details[1] and "\ufffd" not in details[1]


def test_a_try_is_bounded(admin, ad):
    """A controller that takes TCP and never answers costs three seconds of a try."""
    made = connector(admin, ad, urls=[ad.odd("silent")])
    begun = time.monotonic()
    answer = tried(admin, made)
    assert answer["ok"] is False and "too long" in answer["steps"][0]["detail"]
    assert time.monotonic() - begun < 5


# --- the second factor ---

WRONG = "Wrong-pass-w0rd"
SIGN_IN = "correct horse battery staple"


class Person:
    """Somebody new here, linked to an account of the domain, whose reissue waits for its password."""

    def __init__(self, journey, callers, connector_id, subject, domain=DOMAIN, **option):
        self.callers = callers
        admin, word = callers["enterprise_admin"], uuid.uuid4().hex
        self.user = admin.post("/v1/users", {"email": f"{word}@example.test", "name": f"Pat {word}",
                                             "role": "subscriber", "password": SIGN_IN}).expect(201).json
        admin.post(f"/v1/users/{self.user['id']}/identities",
                   {"kind": "ad", "issuer": domain, "subject": subject}).expect(201)
        base_url = callers["nobody"].base_url
        token = callers["nobody"].post("/v1/sessions", {
            "email": self.user["email"], "password": SIGN_IN}).expect(201)["access_token"]
        self.api = Api(base_url, token)
        profile = journey.profile(second_factor={"reissue": [
            {"mechanism": "active_directory", "connector_id": connector_id, **option}]})
        certificate = callers["officer"].post("/v1/certificates/import", {
            "pem": foreign_pem(word, san=()), "profile_id": profile, "owner_id": self.user["id"]}).expect(201).json
        self.request_id = journey.ready(certificate, self.api)["id"]
        submitted = self.api.post(f"/v1/reissue-requests/{self.request_id}/submit", {}).expect(200)
        assert submitted["status"] == "authenticating"
        self.challenge = None

    def unlink(self):
        """Gives the account back: an identity belongs to one user."""
        here = f"/v1/users/{self.user['id']}/identities"
        for identity in self.callers["enterprise_admin"].get(here).expect(200)["items"]:
            self.callers["enterprise_admin"].delete(f"{here}/{identity['id']}").expect(204)

    def ask(self, checked=None):
        return self.api.post("/v1/second-factor-challenges", {
            "reissue_request_id": self.request_id, "mechanism": "active_directory"}, checked=checked)

    def answer(self, password, checked=None, **more):
        """Answers the challenge, making one when there is none."""
        if self.challenge is None:
            self.challenge = self.ask().expect(201).json
        return self.api.post(f"/v1/second-factor-challenges/{self.challenge['id']}/verify",
                             {"password": password, **more}, checked=checked)

    def shown(self):
        return self.api.get(f"/v1/second-factor-challenges/{self.challenge['id']}").expect(200)

    def status(self):
        return self.api.get(f"/v1/reissue-requests/{self.request_id}").expect(200)["status"]

    def audited(self):
        """The audit events of the challenge, the newest first."""
        return self.callers["auditor"].get("/v1/audit-events?object_type=challenge&object_id="
                                           + self.challenge["id"]).expect(200)["items"]

    def refused(self, detail):
        """Nothing was granted, and the trail says why."""
        assert self.status() == "authenticating"
        assert detail in [event["detail"] for event in self.audited()], self.audited()


@pytest.fixture
def person(journey, callers, admin, ad):
    """Makes a Person whose account in the domain is new, too, unless one is given."""
    people = []

    def make(account=None, how=None, option=None, domain=DOMAIN, **settings):
        if account is None:
            account = (ad.user(f"u{uuid.uuid4().hex[:12]}", PASSWORD, **how) if how else ad.spare())["guid"]
        made = connector(admin, ad, **settings)
        one = Person(journey, callers, made["id"], account, domain, **(option or {}))
        one.connector, one.account = made, account
        people.append(one)
        return one
    yield make
    for one in people:
        one.unlink()


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_the_right_password_issues_the_certificate(person, ad, instance, scheme):
    """A whole reissue: the domain's password, over LDAPS and StartTLS, issues the certificate; evidence names who."""
    one = person(urls=[ad.url(scheme)], start_tls=True)
    shown = one.ask().expect(201)
    assert (shown["style"], shown["inputs"], shown["attempts_left"]) == ("password", ["password"], 3)
    one.challenge = shown.json
    passed = one.answer(PASSWORD).expect(200)
    assert passed["status"] == "consumed" and passed["reissue_request"]["status"] == "issued"
    pem = one.api.get(f"/v1/reissue-requests/{one.request_id}/certificate",
                      headers={"Accept": "application/pem-certificate-chain"}).expect(200)
    assert "BEGIN CERTIFICATE" in pem.text
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT detail FROM challenge_event e JOIN challenge c ON c.id = e.challenge_id"
                       " WHERE c.id = %s AND outcome = 'passed'", (one.challenge["id"],))
        evidence = cursor.fetchone()[0]["evidence"]
    assert evidence["object_guid"] == one.account and evidence["dn"].endswith(BASE)
    assert evidence["server"] == ad.url(scheme) and evidence["object_sid"].startswith("S-1-5-21-")
    assert evidence["server_certificate"] == "sha256:" + ad.state["certificate"]
    one.answer(PASSWORD).expect(409, "challenge-wrong-state")


def test_a_login_name_may_be_linked(person, ad):
    """The linked subject may be the login name (UPN) instead of the objectGUID."""
    one = person(ad.spare()["upn"])
    assert one.answer(PASSWORD).expect(200)["status"] == "consumed"


def test_what_is_no_password_is_not_sent(person, ad):
    """An empty, overlong or broken password is 422, counts nothing and causes no traffic; slapd would let it in."""
    assert ad.bind(f"cn=dave,{BASE}", "", ad.slapd()) == 0, "the peer allows unauthenticated binds"
    one = person(urls=[ad.odd("mute")])
    for password in ("", "x" * 257, "\u20ac" * 90, 7, None):
        one.answer(password, checked=False).expect(422)
    one.answer("nul\u0000inside", checked=False).expect(400, "bad-json")
    assert ad.odd_log("mute") == [] and one.shown()["attempts_left"] == 3
    slapd = person("00112233-4455-6677-8899-aabbccddeeff", urls=[ad.slapd()], bind_dn=f"cn=svc,{BASE}",
                   filter="(objectClass=adUser)")
    slapd.answer("", checked=False).expect(422)
    assert slapd.status() == "authenticating"
    assert slapd.answer("Dave-pass-w0rd").expect(200)["status"] == "consumed"


def test_every_refusal_looks_the_same(person, ad):
    """Wrong, unknown, disabled, expired, must-change, locked: one status, one body, one time; the trail knows more."""
    locked = ad.spare()
    for _ in range(THRESHOLD):
        ad.bind(locked["upn"], WRONG)
    cases = [
        (person(), WRONG, "wrong-password 52e"), (person(str(uuid.uuid4())), PASSWORD, "unknown-user"),
        (person(how={"disabled": True}), PASSWORD, "account-disabled 533"),
        (person(how={"expired": True}), PASSWORD, "account-expired 701"),
        (person(how={"must_change": True}), PASSWORD, "password-must-change 773"),
        (person(locked["guid"]), PASSWORD, "account-locked 775"),
    ]
    bodies, times = [], []
    for one, password, detail in cases:
        took = []
        for left in (2, 1, 0):
            begun = time.monotonic()
            answer = one.answer(password).expect(422, "credentials-invalid")
            took.append(time.monotonic() - begun)
            assert answer["attempts_left"] == left
            bodies.append((left, {name: value for name, value in answer.json.items()
                                  if name not in ("challenge_id", "request_id", "instance")}))
        one.refused(detail)
        # The machine does other things, too: of three tries the fastest counts.
        times.append(min(took))
    for left in (2, 1, 0):
        first, *others = [body for of, body in bodies if of == left]
        assert all(body == first for body in others)
    assert max(times) <= 1.2 * min(times), times


def test_a_typed_name_must_be_the_linked_account(person, ad):
    """Where the profile has the name typed, bob's name with bob's right password is not alice."""
    one = person(option={"ask_username": True})
    assert one.ask().expect(201)["inputs"] == ["username", "password"]
    bob = f"bob@{DOMAIN}"
    before = ad.look("bob")["badPwdCount"]
    one.answer(PASSWORDS["bob"], username=bob).expect(403, "identity-mismatch")
    one.refused("other-person")
    assert ad.look("bob")["badPwdCount"] == before
    passed = one.answer(PASSWORD, username=ad.find(one.account)["upn"]).expect(200)
    assert passed["status"] == "consumed"


def test_a_name_is_typed_only_where_it_is_asked_for(person):
    """Without ask_username a username is an unknown member, and no other mechanism knows the option."""
    one = person()
    assert one.answer(PASSWORD, username=f"bob@{DOMAIN}", checked=False).expect(422).pointers() == ["/username"]
    assert one.shown()["attempts_left"] == 3


def test_two_entries_are_nobody(person, ad):
    """A login name that two entries bear passes nobody."""
    one = person("twin@example.test", login_attribute="mail")
    one.answer(PASSWORDS["twin1"]).expect(422, "credentials-invalid")
    one.refused("several-entries")


@pytest.mark.parametrize("who, scheme", [("other-ca", "ldaps"), ("expired", "ldaps"), ("wrong-name", "ldaps"),
                                         ("self-signed", "ldaps"), ("stripped", "ldap")])
def test_no_password_without_the_right_tls(person, ad, who, scheme):
    """A wrong certificate, or StartTLS that somebody strips: 503, and not an octet of a password is sent."""
    one = person(urls=[ad.odd(who, scheme)], start_tls=True)
    answer = one.answer(PASSWORD).expect(503, "directory-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    said = "".join(ad.odd_log(who))
    assert PASSWORD.encode().hex() not in said and PASSWORDS["svc-reissued"].encode().hex() not in said
    one.refused("no-tls")
    assert one.shown()["attempts_left"] == 3


def test_the_next_controller_is_asked(person, ad):
    """With the first controller down and the second busy the third judges in under five seconds."""
    one = person(urls=["ldaps://127.0.0.1:1", ad.odd("busy"), ad.url()])
    begun = time.monotonic()
    assert one.answer(PASSWORD).expect(200)["status"] == "consumed"
    assert time.monotonic() - begun < 5


def test_a_silent_controller_holds_nobody_up(person, ad, admin):
    """A controller that never answers: 503 in five seconds, no attempt consumed; meanwhile others are served."""
    one = person(urls=[ad.odd("silent")])
    one.challenge = one.ask().expect(201).json
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        begun = time.monotonic()
        stuck = [pool.submit(one.answer, PASSWORD) for _ in range(3)]
        took = []
        while not all(future.done() for future in stuck):
            start = time.monotonic()
            admin.get("/v1/me").expect(200)
            took.append(time.monotonic() - start)
            time.sleep(0.1)
        answers = [future.result() for future in stuck]
    assert time.monotonic() - begun < 6 and sorted(took)[len(took) // 2] < 0.3
    for answer in answers:
        answer.expect(503, "directory-unavailable")
    assert one.shown()["attempts_left"] == 3
    one.refused("no-tls")


def test_we_stop_before_the_domain_locks(person, ad):
    """Of four wrong passwords the domain sees three: we lock first, for other challenges too, and nobody else."""
    one = person()
    account = ad.find(one.account)["name"]
    for left in (2, 1, 0):
        assert one.answer(WRONG).expect(422, "credentials-invalid")["attempts_left"] == left
    one.answer(PASSWORD).expect(423, "challenge-locked")
    one.refused("wrong-password 52e")
    one.challenge = None
    answer = one.answer(PASSWORD).expect(429, "subject-locked")
    assert 0 < int(answer.headers["Retry-After"]) <= 1800
    assert one.status() == "authenticating" and one.shown()["attempts_left"] == 3
    assert [event["code"] for event in one.audited() if event["outcome"] != "done"] == ["subject-locked"]
    seen = ad.look(account)
    assert seen["badPwdCount"] <= 3 and seen["lockoutTime"] == 0
    assert person().answer(PASSWORD).expect(200)["status"] == "consumed"


@pytest.mark.invariant(18)
def test_the_half_hour_is_not_the_clock_s(person, instance, tmp_path):
    """Wrong passwords before and after the turn of a half hour count together; half an hour after the last of them the
    user may try again, as the domain has it."""
    clock, offset = tmp_path / "clock", 1780 - int(time.time()) % 1800
    clock.write_bytes(struct.pack("<q", offset))

    def move(seconds):
        with clock.open("r+b") as file:
            file.write(struct.pack("<q", offset + seconds))
    with Beside(instance, tmp_path, OWN_CLOCK.replace("@CLOCK@", str(clock))) as beside:
        one = person()
        one.api = one.api.at(beside.base_url)
        for _ in range(2):
            one.answer(WRONG).expect(422)
        move(40)
        one.answer(WRONG).expect(422)
        one.challenge = None
        locked = one.answer(PASSWORD).expect(429, "subject-locked")
        assert 1700 < int(locked.headers["Retry-After"]) <= 1800
        move(40 + 1740)
        one.challenge = None
        left = int(one.answer(PASSWORD).expect(429, "subject-locked").headers["Retry-After"])
        assert left <= 60, "what is refused is no try"
        move(40 + 1801)
        one.answer(PASSWORD).expect(200)


def test_a_right_password_begins_the_count_anew(person, ad):
    """Two wrong passwords and the right one leave the next challenge its three tries."""
    one = person()
    for _ in range(2):
        one.answer(WRONG).expect(422)
    one.answer(PASSWORD).expect(200)
    assert ad.look(ad.find(one.account)["name"])["badPwdCount"] == 0


@pytest.mark.concurrency
@pytest.mark.invariant(18)
def test_parallel_guesses_win_nothing(person, ad):
    """Of twenty wrong passwords at once the domain sees three at most."""
    one = person()
    one.challenge = one.ask().expect(201).json
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: one.answer(WRONG), range(20))]
    assert statuses.count(422) <= 3 and set(statuses) <= {409, 422, 423, 429}
    seen = ad.look(ad.find(one.account)["name"])
    assert seen["badPwdCount"] <= 3 and seen["lockoutTime"] == 0
    assert one.status() == "authenticating"


@pytest.mark.concurrency
@pytest.mark.invariant(18)
def test_of_many_right_passwords_one_passes(person, ad):
    """Of twenty right passwords at once exactly one passes; the others find the challenge over, and nobody is locked."""
    one = person()
    one.challenge = one.ask().expect(201).json
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: one.answer(PASSWORD), range(20)))
    assert statuses == [200] + [409] * 19
    assert one.status() == "issued"
    assert ad.look(ad.find(one.account)["name"])["badPwdCount"] == 0


def test_a_referral_is_not_followed(person, ad):
    """A server that refers to another is no answer, and the other one is never called."""
    one = person(urls=[ad.odd("referral")])
    one.answer(PASSWORD).expect(503, "directory-unavailable")
    one.refused("directory-error")
    assert ad.odd_log("rogue") == []


def test_a_refused_service_account_is_an_alarm(person, ad, instance, callers):
    """A wrong password of the service account: 503, one bind alone, a metric that moves, the reason in the trail."""
    one = person(urls=[ad.url(), ad.odd("open-door")], bind_password="not-the-password")
    before = ad.odd_log("open-door")
    one.answer(PASSWORD).expect(503, "directory-unavailable")
    one.refused("service-account-refused")
    assert ad.odd_log("open-door") == before
    ad.unlock("svc-reissued")
    metrics = callers["nobody"].get("/metrics", checked=False).text
    assert 'reissued_directory_answers_total{reason="service-account-refused"}' in metrics


def test_only_members_of_the_group_pass(person, ad, journey, callers, admin):
    """A group that is asked for is asked for through other groups; who is in none is refused like a wrong password."""
    one = person(group_dn=APPROVERS)
    one.answer(PASSWORD).expect(422, "credentials-invalid")
    one.refused("not-in-group")
    member = ad.spare()
    ad.join("staff", member["name"])
    assert person(member["guid"], group_dn=APPROVERS).answer(PASSWORD).expect(200)["status"] == "consumed"


def test_who_is_linked_to_no_account_cannot_begin(person):
    """Without a linked account of the connector's domain the challenge is not made."""
    one = person(str(uuid.uuid4()), domain="other.example.test")
    one.ask().expect(409, "destination-missing")
    option, = one.api.get(f"/v1/reissue-requests/{one.request_id}").expect(200)["second_factor"]["options"]
    assert (option["available"], option["unavailable_code"]) == (False, "destination-missing")
    assert one.status() == "authenticating"


def test_an_account_that_took_anothers_place_is_too_new(person, ad, admin):
    """An account linked in place of another is no factor for a day: the option says so, and no password is asked for."""
    one = person()
    one.unlink()
    admin.post(f"/v1/users/{one.user['id']}/identities",
               {"kind": "ad", "issuer": DOMAIN, "subject": ad.spare()["guid"]}).expect(201)
    one.ask().expect(409, "destination-too-new")
    option, = one.api.get(f"/v1/reissue-requests/{one.request_id}").expect(200)["second_factor"]["options"]
    assert (option["available"], option["unavailable_code"]) == (False, "destination-too-new")
    assert one.status() == "authenticating"


def test_a_connector_that_is_switched_off_passes_nobody(person, admin):
    """A connector switched off while the challenge lives fails closed."""
    one = person()
    one.challenge = one.ask().expect(201).json
    admin.patch(f"/v1/connectors/{one.connector['id']}", {"active": False}).expect(200)
    one.answer(PASSWORD).expect(409, "method-not-configured")
    assert one.status() == "authenticating"
    assert [event["code"] for event in one.audited() if event["outcome"] != "done"] == ["method-not-configured"]


def test_no_password_is_left_anywhere(person, ad, instance):
    """Neither the right nor a wrong password stands in a log, an answer, the trail, the database; no core is written."""
    canaries = ("Canary-right-7f3a9c", "Canary-wrong-7f3a9c")
    name = f"u{uuid.uuid4().hex[:12]}"
    one = person(ad.user(name, canaries[0])["guid"])
    texts = [one.answer(canaries[1]).expect(422).text, one.answer(canaries[0]).expect(200).text]
    texts += [str(one.audited()), dump(instance)]
    texts += [path.read_text(errors="replace") for path in (instance.dir / "log").glob("*.log")]
    assert one.challenge["id"] in texts[3]
    for canary in canaries:
        assert not [i for i, text in enumerate(texts) if canary in text]
        for pid in instance.pids():
            assert canary not in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    for pid in instance.pids():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE), "a core could be written"
