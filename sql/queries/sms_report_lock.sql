-- The message that a gateway tells of, when it is one that it took. $1 message, $2 connector
SELECT id FROM challenge_delivery WHERE id = $1::uuid AND channel = 'sms' AND provider = $2::text FOR UPDATE
