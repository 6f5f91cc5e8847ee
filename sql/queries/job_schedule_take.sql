-- Takes the scheduled kind that is due longest: $1 kinds, $2 now, $3 seconds of lease by kind (jsonb),
-- $4 seconds of interval alike. A next run further away than the interval was set before the clock was put
-- back: it is due as well.
UPDATE job_schedule SET
    lease_until = clock_timestamp() + make_interval(secs => ($3::jsonb->>kind)::integer)
WHERE kind = (
    SELECT kind FROM job_schedule
    WHERE (next_run_at <= $2 OR next_run_at > $2 + make_interval(secs => ($4::jsonb->>kind)::integer))
      AND kind = ANY ($1::text[])
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY next_run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING kind, lease_until::text AS lease
