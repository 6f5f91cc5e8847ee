-- Tx1 of a request: records the intent and moves the request, read in revision $2, to `issuing`.
-- Nothing happens unless owner and counted approvers ($14) are not blocked, a suspended owner does not
-- submit, the certificate is not suspended, the newest profile revision is $3, issuer $16 is switched on,
-- the key is this request's, the counted validations ($25) are still valid and the evidence has not run
-- out ($26).
WITH r AS MATERIALIZED (
    SELECT q.id, q.enterprise_id FROM reissue_request q
    WHERE q.id = $1::uuid AND q.revision = $2::bigint AND NOT q.hidden
      AND EXISTS (SELECT 1 FROM user_account u WHERE u.id = q.owner_id AND u.status <> 'blocked'
          AND (u.status <> 'suspended' OR q.status NOT IN ('draft', 'declined')))
      AND EXISTS (SELECT 1 FROM certificate c WHERE c.id = q.certificate_id AND c.status <> 'suspended')
      AND EXISTS (SELECT 1 FROM profile p WHERE p.id = q.profile_id AND p.revision = $3::bigint AND p.active)
      AND EXISTS (SELECT 1 FROM issuer s WHERE s.id = $16::uuid AND s.active)
      AND NOT EXISTS (SELECT 1 FROM user_account b WHERE b.id = ANY ($14::text[]::uuid[])
          AND b.status = 'blocked')
      AND NOT EXISTS (SELECT 1 FROM unnest($25::text[]) AS n (id) WHERE NOT EXISTS (SELECT 1
          FROM domain_validation d WHERE d.id = n.id::uuid AND d.status = 'valid'))
      AND ($26::timestamptz IS NULL OR $26::timestamptz > $9::timestamptz)
      AND spki_state(q.spki_sha256, q.owner_id, q.id) = 'mine'
    FOR UPDATE OF q SKIP LOCKED
), i AS (
    INSERT INTO issuance (id, enterprise_id, request_id, round, issuer_id, serial, tbs, tbs_sha256,
        content, state, sign_before, lease_until, lease_holder, certificate_id, created_at, updated_at)
    SELECT $15::uuid, r.enterprise_id, r.id, $6::integer, $16::uuid, $17::bytea, $18::bytea,
        $19::bytea, $20::jsonb, 'intended', $21::timestamptz,
        clock_timestamp() + interval '15 seconds', $22, $23::uuid, $9::timestamptz, $9::timestamptz
    FROM r
    ON CONFLICT DO NOTHING
    RETURNING request_id, enterprise_id
), u AS (
    UPDATE reissue_request q SET status = 'issuing', revision = q.revision + 1, digest = $4::bytea,
        message = $5, profile_revision = $7::bigint, submitted_at = $8::timestamptz,
        submitted_by = $10::uuid, previous_action = $11, failure = NULL, declined = NULL,
        updated_at = $9::timestamptz, status_changed_at = $9::timestamptz,
        expires_at = $9::timestamptz + interval '30 days'
    FROM i WHERE q.id = i.request_id
    RETURNING q.id, q.revision, i.enterprise_id
), a AS (
    INSERT INTO approval (id, enterprise_id, request_id, round, stage, by_id, decision, remarks, digest,
        at)
    SELECT x.id, u.enterprise_id, u.id, x.round, x.stage, x.by_id, x.decision, x.remarks,
        decode(x.digest, 'hex'), $9::timestamptz
    FROM u, jsonb_to_record($12::jsonb) AS x (id uuid, round integer, stage integer, by_id uuid,
        decision text, remarks text, digest text)
    WHERE $12::jsonb IS NOT NULL
), e AS MATERIALIZED (
    SELECT audit_write($13::jsonb) AS events, idem_effect($24::jsonb, 'reissue_request', u.id) AS held
    FROM u
)
SELECT u.revision, e.events, e.held FROM u, e
