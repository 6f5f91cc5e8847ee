-- A handle is good once, while its challenge is in status $4: $1 hash, $2 kind, $3 now
UPDATE challenge_handle h SET used_at = $3::timestamptz FROM challenge c
WHERE h.hash = $1::bytea AND h.kind = $2 AND h.used_at IS NULL AND h.expires_at > $3::timestamptz
  AND c.id = h.challenge_id AND c.status = $4 AND c.expires_at > $3::timestamptz
RETURNING h.challenge_id
