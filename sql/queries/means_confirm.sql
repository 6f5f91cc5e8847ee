-- What waited holds from now on, in the place of what held before. $1 user, $2 kind, $3 when it was begun,
-- $4 the counter of the code that proved it, $5 usable from
WITH p AS MATERIALIZED (
    SELECT * FROM user_means WHERE user_id = $1::uuid AND kind = $2 AND state = 'pending'
      AND created_at = $3::timestamptz FOR UPDATE
), a AS (
    DELETE FROM user_means o USING p WHERE o.user_id = p.user_id AND o.kind = p.kind AND o.state = 'active'
    RETURNING o.masked
), u AS (
    UPDATE user_means m SET state = 'active', expires_at = NULL, usable_from = $5::timestamptz,
        last_counter = $4::bigint, code_salt = NULL, code_mac = NULL, code_kid = NULL
    FROM p WHERE m.user_id = p.user_id AND m.kind = p.kind AND m.state = 'pending'
      AND (SELECT count(*) FROM a) >= 0
    RETURNING m.user_id
)
SELECT u.user_id, (SELECT masked FROM a) AS replaced FROM u
