-- Tx1 of an enrolment: claims key $1 for the issuance $2 and records the intent, unless the owner may
-- not or the profile has moved on; $15 events. A second factor $17, passed by $18 for the profile, is
-- consumed with it. Safe to run again: the second time `intended` tells
-- the first.
WITH o AS MATERIALIZED (
    SELECT u.id, u.enterprise_id FROM user_account u JOIN profile p ON p.enterprise_id = u.enterprise_id
    WHERE u.id = $3::uuid AND u.status NOT IN ('suspended', 'blocked')
      AND p.id = $4::uuid AND p.revision = $5::bigint AND p.active
), h AS MATERIALIZED (
    SELECT c.id FROM o JOIN challenge c ON c.profile_id = $4::uuid
    WHERE c.id = $17::uuid AND c.operation = 'enrol' AND c.user_id = $18::uuid AND c.status = 'verified'
      AND c.verified_until > $6::timestamptz
    FOR UPDATE OF c
), k AS MATERIALIZED (
    SELECT spki_claim_key($1::bytea, $3::uuid, $2::uuid) AS claim, o.enterprise_id FROM o
    WHERE $17::uuid IS NULL OR EXISTS (SELECT 1 FROM h)
       OR EXISTS (SELECT 1 FROM issuance x WHERE x.id = $2::uuid)
), i AS (
    INSERT INTO issuance (id, enterprise_id, issuer_id, serial, tbs, tbs_sha256, content, state,
        sign_before, lease_until, lease_holder, certificate_id, created_at, updated_at)
    SELECT $2::uuid, k.enterprise_id, $7::uuid, $8::bytea, $9::bytea, $10::bytea, $11::jsonb,
        'intended', $12::timestamptz, clock_timestamp() + interval '15 seconds', $13, $14::uuid,
        $6::timestamptz, $6::timestamptz
    FROM k WHERE k.claim = 'ok'
    ON CONFLICT DO NOTHING
    RETURNING certificate_id
), f AS (
    UPDATE challenge c SET status = 'consumed', updated_at = $6::timestamptz, revision = c.revision + 1
    FROM i, h WHERE c.id = h.id
), e AS MATERIALIZED (
    SELECT audit_write($15::jsonb) AS events, idem_effect($16::jsonb, 'certificate', i.certificate_id) AS held
    FROM i
)
SELECT k.claim, e.events, e.held,
    EXISTS (SELECT 1 FROM i) OR EXISTS (SELECT 1 FROM issuance x WHERE x.id = $2::uuid) AS intended
FROM k LEFT JOIN e ON true
