-- A token was used. $1 its id, $2 now, $3 a use before this is noted anew
UPDATE access_token SET used_at = $2::timestamptz
WHERE id = $1::uuid AND (used_at < $3::timestamptz) IS NOT FALSE
