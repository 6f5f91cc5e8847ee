-- Mails of pending validation $1, read in revision $2, are on their way; not again before $3. $4 now
UPDATE domain_validation SET next_attempt_at = $3, revision = revision + 1, updated_at = $4
WHERE id = $1 AND revision = $2 AND status = 'pending'
RETURNING id
