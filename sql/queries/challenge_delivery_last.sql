-- The newest message of a channel. $1 challenge, $2 channel
SELECT id, enterprise_id, challenge_id, channel, attempt, code_sealed, code_kid, destination_sealed,
    destination_kid, destination_mac, masked, status, tries, created_at
FROM challenge_delivery WHERE challenge_id = $1::uuid AND channel = $2 ORDER BY attempt DESC LIMIT 1
