-- An issuing CA's bytes, for everybody. $1 slug
SELECT certificate_der, chain_pem FROM issuer WHERE slug = $1
