-- Connector $1 did not work; the fifth time in a row opens its breaker. One that is gone has none.
INSERT INTO connector_breaker AS b (connector_id, failures)
SELECT c.id, 1 FROM connector c WHERE c.id = $1
ON CONFLICT (connector_id) DO UPDATE SET failures = b.failures + 1,
    open_until = CASE WHEN b.failures >= 4 THEN clock_timestamp() + interval '30 seconds' END
RETURNING failures
