-- Claims a key: $1 enterprise, $2 actor, $3 method, $4 path, $5 key, $6 fingerprint, $7 kid, $8 now,
-- $9 end of keeping, $10 seconds of lease. A new row, one that is over, or one with the same
-- fingerprint whose lease has lapsed before its answer is ours; of any other the row as it is. No row:
-- somebody claimed it this very moment; ask again.
WITH won AS (
    INSERT INTO idempotency AS i (enterprise_id, actor_id, method, path, key, fingerprint, kid, state,
        lease_until, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'claimed',
        clock_timestamp() + make_interval(secs => $10::integer), $8, $9)
    ON CONFLICT (enterprise_id, actor_id, method, path, key) DO UPDATE SET
        fingerprint = excluded.fingerprint,
        kid = excluded.kid,
        lease_until = excluded.lease_until,
        state = CASE WHEN i.expires_at <= $8 THEN 'claimed' ELSE i.state END,
        object_type = CASE WHEN i.expires_at <= $8 THEN NULL ELSE i.object_type END,
        object_id = CASE WHEN i.expires_at <= $8 THEN NULL ELSE i.object_id END,
        status = CASE WHEN i.expires_at <= $8 THEN NULL ELSE i.status END,
        headers = CASE WHEN i.expires_at <= $8 THEN NULL ELSE i.headers END,
        body = CASE WHEN i.expires_at <= $8 THEN NULL ELSE i.body END,
        created_at = CASE WHEN i.expires_at <= $8 THEN excluded.created_at ELSE i.created_at END,
        expires_at = CASE WHEN i.expires_at <= $8 THEN excluded.expires_at ELSE i.expires_at END
    WHERE i.expires_at <= $8
       OR (i.lease_until < clock_timestamp() AND i.state <> 'answered'
           AND i.fingerprint = excluded.fingerprint)
    RETURNING i.*
)
SELECT true AS won, state, fingerprint, kid, lease_until::text AS lease, object_type,
    object_id, NULL::integer AS status, NULL::jsonb AS headers, NULL::bytea AS body
FROM won
UNION ALL
SELECT false, state, fingerprint, kid, lease_until::text, object_type, object_id, status, headers, body
FROM idempotency
WHERE enterprise_id = $1 AND actor_id = $2 AND method = $3 AND path = $4 AND key = $5
  AND NOT EXISTS (SELECT FROM won)
