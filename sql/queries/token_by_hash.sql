-- $1 SHA-256 of the token
--:set
SELECT item, token_id, kind, enterprise_id, enterprise_status, user_id, client_id, name, role, reach, status,
       scopes, acts_as, holds_until, used_at
FROM token_by_hash($1::bytea[])
