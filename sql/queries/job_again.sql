-- The running job runs again, as a new one: $1 id, $2 attempt, $3 its new id, $4 when, $5 payload
UPDATE job SET id = $3, lease_until = NULL, attempts = 0, run_at = $4, payload = $5::jsonb
WHERE id = $1 AND attempts = $2
