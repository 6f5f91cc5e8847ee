-- One issuing CA, without its bytes.
SELECT id, slug, name, active, publicly_trusted, not_after, revision FROM issuer WHERE id = $1
