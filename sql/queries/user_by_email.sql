-- $1 e-mail, lower case
SELECT id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at
FROM user_account WHERE email = $1::text
