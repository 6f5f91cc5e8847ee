-- Frees a key whose request had no effect: $1 enterprise, $2 actor, $3 method, $4 path, $5 key, $6 lease
DELETE FROM idempotency
WHERE enterprise_id = $1 AND actor_id = $2 AND method = $3 AND path = $4 AND key = $5
  AND lease_until = $6::timestamptz AND state = 'claimed'
