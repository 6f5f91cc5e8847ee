-- The identities linked to a user. $1 user
SELECT id, user_id, kind, issuer, subject, created_at
    --:columns
FROM identity
WHERE user_id = $1::uuid
    --:after
    --:page
