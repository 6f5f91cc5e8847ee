-- One issuing CA. $1 id
SELECT id, slug, name, certificate_der, publicly_trusted, active, revision, created_at, updated_at
FROM issuer WHERE id = $1
