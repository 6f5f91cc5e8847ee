-- Something a browser carries: $1 hash, $2 enterprise, $3 challenge, $4 kind, $5 now, $6 until
INSERT INTO challenge_handle (hash, enterprise_id, challenge_id, kind, created_at, expires_at)
VALUES ($1::bytea, $2::uuid, $3::uuid, $4, $5::timestamptz, $6::timestamptz)
