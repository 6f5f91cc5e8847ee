-- $1 enterprise
SELECT id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes, active, revision, created_at, updated_at
    --:columns
FROM jwt_issuer
WHERE ($1::uuid IS NULL OR enterprise_id = $1::uuid)
    --:after
    --:page
