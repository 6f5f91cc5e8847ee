-- Takes the queued job that is due longest: $1 kinds, $2 now, $3 seconds of lease by kind (jsonb),
-- $4 enterprises whose turn it is not
UPDATE job SET attempts = attempts + 1,
    lease_until = clock_timestamp() + make_interval(secs => ($3::jsonb->>kind)::integer)
WHERE id = (
    SELECT id FROM job
    WHERE state = 'queued' AND run_at <= $2 AND kind = ANY ($1::text[])
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (enterprise_id::text = ANY ($4::text[])) IS NOT TRUE
    ORDER BY run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING id, kind, dedupe_key, enterprise_id AS enterprise, payload, attempts
