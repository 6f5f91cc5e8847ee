-- What is known of the verification of request $1: the newest CAA checks of each of the names $2, an array
-- of {kind, name, wildcard}, one a basis, the newest first, and whether a run is on its way. One that four
-- others of the same name have overtaken is made again. checked_at is of seconds, the ids (UUIDv7) tell the later.
SELECT (SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object('checked_at',
            to_char(c.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY c.checked_at DESC, c.id DESC)
        FROM (SELECT DISTINCT * FROM jsonb_to_recordset($2::jsonb) AS n (kind text, name text, wildcard boolean)) n
            CROSS JOIN LATERAL (SELECT DISTINCT ON (m.basis) m.*
                FROM (SELECT k.id, k.kind, k.name, k.wildcard, k.basis, k.result, k.code, k.detail, k.found_at,
                        k.checked_at
                    FROM caa_check k
                    WHERE k.request_id = $1::uuid AND k.name = n.name AND k.kind = n.kind
                        AND k.wildcard = n.wildcard
                    ORDER BY k.checked_at DESC, k.id DESC LIMIT 4) m
                ORDER BY m.basis, m.checked_at DESC, m.id DESC) c) AS checks,
    EXISTS (SELECT 1 FROM job j WHERE j.kind = 'reissue.verify' AND j.dedupe_key = $1::text
        AND j.state = 'queued') AS running
