-- $1 id, $2 enterprise, $3 kind, $4 issuer, $5 audience, $6 algorithms, $7 JWK set, $8 its URI, $9 scopes, $10 active,
-- $11 now
INSERT INTO jwt_issuer (id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes, active,
    created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9::integer, $10::boolean, $11::timestamptz,
    $11::timestamptz)
RETURNING id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes, active, revision, created_at, updated_at
