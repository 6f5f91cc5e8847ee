-- The mail $1 while it waits to be sent
SELECT id, enterprise_id, connector_id, recipient, message_sealed, message_kid, give_up_at
FROM mail
WHERE id = $1 AND state = 'queued' AND message_sealed IS NOT NULL
