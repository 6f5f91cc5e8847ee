-- How a try of mail $1 ended: $2 state from now on, $3 code, $4 detail, $5 tries made, $6 now
UPDATE mail SET state = $2, code = $3, detail = $4, updated_at = $6::timestamptz,
    sent_at = CASE WHEN $2 = 'sent' THEN $6::timestamptz ELSE sent_at END,
    tries = (SELECT coalesce(jsonb_agg(t.value ORDER BY t.ordinality), '[]')
        FROM jsonb_array_elements(tries || $5::jsonb) WITH ORDINALITY t
        WHERE t.ordinality > jsonb_array_length(tries || $5::jsonb) - 20),
    message_sealed = CASE WHEN $2 = 'queued' OR ($2 = 'sent' AND keep_until > $6::timestamptz)
        THEN message_sealed END,
    message_kid = CASE WHEN $2 = 'queued' OR ($2 = 'sent' AND keep_until > $6::timestamptz)
        THEN message_kid END
WHERE id = $1 AND state = 'queued'
