"""The oracle of 7.2.1: what must hold of an instance after whatever was done to it.

An auditor's eyes: read-only SQL past row-level security, the signers' journals, and python3-cryptography
for what was signed. Each check raises AssertionError with what breaks it.
"""
import datetime
import hashlib
import json
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from .calls import printed
from .instance import CALLERS
from .leaf import san_of, spki_of, subject_of

# What the trail tells more exactly than the table of transitions does.
TOLD_AS = {"reissue_request.deleted": "reissue_request.cancelled", "reissue_request.key_set": "reissue_request.edited"}
MOST = 300  # certificates that are looked into, the newest first


class Oracle:
    def __init__(self, instance, binary, journals):
        self.instance, self.binary, self.journals = instance, binary, journals
        self.moves = {(row["from"], row["to"], row["audit_action"]) for row in printed("machine")}

    def rows(self, sql, *values):
        with self.instance.database() as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def none(self, sql, *values):
        found = self.rows(sql, *values)
        assert not found, f"{sql.split(chr(10))[0]}: {found[:5]}"

    def signatures(self):
        """(serial, SHA-256 of the TBS) of every signature in the journals."""
        signed = set()
        for journal in self.journals:
            if journal.exists():
                out = subprocess.run([self.binary, "journal", "list", "--json", str(journal)], check=True,
                                     capture_output=True, text=True).stdout
                signed |= {(entry["serial"].lstrip("0"), entry["tbs_sha256"].removeprefix("sha256:"))
                           for entry in json.loads(out)}
        return signed

    def check(self, acknowledged=()):
        self.acknowledged_is_stored(acknowledged)
        self.one_certificate_a_request()
        self.journal_is_intended()
        self.nothing_hangs()
        self.factors_were_passed()
        self.trail_tells_the_state()
        self.certificates_are_whole()
        self.no_secret_is_kept()

    def acknowledged_is_stored(self, acknowledged):
        """I4: a certificate that was answered with 2xx is there, byte for byte."""
        for der in acknowledged:
            digest = hashlib.sha256(der).digest()
            found = self.rows("SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id "
                              "WHERE c.fingerprint_sha256 = %s", digest)
            assert [bytes(row[0]) for row in found] == [der], digest.hex()

    def one_certificate_a_request(self):
        """I1, I5: one certificate a request and round, one serial a certificate."""
        self.none("SELECT issued_by_request_id, count(*) FROM certificate WHERE issued_by_request_id IS NOT NULL "
                  "GROUP BY 1 HAVING count(*) > 1")
        self.none("SELECT request_id, round FROM issuance WHERE state <> 'abandoned' AND request_id IS NOT NULL "
                  "GROUP BY 1, 2 HAVING count(*) > 1")
        self.none("SELECT issuer_id, serial FROM issuance GROUP BY 1, 2 HAVING count(*) > 1")
        self.none("SELECT r.id FROM reissue_request r WHERE (r.status = 'issued') <> (r.new_certificate_id IS NOT NULL) "
                  "OR (r.status = 'issued') <> EXISTS (SELECT 1 FROM certificate c WHERE c.issued_by_request_id = r.id "
                  "AND c.id = r.new_certificate_id)")

    def factors_were_passed(self):
        """I17, I18: nothing left `authenticating` for a certificate but by one consumed challenge of that very round,
        content and owner; no challenge bore more answers than its limit, and what ended keeps no secret."""
        wanting = ("FROM reissue_request r JOIN profile_revision p ON p.profile_id = r.profile_id "
                   "AND p.revision = r.profile_revision WHERE jsonb_array_length(coalesce("
                   "p.body->'second_factor'->'reissue', '[]')) > 0 AND r.status IN ('pending', 'in_review', "
                   "'pending_dual_control', 'issuing', 'issued')")
        self.none(f"SELECT r.id, r.status {wanting} AND (r.factor_round IS DISTINCT FROM r.round "
                  "OR r.factor_digest IS DISTINCT FROM r.digest)")
        self.none(f"SELECT r.id, r.status {wanting} AND (SELECT count(*) FROM challenge c WHERE c.request_id = r.id "
                  "AND c.operation = 'reissue' AND c.status = 'consumed' AND c.round = r.round AND c.digest = r.digest "
                  "AND c.user_id = r.owner_id) <> 1")
        self.none("SELECT c.id FROM challenge c WHERE c.attempts < (SELECT count(*) FROM challenge_event e "
                  "WHERE e.challenge_id = c.id AND e.kind = 'attempt' AND e.outcome = 'wrong')")
        self.none("SELECT c.id FROM challenge c WHERE c.status = 'consumed' AND c.operation = 'reissue' AND NOT EXISTS "
                  "(SELECT FROM challenge_event e WHERE e.challenge_id = c.id AND e.kind = 'attempt' "
                  "AND e.outcome = 'passed')")
        self.none("SELECT d.id FROM challenge_delivery d JOIN challenge c ON c.id = d.challenge_id "
                  "WHERE c.ended_at IS NOT NULL AND (d.code_sealed IS NOT NULL OR d.destination_sealed IS NOT NULL)")

    def journal_is_intended(self):
        """I2, I3, I7: what was signed was intended before, once a serial; it is stored, or given up and burnt."""
        signed = self.signatures()
        assert len({serial for serial, _ in signed}) == len(signed), "a serial with two TBS"
        issuances = {(row[0].lstrip("0"), row[1]): row[2] for row in self.rows(
            "SELECT encode(serial, 'hex'), encode(tbs_sha256, 'hex'), state FROM issuance")}
        assert signed <= set(issuances), signed - set(issuances)
        assert {issuances[one] for one in signed} <= {"issued", "abandoned"}, "signed, and neither stored nor given up"
        issued = {one for one, state in issuances.items() if state == "issued"}
        assert issued <= signed, issued - signed
        self.none("SELECT id FROM issuance WHERE state = 'issued' AND NOT EXISTS (SELECT 1 FROM certificate c JOIN "
                  "certificate_der d ON d.certificate_id = c.id WHERE c.id = issuance.certificate_id "
                  "AND d.der = issuance.der)")

    def nothing_hangs(self):
        """No request is `issuing` without a live lease, and none stays so without an intent."""
        self.none("SELECT r.id FROM reissue_request r WHERE r.status = 'issuing' AND NOT EXISTS (SELECT 1 FROM "
                  "issuance i WHERE i.request_id = r.id AND i.state = 'intended')")
        self.none("SELECT id FROM issuance WHERE state = 'intended' AND lease_until < clock_timestamp() - "
                  "interval '5 seconds'")

    def trail_tells_the_state(self):
        """I27: the events of a request lead from state to state as the table allows, and end at the stored one."""
        at = {}
        for request, action, begin, end in self.rows(
                "SELECT object_id, action, from_state, to_state FROM audit_event WHERE outcome = 'done' AND "
                "object_type = 'reissue_request' AND to_state IS NOT NULL ORDER BY seq"):
            if action == "reissue_request.created":
                assert request not in at and end == "draft", request
            else:
                assert at[request] == begin, f"{request}: {action} from {begin}, but it was {at[request]}"
                move = (begin, end, TOLD_AS.get(action, action))
                assert move in self.moves, f"{request}: {move} is in no row of the table"
            at[request] = end
        stored = dict(self.rows("SELECT id, status FROM reissue_request"))
        assert stored == at, {one: (stored.get(one), at.get(one)) for one in {*stored, *at}
                              if stored.get(one) != at.get(one)}
        self.none("SELECT c.id, c.status, e.to_state FROM certificate c LEFT JOIN LATERAL (SELECT to_state FROM "
                  "audit_event WHERE object_id = c.id AND object_type = 'certificate' AND outcome = 'done' AND "
                  "to_state IS NOT NULL ORDER BY seq DESC LIMIT 1) e ON true WHERE e.to_state IS DISTINCT FROM c.status")

    def certificates_are_whole(self):
        """I6, I20, I26: what is stored parses, verifies, passes the linter, and is what was approved, field by field."""
        issuers = {row[0]: x509.load_der_x509_certificate(bytes(row[1]))
                   for row in self.rows("SELECT id, certificate_der FROM issuer")}
        for der, serial, subject, san, spki, issuer, begin, end, approved in self.rows(
                "SELECT d.der, encode(c.serial, 'hex'), c.subject, c.san, encode(c.spki_sha256, 'hex'), c.issuer_id, "
                "c.not_before, c.not_after, (SELECT jsonb_build_object('subject', r.subject, 'san', r.san, 'spki', "
                "encode(r.spki_sha256, 'hex')) FROM reissue_request r WHERE r.id = c.issued_by_request_id) "
                "FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id WHERE c.source = 'issued' "
                f"ORDER BY c.created_at DESC LIMIT {MOST}"):
            leaf = x509.load_der_x509_certificate(bytes(der))
            assert leaf.public_bytes(Encoding.DER) == bytes(der)
            verify(leaf, issuers[issuer])
            assert leaf.serial_number == int(serial, 16)
            assert 0 < leaf.serial_number.bit_length() <= 159
            names = [(name["type"], name["value"]) for name in san]
            assert (subject_of(leaf), san_of(leaf), spki_of(leaf)) == (subject, names, f"sha256:{spki}")
            assert (leaf.not_valid_before, leaf.not_valid_after) == tuple(
                when.astimezone(datetime.timezone.utc).replace(tzinfo=None) for when in (begin, end))
            if approved:
                assert (approved["subject"], approved["san"], approved["spki"]) == (subject, san, spki)
        self.lint()

    def lint(self):
        with tempfile.NamedTemporaryFile(suffix=".der") as file:
            for (der,) in self.rows("SELECT der FROM issuance WHERE state = 'issued' ORDER BY updated_at DESC LIMIT 50"):
                file.seek(0)
                file.truncate()
                file.write(bytes(der))
                file.flush()
                done = subprocess.run([self.binary, "lint", file.name], capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stdout + done.stderr

    def no_secret_is_kept(self):
        """I29: no token that a caller holds stands in a log or in the database."""
        secrets = [self.instance[token] for token in CALLERS.values()] + [self.instance["SUBSCRIBER_PASSWORD"]]
        kept = {str(log): log.read_text(errors="replace") for log in (self.instance.dir / "log").glob("*.log")}
        kept["the database"] = dump(self.instance)
        for place, text in kept.items():
            assert not any(secret in text for secret in secrets), f"a secret stands in {place}"


def dump(instance):
    """The whole database as SQL."""
    return subprocess.run(["pg_dump", "-h", str((instance.dir / "sock").resolve()), "-p",
                           (instance.dir / "pg.port").read_text().strip(), "-U", "postgres", "reissued"], check=True,
                          capture_output=True).stdout.decode()


def verify(leaf, issuer):
    """Raises unless the issuer signed the certificate."""
    assert leaf.issuer == issuer.subject
    key, signed = issuer.public_key(), (leaf.signature, leaf.tbs_certificate_bytes)
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(*signed, padding.PKCS1v15(), leaf.signature_hash_algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(*signed, ec.ECDSA(leaf.signature_hash_algorithm))
    else:
        key.verify(*signed)
