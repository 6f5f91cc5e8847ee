-- $1 the iss claim
SELECT id, enterprise_id, kind, issuer, audience, algorithms, jwks, jwks_uri, scopes
FROM jwt_issuer_by_name($1::text)
