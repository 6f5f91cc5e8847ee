-- $1 id, $2 enterprise, $3 kind, $4 SHA-256, $5 user, $6 client, $7 name, $8 scopes, $9 now, $10 idle seconds or null,
-- $11 expiry, $12 address, $13 user agent. An API token that is new was never used.
INSERT INTO access_token (id, enterprise_id, kind, hash, user_id, client_id, name, scopes, created_at, used_at,
    idle_seconds, expires_at, address, user_agent)
VALUES ($1::uuid, $2::uuid, $3, $4::bytea, $5::uuid, $6::uuid, $7, $8::integer, $9::timestamptz,
    CASE WHEN $3 <> 'api' THEN $9::timestamptz END, $10::integer, $11::timestamptz, $12, $13)
RETURNING id, kind, name, scopes, created_at, used_at, expires_at, address, user_agent
