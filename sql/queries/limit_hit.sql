-- Counts one hit: $1 bucket, $2 key hash, $3 start of the window, $4 its end
INSERT INTO rate_counter AS c (bucket, key_hash, window_start, hits, expires_at)
VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (bucket, key_hash, window_start) DO UPDATE SET hits = least(c.hits + 1, 1000000000)
RETURNING hits
