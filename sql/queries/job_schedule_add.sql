-- Makes the rows of the scheduled kinds: $1 kinds, $2 now
INSERT INTO job_schedule (kind, next_run_at)
SELECT kind, $2 FROM unnest($1::text[]) AS kind
ON CONFLICT (kind) DO NOTHING
