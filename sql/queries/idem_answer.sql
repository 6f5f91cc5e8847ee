-- Stores the answer: $1 enterprise, $2 actor, $3 method, $4 path, $5 key, $6 lease, $7 status or NULL
-- for a secret answer, $8 headers, $9 body
UPDATE idempotency SET state = 'answered', status = $7, headers = $8, body = $9
WHERE enterprise_id = $1 AND actor_id = $2 AND method = $3 AND path = $4 AND key = $5
  AND lease_until = $6::timestamptz
