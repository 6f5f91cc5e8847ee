-- Puts keys on the blocklist; rows for the new ones. $1 digests in hex, $2 reason, $3 source, $4 now
INSERT INTO blocked_key (spki_sha256, reason, source, created_at)
SELECT DISTINCT decode(digest, 'hex'), $2, $3, $4::timestamptz FROM unnest($1::text[]) AS digest
ON CONFLICT (spki_sha256) DO NOTHING
RETURNING 1 AS added
