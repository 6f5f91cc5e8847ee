-- Tx2: stores the signed certificate of intent $2, ends its request $1 (NULL: an enrolment), deals with
-- the previous certificate. Nothing happens when somebody else has finished or abandoned it.
-- $3 DER, $4 SHA-256 of it, $5 now, $6 events, $7 event of the previous certificate's revocation
WITH q AS MATERIALIZED (
    SELECT id FROM reissue_request WHERE id = $1::uuid FOR UPDATE SKIP LOCKED
), i AS (
    UPDATE issuance x SET state = 'issued', der = $3::bytea, updated_at = $5::timestamptz
    -- IS TRUE: it is found by its id, not by the index of all that is intended.
    WHERE x.id = $2::uuid AND (x.state = 'intended') IS TRUE AND ($1::uuid IS NULL OR EXISTS (SELECT 1 FROM q))
    RETURNING x.id, x.enterprise_id, x.request_id, x.issuer_id, x.serial, x.certificate_id, x.content
), n AS MATERIALIZED (
    SELECT i.id AS issuance_id, i.enterprise_id, i.request_id, i.issuer_id, i.certificate_id,
        ltrim(encode(i.serial, 'hex'), '0') AS serial_hex, x.*
    FROM i, jsonb_to_record(i.content) AS x (owner_id uuid, profile_id uuid, issuer_name text,
        issuer_name_sha256 text, category text, subject jsonb, san jsonb, common_name text,
        search_text text, not_before timestamptz, not_after timestamptz, key jsonb, extensions jsonb,
        spki_sha256 text, lineage_id uuid, generation integer, replaces_id uuid, previous_action text,
        previous_due_at timestamptz)
), c AS (
    INSERT INTO certificate (id, enterprise_id, owner_id, profile_id, issuer_id, issuer_name,
        issuer_name_sha256, serial, status, category, source, subject, san, common_name, search_text,
        not_before, not_after, key, extensions, spki_sha256, fingerprint_sha256, lineage_id, generation,
        replaces_id, issued_by_request_id, created_at, updated_at)
    SELECT n.certificate_id, n.enterprise_id, n.owner_id, n.profile_id, n.issuer_id, n.issuer_name,
        decode(n.issuer_name_sha256, 'hex'),
        decode(CASE WHEN length(n.serial_hex) % 2 = 1 THEN '0' ELSE '' END || n.serial_hex, 'hex'),
        'issued', n.category, 'issued', n.subject, n.san, n.common_name, n.search_text, n.not_before,
        n.not_after, n.key, n.extensions, decode(n.spki_sha256, 'hex'), $4::bytea,
        coalesce(n.lineage_id, n.certificate_id), n.generation, n.replaces_id, n.request_id,
        $5::timestamptz, $5::timestamptz
    FROM n
    RETURNING id, enterprise_id
), d AS (
    INSERT INTO certificate_der (certificate_id, enterprise_id, der)
    SELECT c.id, c.enterprise_id, $3::bytea FROM c
), k AS MATERIALIZED (
    SELECT spki_issued(decode(n.spki_sha256, 'hex'), n.owner_id, coalesce(n.request_id, n.issuance_id)) AS held
    FROM n
), u AS (
    UPDATE reissue_request r SET status = 'issued', revision = r.revision + 1,
        new_certificate_id = n.certificate_id, issued_at = $5::timestamptz, updated_at = $5::timestamptz,
        status_changed_at = $5::timestamptz, previous_due_at = n.previous_due_at
    FROM n WHERE r.id = n.request_id
    RETURNING r.id
), o AS (
    UPDATE certificate p SET revision = p.revision + 1, updated_at = $5::timestamptz,
        status = CASE n.previous_action WHEN 'revoke_on_issue' THEN 'revoked' ELSE p.status END,
        revoked_at = CASE n.previous_action WHEN 'revoke_on_issue' THEN $5::timestamptz ELSE p.revoked_at END,
        revocation_reason = CASE n.previous_action WHEN 'revoke_on_issue' THEN 'superseded'
            ELSE p.revocation_reason END,
        revocation_due_at = CASE n.previous_action WHEN 'revoke_after_days' THEN n.previous_due_at END
    FROM n
    WHERE p.id = n.replaces_id AND p.status <> 'revoked'
      AND n.previous_action IN ('revoke_on_issue', 'revoke_after_days')
    RETURNING p.status = 'revoked' AS revoked
), e AS MATERIALIZED (
    SELECT audit_write($6::jsonb) AS events FROM n
), f AS MATERIALIZED (
    SELECT audit_write($7::jsonb) AS events FROM o WHERE o.revoked
)
SELECT n.certificate_id, e.events, k.held, EXISTS (SELECT 1 FROM f) AS previous_revoked
FROM n, e, k
