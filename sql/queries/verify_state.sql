-- What is known of the verification of request $1: its newest CAA check of each name and basis, the
-- newest first, and whether a run is on its way.
SELECT (SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object('checked_at',
            to_char(c.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY c.checked_at DESC)
        FROM (SELECT DISTINCT ON (k.kind, k.name, k.wildcard, k.basis) k.id, k.kind, k.name, k.wildcard,
                k.basis, k.result, k.code, k.detail, k.found_at, k.checked_at
            FROM caa_check k WHERE k.request_id = $1::uuid
            ORDER BY k.kind, k.name, k.wildcard, k.basis, k.checked_at DESC) c) AS checks,
    EXISTS (SELECT 1 FROM job j WHERE j.kind = 'reissue.verify' AND j.dedupe_key = $1::text
        AND j.state = 'queued') AS running
