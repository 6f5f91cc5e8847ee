"""3.3: sealed values follow the keyring: `keyring rotate`, restart, `keyring rewrap`."""
import json
import os
import subprocess

from support.calls import World

SEALED = """
    SELECT 'connector', m.value->>'kid' FROM connector c, jsonb_each(c.secrets) m
    UNION ALL SELECT 'user_means', kid FROM user_means WHERE state = 'active'
    UNION ALL SELECT 'domain_validation', token_kid FROM domain_validation WHERE token_sealed IS NOT NULL
    UNION ALL SELECT 'mail', message_kid FROM mail WHERE message_sealed IS NOT NULL"""
# On their way for minutes, or evidence, which nobody rewrites.
STAY = {("challenge", "private_sealed"), ("challenge_delivery", "code_sealed"),
        ("challenge_delivery", "destination_sealed"), ("challenge_event", "proof_sealed")}
RENEWED = {("user_means", "sealed"), ("domain_validation", "token_sealed"), ("mail", "message_sealed")}


def rows(own, statement):
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def restart(own):
    own.dev("down")
    own.dev("up", "--preset", os.environ.get("REISSUED_PRESET", "dev"))
    own.wait_ready()


def test_every_sealed_column_is_renewed_or_known_to_stay(own):
    """No column that holds sealed values is forgotten."""
    found = rows(own, "SELECT table_name, column_name FROM information_schema.columns "
                      "WHERE table_schema = 'public' AND column_name LIKE '%sealed'")
    assert set(found) == STAY | RENEWED


def test_a_rotated_keyring_seals_anew(own):
    """After rotate and restart rewrap seals all under the new key, also when it was killed; the old key may go."""
    world, keyring = World(own, own.journey()), own.dir / "keyring"
    owner = own.caller("SUBSCRIBER_TOKEN")
    session = world.lonely()
    session.post("/v1/me/totp/confirm", {"code": world.app_code(session)}).expect(204)
    validation = "/v1/domain-validations/" + owner.post("/v1/domain-validations", {
        "identifier": {"type": "dns", "value": "rewrap.example.test"}, "method": "dns_txt"}).expect(201)["id"]
    shown = owner.get(validation).expect(200)["instructions"]
    sso = rows(own, "SELECT id FROM connector WHERE kind = 'oidc' AND secrets <> '{}'")[0][0]
    binary = os.readlink(f"/proc/{own.pids()[0]}/exe")

    def command(*words):
        return [binary, "keyring", *words, "--json"]

    def rewrap():
        told = subprocess.run(command("rewrap", "--config", own["CONFIG_FILE"]), capture_output=True, text=True, timeout=60,
                              check=False)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    before = rows(own, SEALED)
    assert {"connector", "user_means", "domain_validation"} <= {relation for relation, _ in before}
    subprocess.run(command("rotate", "--file", str(keyring)), check=True, capture_output=True)
    ring = json.loads(keyring.read_text())
    assert {kid for _, kid in before}.isdisjoint({ring["active"]})
    restart(own)
    assert owner.get(validation).expect(200)["instructions"] == shown
    killed = subprocess.Popen(command("rewrap", "--config", own["CONFIG_FILE"]), stdout=subprocess.DEVNULL)
    killed.kill()
    killed.wait()
    done = rewrap()
    assert done["active"] == ring["active"] and done["left"] == 0
    assert {kid for _, kid in rows(own, SEALED)} == {ring["active"]}
    assert rewrap() == {"active": ring["active"], "renewed": 0, "left": 0}
    ring["keys"] = {ring["active"]: ring["keys"][ring["active"]]}
    keyring.write_text(json.dumps(ring))
    restart(own)
    assert owner.get(validation).expect(200)["instructions"] == shown
    tested = own.caller("ENTERPRISE_ADMIN_TOKEN").post(f"/v1/connectors/{sso}/test", {}).expect(200)
    assert tested["ok"], tested.text
