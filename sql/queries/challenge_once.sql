-- Good once: $1 kind, $2 hash, $3 until
INSERT INTO challenge_once (kind, key_hash, expires_at) VALUES ($1, $2::bytea, $3::timestamptz)
ON CONFLICT (kind, key_hash) DO NOTHING
RETURNING kind
