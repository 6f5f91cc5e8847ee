-- $1 id, $2 enterprise, $3 name, $4 SHA-256 of the secret, $5 role, $6 scopes, $7 user ids, $8 active, $9 now
INSERT INTO client (id, enterprise_id, name, secret_hash, role, scopes, acts_as, active, created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3, $4::bytea, $5, $6::integer, $7::text[]::uuid[], $8::boolean, $9::timestamptz,
    $9::timestamptz)
RETURNING id, enterprise_id, name, role, scopes, to_jsonb(acts_as) AS acts_as, active, revision, created_at, updated_at
