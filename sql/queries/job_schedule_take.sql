-- Takes the scheduled kind that is due longest: $1 kinds, $2 now, $3 seconds of lease by kind (jsonb)
UPDATE job_schedule SET
    lease_until = clock_timestamp() + make_interval(secs => ($3::jsonb->>kind)::integer)
WHERE kind = (
    SELECT kind FROM job_schedule
    WHERE next_run_at <= $2 AND kind = ANY ($1::text[])
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY next_run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING kind, lease_until::text AS lease
