-- Wipes what is kept beyond its time; what waits beyond its time has failed. $1 now
UPDATE mail SET message_sealed = NULL, message_kid = NULL, updated_at = $1::timestamptz,
    code = CASE state WHEN 'queued' THEN 'delivery-failed' ELSE code END,
    detail = CASE state WHEN 'queued' THEN 'It could not be sent in time.' ELSE detail END,
    state = CASE state WHEN 'queued' THEN 'failed' ELSE state END
WHERE message_sealed IS NOT NULL AND CASE state WHEN 'queued' THEN give_up_at
    ELSE coalesce(keep_until, '-infinity') END <= $1::timestamptz - interval '1 minute'
