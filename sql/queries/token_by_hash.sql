-- $1 SHA-256 of the token, $2 now
--:set
SELECT item, token_id, kind, enterprise_id, enterprise_status, user_id, client_id, name, role, reach, status,
       scopes, acts_as, unnoted
FROM token_by_hash($1::bytea[], $2::text[]::timestamptz[])
