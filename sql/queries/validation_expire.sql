-- Ends what is out of time: pending ones are invalid, valid ones expired. $1 now
UPDATE domain_validation SET status = CASE status WHEN 'pending' THEN 'invalid' ELSE 'expired' END,
    code = CASE status WHEN 'pending' THEN 'gone' ELSE code END,
    detail = CASE status WHEN 'pending' THEN 'Nobody proved it in time.' ELSE detail END,
    token_sealed = NULL, token_kid = NULL, next_attempt_at = NULL, revision = revision + 1, updated_at = $1
WHERE (status = 'pending' AND expires_at <= $1::timestamptz) OR (status = 'valid' AND valid_until <= $1::timestamptz)
RETURNING id
