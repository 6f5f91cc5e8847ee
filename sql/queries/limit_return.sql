-- Takes one hit back: $1 bucket, $2 key hash, $3 start of the window
UPDATE rate_counter SET hits = greatest(hits - 1, 0) WHERE bucket = $1 AND key_hash = $2 AND window_start = $3
