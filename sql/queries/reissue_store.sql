-- Writes a request that was read in revision $2 and nothing when it has moved on since; with it the
-- key's claim ($3: claim, release or NULL, of key $4), an approval, the audit events and the effect of
-- an Idempotency-Key ($42). With a second factor ($43, of operation $44, passed by $45) nothing happens
-- unless that challenge is good for this round and content; it is consumed.
WITH r AS MATERIALIZED (
    SELECT id, owner_id FROM reissue_request
    WHERE id = $1::uuid AND revision = $2::bigint AND NOT hidden FOR UPDATE SKIP LOCKED
), h AS MATERIALIZED (
    SELECT c.id FROM r JOIN challenge c ON c.request_id = r.id
    WHERE c.id = $43::uuid AND c.operation = $44 AND c.round = $6::integer AND c.digest = $21::bytea
      AND CASE c.operation WHEN 'reissue' THEN c.status IN ('pending', 'returned') AND c.expires_at > $37::timestamptz
          ELSE c.status = 'verified' AND c.verified_until > $37::timestamptz END
    FOR UPDATE OF c SKIP LOCKED
), k AS MATERIALIZED (
    SELECT r.id, CASE $3::text
        WHEN 'claim' THEN spki_claim_key($4::bytea, r.owner_id, r.id)
        WHEN 'release' THEN CASE WHEN spki_release($4::bytea, r.id) IS NULL THEN '' ELSE 'ok' END
        ELSE 'ok' END AS claim
    FROM r WHERE $43::uuid IS NULL OR EXISTS (SELECT 1 FROM h)
), u AS (
    UPDATE reissue_request q SET
        revision = q.revision + 1, status = $5, round = $6::integer, profile_revision = $7::bigint,
        subject = $8::jsonb, san = $9::jsonb, validity = $10::jsonb, common_name = $11,
        search_text = lower($12), message = $13, reason = $14, csr_der = coalesce($15::bytea, q.csr_der),
        spki_der = $16::bytea, spki_sha256 = $4::bytea, key = $17::jsonb, checks = $18::jsonb,
        ignored = $19::jsonb, inherited_faults = $20::jsonb, digest = $21::bytea,
        agreement_id = $22::uuid, agreement_version = $23::integer, agreement_language = $24,
        agreement_sha256 = $25::bytea, agreement_accepted_at = $26::timestamptz,
        agreement_accepted_by = $27::uuid, agreement_address = coalesce($28, q.agreement_address),
        submitted_at = $29::timestamptz, submitted_by = $30::uuid, reviewer_id = $31::uuid,
        declined = $32::jsonb, failure = $33::jsonb, previous_action = $34,
        previous_due_at = $35::timestamptz, hidden = $36::boolean, updated_at = $37::timestamptz,
        status_changed_at = $38::timestamptz, expires_at = $39::timestamptz,
        factor_passed_by = CASE WHEN $44 = 'reissue' THEN $45::uuid ELSE q.factor_passed_by END,
        factor_digest = CASE WHEN $44 = 'reissue' THEN $21::bytea ELSE q.factor_digest END,
        factor_round = CASE WHEN $44 = 'reissue' THEN $6::integer ELSE q.factor_round END
    FROM k WHERE q.id = k.id AND k.claim = 'ok'
    RETURNING q.id, q.revision, q.enterprise_id
), a AS (
    INSERT INTO approval (id, enterprise_id, request_id, round, stage, by_id, decision, remarks, digest,
        at)
    SELECT x.id, u.enterprise_id, u.id, x.round, x.stage, x.by_id, x.decision, x.remarks,
        decode(x.digest, 'hex'), $37::timestamptz
    FROM u, jsonb_to_record($40::jsonb) AS x (id uuid, round integer, stage integer, by_id uuid,
        decision text, remarks text, digest text)
    WHERE $40::jsonb IS NOT NULL
), f AS (
    UPDATE challenge c SET status = 'consumed', updated_at = $37::timestamptz, revision = c.revision + 1
    FROM u, h WHERE c.id = h.id
), e AS MATERIALIZED (
    SELECT audit_write($41::jsonb) AS events, CASE $44 WHEN 'reissue' THEN idem_effect($42::jsonb, 'challenge', $43::uuid)
        ELSE idem_effect($42::jsonb, 'reissue_request', u.id) END AS held
    FROM u
)
SELECT k.claim, u.revision, e.events, e.held FROM k LEFT JOIN u ON true LEFT JOIN e ON true
