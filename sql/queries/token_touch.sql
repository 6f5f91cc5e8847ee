-- A token was used. $1 its id, $2 now
UPDATE access_token SET used_at = $2::timestamptz
WHERE id = $1::uuid AND (used_at < $2::timestamptz - interval '1 minute') IS NOT FALSE
