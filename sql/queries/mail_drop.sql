-- Nothing about object $1 is sent any more. $2 now
UPDATE mail SET message_sealed = NULL, message_kid = NULL, updated_at = $2::timestamptz,
    code = CASE state WHEN 'queued' THEN 'gone' ELSE code END,
    detail = CASE state WHEN 'queued' THEN 'What it was about had ended.' ELSE detail END,
    state = CASE state WHEN 'queued' THEN 'failed' ELSE state END
WHERE object_id = $1 AND message_sealed IS NOT NULL
