-- $1 id
SELECT id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes, active, revision, created_at, updated_at
FROM jwt_issuer WHERE id = $1::uuid
