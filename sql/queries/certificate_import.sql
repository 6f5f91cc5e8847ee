-- A certificate from elsewhere, its bytes, and the claim of its key. The claim may fail: the key is
-- taken then already, which is all that is wanted of it.
WITH made AS (
    INSERT INTO certificate (id, enterprise_id, owner_id, profile_id, issuer_id, issuer_name,
        issuer_name_sha256, serial, status, category, source, subject, san, common_name, search_text,
        not_before, not_after, key, extensions, unsupported, spki_sha256, fingerprint_sha256, lineage_id,
        revoked_at, revocation_reason, created_at, updated_at)
    VALUES ($1, $2, $3, $4, NULL, $5, $6, $7, CASE WHEN $8::timestamptz IS NULL THEN 'issued' ELSE 'revoked' END,
        $10, 'imported', $11, $12, $13, lower($14), $15, $16, $17, $18, $19, $20, $21, $1, $8, $9, $22, $22)
    RETURNING id, enterprise_id, owner_id, spki_sha256
), bytes AS (
    INSERT INTO certificate_der (certificate_id, enterprise_id, der, chain_pem)
    SELECT id, enterprise_id, $23, $24 FROM made
)
SELECT id, spki_issued(spki_sha256, owner_id, NULL) AS claimed FROM made
