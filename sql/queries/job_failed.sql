-- Puts a job back or sets it aside: $1 id, $2 attempt, $3 next try, $4 what went wrong, $5 state
UPDATE job SET lease_until = NULL, run_at = $3, last_error = $4, state = $5
WHERE id = $1 AND attempts = $2
