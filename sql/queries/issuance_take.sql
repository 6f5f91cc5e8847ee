-- Takes over intents whose lease has lapsed, at most $4; $1 who takes, $2 now, $3 a request or NULL
WITH t AS MATERIALIZED (
    SELECT x.id FROM issuance x
    WHERE x.state = 'intended' AND x.lease_until < clock_timestamp()
      AND ($3::uuid IS NULL OR x.request_id = $3::uuid)
    ORDER BY x.lease_until LIMIT $4::integer FOR UPDATE SKIP LOCKED
), i AS (
    UPDATE issuance x SET lease_until = clock_timestamp() + interval '15 seconds', lease_holder = $1,
        updated_at = $2::timestamptz
    FROM t WHERE x.id = t.id
    RETURNING x.*
)
SELECT i.id, i.enterprise_id, i.request_id, i.certificate_id, i.serial, i.tbs, i.tbs_sha256, i.content,
    i.sign_before, s.slug AS issuer, r.digest
FROM i JOIN issuer s ON s.id = i.issuer_id LEFT JOIN reissue_request r ON r.id = i.request_id
