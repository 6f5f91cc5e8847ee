-- Takes a due revocation off a certificate; wanted: a certificate that replaces it is still issued.
-- $1 certificate, $2 now
UPDATE certificate c SET revocation_due_at = NULL, revision = c.revision + 1, updated_at = $2::timestamptz
WHERE c.id = $1::uuid AND c.revocation_due_at <= $2::timestamptz
RETURNING c.enterprise_id, EXISTS (SELECT 1 FROM certificate n WHERE n.replaces_id = c.id
    AND n.status = 'issued') AND c.status <> 'revoked' AS wanted
