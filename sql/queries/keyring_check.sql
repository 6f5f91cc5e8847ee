-- $1 kid, $2 check value, $3 now: what the database holds for the kid, recorded now when it is new
WITH added AS (
    INSERT INTO keyring_check (kid, check_value, created_at) VALUES ($1, $2::bytea, $3::timestamptz)
    ON CONFLICT (kid) DO NOTHING
    RETURNING check_value
)
SELECT check_value FROM added UNION ALL SELECT check_value FROM keyring_check WHERE kid = $1
