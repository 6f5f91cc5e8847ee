-- Takes a means away, with what waits to replace it. $1 user, $2 kind
WITH d AS (
    DELETE FROM user_means WHERE user_id = $1::uuid AND kind = $2 RETURNING state
)
SELECT count(*) FILTER (WHERE state = 'active') AS active FROM d
