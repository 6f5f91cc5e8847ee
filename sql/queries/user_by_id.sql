-- $1 id
SELECT id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at
FROM user_account WHERE id = $1::uuid
