-- $1 id, $2 revision it was read at, $3 e-mail, $4 name, $5 language, $6 status, $7 role, $8 reach,
-- $9 password hash or null to keep it, $10 now, $11 take the password away, $12 from when on another address is
-- a second factor
UPDATE user_account SET email = $3, name = $4, language = $5, status = $6, role = $7, reach = $8,
    email_usable_from = CASE WHEN email <> $3 THEN $12::timestamptz ELSE email_usable_from END,
    password_hash = CASE WHEN $11::boolean THEN NULL ELSE coalesce($9, password_hash) END, revision = revision + 1, updated_at = $10::timestamptz
WHERE id = $1::uuid AND revision = $2::bigint
RETURNING id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at
