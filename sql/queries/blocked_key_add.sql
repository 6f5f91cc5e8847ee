-- Puts a key on the blocklist; no row when it is there already. $1 SPKI, $2 reason, $3 source, $4 now
INSERT INTO blocked_key (spki_sha256, reason, source, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (spki_sha256) DO NOTHING
RETURNING spki_sha256, reason, source, created_at
