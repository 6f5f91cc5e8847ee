-- Whom a handle belongs to: $1 hash, $2 kind, $3 now
SELECT challenge_id, used_at IS NOT NULL AS used, expires_at <= $3::timestamptz AS late FROM challenge_handle
WHERE hash = $1::bytea AND kind = $2
