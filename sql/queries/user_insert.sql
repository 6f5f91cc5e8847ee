-- $1 id, $2 enterprise, $3 e-mail, $4 name, $5 language, $6 status, $7 role, $8 reach, $9 password hash, $10 now
INSERT INTO user_account (id, enterprise_id, email, name, language, status, role, reach, password_hash, created_at,
    updated_at)
VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz, $10::timestamptz)
RETURNING id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at
