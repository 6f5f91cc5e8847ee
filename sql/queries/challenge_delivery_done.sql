-- How a message ended: $1 id, $2 now, $3 status, $4 provider, $5 its message id, $6 code, $7 detail. A
-- challenge none of whose channels was reached has failed.
WITH d AS (
    UPDATE challenge_delivery SET status = $3, provider = $4, provider_message_id = $5, code = $6,
        updated_at = $2::timestamptz,
        sent_at = CASE WHEN $3 = 'sent' THEN $2::timestamptz END
    WHERE id = $1::uuid AND status = 'queued'
    RETURNING challenge_id, enterprise_id, channel, attempt, tries
), e AS (
    INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, outcome, code, detail)
    SELECT d.enterprise_id, d.challenge_id, $2::timestamptz, 'delivery', $3, $6,
        jsonb_build_object('channel', d.channel, 'attempt', d.attempt, 'tries', d.tries, 'provider', $4::text,
            'message_id', $5::text) || coalesce($7::jsonb, '{}')
    FROM d
), f AS (
    UPDATE challenge c SET status = 'delivery_failed', failure = 'delivery-failed',
        updated_at = $2::timestamptz, revision = c.revision + 1
    FROM d WHERE c.id = d.challenge_id AND c.status = 'pending' AND $3 = 'failed'
      AND NOT EXISTS (SELECT 1 FROM challenge_delivery o WHERE o.challenge_id = d.challenge_id
          AND o.id <> $1::uuid AND o.status <> 'failed')
    RETURNING c.id
)
SELECT d.challenge_id, EXISTS (SELECT 1 FROM f) AS failed FROM d
