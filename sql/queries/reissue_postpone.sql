-- Moves a revocation that is due and not done. $1 certificate, $2 when, $3 now, $4 events, $5 request,
-- $6 its revision
WITH r AS MATERIALIZED (
    SELECT id FROM reissue_request WHERE id = $5::uuid AND revision = $6::bigint AND status = 'issued'
    FOR UPDATE SKIP LOCKED
), c AS (
    UPDATE certificate q SET revocation_due_at = $2::timestamptz, revision = q.revision + 1,
        updated_at = $3::timestamptz
    FROM r WHERE q.id = $1::uuid AND q.revocation_due_at IS NOT NULL AND q.status <> 'revoked'
    RETURNING q.id
), u AS (
    UPDATE reissue_request q SET previous_due_at = $2::timestamptz, revision = q.revision + 1,
        updated_at = $3::timestamptz
    FROM r, c WHERE q.id = r.id RETURNING q.id
), e AS MATERIALIZED (
    SELECT audit_write($4::jsonb) AS events FROM u
)
SELECT e.events FROM u, e
