-- Counts an answer to what waits for its confirmation, before it is looked at. $1 user, $2 kind, $3 now,
-- $4 at most so many
UPDATE user_means SET attempts = attempts + 1
WHERE user_id = $1::uuid AND kind = $2 AND state = 'pending' AND expires_at > $3::timestamptz
  AND attempts < $4::integer
RETURNING sealed, kid, code_salt, code_mac, code_kid, created_at
