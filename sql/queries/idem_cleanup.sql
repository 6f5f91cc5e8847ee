-- Forgets at most 1,000 keys that are over at $1
DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000
    FOR UPDATE SKIP LOCKED))
RETURNING 1 AS gone
