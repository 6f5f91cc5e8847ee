-- From one live status to another: $1 challenge, $2 from, $3 to, $4 now
UPDATE challenge SET status = $3, updated_at = $4::timestamptz, revision = revision + 1
WHERE id = $1::uuid AND status = $2 AND expires_at > $4::timestamptz
RETURNING id
