-- Gives up intent $2 of request $1 (NULL: an enrolment), past $3 - 120 s: the request fails with $4,
-- the key of an enrolment is let go. $5 events
WITH q AS MATERIALIZED (
    SELECT id FROM reissue_request WHERE id = $1::uuid FOR UPDATE SKIP LOCKED
), i AS (
    UPDATE issuance x SET state = 'abandoned', updated_at = $3::timestamptz
    WHERE x.id = $2::uuid AND x.state = 'intended' AND x.sign_before + interval '120 seconds' < $3::timestamptz
      AND ($1::uuid IS NULL OR EXISTS (SELECT 1 FROM q))
    RETURNING x.id, x.request_id, x.content
), u AS (
    UPDATE reissue_request r SET status = 'failed', revision = r.revision + 1, failure = $4::jsonb,
        updated_at = $3::timestamptz, status_changed_at = $3::timestamptz,
        expires_at = $3::timestamptz + interval '30 days'
    FROM i WHERE r.id = i.request_id
), k AS MATERIALIZED (
    SELECT spki_release(decode(i.content->>'spki_sha256', 'hex'), i.id) AS released
    FROM i WHERE i.request_id IS NULL
), e AS MATERIALIZED (
    SELECT audit_write($5::jsonb) AS events FROM i
)
SELECT e.events, (SELECT released FROM k) AS released FROM e
