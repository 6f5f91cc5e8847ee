-- A token that no mail of pending validation $1 carried; the tenth ends it. $2 code and $3 detail then, $4 now
UPDATE domain_validation SET wrong_tokens = wrong_tokens + 1,
    status = CASE WHEN wrong_tokens >= 9 THEN 'invalid' ELSE status END,
    code = CASE WHEN wrong_tokens >= 9 THEN $2 ELSE code END,
    detail = CASE WHEN wrong_tokens >= 9 THEN $3 ELSE detail END,
    next_attempt_at = CASE WHEN wrong_tokens < 9 THEN next_attempt_at END, updated_at = $4::timestamptz
WHERE id = $1 AND status = 'pending'
RETURNING status
