-- Tx1 of requests: records the intent and moves the request, read in revision $2, to `issuing`.
-- Nothing happens unless owner and counted approvers ($14) are not blocked, a suspended owner does not
-- submit, the certificate is not suspended, the newest profile revision is $3, issuer $16 is switched on,
-- the key is this request's, the counted validations ($25) are still valid and the evidence has not run
-- out ($26); with a second factor ($27, of operation $28, passed by $29), unless that challenge is good for
-- this round and content: it is consumed.
--:set
WITH x AS MATERIALIZED (
    SELECT
        w.item, w.id::uuid, w.revision::bigint, w.newest::bigint, w.digest, w.message,
        w.round::integer, w.profile_revision::bigint, w.submitted_at::timestamptz,
        w.at::timestamptz, w.submitted_by::uuid, w.previous_action, w.approval::jsonb,
        w.events::jsonb, w.approvers::uuid[], w.issuance_id::uuid, w.issuer_id::uuid, w.serial,
        w.tbs, w.tbs_sha256, w.content::jsonb, w.sign_before::timestamptz, w.lease_holder,
        w.certificate_id::uuid, w.idem::jsonb, w.validations::uuid[], w.evidence_until::timestamptz,
        w.challenge::uuid, w.operation, w.passed_by::uuid
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::text[], $17::bytea[], $18::bytea[], $19::bytea[], $20::text[],
        $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[],
        $27::text[], $28::text[], $29::text[]
    ) WITH ORDINALITY AS w (
        id, revision, newest, digest, message, round, profile_revision, submitted_at, at,
        submitted_by, previous_action, approval, events, approvers, issuance_id, issuer_id, serial,
        tbs, tbs_sha256, content, sign_before, lease_holder, certificate_id, idem, validations,
        evidence_until, challenge, operation, passed_by, item)
), r AS MATERIALIZED (
    SELECT x.*, q.enterprise_id
    FROM x JOIN reissue_request q ON q.id = x.id
    WHERE q.revision = x.revision AND NOT q.hidden
      AND EXISTS (SELECT 1 FROM user_account u WHERE u.id = q.owner_id AND u.status <> 'blocked'
          AND (u.status <> 'suspended' OR q.status NOT IN ('draft', 'declined')))
      AND EXISTS (SELECT 1 FROM certificate c WHERE c.id = q.certificate_id AND c.status <> 'suspended')
      AND EXISTS (SELECT 1 FROM profile p WHERE p.id = q.profile_id AND p.revision = x.newest AND p.active)
      AND EXISTS (SELECT 1 FROM issuer s WHERE s.id = x.issuer_id AND s.active)
      AND (x.approvers IS NULL OR NOT EXISTS (SELECT 1 FROM user_account b
          WHERE b.id = ANY (x.approvers) AND b.status = 'blocked'))
      AND (x.validations IS NULL OR NOT EXISTS (SELECT 1 FROM unnest(x.validations) AS n (id)
          WHERE NOT EXISTS (SELECT 1 FROM domain_validation d WHERE d.id = n.id AND d.status IN ('valid', 'expired'))))
      AND (x.evidence_until IS NULL OR x.evidence_until > x.at)
      AND spki_state(q.spki_sha256, q.owner_id, q.id) = 'mine'
    FOR UPDATE OF q SKIP LOCKED
), c AS MATERIALIZED (
    SELECT c.id FROM r JOIN challenge c ON c.id = r.challenge
    WHERE c.request_id = r.id AND c.operation = r.operation AND c.round = r.round AND c.digest = r.digest
      AND CASE c.operation WHEN 'reissue' THEN c.status IN ('pending', 'returned') AND c.expires_at > r.at
          ELSE c.status = 'verified' AND c.verified_until > r.at END
    FOR UPDATE OF c SKIP LOCKED
), i AS (
    INSERT INTO issuance (id, enterprise_id, request_id, round, issuer_id, serial, tbs, tbs_sha256,
        content, state, sign_before, lease_until, lease_holder, certificate_id, created_at, updated_at)
    SELECT r.issuance_id, r.enterprise_id, r.id, r.round, r.issuer_id, r.serial, r.tbs, r.tbs_sha256,
        r.content, 'intended', r.sign_before, clock_timestamp() + interval '15 seconds', r.lease_holder,
        r.certificate_id, r.at, r.at
    FROM r WHERE r.challenge IS NULL OR r.challenge IN (SELECT c.id FROM c)
    ON CONFLICT DO NOTHING
    RETURNING id, request_id
), u AS (
    UPDATE reissue_request q SET status = 'issuing', revision = q.revision + 1, digest = r.digest,
        message = r.message, profile_revision = r.profile_revision, submitted_at = r.submitted_at,
        submitted_by = r.submitted_by, previous_action = r.previous_action, failure = NULL,
        declined = NULL, updated_at = r.at, status_changed_at = r.at,
        expires_at = r.at + interval '30 days',
        factor_passed_by = CASE r.operation WHEN 'reissue' THEN r.passed_by ELSE q.factor_passed_by END,
        factor_digest = CASE r.operation WHEN 'reissue' THEN r.digest ELSE q.factor_digest END,
        factor_round = CASE r.operation WHEN 'reissue' THEN r.round ELSE q.factor_round END
    FROM i JOIN r ON r.issuance_id = i.id
    WHERE q.id = i.request_id
    RETURNING r.item, q.id, q.revision, q.enterprise_id, r.at, r.approval, r.events, r.idem, r.challenge,
        r.operation
), a AS (
    INSERT INTO approval (id, enterprise_id, request_id, round, stage, by_id, decision, remarks, digest,
        at)
    SELECT y.id, u.enterprise_id, u.id, y.round, y.stage, y.by_id, y.decision, y.remarks,
        decode(y.digest, 'hex'), u.at
    FROM u, jsonb_to_record(u.approval) AS y (id uuid, round integer, stage integer, by_id uuid,
        decision text, remarks text, digest text)
    WHERE u.approval IS NOT NULL
), f AS (
    UPDATE challenge x SET status = 'consumed', updated_at = u.at, revision = x.revision + 1
    FROM u WHERE x.id = u.challenge
), e AS MATERIALIZED (
    SELECT audit_write_all(array_agg(u.events)) AS events FROM u
), h AS MATERIALIZED (
    SELECT u.item, CASE WHEN u.idem IS NULL THEN true
        WHEN u.operation = 'reissue' THEN idem_effect(u.idem, 'challenge', u.challenge)
        ELSE idem_effect(u.idem, 'reissue_request', u.id) END AS held
    FROM u
)
SELECT u.item, u.revision, e.events, h.held FROM u JOIN h ON h.item = u.item, e
