-- Queues a job: $1 id, $2 kind, $3 dedupe key, $4 enterprise, $5 payload, $6 run at, $7 now
INSERT INTO job (id, kind, dedupe_key, enterprise_id, payload, run_at, created_at)
VALUES ($1, $2, $3, $4, coalesce($5::jsonb, '{}'), $6, $7)
ON CONFLICT (kind, dedupe_key) WHERE state = 'queued' DO NOTHING
