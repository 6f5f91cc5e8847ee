-- Says when next: $1 kind, $2 next run, $3 the lease it ran under
UPDATE job_schedule SET next_run_at = $2, lease_until = NULL
WHERE kind = $1 AND lease_until = $3::timestamptz
