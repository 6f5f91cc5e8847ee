-- Consumes a verified challenge in the transaction of its effect: $1 challenge, $2 now, $3 operation,
-- $4 object, $5 the caller, $6 whom it acts for
UPDATE challenge SET status = 'consumed', updated_at = $2::timestamptz, revision = revision + 1
WHERE id = $1::uuid AND status = 'verified' AND verified_until > $2::timestamptz AND operation = $3
  AND object_id = $4::uuid AND (user_id = $5::uuid OR user_id = ANY ($6::text[]::uuid[]))
RETURNING id, enterprise_id
