-- Puts mail $1 back to be sent once more. $2 now
UPDATE mail SET state = 'queued', resends = resends + 1, updated_at = $2::timestamptz
WHERE id = $1 AND state IN ('queued', 'sent') AND message_sealed IS NOT NULL AND keep_until > $2::timestamptz
RETURNING enterprise_id
