-- The identities of a kind that are linked to a user. $1 user, $2 kind
SELECT issuer, subject, usable_from FROM identity WHERE user_id = $1::uuid AND kind = $2 ORDER BY created_at, id
