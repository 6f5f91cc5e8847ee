-- $1 id, $2 user
DELETE FROM identity WHERE id = $1::uuid AND user_id = $2::uuid
RETURNING id, user_id, kind, issuer, subject, created_at
