-- Counts one try of a run: $1 bucket, $2 key hash, $3 where its row stands, $4 now, $5 when the run is over unless
-- another try is allowed, $6 how many are allowed in it
INSERT INTO rate_counter AS c (bucket, key_hash, window_start, hits, expires_at)
VALUES ($1, $2, $3::timestamptz, 1, $5::timestamptz)
ON CONFLICT (bucket, key_hash, window_start) DO UPDATE SET
    hits = CASE WHEN c.expires_at <= $4::timestamptz THEN 1 ELSE least(c.hits + 1, $6::bigint + 1) END,
    expires_at = CASE WHEN c.expires_at <= $4::timestamptz OR c.hits < $6::bigint
        THEN excluded.expires_at ELSE c.expires_at END
RETURNING hits, ceil(extract(epoch FROM expires_at - $4::timestamptz))::int AS left_s
