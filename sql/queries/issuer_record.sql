-- Makes an issuer of the configuration known, or brings its row up to date. The row is returned when
-- something changed. $1 id, $2 slug, $3 name, $4 DER, $5 chain, $6 end, $7 publicly trusted, $8 now
INSERT INTO issuer AS i (id, slug, name, certificate_der, chain_pem, not_after, publicly_trusted,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (slug) DO UPDATE SET name = $3, certificate_der = $4, chain_pem = $5, not_after = $6,
    publicly_trusted = $7, revision = i.revision + 1, updated_at = $8
    WHERE (i.name, i.certificate_der, i.chain_pem, i.publicly_trusted) IS DISTINCT FROM ($3, $4, $5, $7)
RETURNING id
