-- A draft, unless the owner may not, the key is taken, or the certificate has an open request.
WITH o AS MATERIALIZED (
    SELECT u.status, u.status NOT IN ('suspended', 'blocked') AND NOT EXISTS (
        SELECT 1 FROM reissue_request r WHERE r.certificate_id = $3::uuid
            AND r.status NOT IN ('issued', 'cancelled', 'expired')) AS free
    FROM user_account u WHERE u.id = $8::uuid
), k AS MATERIALIZED (
    SELECT CASE WHEN $20::bytea IS NULL THEN 'ok'
        ELSE spki_claim_key($20::bytea, $8::uuid, $1::uuid) END AS claim
    FROM o WHERE o.free
), u AS (
    INSERT INTO reissue_request (id, enterprise_id, certificate_id, lineage_id, profile_id,
        profile_revision, category, owner_id, requested_by, requested_by_client, reason, status, subject,
        san, validity, common_name, search_text, message, csr_der, spki_der, spki_sha256, key, checks,
        ignored, inherited_faults, digest, previous_action, created_at, updated_at, status_changed_at,
        expires_at, number)
    SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bigint, $7, $8::uuid, $9::uuid,
        $10::boolean, $11, 'draft', $12::jsonb, $13::jsonb, $14::jsonb, $15, lower($16), $17, $18::bytea,
        $19::bytea, $20::bytea, $21::jsonb, $22::jsonb, $23::jsonb, $24::jsonb, $25::bytea, $26,
        $27::timestamptz, $27::timestamptz, $27::timestamptz, $28::timestamptz,
        $29 || lpad(n.n::text, greatest(6, length(n.n::text)), '0')
    FROM k, (SELECT nextval('reissue_number') AS n) n WHERE k.claim = 'ok'
    ON CONFLICT (certificate_id) WHERE status NOT IN ('issued', 'cancelled', 'expired') DO NOTHING
    RETURNING number
), e AS MATERIALIZED (
    SELECT audit_write($30::jsonb) AS events, idem_effect($31::jsonb, 'reissue_request', $1::uuid) AS held
    FROM u
)
SELECT o.status AS owner_status, k.claim, u.number, e.events, e.held
FROM o LEFT JOIN k ON true LEFT JOIN u ON true LEFT JOIN e ON true
