-- How often the place $1.$2 of kids.def names each key; what has only passing use, as long as it is of use at $3
SELECT s.kid, count(*) AS uses
FROM (
    SELECT m.value->>'kid' AS kid FROM connector c, jsonb_each(c.secrets) m WHERE $1 = 'connector' AND $2 = 'secrets'
    UNION ALL
    SELECT token_kid FROM domain_validation
    WHERE $1 = 'domain_validation' AND $2 = 'token_kid' AND token_sealed IS NOT NULL
    UNION ALL
    SELECT message_kid FROM mail WHERE $1 = 'mail' AND $2 = 'message_kid' AND message_sealed IS NOT NULL
    UNION ALL
    SELECT kid FROM user_means
    WHERE $1 = 'user_means' AND $2 = 'kid' AND (state = 'active' OR expires_at > $3::timestamptz)
    UNION ALL
    SELECT code_kid FROM user_means
    WHERE $1 = 'user_means' AND $2 = 'code_kid' AND state = 'pending' AND expires_at > $3::timestamptz
    UNION ALL
    SELECT private_kid FROM challenge
    WHERE $1 = 'challenge' AND $2 = 'private_kid' AND ended_at IS NULL AND private_sealed IS NOT NULL
    UNION ALL
    SELECT k.kid FROM challenge_code k JOIN challenge c ON c.id = k.challenge_id
    WHERE $1 = 'challenge_code' AND $2 = 'kid' AND c.ended_at IS NULL
    UNION ALL
    SELECT d.code_kid FROM challenge_delivery d JOIN challenge c ON c.id = d.challenge_id
    WHERE $1 = 'challenge_delivery' AND $2 = 'code_kid' AND c.ended_at IS NULL AND d.code_sealed IS NOT NULL
    UNION ALL
    SELECT d.destination_kid FROM challenge_delivery d JOIN challenge c ON c.id = d.challenge_id
    WHERE $1 = 'challenge_delivery' AND $2 = 'destination_kid' AND c.ended_at IS NULL
      AND d.destination_sealed IS NOT NULL
    UNION ALL
    SELECT kid FROM idempotency WHERE $1 = 'idempotency' AND $2 = 'kid' AND expires_at > $3::timestamptz
    UNION ALL
    SELECT payload->>'kid' FROM job
    WHERE $1 = 'job' AND $2 = 'payload' AND state = 'queued' AND jsonb_exists(payload, 'kid')
    UNION ALL
    SELECT mac_kid FROM audit_event WHERE $1 = 'audit_event' AND $2 = 'mac_kid'
    UNION ALL
    SELECT proof_kid FROM challenge_event WHERE $1 = 'challenge_event' AND $2 = 'proof_kid' AND proof_sealed IS NOT NULL
) s
WHERE s.kid IS NOT NULL
GROUP BY s.kid
ORDER BY s.kid
