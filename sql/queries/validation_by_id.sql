-- One control validation with its attempts, the newest first. $1 id
SELECT v.*, (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'number', a.number,
        'started_at', to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'finished_at', to_char(a.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'perspective', a.perspective, 'result', a.result, 'code', a.code, 'detail', a.detail,
        'evidence', a.evidence) ORDER BY a.number DESC), '[]'::jsonb)
    FROM domain_validation_attempt a WHERE a.validation_id = v.id) AS attempts
FROM domain_validation v
WHERE v.id = $1
