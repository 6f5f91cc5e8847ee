-- $1 user, $2 Argon2id, $3 now
UPDATE user_account SET password_hash = $2, revision = revision + 1, updated_at = $3::timestamptz
WHERE id = $1::uuid
RETURNING id
