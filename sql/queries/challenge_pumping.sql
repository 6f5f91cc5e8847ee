-- Countries to which many text messages went whose challenges are over and were seldom passed: $1 the lowest id of
-- the time looked at, $2 how many messages are many, $3 how many a passed challenge may take
SELECT split_part(d.masked, ' ', 1) AS country, count(*) AS sent,
    count(DISTINCT c.id) FILTER (WHERE c.verified_until IS NOT NULL OR c.status = 'consumed') AS passed
FROM challenge_delivery d JOIN challenge c ON c.id = d.challenge_id
WHERE d.id >= $1::uuid AND d.channel = 'sms' AND d.status = 'sent'
    AND (c.ended_at IS NOT NULL OR c.status = 'verified')
GROUP BY 1
HAVING count(*) >= $2::bigint
    AND count(*) > $3::bigint * count(DISTINCT c.id) FILTER (WHERE c.verified_until IS NOT NULL
        OR c.status = 'consumed')
