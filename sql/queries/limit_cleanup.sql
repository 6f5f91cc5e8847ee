-- Drops at most 1,000 windows that are over at $1
DELETE FROM rate_counter WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM rate_counter WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000
    FOR UPDATE SKIP LOCKED))
RETURNING 1 AS gone
