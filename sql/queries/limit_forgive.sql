-- $1 bucket, $2 key hash, $3 start of the window
DELETE FROM rate_counter WHERE bucket = $1 AND key_hash = $2 AND window_start = $3
