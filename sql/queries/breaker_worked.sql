-- Connector $1 works
DELETE FROM connector_breaker WHERE connector_id = $1
