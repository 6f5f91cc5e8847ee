-- $1 enterprise, $2 kind, $3 issuer, $4 subject
SELECT user_id, enterprise_id, enterprise_status, status, role, reach, name
FROM user_by_identity($1::uuid, $2::text, $3::text, $4::text)
