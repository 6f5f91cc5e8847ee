-- A message to be sent. $1 id, $2 enterprise, $3 purpose, $4 object, $5 connector or NULL, $6 recipient,
-- $7 Message-ID, $8 message sealed, $9 under, $10 given up at, $11 kept until or NULL, $12 now
INSERT INTO mail (id, enterprise_id, purpose, object_id, connector_id, recipient, message_id, message_sealed,
    message_kid, give_up_at, keep_until, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
