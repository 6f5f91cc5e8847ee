-- Revokes a certificate locked before. $2 now, $3 reason, $4 invalidity date. A second revocation
-- (raised to keyCompromise) keeps the first time.
UPDATE certificate SET status = 'revoked', revoked_at = coalesce(revoked_at, $2), revocation_reason = $3,
    invalidity_date = coalesce($4, invalidity_date), revocation_due_at = NULL, revision = revision + 1,
    updated_at = $2
WHERE id = $1
RETURNING revision
