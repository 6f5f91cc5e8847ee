-- A message that is still to be sent: counts a try. $1 id, $2 now
UPDATE challenge_delivery d SET tries = d.tries + 1, updated_at = $2::timestamptz
FROM challenge c
WHERE d.id = $1::uuid AND d.status = 'queued' AND d.code_sealed IS NOT NULL
  AND d.destination_sealed IS NOT NULL AND c.id = d.challenge_id AND c.status = 'pending'
  AND c.expires_at > $2::timestamptz
RETURNING d.id, d.enterprise_id, d.challenge_id, d.channel, d.attempt, d.code_sealed, d.code_kid,
    d.destination_sealed, d.destination_kid, d.destination_mac, d.masked, d.status, d.tries, d.created_at
