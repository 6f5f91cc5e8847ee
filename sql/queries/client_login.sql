-- $1 client_id
SELECT client_id, enterprise_id, enterprise_status, secret_hash, scopes, active FROM client_by_id($1::uuid)
