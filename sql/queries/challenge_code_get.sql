-- The MAC of a channel's code. $1 challenge, $2 channel
SELECT salt, mac, kid FROM challenge_code WHERE challenge_id = $1::uuid AND channel = $2
