-- The caller's live tokens of a kind. $1 user, $2 kind, $3 now
SELECT id, kind, name, scopes, created_at, used_at, expires_at, address, user_agent
    --:columns
FROM access_token
WHERE user_id = $1::uuid AND kind = $2::text AND revoked_at IS NULL AND expires_at > $3::timestamptz
    AND (idle_seconds IS NULL OR used_at + make_interval(secs => idle_seconds) > $3::timestamptz)
    --:after
    --:page
