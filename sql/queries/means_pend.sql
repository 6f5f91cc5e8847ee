-- A new means that waits for its confirmation, in the place of one that waited before. $1 user, $2 kind,
-- $3 enterprise, $4 sealed, $5 kid, $6 masked, $7 salt, $8 MAC and $9 kid of the code, $10 now, $11 until
INSERT INTO user_means (user_id, kind, state, enterprise_id, sealed, kid, masked, code_salt, code_mac,
    code_kid, created_at, expires_at)
VALUES ($1::uuid, $2, 'pending', $3::uuid, $4::bytea, $5, $6, $7::bytea, $8::bytea, $9, $10::timestamptz,
    $11::timestamptz)
ON CONFLICT (user_id, kind, state) DO UPDATE SET sealed = excluded.sealed, kid = excluded.kid,
    masked = excluded.masked, code_salt = excluded.code_salt, code_mac = excluded.code_mac,
    code_kid = excluded.code_kid, attempts = 0, last_counter = 0, created_at = excluded.created_at,
    expires_at = excluded.expires_at
