-- One message into the outbox. $1 id, $2 enterprise, $3 challenge, $4 channel, $5 attempt, $6 code and
-- $7 its kid, $8 destination and $9 its kid, $10 its MAC, $11 masked, $12 now
INSERT INTO challenge_delivery (id, enterprise_id, challenge_id, channel, attempt, code_sealed, code_kid,
    destination_sealed, destination_kid, destination_mac, masked, created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5::integer, $6::bytea, $7, $8::bytea, $9, $10::bytea, $11,
    $12::timestamptz, $12::timestamptz)
