"""Control of a domain or a mailbox proven by who reads its mail."""
import base64
import concurrent.futures
import hashlib
import html
import json
import pathlib
import re
import subprocess
import time
import uuid

import pytest

from support.client import Api
from support.dns import fresh, peer_of
from support.keys import make_csr, make_key
from support.mail import Enterprise, html_of, link_of, mail_of, text_of

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
CONSTRUCTED = ["admin", "administrator", "webmaster", "hostmaster", "postmaster"]


@pytest.fixture(scope="module")
def dns(instance):
    return peer_of(instance)


@pytest.fixture(scope="module")
def mail(instance):
    return mail_of(instance)


@pytest.fixture(scope="module")
def enterprise(instance, callers):
    """An enterprise of this test's own, with one relay that works."""
    made = Enterprise(instance, callers["admin"])
    made.relay()
    return made


def begin(caller, value, method="email_constructed", kind="dns", **more):
    return caller.post("/v1/domain-validations", {"identifier": {"type": kind, "value": value}, "method": method,
                                                  **more}).expect(201).json


def read(caller, made):
    return caller.get(f"/v1/domain-validations/{made['id']}").expect(200).json


def answer(nobody, made, token, decision="confirm"):
    return nobody.post(f"/v1/domain-validations/{made['id']}/confirm", {"token": token, "decision": decision})


def asked(mail, caller, value, to=None, **more):
    """A validation of one mailbox with the token that came to it: (validation, token)."""
    to = to or f"admin@{value}"
    made = begin(caller, value, to=to, **more)
    path, token = link_of(mail.wait_for(to)[-1])
    assert path == f"/v1/domain-validations/{made['id']}/confirm"
    return made, token


def set_column(instance, made, assignment):
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute(f"UPDATE domain_validation SET {assignment} WHERE id = %s", (made["id"],))


# --- asking ---

def test_each_constructed_mailbox_gets_a_token_of_its_own(mail, caller_subscriber):
    """admin, administrator, webmaster, hostmaster and postmaster are written to, each with another token."""
    name = fresh("five")
    made = begin(caller_subscriber, name)
    wanted = [f"{local}@{name}" for local in CONSTRUCTED]
    assert made["instructions"]["mail"]["to"] == wanted and [one["to"] for one in made["mails"]] == wanted
    assert made["rules"] == "TLS BR 3.2.2.4.4" and made["instructions"]["record"] is None
    links = [link_of(mail.wait_for(to)[0]) for to in wanted]
    assert {path for path, _ in links} == {f"/v1/domain-validations/{made['id']}/confirm"}
    assert len({token for _, token in links}) == 5
    until = time.monotonic() + 10
    while {one["state"] for one in read(caller_subscriber, made)["mails"]} != {"sent"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert not any(token in str(read(caller_subscriber, made)) for _, token in links), "the requester sees no token"


def test_what_the_mail_is_like(mail, caller_subscriber):
    """Text and HTML say who asks for what; neither subject nor headers hold the token; machines see that it is one."""
    name = fresh("looks")
    made, token = asked(mail, caller_subscriber, name)
    message = mail.mails(f"admin@{name}")[0]
    assert message["Auto-Submitted"] == "auto-generated" and message["From"].addresses[0].addr_spec == "ra@example.test"
    assert message["Message-ID"].strip("<>") == made["mails"][0]["message_id"]
    assert made["id"] not in message["Message-ID"] and name in message["Subject"]
    headers = message.raw.split(b"\n\n")[0]
    assert token.encode() not in headers and message.raw.count(token.encode()) == 3  # text, href and what it shows
    assert max(len(line) for line in message.raw.splitlines() if token.encode() not in line) <= 78
    for text in (text_of(message), html.unescape(html_of(message))):
        words = " ".join(text.split())
        assert "Alice Example of Example Ltd" in words and name in words and "opening it alone" in words


@pytest.mark.rows(46)
def test_the_one_that_was_chosen(mail, caller_subscriber):
    """`to` chooses one of the possible mailboxes; any other is refused."""
    name = fresh("chosen")
    made = begin(caller_subscriber, name, to=f"hostmaster@{name.upper()}")
    assert [one["to"] for one in made["mails"]] == [f"hostmaster@{name}"]
    mail.wait_for(f"hostmaster@{name}")
    assert mail.mails(f"admin@{name}") == []
    for to in (f"bob@{name}", "admin@example.com", f"admin@x.{name}"):
        refused = caller_subscriber.post("/v1/domain-validations", {
            "identifier": {"type": "dns", "value": name}, "method": "email_constructed", "to": to}).expect(422)
        assert refused.pointers() == ["/to"]
    for to in (f"a@x>\r\nRCPT TO:<evil@{name}", f"admin@{name} ", f"admin@{name},evil@{name}"):
        refused = caller_subscriber.post("/v1/domain-validations", {
            "identifier": {"type": "dns", "value": name}, "method": "email_constructed", "to": to}).expect(422)
        assert refused.pointers() == ["/to"]


def test_without_a_mail_server(caller_officer_other):
    """An enterprise without an active smtp connector is told so."""
    for identifier, method in (({"type": "dns", "value": fresh("none")}, "email_constructed"),
                               ({"type": "dns", "value": fresh("none")}, "email_caa"),
                               ({"type": "dns", "value": fresh("none")}, "email_txt"),
                               ({"type": "email", "value": "bob@example.com"}, "mailbox")):
        caller_officer_other.post("/v1/domain-validations", {
            "identifier": identifier, "method": method}).expect(409, "method-not-configured")


def test_a_contact_of_the_relevant_caa_records(dns, mail, caller_subscriber, nobody):
    """email_caa writes to the contactemail that the climb of RFC 8659 finds, and to no other record's."""
    parent = fresh("caa")
    contact, local = f"contact@{parent}", f"inner@{parent}"
    dns.set(parent, "CAA", f'0 contactemail "{contact}"', '0 issue "ca.example"')
    made, token = asked(mail, caller_subscriber, f"a.b.{parent}", to=contact, method="email_caa")
    assert made["rules"] == "TLS BR 3.2.2.4.13" and made["mails"][0]["source"] == "email_caa"
    answer(nobody, made, token).expect(200)
    source = read(caller_subscriber, made)["attempts"][0]["evidence"]["mail"]["source"]
    assert source["found_at"] == parent and any(query["message"] for query in source["queries"])
    # A nearer set hides the farther one whole.
    dns.set(f"b.{parent}", "CAA", f'0 contactemail "{local}"')
    made = begin(caller_subscriber, f"c.b.{parent}", "email_caa")
    assert [one["to"] for one in made["mails"]] == [local]


@pytest.mark.parametrize("value", ["bob", "a b@example.com", "Bob <bob@example.com>", "bob@example.com,eve@example.com",
                                   "mailto:bob@example.com", "bob@example.com ", "", "bob@", "@example.com",
                                   r"a@x>\013\010RCPT TO:<evil@example.com"])
def test_a_contact_that_is_no_single_address(dns, mail, caller_subscriber, value):
    """A contactemail or a TXT record that is not exactly one address is unusable: nobody is written to."""
    name = fresh("unusable")
    dns.set(name, "CAA", f'0 contactemail "{value}"')
    dns.set(f"_validation-contactemail.{name}", "TXT", f'"{value}"')
    before = time.time()
    for method in ("email_caa", "email_txt"):
        made = begin(caller_subscriber, name, method)
        assert made["mails"] == [] and made["status"] == "pending"
        assert (made["attempts"][0]["result"], made["attempts"][0]["code"]) == ("failed", "domain-unverified")
        assert made["attempts"][0]["evidence"]["source"]["queries"][0]["message"]
    time.sleep(0.5)
    assert not any("evil" in seen["data"] for seen in mail.wire("starttls", before))


def test_a_record_that_comes_later(instance, dns, mail, caller_subscriber, nobody):
    """Where no record names an address yet the instructions say which to publish, and verify looks again."""
    name = fresh("later")
    made = begin(caller_subscriber, name, "email_txt")
    record = made["instructions"]["record"]
    assert (record["name"], record["type"]) == (f"_validation-contactemail.{name}", "TXT")
    assert made["attempts"][0]["result"] == "failed" and made["mails"] == []
    caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(429, "rate-limited")
    dns.set(record["name"], "TXT", f'"owner@" "{name}"')  # the character-strings of a record are one text
    set_column(instance, made, "next_attempt_at = NULL")
    seen = caller_subscriber.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)
    assert [one["to"] for one in seen["mails"]] == [f"owner@{name}"] and seen["status"] == "pending"
    _, token = link_of(mail.wait_for(f"owner@{name}")[0])
    assert answer(nobody, made, token).expect(200)["status"] == "valid"


@pytest.mark.parametrize("name,code", [("bogus.caatest", "caa-dnssec-bogus"), ("servfail-i.caatest", "caa-lookup-failed")])
def test_a_lookup_that_fails_asks_nobody(caller_subscriber, name, code):
    """Where the records cannot be believed nobody is written to, and the attempt says why."""
    made = begin(caller_subscriber, name, "email_caa")
    assert made["mails"] == [] and made["status"] == "pending"
    assert (made["attempts"][0]["result"], made["attempts"][0]["code"]) == ("error", code)


def test_a_mailbox_proves_itself(mail, caller_subscriber, nobody):
    """The method mailbox writes to that very mailbox, and is good for 24 hours."""
    address = f"bob@{fresh('box')}"
    made, token = asked(mail, caller_subscriber, address, to=address, method="mailbox", kind="email")
    assert made["rules"] == "S/MIME BR 3.2.2.2"
    hours = (time.mktime(time.strptime(made["expires_at"], "%Y-%m-%dT%H:%M:%SZ"))
             - time.mktime(time.strptime(made["created_at"], "%Y-%m-%dT%H:%M:%SZ"))) / 3600
    assert hours == 24
    assert answer(nobody, made, token).expect(200)["identifier"] == {"type": "email", "value": address}
    done = read(caller_subscriber, made)
    days = (time.mktime(time.strptime(done["valid_until"], "%Y-%m-%dT%H:%M:%SZ"))
            - time.mktime(time.strptime(done["validated_at"], "%Y-%m-%dT%H:%M:%SZ"))) / 86400
    assert done["status"] == "valid" and days <= 30


# --- answering ---

def test_only_the_post_confirms(mail, caller_subscriber, nobody):
    """Opening the link, as mail scanners do, by GET or HEAD and however often, changes nothing; the POST confirms."""
    made, token = asked(mail, caller_subscriber, fresh("scanner"))
    before = read(caller_subscriber, made)
    path = f"/v1/domain-validations/{made['id']}/confirm"
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        nobody.request(method, path, checked=False)
        nobody.request(method, f"{path}?token={token}&decision=confirm", checked=False)
    assert read(caller_subscriber, made) == before
    done = answer(nobody, made, token).expect(200).json
    assert done == {"id": made["id"], "identifier": made["identifier"], "method": "email_constructed", "status": "valid"}
    seen = read(caller_subscriber, made)
    assert seen["status"] == "valid" and seen["instructions"] is None and seen["valid_until"]


def test_what_is_kept_as_evidence(mail, caller_subscriber, nobody, caller_auditor):
    """The attempt tells recipient, source, Message-ID, and from where and when it was confirmed; the trail has it too."""
    name = fresh("evidence")
    made, token = asked(mail, caller_subscriber, name)
    answer(nobody, made, token).expect(200)
    attempt = read(caller_subscriber, made)["attempts"][0]
    evidence = attempt["evidence"]
    assert attempt["result"] == "passed" and evidence["method"] == "email_constructed"
    assert evidence["authorization_domain"] == name and evidence["rules"] == "TLS BR 3.2.2.4.4"
    assert evidence["mail"]["recipient"] == f"admin@{name}" and evidence["mail"]["source"] == {"kind": "email_constructed"}
    assert evidence["mail"]["message_id"] == mail.mails(f"admin@{name}")[0]["Message-ID"].strip("<>")
    assert evidence["answer"]["address"] == "127.0.0.1" and evidence["answer"]["decision"] == "confirm"
    assert evidence["token_sha256"] == f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"
    events = caller_auditor.all(f"/v1/audit-events?object_id={made['id']}")
    assert {"domain_validation.created", "domain_validation.mailed", "domain_validation.validated"} <= {
        event["action"] for event in events}


def test_a_token_is_good_once(mail, caller_subscriber, nobody):
    """After one yes neither that token nor one of the other mails is taken, and ten at once give one yes."""
    name = fresh("once")
    made = begin(caller_subscriber, name)
    tokens = [link_of(mail.wait_for(f"{local}@{name}")[0])[1] for local in CONSTRUCTED]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        got = list(pool.map(lambda token: answer(Api(nobody.base_url), made, token).status, tokens * 2))
    assert sorted(got) == [200] + [409] * 9
    for token in tokens:
        refused = answer(nobody, made, token).expect(409, "wrong-state")
        assert refused["current_status"] == "valid"
    assert read(caller_subscriber, made)["attempt_count"] == 1


def test_a_token_is_never_accepted_for_another_validation(mail, caller_subscriber, nobody):
    """Not for the same name asked again, not for another name, not for another method: 422, and both stay pending."""
    name = fresh("other")
    one, token_one = asked(mail, caller_subscriber, name)
    two = begin(caller_subscriber, name, to=f"admin@{name}")
    token_two = link_of(mail.wait_for(f"admin@{name}", 2)[-1])[1]
    three, token_three = asked(mail, caller_subscriber, fresh("other"))
    assert len({token_one, token_two, token_three}) == 3
    for made, token in ((one, token_two), (one, token_three), (two, token_one), (three, token_one)):
        refused = answer(nobody, made, token).expect(422, "credentials-invalid")
        assert [(fault["pointer"], fault["code"]) for fault in refused["errors"]] == [("/token", "credentials-invalid")]
    assert {read(caller_subscriber, made)["status"] for made in (one, two, three)} == {"pending"}
    for made, token in ((one, token_one), (two, token_two), (three, token_three)):
        assert answer(nobody, made, token).expect(200)["status"] == "valid"


def test_ten_wrong_tokens_end_it(mail, caller_subscriber, nobody, caller_auditor):
    """Nine wrong tokens leave the right one good; the tenth ends the validation for good."""
    made, token = asked(mail, caller_subscriber, fresh("nine"))
    for i in range(9):
        answer(nobody, made, f"{i}" * 43).expect(422)
    assert answer(nobody, made, token).expect(200)["status"] == "valid"
    made, token = asked(mail, caller_subscriber, fresh("ten"))
    for i in range(10):
        answer(nobody, made, f"{i}" * 43).expect(422)
    assert answer(nobody, made, token).expect(409, "wrong-state")["current_status"] == "invalid"
    seen = read(caller_subscriber, made)
    assert (seen["status"], seen["reason"]["code"]) == ("invalid", "credentials-invalid")
    assert seen["attempt_count"] == 10 and {one["result"] for one in seen["attempts"]} == {"failed"}
    events = caller_auditor.all(f"/v1/audit-events?object_id={made['id']}")
    assert sum(event["action"] == "domain_validation.ended" for event in events) == 1


def test_wrong_tokens_at_once_are_all_counted(mail, caller_subscriber, nobody):
    """Thirty wrong tokens at once are ten refusals and an end, not thirty guesses."""
    made, token = asked(mail, caller_subscriber, fresh("burst"))
    with concurrent.futures.ThreadPoolExecutor(15) as pool:
        got = list(pool.map(lambda i: answer(Api(nobody.base_url), made, f"{i:043d}").status, range(30)))
    assert sorted(got) == [409] * 20 + [422] * 10
    answer(nobody, made, token).expect(409, "wrong-state")
    assert read(caller_subscriber, made)["attempt_count"] == 10


def test_somebody_did_not_ask_for_this(mail, caller_subscriber, nobody, caller_auditor):
    """One no ends it, with a reason and on record; the tokens of the other mails are worth nothing then."""
    name = fresh("no")
    made = begin(caller_subscriber, name)
    tokens = [link_of(mail.wait_for(f"{local}@{name}")[0])[1] for local in CONSTRUCTED]
    assert answer(nobody, made, tokens[0], "refuse").expect(200)["status"] == "invalid"
    answer(nobody, made, tokens[1]).expect(409, "wrong-state")
    seen = read(caller_subscriber, made)
    assert seen["status"] == "invalid" and "not asked for" in seen["reason"]["detail"]
    assert seen["attempts"][0]["evidence"]["answer"]["decision"] == "refuse"
    assert "domain_validation.refused" in {
        event["action"] for event in caller_auditor.all(f"/v1/audit-events?object_id={made['id']}")}


@pytest.mark.parametrize("body,pointer", [
    ({}, "/token"), ({"token": "x"}, "/decision"), ({"decision": "confirm"}, "/token"),
    ({"token": 1, "decision": "confirm"}, "/token"), ({"token": "", "decision": "confirm"}, "/token"),
    ({"token": "x", "decision": "maybe"}, "/decision"), ({"token": "x" * 201, "decision": "confirm"}, "/token"),
    ({"token": "x", "decision": "confirm", "more": 1}, "/more")])
def test_an_answer_that_is_none(mail, caller_subscriber, nobody, body, pointer):
    """A body that cannot be an answer is refused and counts as no wrong token."""
    made, token = asked(mail, caller_subscriber, fresh("bad"))
    refused = nobody.post(f"/v1/domain-validations/{made['id']}/confirm", body).expect(422)
    assert pointer in refused.pointers()
    assert read(caller_subscriber, made)["attempt_count"] == 0
    answer(nobody, made, token).expect(200)


def test_after_its_time(instance, mail, caller_subscriber, nobody):
    """After 24 hours, or after it was cancelled, the token is worth nothing."""
    made, token = asked(mail, caller_subscriber, fresh("late"))
    set_column(instance, made, "expires_at = created_at")
    answer(nobody, made, token).expect(409, "wrong-state")
    made, token = asked(mail, caller_subscriber, fresh("cancelled"))
    caller_subscriber.post(f"/v1/domain-validations/{made['id']}/cancel", {}).expect(200)
    assert answer(nobody, made, token).expect(409, "wrong-state")["current_status"] == "cancelled"
    page = nobody.get(f"/v1/domain-validations/{made['id']}/confirm").expect(200)
    assert "<button" not in page.text and "nothing to answer" in page.text


def test_there_is_no_page_for_others(caller_subscriber, nobody):
    """Neither for an unknown validation nor for one that is not by mail."""
    made = begin(caller_subscriber, fresh("txt"), "dns_txt")
    for known in (made["id"], str(uuid.uuid4())):
        nobody.get(f"/v1/domain-validations/{known}/confirm").expect(404, "not-found")
        nobody.post(f"/v1/domain-validations/{known}/confirm",
                    {"token": "x" * 43, "decision": "confirm"}).expect(404, "not-found")


def test_the_page(instance, callers, mail, nobody, enterprise):
    """It names domain, enterprise, requester and end, holds no token, and can neither load nor send elsewhere."""
    email = f"hostile-{uuid.uuid4().hex[:8]}@example.test"
    callers["admin"].post("/v1/users", {"enterprise_id": enterprise.id, "role": "ra_officer", "email": email,
                                        "name": "<script>alert(1)</script> \"&'", "password": "correct horse battery"}
                          ).expect(201)
    session = nobody.post("/v1/sessions", {"email": email, "password": "correct horse battery"}).expect(201)
    made, token = asked(mail, Api(nobody.base_url, session["access_token"]), fresh("page"))
    page = nobody.get(f"/v1/domain-validations/{made['id']}/confirm").expect(200)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8" and page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    for wanted in (made["identifier"]["value"], made["expires_at"], ">Confirm<", ">I did not ask for this<"):
        assert wanted in page.text
    assert token not in page.text and "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;" in page.text
    assert not re.search(r"(src|href|action)\s*=|url\(|@import|https?:", page.text), "nothing comes from elsewhere"
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(f"<{element}>(.*?)</{element}>", page.text, re.S)
        assert [policy[directive]] == [
            f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in inline]
    assert nobody.get(f"/v1/domain-validations/{made['id']}/confirm",
                      headers={"Accept": "application/json"}).expect(406)


@pytest.mark.parametrize("pressed,status,said,disabled", [
    ("confirm", 200, "It is confirmed", True), ("refuse", 200, "It was refused", True),
    ("confirm", 409, "problem 409", True), ("confirm", 503, "problem 503", False), ("confirm", 0, "try again", False)])
def test_what_the_script_of_the_page_does(mail, caller_subscriber, nobody, pressed, status, said, disabled):
    """Nothing is sent before a button is pressed; then token and decision, once; the address bar shows no token."""
    made, token = asked(mail, caller_subscriber, fresh("script"))
    page = nobody.get(f"/v1/domain-validations/{made['id']}/confirm").expect(200).text

    def run(hash_, button):
        done = subprocess.run(["node", SUPPORT / "confirm_page.mjs", hash_, button, str(status)], input=page,
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)
    opened = run(f"#{token}", "none")
    assert opened["sent"] == [] and opened["disabled"] == [False, False] and "#" not in opened["url"]
    seen = run(f"#{token}", pressed)
    assert [(one["method"], one["type"], one["body"]) for one in seen["sent"]] == [
        ("POST", "application/json", {"token": token, "decision": pressed})]
    assert seen["sent"][0]["url"] == seen["url"] and said in seen["said"] and seen["disabled"] == [disabled] * 2
    assert run("", pressed)["sent"] == [], "a link that lost its token can answer nothing"


# --- sending ---

def test_sent_again_it_is_the_same_mail(instance, mail, caller_subscriber, nobody):
    """Verify sends the very same bytes to the very same mailbox, a minute later and five times at most."""
    name = fresh("again")
    made, token = asked(mail, caller_subscriber, name)
    path = f"/v1/domain-validations/{made['id']}/verify"
    refused = caller_subscriber.post(path, {}).expect(429, "rate-limited")
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    for count in range(2, 7):
        set_column(instance, made, "next_attempt_at = NULL")
        caller_subscriber.post(path, {}).expect(200)
        mail.wait_for(f"admin@{name}", count)
        until = time.monotonic() + 10
        while read(caller_subscriber, made)["mails"][0]["state"] != "sent":
            assert time.monotonic() < until
            time.sleep(0.05)
    assert len({message.raw for message in mail.mails(f"admin@{name}")}) == 1
    set_column(instance, made, "next_attempt_at = NULL")
    caller_subscriber.post(path, {}).expect(429, "resend-limit")
    answer(nobody, made, token).expect(200)


def test_a_mailbox_is_not_flooded(mail, caller_officer, nobody):
    """However many validations are begun, a mailbox gets ten such mails an hour, however its name is written."""
    address = f"victim@{fresh('flood')}"
    for _ in range(10):
        begin(caller_officer, address, "mailbox", "email")
    caller_officer.post("/v1/domain-validations", {
        "identifier": {"type": "email", "value": address}, "method": "mailbox"}).expect(429, "rate-limited")
    assert len(mail.wait_for(address, 10)) == 10
    for other in (address.replace("victim", "ViCTim"), address.upper()):
        caller_officer.post("/v1/domain-validations", {
            "identifier": {"type": "email", "value": other}, "method": "mailbox"}).expect(429, "rate-limited")


def test_tokens_are_nowhere_in_clear(instance, mail, caller_subscriber, nobody):
    """Neither database nor log hold a token; the sealed mail is wiped once it is answered."""
    made, token = asked(mail, caller_subscriber, fresh("sealed"))

    def columns():
        with instance.database() as connection, connection.cursor() as cursor:
            cursor.execute("""SELECT to_jsonb(m), to_jsonb(d), to_jsonb(v) FROM mail m
                JOIN domain_validation_mail d ON d.mail_id = m.id JOIN domain_validation v ON v.id = d.validation_id
                WHERE v.id = %s""", (made["id"],))
            rows = cursor.fetchall()
            cursor.execute("SELECT payload FROM job WHERE payload::text LIKE %s", (f"%{token}%",))
            return rows, cursor.fetchall()
    rows, jobs = columns()
    assert rows[0][0]["message_sealed"] and jobs == []
    assert token not in str(rows) and token.encode().hex() not in str(rows)
    answer(nobody, made, token).expect(200)
    assert columns()[0][0][0]["message_sealed"] is None
    assert not any(token in log.read_text(errors="replace") for log in instance.logs)


def wait_state(caller, made, state, seconds=30):
    until = time.monotonic() + seconds
    while (seen := read(caller, made)["mails"][0])["state"] != state:
        assert time.monotonic() < until, seen
        time.sleep(0.1)
    return seen


def contact(dns, local):
    """A name whose TXT record names a mailbox that the peer answers as its local part says."""
    name = fresh("scripted")
    dns.set(f"_validation-contactemail.{name}", "TXT", f'"{local}@{name}"')
    return name


def test_a_refusal_is_final_and_a_delay_is_not(dns, mail, caller_subscriber):
    """550 for the recipient ends the mail at once; 450 is tried again until it is taken, as the same message."""
    made = begin(caller_subscriber, contact(dns, "code550-x"), "email_txt")
    seen = wait_state(caller_subscriber, made, "failed")
    assert seen["code"] == "delivery-failed" and "refused" in seen["detail"]
    name = contact(dns, "once450-x")
    made = begin(caller_subscriber, name, "email_txt")
    wait_state(caller_subscriber, made, "sent")
    assert len(mail.mails(f"once450-x@{name}")) == 1


@pytest.mark.parametrize("broken", ["plain", "wrong_ca", "expired", "wrong_host"])
def test_a_relay_without_good_tls_gets_nothing(instance, callers, mail, broken):
    """Neither password nor mail go to a relay without good TLS: the next one by priority sends it, operators hear of it."""
    enterprise = Enterprise(instance, callers["admin"])
    enterprise.relay(broken, priority=1, username="reissued", password="s3cret-of-the-relay")
    enterprise.relay("starttls", priority=2)
    before = time.time()
    made, _ = asked(mail, enterprise.officer, fresh("tls"))
    wait_state(enterprise.officer, made, "sent")
    seen = "".join(one["data"] for one in mail.wire(broken, before))
    assert "EHLO" in seen and not re.search("AUTH|MAIL|RCPT|s3cret", seen)
    assert any(b'"mail.relay_failed"' in line for log in instance.logs for line in log.read_bytes().splitlines())


def test_a_relay_that_refuses_the_password(instance, callers, mail):
    """535 to the sign-in is the relay's failure, not the mail's: it waits, and goes when the password is right."""
    enterprise = Enterprise(instance, callers["admin"])
    relay = enterprise.relay("auth", username="reissued", password="wrong")
    name = fresh("auth")
    made = begin(enterprise.officer, name, to=f"admin@{name}")
    until = time.monotonic() + 20
    while read(enterprise.officer, made)["mails"][0]["code"] != "provider-unavailable":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert read(enterprise.officer, made)["mails"][0]["state"] == "queued" and mail.mails(f"admin@{name}") == []
    enterprise.admin.patch(f"/v1/connectors/{relay}", {"settings": {"password": mail.state["password"]}}).expect(200)
    wait_state(enterprise.officer, made, "sent")
    assert len(mail.mails(f"admin@{name}")) == 1


def test_a_breaker_spares_a_dead_relay(instance, callers, mail):
    """After five failures in a row a dead relay is not asked again for a while; mails go by the other one at once."""
    enterprise = Enterprise(instance, callers["admin"])
    dead = enterprise.relay(priority=1, port=1)
    enterprise.relay("implicit", priority=2)
    for _ in range(6):
        made, _ = asked(mail, enterprise.officer, fresh("dead"))
        wait_state(enterprise.officer, made, "sent")
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT failures, open_until > clock_timestamp() FROM connector_breaker WHERE connector_id = %s",
                       (dead,))
        assert cursor.fetchone() == (5, True)
        cursor.execute("SELECT tries FROM mail WHERE object_id = %s", (made["id"],))
        assert [one["verdict"] for one in cursor.fetchone()[0]] == ["taken"]


def test_a_relay_that_hangs_hinders_nobody(instance, callers, dns, mail, journey, caller_subscriber):
    """While mails hang at one enterprise's relay another's mails and the other jobs are done at once."""
    hanging = Enterprise(instance, callers["admin"])
    hanging.relay(timeout_s=15)
    for _ in range(4):
        begin(hanging.officer, contact(dns, "hang-x"), "email_txt")
    time.sleep(1.5)  # they are on their way
    begun = time.monotonic()
    name = fresh("meanwhile")
    begin(caller_subscriber, name, to=f"admin@{name}")
    profile = journey.profile(caa="required", agreement_id=None)
    certificate = journey.callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller_subscriber), "subject": {"common_name": "Old Name"}}).expect(201)
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, certificate["id"]))
    request = journey.request(certificate.json, csr=make_csr(make_key()), san=[{"type": "dns", "value": "ok.caatest"}])
    path = f"/v1/reissue-requests/{request['id']}"
    caller_subscriber.post(f"{path}/verify", {}, headers={"Prefer": "respond-async"}).expect(202)
    while caller_subscriber.get(path).expect(200)["domains"][0]["status"] != "verified":
        assert time.monotonic() - begun < 8
        time.sleep(0.1)
    mail.wait_for(f"admin@{name}", seconds=8)
    assert time.monotonic() - begun < 8


# --- what it is worth ---

def test_a_parent_covers_a_child_where_its_method_allows(journey, dns, mail, caller_subscriber, nobody):
    """A parent's proof by mail covers names below it and its wildcard; a file covers its own name alone."""
    parent = fresh("parent")
    child, deep = f"www.{parent}", f"a.b.{parent}"
    profile = journey.profile(caa="none", control="required", agreement_id=None,
                              control_methods=["email_constructed", "email_txt"])
    certificate = journey.callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller_subscriber), "subject": {"common_name": "Old Name"}}).expect(201)
    with journey.instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, certificate["id"]))
    request = journey.request(certificate.json, csr=make_csr(make_key()), san=[
        {"type": "dns", "value": name} for name in (parent, child, deep, f"*.{parent}", f"x{parent}")])

    def statuses():
        seen = caller_subscriber.get(f"/v1/reissue-requests/{request['id']}").expect(200)
        return [(one["name"], one["wildcard"], one["control"]["status"]) for one in seen["domains"]]

    made, token = asked(mail, caller_subscriber, parent)
    assert statuses()[0][2] == "pending"
    answer(nobody, made, token).expect(200)
    assert statuses() == [(parent, False, "valid"), (child, False, "valid"), (deep, False, "valid"),
                          (parent, True, "valid"), (f"x{parent}", False, "none")]
    refused = caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready")
    assert [one["pointer"] for one in refused["blockers"]] == ["/san/4"]
    caller_subscriber.patch(f"/v1/reissue-requests/{request['id']}", {"san": [
        {"type": "dns", "value": name} for name in (parent, child, deep, f"*.{parent}")]}).expect(200)
    caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/verify", {}).expect(200)
    done = caller_subscriber.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    assert done["status"] == "issued"


def test_a_domain_covers_its_mailboxes(journey, mail, caller_subscriber, nobody):
    """The proof of a domain covers a mailbox in it and below it (S/MIME BR 3.2.2.1); a mailbox covers itself alone."""
    domain = fresh("boxes")
    profile = journey.profile(caa="none", control="required", agreement_id=None,
                              control_methods=["email_constructed", "mailbox"])
    certificate = journey.callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller_subscriber), "subject": {"common_name": "Old Name"}}).expect(201)
    with journey.instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, certificate["id"]))
    boxes = [f"bob@{domain}", f"eve@mail.{domain}", f"joe@x{domain}"]
    request = journey.request(certificate.json, csr=make_csr(make_key()),
                              san=[{"type": "email", "value": box} for box in boxes])

    def statuses():
        seen = caller_subscriber.get(f"/v1/reissue-requests/{request['id']}").expect(200)
        return [one["control"]["status"] for one in seen["domains"]]

    made, token = asked(mail, caller_subscriber, boxes[2], to=boxes[2], method="mailbox", kind="email")
    answer(nobody, made, token).expect(200)
    assert statuses() == ["none", "none", "valid"]
    made, token = asked(mail, caller_subscriber, domain)
    answer(nobody, made, token).expect(200)
    assert statuses() == ["valid", "valid", "valid"]
