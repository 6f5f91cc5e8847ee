-- Tx2: stores the signed certificate of intent $2, ends its request $1 (NULL: an enrolment), deals with
-- the previous certificate. Nothing happens when somebody else has finished or abandoned it.
-- $3 DER, $4 SHA-256 of it, $5 now, $6 events, $7 event of the previous certificate's revocation
--:set
WITH x AS MATERIALIZED (
    SELECT
        w.item, w.request_id::uuid, w.id::uuid, w.der, w.sha256, w.at::timestamptz, w.events::jsonb,
        w.previous_events::jsonb
    FROM unnest(
        $1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[]
    ) WITH ORDINALITY AS w (request_id, id, der, sha256, at, events, previous_events, item)
), q AS MATERIALIZED (
    SELECT r.id FROM x JOIN reissue_request r ON r.id = x.request_id FOR UPDATE OF r SKIP LOCKED
), i AS (
    UPDATE issuance y SET state = 'issued', der = x.der, updated_at = x.at
    FROM x
    -- IS TRUE: it is found by its id, not by the index of all that is intended.
    WHERE y.id = x.id AND (y.state = 'intended') IS TRUE
      AND (x.request_id IS NULL OR x.request_id IN (SELECT q.id FROM q))
    RETURNING x.item, x.der, x.sha256, x.at, x.events, x.previous_events, y.id, y.enterprise_id,
        y.request_id, y.issuer_id, y.serial, y.certificate_id, y.content
), n AS MATERIALIZED (
    SELECT i.item, i.der, i.sha256, i.at, i.events, i.previous_events, i.id AS issuance_id,
        i.enterprise_id, i.request_id, i.issuer_id, i.certificate_id,
        ltrim(encode(i.serial, 'hex'), '0') AS serial_hex, y.*
    FROM i, jsonb_to_record(i.content) AS y (owner_id uuid, profile_id uuid, issuer_name text,
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
        'issued', n.category, 'issued', n.subject, n.san, n.common_name, lower(n.search_text), n.not_before,
        n.not_after, n.key, n.extensions, decode(n.spki_sha256, 'hex'), n.sha256,
        coalesce(n.lineage_id, n.certificate_id), n.generation, n.replaces_id, n.request_id, n.at, n.at
    FROM n
), d AS (
    INSERT INTO certificate_der (certificate_id, enterprise_id, der)
    SELECT n.certificate_id, n.enterprise_id, n.der FROM n
), k AS MATERIALIZED (
    SELECT n.item, spki_issued(decode(n.spki_sha256, 'hex'), n.owner_id,
        coalesce(n.request_id, n.issuance_id)) AS held
    FROM n
), u AS (
    UPDATE reissue_request r SET status = 'issued', revision = r.revision + 1,
        new_certificate_id = n.certificate_id, issued_at = n.at, updated_at = n.at,
        status_changed_at = n.at, previous_due_at = n.previous_due_at
    FROM n WHERE r.id = n.request_id
), o AS (
    UPDATE certificate p SET revision = p.revision + 1, updated_at = n.at,
        status = CASE n.previous_action WHEN 'revoke_on_issue' THEN 'revoked' ELSE p.status END,
        revoked_at = CASE n.previous_action WHEN 'revoke_on_issue' THEN n.at ELSE p.revoked_at END,
        revocation_reason = CASE n.previous_action WHEN 'revoke_on_issue' THEN 'superseded'
            ELSE p.revocation_reason END,
        revocation_due_at = CASE n.previous_action WHEN 'revoke_after_days' THEN n.previous_due_at END
    FROM n
    WHERE p.id = n.replaces_id AND p.status <> 'revoked'
      AND n.previous_action IN ('revoke_on_issue', 'revoke_after_days')
    RETURNING n.item, n.previous_events, p.status = 'revoked' AS revoked
), e AS MATERIALIZED (
    SELECT audit_write_all(array_agg(y.events)) AS events
    FROM (SELECT n.events FROM n UNION ALL SELECT o.previous_events FROM o WHERE o.revoked) y
)
SELECT n.item, n.certificate_id, e.events, k.held,
    EXISTS (SELECT 1 FROM o WHERE o.item = n.item AND o.revoked) AS previous_revoked
FROM n JOIN k ON k.item = n.item, e
