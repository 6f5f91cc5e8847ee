-- One control validation with its attempts, the newest first, and its mails, the oldest first. $1 id
SELECT v.*, (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'number', a.number,
        'started_at', to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'finished_at', to_char(a.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'perspective', a.perspective, 'result', a.result, 'code', a.code, 'detail', a.detail,
        'evidence', a.evidence) ORDER BY a.number DESC), '[]'::jsonb)
    FROM domain_validation_attempt a WHERE a.validation_id = v.id) AS attempts,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'to', m.recipient, 'source', d.source->>'kind',
        'state', m.state, 'resends', m.resends, 'message_id', m.message_id, 'code', m.code, 'detail', m.detail,
        'sent_at', to_char(m.sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        ORDER BY m.created_at, m.id), '[]'::jsonb)
    FROM domain_validation_mail d JOIN mail m ON m.id = d.mail_id WHERE d.validation_id = v.id) AS mails
FROM domain_validation v
WHERE v.id = $1
