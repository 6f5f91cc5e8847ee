-- Whom a handle belongs to: $1 hash, $2 kind
SELECT challenge_id, used_at IS NOT NULL AS used, expires_at FROM challenge_handle
WHERE hash = $1::bytea AND kind = $2
