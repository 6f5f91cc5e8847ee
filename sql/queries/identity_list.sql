-- $1 user
SELECT id, user_id, kind, issuer, subject, created_at FROM identity WHERE user_id = $1::uuid
ORDER BY created_at, id LIMIT 50
