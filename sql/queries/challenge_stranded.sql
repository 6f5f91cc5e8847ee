-- Rejects, at $1, challenges whose answer was taken before $2 and never judged: $3 failure
UPDATE challenge SET status = 'rejected', failure = $3, updated_at = $1::timestamptz, revision = revision + 1
WHERE id = ANY (ARRAY(SELECT c.id FROM challenge c
    WHERE c.status = 'exchanging' AND c.updated_at <= $2::timestamptz
    LIMIT 100 FOR UPDATE SKIP LOCKED))
RETURNING id, enterprise_id
