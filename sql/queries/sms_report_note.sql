-- What became of a message that is locked; the same word is noted once, and ten words at most. $1 message, $2 word,
-- $3 now
INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, outcome, detail)
SELECT d.enterprise_id, d.challenge_id, $3::timestamptz, 'delivery', 'reported', jsonb_build_object(
    'channel', d.channel, 'attempt', d.attempt, 'provider', d.provider, 'report', $2::text)
FROM challenge_delivery d
CROSS JOIN LATERAL (
    SELECT count(*) AS told, count(*) FILTER (WHERE e.detail->>'report' = $2::text) AS same
    FROM challenge_event e
    WHERE e.challenge_id = d.challenge_id AND e.kind = 'delivery' AND e.outcome = 'reported'
        AND e.detail->>'attempt' = d.attempt::text
) t
WHERE d.id = $1::uuid AND t.same = 0 AND t.told < 10
RETURNING challenge_id
