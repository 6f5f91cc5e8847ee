-- Ends validation $1, read in revision $2. $3 now
UPDATE domain_validation SET status = 'cancelled', token_sealed = NULL, token_kid = NULL,
    next_attempt_at = NULL, revision = revision + 1, updated_at = $3::timestamptz
WHERE id = $1 AND revision = $2 AND status IN ('pending', 'valid', 'expired')
RETURNING id
