"""3.3: the keys of the keyring are changed without a gap: add, activate, rewrap, retire."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from support.calls import World

SEALED = """
    SELECT 'connector', m.value->>'kid' FROM connector c, jsonb_each(c.secrets) m
    UNION ALL SELECT 'user_means', kid FROM user_means
    UNION ALL SELECT 'domain_validation', token_kid FROM domain_validation WHERE token_sealed IS NOT NULL
    UNION ALL SELECT 'mail', message_kid FROM mail WHERE message_sealed IS NOT NULL"""
# JSON has no columns of its own; the check value is what the name stands for.
WITHIN = {("connector", "secrets"), ("job", "payload")}
NO_USE = {("keyring_check", "kid")}


def rows(own, statement, *values):
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def reload(own):
    """The service reads the keyring again while it serves."""
    before = len(own.log_lines("server.reloaded", 1000))
    for pid in own.pids():
        os.kill(pid, signal.SIGHUP)
    until = time.monotonic() + 15
    while len(own.log_lines("server.reloaded", 1000)) < before + len(own.pids()):
        assert time.monotonic() < until, own.log_lines("reload.refused")
        time.sleep(0.05)


class Keyring:
    """`reissued keyring` with the instance's configuration."""

    def __init__(self, own):
        self.own, self.file = own, own.dir / "keyring"
        self.binary = os.readlink(f"/proc/{own.pids()[0]}/exe")

    def command(self, *words):
        return [self.binary, "keyring", *words, "--json", "--config", self.own["CONFIG_FILE"]]

    def run(self, *words, status=0):
        told = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=60, check=False)
        assert told.returncode == status, (words, told.stdout, told.stderr)
        return json.loads(told.stdout if status == 0 else told.stderr.splitlines()[-1] if "{" not in told.stderr
                          else told.stderr[told.stderr.index("{"):])

    def start(self, *words, **environment):
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, text=True,
                                env={**os.environ, **environment})

    @property
    def ring(self):
        return json.loads(self.file.read_text())

    def under(self):
        """How many renewable values are under which key."""
        count = {}
        for _, kid in rows(self.own, SEALED):
            count[kid] = count.get(kid, 0) + 1
        return count


@pytest.fixture
def keyring(own):
    return Keyring(own)


def test_every_place_that_names_a_key_is_known(own, keyring):
    """kids.def has a row for each column of the schema that holds a kid, and sealed columns have one."""
    places = {(place["relation"], place["column"]) for place in keyring.run("uses")["places"]}
    columns = set(rows(own, "SELECT table_name, column_name FROM information_schema.columns c "
                            "JOIN information_schema.tables USING (table_schema, table_name) "
                            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"))
    assert {column for column in columns if column[1].endswith("kid")} == (places - WITHIN) | NO_USE
    assert WITHIN <= places & columns
    for table, column in columns:
        if column.endswith("sealed"):
            assert (table, column.removesuffix("sealed") + "kid") in places, (table, column)


class Load(threading.Thread):
    """Somebody who works beside: reads what is sealed and seals more, until told to stop."""

    def __init__(self, caller, paths):
        super().__init__()
        self.caller, self.paths, self.over = caller, paths, threading.Event()
        self.statuses, self.made = [], []

    def run(self):
        while not self.over.is_set():
            for path, shown in self.paths.items():
                answer = self.caller.get(path)
                self.statuses.append(answer.status)
                if answer.status != 200 or answer["instructions"] != shown:
                    self.statuses.append("another token")
            answer = self.caller.post("/v1/domain-validations", {
                "identifier": {"type": "dns", "value": f"load{len(self.made)}.example.test"}, "method": "dns_txt"})
            self.statuses.append(answer.status)
            if answer.status == 201:
                self.made.append("/v1/domain-validations/" + answer["id"])

    def end(self):
        self.over.set()
        self.join(60)
        assert not self.is_alive()
        assert set(self.statuses) <= {200, 201}, self.statuses


def test_keys_change_without_a_gap(own, keyring):
    """add, activate, rewrap (killed, twice at once, beside a service that seals), retire: all stays readable."""
    world, owner = World(own, own.journey()), own.caller("SUBSCRIBER_TOKEN")
    session = world.lonely()
    session.post("/v1/me/totp/confirm", {"code": world.app_code(session)}).expect(204)
    shown = {}
    for number in range(12):
        made = owner.post("/v1/domain-validations", {"identifier": {
            "type": "dns", "value": f"rewrap{number}.example.test"}, "method": "dns_txt"}).expect(201)
        path = "/v1/domain-validations/" + made["id"]
        shown[path] = owner.get(path).expect(200)["instructions"]
    sso = rows(own, "SELECT id FROM connector WHERE kind = 'oidc' AND secrets <> '{}'")[0][0]
    old = keyring.ring["active"]
    assert {"connector", "user_means", "domain_validation"} <= {relation for relation, _ in rows(own, SEALED)}
    assert set(keyring.under()) == {old}

    load = Load(owner, shown)
    load.start()
    try:
        new = keyring.run("add")["kid"]
        assert keyring.ring["active"] == old and new in keyring.ring["keys"]
        reload(own)
        assert keyring.run("rewrap")["renewed"] == 0, "a key that is not active renews nothing"
        assert keyring.run("retire", old, status=1)["code"] == "in-use", "the active key stays"
        keyring.run("activate", new)
        reload(own)
        refused = keyring.run("retire", old, "--give-up-evidence", status=1)
        assert refused["code"] == "in-use" and "domain_validation.token_kid" in refused["detail"]
        assert old in keyring.ring["keys"]
        begun = keyring.under()[old]
        killed = keyring.start("rewrap", REISSUED_FAILPOINT="before_renew:sleep:50")
        until = time.monotonic() + 30
        while keyring.under()[old] > begun - 3 and time.monotonic() < until:
            time.sleep(0.02)
        killed.kill()
        killed.wait()
        missing = keyring.under()[old]
        assert 0 < missing < begun, "killed in the middle"
        both = [keyring.start("rewrap", REISSUED_FAILPOINT="before_renew:sleep:10") for _ in range(2)]
        told = [json.loads(one.communicate(timeout=60)[0]) for one in both]
        assert [one.returncode for one in both] == [0, 0]
        assert all(done["active"] == new and done["left"] == done["unreadable"] == 0 for done in told), told
        assert sum(done["renewed"] for done in told) == missing, "each value once"
        assert set(keyring.under()) == {new}
    finally:
        load.end()
    assert load.made, "something was sealed meanwhile"
    assert keyring.run("rewrap") == {"active": new, "renewed": 0, "left": 0, "unreadable": 0}
    assert f"{new}: " in rows(own, "SELECT detail FROM audit_event WHERE action = 'keyring.rewrapped'")[0][0]

    # What passes is waited for; here its time is over at once.
    rows(own, "DELETE FROM idempotency")
    refused = keyring.run("retire", old, status=1)
    assert refused["code"] == "in-use" and "audit_event.mac_kid" in refused["detail"]
    assert old in keyring.ring["keys"] and rows(own, "SELECT 1 FROM keyring_check WHERE kid = %s", old)
    signed = rows(own, "SELECT count(*) FROM audit_event WHERE mac_kid = %s", old)[0][0]
    assert keyring.run("retire", old, "--give-up-evidence")["given_up"] >= signed
    assert list(keyring.ring["keys"]) == [new]
    assert not rows(own, "SELECT 1 FROM keyring_check WHERE kid = %s", old)
    assert "given up" in rows(own, "SELECT detail FROM audit_event WHERE action = 'keyring.retired'")[0][0]
    assert keyring.run("retire", old, "--give-up-evidence", status=1)["code"] == "not-found"
    assert keyring.run("retire", "nobody", status=1)["code"] == "not-found"
    assert keyring.run("activate", "nobody", status=1)["code"] == "not-found"
    reload(own)
    for path, instructions in shown.items():
        assert owner.get(path).expect(200)["instructions"] == instructions
    tested = own.caller("ENTERPRISE_ADMIN_TOKEN").post(f"/v1/connectors/{sso}/test", {}).expect(200)
    assert tested["ok"], tested.text


def test_a_retiring_that_was_killed_is_ended_by_the_next(own, keyring):
    """With the key out of the file and its check value still there retire does the rest; an unused key goes at once."""
    kid = keyring.run("add")["kid"]
    keyring.run("uses")
    assert rows(own, "SELECT 1 FROM keyring_check WHERE kid = %s", kid), "whoever sees a key first records it"
    ring = keyring.ring
    del ring["keys"][kid]
    keyring.file.write_text(json.dumps(ring))
    assert keyring.run("retire", kid) == {"retired": kid, "given_up": 0}
    assert not rows(own, "SELECT 1 FROM keyring_check WHERE kid = %s", kid)


def test_what_does_not_open_is_told_and_stays(own, keyring):
    """A value under a key that nobody has is counted, stays as it is, and the rest goes on."""
    lost = rows(own, "UPDATE domain_validation SET token_kid = 'lost' WHERE id = (SELECT id FROM domain_validation "
                     "WHERE token_sealed IS NOT NULL ORDER BY id DESC LIMIT 1) RETURNING id")[0][0]
    kept = rows(own, "SELECT token_sealed FROM domain_validation WHERE id = %s", lost)
    active = keyring.ring["active"]
    try:
        done = keyring.run("rewrap")
        assert (done["left"], done["unreadable"]) == (1, 1)
        assert rows(own, "SELECT token_sealed FROM domain_validation WHERE id = %s", lost) == kept
    finally:
        rows(own, "UPDATE domain_validation SET token_kid = %s WHERE id = %s", active, lost)
    assert keyring.run("rewrap")["left"] == 0


def test_a_change_beside_does_not_bring_back_the_older_key(own):
    """Secrets that were sealed anew between reading and writing of a change: the change is refused, and can be repeated."""
    admin = own.caller("ENTERPRISE_ADMIN_TOKEN")
    sso = str(rows(own, "SELECT id FROM connector WHERE kind = 'oidc' AND secrets <> '{}'")[0][0])
    told = []
    change = threading.Thread(target=lambda: told.append(
        admin.patch(f"/v1/connectors/{sso}", {"display_name": "Another sign-on"})))
    with own.database() as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("UPDATE connector SET secrets = (SELECT jsonb_object_agg(key, value || '{\"kid\": \"renewed\"}') "
                       "FROM jsonb_each(secrets)) WHERE id = %s", (sso,))
        change.start()
        until = time.monotonic() + 2
        while time.monotonic() < until and not rows(own, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)
        connection.commit()
    change.join(10)
    assert told[0].status == 409, told[0].text
    assert rows(own, "SELECT DISTINCT m.value->>'kid' FROM connector c, jsonb_each(secrets) m WHERE c.id = %s",
                sso) == [("renewed",)]
    rows(own, "UPDATE connector SET secrets = (SELECT jsonb_object_agg(key, value || jsonb_build_object('kid', %s::text)) "
              "FROM jsonb_each(secrets)) WHERE id = %s", Keyring(own).ring["active"], sso)
    admin.patch(f"/v1/connectors/{sso}", {"display_name": "Another sign-on"}).expect(200)
