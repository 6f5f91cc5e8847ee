-- $1 id, $2 its user, $3 kind, $4 now
UPDATE access_token SET revoked_at = $4::timestamptz
WHERE id = $1::uuid AND user_id = $2::uuid AND kind = $3::text AND revoked_at IS NULL
RETURNING id
