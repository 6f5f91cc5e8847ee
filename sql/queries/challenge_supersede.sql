-- Ends the challenge that lives for an operation $1, object $2 and user $3. $4 now
UPDATE challenge SET status = 'superseded', updated_at = $4::timestamptz, revision = revision + 1
WHERE operation = $1 AND object_id = $2::uuid AND user_id = $3::uuid
  AND status IN ('pending', 'exchanging', 'returned', 'verified')
RETURNING id, status
