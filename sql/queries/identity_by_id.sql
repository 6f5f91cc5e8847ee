-- One identity of a user. $1 identity, $2 user
SELECT id, user_id, kind, issuer, subject, created_at FROM identity
WHERE id = $1::uuid AND user_id = $2::uuid
