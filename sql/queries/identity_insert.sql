-- $1 id, $2 enterprise, $3 user, $4 kind, $5 issuer, $6 subject, $7 now
INSERT INTO identity (id, enterprise_id, user_id, kind, issuer, subject, created_at)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7::timestamptz)
RETURNING id, user_id, kind, issuer, subject, created_at
