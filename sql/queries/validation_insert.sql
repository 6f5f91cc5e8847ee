-- A pending control validation. $1 id, $2 enterprise, $3 type, $4 identifier, $5 method, $6 SHA-256 of the
-- token, $7 token sealed, $8 under, $9 file, $10 rules, $11 by, $12 now, $13 expires, $14 recipient
INSERT INTO domain_validation (id, enterprise_id, identifier_type, identifier, method, status, token_sha256,
    token_sealed, token_kid, file_name, rules, requested_by, created_at, updated_at, expires_at, recipient)
VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $10, $11, $12, $12, $13, $14)
