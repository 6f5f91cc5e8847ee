-- Ends what a user has under way by certain mechanisms. $1 user, $2 mechanisms, $3 now
WITH live AS MATERIALIZED (
    SELECT id, status FROM challenge
    WHERE user_id = $1::uuid AND mechanism = ANY ($2::text[])
      AND status IN ('pending', 'exchanging', 'returned', 'verified')
    ORDER BY id FOR UPDATE
)
UPDATE challenge c SET status = 'cancelled', updated_at = $3::timestamptz, revision = c.revision + 1
FROM live WHERE c.id = live.id
RETURNING c.id, c.enterprise_id, live.status, c.digest
