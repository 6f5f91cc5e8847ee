-- Ends pending validation $1: the holder of a mailbox says no. $2 code, $3 detail, $4 now
UPDATE domain_validation SET status = 'invalid', code = $2, detail = $3, next_attempt_at = NULL,
    revision = revision + 1, updated_at = $4
WHERE id = $1 AND status = 'pending'
