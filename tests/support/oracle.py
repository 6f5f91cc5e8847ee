"""The oracle of 7.2.1: what must hold of an instance after whatever was done to it.

An auditor's eyes: read-only SQL past row-level security, the signers' journals, and OpenSSL for what
was signed. Each check raises AssertionError with the rows that break it.
"""
import hashlib
import json
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Oracle:
    def __init__(self, instance, binary, journals):
        self.instance = instance
        self.binary = binary
        self.journals = journals

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
        self.trail_tells_the_state()
        self.certificates_are_whole()

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
        self.none("SELECT request_id, round FROM issuance WHERE state = 'issued' AND request_id IS NOT NULL "
                  "GROUP BY 1, 2 HAVING count(*) > 1")
        self.none("SELECT issuer_id, serial FROM issuance GROUP BY 1, 2 HAVING count(*) > 1")

    def journal_is_intended(self):
        """I2, I3, I7: what was signed was intended before, once a serial; what is stored was signed."""
        signed = self.signatures()
        assert len({serial for serial, _ in signed}) == len(signed), "a serial with two TBS"
        intended = {(row[0].lstrip("0"), row[1]) for row in self.rows(
            "SELECT encode(serial, 'hex'), encode(tbs_sha256, 'hex') FROM issuance")}
        assert signed <= intended, signed - intended
        issued = {(row[0].lstrip("0"), row[1]) for row in self.rows(
            "SELECT encode(serial, 'hex'), encode(tbs_sha256, 'hex') FROM issuance WHERE state = 'issued'")}
        assert issued <= signed, issued - signed

    def nothing_hangs(self):
        """No request is `issuing` without a live lease, and none stays so without an intent."""
        self.none("SELECT r.id FROM reissue_request r WHERE r.status = 'issuing' AND NOT EXISTS (SELECT 1 FROM "
                  "issuance i WHERE i.request_id = r.id AND i.state = 'intended')")
        self.none("SELECT id FROM issuance WHERE state = 'intended' AND lease_until < clock_timestamp() - "
                  "interval '40 seconds'")

    def trail_tells_the_state(self):
        """I27: the last event of a request that names a state names the stored one."""
        self.none("SELECT r.id, r.status, e.to_state FROM reissue_request r CROSS JOIN LATERAL (SELECT to_state "
                  "FROM audit_event WHERE object_id = r.id AND outcome = 'done' AND to_state IS NOT NULL "
                  "ORDER BY seq DESC LIMIT 1) e WHERE e.to_state <> r.status")
        self.none("SELECT r.id FROM reissue_request r WHERE r.status = 'issued' AND (SELECT count(*) FROM "
                  "audit_event e WHERE e.object_id = r.id AND e.action = 'reissue_request.issued') <> 1")

    def certificates_are_whole(self):
        """I6, I20: every stored DER parses, has the serial, key and names that its row tells."""
        for der, serial, spki, common_name in self.rows(
                "SELECT d.der, encode(c.serial, 'hex'), encode(c.spki_sha256, 'hex'), c.common_name "
                "FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id WHERE c.source = 'issued' "
                "ORDER BY c.created_at DESC LIMIT 200"):
            leaf = x509.load_der_x509_certificate(bytes(der))
            assert leaf.serial_number == int(serial, 16)
            assert 0 < leaf.serial_number.bit_length() <= 159
            names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
            assert [name.value for name in names] == ([common_name] if common_name else [])
            public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            assert hashlib.sha256(public).hexdigest() == spki
