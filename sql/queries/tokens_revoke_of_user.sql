-- Ends every token of a user but one. $1 user, $2 the token that stays or null, $3 kind or null for all, $4 now
UPDATE access_token SET revoked_at = $4::timestamptz
WHERE user_id = $1::uuid AND revoked_at IS NULL AND ($2::uuid IS NULL OR id <> $2::uuid)
    AND ($3::text IS NULL OR kind = $3::text)
RETURNING id
