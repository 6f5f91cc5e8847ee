-- What is past its time at $1 ends; codes that were sent are wiped when half of their challenge's life is
-- over (a resend carries a new one then);
-- old handles and marks go.
WITH x AS (
    UPDATE challenge SET status = 'expired', updated_at = $1::timestamptz, revision = revision + 1
    WHERE id = ANY (ARRAY(SELECT c.id FROM challenge c
        WHERE c.status IN ('pending', 'exchanging', 'returned', 'verified')
          AND CASE c.status WHEN 'verified' THEN c.verified_until ELSE c.expires_at END <= $1::timestamptz
        LIMIT 1000 FOR UPDATE SKIP LOCKED))
    RETURNING id, enterprise_id, operation, digest
), w AS (
    UPDATE challenge_delivery d SET code_sealed = NULL
    FROM challenge c
    WHERE d.code_sealed IS NOT NULL AND c.id = d.challenge_id
      AND d.status <> 'queued'
      AND c.created_at + (c.expires_at - c.created_at) / 2 <= $1::timestamptz
), h AS (
    DELETE FROM challenge_handle WHERE expires_at <= $1::timestamptz - interval '1 day'
), o AS (
    DELETE FROM challenge_once WHERE expires_at <= $1::timestamptz
)
SELECT id, enterprise_id, operation, digest FROM x
