-- $1 id, $2 revision it was read at, $3 audience, $4 algorithms, $5 JWK set, $6 its URI, $7 scopes, $8 active, $9 now
UPDATE jwt_issuer SET audience = $3, algorithms = $4::jsonb, jwks = $5::jsonb, jwks_uri = $6, scopes = $7::integer,
    active = $8::boolean, revision = revision + 1, updated_at = $9::timestamptz
WHERE id = $1::uuid AND revision = $2::bigint
RETURNING id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes, active, revision, created_at, updated_at
