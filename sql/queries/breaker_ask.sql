-- Whether connector $1 may be tried: always while its breaker is closed, once in 30 s while it is open
WITH half AS (
    UPDATE connector_breaker SET open_until = clock_timestamp() + interval '30 seconds'
    WHERE connector_id = $1 AND failures >= 5 AND open_until <= clock_timestamp()
    RETURNING connector_id
)
SELECT EXISTS (SELECT FROM half) OR NOT EXISTS (SELECT FROM connector_breaker
    WHERE connector_id = $1 AND failures >= 5) AS allowed
